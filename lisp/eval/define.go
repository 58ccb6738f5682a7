// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// defNode binds a global of the namespace that is current when it runs.
type defNode struct {
	v    *Var // the cell in the namespace of compilation
	sym  *value.Symbol
	meta Node // nil: the metadata is that of sym
	init Node // nil: the value is nil
	how  defKind
}

type defKind int

const (
	defPlain defKind = iota
	defOnce
	defDynamic
)

func (n *defNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	x := value.Nil
	if n.init != nil {
		var err error
		if x, err = n.init.Eval(th, fr); err != nil {
			return value.Nil, err
		}
	}
	sym, err := withMeta(th, fr, n.sym, n.meta)
	if err != nil {
		return value.Nil, err
	}
	v := n.v
	if v.ns != th.ns {
		v = th.ns.intern(v.name)
	}
	if err := th.define(v, sym, x, n.how); err != nil {
		return value.Nil, err
	}
	return value.Sym(v.Qualified()), nil
}

// metaForm compiles the metadata of a name that is defined: its values are expressions (language.md 1.11). It is nil if
// they all stand for themselves.
func (c *compiler) metaForm(sym *value.Symbol) (Node, error) {
	m := sym.Meta()
	if m == nil || m.Map == nil {
		return nil, nil
	}
	for _, v := range m.Map.All() {
		switch v.Ref().(type) {
		case *value.Symbol, value.Sequence, value.Map, value.Set:
			return c.compile(m.Map.Val(), false)
		}
	}
	return nil, nil
}

// withMeta is the symbol with the metadata that a node of metaForm yields.
func withMeta(th *Thread, fr *Frame, sym *value.Symbol, n Node) (*value.Symbol, error) {
	if n == nil {
		return sym, nil
	}
	v, err := n.Eval(th, fr)
	if err != nil {
		return nil, err
	}
	m := *sym.Meta()
	m.Map, _ = v.Ref().(value.Map)
	return sym.WithMeta(&m).Ref().(*value.Symbol), nil
}

// define sets a global and merges the metadata of the symbol (language.md 1.11, 3.4).
func (th *Thread) define(v *Var, sym *value.Symbol, x value.Value, how defKind) error {
	if v.ns.system {
		return value.Errorf("The namespace '%s' is a system namespace: nothing can be defined in it.", v.ns.name)
	}
	if v.once.Load() {
		return value.Errorf("The existing global var '%s' must not be overwritten!", v.Qualified())
	}
	if p := v.root.Load(); p != nil {
		if _, ok := p.Ref().(*Macro); ok {
			return value.Errorf("The existing global var '%s' must not be overwritten!", v.Qualified())
		}
	}
	meta := defMeta(v, sym)
	v.meta.Store(meta)
	if _, isAtom := x.Ref().(*value.Atom); !isAtom { // atoms are not copied (L7)
		x = mergeMeta(x, meta)
	}
	v.private.Store(metaFlag(meta, "private"))
	switch how {
	case defDynamic:
		v.makeDynamic(x)
	default:
		if v.dynamic.Load() {
			v.makeDynamic(x)
			return nil
		}
		v.bind(x)
		v.once.Store(how == defOnce)
	}
	return nil
}

// Define binds a name of the current namespace, as (def name x) does.
func (th *Thread) Define(name string, x value.Value) error {
	sym, _ := value.Sym(name).Ref().(*value.Symbol)
	return th.define(th.ns.intern(name), sym, x, defPlain)
}

func defMeta(v *Var, sym *value.Symbol) *value.Meta {
	m := value.Meta{}
	if sm := sym.Meta(); sm != nil {
		m = *sm
	}
	if m.Map == nil {
		m.Map = value.EmptyHashMap
	}
	m.Map = m.Map.Assoc(value.Kw("ns"), value.String(v.ns.name)).Assoc(value.Kw("name"), value.String(v.name))
	return &m
}

func metaFlag(m *value.Meta, key string) bool {
	if m == nil || m.Map == nil {
		return false
	}
	x, _ := m.Map.Get(value.Kw(key))
	return x.Truthy()
}

func mergeMeta(x value.Value, m *value.Meta) value.Value {
	o, ok := x.Ref().(value.Metadated)
	if !ok {
		return x
	}
	merged := *m
	if old := o.Meta(); old != nil && old.Map != nil {
		for k, v := range m.Map.All() {
			old2 := old.Map.Assoc(k, v)
			old = &value.Meta{File: old.File, Line: old.Line, Col: old.Col, Map: old2}
		}
		merged.Map = old.Map
	}
	return o.WithMeta(&merged)
}

// defTarget checks the name of a definition.
func (c *compiler) defTarget(form value.Value) (*Var, *value.Symbol, error) {
	sym, ok := form.Ref().(*value.Symbol)
	if !ok {
		return nil, nil, value.CoerceError(form, "symbol")
	}
	ns, name := value.SplitName(sym.Name)
	if ns != "" && ns != c.ns.name {
		return nil, nil, value.Errorf("Special form 'def': Invalid use of namespace. The symbol '%s' can only be defined for the current namespace '%s'.", name, c.ns.name)
	}
	if ns == "" && (reservedNames[name] || c.rt.specials[name] != nil) {
		return nil, nil, value.Errorf("The special form name '%s' can not be used as a symbol.", name)
	}
	return c.ns.intern(name), sym, nil
}

func (c *compiler) define(args []value.Value, how defKind) (Node, error) {
	v, sym, err := c.defTarget(args[0])
	if err != nil {
		return nil, err
	}
	n := &defNode{v: v, sym: sym, how: how}
	if n.meta, err = c.metaForm(sym); err != nil {
		return nil, err
	}
	if len(args) == 1 {
		c.th.checks.define(v, nil)
		return n, nil
	}
	if list, ok := args[1].Ref().(*value.List); ok && list.Count() > 1 && isSymbol(list.First(), "fn") {
		fn, err := c.function(list, list.Items()[1:], v, false)
		c.th.checks.define(v, fn)
		if err != nil {
			return nil, err
		}
		n.init = fn
		return n, nil
	}
	c.th.checks.define(v, nil)
	n.init, err = c.compile(args[1], false)
	return n, err
}

func analyseDef(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	return c.define(args, defPlain)
}

func analyseDefonce(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	return c.define(args, defOnce)
}

func analyseDefDynamic(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	return c.define(args, defDynamic)
}

// macroNode binds a macro when it runs.
type macroNode struct {
	v    *Var
	sym  *value.Symbol
	meta Node // as of defNode
	fn   *fnNode
}

func (n *macroNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f, err := n.fn.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v := n.v
	if v.ns != th.ns {
		v = th.ns.intern(v.name)
	}
	sym, err := withMeta(th, fr, n.sym, n.meta)
	if err != nil {
		return value.Nil, err
	}
	fn := f.Ref().(*Fn)
	m := value.New(&Macro{Name: v.Qualified(), fn: fn, meta: defMeta(v, sym)})
	if v.ns.system {
		return value.Nil, value.Errorf("The namespace '%s' is a system namespace: nothing can be defined in it.", v.ns.name)
	}
	if p := v.root.Load(); p != nil {
		if _, ok := p.Ref().(*Macro); ok {
			return value.Nil, value.Errorf("The existing global var '%s' must not be overwritten!", v.Qualified())
		}
	}
	v.meta.Store(m.meta)
	v.bind(m.Val())
	return m.Val(), nil
}

func analyseDefmacro(c *compiler, form *value.List, args []value.Value, _ bool) (Node, error) {
	v, sym, err := c.defTarget(args[0])
	if err != nil {
		return nil, err
	}
	if metaFlag(sym.Meta(), "private") {
		return nil, value.Errorf("The macro '%s' must not be defined as private! Venice does not support private macros.", v.Qualified())
	}
	c.th.checks.define(v, nil)
	fn, err := c.function(form, args, nil, true)
	if err != nil {
		return nil, err
	}
	meta, err := c.metaForm(sym)
	return &macroNode{v, sym, meta, fn}, err
}

// setVarNode is (set! name e).
type setVarNode struct {
	v    *Var
	sym  *value.Symbol
	init Node
}

func (n *setVarNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	x, err := n.init.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v := n.v
	if !v.isBound() && th.binds.find(v) == nil && v.core != nil && isUnqualified(n.sym) {
		v = v.core
	}
	if b := th.binds.find(v); b != nil {
		b.set(x)
		return x, nil
	}
	switch {
	case v.dynamic.Load():
		v.makeDynamic(x)
	case v.root.Load() != nil && !v.ns.system:
		v.bind(x)
	default:
		return value.Nil, value.Errorf("The global or thread-local var '%s' does not exist!", n.sym.Name)
	}
	return x, nil
}

func analyseSet(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	sym, ok := args[0].Ref().(*value.Symbol)
	if !ok {
		return nil, value.CoerceError(args[0], "symbol")
	}
	init, err := c.compile(args[1], false)
	if err != nil {
		return nil, err
	}
	return &setVarNode{c.globalVar(sym.Name), sym, init}, nil
}
