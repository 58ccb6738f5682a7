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
			return value.Nil, value.Errorf("Cannot unmap a symbol from the system namespace '%s'!", space.name)
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
			return value.Nil, value.Errorf("Cannot remove the system namespace '%s'!", name)
		}
		for _, n := range space.Names() {
			space.lookup(n).unbind()
		}
		space.declared.Store(false)
		return value.Nil, nil
	}), nil
}

func analyseNsList(_ *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	ns, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	return goForm(func(th *Thread) (value.Value, error) {
		space := th.rt.lookupNamespace(ns.Name)
		if space == nil {
			return value.EmptyList.Val(), nil
		}
		names := space.Names()
		slices.Sort(names)
		out := make([]value.Value, len(names))
		for i, n := range names {
			out[i] = value.Sym(space.name + "/" + n)
		}
		return value.ListOf(out).Val(), nil
	}), nil
}

// resolveNode looks a symbol up when it runs: (resolve 'x), (bound? 'x).
type resolveNode struct {
	sym  Node
	bool bool
}

func (n *resolveNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	x, err := n.sym.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	s, ok := x.Ref().(*value.Symbol)
	if !ok {
		return value.Nil, value.CoerceError(x, "symbol")
	}
	v, ok := th.Resolve(s)
	if n.bool {
		return value.Bool(ok), nil
	}
	return v, nil
}

// Resolve returns the value of a global, a special form included.
func (th *Thread) Resolve(s *value.Symbol) (value.Value, bool) {
	if th.rt.specials[s.Name] != nil {
		return value.New(&Special{Name: s.Name}).Val(), true
	}
	v, err := th.global(th.rt.globalVar(th.ns, s.Name), s, th.ns)
	return v, err == nil
}

func analyseResolve(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	n, err := c.compile(args[0], false)
	return &resolveNode{sym: n}, err
}

func analyseBound(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	n, err := c.compile(args[0], false)
	return &resolveNode{sym: n, bool: true}, err
}

func analyseVarGet(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	s, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	return c.symbol(s)
}

func analyseVarName(_ *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	s, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	_, name := value.SplitName(s.Name)
	return &constNode{value.String(name)}, nil
}

func analyseVarNs(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	s, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	if c.lookup(s.Name) != nil {
		return &constNode{}, nil
	}
	return goForm(func(th *Thread) (value.Value, error) {
		v := th.rt.globalVar(th.ns, s.Name)
		switch {
		case v.isBound():
			return value.String(v.ns.name), nil
		case v.core != nil && v.core.isBound():
			return value.String("core"), nil
		}
		return value.Nil, nil
	}), nil
}

func analyseVarGlobal(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	s, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	if c.lookup(s.Name) != nil {
		return &constNode{value.False}, nil
	}
	return goForm(func(th *Thread) (value.Value, error) {
		v := th.rt.globalVar(th.ns, s.Name)
		_, ok := v.current(s)
		return value.Bool(ok && !v.dynamic.Load()), nil
	}), nil
}

func analyseVarLocal(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	s, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	return &constNode{value.Bool(c.lookup(s.Name) != nil)}, nil
}

func analyseVarThreadLocal(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	s, err := quotedSymbol(args[0])
	if err != nil {
		return nil, err
	}
	if c.lookup(s.Name) != nil {
		return &constNode{value.False}, nil
	}
	return goForm(func(th *Thread) (value.Value, error) {
		v := th.rt.globalVar(th.ns, s.Name)
		return value.Bool(v.dynamic.Load() || v.core != nil && v.core.dynamic.Load()), nil
	}), nil
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
