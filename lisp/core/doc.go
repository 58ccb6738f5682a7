// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// docTable: help on names (language.md 21).
var docTable = eval.Table{
	{Name: "doc", Min: 1, Max: 1, Special: true, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return list(th.Runtime().Core("doc*"), list(value.Sym("quote"), a[0])), nil
	}, Forms: "(doc name)", Doc: "Prints the call forms and the description of a function, macro or value."},
	{Name: "doc*", Min: 1, Max: 1, F1: func(th *eval.Thread, name value.Value) (value.Value, error) {
		out, _ := target(th, nil)
		text, err := Doc(th, value.PrStr(name))
		if err != nil {
			return value.Nil, err
		}
		return value.Nil, write(out, text+"\n")
	}, Doc: "Internal to doc."},
}

// Doc is the help on a name: of a builtin from its row, of a script's function from its metadata.
func Doc(th *eval.Thread, name string) (string, error) {
	if row := RowOf(th.Runtime(), name); row != nil {
		return rowDoc(row), nil
	}
	v, err := EvalText(th, name, "doc")
	if err != nil {
		return "", err
	}
	m, err := th.Call(th.Runtime().Core("meta"), v)
	if err != nil {
		return "", err
	}
	entries, ok := m.Ref().(value.Map)
	if !ok {
		return "No documentation available for " + name, nil
	}
	var parts []string
	for _, key := range []string{"arglists", "doc", "examples", "see-also"} {
		x, _ := entries.Get(value.Kw(key))
		if x.IsNil() {
			continue
		}
		if s, ok := x.Str(); ok {
			parts = append(parts, s)
			continue
		}
		items, err := iterable(th, x)
		if err != nil {
			return "", err
		}
		if title := map[string]string{"examples": "EXAMPLES:", "see-also": "SEE ALSO:"}[key]; title != "" {
			parts = append(parts, title)
		}
		for _, item := range items {
			text, err := th.Call(th.Runtime().Core("str"), item)
			if err != nil {
				return "", err
			}
			s, _ := text.Str()
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		qualified := name
		if space, _ := value.SplitName(name); space == "" {
			qualified = th.Namespace().Name() + "/" + name
		}
		parts = append(th.Runtime().CallForms(qualified), "No documentation available for "+name)
	}
	return strings.Join(parts, "\n"), nil
}

func rowDoc(row *eval.Row) string {
	forms := row.Forms
	if forms == "" {
		forms = row.Name
		if row.Value == nil && row.Max >= 0 {
			forms = "(" + strings.TrimSpace(row.Name+" "+strings.Join(strings.Split("xyzuvw"[:min(6, row.Min)], ""), " ")) + ")"
		}
	}
	return forms + "\n\n" + row.Doc
}
