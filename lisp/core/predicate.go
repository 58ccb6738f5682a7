// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// is makes a predicate row of a Go test.
func is(name string, test func(v value.Value) bool) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " x)", Doc: "Whether x is what the name says.",
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			return value.Bool(test(value.Unwrap(v))), nil
		}}
}

// isA makes a predicate row of a heap type.
func isA[T value.Object](name string) eval.Row {
	return is(name, func(v value.Value) bool { _, ok := v.Ref().(T); return ok })
}

// predicateTable: types and truth.
var predicateTable = eval.Table{
	is("nil?", value.Value.IsNil),
	is("some?", func(v value.Value) bool { return !v.IsNil() }),
	is("true?", func(v value.Value) bool { return v == value.True }),
	is("false?", func(v value.Value) bool { return v == value.False }),
	is("boolean?", func(v value.Value) bool { _, ok := v.Bool(); return ok }),
	is("long?", func(v value.Value) bool { _, ok := v.Long(); return ok }),
	is("int?", func(v value.Value) bool { _, ok := v.Int(); return ok }),
	is("double?", func(v value.Value) bool { _, ok := v.Double(); return ok }),
	is("float?", func(v value.Value) bool { _, ok := v.Float(); return ok }),
	is("char?", func(v value.Value) bool { _, ok := v.Char(); return ok }),
	is("number?", value.Value.IsNumber),
	is("not", func(v value.Value) bool { return !v.Truthy() }),
	isA[*value.Decimal]("decimal?"), isA[*value.BigInt]("bigint?"),
	isA[*value.Str]("string?"), isA[*value.Keyword]("keyword?"), isA[*value.Symbol]("symbol?"),
	isA[*value.List]("list?"), isA[*value.Vector]("vector?"), isA[*value.LazySeq]("lazy-seq?"),
	isA[value.Map]("map?"), isA[*value.HashMap]("hash-map?"), isA[*value.OrderedMap]("ordered-map?"), isA[*value.SortedMap]("sorted-map?"),
	isA[*value.HashSet]("set?"), isA[*value.HashSet]("hash-set?"), isA[*value.SortedSet]("sorted-set?"), isA[*value.MapEntry]("map-entry?"),
	isA[*value.ByteBuf]("bytebuf?"), isA[*value.Atom]("atom?"), isA[*value.Volatile]("volatile?"), isA[*value.Delay]("delay?"),
	isA[*value.Just]("just?"), isA[*eval.Macro]("macro?"),
	is("fn?", eval.IsFunction),
	is("sequential?", isSequential),
	is("coll?", func(v value.Value) bool {
		switch v.Ref().(type) {
		case value.Map, value.Set, *value.Queue:
			return true
		}
		return isSequential(v)
	}),
	{Name: "type", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return value.Kw(v.Type().Name), nil }, Forms: "(type x)", Doc: "The type of x, a keyword."},
	{Name: "supertype", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if s := v.Type().Supers; len(s) > 0 {
			return value.Kw(s[0].Name), nil
		}
		if strings.HasPrefix(v.Type().Name, "core/") {
			return value.Kw("core/val"), nil
		}
		return value.Nil, nil
	}, Forms: "(supertype x)", Doc: "The nearest supertype of x."},
	{Name: "supertypes", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		var out []value.Value
		for _, s := range v.Type().Supers {
			out = append(out, value.Kw(s.Name))
		}
		out = append(out, value.Kw("core/val"))
		return value.ListOf(out).Val(), nil
	}, Forms: "(supertypes x)", Doc: "All supertypes of x."},
	{Name: "instance-of?", Min: 2, Max: 2, F2: func(_ *eval.Thread, t, v value.Value) (value.Value, error) {
		k, ok := t.Ref().(*value.Keyword)
		if !ok {
			return value.Nil, value.CoerceError(t, "keyword")
		}
		if e, ok := v.Ref().(*value.Exception); ok {
			if c := value.FindClass(k.Name); c != nil {
				return value.Bool(e.Class.IsA(c)), nil
			}
		}
		return value.Bool(v.Type().Is(k.Name)), nil
	}, Forms: "(instance-of? type x)", Doc: "Whether x is of the type or one of its descendants."},
}

func isSequential(v value.Value) bool {
	switch v.Ref().(type) {
	case value.Sequence, *value.LazySeq:
		return true
	}
	return false
}
