// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// loopNode runs its body until it ends without recur. A recur has stored the new values by then.
type loopNode struct {
	cells   []uint8
	stores  []Node
	body    Node
	numeric *numLoop // nil: not numeric
	site    *callSite
}

func (n *loopNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	for _, s := range n.cells {
		fr[s] = newCell()
	}
	for _, s := range n.stores {
		if _, err := s.Eval(th, fr); err != nil {
			return value.Nil, err
		}
	}
	for turn := 0; ; turn++ {
		if turn < numericTries && n.numeric != nil {
			if v, err, done := n.numeric.run(th, fr); done {
				return v, endedAt(err, n.site)
			}
		}
		v, err := n.body.Eval(th, fr)
		if err == nil {
			return v, nil
		}
		if _, ok := err.(recurSignal); !ok {
			return value.Nil, err
		}
		if th.depth >= th.limit.Load() {
			if err := th.overLimit(); err != nil {
				return value.Nil, endedAt(err, n.site)
			}
		}
	}
}

// whileNode is a loop whose body is an if with the recur in one branch: no signal travels.
type whileNode struct {
	cells  []uint8
	stores []Node
	test   Tester
	again  bool // the outcome of the test that goes round again
	recur  recurring
	exit   Node

	numeric *numLoop // nil: not numeric
	site    *callSite
}

// numericTries is in how many first turns a numeric loop may change over to registers: a local often gets its type in the
// first one, as sum does in (loop [sum 0] … (recur (+ sum 0.5))).
const numericTries = 2

func (n *whileNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	for _, s := range n.cells {
		fr[s] = newCell()
	}
	for _, s := range n.stores {
		if _, err := s.Eval(th, fr); err != nil {
			return value.Nil, err
		}
	}
	for turn := 0; ; turn++ {
		if turn < numericTries && n.numeric != nil {
			if v, err, done := n.numeric.run(th, fr); done {
				return v, endedAt(err, n.site)
			}
		}
		ok, err := n.test.Test(th, fr)
		if err != nil {
			return value.Nil, err
		}
		if ok != n.again {
			return n.exit.Eval(th, fr)
		}
		if err := n.recur.step(th, fr); err != nil {
			return value.Nil, err
		}
		if th.depth >= th.limit.Load() {
			if err := th.overLimit(); err != nil {
				return value.Nil, endedAt(err, n.site)
			}
		}
	}
}

// endedAt gives an exception that ends the evaluation the place of the loop, if nothing has told one: there may be no call.
func endedAt(err error, site *callSite) error {
	if ex, ok := err.(*value.Exception); ok && ex.Final && len(ex.Stack) == 0 {
		return trace(err, site)
	}
	return err
}

// recurring stores the next values of the loop's locals.
type recurring interface {
	Node
	step(th *Thread, fr *Frame) error
}

type recur1Node struct {
	slot uint8
	a    Node
}

func (n *recur1Node) step(th *Thread, fr *Frame) error {
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return err
	}
	fr[n.slot] = a
	return nil
}

func (n *recur1Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if err := n.step(th, fr); err != nil {
		return value.Nil, err
	}
	return value.Nil, errRecur
}

type recur2Node struct {
	s1, s2 uint8
	a, b   Node
}

func (n *recur2Node) step(th *Thread, fr *Frame) error {
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return err
	}
	b, err := n.b.Eval(th, fr)
	if err != nil {
		return err
	}
	fr[n.s1], fr[n.s2] = a, b
	return nil
}

func (n *recur2Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if err := n.step(th, fr); err != nil {
		return value.Nil, err
	}
	return value.Nil, errRecur
}

type recur3Node struct {
	s1, s2, s3 uint8
	a, b, c    Node
}

func (n *recur3Node) step(th *Thread, fr *Frame) error {
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return err
	}
	b, err := n.b.Eval(th, fr)
	if err != nil {
		return err
	}
	c, err := n.c.Eval(th, fr)
	if err != nil {
		return err
	}
	fr[n.s1], fr[n.s2], fr[n.s3] = a, b, c
	return nil
}

func (n *recur3Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if err := n.step(th, fr); err != nil {
		return value.Nil, err
	}
	return value.Nil, errRecur
}

// recurNode is the general form: any number of values, cells, destructuring. All values are computed before one is bound.
type recurNode struct {
	binders []binder
	args    []Node
}

func (n *recurNode) step(th *Thread, fr *Frame) error {
	var buf [6]value.Value
	vals := buf[:0]
	for _, a := range n.args {
		v, err := a.Eval(th, fr)
		if err != nil {
			return err
		}
		vals = append(vals, v)
	}
	for i, b := range n.binders {
		if err := b.rebind(th, fr, vals[i]); err != nil {
			return err
		}
	}
	return nil
}

func (n *recurNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if err := n.step(th, fr); err != nil {
		return value.Nil, err
	}
	return value.Nil, errRecur
}

func analyseLoop(c *compiler, form *value.List, args []value.Value, tail bool) (Node, error) {
	pairs, err := bindingPairs("loop", args[0])
	if err != nil {
		return nil, err
	}
	return c.inScope(func() (Node, error) {
		lb, err := c.bindings(pairs)
		if err != nil {
			return nil, err
		}
		outer, noTail := c.fs.loop, c.fs.noTail
		c.fs.loop, c.fs.noTail = &loopScope{binders: lb.binders}, false
		body, err := c.body(args[1:], true)
		c.fs.loop, c.fs.noTail = outer, noTail
		if err != nil {
			return nil, err
		}
		cells := lb.cells()
		numeric, site := newNumLoop(body, lb.binders), siteOf(form.First(), form)
		if i, ok := body.(*ifNode); ok {
			if r, ok := i.then.(recurring); ok && !containsRecur(i.els) {
				return &whileNode{cells, lb.stores, i.test, true, r, i.els, numeric, site}, nil
			}
			if r, ok := i.els.(recurring); ok && !containsRecur(i.then) {
				return &whileNode{cells, lb.stores, i.test, false, r, i.then, numeric, site}, nil
			}
		}
		return &loopNode{cells, lb.stores, body, numeric, site}, nil
	})
}

// containsRecur reports whether a tail position under n goes round the loop again.
func containsRecur(n Node) bool {
	switch x := n.(type) {
	case recurring:
		return true
	case *ifNode:
		return containsRecur(x.then) || containsRecur(x.els)
	case *doNode:
		return containsRecur(x.last)
	case *letNode:
		return containsRecur(x.body)
	case *let1Node:
		return containsRecur(x.body)
	}
	return false
}

func analyseRecur(c *compiler, form *value.List, args []value.Value, tail bool) (Node, error) {
	loop := c.fs.loop
	if loop == nil || !tail {
		return &failNode{c.at(value.NewException(value.NotInTailPosition, "The recur expression is not in tail position!"), "recur", form)}, nil
	}
	if len(args) != len(loop.binders) {
		return &failNode{c.at(value.Errorf("The recur args (%d) do not match the loop args (%d) !", len(args), len(loop.binders)), "recur", form)}, nil
	}
	nodes, err := c.all(args)
	if err != nil {
		return nil, err
	}
	slots := make([]uint8, 0, 3)
	for _, b := range loop.binders {
		if s, ok := b.(slotBinder); ok && !s.l.cell {
			slots = append(slots, s.l.slot)
		}
	}
	if len(slots) == len(nodes) {
		switch len(nodes) {
		case 1:
			return &recur1Node{slots[0], nodes[0]}, nil
		case 2:
			return &recur2Node{slots[0], slots[1], nodes[0], nodes[1]}, nil
		case 3:
			return &recur3Node{slots[0], slots[1], slots[2], nodes[0], nodes[1], nodes[2]}, nil
		}
	}
	return &recurNode{loop.binders, nodes}, nil
}
