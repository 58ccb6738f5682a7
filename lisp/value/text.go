// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import "sync/atomic"

// Str is a :core/string: text in UTF-8, where a lone surrogate is kept in its three byte form (WTF-8). The language
// counts UTF-16 code units; CodeUnits, CharAt and Substring convert (decisions.md L9, evaluator.md E8).
type Str struct {
	Obj
	S     string
	ext   atomic.Pointer[strExt]
	flags atomic.Uint32 // what is known about S, see the constants below
	hash  atomic.Uint32 // valid with strHashed
}

const (
	strScanned = 1 << iota // strASCII is valid
	strASCII
	strHashed
	strIndexed // a code unit was asked for; at the second time the UTF-16 form is kept
)

// strExt is what few strings have: metadata and the UTF-16 form.
type strExt struct {
	units []uint16
	meta  *Meta
}

// String makes a :core/string. It does not merge surrogate halves; what joins text uses Join.
func String(s string) Value { return New(&Str{S: s}).Val() }

// Type is core/string.
func (s *Str) Type() *Type { return TypeString }

// Meta is the metadata of a string literal.
func (s *Str) Meta() *Meta {
	if e := s.ext.Load(); e != nil {
		return e.meta
	}
	return nil
}

// WithMeta returns a string of the same text that carries m.
func (s *Str) WithMeta(m *Meta) Value {
	c := New(&Str{S: s.S})
	c.ext.Store(&strExt{meta: m})
	return c.Val()
}

// Keyword is :name or :ns/name. Keywords compare by pointer, then by text; there is no global table (E9).
type Keyword struct {
	Obj
	Name string // the qualified name without the colon: "queue/1"
	hash uint32
	meta *Meta
}

// NewKeyword makes a keyword from its qualified name without the colon.
func NewKeyword(name string) *Keyword {
	return New(&Keyword{Name: name, hash: uint32(hashString(name))})
}

// Kw is NewKeyword as a Value.
func Kw(name string) Value { return NewKeyword(name).Val() }

// Type is core/keyword.
func (k *Keyword) Type() *Type { return TypeKeyword }

// Symbol is a name. A reader symbol carries its position as metadata.
type Symbol struct {
	Obj
	Name string // the qualified name: "str/trim"
	hash uint32
	meta *Meta
}

// NewSymbol makes a symbol from its qualified name.
func NewSymbol(name string) *Symbol { return New(&Symbol{Name: name, hash: uint32(hashString(name))}) }

// Sym is NewSymbol as a Value.
func Sym(name string) Value { return NewSymbol(name).Val() }

// Type is core/symbol.
func (s *Symbol) Type() *Type { return TypeSymbol }

// SplitName splits a qualified name at its last slash: "queue/1" gives "queue" and "1", "x" gives "" and "x", and "/"
// and "core//" name the division function.
func SplitName(q string) (ns, name string) {
	n := len(q)
	if n > 0 && q[n-1] == '/' {
		if n == 1 {
			return "", q
		}
		if q[n-2] == '/' {
			return q[:n-2], "/"
		}
	}
	for i := n - 1; i >= 0; i-- {
		if q[i] == '/' {
			return q[:i], q[i+1:]
		}
	}
	return "", q
}

// Text returns the characters of a string, and of a keyword or symbol its qualified name without colon. ok is false for
// every other type.
func Text(v Value) (s string, ok bool) {
	switch x := v.Ref().(type) {
	case *Str:
		return x.S, true
	case *Keyword:
		return x.Name, true
	case *Symbol:
		return x.Name, true
	}
	return "", false
}

// StringOrKeyword returns the text of a string or keyword, the "name" arguments of many functions.
func StringOrKeyword(v Value) (s string, ok bool) {
	switch x := v.Ref().(type) {
	case *Str:
		return x.S, true
	case *Keyword:
		return x.Name, true
	}
	return "", false
}

func (k *Keyword) Meta() *Meta            { return k.meta }
func (k *Keyword) WithMeta(m *Meta) Value { c := *k; c.meta = m; return New(&c).Val() }
func (s *Symbol) Meta() *Meta             { return s.meta }
func (s *Symbol) WithMeta(m *Meta) Value  { c := *s; c.meta = m; return New(&c).Val() }

// IsASCII reports whether every character is one byte; code units are bytes then. The answer is kept.
func (s *Str) IsASCII() bool {
	f := s.flags.Load()
	if f&strScanned == 0 {
		f = strScanned
		if isASCII(s.S) {
			f |= strASCII
		}
		s.flags.Or(f)
	}
	return f&strASCII != 0
}

// CodeUnits is the length of s in UTF-16 code units.
func (s *Str) CodeUnits() int {
	if s.IsASCII() {
		return len(s.S)
	}
	if e := s.ext.Load(); e != nil && e.units != nil {
		return len(e.units)
	}
	return CountUnits(s.S)
}

// indexed returns the UTF-16 form from the second time on that it is asked for; nil at the first.
func (s *Str) indexed() []uint16 {
	old := s.ext.Load()
	if old != nil && old.units != nil {
		return old.units
	}
	if s.flags.Or(strIndexed)&strIndexed == 0 {
		return nil
	}
	e := &strExt{units: ToUnits(s.S)}
	if old != nil {
		e.meta = old.meta
	}
	s.ext.Store(e)
	return e.units
}

// CharAt returns code unit i; the caller has checked 0 <= i < CodeUnits.
func (s *Str) CharAt(i int) uint16 {
	if s.IsASCII() {
		return uint16(s.S[i])
	}
	if u := s.indexed(); u != nil {
		return u[i]
	}
	for c := range Units(s.S) {
		if i == 0 {
			return c
		}
		i--
	}
	panic("value: code unit out of range")
}

// Substring returns code units [i,j); the caller has checked the bounds.
func (s *Str) Substring(i, j int) string {
	if s.IsASCII() {
		return s.S[i:j]
	}
	if u := s.indexed(); u != nil {
		return FromUnits(u[i:j])
	}
	return substring(s.S, i, j)
}

// textHash is hashString, kept.
func (s *Str) textHash() uint32 {
	if s.flags.Load()&strHashed != 0 {
		return s.hash.Load()
	}
	h := uint32(hashString(s.S))
	s.hash.Store(h)
	s.flags.Or(strHashed)
	return h
}
