// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
)

const (
	matchLimit     = 5 * time.Second // bounds one match of a regular expression (decisions.md L11)
	backtrackLimit = 1 << 22         // bounds its memory, in words
	runeSize       = 4               // of a Subject, as limits count it, in bytes
	matchSize      = 128             // of a Match
)

// Regex is a compiled regular expression of Java syntax on a backtracking engine (decisions.md L11).
type Regex struct {
	Obj
	Source  string
	pattern string // Source in the engine's syntax
	re      *regexp2.Regexp
	whole   func() (*regexp2.Regexp, error) // the anchored form, compiled when it is first needed
}

// NewRegex compiles source, Java syntax. Every match of it is under a time limit.
func NewRegex(source string) (*Regex, error) { return NewRegexWithin(source, matchLimit) }

// NewRegexWithin is NewRegex with another time limit.
func NewRegexWithin(source string, limit time.Duration) (*Regex, error) {
	pattern, ok := translateRegex(source)
	if !ok {
		return nil, badRegex(source)
	}
	re, err := compileRegex(pattern, limit)
	if err != nil {
		return nil, badRegex(source)
	}
	r := New(&Regex{Source: source, pattern: pattern, re: re})
	r.whole = sync.OnceValues(func() (*regexp2.Regexp, error) { return compileRegex(`\A(?:`+pattern+`)\z`, limit) })
	return r, nil
}

func badRegex(source string) error { return Errorf("Illegal regex pattern: %s", source) }

func compileRegex(pattern string, limit time.Duration) (*regexp2.Regexp, error) {
	re, err := regexp2.Compile(pattern, regexp2.OptionMaintainCaptureOrder(), regexp2.OptionMaxBacktrackingStackSize(backtrackLimit))
	if err != nil {
		return nil, err
	}
	re.MatchTimeout = min(limit, matchLimit)
	return re, nil
}

// Type is java.util.regex.Pattern.
func (r *Regex) Type() *Type { return TypeRegex }

// Groups is the number of capturing groups.
func (r *Regex) Groups() int { return len(r.re.GetGroupNumbers()) - 1 }

// Group is the number of a named group, -1 if there is none.
func (r *Regex) Group(name string) int { return r.re.GroupNumberFromName(name) }

// Subject is a text made ready for matching.
type Subject struct {
	S       string
	runes   []rune
	offsets []int // byte offsets of the runes and of the end; nil for ASCII
}

// NewSubject decodes s. A lone surrogate is a character of its own, as in Java.
func NewSubject(s string) *Subject {
	t := &Subject{S: s, runes: make([]rune, 0, len(s))}
	if isASCII(s) {
		for i := range len(s) {
			t.runes = append(t.runes, rune(s[i]))
		}
		return t
	}
	t.offsets = make([]int, 0, len(s)+1)
	for i := 0; i < len(s); {
		r, n := decode(s[i:])
		t.runes = append(t.runes, r)
		t.offsets = append(t.offsets, i)
		i += n
	}
	t.offsets = append(t.offsets, len(s))
	return t
}

// Len is the number of characters; positions of Find count these.
func (t *Subject) Len() int { return len(t.runes) }

func (t *Subject) offset(i int) int {
	if t.offsets == nil {
		return i
	}
	return t.offsets[i]
}

// Match is one match: its bounds as character positions, and pairs of byte offsets for the whole and for each group, -1 for a
// group that took no part.
type Match struct {
	From, To int
	Bytes    []int
}

// Group returns the text of group i.
func (m *Match) Group(s string, i int) (string, bool) {
	if m.Bytes[2*i] < 0 {
		return "", false
	}
	return s[m.Bytes[2*i]:m.Bytes[2*i+1]], true
}

// Find looks for a match from character position from on; a nil Match means that there is none. The error is that of a match
// that took too long.
func (r *Regex) Find(t *Subject, from int) (*Match, error) { return find(r.re, t, from) }

// MatchWhole matches all of the text.
func (r *Regex) MatchWhole(t *Subject) (*Match, error) {
	re, err := r.whole()
	if err != nil {
		return nil, badRegex(r.Source)
	}
	return find(re, t, 0)
}

func find(re *regexp2.Regexp, t *Subject, from int) (*Match, error) {
	m, err := re.FindRunesMatchStartingAt(t.runes, from)
	if err != nil {
		return nil, Errorf("The regular expression took too long to match, or too much memory")
	}
	if m == nil {
		return nil, nil
	}
	groups := m.Groups()
	found := &Match{From: m.RuneIndex, To: m.RuneIndex + m.RuneLength, Bytes: make([]int, 0, 2*len(groups))}
	for _, g := range groups {
		if len(g.Captures) == 0 {
			found.Bytes = append(found.Bytes, -1, -1)
			continue
		}
		found.Bytes = append(found.Bytes, t.offset(g.RuneIndex), t.offset(g.RuneIndex+g.RuneLength))
	}
	return found, nil
}

// FindAll calls f for the matches from left to right, as Java's find does: behind an empty match the next character is tried.
// f stops it by returning false. c pays for the matches.
func (r *Regex) FindAll(c Caller, t *Subject, f func(*Match) bool) error {
	if err := step(c, runeSize*t.Len()); err != nil {
		return err
	}
	for from := 0; from <= t.Len(); {
		if err := step(c, matchSize); err != nil {
			return err
		}
		m, err := r.Find(t, from)
		if err != nil || m == nil || !f(m) {
			return err
		}
		from = m.To
		if m.From == m.To {
			from++
		}
	}
	return nil
}
