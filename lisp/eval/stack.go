// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"strings"

	"gondola/lisp/value"
)

// StackText is the text of language.md 18 for an exception: class and message, the script's call stack innermost first,
// then the causes.
func StackText(e *value.Exception) string {
	var b strings.Builder
	for c := e; c != nil; c = c.Cause {
		if c != e {
			b.WriteString("\nCaused by: ")
		}
		b.WriteString(c.Class.Simple() + ": " + c.Message + "\n")
		if len(c.Stack) > 0 {
			b.WriteString("\n[Callstack]\n")
			for _, f := range c.Stack {
				fmt.Fprintf(&b, "    at: %s\n", FrameText(f))
			}
		}
	}
	return b.String()
}

// FrameText is one frame: "user/f (script.venice: line 4, col 19)".
func FrameText(f value.StackFrame) string {
	if f.File == "" && f.Line == 0 {
		return f.Name
	}
	return fmt.Sprintf("%s (%s: line %d, col %d)", f.Name, f.File, f.Line, f.Col)
}
