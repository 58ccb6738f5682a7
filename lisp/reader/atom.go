// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package reader

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"gondola/lisp/value"
)

// atom reads a number, keyword, symbol or one of nil, true, false.
func (r *Reader) atom(t token) (value.Value, error) {
	s := t.text
	switch {
	case isDigit(s[0]) || s[0] == '-' && len(s) > 1 && isDigit(s[1]):
		v, err := value.ParseNumber(s)
		if err != nil {
			return value.Nil, r.parseError(t.at, "%s", value.AsException(err).Message)
		}
		return v, nil
	case s[0] == ':':
		if v, ok := r.keywords[s[1:]]; ok {
			return v, nil
		}
		if err := r.checkName(s[1:], t); err != nil {
			return value.Nil, err
		}
		return r.keyword(s[1:]), nil
	case s == "nil":
		return value.Nil, nil
	case s == "true":
		return value.True, nil
	case s == "false":
		return value.False, nil
	}
	if err := r.checkName(s, t); err != nil {
		return value.Nil, err
	}
	switch {
	case r.anon != nil && s[0] == '%':
		r.anon.note(s)
	case r.gensyms != nil && len(s) > 1 && s[len(s)-1] == '#':
		s = r.generated(s)
	}
	return r.symbol(s, t.at), nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// keyword returns the keyword of a name; one object a name.
func (r *Reader) keyword(name string) value.Value {
	v, ok := r.keywords[name]
	if !ok {
		v = value.Kw(name)
		r.keywords[name] = v
	}
	return v
}

// checkName enforces the namespace rule of language.md 1.6.
func (r *Reader) checkName(q string, t token) error {
	ns, name := value.SplitName(q)
	if name == "" {
		return r.parseError(t.at, "Failed to parse atom: A name must not be blank")
	}
	if strings.IndexByte(ns, '/') >= 0 {
		return r.parseError(t.at, "Failed to parse atom: A namespace ('%s') of a qualified name ('%s') must not contain a '/'", ns, q)
	}
	return nil
}

// charNames are the names behind #\ (language.md 1.5).
func charNamed(name string) (uint16, bool) {
	switch name {
	case "space":
		return ' ', true
	case "newline":
		return '\n', true
	case "tab":
		return '\t', true
	case "formfeed":
		return '\f', true
	case "return":
		return '\r', true
	case "backspace":
		return '\b', true
	case "lparen":
		return '(', true
	case "rparen":
		return ')', true
	case "quote":
		return '"', true
	case "backslash":
		return '\\', true
	case "pilcrow":
		return 0xB6, true
	case "middle-dot":
		return 0xB7, true
	case "right-guillemet":
		return 0xBB, true
	case "left-guillemet":
		return 0xAB, true
	case "copyright":
		return 0xA9, true
	case "bullet":
		return 0x2022, true
	case "horz-ellipsis":
		return 0x2026, true
	case "per-mille-sign":
		return 0x2030, true
	case "diameter-sign":
		return 0x2300, true
	case "check-mark":
		return 0x2713, true
	case "cross-mark":
		return 0x2717, true
	case "pi":
		return 0x3C0, true
	case "nbsp":
		return 0xA0, true
	case "en-space":
		return 0x2002, true
	case "em-space":
		return 0x2003, true
	case "three-per-em-space":
		return 0x2004, true
	case "four-per-em-space":
		return 0x2005, true
	case "six-per-em-space":
		return 0x2006, true
	}
	return 0, false
}

func (r *Reader) char(t token) (value.Value, error) {
	if c, ok := charLiteral(t.text); ok {
		return value.Char(c), nil
	}
	return value.Nil, r.parseError(t.at, `Invalid char literal #\%s. Expected: #\A, #\u03C0, #\space`, t.text)
}

func charLiteral(s string) (uint16, bool) {
	if c, n := utf8.DecodeRuneInString(s); n == len(s) && n > 0 && c <= 0xFFFF {
		return uint16(c), true
	}
	if len(s) == 5 && s[0] == 'u' {
		return hex4(s[1:])
	}
	return charNamed(s)
}

// hex4 reads exactly four hexadecimal digits at the start of s.
func hex4(s string) (uint16, bool) {
	if len(s) < 4 {
		return 0, false
	}
	for i := range 4 {
		if c := s[i] | 0x20; !isDigit(s[i]) && (c < 'a' || c > 'f') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s[:4], 16, 16)
	return uint16(n), err == nil
}

func (r *Reader) regex(t token) (value.Value, error) {
	compile := r.o.Regex
	if compile == nil {
		compile = value.NewRegex
	}
	re, err := compile(t.text)
	if err != nil {
		return value.Nil, r.parseError(t.at, "Illegal regex pattern: %s", value.AsException(err).Message)
	}
	return re.Val(), nil
}
