// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
	"strings"
	"unicode"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// textTable: language.md 14.1, what is asked most. Positions count UTF-16 code units (decisions.md L9); a nil subject mostly
// passes through.
var textTable = eval.Table{
	textRow("str/trim", func(s string) string { return trimRight(trimLeft(s)) }, "Without the blanks around it."),
	textRow("str/trim-left", trimLeft, "Without the blanks in front."),
	textRow("str/trim-right", trimRight, "Without the blanks at the end."),
	{Name: "str/trim-to-empty", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.String(""), nil
		}
		return mapText(v, func(s string) string { return trimRight(trimLeft(s)) })
	}, Forms: "(str/trim-to-empty s)", Doc: "Trims; nil gives the empty string."},
	{Name: "str/trim-to-nil", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		t, err := mapText(v, func(s string) string { return trimRight(trimLeft(s)) })
		if s, ok := t.Str(); ok && s == "" {
			return value.Nil, nil
		}
		return t, err
	}, Forms: "(str/trim-to-nil s)", Doc: "Trims; a blank string gives nil."},
	{Name: "str/upper-case", Min: 1, Max: 2, FN: caseOf("str/upper-case", upperCaseIn), Forms: "(str/upper-case s)\n(str/upper-case locale s)", Doc: "In upper case."},
	{Name: "str/lower-case", Min: 1, Max: 2, FN: caseOf("str/lower-case", lowerCaseIn), Forms: "(str/lower-case s)\n(str/lower-case locale s)", Doc: "In lower case."},
	{Name: "str/blank?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		b, err := isBlank(v)
		return value.Bool(b), err
	}, Forms: "(str/blank? s)", Doc: "Whether s is nil, empty or blank."},
	{Name: "str/not-blank?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		b, err := isBlank(v)
		return value.Bool(!b), err
	}, Forms: "(str/not-blank? s)", Doc: "Whether s has a character that is not blank."},
	twoTexts("str/starts-with?", strings.HasPrefix, "Whether s begins with the text."),
	twoTexts("str/ends-with?", strings.HasSuffix, "Whether s ends with the text."),
	{Name: "str/contains?", Min: 2, Max: 2, F2: containsText, Forms: "(str/contains? s text)", Doc: "Whether a text, not an empty one, or a character occurs in s."},
	{Name: "str/equals-ignore-case?", Min: 2, Max: 2, F2: equalsIgnoreCase, Forms: "(str/equals-ignore-case? s1 s2)", Doc: "Whether two strings are equal but for case."},
	{Name: "str/index-of", Min: 2, Max: 3, FN: textIndexOf, Forms: "(str/index-of s sub)\n(str/index-of s sub from)", Doc: "The first position of sub in s; nil if there is none."},
	{Name: "str/last-index-of", Min: 2, Max: 3, FN: textLastIndexOf, Forms: "(str/last-index-of s sub)\n(str/last-index-of s sub from)", Doc: "The last position of sub in s; nil if there is none."},
	{Name: "str/subs", Min: 2, Max: 3, FN: subs, Forms: "(str/subs s start)\n(str/subs s start end)", Doc: "The part from start up to end."},
	{Name: "str/chars", Min: 1, Max: 1, F1: chars, Forms: "(str/chars s)", Doc: "A list of the characters."},
	{Name: "str/reverse", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return mapText(v, reverseText) }, Forms: "(str/reverse s)", Doc: "The characters in reverse order."},
	{Name: "str/repeat", Min: 2, Max: 3, FN: repeatText, Forms: "(str/repeat s n)\n(str/repeat s n sep)", Doc: "n times s, with sep between."},
	{Name: "str/join", Min: 1, Max: 2, FN: joinText, Forms: "(str/join coll)\n(str/join sep coll)", Doc: "The elements printed plainly, keywords without colon, with sep between."},
	{Name: "str/platform-lf", F0: func(*eval.Thread) (value.Value, error) { return value.String("\n"), nil }, Forms: "(str/platform-lf)", Doc: "The line end of this platform."},
}

// textOf takes a string or keyword.
func textOf(v value.Value) (string, error) {
	s, ok := value.StringOrKeyword(v)
	if !ok {
		return "", value.CoerceError(v, "string")
	}
	return s, nil
}

// strOf is textOf where code units are counted.
func strOf(v value.Value) (*value.Str, error) {
	if s, ok := v.Ref().(*value.Str); ok {
		return s, nil
	}
	t, err := textOf(v)
	if err != nil {
		return nil, err
	}
	return value.New(&value.Str{S: t}), nil
}

// mapText applies f to a text; nil passes, and a text that does not change stays the same value.
func mapText(v value.Value, f func(string) string) (value.Value, error) {
	if v.IsNil() {
		return value.Nil, nil
	}
	s, err := textOf(v)
	if err != nil {
		return value.Nil, err
	}
	t := f(s)
	if _, ok := v.Ref().(*value.Str); ok && t == s {
		return v, nil
	}
	return value.String(t), nil
}

func textRow(name string, f func(string) string, doc string) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " s)", Doc: doc,
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return mapText(v, f) }}
}

// Java's trim counts everything up to the space as blank, and nothing else.
func trimLeft(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	return s
}

func trimRight(s string) string {
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

func isBlank(v value.Value) (bool, error) {
	if v.IsNil() {
		return true, nil
	}
	s, err := textOf(v)
	if err != nil {
		return false, err
	}
	return strings.IndexFunc(s, func(r rune) bool { return !isWhitespace(r) }) < 0, nil
}

// isWhitespace is Java's Character.isWhitespace: no-break spaces are none, the separators of ASCII are.
func isWhitespace(r rune) bool {
	switch {
	case r >= '\t' && r <= '\r', r >= 0x1C && r <= ' ':
		return true
	case r < 0x80, r == 0x85, r == 0xA0, r == 0x2007, r == 0x202F:
		return false
	}
	return unicode.IsSpace(r)
}

func twoTexts(name string, f func(s, t string) bool, doc string) eval.Row {
	return eval.Row{Name: name, Min: 2, Max: 2, Forms: "(" + name + " s text)", Doc: doc,
		F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) {
			if a.IsNil() || b.IsNil() {
				return value.False, nil
			}
			s, err := textOf(a)
			if err != nil {
				return value.Nil, err
			}
			t, err := textOf(b)
			return value.Bool(err == nil && f(s, t)), err
		}}
}

func containsText(_ *eval.Thread, a, b value.Value) (value.Value, error) {
	if a.IsNil() || b.IsNil() {
		return value.False, nil
	}
	s, err := textOf(a)
	if err != nil {
		return value.Nil, err
	}
	t, err := charOrText(b)
	return value.Bool(err == nil && t != "" && strings.Contains(s, t)), nil // what is no text occurs nowhere
}

// charOrText is textOf that takes a char, too.
func charOrText(v value.Value) (string, error) {
	if c, ok := v.Char(); ok {
		return value.CharString(c), nil
	}
	return textOf(v)
}

func equalsIgnoreCase(_ *eval.Thread, a, b value.Value) (value.Value, error) {
	if a.IsNil() || b.IsNil() {
		return value.Bool(a.IsNil() && b.IsNil()), nil
	}
	s, err := textOf(a)
	if err != nil {
		return value.Nil, err
	}
	t, err := textOf(b)
	return value.Bool(strings.EqualFold(s, t)), err
}

// searchArgs takes subject, text and an optional start; ok is false for a nil subject or text.
func searchArgs(a []value.Value, start int64) (s, t *value.Str, from int64, ok bool, err error) {
	if a[0].IsNil() || a[1].IsNil() {
		return nil, nil, 0, false, nil
	}
	if s, err = strOf(a[0]); err != nil {
		return nil, nil, 0, false, err
	}
	if t, err = strOf(a[1]); err != nil {
		return nil, nil, 0, false, err
	}
	from = start
	if len(a) == 3 {
		from, err = asLong(a[2])
	}
	return s, t, from, err == nil, err
}

func position(i int) value.Value {
	if i < 0 {
		return value.Nil
	}
	return value.Long(int64(i))
}

func textIndexOf(_ *eval.Thread, a []value.Value) (value.Value, error) {
	s, t, from, ok, err := searchArgs(a, 0)
	if !ok {
		return value.Nil, err
	}
	n := s.CodeUnits()
	i := int(max(0, min(from, int64(n))))
	if s.IsASCII() {
		at := strings.Index(s.S[i:], t.S)
		if at >= 0 {
			at += i
		}
		return position(at), nil
	}
	u, w := value.ToUnits(s.S), value.ToUnits(t.S)
	for ; i+len(w) <= n; i++ {
		if slices.Equal(u[i:i+len(w)], w) {
			return position(i), nil
		}
	}
	return value.Nil, nil
}

func textLastIndexOf(_ *eval.Thread, a []value.Value) (value.Value, error) {
	s, t, from, ok, err := searchArgs(a, int64(1)<<40)
	if !ok || from < 0 {
		return value.Nil, err
	}
	last := s.CodeUnits() - t.CodeUnits()
	i := int(min(from, int64(last)))
	if i < 0 {
		return value.Nil, nil
	}
	if s.IsASCII() {
		return position(strings.LastIndex(s.S[:i+t.CodeUnits()], t.S)), nil
	}
	u, w := value.ToUnits(s.S), value.ToUnits(t.S)
	for ; i >= 0; i-- {
		if slices.Equal(u[i:i+len(w)], w) {
			return position(i), nil
		}
	}
	return value.Nil, nil
}

func subs(_ *eval.Thread, a []value.Value) (value.Value, error) {
	s, err := strOf(a[0])
	if err != nil {
		return value.Nil, err
	}
	from, err := asLong(a[1])
	if err != nil {
		return value.Nil, err
	}
	n := int64(s.CodeUnits())
	to := n
	if len(a) == 3 {
		if to, err = asLong(a[2]); err != nil {
			return value.Nil, err
		}
	}
	if from < 0 || to > n || from > to {
		return value.Nil, value.Errorf("str/subs: index out of bounds!")
	}
	return value.String(s.Substring(int(from), int(to))), nil
}

func chars(_ *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return value.EmptyList.Val(), nil
	}
	s, err := strOf(v)
	if err != nil {
		return value.Nil, err
	}
	out := make([]value.Value, 0, s.CodeUnits())
	for c := range value.Units(s.S) {
		out = append(out, value.Char(c))
	}
	return value.ListOf(out).Val(), nil
}

// reverseText keeps surrogate pairs together.
func reverseText(s string) string {
	u := value.ToUnits(s)
	slices.Reverse(u)
	for i := 0; i+1 < len(u); i++ {
		if u[i]&0xFC00 == 0xDC00 && u[i+1]&0xFC00 == 0xD800 {
			u[i], u[i+1] = u[i+1], u[i]
			i++
		}
	}
	return value.FromUnits(u)
}

// maxText bounds the text that one call makes out of a number: 1 GiB.
const maxText = 1 << 30

func repeatText(th *eval.Thread, a []value.Value) (value.Value, error) {
	if a[0].IsNil() {
		return value.Nil, nil
	}
	s, err := charOrText(a[0])
	if err != nil {
		return value.Nil, err
	}
	n, err := asLong(a[1])
	if err != nil {
		return value.Nil, err
	}
	sep := ""
	if len(a) == 3 {
		if sep, err = charOrText(a[2]); err != nil {
			return value.Nil, err
		}
	}
	if n <= 0 {
		return value.String(""), nil
	}
	if unit := int64(len(s) + len(sep)); unit > 0 && n > maxText/unit {
		return value.Nil, value.Errorf("str/repeat: the text gets longer than %d bytes", maxText)
	}
	if err := th.Room(int(n) * (len(s) + len(sep))); err != nil {
		return value.Nil, err
	}
	b := make([]byte, 0, int(n)*(len(s)+len(sep)))
	for i := range n {
		if i > 0 {
			b = value.AppendText(b, sep)
		}
		b = value.AppendText(b, s)
	}
	return value.String(string(b)), nil
}

func joinText(th *eval.Thread, a []value.Value) (value.Value, error) {
	coll := a[len(a)-1]
	if coll.IsNil() {
		return value.String(""), nil
	}
	items, err := sequentialItems(th, coll)
	if err != nil || len(items) == 0 {
		return value.String(""), err
	}
	sep := ""
	if len(a) == 2 { // looked at only where it is needed
		if sep, err = charOrText(a[0]); err != nil {
			return value.Nil, err
		}
	}
	p := value.Printer{Caller: th}
	for i, v := range items {
		if i > 0 {
			p.WriteString(sep)
		}
		if k, ok := v.Ref().(*value.Keyword); ok {
			p.WriteString(k.Name)
		} else {
			p.Print(v)
		}
	}
	s, err := p.Text()
	return value.String(s), err
}
