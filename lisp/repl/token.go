// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"strings"
	"unicode/utf8"
)

// The reader reads whole forms; what is being typed is not whole yet, so the session looks at tokens of its own.
type kind int

const (
	blank kind = iota // between atoms, marks like ' and # included
	comment
	quoted // a string
	opening
	closing
	atom
)

const (
	openings = "([{"
	closings = ")]}"
)

// token is the length in bytes, at least 1, and the kind of what a text begins with, which must not be empty. ended is false
// for a string, comment or atom that may go on.
func token(text string) (n int, k kind, ended bool) {
	switch c := text[0]; {
	case c == ';':
		end := strings.IndexAny(text, "\n"+shownNewline)
		if end < 0 {
			return len(text), comment, false
		}
		return end, comment, true
	case c == '"':
		n, ended = stringLength(text)
		return n, quoted, ended
	case strings.IndexByte(openings, c) >= 0:
		return 1, opening, true
	case strings.IndexByte(closings, c) >= 0:
		return 1, closing, true
	case strings.IndexByte(" \t\r\n,'`~@^#", c) >= 0 && !strings.HasPrefix(text, `#\`):
		return 1, blank, true
	}
	n = atomLength(text)
	return n, atom, n < len(text)
}

// stringLength is the length of the string at the front, quotes included, and whether it has an end.
func stringLength(text string) (n int, ended bool) {
	quote := `"`
	if strings.HasPrefix(text, `"""`) {
		quote = `"""`
	}
	for i := len(quote); i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], quote):
			return i + len(quote), true
		}
	}
	return len(text), false
}

func atomLength(text string) int {
	from := 1
	if strings.HasPrefix(text, `#\`) { // a character, whatever it is
		_, size := utf8.DecodeRuneInString(text[2:])
		from = 2 + size
	}
	if end := strings.IndexAny(text[from:], " \t\r\n,;\"()[]{}'`~@^"); end >= 0 {
		return from + end
	}
	return len(text)
}
