// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"strings"

	"gondola/lisp/value"
)

// Row registers one builtin function, macro or value. Arity errors, help, completion and the function index come from
// it. Exactly one of the function fields that the arity needs is set: F0 to F3 for hot functions of fixed arity (several of
// them may be set together), FN for hot functions over a slice, Fn for the rest, Macro for a macro, Value for a value.
type Row struct {
	Name     string // "nth", "str/trim"
	Min, Max int    // accepted argument counts; Max -1: any number
	F0       func(th *Thread) (value.Value, error)
	F1       func(th *Thread, a value.Value) (value.Value, error)
	F2       func(th *Thread, a, b value.Value) (value.Value, error)
	F3       func(th *Thread, a, b, c value.Value) (value.Value, error)
	FN       func(th *Thread, args []value.Value) (value.Value, error) // args is borrowed for the call: copy what is kept
	Fn       func(th *Thread, in *Args) (value.Value, error)
	Macro    func(th *Thread, args []value.Value) (value.Value, error) // unevaluated arguments to expansion
	Value    func(rt *Runtime) value.Value
	Dynamic  bool    // a Value that binding and set! may change: *out*
	Special  bool    // a Macro that the reference has as a special form
	Touches  Touches // what it reaches beside values; a row that does not say is denied in a sandbox (X9)
	Sharing  Sharing // how limits count its result
	Forms    string  // call forms, one a line: "(nth coll idx)"; shown by arity errors and doc
	Doc      string  // what it does, in a few sentences
}

// Table is a group of rows, one a topic.
type Table []Row

// Install registers the rows. A name with a namespace goes there, any other into core. Installing a name twice is a
// programming error and panics at start-up.
func (rt *Runtime) Install(tables ...Table) {
	for _, t := range tables {
		for i := range t {
			rt.install(&t[i])
		}
	}
}

func (rt *Runtime) install(r *Row) {
	ns, name := value.SplitName(r.Name)
	if ns == "" {
		ns = "core"
	}
	space := rt.namespace(ns)
	space.system = true
	v := space.intern(name)
	if v.root.Load() != nil || v.dynamic.Load() {
		panic("eval: " + r.Name + " is registered twice")
	}
	if deny := rt.Config.Sandbox.denial(r); deny != nil {
		r = deny
	}
	switch {
	case r.Value != nil && r.Dynamic:
		v.makeDynamic(r.Value(rt))
	case r.Value != nil:
		v.bind(r.Value(rt))
	case r.Macro != nil:
		v.bind(value.New(&Macro{Name: r.Name, row: r, native: r.Macro}).Val())
	default:
		b := r
		if rt.Config.Limits.metered() {
			b = meter(r)
		}
		v.bind(value.New(newBuiltin(b)).Val())
	}
	v.row = r
}

// Row returns the registration of a builtin, by its qualified name ("str/trim", "nth"); nil if there is none.
func (rt *Runtime) Row(name string) *Row {
	ns, n := value.SplitName(name)
	if ns == "" {
		ns = "core"
	}
	space := rt.lookupNamespace(ns)
	if space == nil {
		return nil
	}
	if v := space.lookup(n); v != nil {
		return v.row
	}
	return nil
}

// ArityError is the reference's text for natives (language.md 5.3), with the call forms where they are known.
func (r *Row) ArityError(n int) error {
	kind := "function"
	switch {
	case r.Special:
		return value.Throwf(value.ArityException, "Wrong number of args (%d) passed to special form %s.", n, r.Name)
	case r.Macro != nil:
		kind = "macro"
		if r.Max < 0 {
			return value.Throwf(value.ArityException, "Wrong number of args (%d) passed to the variadic macro %s that requires at least %d arg%s.", n, r.Name, r.Min, plural(r.Min))
		}
	}
	var b strings.Builder
	if r.Forms != "" {
		b.WriteString("\n\n[Arg List]")
		for f := range strings.SplitSeq(r.Forms, "\n") {
			b.WriteString("\n    " + f)
		}
	}
	return value.Throwf(value.ArityException, "Wrong number of args (%d) passed to %s %s.%s", n, kind, r.Name, b.String())
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
