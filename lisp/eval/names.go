// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"slices"
	"strings"

	"gondola/lisp/value"
)

// Nearest returns the known names at the smallest edit distance from a name, sorted; none if that is more than within.
func Nearest(name string, known []string, within int) []string {
	var best []string
	for _, k := range known {
		if len(k)-len(name) > within || len(name)-len(k) > within {
			continue
		}
		switch d := distance(name, k); {
		case d < within || d == within && best == nil:
			best, within = []string{k}, d
		case d == within:
			best = append(best, k)
		}
	}
	slices.Sort(best)
	return slices.Compact(best)
}

// distance is the Levenshtein distance, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// EachName calls f with every global as a script in namespace user writes it, and with the special forms; in no order, a
// name may come twice.
func (rt *Runtime) EachName(f func(name string)) {
	for _, ns := range rt.Namespaces() {
		for _, name := range ns.Names() {
			if ns != rt.core && ns.name != "user" {
				name = ns.name + "/" + name
			}
			f(name)
		}
	}
	for name := range rt.specials {
		f(name)
	}
}

// CallForms says how a global function or macro is called, a form an arity: "(f a b)", "(f a & more)". The name is qualified,
// or one of core; none for anything else.
func (rt *Runtime) CallForms(name string) []string {
	if row := rt.Row(name); row != nil {
		return strings.FieldsFunc(row.Forms, func(c rune) bool { return c == '\n' })
	}
	space, short := value.SplitName(name)
	ns := rt.lookupNamespace(space)
	if ns == nil {
		return nil
	}
	v := ns.lookup(short)
	if v == nil {
		return nil
	}
	x, _ := v.load()
	f, _ := x.Ref().(*Fn)
	if m, ok := x.Ref().(*Macro); ok {
		f = m.fn
	}
	if f == nil {
		return nil
	}
	var forms []string
	for _, p := range f.code.protos {
		params := value.PrStr(p.params)
		forms = append(forms, "("+strings.TrimSpace(short+" "+params[1:len(params)-1])+")")
	}
	return forms
}
