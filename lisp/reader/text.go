// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"strings"
	"unicode/utf8"

	"gondola/lisp/value"
)

// text1 makes the form of a string literal: a string, or a call of str when it holds interpolations.
func (r *Reader) text1(t token, raw string) (value.Value, error) {
	s := decode(raw)
	if i := interpolation(s, 0); i >= 0 {
		return r.interpolate(t, s, i)
	}
	return value.String(s), nil
}

// decode replaces escapes in two passes (language.md 1.3): \uXXXX wherever it stands, then the short ones. A backslash
// with any other character vanishes.
func decode(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return decodeShort(decodeUnicode(s))
}

func decodeUnicode(s string) string {
	i := strings.Index(s, `\u`)
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; i >= 0; i = strings.Index(s, `\u`) {
		b = value.AppendText(b, s[:i])
		if c, ok := hex4(s[i+2:]); ok {
			b = value.AppendChar(b, c)
			s = s[i+6:]
		} else {
			b = append(b, s[i:i+2]...)
			s = s[i+2:]
		}
	}
	return string(value.AppendText(b, s))
}

func decodeShort(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for ; i >= 0 && i+1 < len(s); i = strings.IndexByte(s, '\\') {
		b = value.AppendText(b, s[:i])
		switch c := s[i+1]; c {
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case '"', '\'', '\\':
			b = append(b, c)
		}
		s = withoutUnit(s[i+1:])
	}
	return string(value.AppendText(b, s))
}

// withoutUnit drops the first code unit of s: of a character beyond U+FFFF the second half stays (decisions.md L9).
func withoutUnit(s string) string {
	if s[0] < utf8.RuneSelf {
		return s[1:]
	}
	_, n := utf8.DecodeRuneInString(s)
	switch {
	case n == utf8.UTFMax:
		half := value.New(&value.Str{S: s[:n]})
		return half.Substring(1, 2) + s[n:]
	case n == 1 && len(s) >= 3 && value.CountUnits(s[:3]) == 1:
		n = 3 // a lone surrogate
	}
	return s[n:]
}

// splitLines cuts at LF, CRLF and CR; a line end at the end of the text opens no further line.
func splitLines(s string) []string {
	var lines []string
	for s != "" {
		i := strings.IndexAny(s, "\r\n")
		if i < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:i])
		s = s[i+lineBreak(s[i:]):]
	}
	return lines
}

// normalizeBlock applies the rules for block strings of language.md 1.3: LF for line ends, no empty first line, and
// without the indentation of the first text line if an empty line went before it.
func normalizeBlock(s string) string {
	lines := splitLines(s)
	if len(lines) > 1 && lines[0] == "" {
		lines = lines[1:]
		if first := lines[0]; strings.ContainsAny(first, " \t") {
			indent := first[:len(first)-len(strings.TrimLeft(first, " \t"))]
			for i := range lines {
				lines[i] = strings.TrimPrefix(lines[i], indent)
			}
			if last := len(lines) - 1; lines[last] == "" {
				lines = lines[:last]
			}
		}
	}
	return strings.Join(lines, "\n")
}

// interpolation returns the index of the next ~{ or ~( from i on, -1 without.
func interpolation(s string, i int) int {
	for i+1 < len(s) {
		n := strings.IndexByte(s[i:len(s)-1], '~')
		if n < 0 {
			return -1
		}
		i += n
		if c := s[i+1]; c == '{' || c == '(' {
			return i
		}
		i++
	}
	return -1
}

// interpolate makes (str part ...) of a string whose first interpolation stands at i (language.md 1.4). Forms inside
// carry the position of the literal.
func (r *Reader) interpolate(t token, s string, i int) (value.Value, error) {
	items := []value.Value{r.o.StrFn}
	for ; i >= 0; i = interpolation(s, 0) {
		if i > 0 {
			items = append(items, value.String(s[:i]))
		}
		inner := s[i+1:]
		if inner[0] == '{' {
			end := strings.IndexByte(inner, '}')
			if end < 0 {
				return value.Nil, r.parseError(t.at, `Invalid value interpolation expression"~{..}" without closing '}'`)
			}
			v, _, ok, err := r.inside(t, inner[1:end])
			if err != nil {
				return value.Nil, err
			}
			if !ok {
				return value.Nil, r.parseError(t.at, `Invalid value interpolation expression"~{..}" without a form`)
			}
			items = append(items, v)
			s = inner[end+1:]
			continue
		}
		v, n, _, err := r.inside(t, inner)
		if err != nil {
			return value.Nil, err
		}
		items = append(items, v)
		s = inner[n:]
	}
	if s != "" {
		items = append(items, value.String(s))
	}
	return r.call(t.at, items...), nil
}

// inside reads the first form of a part of a string literal and returns its length. The form belongs to the #() and the
// syntax quote around the literal.
func (r *Reader) inside(t token, s string) (v value.Value, n int, ok bool, err error) {
	sub := *r
	sub.scanner = scanner{text: s, at: t.at, held: true}
	sub.stack = nil
	v, ok, err = sub.Next()
	return v, sub.off, ok, err
}
