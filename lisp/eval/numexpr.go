// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"sync/atomic"

	"gondola/lisp/value"
)

// Numeric loops and numeric functions (numfn.go). A numeric loop is a loop of which the body, up to its exits, only computes and compares: locals, number constants,
// + - * inc dec, comparisons, and, or, not, if, and let of such values. It has no side effect and cannot fail, so it can
// run on registers and be given up at any turn (numloop.go). This file reads the nodes of such a body.

// numExpr is a number: a local, a constant, an operation on two; in a function also its own result for other arguments, and
// the one or the other number.
type numExpr struct {
	form numForm
	slot uint8
	k    value.Value // a long or a double
	op   arithOp
	x, y *numExpr
	args []*numExpr
	test *numTest
}

type numForm uint8

const (
	numLocal numForm = iota
	numConst
	numArith
	numCall
	numChoice
)

// numTest is a condition: a comparison, or and, or, not of conditions.
type numTest struct {
	form testForm
	op   cmpOp
	x, y *numExpr
	a, b *numTest
}

type testForm uint8

const (
	testCmp testForm = iota
	testAnd
	testOr
	testNot
)

// numBody is what a turn does: *numIf, *numLet, *numRecur or *numExit, in a function *numResult.
type numBody interface{ reads(slot uint8) bool }

type numIf struct {
	test      *numTest
	then, els numBody
}

type numLet struct {
	slot uint8
	init *numExpr
	body numBody
}

type numRecur struct {
	slots []uint8
	args  []*numExpr
}

// numExit leaves the loop: the value is node's.
type numExit struct{ node Node }

// numResult is the value of a function.
type numResult struct{ expr *numExpr }

func (e *numExpr) reads(slot uint8) bool {
	switch e.form {
	case numLocal:
		return e.slot == slot
	case numArith:
		return e.x.reads(slot) || e.y.reads(slot)
	case numCall:
		return anyReads(e.args, slot)
	case numChoice:
		return e.test.reads(slot) || e.x.reads(slot) || e.y.reads(slot)
	}
	return false
}

func anyReads(list []*numExpr, slot uint8) bool {
	for _, e := range list {
		if e.reads(slot) {
			return true
		}
	}
	return false
}

func (t *numTest) reads(slot uint8) bool {
	switch t.form {
	case testCmp:
		return t.x.reads(slot) || t.y.reads(slot)
	case testNot:
		return t.a.reads(slot)
	}
	return t.a.reads(slot) || t.b.reads(slot)
}

func (b *numIf) reads(slot uint8) bool {
	return b.test.reads(slot) || b.then.reads(slot) || b.els.reads(slot)
}

func (b *numLet) reads(slot uint8) bool { return b.init.reads(slot) || b.body.reads(slot) }

func (b *numRecur) reads(slot uint8) bool { return anyReads(b.args, slot) }

func (b *numResult) reads(slot uint8) bool { return b.expr.reads(slot) }

// reads of an exit is false: its node reads the frame, not registers.
func (b *numExit) reads(uint8) bool { return false }

// numReader reads the nodes of a loop, or of a function. own is the one flag that tells of redefined functions (E12).
type numReader struct {
	own   *atomic.Bool
	mixed bool // several flags, or calls of several functions: not numeric

	calls bool // a function is read, which may call itself
	arity int  // its parameters
	self  *Var // what it calls
}

func (r *numReader) uses(h *builtinHead) {
	switch {
	case h.own == &never:
	case r.own == nil:
		r.own = h.own
	case r.own != h.own:
		r.mixed = true
	}
}

// expr returns nil if n is no numeric expression.
func (r *numReader) expr(n Node) *numExpr {
	switch x := n.(type) {
	case *localNode:
		return &numExpr{form: numLocal, slot: x.slot}
	case *constNode:
		_, isLong := x.v.Long()
		_, isDouble := x.v.Double()
		if isLong || isDouble {
			return &numExpr{form: numConst, k: x.v}
		}
	case *arithNode:
		return r.arith(&x.builtinHead, x.op, x.a, x.b2)
	case *arithLLNode:
		return r.arith(&x.builtinHead, x.op, x.a, x.b2)
	case *addLCNode:
		op := opAdd
		if x.b.Name == "-" || x.b.Name == "dec" {
			op = opSub
		}
		return r.arith(&x.builtinHead, op, x.a, x.b2)
	case *call1Node:
		return r.call(&x.globalHead, x.a)
	case *call2Node:
		return r.call(&x.globalHead, x.a, x.b)
	case *call3Node:
		return r.call(&x.globalHead, x.a, x.b, x.c)
	case *ifNode:
		if !r.calls {
			return nil
		}
		test, then, els := r.test(x.test), r.expr(x.then), r.expr(x.els)
		if test != nil && then != nil && els != nil {
			return &numExpr{form: numChoice, test: test, x: then, y: els}
		}
	}
	return nil
}

// call reads a call of the function by itself.
func (r *numReader) call(h *globalHead, nodes ...Node) *numExpr {
	if !r.callee(h.v, len(nodes)) || h.foreign {
		return nil
	}
	args := r.exprs(nodes)
	if args == nil {
		return nil
	}
	return &numExpr{form: numCall, args: args}
}

// callee notes a call; all must be of one function. That it is the one being read, is seen when it runs.
func (r *numReader) callee(v *Var, args int) bool {
	if !r.calls || v == nil || args != r.arity || r.self != nil && r.self != v {
		return false
	}
	r.self = v
	return true
}

func (r *numReader) exprs(nodes []Node) []*numExpr {
	var out []*numExpr
	for _, n := range nodes {
		e := r.expr(n)
		if e == nil {
			return nil
		}
		out = append(out, e)
	}
	return out
}

func (r *numReader) arith(h *builtinHead, op arithOp, a, b Node) *numExpr {
	r.uses(h)
	x, y := r.expr(a), r.expr(b)
	if x == nil || y == nil {
		return nil
	}
	return &numExpr{form: numArith, op: op, x: x, y: y}
}

// test returns nil if n is no numeric condition. The two last shapes are what and and or expand to.
func (r *numReader) test(n Node) *numTest {
	switch x := n.(type) {
	case *cmpNode:
		return r.compare(&x.builtinHead, x.op, x.a, x.b2)
	case *cmpLLNode:
		return r.compare(&x.builtinHead, x.op, x.a, x.b2)
	case *cmpLCNode:
		return r.compare(&x.builtinHead, x.op, x.a, x.b2)
	case *notNode:
		r.uses(&x.builtinHead)
		if a := r.test(x.t); a != nil {
			return &numTest{form: testNot, a: a}
		}
	case *let1Node:
		return r.junction(x)
	}
	return nil
}

func (r *numReader) compare(h *builtinHead, op cmpOp, a, b Node) *numTest {
	r.uses(h)
	x, y := r.expr(a), r.expr(b)
	if x == nil || y == nil {
		return nil
	}
	return &numTest{form: testCmp, op: op, x: x, y: y}
}

// junction reads (let [t a] (if t t b)) and (let [t a] (if t b t)).
func (r *numReader) junction(let *let1Node) *numTest {
	choice, ok := let.body.(*ifNode)
	if !ok || !isLocal(choice.test, let.slot) {
		return nil
	}
	form, rest := testOr, choice.els
	if !isLocal(choice.then, let.slot) {
		if !isLocal(choice.els, let.slot) {
			return nil
		}
		form, rest = testAnd, choice.then
	}
	a, b := r.test(let.init), r.test(rest)
	if a == nil || b == nil || b.reads(let.slot) {
		return nil
	}
	return &numTest{form: form, a: a, b: b}
}

func isLocal(n Node, slot uint8) bool {
	if t, ok := n.(truthy); ok {
		n = t.Node
	}
	l, ok := n.(*localNode)
	return ok && l.slot == slot
}

// body returns nil if a turn of the loop does something else than compute.
func (r *numReader) body(n Node) numBody {
	if !r.calls && !containsRecur(n) {
		return &numExit{n}
	}
	switch x := n.(type) {
	case *ifNode:
		test, then, els := r.test(x.test), r.body(x.then), r.body(x.els)
		if test == nil || then == nil || els == nil {
			return nil
		}
		return &numIf{test, then, els}
	case *let1Node:
		init, body := r.expr(x.init), r.body(x.body)
		if init == nil || body == nil {
			return nil
		}
		return &numLet{x.slot, init, body}
	case *letNode:
		return r.lets(x)
	case *recur1Node:
		return r.recur([]uint8{x.slot}, x.a)
	case *recur2Node:
		return r.recur([]uint8{x.s1, x.s2}, x.a, x.b)
	case *recur3Node:
		return r.recur([]uint8{x.s1, x.s2, x.s3}, x.a, x.b, x.c)
	case *recurNode:
		var slots []uint8
		for _, b := range x.binders {
			s, ok := b.(slotBinder)
			if !ok || s.l.cell {
				return nil
			}
			slots = append(slots, s.l.slot)
		}
		return r.recur(slots, x.args...)
	case *selfTailNode:
		if r.callee(x.v, len(x.args)) {
			return r.recur(nil, x.args...)
		}
		return nil
	}
	if r.calls {
		if e := r.expr(n); e != nil {
			return &numResult{e}
		}
	}
	return nil
}

func (r *numReader) lets(n *letNode) numBody {
	if len(n.cells) > 0 {
		return nil
	}
	body := r.body(n.body)
	for i := len(n.stores) - 1; i >= 0 && body != nil; i-- {
		s, ok := n.stores[i].(*storeNode)
		if !ok {
			return nil
		}
		init := r.expr(s.init)
		if init == nil {
			return nil
		}
		body = &numLet{s.slot, init, body}
	}
	return body
}

func (r *numReader) recur(slots []uint8, args ...Node) numBody {
	exprs := r.exprs(args)
	if exprs == nil && len(args) > 0 {
		return nil
	}
	return &numRecur{slots, exprs}
}
