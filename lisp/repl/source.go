// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// source is the text of the form that defined a name.
func (s *Session) source(th *eval.Thread, name value.Value) (string, error) {
	text := value.PrStr(name)
	if core.RowOf(th.Runtime(), text) != nil {
		return "", value.Errorf("%s is built in; (doc %s) explains it.", text, text)
	}
	v, err := core.EvalText(th, text, "source")
	if err != nil {
		return "", err
	}
	m := value.MetaOf(v)
	if m == nil || m.Line == 0 {
		return "", value.Errorf("Nobody knows where %s was defined.", text)
	}
	whole := s.text(m.File)
	if whole == "" && slices.Contains(s.in.LoadedFiles(), m.File) {
		read, _ := os.ReadFile(m.File) // gone: there is no text
		whole = string(read)
	}
	_, short := value.SplitName(text)
	if form := formAround(whole, m.Line, m.Col, short); form != "" {
		return form, nil
	}
	return "", value.Errorf("The definition of %s in %s, line %d, is not there any more.", text, m.File, m.Line)
}

// formAround is the top-level form that mentions name at a position, lines and columns from 1; "" if it does not.
func formAround(text string, line, col int, name string) string {
	at := 0
	for ; line > 1; line-- {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			return ""
		}
		at += end + 1
	}
	for ; col > 1 && at < len(text); col-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	if !strings.HasPrefix(text[at:], name) {
		return ""
	}
	begin, depth := 0, 0
	for i := 0; i < len(text); {
		n, k, _ := token(text[i:])
		switch k {
		case opening:
			if depth == 0 {
				begin = i
			}
			depth++
		case closing:
			if depth--; depth == 0 && i >= at {
				return text[begin : i+1]
			}
		}
		i += n
	}
	return ""
}
