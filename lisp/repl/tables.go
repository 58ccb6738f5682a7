// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// Tables are the functions that only a session has.
func (s *Session) tables() []eval.Table {
	return []eval.Table{{
		{Name: "apropos", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
			text, ok := value.StringOrKeyword(v)
			if !ok {
				return value.Nil, value.CoerceError(v, "string")
			}
			return symbols(th.Runtime(), func(name string) bool { return strings.Contains(name, text) }), nil
		}, Forms: "(apropos text)", Doc: "The names that contain a text."},
		{Name: "dir", Min: 1, Max: 1, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
			ns := value.PrStr(a[0])
			if full, ok := th.Namespace().Aliases()[ns]; ok {
				ns = full
			}
			if !th.Runtime().HasNamespace(ns) {
				return value.Nil, value.Errorf("There is no namespace %s.", ns)
			}
			quoted := []value.Value{value.Sym("quote"), symbols(th.Runtime(), func(name string) bool {
				of, _ := value.SplitName(name)
				return of == ns || of == "" && (ns == "core" || ns == "user") && (th.Runtime().Row(name) != nil) == (ns == "core")
			})}
			return value.ListOf(quoted).Val(), nil
		}, Forms: "(dir ns)", Doc: "The names of a namespace."},
		{Name: "source", Min: 1, Max: 1, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
			text, err := s.source(th, a[0])
			if err != nil {
				return value.Nil, err
			}
			_, err = s.out.Write([]byte(text + "\n"))
			return value.Nil, err
		}, Forms: "(source name)", Doc: "Prints the definition of a function or macro that a script has made."},
	}}
}

// symbols is a sorted list of the names that are wanted.
func symbols(rt *eval.Runtime, want func(string) bool) value.Value {
	var names []string
	rt.EachName(func(name string) {
		if want(name) {
			names = append(names, name)
		}
	})
	slices.Sort(names)
	names = slices.Compact(names)
	out := make([]value.Value, len(names))
	for i, n := range names {
		out[i] = value.Sym(n)
	}
	return value.ListOf(out).Val()
}
