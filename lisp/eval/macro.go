// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// expand runs a macro's expander over unevaluated arguments, in the namespace of the caller (language.md 3.7).
func (th *Thread) expand(m *Macro, args []value.Value) (value.Value, error) {
	if m.native != nil {
		if n := len(args); n < m.row.Min || (m.row.Max >= 0 && n > m.row.Max) {
			return value.Nil, m.row.ArityError(n)
		}
		return m.native(th, args)
	}
	if p := m.fn.code.pick(len(args)); p == nil {
		return value.Nil, m.fn.arityError("macro", len(args))
	}
	return th.callFnN(m.fn, args)
}

// macroOf returns the macro that a form's head means in the current namespace, if it does.
func (th *Thread) macroOf(form value.Value) (*Macro, *value.List) {
	list, ok := form.Ref().(*value.List)
	if !ok || list.Count() == 0 {
		return nil, nil
	}
	s, ok := list.First().Ref().(*value.Symbol)
	if !ok || byName[s.Name] || th.rt.specials[s.Name] != nil {
		if m, ok := list.First().Ref().(*Macro); ok {
			return m, list
		}
		return nil, nil
	}
	v, ok := th.rt.globalVar(th.ns, s.Name).current(s)
	if !ok {
		return nil, nil
	}
	m, ok := v.Ref().(*Macro)
	if !ok {
		return nil, nil
	}
	return m, list
}

// Macroexpand expands the outermost call until its head is no macro.
func (th *Thread) Macroexpand(form value.Value) (value.Value, error) {
	for turns := 0; ; turns++ {
		m, list := th.macroOf(form)
		if m == nil {
			return form, nil
		}
		if err := th.CheckInterrupt(); err != nil {
			return value.Nil, err
		}
		var err error
		if form, err = th.expand(m, list.Items()[1:]); err != nil {
			return value.Nil, err
		}
	}
}

// MacroexpandAll expands everywhere.
func (th *Thread) MacroexpandAll(form value.Value) (value.Value, error) {
	th.depth++
	defer func() { th.depth-- }()
	if err := th.CheckInterrupt(); err != nil {
		return value.Nil, err
	}
	form, err := th.Macroexpand(form)
	if err != nil {
		return value.Nil, err
	}
	seq, ok := form.Ref().(value.Sequence)
	if !ok || seq.Count() == 0 {
		return form, nil
	}
	items := seq.Items()
	for i, x := range items {
		if items[i], err = th.MacroexpandAll(x); err != nil {
			return value.Nil, err
		}
	}
	return withMetaOf(seq.Of(items).Val(), form), nil
}

func withMetaOf(v, from value.Value) value.Value {
	if m := value.MetaOf(from); m != nil {
		if o, ok := v.Ref().(value.Metadated); ok {
			return o.WithMeta(m)
		}
	}
	return v
}

var (
	symQuote  = value.Sym("quote")
	symConcat = value.Sym("concat")
	symCons   = value.Sym("cons")
)

// quasiquote is the expansion of language.md 1.9: only sequences are walked, and concat and cons are called by their
// unqualified names.
func (th *Thread) quasiquote(x value.Value) (value.Value, error) {
	th.depth++
	defer func() { th.depth-- }()
	if err := th.CheckInterrupt(); err != nil {
		return value.Nil, err
	}
	seq, ok := x.Ref().(value.Sequence)
	if !ok || seq.Count() == 0 {
		return value.NewList(symQuote, x).Val(), nil
	}
	if isSymbol(seq.First(), "unquote") {
		if seq.Count() != 2 {
			return value.Nil, value.Errorf("unquote expects one form, got %d", seq.Count()-1)
		}
		return seq.Nth(1), nil
	}
	rest, err := th.quasiquote(seq.Rest().Val())
	if err != nil {
		return value.Nil, err
	}
	if inner, ok := seq.First().Ref().(value.Sequence); ok && inner.Count() == 2 && isSymbol(inner.First(), "splice-unquote") {
		return value.NewList(symConcat, inner.Nth(1), rest).Val(), nil
	}
	first, err := th.quasiquote(seq.First())
	if err != nil {
		return value.Nil, err
	}
	return value.NewList(symCons, first, rest).Val(), nil
}

func isSymbol(v value.Value, name string) bool {
	s, ok := v.Ref().(*value.Symbol)
	return ok && s.Name == name
}
