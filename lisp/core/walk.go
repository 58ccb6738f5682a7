// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// walkTable: traversals of nested collections, language.md 8.
var walkTable = eval.Table{
	{Name: "prewalk", Min: 2, Max: 2, F2: func(th *eval.Thread, f, form value.Value) (value.Value, error) { return prewalk(th, f, form) },
		Forms: "(prewalk f form)", Doc: "Replaces each part of nested collections by (f part), the outer ones first."},
	{Name: "postwalk", Min: 2, Max: 2, F2: func(th *eval.Thread, f, form value.Value) (value.Value, error) { return postwalk(th, f, form) },
		Forms: "(postwalk f form)", Doc: "Replaces each part of nested collections by (f part), the inner ones first."},
	walkReplace("prewalk-replace", prewalk), walkReplace("postwalk-replace", postwalk),
}

func walkReplace(name string, walk func(th *eval.Thread, f, form value.Value) (value.Value, error)) eval.Row {
	return eval.Row{Name: name, Min: 2, Max: 2, Forms: "(" + name + " replacements form)", Doc: "Replaces parts of nested collections that are keys of a map by its values.",
		F2: func(th *eval.Thread, replacements, form value.Value) (value.Value, error) {
			m, err := asMap(replacements)
			if err != nil {
				return value.Nil, err
			}
			swap := eval.NewBuiltin(name, 1, 1, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
				if v, ok := m.Get(a[0]); ok {
					return v, nil
				}
				return a[0], nil
			})
			return walk(th, swap, form)
		}}
}

func prewalk(th *eval.Thread, f, form value.Value) (value.Value, error) {
	v, err := th.Call1(f, form)
	if err != nil {
		return value.Nil, err
	}
	return walk(th, v, func(part value.Value) (value.Value, error) { return prewalk(th, f, part) })
}

func postwalk(th *eval.Thread, f, form value.Value) (value.Value, error) {
	v, err := walk(th, form, func(part value.Value) (value.Value, error) { return postwalk(th, f, part) })
	if err != nil {
		return value.Nil, err
	}
	return th.Call1(f, v)
}

// walk applies inner to the parts of a collection and makes one of the same kind of the results.
func walk(th *eval.Thread, form value.Value, inner func(value.Value) (value.Value, error)) (value.Value, error) {
	return th.Nested(func() (value.Value, error) {
		switch x := form.Ref().(type) {
		case value.Sequence:
			items := x.Items()
			for i, v := range items {
				var err error
				if items[i], err = inner(v); err != nil {
					return value.Nil, err
				}
			}
			return x.Of(items).Val(), nil
		case *value.MapEntry:
			k, err := inner(x.Key)
			if err != nil {
				return value.Nil, err
			}
			v, err := inner(x.Value)
			return value.NewMapEntry(k, v).Val(), err
		case value.Map:
			return walkMap(x, inner)
		case value.Set:
			out := x.Empty()
			for v := range x.All() {
				w, err := inner(v)
				if err != nil {
					return value.Nil, err
				}
				out = out.Conj(w)
			}
			return out.Val(), nil
		}
		return form, nil
	})
}

// walkMap hands inner the entries; whatever comes back must be an entry or a pair.
func walkMap(m value.Map, inner func(value.Value) (value.Value, error)) (value.Value, error) {
	out := m.Empty()
	for k, v := range m.All() {
		e, err := inner(value.NewMapEntry(k, v).Val())
		if err != nil {
			return value.Nil, err
		}
		switch x := e.Ref().(type) {
		case *value.MapEntry:
			out = out.Assoc(x.Key, x.Value)
		case value.Sequence:
			if x.Count() != 2 {
				return value.Nil, value.CoerceError(e, "map-entry")
			}
			out = out.Assoc(x.Nth(0), x.Nth(1))
		default:
			return value.Nil, value.CoerceError(e, "map-entry")
		}
	}
	return out.Val(), nil
}
