// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
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
		text, err := joined(th, []value.Value{name}, true)
		if err == nil && len(text) > mostName {
			err = value.Errorf("doc: a text of %d bytes is no name", len(text))
		}
		if err == nil {
			text, err = Doc(th, text)
		}
		if err != nil {
			return value.Nil, err
		}
		return value.Nil, write(th, out, text+"\n")
	}, Doc: "Internal to doc."},
}

// mostName is longer than any name that is documented, in bytes.
const mostName = 1000

// Doc is the help on a name: of a builtin from its row, of a script's function from its metadata.
func Doc(th *eval.Thread, name string) (string, error) {
	if row := RowOf(th.Runtime(), name); row != nil {
		return rowDoc(row), nil
	}
	_, entries, err := metadata(th, name)
	if err != nil {
		return "", err
	}
	if entries == nil {
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
	if e, ok := ExampleOf(name); ok {
		parts = append(parts, indented(e))
	}
	return strings.Join(parts, "\n"), nil
}

// metadata is the value of a script's name and what its metadata says; nil if it has none.
func metadata(th *eval.Thread, name string) (value.Value, value.Map, error) {
	v, err := EvalText(th, name, "doc")
	if err != nil {
		return value.Nil, nil, err
	}
	m, err := th.Call(th.Runtime().Core("meta"), v)
	entries, _ := m.Ref().(value.Map)
	return v, entries, err
}

// Describe is the registration of a builtin, or what the parameters and metadata of a script's function say, in the same
// form; its Doc is "" if nobody has described it.
func Describe(th *eval.Thread, name string) (*eval.Row, error) {
	if row := RowOf(th.Runtime(), name); row != nil {
		return row, nil
	}
	v, entries, err := metadata(th, name)
	if err != nil {
		return nil, err
	}
	row := &eval.Row{Name: name, Min: 0, Max: -1, Forms: strings.Join(th.Runtime().CallForms(name), "\n")}
	if f, ok := v.Ref().(*eval.Fn); ok {
		counts, variadic := f.Arities()
		if variadic >= 0 {
			counts = append(counts, variadic)
		} else {
			row.Max = slices.Max(counts)
		}
		row.Min = slices.Min(counts)
	}
	if entries == nil {
		return row, nil
	}
	doc, _ := entries.Get(value.Kw("doc"))
	row.Doc, _ = doc.Str()
	if lists, _ := entries.Get(value.Kw("arglists")); !lists.IsNil() {
		items, err := iterable(th, lists)
		if err != nil {
			return nil, err
		}
		var forms []string
		for _, item := range items {
			if s, ok := item.Str(); ok {
				forms = append(forms, s)
			}
		}
		row.Forms = strings.Join(forms, "\n")
	}
	return row, nil
}

// rowDoc is the help of a row: its call forms, what it does, and an example.
func rowDoc(row *eval.Row) string {
	text := formsOf(row) + "\n\n" + row.Doc
	if e, ok := ExampleOf(row.Name); ok {
		text += "\n\n" + indented(e)
	}
	return text
}

func indented(e Example) string { return "  " + strings.ReplaceAll(e.String(), "\n", "\n  ") }

// formsOf are the call forms of a row, one a line.
func formsOf(row *eval.Row) string {
	if row.Forms != "" {
		return row.Forms
	}
	if row.Value != nil || row.Max < 0 {
		return row.Name
	}
	return "(" + strings.TrimSpace(row.Name+" "+strings.Join(strings.Split("xyzuvw"[:min(6, row.Min)], ""), " ")) + ")"
}
