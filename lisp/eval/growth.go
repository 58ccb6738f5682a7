// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"

	"gondola/lisp/value"
)

// Growth runs a function like (fn [m x] (assoc m k v)) for reduce. It mentions the collection once, to put something into it, so
// nobody sees what has been built before it is complete: it is built in place (perf.md H).
type Growth struct {
	f      *Fn // evaluates k and v
	maps   *value.MapBuilder
	vector *value.VectorBuilder
}

// GrowthOf returns the growth of acc by f; nil if f is no such function, acc is neither a hash map nor a vector, or the thread's
// limits count what every step makes.
func (th *Thread) GrowthOf(f, acc value.Value) *Growth {
	fn, ok := f.Ref().(*Fn)
	if !ok || fn.one == nil || fn.one.grows == nil || th.budget != nil || th.metered {
		return nil
	}
	grows := fn.one.grows
	g := &Growth{}
	switch x := acc.Ref().(type) {
	case *value.HashMap:
		if grows.key == nil {
			return nil
		}
		g.maps = x.Builder()
	case *value.Vector:
		if grows.key != nil {
			return nil
		}
		g.vector = x.Builder()
	default:
		return nil
	}
	p := *fn.one
	p.body, p.numeric = grows, nil
	inner := *fn
	inner.one = &p
	g.f = value.New(&inner)
	return g
}

// Add does for x what the function would. It is false if it no longer can, because the core function has been redefined: x is still
// to be done, on Value.
func (g *Growth) Add(th *Thread, x value.Value) (bool, error) {
	_, err := th.callFn2(g.f, building.Val(), x)
	switch {
	case err == errRedefined:
		return false, nil
	case err != nil:
		return false, err
	}
	k, v := th.grown[0], th.grown[1]
	th.grown = [2]value.Value{}
	if g.maps != nil {
		g.maps.Put(k, v)
	} else {
		g.vector.Append(v)
	}
	return true, nil
}

// Value is the collection. The growth is over.
func (g *Growth) Value() value.Value {
	if g.maps != nil {
		return g.maps.Map().Val()
	}
	return g.vector.Vector().Val()
}

// building stands for the collection meanwhile. Only a macro that was none at the time of compilation could mention it.
var building = value.NewHost(&value.Type{Name: "collection being built"}, struct{}{})

var errRedefined = errors.New("the function has been redefined")

// grows evaluates what a function puts into its first parameter, and leaves it in the thread: that does not end before the
// function has been left.
type grows struct {
	head     builtinHead
	key, val Node // key is nil for conj
}

// growsOf recognizes (assoc m k v) and (conj v x), where the first argument is the first parameter of two.
func growsOf(p *proto) *grows {
	if p.arity != 2 || p.variadic {
		return nil
	}
	switch n := p.body.(type) {
	case *builtin3Node:
		if n.b.Name == "assoc" && isFirst(n.a) {
			return &grows{n.builtinHead, n.b2, n.c}
		}
	case *builtinNode:
		if n.b.Name == "conj" && len(n.args) == 2 && isFirst(n.args[0]) {
			return &grows{n.builtinHead, nil, n.args[1]}
		}
	}
	return nil
}

func isFirst(n Node) bool {
	l, ok := n.(*localNode)
	return ok && l.slot == 0
}

func (g *grows) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if g.head.shadowed() {
		return value.Nil, errRedefined
	}
	k := value.Nil
	var err error
	if g.key != nil {
		if k, err = g.key.Eval(th, fr); err != nil {
			return value.Nil, err
		}
	}
	v, err := g.val.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	th.grown = [2]value.Value{k, v}
	return value.Nil, nil
}
