// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"strings"

	"gondola/lisp/paint"
)

// painter colours the line that is being typed, by the look of its words. It implements the line editor's Painter, which
// calls it for every key.
type painter struct{ s *Session }

// Paint returns the line with escape sequences. The bracket before the cursor and the one that it closes stand out.
func (p painter) Paint(line []rune, pos int) []rune {
	theme := p.s.o.Theme
	if theme == nil {
		return line
	}
	return []rune(highlight(theme, p.s.before, string(line), len(string(line[:min(pos, len(line))]))))
}

// highlight colours a line that comes behind the text before it; cursor is an offset into the line, in bytes.
func highlight(theme *paint.Theme, before, line string, cursor int) string {
	text := before + line
	pair := matching(text, len(before)+cursor-1)
	var b strings.Builder
	for i := 0; i < len(text); {
		n, kind, colour := word(text[i:])
		if i == pair.open || i == pair.end {
			kind, colour = paint.Hint, true
		}
		if from := max(i, len(before)); i+n > from {
			piece := text[from : i+n]
			if colour {
				piece = theme.Paint(kind, piece)
			}
			b.WriteString(piece)
		}
		i += n
	}
	return b.String()
}

// word is the length and the kind of what a text begins with; colour is false for what has none.
func word(text string) (n int, kind paint.Kind, colour bool) {
	switch c := text[0]; {
	case c == ';':
		end := strings.IndexAny(text, "\n"+shownNewline)
		if end < 0 {
			end = len(text)
		}
		return end, paint.Dim, true
	case c == '"':
		n, _ = stringLength(text)
		return n, paint.String, true
	case strings.IndexByte(" \t\r\n,()[]{}'`~@^", c) >= 0:
		return 1, 0, false
	}
	n = atomLength(text)
	switch atom := text[:n]; {
	case atom[0] == ':':
		return n, paint.Keyword, true
	case atom == "nil" || atom == "true" || atom == "false":
		return n, paint.Constant, true
	case strings.HasPrefix(atom, `#\`):
		return n, paint.String, true
	case atom[0] >= '0' && atom[0] <= '9', len(atom) > 1 && (atom[0] == '-' || atom[0] == '+') && atom[1] >= '0' && atom[1] <= '9':
		return n, paint.Number, true
	}
	return n, 0, false
}

// brackets are the offsets of a bracket and of the one that closes it; -1 without.
type brackets struct{ open, end int }

// matching finds the bracket that the one at an offset closes.
func matching(text string, at int) brackets {
	var open []int
	for i := 0; i < len(text) && i <= at; {
		n, _, _ := word(text[i:])
		switch {
		case strings.IndexByte("([{", text[i]) >= 0:
			open = append(open, i)
		case strings.IndexByte(")]}", text[i]) >= 0 && len(open) > 0:
			last := open[len(open)-1]
			open = open[:len(open)-1]
			if i == at && strings.IndexByte("([{", text[last]) == strings.IndexByte(")]}", text[i]) {
				return brackets{last, i}
			}
		}
		i += n
	}
	return brackets{-1, -1}
}
