// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// Builtin is a function of the host, made from a Row.
type Builtin struct {
	value.Obj
	*Row
	meta *value.Meta
}

func newBuiltin(r *Row) *Builtin { return &Builtin{Row: r} }

// Type is core/function.
func (b *Builtin) Type() *value.Type { return value.TypeFunction }

// PrintTo writes the function's name.
func (b *Builtin) PrintTo(p *value.Printer) { p.WriteString(b.Name) }

func (b *Builtin) Meta() *value.Meta { return b.meta }
func (b *Builtin) WithMeta(m *value.Meta) value.Value {
	return value.New(&Builtin{Row: b.Row, meta: m}).Val()
}

// NewBuiltin makes a function value outside any table: the result of partial, comp and their like.
func NewBuiltin(name string, min, max int, fn func(th *Thread, args []value.Value) (value.Value, error)) value.Value {
	return value.New(newBuiltin(&Row{Name: name, Min: min, Max: max, FN: fn})).Val()
}

// Macro is a core macro (native) or a script's (fn).
type Macro struct {
	value.Obj
	Name   string // as printed: "when", "user/m"
	row    *Row
	native func(th *Thread, args []value.Value) (value.Value, error)
	fn     *Fn
	meta   *value.Meta
}

// Type is core/macro.
func (m *Macro) Type() *value.Type { return value.TypeMacro }

// PrintTo writes the macro's name.
func (m *Macro) PrintTo(p *value.Printer) { p.WriteString(m.Name) }

func (m *Macro) Meta() *value.Meta { return m.meta }
func (m *Macro) WithMeta(meta *value.Meta) value.Value {
	c := *m
	c.meta = meta
	return value.New(&c).Val()
}

// Special is a special form as a value; it prints as "special form def".
type Special struct {
	value.Obj
	Name string
}

// Type is core/special-form.
func (s *Special) Type() *value.Type { return value.TypeSpecial }

// PrintTo writes "special form " and the name.
func (s *Special) PrintTo(p *value.Printer) { p.WriteString("special form " + s.Name) }

// Fn is a closure of the script: a compiled function and the values that it captured. Captured locals are copied
// (decisions.md L4), so a Fn never changes.
type Fn struct {
	value.Obj
	code *fnCode
	one  *proto // the only arity, when there is one and it is not variadic; else nil
	caps []value.Value
	name string // "user/f", or "user/anonymous-" and a UUID
	meta *value.Meta
}

// Type is core/function.
func (f *Fn) Type() *value.Type { return value.TypeFunction }

// Parameters is the number of parameters, if the function has one arity and that is fixed.
func (f *Fn) Parameters() (n int, fixed bool) {
	if len(f.code.protos) != 1 || f.code.protos[0].variadic {
		return 0, false
	}
	return f.code.protos[0].arity, true
}

// PrintTo writes the qualified name.
func (f *Fn) PrintTo(p *value.Printer) { p.WriteString(f.name) }

func (f *Fn) Meta() *value.Meta { return f.meta }
func (f *Fn) WithMeta(m *value.Meta) value.Value {
	c := *f
	c.meta = m
	return value.New(&c).Val()
}

// Name is the qualified name of the function.
func (f *Fn) Name() string { return f.name }

// Arities lists the parameter counts of the fixed arities; variadic is the minimum of the variadic ones, or -1.
func (f *Fn) Arities() (fixed []int, variadic int) {
	variadic = -1
	for _, p := range f.code.protos {
		switch {
		case p.variadic && (variadic < 0 || p.arity < variadic):
			variadic = p.arity
		case !p.variadic:
			fixed = append(fixed, p.arity)
		}
	}
	return fixed, variadic
}

// Params returns the parameter vectors as written, one an arity.
func (f *Fn) Params() []value.Value {
	var out []value.Value
	for _, p := range f.code.protos {
		out = append(out, p.params)
	}
	return out
}

// fnCode is what all closures made by one fn form share.
type fnCode struct {
	protos []*proto // in source order
	name   string   // "" for an anonymous function
	ns     *Namespace
	caps   []capture
	scope  *codeScope  // of the compilation, for self tail calls
	meta   *value.Meta // position of the fn form
}

// proto is one arity of a function.
type proto struct {
	code     *fnCode
	arity    int // fixed parameters
	variadic bool
	nslots   int       // slots of the frame: parameters, captured copies, locals
	caps     []capSlot // captured values this arity uses
	params   value.Value
	body     Node
	numeric  *numFn // the body as a numeric function, if it is one
	grows    *grows // what it puts into its first parameter, if it does nothing else
}

// capSlot copies caps[from] of the closure into slot to of the frame.
type capSlot struct{ from, to uint8 }

// IsFunction reports whether v is a function proper: a builtin or a closure.
func IsFunction(v value.Value) bool {
	switch v.Ref().(type) {
	case *Fn, *Builtin:
		return true
	}
	return false
}

// IsCallable reports whether (v …) works: functions, keywords, maps, sets and vectors (language.md 3.8).
func IsCallable(v value.Value) bool {
	switch v.Ref().(type) {
	case *Fn, *Builtin, *value.Keyword, *value.Vector, value.Map, value.Set:
		return true
	}
	return false
}

// pick is the arity for n arguments: an exact one, else the variadic one with the most fixed parameters.
func (c *fnCode) pick(n int) *proto {
	var variadic *proto
	for _, p := range c.protos {
		if p.variadic {
			if n >= p.arity && (variadic == nil || p.arity > variadic.arity) {
				variadic = p
			}
		} else if p.arity == n {
			return p
		}
	}
	return variadic
}

// arityError: the texts of language.md 5.3 for script functions; kind is "function" or "macro".
func (f *Fn) arityError(kind string, n int) error {
	c := f.code
	if len(c.protos) > 1 {
		return value.Throwf(value.ArityException, "No matching '%s' multi-arity %s for arity %d", f.name, kind, n)
	}
	p := c.protos[0]
	if p.variadic {
		return value.Throwf(value.ArityException, "Wrong number of args (%d) passed to the variadic %s %s that requires at least %d arg%s.", n, kind, f.name, p.arity, plural(p.arity))
	}
	return value.Throwf(value.ArityException, "Wrong number of args (%d) passed to %s %s. Expected %d arg%s.", n, kind, f.name, p.arity, plural(p.arity))
}
