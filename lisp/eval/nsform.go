// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"slices"
	"strings"

	"gondola/lisp/value"
)

// quotedSymbol takes foo or 'foo: the var and namespace forms accept both.
func quotedSymbol(v value.Value) (*value.Symbol, error) {
	if list, ok := v.Ref().(*value.List); ok && list.Count() == 2 && isSymbol(list.First(), "quote") {
		v = list.Nth(1)
	}
	s, ok := v.Ref().(*value.Symbol)
	if !ok {
		return nil, value.CoerceError(v, "symbol")
	}
	return s, nil
}

// nsSwitchNode is (ns name).
type nsSwitchNode struct{ name string }

func (n *nsSwitchNode) Eval(th *Thread, _ *Frame) (value.Value, error) {
	ns := th.rt.namespace(n.name)
	if ns.system {
		return value.Nil, value.Errorf("Namespace '%s' cannot be reopened!", n.name)
	}
	ns.declared.Store(true)
	th.ns = ns
	return value.Sym(n.name), nil
}

func analyseNs(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	s, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	if strings.Contains(s.Name, "/") {
		return nil, value.Errorf("A namespace '%s' must not have itself a namespace! However you can use '%s'.", s.Name, strings.ReplaceAll(s.Name, "/", "."))
	}
	return &nsSwitchNode{s.Name}, nil
}

// goForm makes a node of a Go function that needs nothing but the thread.
type goForm func(th *Thread) (value.Value, error)

func (f goForm) Eval(th *Thread, _ *Frame) (value.Value, error) { return f(th) }

// nodeFunc is goForm with a frame.
type nodeFunc func(th *Thread, fr *Frame) (value.Value, error)

func (f nodeFunc) Eval(th *Thread, fr *Frame) (value.Value, error) { return f(th, fr) }

func analyseNsUnmap(_ *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	ns, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	sym, err := quotedSymbol(args[1])
	if err != nil {
		return nil, err
	}
	return goForm(func(th *Thread) (value.Value, error) {
		space := th.ns
		if ns.Name != "*ns*" {
			space = th.rt.lookupNamespace(ns.Name)
		}
		if space == nil {
			return value.Nil, nil
		}
		if space.system {
			return value.Nil, value.Errorf("Cannot remove a symbol from namespace '%s'!", space.name)
		}
		if v := space.lookup(sym.Name); v != nil {
			v.unbind()
		}
		return value.Nil, nil
	}), nil
}

func analyseNsRemove(_ *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	ns, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	return goForm(func(th *Thread) (value.Value, error) {
		name := ns.Name
		if name == "*ns*" {
			name = th.ns.name
		}
		space := th.rt.lookupNamespace(name)
		if space == nil {
			return value.Nil, nil
		}
		if space.system {
			return value.Nil, value.Errorf("Namespace '%s' cannot be removed!", name)
		}
		if space == th.ns {
			return value.Nil, value.Errorf("The current namespace '%s' cannot be removed!", name)
		}
		for _, n := range space.Names() {
			space.lookup(n).unbind()
		}
		space.declared.Store(false)
		space.meta.Store(nil)
		return value.Nil, nil
	}), nil
}

// analyseNsList is (ns-list), the namespaces, and (ns-list ns), the names of one.
func analyseNsList(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	if len(args) == 0 {
		return goForm(func(th *Thread) (value.Value, error) {
			var out []value.Value
			for _, ns := range th.rt.Namespaces() {
				if ns != th.rt.core {
					out = append(out, value.String(ns.name))
				}
			}
			slices.SortFunc(out, value.Compare)
			return value.ListOf(out).Val(), nil
		}), nil
	}
	ns, err := c.nsArgument(args[0])
	if err != nil {
		return nil, err
	}
	return nodeFunc(func(th *Thread, fr *Frame) (value.Value, error) {
		_, name, err := ns(th, fr)
		if err != nil {
			return value.Nil, err
		}
		space := th.rt.lookupNamespace(name)
		if space == nil {
			return value.EmptyList.Val(), nil
		}
		names := space.Names()
		slices.Sort(names)
		out := make([]value.Value, len(names))
		for i, n := range names {
			if space != th.rt.core {
				n = space.name + "/" + n
			}
			out[i] = value.Sym(n)
		}
		return value.ListOf(out).Val(), nil
	}), nil
}

// nsArgument is the namespace that a form names, as foo, 'foo or an expression; nil if there is none.
func (c *compiler) nsArgument(arg value.Value) (func(th *Thread, fr *Frame) (*Namespace, string, error), error) {
	if s, err := quotedSymbol(arg); err == nil && s.Name != "*ns*" {
		return func(th *Thread, _ *Frame) (*Namespace, string, error) { return th.rt.known(s.Name), s.Name, nil }, nil
	}
	n, err := c.compile(arg, false)
	return func(th *Thread, fr *Frame) (*Namespace, string, error) {
		v, err := n.Eval(th, fr)
		if err != nil {
			return nil, "", err
		}
		s, ok := v.Ref().(*value.Symbol)
		if !ok {
			return nil, "", value.CoerceError(v, "symbol")
		}
		return th.rt.known(s.Name), s.Name, nil
	}, err
}

// known is a namespace that has been declared or belongs to the system; else nil.
func (rt *Runtime) known(name string) *Namespace {
	if !rt.HasNamespace(name) {
		return nil
	}
	return rt.lookupNamespace(name)
}

// nsMetaNode is (ns-meta ns), (alter-ns-meta! ns f args*) and (reset-ns-meta! ns map).
type nsMetaNode struct {
	ns     func(th *Thread, fr *Frame) (*Namespace, string, error)
	args   []Node
	change func(th *Thread, old value.Value, args []value.Value) (value.Value, error) // nil: only read
}

func (n *nsMetaNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	ns, name, err := n.ns(th, fr)
	switch {
	case err != nil:
		return value.Nil, err
	case ns == nil && n.change == nil:
		return value.Nil, nil
	case ns == nil:
		return value.Nil, value.Errorf("The namespace '%s' does not exist. It has not been created with (ns %s)!", name, name)
	case n.change == nil:
		return ns.metadata(), nil
	}
	args, err := evalAll(th, fr, n.args)
	if err != nil {
		return value.Nil, err
	}
	v, err := n.change(th, ns.metadata(), args)
	if err != nil {
		return value.Nil, err
	}
	m, ok := v.Ref().(value.Map)
	if !ok {
		return value.Nil, value.CoerceError(v, "map")
	}
	ns.meta.Store(&m)
	return v, nil
}

func (ns *Namespace) metadata() value.Value {
	if m := ns.meta.Load(); m != nil {
		return (*m).Val()
	}
	return value.EmptyHashMap.Val()
}

func analyseNsMeta(change func(th *Thread, old value.Value, args []value.Value) (value.Value, error)) func(*compiler, *value.List, []value.Value, bool) (Node, error) {
	return func(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
		ns, err := c.nsArgument(args[0])
		if err != nil {
			return nil, err
		}
		nodes, err := c.all(args[1:])
		return &nsMetaNode{ns, nodes, change}, err
	}
}

func alterMeta(th *Thread, old value.Value, args []value.Value) (value.Value, error) {
	return th.Apply(args[0], append([]value.Value{old}, args[1:]...))
}

func resetMeta(_ *Thread, _ value.Value, args []value.Value) (value.Value, error) {
	return args[0], nil
}

// notFound is the error for an unknown name, with up to five suggestions: functions of the same simple name in other
// namespaces, else names at edit distance one.
func (rt *Runtime) notFound(s *value.Symbol) error {
	name := s.Name
	if strings.HasPrefix(name, "\\") {
		return value.Throwf(value.SymbolNotFound, "Symbol '%s' not found. Did you mean the char literal '#%s'?", name, name)
	}
	if !isUnqualified(s) {
		return value.Throwf(value.SymbolNotFound, "Symbol '%s' not found.", name)
	}
	same, near := rt.suggestions(name)
	if len(same) > 0 {
		near = same
	}
	if len(near) == 0 {
		return value.Throwf(value.SymbolNotFound, "Symbol '%s' not found.", name)
	}
	slices.SortFunc(near, cmp.Compare)
	near = near[:min(5, len(near))]
	return value.Throwf(value.SymbolNotFound, "Symbol '%s' not found!\n\nDid you mean?\n   %s\n", name, strings.Join(near, "\n   "))
}

func (rt *Runtime) suggestions(name string) (same, near []string) {
	rt.mu.RLock()
	spaces := make([]*Namespace, 0, len(rt.spaces))
	for _, ns := range rt.spaces {
		spaces = append(spaces, ns)
	}
	rt.mu.RUnlock()
	for _, ns := range spaces {
		for _, n := range ns.Names() {
			x, _ := ns.lookup(n).load()
			switch x.Ref().(type) {
			case *Fn, *Builtin, *Macro:
			default:
				continue
			}
			q := n
			if ns != rt.core {
				q = ns.name + "/" + n
			}
			if n == name {
				same = append(same, q)
			} else if withinOneEdit(n, name) {
				near = append(near, q)
			}
		}
	}
	return same, near
}

// withinOneEdit reports an edit distance of at most one.
func withinOneEdit(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > 1 {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) == len(y) {
		return i == len(x) || string(x[i+1:]) == string(y[i+1:])
	}
	return string(x[i:]) == string(y[i+1:])
}
