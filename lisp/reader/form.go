// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"strconv"
	"strings"

	"gondola/lisp/value"
)

// form reads the form that starts with t. ok is false when there is none: behind #_ (language.md 1.1).
func (r *Reader) form(t token) (v value.Value, ok bool, err error) {
	if r.depth >= r.o.MaxDepth {
		return value.Nil, false, r.parseError(t.at, "Forms are nested too deeply (more than %d levels)", r.o.MaxDepth)
	}
	r.depth++
	v, ok, err = r.dispatch(t)
	r.depth--
	return v, ok, err
}

func (r *Reader) dispatch(t token) (v value.Value, ok bool, err error) {
	switch t.kind {
	case tokAtom:
		v, err = r.atom(t)
	case tokString:
		v, err = r.text1(t, t.text)
	case tokBlock:
		v, err = r.text1(t, normalizeBlock(t.text))
	case '(':
		v, err = r.list(t)
	case '[':
		v, err = r.vector(t)
	case '{':
		v, err = r.hashMap(t)
	case tokSet:
		v, err = r.hashSet(t)
	case '\'':
		v, err = r.prefixed(t, "quote")
	case '`':
		v, err = r.syntaxQuote(t)
	case '~':
		v, err = r.prefixed(t, "unquote")
	case tokSplice:
		v, err = r.prefixed(t, "splice-unquote")
	case '@':
		v, err = r.prefixed(t, "deref")
	case '^':
		v, err = r.metadata(t)
	case tokAnon:
		v, err = r.anonFn(t)
	case tokDrop:
		return value.Nil, false, r.drop(t)
	case tokChar:
		v, err = r.char(t)
	case tokRegex:
		v, err = r.regex(t)
	case tokHash:
		err = r.parseError(t.at, `Expected a valid reader macro '#{..}', '#(..)' or '#\x'`)
	default:
		err = r.parseError(t.at, "Unexpected '%c'", t.kind)
	}
	return v, err == nil, err
}

// operand reads the form behind a prefix.
func (r *Reader) operand(prefix token, name string) (value.Value, error) {
	for {
		t, err := r.token()
		if err != nil {
			return value.Nil, err
		}
		if t.kind == tokEOF {
			return value.Nil, r.fail(value.EofException, t.at, "Expected a form behind the %s at (%d,%d), got EOF", name, prefix.at.line, prefix.at.col)
		}
		v, ok, err := r.form(t)
		if err != nil || ok {
			return v, err
		}
	}
}

func (r *Reader) meta(at pos) *value.Meta {
	return &value.Meta{File: r.o.File, Line: at.line, Col: at.col}
}

// symbol makes a symbol with a position; symbols of one name share text and hash.
func (r *Reader) symbol(name string, at pos) value.Value {
	s := r.symbols[name]
	if s == nil {
		s = value.NewSymbol(name)
		r.symbols[name] = s
	}
	return s.WithMeta(r.meta(at))
}

func (r *Reader) call(at pos, items ...value.Value) value.Value {
	return value.ListOf(items).WithMeta(r.meta(at))
}

func (r *Reader) prefixed(t token, name string) (value.Value, error) {
	v, err := r.operand(t, name)
	if err != nil {
		return value.Nil, err
	}
	return r.call(t.at, r.symbol(name, t.at), v), nil
}

// syntaxQuote reads a backquoted form. Symbols like x# in it get generated names, one per name in the outermost
// backquoted form.
func (r *Reader) syntaxQuote(t token) (value.Value, error) {
	if r.gensyms == nil {
		r.gensyms = map[string]string{}
		defer func() { r.gensyms = nil }()
	}
	return r.prefixed(t, "quasiquote")
}

func (r *Reader) generated(name string) string {
	g := r.gensyms[name]
	if g == "" {
		g = strings.TrimSuffix(name, "#") + "__" + strconv.FormatInt(r.o.Gensym(), 10) + "__auto"
		r.gensyms[name] = g
	}
	return g
}

// drop reads and forgets one form. Another #_ counts as that form, although it yields nothing: #_ does not stack.
func (r *Reader) drop(prefix token) error {
	t, err := r.token()
	if err != nil {
		return err
	}
	if t.kind == tokEOF {
		return r.fail(value.EofException, t.at, "Expected a form behind the #_ at (%d,%d), got EOF", prefix.at.line, prefix.at.col)
	}
	used := r.anon
	if used != nil {
		copied := *used
		r.anon = &copied
	}
	_, _, err = r.form(t)
	r.anon = used
	return err
}

// items reads up to the closing bracket and returns a fresh slice.
func (r *Reader) items(open token, bracket string, end kind) ([]value.Value, error) {
	base := len(r.stack)
	for {
		t, err := r.token()
		if err != nil {
			return nil, err
		}
		if t.kind == end {
			break
		}
		if t.kind == tokEOF {
			return nil, r.fail(value.EofException, t.at, "Expected '%c', got EOF. The '%s' at (%d,%d) is not closed", end, bracket, open.at.line, open.at.col)
		}
		if t.kind == ')' || t.kind == ']' || t.kind == '}' {
			return nil, r.parseError(t.at, "Unexpected '%c'. The '%s' at (%d,%d) is closed by '%c'", t.kind, bracket, open.at.line, open.at.col, end)
		}
		v, ok, err := r.form(t)
		if err != nil {
			return nil, err
		}
		if ok {
			r.stack = append(r.stack, v)
		}
	}
	items := append([]value.Value(nil), r.stack[base:]...)
	clear(r.stack[base:])
	r.stack = r.stack[:base]
	return items, nil
}

func (r *Reader) list(t token) (value.Value, error) {
	items, err := r.items(t, "(", ')')
	if err != nil {
		return value.Nil, err
	}
	return value.ListOf(items).WithMeta(r.meta(t.at)), nil
}

func (r *Reader) vector(t token) (value.Value, error) {
	items, err := r.items(t, "[", ']')
	if err != nil {
		return value.Nil, err
	}
	return value.VectorOf(items).WithMeta(r.meta(t.at)), nil
}

func (r *Reader) hashMap(t token) (value.Value, error) {
	items, err := r.items(t, "{", '}')
	if err != nil {
		return value.Nil, err
	}
	if len(items)%2 != 0 {
		return value.Nil, r.fail(value.VncException, t.at, "hash-map: create requires an even number of list items. Got %d items", len(items))
	}
	return value.NewHashMap(items...).WithMeta(r.meta(t.at)), nil
}

func (r *Reader) hashSet(t token) (value.Value, error) {
	items, err := r.items(t, "#{", '}')
	if err != nil {
		return value.Nil, err
	}
	return value.NewHashSet(items...).WithMeta(r.meta(t.at)), nil
}

// metadata reads ^m x (language.md 1.11).
func (r *Reader) metadata(t token) (value.Value, error) {
	m, err := r.operand(t, "^")
	if err != nil {
		return value.Nil, err
	}
	var entries value.Map
	switch x := m.Ref().(type) {
	case *value.HashMap:
		entries = x
	case *value.Keyword:
		if x.Name == "private" || x.Name == "dynamic" {
			entries = value.NewHashMap(m, value.True)
		} else {
			entries = value.NewHashMap(r.keyword("type"), m)
		}
	default:
		return value.Nil, r.parseError(t.at, "Invalid meta data type %s", m.Type())
	}
	v, err := r.operand(t, "meta data")
	if err != nil {
		return value.Nil, err
	}
	target, ok := v.Ref().(value.Metadated)
	if !ok {
		return v, nil
	}
	merged := value.Meta{}
	if old := target.Meta(); old != nil {
		merged = *old
	}
	if merged.Map == nil {
		merged.Map = entries
	} else {
		for k, e := range entries.All() {
			merged.Map = merged.Map.Assoc(k, e)
		}
	}
	return target.WithMeta(&merged), nil
}

// anonParams is what a #() form uses of its parameters.
type anonParams struct {
	bare, rest bool // %, %&
	max        int  // the highest of %1 to %10
}

const maxAnonParam = 10

// note records a symbol if it names a parameter.
func (p *anonParams) note(name string) {
	switch {
	case name == "%":
		p.bare = true
	case name == "%&":
		p.rest = true
	case name[0] == '%' && len(name) <= 3 && name[1] != '0':
		if n, err := strconv.ParseUint(name[1:], 10, 8); err == nil && n <= maxAnonParam {
			p.max = max(p.max, int(n))
		}
	}
}

// anonFn reads #(body) as (fn [params] (body)) (language.md 1.10).
func (r *Reader) anonFn(t token) (value.Value, error) {
	if r.anon != nil {
		return value.Nil, r.parseError(t.at, "Invalid anonymous function literal: #() forms cannot be nested")
	}
	r.anon = &anonParams{}
	items, err := r.items(t, "#(", ')')
	used := r.anon
	r.anon = nil
	if err != nil {
		return value.Nil, err
	}
	var params []value.Value
	if used.bare && used.max == 0 && !used.rest {
		params = append(params, r.symbol("%", t.at))
	}
	for n := 1; n <= used.max; n++ {
		params = append(params, r.symbol("%"+strconv.Itoa(n), t.at))
	}
	if used.rest {
		params = append(params, r.symbol("&", t.at), r.symbol("%&", t.at))
	}
	return r.call(t.at,
		r.symbol("fn", t.at),
		value.VectorOf(params).WithMeta(r.meta(t.at)),
		value.ListOf(items).WithMeta(r.meta(t.at))), nil
}
