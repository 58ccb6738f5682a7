// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"sync/atomic"

	"gondola/lisp/value"
)

// constNode is a value that needs no evaluation.
type constNode struct{ v value.Value }

func (n *constNode) Eval(*Thread, *Frame) (value.Value, error) { return n.v, nil }

// failNode raises an error that was found while compiling, when it is reached. The exception is made anew for each run,
// because its stack grows.
type failNode struct{ err error }

func (n *failNode) Eval(*Thread, *Frame) (value.Value, error) {
	if ex, ok := n.err.(*value.Exception); ok {
		again := value.NewException(ex.Class, ex.Message)
		again.Final = ex.Final
		again.Stack = append([]value.StackFrame(nil), ex.Stack...)
		return value.Nil, again
	}
	return value.Nil, n.err
}

// localNode reads a slot.
type localNode struct{ slot uint8 }

func (n *localNode) Eval(_ *Thread, fr *Frame) (value.Value, error) { return fr[n.slot], nil }

// cell holds a local that closures mention before it is bound (L4, E3). It is written once, possibly seen by another
// goroutine, hence atomic.
type cell struct {
	value.Obj
	v atomic.Pointer[value.Value]
}

// Type is never seen by a script.
func (c *cell) Type() *value.Type { return value.TypeNil }

func newCell() value.Value { return value.New(&cell{}).Val() }

// cellNode reads a cell; an unbound one means what the name means outside.
type cellNode struct {
	slot   uint8
	sym    *value.Symbol
	global *Var
}

func (n *cellNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if c, ok := fr[n.slot].Ref().(*cell); ok {
		if p := c.v.Load(); p != nil {
			return *p, nil
		}
	}
	return th.global(n.global, n.sym, th.ns)
}

// nsNode is *ns*.
type nsNode struct{}

func (nsNode) Eval(th *Thread, _ *Frame) (value.Value, error) { return value.Sym(th.ns.name), nil }

// globalNode reads a global.
type globalNode struct {
	v   *Var
	sym *value.Symbol
	ns  *Namespace // where the reference stands
}

func (n *globalNode) Eval(th *Thread, _ *Frame) (value.Value, error) {
	if p := n.v.root.Load(); p != nil && !n.v.private.Load() {
		return *p, nil
	}
	return th.global(n.v, n.sym, n.ns)
}

// global reads a cell the slow way: bindings, core, access check, and the error with its suggestions.
func (th *Thread) global(v *Var, sym *value.Symbol, from *Namespace) (value.Value, error) {
	if err := v.checkAccess(from); err != nil {
		return value.Nil, err
	}
	if p := v.root.Load(); p != nil {
		return *p, nil
	}
	if x, ok := th.dynamicValue(v); ok {
		return x, nil
	}
	if v.core != nil && isUnqualified(sym) {
		if p := v.core.root.Load(); p != nil {
			return *p, nil
		}
		if x, ok := th.dynamicValue(v.core); ok {
			return x, nil
		}
	}
	return value.Nil, th.rt.notFound(sym)
}

func isUnqualified(s *value.Symbol) bool {
	ns, _ := value.SplitName(s.Name)
	return ns == ""
}

func (v *Var) checkAccess(from *Namespace) error {
	if v.private.Load() && from != v.ns {
		return value.Errorf("Illegal access of private symbol '%s' accessed from namespace '%s'.", v.Qualified(), from.name)
	}
	return nil
}

// doNode evaluates its nodes in order.
type doNode struct {
	init []Node
	last Node
}

func (n *doNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	for _, x := range n.init {
		if _, err := x.Eval(th, fr); err != nil {
			return value.Nil, err
		}
	}
	return n.last.Eval(th, fr)
}

// ifNode chooses.
type ifNode struct {
	test      Tester
	local     *cmpLCNode // test, if it is one
	then, els Node
}

func newIf(test Tester, then, els Node) *ifNode {
	local, _ := test.(*cmpLCNode)
	return &ifNode{test, local, then, els}
}

func (n *ifNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	var ok bool
	var err error
	if n.local != nil {
		ok, err = n.local.decide(th, fr)
	} else {
		ok, err = n.test.Test(th, fr)
	}
	if err != nil {
		return value.Nil, err
	}
	if ok {
		return n.then.Eval(th, fr)
	}
	return n.els.Eval(th, fr)
}

// Test lets nested conditions stay conditions.
func (n *ifNode) Test(th *Thread, fr *Frame) (bool, error) {
	ok, err := n.test.Test(th, fr)
	if err != nil {
		return false, err
	}
	x := n.els
	if ok {
		x = n.then
	}
	if t, ok := x.(Tester); ok {
		return t.Test(th, fr)
	}
	v, err := x.Eval(th, fr)
	return v.Truthy(), err
}

// truthy makes a Tester of any node.
type truthy struct{ Node }

func (n truthy) Test(th *Thread, fr *Frame) (bool, error) {
	v, err := n.Node.Eval(th, fr)
	return v.Truthy(), err
}

func asTester(n Node) Tester {
	if t, ok := n.(Tester); ok {
		return t
	}
	return truthy{n}
}

// vectorNode, mapNode and setNode build literals.
type vectorNode struct{ items []Node }

func (n *vectorNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	items, err := evalAll(th, fr, n.items)
	if err != nil {
		return value.Nil, err
	}
	return th.literal(value.VectorOf(items).Val())
}

// literal pays for a collection or closure that code has made.
func (th *Thread) literal(v value.Value) (value.Value, error) {
	if th.budget != nil {
		return th.paid(Fresh, v, nil)
	}
	return v, nil
}

type mapNode struct {
	items []Node
	konst bool
	empty value.Map
	done  atomic.Pointer[value.Value]
}

func (n *mapNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if p := n.done.Load(); p != nil {
		return *p, nil
	}
	items, err := evalAll(th, fr, n.items)
	if err != nil {
		return value.Nil, err
	}
	if h, ok := n.empty.(*value.HashMap); ok {
		b := h.Builder()
		for i := 0; i < len(items); i += 2 {
			b.Put(items[i], items[i+1])
		}
		v := b.Map().Val()
		if n.konst {
			n.done.Store(&v)
		}
		return th.literal(v)
	}
	m := n.empty
	for i := 0; i < len(items); i += 2 {
		m = m.Assoc(items[i], items[i+1])
	}
	return th.literal(m.Val())
}

type setNode struct {
	items []Node
	empty value.Set
}

func (n *setNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	items, err := evalAll(th, fr, n.items)
	if err != nil {
		return value.Nil, err
	}
	s := n.empty
	for _, v := range items {
		s = s.Conj(v)
	}
	return th.literal(s.Val())
}

func evalAll(th *Thread, fr *Frame, nodes []Node) ([]value.Value, error) {
	out := make([]value.Value, len(nodes))
	for i, n := range nodes {
		v, err := n.Eval(th, fr)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// storeNode binds a local.
type storeNode struct {
	slot uint8
	init Node
}

func (n *storeNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	v, err := n.init.Eval(th, fr)
	fr[n.slot] = v
	return value.Nil, err
}

// letNode runs its stores, then its body. cells are the locals of this let that closures mention early: they get a new
// cell each time (E3).
type letNode struct {
	cells  []uint8
	stores []Node
	body   Node
}

func (n *letNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	for _, s := range n.cells {
		fr[s] = newCell()
	}
	for _, s := range n.stores {
		if _, err := s.Eval(th, fr); err != nil {
			return value.Nil, err
		}
	}
	return n.body.Eval(th, fr)
}

// let1Node is a let of one plain binding.
type let1Node struct {
	slot uint8
	init Node
	body Node
}

func (n *let1Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	v, err := n.init.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	fr[n.slot] = v
	return n.body.Eval(th, fr)
}

// Test keeps the conditions that and and or expand to from making Values: a boolean init is tested and stored as such.
func (n *let1Node) Test(th *Thread, fr *Frame) (bool, error) {
	if t, ok := n.init.(boolTester); ok {
		b, err := t.Test(th, fr)
		if err != nil {
			return false, err
		}
		fr[n.slot] = value.Bool(b)
	} else {
		v, err := n.init.Eval(th, fr)
		if err != nil {
			return false, err
		}
		fr[n.slot] = v
	}
	if t, ok := n.body.(Tester); ok {
		return t.Test(th, fr)
	}
	v, err := n.body.Eval(th, fr)
	return v.Truthy(), err
}

// boolTester is a Tester whose value is a boolean.
type boolTester interface {
	Tester
	boolean()
}

// fnNode makes a closure.
type fnNode struct {
	code *fnCode
	one  *proto
	name string
}

func (n *fnNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f := &Fn{code: n.code, one: n.one, name: n.name}
	if len(n.code.caps) > 0 {
		f.caps = make([]value.Value, len(n.code.caps))
		for i, c := range n.code.caps {
			f.caps[i] = fr[c.from]
		}
	}
	return th.literal(value.New(f).Val())
}

// metaNode is (meta name) of a global: a value that cannot carry metadata, a number say, answers with that of its
// definition (language.md 1.11).
type metaNode struct {
	b      *Builtin
	global *globalNode
}

func (n *metaNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	v, err := n.global.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	if value.MetaOf(v) == nil {
		if m := n.global.v.meta.Load(); m != nil {
			v = n.global.sym.WithMeta(m)
		}
	}
	return n.b.F1(th, v)
}
