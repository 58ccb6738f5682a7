// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// Regex is a compiled regular expression of Java syntax on a backtracking engine (decisions.md L11).
type Regex struct {
	Obj
	Source string
	// helper: *regexp2.Regexp
}

// NewRegex compiles source, Java syntax. Every match of it is under a time limit.
func NewRegex(source string) (*Regex, error) { panic("not built yet") }
func (r *Regex) Type() *Type                 { return TypeRegex }
