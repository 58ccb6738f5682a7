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
	open, end := matching(text, len(before)+cursor-1)
	var b strings.Builder
	for i := 0; i < len(text); {
		n, k, _ := token(text[i:])
		colour, some := colourOf(k, text[i:i+n])
		if i == open || i == end {
			colour, some = paint.Hint, true
		}
		if from := max(i, len(before)); i+n > from {
			piece := text[from : i+n]
			if some {
				piece = theme.Paint(colour, piece)
			}
			b.WriteString(piece)
		}
		i += n
	}
	return b.String()
}

// colourOf is the colour of a token; some is false for what has none.
func colourOf(k kind, text string) (colour paint.Kind, some bool) {
	switch {
	case k == comment:
		return paint.Dim, true
	case k == quoted, k == atom && strings.HasPrefix(text, `#\`):
		return paint.String, true
	case k != atom:
		return 0, false
	case text[0] == ':':
		return paint.Keyword, true
	case text == "nil" || text == "true" || text == "false":
		return paint.Constant, true
	case isDigit(strings.TrimLeft(text, "+-")):
		return paint.Number, true
	}
	return 0, false
}

func isDigit(text string) bool { return text != "" && text[0] >= '0' && text[0] <= '9' }

// matching finds the bracket that the one at an offset closes; -1, -1 without.
func matching(text string, at int) (open, end int) {
	var opened []int
	for i := 0; i < len(text) && i <= at; {
		n, k, _ := token(text[i:])
		switch {
		case k == opening:
			opened = append(opened, i)
		case k == closing && len(opened) > 0:
			last := opened[len(opened)-1]
			opened = opened[:len(opened)-1]
			if i == at && strings.IndexByte(openings, text[last]) == strings.IndexByte(closings, text[i]) {
				return last, i
			}
		}
		i += n
	}
	return -1, -1
}
