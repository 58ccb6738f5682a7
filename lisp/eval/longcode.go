// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

// The nodes of numeric functions. A slot is below longSlots, and masked so that no index is checked.

// longExpr computes a long.
type longExpr interface {
	long(m *longMachine, w *longWindow) int64
}

// longTest decides a condition.
type longTest interface {
	holds(m *longMachine, w *longWindow) bool
}

// longCoder makes longExprs of what numReader has read; nil where a number is no long.
type longCoder struct {
	f     *numFn
	tails bool // there are calls in tail positions
}

func (c *longCoder) body(b numBody) longExpr {
	switch x := b.(type) {
	case *numIf:
		test, then, els := c.test(x.test), c.body(x.then), c.body(x.els)
		if test == nil || then == nil || els == nil {
			return nil
		}
		if t, ok := test.(*longCmpLC); ok {
			return &longIfLC{*t, then, els}
		}
		return &longIf{test, then, els}
	case *numLet:
		init, body := c.expr(x.init), c.body(x.body)
		if init == nil || body == nil {
			return nil
		}
		return &longLet{x.slot, init, body}
	case *numRecur:
		args := c.exprs(x.args)
		if args == nil {
			return nil
		}
		c.tails = true
		return &longTail{args}
	case *numResult:
		return c.expr(x.expr)
	}
	return nil
}

func (c *longCoder) exprs(list []*numExpr) []longExpr {
	var out []longExpr
	for _, e := range list {
		x := c.expr(e)
		if x == nil {
			return nil
		}
		out = append(out, x)
	}
	return out
}

func (c *longCoder) expr(e *numExpr) longExpr {
	switch e.form {
	case numLocal:
		return &longLocal{e.slot}
	case numConst:
		if k, ok := e.k.Long(); ok {
			return &longConst64{k}
		}
		return nil
	case numCall:
		return c.call(c.exprs(e.args))
	case numChoice:
		x := c.body(&numIf{e.test, &numResult{e.x}, &numResult{e.y}})
		return x
	}
	if e.x.form == numLocal && e.y.form == numConst && e.op != opMul {
		if k, ok := e.y.k.Long(); ok {
			if e.op == opSub {
				k = -k
			}
			return &longAddLC{e.x.slot, k}
		}
	}
	x, y := c.expr(e.x), c.expr(e.y)
	if x == nil || y == nil {
		return nil
	}
	switch e.op {
	case opAdd:
		return &longAdd{x, y}
	case opSub:
		return &longSub{x, y}
	}
	return &longMul{x, y}
}

func (c *longCoder) call(args []longExpr) longExpr {
	switch len(args) {
	case 1:
		if a, ok := args[0].(*longAddLC); ok {
			return &longCallLC{c.f, *a}
		}
		return &longCall1{c.f, args[0]}
	case 2:
		return &longCall2{c.f, args[0], args[1]}
	case 3:
		return &longCall3{c.f, args[0], args[1], args[2]}
	}
	return nil
}

func (c *longCoder) test(t *numTest) longTest {
	if t.form == testCmp {
		x, y := c.expr(t.x), c.expr(t.y)
		if x == nil || y == nil {
			return nil
		}
		l, isLocal := x.(*longLocal)
		if k, ok := y.(*longConst64); ok && isLocal {
			return &longCmpLC{t.op, l.slot, k.k}
		}
		if r, ok := y.(*longLocal); ok && isLocal {
			return &longCmpLL{t.op, l.slot, r.slot}
		}
		return &longCmp{t.op, x, y}
	}
	a := c.test(t.a)
	if a == nil {
		return nil
	}
	if t.form == testNot {
		return &longNot{a}
	}
	b := c.test(t.b)
	if b == nil {
		return nil
	}
	return &longJunction{a, b, t.form == testOr}
}

type longLocal struct{ slot uint8 }

func (n *longLocal) long(_ *longMachine, w *longWindow) int64 { return w[n.slot%longSlots] }

type longConst64 struct{ k int64 }

func (n *longConst64) long(*longMachine, *longWindow) int64 { return n.k }

// longAddLC is local + const.
type longAddLC struct {
	slot uint8
	k    int64
}

func (n *longAddLC) long(_ *longMachine, w *longWindow) int64 { return w[n.slot%longSlots] + n.k }

type longAdd struct{ x, y longExpr }

func (n *longAdd) long(m *longMachine, w *longWindow) int64 { return n.x.long(m, w) + n.y.long(m, w) }

type longSub struct{ x, y longExpr }

func (n *longSub) long(m *longMachine, w *longWindow) int64 { return n.x.long(m, w) - n.y.long(m, w) }

type longMul struct{ x, y longExpr }

func (n *longMul) long(m *longMachine, w *longWindow) int64 { return n.x.long(m, w) * n.y.long(m, w) }

type longLet struct {
	slot uint8
	init longExpr
	body longExpr
}

func (n *longLet) long(m *longMachine, w *longWindow) int64 {
	w[n.slot%longSlots] = n.init.long(m, w)
	return n.body.long(m, w)
}

type longIf struct {
	test      longTest
	then, els longExpr
}

func (n *longIf) long(m *longMachine, w *longWindow) int64 {
	if n.test.holds(m, w) {
		return n.then.long(m, w)
	}
	return n.els.long(m, w)
}

// longIfLC is if with a comparison of a local and a constant.
type longIfLC struct {
	test      longCmpLC
	then, els longExpr
}

func (n *longIfLC) long(m *longMachine, w *longWindow) int64 {
	if cmpLongs(n.test.op, w[n.test.slot%longSlots], n.test.k) {
		return n.then.long(m, w)
	}
	return n.els.long(m, w)
}

// longCall1 to longCall3 are calls of the function by itself. A call that is given up has no value: 0 will do.
type longCall1 struct {
	f *numFn
	a longExpr
}

func (n *longCall1) long(m *longMachine, w *longWindow) int64 {
	a := n.a.long(m, w)
	in := m.enter()
	if in == nil {
		return 0
	}
	in[0] = a
	v := n.f.body.long(m, in)
	m.open--
	return v
}

// longCallLC is a call with local + const.
type longCallLC struct {
	f *numFn
	a longAddLC
}

func (n *longCallLC) long(m *longMachine, w *longWindow) int64 {
	in := m.enter()
	if in == nil {
		return 0
	}
	in[0] = w[n.a.slot%longSlots] + n.a.k
	v := n.f.body.long(m, in)
	m.open--
	return v
}

type longCall2 struct {
	f    *numFn
	a, b longExpr
}

func (n *longCall2) long(m *longMachine, w *longWindow) int64 {
	a, b := n.a.long(m, w), n.b.long(m, w)
	in := m.enter()
	if in == nil {
		return 0
	}
	in[0], in[1] = a, b
	v := n.f.body.long(m, in)
	m.open--
	return v
}

type longCall3 struct {
	f       *numFn
	a, b, c longExpr
}

func (n *longCall3) long(m *longMachine, w *longWindow) int64 {
	a, b, c := n.a.long(m, w), n.b.long(m, w), n.c.long(m, w)
	in := m.enter()
	if in == nil {
		return 0
	}
	in[0], in[1], in[2] = a, b, c
	v := n.f.body.long(m, in)
	m.open--
	return v
}

// longTail is a call of the function by itself in tail position: the locals change, and the body runs again (E5).
type longTail struct{ args []longExpr }

func (n *longTail) long(m *longMachine, w *longWindow) int64 {
	var next longWindow
	for i, a := range n.args {
		next[i%longSlots] = a.long(m, w)
	}
	for i := range n.args {
		w[i%longSlots] = next[i%longSlots]
	}
	m.again = true
	return 0
}

// longCmpLC is local cmp const, longCmpLL local cmp local, longCmp the rest.
type longCmpLC struct {
	op   cmpOp
	slot uint8
	k    int64
}

func (t *longCmpLC) holds(_ *longMachine, w *longWindow) bool {
	return cmpLongs(t.op, w[t.slot%longSlots], t.k)
}

type longCmpLL struct {
	op   cmpOp
	x, y uint8
}

func (t *longCmpLL) holds(_ *longMachine, w *longWindow) bool {
	return cmpLongs(t.op, w[t.x%longSlots], w[t.y%longSlots])
}

type longCmp struct {
	op   cmpOp
	x, y longExpr
}

func (t *longCmp) holds(m *longMachine, w *longWindow) bool {
	return cmpLongs(t.op, t.x.long(m, w), t.y.long(m, w))
}

type longNot struct{ a longTest }

func (t *longNot) holds(m *longMachine, w *longWindow) bool { return !t.a.holds(m, w) }

// longJunction is or, or else and.
type longJunction struct {
	a, b longTest
	or   bool
}

func (t *longJunction) holds(m *longMachine, w *longWindow) bool {
	if t.a.holds(m, w) == t.or {
		return t.or
	}
	return t.b.holds(m, w)
}
