// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

func caseOf(name string, f func(locale, string) string) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		v := a[len(a)-1]
		var l locale
		if len(a) == 2 {
			var ok bool
			if l, ok = localeOf(a[0]); !ok {
				return value.Nil, value.Errorf("%s: the first arg is not a locale. Got a '%s'.", name, a[0].Type())
			}
		}
		f := func(s string) string { return f(l, s) }
		if c, ok := v.Char(); ok {
			if u := value.ToUnits(f(value.CharString(c))); len(u) == 1 {
				return value.Char(u[0]), nil
			}
			return v, nil
		}
		return mapText(v, f)
	}
}

func upperCaseIn(l locale, s string) string {
	if l.turkish() {
		s = strings.ReplaceAll(s, "i", "İ")
	}
	return upperCase(s)
}

func lowerCaseIn(l locale, s string) string {
	if l.turkish() {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "İ", "i"), "I", "ı")
	}
	return lowerCase(s)
}

// upperCase follows Java's toUpperCase: characters that become several do so.
func upperCase(s string) string {
	return mapRunes(s, func(b *strings.Builder, _ int, r rune) {
		if full := fullUpper(r); full != "" {
			b.WriteString(full)
			return
		}
		b.WriteRune(unicode.ToUpper(r))
	})
}

// lowerCase follows Java's toLowerCase: a sigma at the end of a word is a final one.
func lowerCase(s string) string {
	return mapRunes(s, func(b *strings.Builder, i int, r rune) {
		switch {
		case r == 'İ':
			b.WriteString("i̇")
		case r == 'Σ' && endsWord(s, i):
			b.WriteRune('ς')
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	})
}

// mapRunes hands each character to f with its offset; the bytes of lone surrogates stay.
func mapRunes(s string, f func(b *strings.Builder, i int, r rune)) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(s[i])
		} else {
			f(&b, i, r)
		}
		i += n
	}
	return b.String()
}

// endsWord reports whether the sigma at offset i has a letter before it and none behind it.
func endsWord(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	behind, _ := utf8.DecodeRuneInString(s[i+len("Σ"):])
	return isCased(before) && !isCased(behind)
}

func isCased(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }

// fullUpper is the upper case of the characters that become more than one; "" for all others.
func fullUpper(r rune) string {
	switch r {
	case 'ß':
		return "SS"
	case 'ŉ':
		return "ʼN"
	case 'ǰ':
		return "J̌"
	case 'ΐ':
		return "Ϊ́"
	case 'ΰ':
		return "Ϋ́"
	case 'և':
		return "ԵՒ"
	case 'ẖ':
		return "H̱"
	case 'ẗ':
		return "T̈"
	case 'ẘ':
		return "W̊"
	case 'ẙ':
		return "Y̊"
	case 'ẚ':
		return "Aʾ"
	case 'ﬀ':
		return "FF"
	case 'ﬁ':
		return "FI"
	case 'ﬂ':
		return "FL"
	case 'ﬃ':
		return "FFI"
	case 'ﬄ':
		return "FFL"
	case 'ﬅ', 'ﬆ':
		return "ST"
	case 'ﬓ':
		return "ՄՆ"
	case 'ﬔ':
		return "ՄԵ"
	case 'ﬕ':
		return "ՄԻ"
	case 'ﬖ':
		return "ՎՆ"
	case 'ﬗ':
		return "ՄԽ"
	}
	return ""
}
