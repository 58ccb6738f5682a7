// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"time"

	"github.com/dlclark/regexp2/v2"
)

// matchLimit bounds one match of a regular expression (decisions.md L11).
const matchLimit = 5 * time.Second

// Regex is a compiled regular expression of Java syntax on a backtracking engine (decisions.md L11).
type Regex struct {
	Obj
	Source string
	re     *regexp2.Regexp
}

// NewRegex compiles source, Java syntax. Every match of it is under a time limit.
func NewRegex(source string) (*Regex, error) {
	re, err := regexp2.Compile(source)
	if err != nil {
		return nil, Errorf("Illegal regex pattern: %s", source)
	}
	re.MatchTimeout = matchLimit
	return New(&Regex{Source: source, re: re}), nil
}

func (r *Regex) Type() *Type { return TypeRegex }
