// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"os"
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/modules"
	"gondola/lisp/reader"
	"gondola/lisp/value"
)

// sourceTable: finding names, and where they come from.
var sourceTable = eval.Table{
	{Name: "apropos", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		text, ok := value.StringOrKeyword(v)
		if !ok {
			return value.Nil, value.CoerceError(v, "string")
		}
		return namesThat(th.Runtime(), func(name string) bool { return strings.Contains(name, text) }), nil
	}, Forms: "(apropos text)", Doc: "A sorted list of the names that contain a text."},
	{Name: "dir", Min: 1, Max: 1, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		ns := value.PrStr(a[0])
		if full, ok := th.Namespace().Aliases()[ns]; ok {
			ns = full
		}
		if !th.Runtime().HasNamespace(ns) {
			return value.Nil, value.Errorf("There is no namespace %s.", ns)
		}
		return list(value.Sym("quote"), namesThat(th.Runtime(), func(name string) bool {
			of, _ := value.SplitName(name)
			return of == ns || of == "" && (ns == "core" || ns == "user") && (th.Runtime().Row(name) != nil) == (ns == "core")
		})), nil
	}, Forms: "(dir ns)", Doc: "A sorted list of the names of a namespace."},
	{Name: "source", Min: 1, Max: 1, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return list(th.Runtime().Core("source*"), list(value.Sym("quote"), a[0])), nil
	}, Forms: "(source name)", Doc: "Prints the definition of a function or macro; of one that is built in, its call forms."},
	{Name: "source*", Min: 1, Max: 1, F1: func(th *eval.Thread, name value.Value) (value.Value, error) {
		text, err := sourceOf(th, value.PrStr(name))
		if err != nil {
			return value.Nil, err
		}
		out, _ := target(th, nil)
		return value.Nil, write(th, out, text+"\n")
	}, Doc: "Internal to source."},
}

// namesThat is a sorted list of the names that are wanted.
func namesThat(rt *eval.Runtime, want func(string) bool) value.Value {
	var names []string
	rt.EachName(func(name string) {
		if row := rt.Row(name); want(name) && (row == nil || !strings.HasPrefix(row.Doc, "Internal")) {
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

// sourceOf is the text of the top-level form that defined a name.
func sourceOf(th *eval.Thread, name string) (string, error) {
	if row := RowOf(th.Runtime(), name); row != nil {
		return "; " + name + " is built in\n" + formsOf(row), nil
	}
	v, err := EvalText(th, name, "source")
	if err != nil {
		return "", err
	}
	m := value.MetaOf(v)
	if m == nil || m.Line == 0 {
		return "", value.Errorf("Nobody knows where %s was defined.", name)
	}
	if form := reader.Around(evaluatedText(th.Runtime(), m.File), m.Line, m.Col); form != "" {
		_, short := value.SplitName(name)
		if strings.Contains(form, short) { // the file may have changed since
			return form, nil
		}
	}
	return "", value.Errorf("The definition of %s in %s, line %d, is not there any more.", name, m.File, m.Line)
}

// evaluatedText is what has been evaluated under a name in positions: of the host, of a module, or of a file that a script
// has loaded, read again. Unknown names have none.
func evaluatedText(rt *eval.Runtime, file string) string {
	if rt.Config.Source != nil {
		if text := rt.Config.Source(file); text != "" {
			return text
		}
	}
	if name, ok := strings.CutPrefix(file, "module:"); ok {
		text, _, _, _ := modules.Source(name, "") // unknown: ""
		return text
	}
	if rt.Config.Modules != "" && strings.HasPrefix(file, rt.Config.Modules) {
		name := strings.TrimSuffix(file[strings.LastIndexAny(file, `/\`)+1:], ".venice")
		text, _, _, _ := modules.Source(name, rt.Config.Modules) // gone: ""
		return text
	}
	if _, loaded := rt.Loaded.Load("file:" + file); loaded {
		text, _ := os.ReadFile(file) // gone: there is no text
		return string(text)
	}
	return ""
}
