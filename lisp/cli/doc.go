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
	"gondola/lisp/value"
)

// Doc is the command that prints the help on a name, on the names of a namespace, or on everything, from the rows of the
// tables: no network is asked. tables are the functions of the host.
func Doc(tables func() []eval.Table) Run {
	return func(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
		if status, done := usage("doc [NAME | NAMESPACE | --all]", args, len(args) <= 1, stdout, stderr); done {
			return status
		}
		in := lisp.New(lisp.Options{Tables: tables()})
		defer in.Close()
		th := in.Runtime().NewThread(ctx)
		defer th.Release()
		spaces := namesBySpace(in.Runtime())
		switch {
		case len(args) == 0:
			listSpaces(stdout, spaces)
			return 0
		case args[0] == "--all":
			for _, space := range slices.Sorted(maps.Keys(spaces)) {
				for _, name := range spaces[space] {
					fmt.Fprintf(stdout, "── %s\n%s\n\n", name, help(th, name))
				}
			}
			return 0
		}
		return docOf(th, spaces, args[0], stdout, stderr)
	}
}

func docOf(th *eval.Thread, spaces map[string][]string, name string, stdout, stderr io.Writer) int {
	space, _ := value.SplitName(name)
	if space == "" {
		space = "core"
	}
	if slices.Contains(spaces[space], name) {
		fmt.Fprintln(stdout, help(th, name))
		return 0
	}
	if names := spaces[name]; names != nil {
		for _, n := range names {
			fmt.Fprintf(stdout, "%-28s %s\n", n, firstSentence(help(th, n)))
		}
		return 0
	}
	var all []string
	for _, names := range spaces {
		all = append(all, names...)
	}
	fmt.Fprintf(stderr, "gondola: nothing is called %s", name)
	if near := eval.Nearest(name, all, max(1, len(name)/3)); len(near) > 0 {
		fmt.Fprintf(stderr, "; did you mean %s?", strings.Join(near[:min(3, len(near))], " or "))
	}
	fmt.Fprintln(stderr, "\nTry: gondola doc")
	return statusFound
}

// namesBySpace are the names that have help, sorted, by namespace; those of core stand alone.
func namesBySpace(rt *eval.Runtime) map[string][]string {
	spaces := map[string][]string{}
	rt.EachName(func(name string) {
		space, _ := value.SplitName(name)
		if space == "" {
			space = "core"
		}
		if row := core.RowOf(rt, name); row != nil && !strings.HasPrefix(row.Doc, "Internal") {
			spaces[space] = append(spaces[space], name)
		}
	})
	for space, names := range spaces {
		slices.Sort(names)
		spaces[space] = slices.Compact(names)
	}
	return spaces
}

func listSpaces(w io.Writer, spaces map[string][]string) {
	fmt.Fprint(w, "gondola doc NAME explains a name, gondola doc NAMESPACE lists one of these, gondola doc --all prints everything:\n\n")
	for _, space := range slices.Sorted(maps.Keys(spaces)) {
		names := spaces[space]
		fmt.Fprintf(w, "  %-10s %4d names: %s, …\n", space, len(names), strings.Join(names[:min(4, len(names))], ", "))
	}
}

func help(th *eval.Thread, name string) string {
	text, err := core.Doc(th, name)
	if err != nil {
		return err.Error()
	}
	return text
}

// firstSentence is what a help text says first behind the call forms.
func firstSentence(text string) string {
	_, text, _ = strings.Cut(text, "\n\n")
	text, _, _ = strings.Cut(text, "\n")
	if sentence, _, more := strings.Cut(text, ". "); more {
		return sentence + "."
	}
	return text
}
