// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// textSplitTable: language.md 14.1, splitting and replacing.
var textSplitTable = eval.Table{
	{Name: "str/split", Min: 2, Max: 3, FN: splitText, Forms: "(str/split s regex)\n(str/split s regex limit)", Doc: "The parts between matches; empty ones at the end are dropped."},
	{Name: "str/split-lines", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.EmptyList.Val(), nil
		}
		s, err := textOf(v)
		return stringList(splitLines(s)), err
	}, Forms: "(str/split-lines s)", Doc: "The lines, without their ends."},
	{Name: "str/split-at", Min: 2, Max: 2, F2: splitTextAt, Forms: "(str/split-at s pos)", Doc: "The parts before and from a position."},
	{Name: "str/split-columns", Min: 2, Max: 2, F2: splitColumns, Forms: "(str/split-columns s columns)", Doc: "The trimmed parts between column positions."},
	{Name: "str/replace-all", Min: 3, Max: -1, Fn: replaceRow(-1), Forms: "(str/replace-all s search replacement & options)", Doc: "Replaces all occurrences of a text or matches of a pattern; option :ignore-case."},
	{Name: "str/replace-first", Min: 3, Max: -1, Fn: replaceRow(1), Forms: "(str/replace-first s search replacement & options)", Doc: "Replaces the first occurrence of a text or match of a pattern; options :ignore-case, :nfirst."},
	{Name: "str/replace-last", Min: 3, Max: -1, Fn: replaceLast, Forms: "(str/replace-last s search replacement & options)", Doc: "Replaces the last occurrence of a text; option :ignore-case."},
}

func stringList(parts []string) value.Value {
	out := make([]value.Value, len(parts))
	for i, s := range parts {
		out[i] = value.String(s)
	}
	return value.ListOf(out).Val()
}

func splitText(th *eval.Thread, a []value.Value) (value.Value, error) {
	if a[0].IsNil() {
		return value.EmptyList.Val(), nil
	}
	s, err := textOf(a[0])
	if err != nil {
		return value.Nil, err
	}
	limit := int64(0)
	if len(a) == 3 {
		if limit, err = asLong(a[2]); err != nil {
			return value.Nil, err
		}
	}
	if sep, ok := a[1].Str(); ok && isPlainPattern(sep) {
		return stringList(splitPlain(s, sep, clampLimit(limit))), nil
	}
	re, err := regexOf(th, a[1])
	if err != nil {
		return value.Nil, err
	}
	parts, err := splitRegex(th, s, re, clampLimit(limit))
	return stringList(parts), err
}

func clampLimit(n int64) int { return int(max(-1, min(n, 1<<31))) }

// isPlainPattern reports whether a regular expression is some ASCII text without any meaning but itself.
func isPlainPattern(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 || strings.IndexByte(`\.[]{}()*+?^$|`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// splitPlain is splitRegex for a separator that is a text.
func splitPlain(s, sep string, limit int) []string {
	if limit > 0 {
		return strings.SplitN(s, sep, limit)
	}
	parts := strings.Split(s, sep)
	if limit == 0 && len(parts) > 1 {
		parts = dropEmptyEnd(parts)
	}
	return parts
}

func dropEmptyEnd(parts []string) []string {
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// splitRegex is Java's String.split: an empty match at the start splits nothing off, a limit above zero bounds the number
// of parts, without one empty parts at the end are dropped.
func splitRegex(th *eval.Thread, s string, re *value.Regex, limit int) ([]string, error) {
	var parts []string
	from := 0
	found := false
	err := re.FindAll(th, value.NewSubject(s), func(m *value.Match) bool {
		if limit > 0 && len(parts) == limit-1 {
			return false
		}
		if m.Bytes[1] == 0 {
			return true // an empty match at the start
		}
		found = true
		parts = append(parts, s[from:m.Bytes[0]])
		from = m.Bytes[1]
		return true
	})
	if err != nil {
		return nil, err
	}
	parts = append(parts, s[from:])
	if found && limit == 0 {
		parts = dropEmptyEnd(parts)
	}
	return parts, nil
}

// splitLines ends a line at LF, CR LF or CR; a line end at the end of the text starts no further line.
func splitLines(s string) []string {
	var lines []string
	for s != "" {
		i := strings.IndexAny(s, "\r\n")
		if i < 0 {
			return append(lines, s)
		}
		lines = append(lines, s[:i])
		if strings.HasPrefix(s[i:], "\r\n") {
			i++
		}
		s = s[i+1:]
	}
	return lines
}

func splitTextAt(_ *eval.Thread, v, at value.Value) (value.Value, error) {
	if v.IsNil() {
		return stringList([]string{"", ""}), nil
	}
	s, err := strOf(v)
	if err != nil {
		return value.Nil, err
	}
	n, err := asLong(at)
	if err != nil {
		return value.Nil, err
	}
	i := int(max(0, min(n, int64(s.CodeUnits()))))
	return stringList([]string{s.Substring(0, i), s.Substring(i, s.CodeUnits())}), nil
}

func splitColumns(th *eval.Thread, v, columns value.Value) (value.Value, error) {
	s, err := strOf(v)
	if err != nil {
		return value.Nil, err
	}
	items, err := sequentialItems(th, columns)
	if err != nil {
		return value.Nil, err
	}
	n := s.CodeUnits()
	var parts []string
	for i := range items {
		from, err := columnAt(items, i, n)
		if err != nil {
			return value.Nil, err
		}
		to, err := columnAt(items, i+1, n)
		if err != nil {
			return value.Nil, err
		}
		parts = append(parts, trimRight(trimLeft(s.Substring(from, max(from, to)))))
	}
	return stringList(parts), nil
}

// columnAt is position i of columns, at most n; behind the last one it is n.
func columnAt(columns []value.Value, i, n int) (int, error) {
	if i == len(columns) {
		return n, nil
	}
	c, err := asLong(columns[i])
	return int(max(0, min(c, int64(n)))), err
}

// replaceRow replaces the first n occurrences; -1: all.
func replaceRow(n int64) func(*eval.Thread, *eval.Args) (value.Value, error) {
	return func(th *eval.Thread, in *eval.Args) (value.Value, error) {
		subject, search, replacement, opts := in.Value(), in.Value(), in.Value(), in.Options()
		if err := in.Done(); err != nil {
			return value.Nil, err
		}
		if subject.IsNil() {
			return value.Nil, nil
		}
		s, err := textOf(subject)
		if err != nil {
			return value.Nil, err
		}
		with, err := textOf(replacement)
		if err != nil {
			return value.Nil, err
		}
		count := n
		if k, ok := opts["nfirst"].Long(); ok && n > 0 {
			count = k
		}
		if re, ok := search.Ref().(*value.Regex); ok {
			out, err := replaceRegex(th, s, re, count, func(m *value.Match) (string, error) { return expand(with, s, re, m) })
			return value.String(out), err
		}
		text, err := textOf(search)
		if err != nil {
			return value.Nil, err
		}
		if opts["ignore-case"].Truthy() {
			re, err := ignoringCase(th, text)
			if err != nil {
				return value.Nil, err
			}
			out, err := replaceRegex(th, s, re, count, func(*value.Match) (string, error) { return with, nil })
			return value.String(out), err
		}
		if err := th.Room(len(s) + strings.Count(s, text)*max(0, len(with)-len(text))); err != nil {
			return value.Nil, err
		}
		return mapText(subject, func(s string) string { return strings.Replace(s, text, with, clampLimit(count)) })
	}
}

// ignoringCase is a regular expression for a text in any case.
func ignoringCase(th *eval.Thread, text string) (*value.Regex, error) {
	return th.Regex(`(?iu)\Q` + strings.ReplaceAll(text, `\E`, `\E\\E\Q`) + `\E`)
}

func replaceRegex(th *eval.Thread, s string, re *value.Regex, n int64, with func(*value.Match) (string, error)) (string, error) {
	var b []byte
	from := 0
	var failed error
	err := re.FindAll(th, value.NewSubject(s), func(m *value.Match) bool {
		if n == 0 {
			return false
		}
		n--
		b = value.AppendText(b, s[from:m.Bytes[0]])
		from = m.Bytes[1]
		var text string
		text, failed = with(m)
		b = value.AppendText(b, text)
		if failed == nil {
			failed = th.Room(len(b))
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	return string(value.AppendText(b, s[from:])), err
}

// expand reads a replacement of Java's syntax: $1, ${name}, and a backslash before what stands for itself.
func expand(with, s string, re *value.Regex, m *value.Match) (string, error) {
	var b []byte
	for i := 0; i < len(with); i++ {
		switch with[i] {
		case '\\':
			if i++; i == len(with) {
				return "", value.Throwf(value.IllegalArgument, "character to be escaped is missing")
			}
			b = append(b, with[i])
		case '$':
			group, n, err := groupReference(with[i+1:], re)
			if err != nil {
				return "", err
			}
			text, _ := m.Group(s, group)
			b = value.AppendText(b, text)
			i += n
		default:
			b = append(b, with[i])
		}
	}
	return string(b), nil
}

// groupReference reads behind a dollar sign. More digits belong to the number as long as there is such a group.
func groupReference(s string, re *value.Regex) (group, n int, err error) {
	if strings.HasPrefix(s, "{") {
		name, _, ok := strings.Cut(s[1:], "}")
		if !ok {
			return 0, 0, value.Throwf(value.IllegalArgument, "named capturing group is missing trailing '}'")
		}
		if group = re.Group(name); group < 0 {
			return 0, 0, value.Throwf(value.IllegalArgument, "No group with name {%s}", name)
		}
		return group, len(name) + 2, nil
	}
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		next := group*10 + int(s[n]-'0')
		if n > 0 && next > re.Groups() {
			break
		}
		group = next
		n++
	}
	switch {
	case n == 0:
		return 0, 0, value.Throwf(value.IllegalArgument, "Illegal group reference")
	case group > re.Groups():
		return 0, 0, value.Throwf(value.IndexOutOfBounds, "No group %d", group)
	}
	return group, n, nil
}

func replaceLast(th *eval.Thread, in *eval.Args) (value.Value, error) {
	subject, search, replacement, opts := in.Value(), in.Value(), in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if subject.IsNil() {
		return value.Nil, nil
	}
	s, err := textOf(subject)
	if err != nil {
		return value.Nil, err
	}
	text, err := textOf(search)
	if err != nil {
		return value.Nil, err
	}
	with, err := textOf(replacement)
	if err != nil {
		return value.Nil, err
	}
	at, end := strings.LastIndex(s, text), 0
	if opts["ignore-case"].Truthy() {
		re, err := ignoringCase(th, text)
		if err != nil {
			return value.Nil, err
		}
		at = -1
		err = re.FindAll(th, value.NewSubject(s), func(m *value.Match) bool {
			at, end = m.Bytes[0], m.Bytes[1]
			return true
		})
		if err != nil {
			return value.Nil, err
		}
	} else {
		end = at + len(text)
	}
	if at < 0 {
		return subject, nil
	}
	return value.String(value.Join(s[:at], with, s[end:])), nil
}
