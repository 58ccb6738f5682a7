// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
	"unicode"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// textCharTable: language.md 14.1, questions about characters. They are true for chars alone, except where noted.
var textCharTable = eval.Table{
	charRow("str/digit?", unicode.IsDigit, "Whether a char is a digit."),
	charRow("str/hexdigit?", func(r rune) bool { return r < 0x80 && (r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'f') }, "Whether a char is a hexadecimal digit."),
	charRow("str/letter-or-digit?", func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }, "Whether a char is a letter or a digit."),
	charRow("str/whitespace?", isWhitespace, "Whether a char is blank."),
	charRow("str/linefeed?", func(r rune) bool { return r == '\n' }, "Whether a char is a line feed."),
	charRow("str/upper-case?", unicode.IsUpper, "Whether a char is an upper case letter."),
	charRow("str/lower-case?", unicode.IsLower, "Whether a char is a lower case letter."),
	{Name: "str/letter?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		c, ok := oneChar(v)
		if _, isText := value.StringOrKeyword(v); !ok && isText {
			return value.Nil, value.Errorf("Function 'str/letter?' expects a single char string. Got a '%s'.", v.Type())
		}
		return value.Bool(ok && unicode.IsLetter(rune(c))), nil
	}, Forms: "(str/letter? s)", Doc: "Whether a char or a one-character string is a letter."},
	{Name: "str/char?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.Nil, nil
		}
		_, ok := oneChar(v)
		return value.Bool(ok), nil
	}, Forms: "(str/char? s)", Doc: "Whether s is a char or a one-character string."},
	{Name: "str/index-of-char", Min: 2, Max: 3, FN: indexOfChar("str/index-one-char-of", true), Forms: "(str/index-of-char s chars)\n(str/index-of-char s chars from)", Doc: "The first position of one of the characters; nil if there is none."},
	{Name: "str/index-of-not-char", Min: 2, Max: 3, FN: indexOfChar("str/index-one-char-not-of", false), Forms: "(str/index-of-not-char s chars)\n(str/index-of-not-char s chars from)", Doc: "The first position of another character; nil if there is none."},
}

func charRow(name string, is func(rune) bool, doc string) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " c)", Doc: doc,
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			c, ok := v.Char()
			return value.Bool(ok && is(rune(c))), nil
		}}
}

// oneChar takes a char, or a string or keyword of one code unit.
func oneChar(v value.Value) (uint16, bool) {
	if c, ok := v.Char(); ok {
		return c, true
	}
	if s, err := strOf(v); err == nil && s.CodeUnits() == 1 {
		return s.CharAt(0), true
	}
	return 0, false
}

// indexOfChar takes the characters as a string, or as a sequence of chars. name is what the
// reference calls the function in its error.
func indexOfChar(name string, want bool) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if a[0].IsNil() || a[1].IsNil() {
			return value.Nil, nil
		}
		s, err := strOf(a[0])
		if err != nil {
			return value.Nil, err
		}
		set, err := charSet(th, name, a[1])
		if err != nil || s.S == "" || len(set) == 0 {
			return value.Nil, err
		}
		from := int64(0)
		if len(a) == 3 {
			if from, err = asLong(a[2]); err != nil {
				return value.Nil, err
			}
		}
		if from < 0 {
			return value.Nil, nil
		}
		i := int64(0)
		for c := range value.Units(s.S) {
			if i >= from && slices.Contains(set, c) == want {
				return value.Long(i), nil
			}
			i++
		}
		return value.Nil, nil
	}
}

func charSet(th *eval.Thread, name string, v value.Value) ([]uint16, error) {
	if s, ok := value.StringOrKeyword(v); ok {
		return value.ToUnits(s), nil
	}
	if !isSequential(v) {
		return nil, value.Errorf("Function '%s' does not allow %s as chars argument.", name, v.Type())
	}
	items, err := iterable(th, v)
	if err != nil {
		return nil, err
	}
	set := make([]uint16, 0, len(items))
	for _, x := range items {
		c, ok := x.Char()
		if !ok {
			return nil, value.Errorf("The 'chars' sequence elements must be chars")
		}
		set = append(set, c)
	}
	return set, nil
}
