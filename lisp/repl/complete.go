// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// completer completes names of functions, macros, special forms and namespaces, and files inside a string.
type completer struct{ s *Session }

// Do is called at a Tab: the rest of every candidate, and how many characters of it are typed already.
func (c completer) Do(line []rune, pos int) (rest [][]rune, typed int) {
	text := string(line[:pos])
	if i, open := insideString(text); open {
		return suffixes(files(text[i:]), text[i:])
	}
	from := strings.LastIndexAny(text, " \t\n()[]{}'`~@^#") + 1
	word := text[from:]
	if word == "" {
		return nil, 0
	}
	return suffixes(Complete(c.s.in.Runtime(), word), word)
}

func suffixes(candidates []string, word string) (rest [][]rune, typed int) {
	for _, c := range candidates {
		rest = append(rest, []rune(strings.TrimPrefix(c, word)))
	}
	return rest, len([]rune(word))
}

// Complete lists the names that begin with a word, sorted.
func Complete(rt *eval.Runtime, word string) []string {
	var out []string
	rt.EachName(func(name string) {
		if strings.HasPrefix(name, word) && !strings.HasSuffix(name, "*") {
			out = append(out, name)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
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

// insideString says whether a text ends in an open string, and where that begins.
func insideString(text string) (from int, open bool) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '"':
			open = !open
			from = i + 1
		}
	}
	return from, open
}

// files lists the paths that begin with a text; folders end with a slash.
func files(prefix string) []string {
	dir, base := filepath.Split(prefix)
	in := dir
	if in == "" {
		in = "."
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) {
			continue
		}
		path := dir + e.Name()
		if e.IsDir() {
			path += "/"
		}
		out = append(out, path)
	}
	return out
}
