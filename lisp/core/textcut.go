// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// textCutTable: language.md 14.1, parts of texts, and texts of a given length.
var textCutTable = eval.Table{
	partRow1("str/rest", "All but the first character.", func(n int) (int, int) { return min(1, n), n }),
	partRow1("str/butlast", "All but the last character.", func(n int) (int, int) { return 0, max(0, n-1) }),
	partRow("str/nfirst", "The first n characters.", func(k, n int) (int, int) { return 0, min(k, n) }),
	partRow("str/nlast", "The last n characters.", func(k, n int) (int, int) { return max(0, n-k), n }),
	partRow("str/nrest", "All but the first n characters.", func(k, n int) (int, int) { return min(k, n), n }),
	partRow("str/butnlast", "All but the last n characters.", func(k, n int) (int, int) { return 0, max(0, n-k) }),
	affixRow("str/strip-start", strings.TrimPrefix, "Without a text at the start."),
	affixRow("str/strip-end", strings.TrimSuffix, "Without a text at the end."),
	textRow("str/strip-indent", stripIndent, "Without the indentation of the first line, in all lines."),
	textRow("str/strip-margin", stripMargin, "Without the blanks and the bar at the start of the lines."),
	{Name: "str/quote", Min: 2, Max: 3, FN: quote, Forms: "(str/quote s quote)\n(str/quote s start end)", Doc: "With quotes around it."},
	{Name: "str/quoted?", Min: 2, Max: 3, FN: isQuoted, Forms: "(str/quoted? s quote)\n(str/quoted? s start end)", Doc: "Whether s has the quotes around it."},
	{Name: "str/double-quote", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		s, err := textOf(v)
		return value.String(`"` + s + `"`), err
	}, Forms: "(str/double-quote s)", Doc: "With double quotes around it."},
	textRow("str/double-unquote", func(s string) string {
		if hasQuotes(s, `"`, `"`) {
			return s[1 : len(s)-1]
		}
		return s
	}, "Without the double quotes around it."),
	{Name: "str/double-quoted?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.False, nil
		}
		s, err := textOf(v)
		return value.Bool(hasQuotes(s, `"`, `"`)), err
	}, Forms: "(str/double-quoted? s)", Doc: "Whether s has double quotes around it."},
	{Name: "str/truncate", Min: 3, Max: 4, FN: truncate, Forms: "(str/truncate s maxlen marker)\n(str/truncate s maxlen marker mode)", Doc: "Shortened to a length with a marker; mode is :start, :middle or :end."},
	{Name: "str/expand", Min: 3, Max: 4, FN: expandText, Forms: "(str/expand s len fill)\n(str/expand s len fill mode)", Doc: "Filled up to a length; mode is :start or :end."},
	{Name: "str/align", Min: 4, Max: 4, FN: align, Forms: "(str/align width align overflow s)", Doc: "In a field of a width; align is :left, :center or :right, overflow :newline, :clip-left, :clip-right, :ellipsis-left or :ellipsis-right."},
}

// part applies bounds to a text; nil passes.
func part(v value.Value, bounds func(n int) (int, int)) (value.Value, error) {
	if v.IsNil() {
		return value.Nil, nil
	}
	s, err := strOf(v)
	if err != nil {
		return value.Nil, err
	}
	return value.String(s.Substring(bounds(s.CodeUnits()))), nil
}

func partRow1(name, doc string, bounds func(n int) (int, int)) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " s)", Doc: doc,
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return part(v, bounds) }}
}

func partRow(name, doc string, bounds func(k, n int) (int, int)) eval.Row {
	return eval.Row{Name: name, Min: 2, Max: 2, Forms: "(" + name + " s n)", Doc: doc,
		F2: func(_ *eval.Thread, v, count value.Value) (value.Value, error) {
			k, err := asLong(count)
			if err != nil {
				return value.Nil, err
			}
			return part(v, func(n int) (int, int) { return bounds(clampInt(k), n) })
		}}
}

func affixRow(name string, f func(s, affix string) string, doc string) eval.Row {
	return eval.Row{Name: name, Min: 2, Max: 2, Forms: "(" + name + " s text)", Doc: doc,
		F2: func(_ *eval.Thread, v, affix value.Value) (value.Value, error) {
			if v.IsNil() {
				return v, nil
			}
			if _, err := textOf(v); err != nil {
				return value.Nil, err
			}
			t, err := textOf(affix)
			if err != nil {
				return value.Nil, err
			}
			return mapText(v, func(s string) string { return f(s, t) })
		}}
}

func stripIndent(s string) string {
	lines := splitLines(s)
	if len(lines) == 0 {
		return s
	}
	indent := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " \t"))]
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], indent)
	}
	return strings.Join(lines, "\n")
}

func stripMargin(s string) string {
	lines := splitLines(s)
	for i, l := range lines {
		if rest, ok := strings.CutPrefix(trimLeft(l), "|"); ok {
			lines[i] = rest
		}
	}
	return strings.Join(lines, "\n")
}

// quotes takes one quote for both ends, or two.
func quotes(a []value.Value) (start, end string, err error) {
	if start, err = textOf(a[0]); err != nil {
		return "", "", err
	}
	end, err = textOf(a[len(a)-1])
	return start, end, err
}

func hasQuotes(s, start, end string) bool {
	return len(s) >= len(start)+len(end) && strings.HasPrefix(s, start) && strings.HasSuffix(s, end)
}

func quote(_ *eval.Thread, a []value.Value) (value.Value, error) {
	start, end, err := quotes(a[1:])
	if err != nil {
		return value.Nil, err
	}
	return mapText(a[0], func(s string) string { return start + s + end })
}

func isQuoted(_ *eval.Thread, a []value.Value) (value.Value, error) {
	start, end, err := quotes(a[1:])
	if err != nil || a[0].IsNil() {
		return value.False, err
	}
	s, err := textOf(a[0])
	return value.Bool(hasQuotes(s, start, end)), err
}

// modeOf takes an optional keyword.
func modeOf(fn string, a []value.Value, i int, allowed ...string) (string, error) {
	if len(a) <= i {
		return allowed[0], nil
	}
	if k, ok := a[i].Ref().(*value.Keyword); ok {
		for _, m := range allowed {
			if k.Name == m {
				return m, nil
			}
		}
	}
	return "", value.Errorf("Function '%s' does not allow %s as mode. Use one of :%s.", fn, value.PrStr(a[i]), strings.Join(allowed, ", :"))
}

func truncate(_ *eval.Thread, a []value.Value) (value.Value, error) {
	mode, err := modeOf("str/truncate", a, 3, "end", "start", "middle")
	if err != nil || a[0].IsNil() {
		return value.Nil, err
	}
	s, err := strOf(a[0])
	if err != nil {
		return value.Nil, err
	}
	limit, err := asLong(a[1])
	if err != nil {
		return value.Nil, err
	}
	marker, err := strOf(a[2])
	if err != nil {
		return value.Nil, err
	}
	n, keep := s.CodeUnits(), clampInt(limit)-marker.CodeUnits()
	if int64(n) <= limit {
		return a[0], nil
	}
	if keep < 0 {
		return value.Nil, value.Errorf("Function 'str/truncate': the marker is longer than the maximal length %d", limit)
	}
	head := keep
	switch mode {
	case "start":
		head = 0
	case "middle":
		head = (keep + 1) / 2
	}
	return value.String(value.Join(s.Substring(0, head), marker.S, s.Substring(n-(keep-head), n))), nil
}

// fillText is n code units of a repeated text.
func fillText(fill *value.Str, n int) string {
	unit := fill.CodeUnits()
	if unit == 0 || n <= 0 {
		return ""
	}
	b := make([]byte, 0, n)
	for range n / unit {
		b = value.AppendText(b, fill.S)
	}
	return string(value.AppendText(b, fill.Substring(0, n%unit)))
}

func expandText(th *eval.Thread, a []value.Value) (value.Value, error) {
	mode, err := modeOf("str/expand", a, 3, "end", "start")
	if err != nil {
		return value.Nil, err
	}
	s := value.New(&value.Str{})
	if !a[0].IsNil() {
		if s, err = strOf(a[0]); err != nil {
			return value.Nil, err
		}
	}
	width, err := asLong(a[1])
	if err != nil {
		return value.Nil, err
	}
	if width > maxText {
		return value.Nil, value.Errorf("Function 'str/expand' does not allow a length of %d", width)
	}
	fill, err := strOf(a[2])
	if err != nil {
		return value.Nil, err
	}
	if err := th.Room(max(0, int(width))); err != nil {
		return value.Nil, err
	}
	blank := fillText(fill, clampInt(width)-s.CodeUnits())
	if mode == "start" {
		return value.String(value.Join(blank, s.S)), nil
	}
	return value.String(value.Join(s.S, blank)), nil
}

func align(th *eval.Thread, a []value.Value) (value.Value, error) {
	width, err := asLong(a[0])
	if err != nil {
		return value.Nil, err
	}
	if width < 1 || width > maxText {
		return value.Nil, value.Errorf("Function 'str/align' does not allow a width of %d", width)
	}
	side, err := modeOf("str/align", a, 1, "left", "center", "right")
	if err != nil {
		return value.Nil, err
	}
	overflow, err := modeOf("str/align", a, 2, "newline", "clip-left", "clip-right", "ellipsis-left", "ellipsis-right")
	if err != nil {
		return value.Nil, err
	}
	text := ""
	if !a[3].IsNil() {
		if text, err = textOf(a[3]); err != nil {
			return value.Nil, err
		}
	}
	var lines []string
	for _, line := range splitLines(text) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, fitted(line, int(width), overflow)...)
		}
	}
	if len(lines) == 0 {
		lines = []string{""}
	}
	if err := th.Room(len(lines) * int(width)); err != nil {
		return value.Nil, err
	}
	for i, line := range lines {
		lines[i] = aligned(value.New(&value.Str{S: line}), int(width), side)
	}
	return value.String(strings.Join(lines, "\n")), nil
}

func aligned(s *value.Str, width int, side string) string {
	free := width - s.CodeUnits()
	left := 0
	switch side {
	case "right":
		left = free
	case "center":
		left = (free + 1) / 2
	}
	return strings.Repeat(" ", left) + s.S + strings.Repeat(" ", free-left)
}

// fitted makes a line fit into a field: several lines for newline, which breaks between words and within long ones.
func fitted(line string, width int, mode string) []string {
	if mode == "newline" {
		return brokenWords(line, width)
	}
	s := value.New(&value.Str{S: line})
	n := s.CodeUnits()
	if n <= width {
		return []string{line}
	}
	switch mode {
	case "clip-left":
		line = s.Substring(n-width, n)
	case "clip-right":
		line = s.Substring(0, width)
	case "ellipsis-left":
		line = "…" + s.Substring(n-width+1, n)
	case "ellipsis-right":
		line = s.Substring(0, width-1) + "…"
	}
	return []string{line}
}

func brokenWords(line string, width int) []string {
	var lines []string
	var current []byte
	units := 0 // of current
	for word := range strings.FieldsSeq(line) {
		s := value.New(&value.Str{S: word})
		n := s.CodeUnits()
		if units > 0 && units+1+n <= width {
			current = append(append(current, ' '), word...)
			units += 1 + n
			continue
		}
		if units > 0 {
			lines = append(lines, string(current))
		}
		from := 0
		for ; n-from > width; from += width {
			lines = append(lines, s.Substring(from, from+width))
		}
		current, units = append(current[:0], s.Substring(from, n)...), n-from
	}
	return append(lines, string(current))
}
