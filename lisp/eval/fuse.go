// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// Fused shapes (evaluator.md): arithmetic and comparison on longs and doubles without a call, and conditions that never
// make a Value. Every shape falls back on the same function of lisp/value, so that mixed types cannot diverge. Not fused,
// because it measured as noise: deeper trees, nil tests on locals.

type arithOp uint8

const (
	opAdd arithOp = iota
	opSub
	opMul
)

type cmpOp uint8

const (
	cmpLT cmpOp = iota
	cmpLE
	cmpGT
	cmpGE
	cmpEQ // ==
)

var arithOps = map[string]arithOp{"+": opAdd, "-": opSub, "*": opMul}
var cmpOps = map[string]cmpOp{"<": cmpLT, "<=": cmpLE, ">": cmpGT, ">=": cmpGE, "==": cmpEQ}

// fusedNames are the core names that fuse knows.
var fusedNames = nameSet("+ - * < <= > >= == inc dec not nil?")

// fuse returns a specialised node for a call of a core function; nil if there is none.
func fuse(h *builtinHead, args []Node) Node {
	if len(args) == 2 {
		if op, ok := arithOps[h.b.Name]; ok {
			return fuseArith(h, op, args[0], args[1])
		}
		if op, ok := cmpOps[h.b.Name]; ok {
			return fuseCompare(h, op, args[0], args[1])
		}
	}
	if len(args) == 1 {
		switch h.b.Name {
		case "inc":
			return fuseArith(h, opAdd, args[0], &constNode{value.Long(1)})
		case "dec":
			return fuseArith(h, opSub, args[0], &constNode{value.Long(1)})
		case "not":
			return &notNode{*h, asTester(args[0]), args[0]}
		case "nil?":
			return &nilNode{*h, args[0]}
		}
	}
	return nil
}

func fuseArith(h *builtinHead, op arithOp, a, b Node) Node {
	if k, ok := longConst(b); ok {
		if l, ok := a.(*localNode); ok && op != opMul {
			if op == opSub {
				k = -k
			}
			return &addLCNode{builtinHead: *h, slot: l.slot, k: k, a: a, b2: b}
		}
	}
	if x, ok := a.(*localNode); ok {
		if y, ok := b.(*localNode); ok {
			return &arithLLNode{builtinHead: *h, op: op, s1: x.slot, s2: y.slot, a: a, b2: b}
		}
	}
	return &arithNode{builtinHead: *h, op: op, a: a, b2: b}
}

func longConst(n Node) (int64, bool) {
	c, ok := n.(*constNode)
	if !ok {
		return 0, false
	}
	return c.v.Long()
}

// arith is the one path of all shapes.
func (th *Thread) arith(op arithOp, x, y value.Value) (value.Value, error) {
	if a, ok := x.Long(); ok {
		if b, ok := y.Long(); ok {
			switch op {
			case opAdd:
				return value.Long(a + b), nil
			case opSub:
				return value.Long(a - b), nil
			}
			return value.Long(a * b), nil
		}
	}
	if a, ok := x.Double(); ok {
		if b, ok := y.Double(); ok {
			switch op {
			case opAdd:
				return value.Double(a + b), nil
			case opSub:
				return value.Double(a - b), nil
			}
			return value.Double(a * b), nil
		}
	}
	return th.arithSlow(op, x, y)
}

// arithSlow is for all other numbers.
func (th *Thread) arithSlow(op arithOp, x, y value.Value) (v value.Value, err error) {
	if th.budget != nil {
		if err := th.numbers(x, y); err != nil {
			return value.Nil, err
		}
	}
	switch op {
	case opAdd:
		v, err = value.Add(x, y)
	case opSub:
		v, err = value.Sub(x, y)
	default:
		v, err = value.Mul(x, y)
	}
	if th.budget != nil {
		return th.paid(Fresh, v, err)
	}
	return v, err
}

// arithNode is node op node.
type arithNode struct {
	builtinHead
	op    arithOp
	a, b2 Node
}

func (n *arithNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.redefined(th, fr, n.a, n.b2)
	}
	x, err := n.a.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	y, err := n.b2.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	if n.op == opAdd {
		if a, ok := x.Long(); ok {
			if b, ok := y.Long(); ok {
				return value.Long(a + b), nil
			}
		}
	}
	var v value.Value
	if _, isLong := x.Long(); !isLong && n.b.Max == 1 {
		if v, err = n.b.F1(th, x); err != nil { // inc and dec keep the type
			return n.unwrapped(th, err, x)
		}
	} else {
		v, err = th.arith(n.op, x, y)
	}
	if err != nil {
		return value.Nil, n.trace(err)
	}
	return v, nil
}

// redefined calls the namespace's own function; inc and dec have one argument only.
func (h *builtinHead) redefined(th *Thread, fr *Frame, a, b Node) (value.Value, error) {
	if h.b.Max == 1 {
		return h.global.slow(th, fr, a)
	}
	return h.global.slow(th, fr, a, b)
}

// arithLLNode is local op local.
type arithLLNode struct {
	builtinHead
	op     arithOp
	s1, s2 uint8
	a, b2  Node
}

func (n *arithLLNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.redefined(th, fr, n.a, n.b2)
	}
	if n.op == opAdd {
		if a, ok := fr[n.s1].Long(); ok {
			if b, ok := fr[n.s2].Long(); ok {
				return value.Long(a + b), nil
			}
		}
	}
	v, err := th.arith(n.op, fr[n.s1], fr[n.s2])
	if err != nil {
		return value.Nil, n.trace(err)
	}
	return v, nil
}

// addLCNode is local + const, also for - and inc and dec.
type addLCNode struct {
	builtinHead
	slot  uint8
	k     int64
	a, b2 Node
}

func (n *addLCNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.redefined(th, fr, n.a, n.b2)
	}
	x := fr[n.slot]
	if a, ok := x.Long(); ok {
		return value.Long(a + n.k), nil
	}
	v, err := n.general(th, value.Unwrap(x))
	if err != nil {
		return value.Nil, n.trace(err)
	}
	return v, nil
}

func (n *addLCNode) general(th *Thread, x value.Value) (value.Value, error) {
	if n.b.Max == 1 {
		return n.b.F1(th, x) // inc and dec keep the type
	}
	k := n.b2.(*constNode).v
	if n.b.Name == "-" {
		return th.arithSlow(opSub, x, k)
	}
	return th.arithSlow(opAdd, x, k)
}

func fuseCompare(h *builtinHead, op cmpOp, a, b Node) Node {
	if l, ok := a.(*localNode); ok {
		if k, ok := longConst(b); ok {
			return &cmpLCNode{builtinHead: *h, op: op, slot: l.slot, k: k, a: a, b2: b}
		}
	}
	if x, ok := a.(*localNode); ok {
		if y, ok := b.(*localNode); ok {
			return &cmpLLNode{builtinHead: *h, op: op, s1: x.slot, s2: y.slot, a: a, b2: b}
		}
	}
	return &cmpNode{builtinHead: *h, op: op, a: a, b2: b}
}

// cmpLLNode is local cmp local.
type cmpLLNode struct {
	builtinHead
	op     cmpOp
	s1, s2 uint8
	a, b2  Node
}

// Test compares.
func (n *cmpLLNode) Test(th *Thread, fr *Frame) (bool, error) {
	if n.shadowed() {
		v, err := n.global.slow(th, fr, n.a, n.b2)
		return v.Truthy(), err
	}
	if a, ok := fr[n.s1].Long(); ok {
		if b, ok := fr[n.s2].Long(); ok {
			return cmpLongs(n.op, a, b), nil
		}
	}
	return n.compare(th, n.op, fr[n.s1], fr[n.s2])
}

func (n *cmpLLNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a, n.b2)
	}
	ok, err := n.Test(th, fr)
	return value.Bool(ok), err
}

func cmpLongs(op cmpOp, a, b int64) bool {
	switch op {
	case cmpLT:
		return a < b
	case cmpLE:
		return a <= b
	case cmpGT:
		return a > b
	case cmpGE:
		return a >= b
	}
	return a == b
}

func cmpDoubles(op cmpOp, a, b float64) bool {
	switch op {
	case cmpLT:
		return a < b
	case cmpLE:
		return a <= b
	case cmpGT:
		return a > b
	case cmpGE:
		return a >= b
	}
	return a == b
}

// compare is the one path of all shapes; anything but two longs or two doubles goes to the builtin.
func (h *builtinHead) compare(th *Thread, op cmpOp, x, y value.Value) (bool, error) {
	if a, ok := x.Long(); ok {
		if b, ok := y.Long(); ok {
			return cmpLongs(op, a, b), nil
		}
	}
	if a, ok := x.Double(); ok && op != cmpEQ {
		if b, ok := y.Double(); ok {
			return cmpDoubles(op, a, b), nil
		}
	}
	v, err := h.b.F2(th, x, y)
	if err != nil {
		return false, h.trace(err)
	}
	return v.Truthy(), nil
}

// cmpNode is node cmp node.
type cmpNode struct {
	builtinHead
	op    cmpOp
	a, b2 Node
}

// Test compares.
func (n *cmpNode) Test(th *Thread, fr *Frame) (bool, error) {
	if n.shadowed() {
		v, err := n.global.slow(th, fr, n.a, n.b2)
		return v.Truthy(), err
	}
	x, err := n.a.Eval(th, fr)
	if err != nil {
		return false, err
	}
	y, err := n.b2.Eval(th, fr)
	if err != nil {
		return false, err
	}
	return n.compare(th, n.op, x, y)
}

func (n *cmpNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a, n.b2)
	}
	ok, err := n.Test(th, fr)
	return value.Bool(ok), err
}

// cmpLCNode is local cmp const.
type cmpLCNode struct {
	builtinHead
	op    cmpOp
	slot  uint8
	k     int64
	a, b2 Node
}

// Test compares.
func (n *cmpLCNode) Test(th *Thread, fr *Frame) (bool, error) {
	if n.shadowed() {
		v, err := n.global.slow(th, fr, n.a, n.b2)
		return v.Truthy(), err
	}
	if a, ok := fr[n.slot].Long(); ok {
		return cmpLongs(n.op, a, n.k), nil
	}
	return n.compare(th, n.op, fr[n.slot], value.Long(n.k))
}

// decide is Test without an interface call, for the if of most recursions.
func (n *cmpLCNode) decide(th *Thread, fr *Frame) (bool, error) {
	if a, ok := fr[n.slot].Long(); ok && !n.own.Load() {
		return cmpLongs(n.op, a, n.k), nil
	}
	return n.Test(th, fr)
}

func (n *cmpLCNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a, n.b2)
	}
	ok, err := n.Test(th, fr)
	return value.Bool(ok), err
}

// notNode and nilNode are conditions. not takes any value, as the builtin does.
type notNode struct {
	builtinHead
	t Tester
	a Node
}

// Test negates.
func (n *notNode) Test(th *Thread, fr *Frame) (bool, error) {
	if n.shadowed() {
		v, err := n.global.slow(th, fr, n.a)
		return v.Truthy(), err
	}
	ok, err := n.t.Test(th, fr)
	return !ok, err
}

func (n *notNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a)
	}
	ok, err := n.t.Test(th, fr)
	return value.Bool(!ok), err
}

type nilNode struct {
	builtinHead
	a Node
}

// Test asks for nil.
func (n *nilNode) Test(th *Thread, fr *Frame) (bool, error) {
	if n.shadowed() {
		v, err := n.global.slow(th, fr, n.a)
		return v.Truthy(), err
	}
	v, err := n.a.Eval(th, fr)
	return v.IsNil(), err
}

func (n *nilNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a)
	}
	v, err := n.a.Eval(th, fr)
	return value.Bool(v.IsNil()), err
}

func (*cmpNode) boolean()   {}
func (*cmpLLNode) boolean() {}
func (*cmpLCNode) boolean() {}
func (*notNode) boolean()   {}
func (*nilNode) boolean()   {}
