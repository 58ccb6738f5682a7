// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// Str is a :core/string: text in UTF-8, where a lone surrogate is kept in its three byte form (WTF-8). The language
// counts UTF-16 code units; CodeUnits, CharAt and Substring convert (decisions.md L9, evaluator.md E8).
type Str struct {
	Obj
	S string
	// helper: cache of "is ASCII" and of the UTF-16 form, safe for concurrent use
}

// String makes a :core/string. It does not merge surrogate halves; what joins text uses Join.
func String(s string) Value { return New(&Str{S: s}).Val() }

// Type is core/string.
func (s *Str) Type() *Type { return TypeString }

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
func SplitName(q string) (ns, name string) { panic("not built yet") }

// Text returns the characters of a string, and of a keyword or symbol its qualified name without colon. ok is false for
// every other type.
func Text(v Value) (s string, ok bool) { panic("not built yet") }

// StringOrKeyword returns the text of a string or keyword, the "name" arguments of many functions.
func StringOrKeyword(v Value) (s string, ok bool) { panic("not built yet") }

func hashString(s string) int32 { panic("not built yet") }

func (k *Keyword) Meta() *Meta            { return k.meta }
func (k *Keyword) WithMeta(m *Meta) Value { c := *k; c.meta = m; return New(&c).Val() }
func (s *Symbol) Meta() *Meta             { return s.meta }
func (s *Symbol) WithMeta(m *Meta) Value  { c := *s; c.meta = m; return New(&c).Val() }

// IsASCII, CodeUnits, CharAt and Substring work on code units; see the methods of Str.
//
// CodeUnits is the length of s in UTF-16 code units.
func (s *Str) CodeUnits() int { panic("not built yet") }

// CharAt returns code unit i; the caller has checked 0 <= i < CodeUnits.
func (s *Str) CharAt(i int) uint16 { panic("not built yet") }

// Substring returns code units [i,j); the caller has checked the bounds.
func (s *Str) Substring(i, j int) string { panic("not built yet") }

// Join concatenates and merges a high surrogate at the end of one part with a low one at the start of the next (E8).
func Join(parts ...string) string { panic("not built yet") }

// AppendChar appends a code unit in WTF-8, merging it with a high surrogate at the end of dst.
func AppendChar(dst []byte, c uint16) []byte { panic("not built yet") }
