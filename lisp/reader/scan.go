// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"strings"
	"unicode/utf8"
)

// kind is what a token is. Brackets and prefixes of one character are their own kind.
type kind byte

const (
	tokEOF    kind = 0
	tokAtom   kind = 'a' // number, keyword, symbol, literal
	tokString kind = '"' // text between the quotes, not decoded
	tokBlock  kind = 'b' // text between the triple quotes, line joins done
	tokRegex  kind = 'r' // text between the quotes
	tokChar   kind = 'c' // text behind #\
	tokSet    kind = 's' // #{
	tokAnon   kind = 'f' // #(
	tokDrop   kind = '_' // #_
	tokSplice kind = '+' // ~@
	tokHash   kind = '#' // # in front of anything else
)

type pos struct{ line, col int } // 1-based; columns count UTF-16 code units

type token struct {
	kind kind
	text string
	at   pos
}

// scanner cuts a text into tokens.
type scanner struct {
	text string
	off  int // of the next character

	mark int // an offset whose position is known
	at   pos
	held bool // every token stands at the position: text from inside a string literal
}

func newScanner(text string) scanner {
	return scanner{text: strings.TrimPrefix(text, "\uFEFF"), at: pos{1, 1}}
}

// position returns the position of an offset, which is never before that of an earlier call.
func (s *scanner) position(off int) pos {
	if s.held {
		return s.at
	}
	for ; s.mark < off; s.mark++ {
		switch c := s.text[s.mark]; {
		case c == '\n':
			s.at.line++
			s.at.col = 1
		case c < utf8.RuneSelf:
			s.at.col++
		case c >= 0xF0: // leads a character of two code units
			s.at.col += 2
		case c >= 0xC0:
			s.at.col++
		}
	}
	return s.at
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == ','
}

// endsAtom reports whether c ends a keyword, symbol or number; # does not.
func endsAtom(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '\f', ',', ';', '"', '(', ')', '[', ']', '{', '}', '^', '\'', '`', '~', '@':
		return true
	}
	return false
}

// skipBlanks moves to the next token: over blanks and comments, of which #! is one.
func (s *scanner) skipBlanks() {
	for s.off < len(s.text) {
		switch c := s.text[s.off]; {
		case isBlank(c):
			s.off++
		case c == ';' || c == '#' && strings.HasPrefix(s.text[s.off:], "#!"):
			end := strings.IndexAny(s.text[s.off:], "\r\n")
			if end < 0 {
				s.off = len(s.text)
				return
			}
			s.off += end
		default:
			return
		}
	}
}

// token reads the next token.
func (r *Reader) token() (token, error) {
	r.skipBlanks()
	t := token{at: r.position(r.off)}
	if r.off == len(r.text) {
		return t, nil
	}
	switch c := r.text[r.off]; c {
	case '(', ')', '[', ']', '{', '}', '\'', '`', '@', '^':
		t.kind = kind(c)
		r.off++
	case '~':
		t.kind = kind(c)
		r.off++
		if r.off < len(r.text) && r.text[r.off] == '@' {
			t.kind = tokSplice
			r.off++
		}
	case '"':
		if strings.HasPrefix(r.text[r.off:], `"""`) {
			return r.block(t)
		}
		r.off++
		return r.quoted(t, tokString)
	case '#':
		return r.hash(t)
	default:
		t.kind = tokAtom
		t.text = r.atomText()
	}
	return t, nil
}

func (s *scanner) atomText() string {
	from := s.off
	for s.off < len(s.text) && !endsAtom(s.text[s.off]) {
		s.off++
	}
	return s.text[from:s.off]
}

// hash reads a token that starts with #.
func (r *Reader) hash(t token) (token, error) {
	r.off++
	if r.off == len(r.text) {
		t.kind = tokHash
		return t, nil
	}
	switch r.text[r.off] {
	case '{':
		t.kind = tokSet
	case '(':
		t.kind = tokAnon
	case '_':
		t.kind = tokDrop
	case '"':
		r.off++
		return r.quoted(t, tokRegex)
	case '\\':
		r.off++
		t.kind = tokChar
		t.text = r.charText()
		return t, nil
	default:
		t.kind = tokHash
	}
	r.off++
	return t, nil
}

// charText reads what stands behind #\: one character or, if that is a letter, a name.
func (s *scanner) charText() string {
	from := s.off
	if s.off < len(s.text) {
		_, n := utf8.DecodeRuneInString(s.text[s.off:])
		s.off += n
		if n == 1 && isAlnum(s.text[from]) {
			for s.off < len(s.text) && (isAlnum(s.text[s.off]) || s.text[s.off] == '-') {
				s.off++
			}
		}
	}
	return s.text[from:s.off]
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// quoted reads to the closing quote; escapes are only skipped.
func (r *Reader) quoted(t token, k kind) (token, error) {
	t.kind = k
	from := r.off
	for r.off < len(r.text) {
		switch r.text[r.off] {
		case '"':
			t.text = r.text[from:r.off]
			r.off++
			return t, nil
		case '\\':
			r.off++
			if r.off == len(r.text) {
				return t, r.scanError(t.at, "Expected escaped char in a string but got EOF")
			}
			if c := r.text[r.off]; c == '\n' || c == '\r' {
				return t, r.scanError(t.at, "Expected escaped char in a string but got EOL")
			}
		}
		r.off++
	}
	return t, r.scanError(t.at, `Expected closing " for single quoted string but got EOF`)
}

// block reads to the closing triple quote. A backslash before a line break joins the lines: the break and the spaces
// behind it vanish.
func (r *Reader) block(t token) (token, error) {
	t.kind = tokBlock
	r.off += 3
	from := r.off
	var joined []byte
	for r.off < len(r.text) {
		switch r.text[r.off] {
		case '"':
			if strings.HasPrefix(r.text[r.off:], `"""`) {
				t.text = r.text[from:r.off]
				if joined != nil {
					t.text = string(joined) + t.text
				}
				r.off += 3
				return t, nil
			}
		case '\\':
			r.off++
			rest := r.text[r.off:]
			if n := lineBreak(rest); n > 0 {
				joined = append(joined, r.text[from:r.off-1]...)
				r.off += n + len(rest[n:]) - len(strings.TrimLeft(rest[n:], " "))
				from = r.off
				continue
			}
			if rest == "" {
				return t, r.scanError(t.at, "Expected escaped char in a string but got EOF")
			}
		}
		r.off++
	}
	return t, r.scanError(t.at, `Expected closing " for triple quoted string but got EOF`)
}

// lineBreak is the length of the line break at the start of s.
func lineBreak(s string) int {
	switch {
	case strings.HasPrefix(s, "\r\n"):
		return 2
	case s != "" && (s[0] == '\n' || s[0] == '\r'):
		return 1
	}
	return 0
}
