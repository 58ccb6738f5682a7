// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"gondola/lisp"
	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/modules"
	"gondola/lisp/value"
)

// Doc is the command that prints the help on a name, on the names of a namespace, or the index of everything, from the rows
// of the tables and the modules of this host: no network is asked. tables are the functions of the host.
func Doc(tables func() []eval.Table) Run {
	return func(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
		if status, done := usage("doc [NAME | NAMESPACE | --all]", args, len(args) <= 1, stdout, stderr); done {
			return status
		}
		in := lisp.New(lisp.Options{Tables: tables()})
		defer in.Close()
		for _, m := range modules.Names() {
			if _, err := in.Eval(ctx, "(load-module :"+m+")", "doc"); err != nil {
				fmt.Fprintf(stderr, "gondola: %v\n", err)
				return statusFound
			}
		}
		th := in.Runtime().NewThread(ctx)
		defer th.Release()
		spaces := rowsBySpace(th)
		switch {
		case len(args) == 0:
			listSpaces(stdout, spaces)
			return 0
		case args[0] == "--all":
			writeIndex(stdout, spaces)
			return 0
		}
		return docOf(th, spaces, args[0], stdout, stderr)
	}
}

// writeIndex lists every name: how many arguments it takes, its call forms, what it does in a sentence, an example.
func writeIndex(w io.Writer, spaces map[string][]*eval.Row) {
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		fmt.Fprintf(w, "── %s", space)
		if slices.Contains(modules.Names(), space) {
			fmt.Fprintf(w, ", after (load-module :%s)", space)
		}
		fmt.Fprint(w, "\n\n")
		for _, row := range spaces[space] {
			fmt.Fprintf(w, "%s%s\n", row.Name, arguments(row))
			for form := range strings.SplitSeq(row.Forms, "\n") {
				if form != "" && form != row.Name {
					fmt.Fprintf(w, "    %s\n", form)
				}
			}
			fmt.Fprintf(w, "  %s\n", firstSentence(row.Doc))
			if e, ok := core.ExampleOf(row.Name); ok {
				fmt.Fprintf(w, "    %s\n", strings.ReplaceAll(e.String(), "\n", "\n    "))
			}
			fmt.Fprintln(w)
		}
	}
}

// arguments says how many arguments a function takes; nothing for a value.
func arguments(row *eval.Row) string {
	switch {
	case row.Value != nil:
		return ""
	case row.Max < 0:
		return fmt.Sprintf("  %d or more arguments", row.Min)
	case row.Max != row.Min:
		return fmt.Sprintf("  %d to %d arguments", row.Min, row.Max)
	case row.Min == 1:
		return "  1 argument"
	}
	return fmt.Sprintf("  %d arguments", row.Min)
}

func docOf(th *eval.Thread, spaces map[string][]*eval.Row, name string, stdout, stderr io.Writer) int {
	space, _ := value.SplitName(name)
	if space == "" {
		space = "core"
	}
	if slices.ContainsFunc(spaces[space], func(row *eval.Row) bool { return row.Name == name }) {
		text, err := core.Doc(th, name)
		if err != nil {
			text = err.Error()
		}
		fmt.Fprintln(stdout, text)
		return 0
	}
	if rows := spaces[name]; rows != nil {
		for _, row := range rows {
			fmt.Fprintf(stdout, "%-28s %s\n", row.Name, firstSentence(row.Doc))
		}
		return 0
	}
	var all []string
	for _, rows := range spaces {
		for _, row := range rows {
			all = append(all, row.Name)
		}
	}
	fmt.Fprintf(stderr, "gondola: nothing is called %s", name)
	if near := eval.Nearest(name, all, max(1, len(name)/3)); len(near) > 0 {
		fmt.Fprintf(stderr, "; did you mean %s?", strings.Join(near[:min(3, len(near))], " or "))
	}
	fmt.Fprintln(stderr, "\nTry: gondola doc")
	return statusFound
}

// rowsBySpace are the names that have help, sorted, by namespace; those of core stand alone.
func rowsBySpace(th *eval.Thread) map[string][]*eval.Row {
	spaces, seen := map[string][]*eval.Row{}, map[string]bool{}
	add := func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		space, _ := value.SplitName(name)
		if space == "" {
			space = "core"
		}
		if row, err := core.Describe(th, name); err == nil && row.Doc != "" && !strings.HasPrefix(row.Doc, "Internal") {
			spaces[space] = append(spaces[space], row)
		}
	}
	th.Runtime().EachName(add)
	core.EachSpecial(add)
	for _, rows := range spaces {
		slices.SortFunc(rows, func(a, b *eval.Row) int { return strings.Compare(a.Name, b.Name) })
	}
	return spaces
}

func listSpaces(w io.Writer, spaces map[string][]*eval.Row) {
	fmt.Fprint(w, "gondola doc NAME explains a name, gondola doc NAMESPACE lists one of these, gondola doc --all is the index of everything:\n\n")
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		var names []string
		for _, row := range spaces[space][:min(4, len(spaces[space]))] {
			names = append(names, row.Name)
		}
		fmt.Fprintf(w, "  %-11s %4d names: %s, …\n", space, len(spaces[space]), strings.Join(names, ", "))
	}
}

// firstSentence is what a help text says first.
func firstSentence(doc string) string {
	doc, _, _ = strings.Cut(doc, "\n")
	if sentence, _, more := strings.Cut(doc, ". "); more {
		return sentence + "."
	}
	return doc
}
