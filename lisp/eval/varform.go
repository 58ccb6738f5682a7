// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import "gondola/lisp/value"

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
	if s, err := quotedSymbol(args[0]); err == nil && c.lookup(s.Name) != nil {
		return &constNode{value.True}, nil
	}
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

// varAnswer answers a question about a name; local: it is one of a local where the question stands.
type varAnswer func(th *Thread, s *value.Symbol, local bool) value.Value

// varNode asks about the name that an expression yields.
type varNode struct {
	sym    Node
	answer varAnswer
}

func (n *varNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	x, err := n.sym.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	s, ok := x.Ref().(*value.Symbol)
	if !ok {
		return value.Nil, value.CoerceError(x, "symbol")
	}
	return n.answer(th, s, false), nil
}

// analyseVar makes the analyser of a form like (var-ns x), (var-ns 'x) or (var-ns (symbol "x")).
func analyseVar(answer varAnswer) func(*compiler, *value.List, []value.Value, bool) (Node, error) {
	return func(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
		s, err := quotedSymbol(args[0])
		if err != nil {
			n, err := c.compile(args[0], false)
			return &varNode{n, answer}, err
		}
		local := c.lookup(s.Name) != nil
		return goForm(func(th *Thread) (value.Value, error) { return answer(th, s, local), nil }), nil
	}
}

// owner is the namespace in which a name means something; nil if it means nothing.
func (th *Thread) owner(s *value.Symbol) *Namespace {
	v := th.rt.globalVar(th.ns, s.Name)
	switch {
	case v.isBound():
		return v.ns
	case v.core != nil && v.core.isBound() && isUnqualified(s):
		return v.core.ns
	}
	return nil
}

func (th *Thread) isDynamic(s *value.Symbol) bool {
	v := th.rt.globalVar(th.ns, s.Name)
	return v.dynamic.Load() || v.core != nil && v.core.dynamic.Load()
}

func varName(th *Thread, s *value.Symbol, local bool) value.Value {
	if !local && th.owner(s) == nil {
		return value.Nil
	}
	_, name := value.SplitName(s.Name)
	return value.String(name)
}

func varNs(th *Thread, s *value.Symbol, local bool) value.Value {
	if ns := th.owner(s); ns != nil && !local {
		return value.String(ns.name)
	}
	return value.Nil
}

func varSym(th *Thread, s *value.Symbol, local bool) value.Value {
	ns := th.owner(s)
	switch {
	case local:
		return s.Val()
	case ns == nil:
		return value.Nil
	case ns == th.rt.core && th.isDynamic(s):
		return s.Val()
	}
	_, name := value.SplitName(s.Name)
	return value.Sym(ns.name + "/" + name)
}

func varGlobal(th *Thread, s *value.Symbol, local bool) value.Value {
	return value.Bool(!local && th.owner(s) != nil && !th.isDynamic(s))
}

func varLocal(_ *Thread, _ *value.Symbol, local bool) value.Value { return value.Bool(local) }

func varThreadLocal(th *Thread, s *value.Symbol, local bool) value.Value {
	return value.Bool(!local && th.isDynamic(s))
}
