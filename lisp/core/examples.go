// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	_ "embed"
	"strings"
	"sync"
)

// Example is a call that help shows, with what it yields.
type Example struct {
	Expr   string
	Result string // the value as pr-str has it
	Prints string // what it writes, line ends as \n; "" for most
}

// String is the example as a reader of help sees it.
func (e Example) String() string {
	text := e.Expr + "\n=> " + e.Result
	if e.Prints != "" {
		text += "\nprints " + e.Prints
	}
	return text
}

// The file has a line for each name: the name, an expression, its value, and what it prints, with tabs between. Values come
// from the reference.
//
//go:embed examples.tsv
var examplesFile string

// examples are the lines by name. Never written to.
var examples = sync.OnceValue(func() map[string]Example {
	byName := map[string]Example{}
	for line := range strings.Lines(examplesFile) {
		f := append(strings.Split(strings.TrimSuffix(line, "\n"), "\t"), "")
		if len(f) >= 4 {
			byName[f[0]] = Example{f[1], f[2], f[3]}
		}
	}
	return byName
})

// ExampleOf is the example of a function, macro, value or module function; ok is false if there is none.
func ExampleOf(name string) (e Example, ok bool) {
	e, ok = examples()[name]
	return e, ok
}
