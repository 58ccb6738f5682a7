// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// Java syntax on our engine (decisions.md L11): whole matches.
func TestRegexWhole(t *testing.T) {
	tests := []struct {
		regex, text string
		want        bool
	}{
		{`[a-c]+`, "abc", true},
		{`[a-c]+`, "abcd", false},
		{`a|ab`, "ab", true},
		{`(?i)abc`, "ABC", true},
		{`(?s)a.b`, "a\nb", true},
		{`a.b`, "a\nb", false},
		{`a.b`, "a\rb", false},
		{`(?d)a.b`, "a\rb", true},
		{`(?s:a.)b.`, "a\nb\n", false},
		{`a.b`, "a😀b", true},
		{`foo(?=bar)bar`, "foobar", true},
		{`(a)\1`, "aa", true},
		{`a++a`, "aaa", false},
		{`\p{L}`, "é", true},
		{`\w`, "é", false},
		{`[\w]`, "é", false},
		{`\W`, "é", true},
		{`[^\W]`, "é", false},
		{`\d`, "٣", false},
		{`\s`, "\u00a0", false},
		{`\h`, "\u00a0", true},
		{`\p{Alpha}+`, "aZ", true},
		{`\p{Punct}+`, "!`[]~{", true},
		{`\P{Punct}`, "!", false},
		{`\p{IsGreek}`, "λ", true},
		{`\p{javaLowerCase}`, "é", true},
		{`[a-z&&[^bc]]`, "a", true},
		{`[a-z&&[^bc]]`, "b", false},
		{`[^a-z&&[^bc]]`, "b", true},
		{`[a[0-9]-]+`, "a7-", true},
		{`[]a]+`, "]a", true},
		{`[a-]+`, "-a", true},
		{`[\[\]\\^]+`, `[]\^`, true},
		{`\Qa.b\E.`, "a.bx", true},
		{`\Qa.b\E`, "axb", false},
		{`\x41\x{1F600}\u0042`, "A😀B", true},
		{`\uD83D\uDE00`, "😀", true},
		{`\0101\t\cA`, "A\t\x01", true},
		{"(?x) a b # comment\n c", "abc", true},
		{`a#b c`, "a#b c", true},
		{`(?<y>\d{4})-\k<y>`, "2020-2020", true},
		{`\R`, "\r\n", true},
		{`x$`, "x\n", false},
	}
	for _, tt := range tests {
		re, err := NewRegex(tt.regex)
		if err != nil {
			t.Errorf("%s: %v", tt.regex, err)
			continue
		}
		m, err := re.MatchWhole(NewSubject(tt.text))
		if err != nil || (m != nil) != tt.want {
			t.Errorf("%s on %q: %v, %v; want %v", tt.regex, tt.text, m != nil, err, tt.want)
		}
	}
}

func TestRegexErrors(t *testing.T) {
	for _, s := range []string{`(`, `)`, `[a`, `\`, `\y`, `*a`, `(?q)`, `[z-a]`, `\x{110000}`, `\p{Nonsense}`, `(?<n`,
		strings.Repeat("(", 1e6) + strings.Repeat(")", 1e6), strings.Repeat("[a", 1e6) + strings.Repeat("]", 1e6), strings.Repeat("[", 1e7)} {
		if _, err := NewRegex(s); err == nil {
			t.Errorf("%.40s was accepted", s)
		} else if !strings.HasPrefix(err.(*Exception).Message, "Illegal regex pattern") {
			t.Errorf("%.40s: %.80v", s, err)
		}
	}
}

func TestRegexFindAll(t *testing.T) {
	tests := []struct {
		regex, text string
		want        []string
	}{
		{`[0-9]+`, "a1b22", []string{"1", "22"}},
		{`x*`, "axb", []string{"", "x", "", ""}},
		{`.`, "a😀\xed\xa0\xbd", []string{"a", "😀", "\xed\xa0\xbd"}},
		{`(?<=a)b`, "abb", []string{"b"}},
		{`^a`, "aa", []string{"a"}},
	}
	for _, tt := range tests {
		re, err := NewRegex(tt.regex)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = re.FindAll(nil, NewSubject(tt.text), func(m *Match) bool {
			s, _ := m.Group(tt.text, 0)
			got = append(got, s)
			return true
		})
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%s on %q: %q, %v; want %q", tt.regex, tt.text, got, err, tt.want)
		}
	}
}

func TestRegexGroups(t *testing.T) {
	re, err := NewRegex(`(a)(?<n>b)?(c)`)
	if err != nil {
		t.Fatal(err)
	}
	if re.Groups() != 3 || re.Group("n") != 2 || re.Group("m") != -1 {
		t.Errorf("groups %d, n is %d", re.Groups(), re.Group("n"))
	}
	m, err := re.MatchWhole(NewSubject("ac"))
	if err != nil || !slices.Equal(m.Bytes, []int{0, 2, 0, 1, -1, -1, 1, 2}) {
		t.Errorf("got %v, %v", m, err)
	}
}

// L11: a match that explodes ends with a script exception.
func TestRegexLimit(t *testing.T) {
	re, err := NewRegex(`(x+x+)+y`)
	if err != nil {
		t.Fatal(err)
	}
	if re.re.MatchTimeout != matchLimit {
		t.Errorf("the limit is %v", re.re.MatchTimeout)
	}
	re.re.MatchTimeout = 20 * time.Millisecond
	_, err = re.Find(NewSubject(strings.Repeat("x", 64)), 0)
	var e *Exception
	if !errors.As(err, &e) || e.Class != VncException {
		t.Errorf("got %v, want a VncException", err)
	}
}

// No source makes the translator or the engine panic, neither when it compiles nor when it matches.
func FuzzRegex(f *testing.F) {
	for _, s := range []string{`[a-z&&[^bc]]`, `\Qa\E`, `(?x-s:a #b)`, `\x{41}`, `[^\W-\d]`, `\0`, `(?<a>b)\k<a>`, `[[[`, `a{1,2}+`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		re, err := NewRegex(source)
		if err == nil {
			re.re.MatchTimeout = 20 * time.Millisecond
			err = re.FindAll(nil, NewSubject("aB1 é😀\r\n\xed\xa0\xbd-_"), func(*Match) bool { return true })
		}
		var e *Exception
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%v", err)
		}
	})
}
