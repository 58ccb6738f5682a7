// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// nameTable: symbols, keywords, chars and metadata, language.md 1.5, 1.6, 1.11.
var nameTable = eval.Table{
	{Name: "symbol", Min: 1, Max: 2, FN: symbol, Forms: "(symbol name)\n(symbol ns name)", Doc: "A symbol."},
	{Name: "keyword", Min: 1, Max: 2, FN: keyword, Forms: "(keyword name)\n(keyword ns name)", Doc: "A keyword."},
	{Name: "name", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if s, ok := v.Str(); ok {
			return value.String(s), nil
		}
		if v.IsNil() {
			return value.Nil, nil
		}
		q, err := qualifiedName("name", v)
		if err != nil {
			return value.Nil, err
		}
		_, n := value.SplitName(q)
		return value.String(n), nil
	}, Forms: "(name x)", Doc: "The name of a keyword, symbol, string or function."},
	{Name: "qualified-name", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if s, ok := v.Str(); ok {
			return value.String(s), nil
		}
		if v.IsNil() {
			return value.Nil, nil
		}
		q, err := qualifiedName("qualified-name", v)
		return value.String(q), err
	}, Forms: "(qualified-name x)", Doc: "The name of a keyword, symbol, string or function with its namespace."},
	is("qualified-symbol?", func(v value.Value) bool {
		s, ok := v.Ref().(*value.Symbol)
		if !ok {
			return false
		}
		ns, _ := value.SplitName(s.Name)
		return ns != ""
	}),
	{Name: "namespace", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		q, err := qualifiedName("namespace", v)
		if err != nil {
			return value.Nil, err
		}
		ns, _ := value.SplitName(q)
		if _, isSymbol := v.Ref().(*value.Symbol); isSymbol && ns == "" && th.Runtime().HasNamespace(q) {
			ns = q
		}
		if ns == "" {
			return value.Nil, nil
		}
		return value.String(ns), nil
	}, Forms: "(namespace x)", Doc: "The namespace of a keyword, symbol or function; a symbol that names a namespace is its own; nil without."},
	{Name: "fn-name", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		switch x := v.Ref().(type) {
		case nil:
			if v.IsNil() {
				return v, nil
			}
		case *eval.Macro:
			return value.String(x.Name), nil
		case *eval.Fn, *eval.Builtin:
			q, err := qualifiedName("fn-name", v)
			return value.String(q), err
		}
		return value.Nil, value.Errorf("Function 'fn-name' does not allow %s as parameter", v.Type())
	}, Forms: "(fn-name f)", Doc: "The qualified name of a function or macro."},
	{Name: "char", Min: 1, Max: 1, F1: char, Forms: "(char c)", Doc: "A character from a code or a one character string."},
	{Name: "meta", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return metaOf(v), nil }, Forms: "(meta obj)", Doc: "The metadata of a value; nil without."},
	{Name: "with-meta", Min: 2, Max: 2, F2: withMeta, Forms: "(with-meta obj m)", Doc: "The value with the metadata m."},
	{Name: "vary-meta", Min: 2, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		m := metaOf(a[0])
		if m.IsNil() {
			m = value.EmptyHashMap.Val()
		}
		m, err := th.Apply(a[1], append([]value.Value{m}, a[2:]...))
		if err != nil {
			return value.Nil, err
		}
		if _, ok := m.Ref().(value.Map); !ok {
			m = value.EmptyHashMap.Val() // the reference asks for no map
		}
		return withMeta(th, a[0], m)
	}, Forms: "(vary-meta obj f & args)", Doc: "The value with (f metadata args…)."},
}

func keyword(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 2 {
		ns, name, err := qualifiedParts(a)
		if err == nil && name == "" {
			err = value.Errorf("The name of a keyword must not be empty!")
		}
		return value.Kw(ns + "/" + name), err
	}
	name, ok := value.StringOrKeyword(a[0])
	if e, isEnum := value.HostOf[enum](a[0]); isEnum {
		name, ok = e.name, true
	}
	if !ok {
		return value.Nil, value.Errorf("Function 'keyword' does not allow %s name", a[0].Type())
	}
	name = strings.TrimSpace(strings.TrimPrefix(name, ":"))
	return value.Kw(name), notBlank(name, "A name")
}

func symbol(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 2 {
		ns, name, err := qualifiedParts(a)
		switch {
		case err != nil:
			return value.Nil, err
		case strings.Contains(ns, "/"):
			return value.Nil, value.Errorf("A namespace ('%s') must not contain a '/'", ns)
		case ns != "":
			ns += "/"
		}
		return value.Sym(ns + name), notBlank(name, "A simple name of a qualified name")
	}
	name, ok := value.Text(a[0])
	if e, isEnum := value.HostOf[enum](a[0]); isEnum {
		name, ok = e.name, true
	}
	if !ok {
		return value.Nil, value.Errorf("Function 'symbol' does not allow %s name.", a[0].Type())
	}
	return value.Sym(name), notBlank(name, "A name")
}

// qualifiedParts takes a namespace, as a text or symbol, and a name.
func qualifiedParts(a []value.Value) (ns, name string, err error) {
	ns, ok := value.Text(a[0])
	if !ok {
		return "", "", value.CoerceError(a[0], "string")
	}
	name, err = textOf(a[1])
	return ns, name, err
}

func notBlank(name, what string) error {
	if strings.TrimSpace(name) == "" {
		return value.Errorf("%s must not be blank", what)
	}
	return nil
}

func qualifiedName(fn string, v value.Value) (string, error) {
	if e, ok := value.HostOf[enum](v); ok {
		return e.name, nil
	}
	switch x := v.Ref().(type) {
	case *value.Keyword:
		return x.Name, nil
	case *value.Symbol:
		return x.Name, nil
	case *eval.Fn:
		return x.Name(), nil
	case *eval.Builtin:
		return x.Name, nil
	}
	return "", value.Errorf("Function '%s' does not allow %s as parameter", fn, v.Type())
}

func char(_ *eval.Thread, v value.Value) (value.Value, error) {
	if c, ok := oneChar(v); ok {
		return value.Char(c), nil
	}
	if n, ok := v.Long(); ok {
		return value.Char(uint16(n)), nil
	}
	if n, ok := v.Int(); ok {
		return value.Char(uint16(n)), nil
	}
	if _, isText := value.StringOrKeyword(v); isText {
		return value.Nil, value.Errorf("Function 'char' expects a string type argument of length 1.")
	}
	if v.IsNil() {
		return value.Nil, nil
	}
	return value.Nil, value.Errorf("Function 'char' does not allow %s argument.", v.Type())
}

func metaOf(v value.Value) value.Value {
	m := value.MetaOf(v)
	if m == nil {
		return value.Nil
	}
	out := m.Map
	if out == nil {
		out = value.EmptyHashMap
	}
	if m.Line > 0 {
		out = out.Assoc(value.Kw("file"), value.String(m.File)).
			Assoc(value.Kw("line"), value.Long(int64(m.Line))).
			Assoc(value.Kw("column"), value.Long(int64(m.Col)))
	}
	return out.Val()
}

func withMeta(_ *eval.Thread, v, m value.Value) (value.Value, error) {
	x, ok := m.Ref().(value.Map)
	if !ok {
		return value.Nil, value.CoerceError(m, "map")
	}
	if o, ok := v.Ref().(value.Metadated); ok {
		return o.WithMeta(&value.Meta{Map: x}), nil
	}
	if v.IsNumber() || v.Ref() == nil && !v.IsNil() { // a scalar has no room for metadata
		return value.NewWrapped(v.Type(), v).WithMeta(&value.Meta{Map: x}), nil
	}
	return v, nil
}
