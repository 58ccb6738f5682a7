// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// textMiscTable: language.md 14.1, what is left.
var textMiscTable = eval.Table{
	{Name: "str/levenshtein", Min: 2, Max: 2, F2: func(th *eval.Thread, a, b value.Value) (value.Value, error) {
		s, err := textOf(a)
		if err != nil {
			return value.Nil, err
		}
		t, err := textOf(b)
		if err != nil {
			return value.Nil, err
		}
		n, err := levenshtein(th, value.ToUnits(s), value.ToUnits(t))
		return value.Long(int64(n)), err
	}, Forms: "(str/levenshtein s1 s2)", Doc: "The edit distance of two strings."},
	{Name: "str/normalize-utf", Min: 2, Max: 2, F2: normalizeText, Forms: "(str/normalize-utf s form)", Doc: "The text in a Unicode normal form: :NFC, :NFD, :NFKC or :NFKD."},
	{Name: "str/wrap", Min: 1, Max: -1, Fn: wrapText, Forms: "(str/wrap s & options)", Doc: "Broken into lines between words; option :maxlen, 80 by default."},
	{Name: "str/valid-email-addr?", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.False, nil
		}
		return matchText(th, v, value.String(emailAddress), true)
	}, Forms: "(str/valid-email-addr? s)", Doc: "Whether s looks like an e-mail address."},
	{Name: "str/lorem-ipsum", Min: 0, Max: -1, Fn: loremIpsum, Forms: "(str/lorem-ipsum & options)", Doc: "Filler text; option :chars or :paragraphs."},
	{Name: "str/pos", Min: 2, Max: 2, F2: linePosition, Forms: "(str/pos s offset)", Doc: "The row and column of an offset, from 0, as a map."},
}

// emailAddress is plausibility, not RFC 5321.
const emailAddress = `[A-Za-z0-9_+&*-]+(?:\.[A-Za-z0-9_+&*-]+)*@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}`

// levenshtein keeps one row of the table of distances.
func levenshtein(th *eval.Thread, s, t []uint16) (int, error) {
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i, c := range s {
		if err := th.Turns(1 + len(t)/1024); err != nil {
			return 0, err
		}
		diagonal := row[0]
		row[0] = i + 1
		for j, d := range t {
			cost := diagonal
			if c != d {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(t)], nil
}

// wrapText fills lines greedily; a longer word stands alone.
func wrapText(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	s, opts := in.Str(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	width := int64(80)
	if v, ok := opts["maxlen"]; ok {
		var err error
		if width, err = asLong(v); err != nil {
			return value.Nil, err
		}
	}
	lines := splitLines(s)
	for i, l := range lines {
		lines[i] = wrapLine(l, width)
	}
	return value.String(strings.Join(lines, "\n")), nil
}

func wrapLine(line string, width int64) string {
	var b strings.Builder
	used := int64(0)
	for word := range strings.FieldsSeq(line) {
		n := int64(value.CountUnits(word))
		switch {
		case b.Len() == 0:
		case used+1+n > width:
			b.WriteByte('\n')
			used = 0
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	return b.String()
}

const loremParagraph = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore et dolore magna aliqua. " +
	"Ut enim ad minim veniam, quis nostrud exercitation ullamco laboris nisi ut aliquip ex ea commodo consequat. " +
	"Duis aute irure dolor in reprehenderit in voluptate velit esse cillum dolore eu fugiat nulla pariatur. " +
	"Excepteur sint occaecat cupidatat non proident, sunt in culpa qui officia deserunt mollit anim id est laborum."

func loremIpsum(th *eval.Thread, in *eval.Args) (value.Value, error) {
	opts := in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if n, ok := opts["chars"].Long(); ok {
		if n > maxText {
			return value.Nil, value.Errorf("Function 'str/lorem-ipsum' does not allow %d characters", n)
		}
		if err := th.Room(clampInt(n)); err != nil {
			return value.Nil, err
		}
		return value.String(fillText(value.New(&value.Str{S: loremParagraph + " "}), clampInt(n))), nil
	}
	n, ok := opts["paragraphs"].Long()
	if !ok {
		return value.Nil, value.Errorf("Function 'str/lorem-ipsum' invalid options")
	}
	if n > maxText/int64(len(loremParagraph)+2) {
		return value.Nil, value.Errorf("Function 'str/lorem-ipsum' does not allow %d paragraphs", n)
	}
	if err := th.Room(clampInt(n) * (len(loremParagraph) + 2)); err != nil {
		return value.Nil, err
	}
	return value.String(strings.TrimSuffix(strings.Repeat(loremParagraph+"\n\n", clampInt(n)), "\n\n")), nil
}

func linePosition(_ *eval.Thread, v, offset value.Value) (value.Value, error) {
	s, err := strOf(v)
	if err != nil {
		return value.Nil, err
	}
	n, err := asLong(offset)
	if err != nil {
		return value.Nil, err
	}
	before := s.Substring(0, min(clampInt(n), s.CodeUnits()))
	row := strings.Count(before, "\n")
	col := value.CountUnits(before[strings.LastIndexByte(before, '\n')+1:])
	return value.NewHashMap(value.Kw("row"), value.Long(int64(row)), value.Kw("col"), value.Long(int64(col))).Val(), nil
}

var normalForms = map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}

func normalizeText(_ *eval.Thread, text, form value.Value) (value.Value, error) {
	s, ok := text.Str()
	if !ok {
		return value.Nil, value.CoerceError(text, "string")
	}
	k, ok := form.Ref().(*value.Keyword)
	if !ok {
		return value.Nil, value.CoerceError(form, "keyword")
	}
	f, ok := normalForms[k.Name]
	if !ok {
		return value.Nil, value.Errorf("Function 'str/normalize-utf' invalid form argument :%s. Use one of {:NFD, :NFC, :NFKD, :NFKC}!", k.Name)
	}
	return value.String(f.String(value.ToUTF8(s))), nil
}
