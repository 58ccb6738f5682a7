// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// WriteError writes an uncaught error as language.md 18 shows it: class, message, call stack, causes. source is the text
// that was evaluated under the name file; if the innermost frame lies in it, its line follows with a caret.
func WriteError(w io.Writer, err error, file, source string) {
	var ex *value.Exception
	if !errors.As(err, &ex) {
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintf(w, "Exception in thread \"main\" %s", eval.StackText(ex))
	for _, f := range ex.Stack {
		if f.File != file || f.Line < 1 {
			continue
		}
		lines := strings.Split(source, "\n")
		if f.Line <= len(lines) {
			fmt.Fprintf(w, "\n%s:%d:%d\n    %s\n    %s^\n", file, f.Line, f.Col, lines[f.Line-1], strings.Repeat(" ", max(0, f.Col-1)))
		}
		return
	}
}
