// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"sync/atomic"

	"gondola/lisp/value"
)

// binding is one dynamic binding of a thread, in a chain with the innermost first (language.md 3.10).
type binding struct {
	up *binding
	v  *Var
	x  atomic.Pointer[value.Value]
}

func (b *binding) set(x value.Value) { b.x.Store(&x) }

// find returns the innermost binding of v; nil if there is none.
func (b *binding) find(v *Var) *binding {
	for ; b != nil; b = b.up {
		if b.v == v {
			return b
		}
	}
	return nil
}

// snapshot copies the chain, so that a set! on one thread is not seen by another.
func (b *binding) snapshot() *binding {
	if b == nil {
		return nil
	}
	c := &binding{up: b.up.snapshot(), v: b.v}
	c.x.Store(b.x.Load())
	return c
}

// dynamicValue is the value of a dynamic variable on this thread.
func (th *Thread) dynamicValue(v *Var) (value.Value, bool) {
	if !v.dynamic.Load() {
		return value.Nil, false
	}
	if b := th.binds.find(v); b != nil {
		return *b.x.Load(), true
	}
	if p := v.dyn.Load(); p != nil {
		return *p, true
	}
	return value.Nil, false
}

// CoreValue is the value of a core variable on this thread, dynamic bindings included: *out*.
func (th *Thread) CoreValue(name string) value.Value {
	v := th.rt.core.lookup(name)
	if v == nil {
		return value.Nil
	}
	if x, ok := th.dynamicValue(v); ok {
		return x
	}
	x, _ := v.load()
	return x
}

// Rebind changes the innermost binding of a core variable to what f makes of its value; nothing happens without one.
func (th *Thread) Rebind(name string, f func(old value.Value) value.Value) {
	v := th.rt.core.lookup(name)
	if v == nil {
		return
	}
	if b := th.binds.find(v); b != nil {
		b.set(f(*b.x.Load()))
	}
}

// Bind runs body with core variables bound dynamically: with-out-str binds *out*.
func (th *Thread) Bind(name string, x value.Value, body func() (value.Value, error)) (value.Value, error) {
	saved := th.binds
	b := &binding{up: saved, v: th.rt.core.intern(name)}
	b.set(x)
	th.binds = b
	defer func() { th.binds = saved }()
	return body()
}

// dynBindNode is (binding [n e …] body*).
type dynBindNode struct {
	vars  []*Var
	inits []Node
	body  Node
}

func (n *dynBindNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	saved := th.binds
	defer func() { th.binds = saved }()
	for i, v := range n.vars {
		x, err := n.inits[i].Eval(th, fr)
		if err != nil {
			return value.Nil, err
		}
		if v.core != nil && !v.isBound() {
			if v.core.dynamic.Load() {
				v = v.core
			} else if !v.core.isBound() {
				v.makeDynamic(value.Nil) // an undeclared name becomes a dynamic variable
			}
		}
		b := &binding{up: th.binds, v: v}
		b.set(x)
		th.binds = b
	}
	return n.body.Eval(th, fr)
}

func analyseBinding(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	seq, ok := args[0].Ref().(value.Sequence)
	if !ok {
		return nil, value.CoerceError(args[0], "a sequential collection")
	}
	if seq.Count()%2 != 0 {
		return nil, value.Errorf("bindings requires an even number of forms in the binding vector!")
	}
	n := &dynBindNode{}
	items := seq.Items()
	for i := 0; i < len(items); i += 2 {
		s, ok := items[i].Ref().(*value.Symbol)
		if !ok {
			return nil, value.CoerceError(items[i], "symbol")
		}
		init, err := c.compile(items[i+1], false)
		if err != nil {
			return nil, err
		}
		v := c.globalVar(s.Name)
		c.th.checks.define(v, nil)
		n.vars = append(n.vars, v)
		n.inits = append(n.inits, init)
	}
	body, err := c.withoutTail(func() (Node, error) { return c.body(args[1:], false) })
	n.body = body
	return n, err
}
