// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"sync"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// regexTable: language.md 14.2.
var regexTable = eval.Table{
	{Name: "match?", Min: 2, Max: 2, F2: func(th *eval.Thread, s, re value.Value) (value.Value, error) { return matchText(th, s, re, true) }, Forms: "(match? s regex)", Doc: "Whether the whole text matches."},
	{Name: "not-match?", Min: 2, Max: 2, F2: func(th *eval.Thread, s, re value.Value) (value.Value, error) { return matchText(th, s, re, false) }, Forms: "(not-match? s regex)", Doc: "Whether the whole text does not match."},
	{Name: "regex/pattern", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		re, err := regexOf(th, v)
		if err != nil {
			return value.Nil, err
		}
		return re.Val(), nil
	}, Forms: "(regex/pattern s)", Doc: "Compiles a regular expression."},
	{Name: "regex/matcher", Min: 2, Max: 2, F2: newMatcher, Forms: "(regex/matcher pattern s)", Doc: "A matcher, which remembers its last match."},
	{Name: "regex/reset", Min: 2, Max: 2, F2: func(_ *eval.Thread, m, s value.Value) (value.Value, error) {
		x, err := matcherOf(m)
		if err != nil {
			return value.Nil, err
		}
		text, err := textOf(s)
		if err != nil {
			return value.Nil, err
		}
		x.reset(text)
		return m, nil
	}, Forms: "(regex/reset matcher s)", Doc: "Gives a matcher a new text."},
	matcherRow("regex/find", "The text of the next match; nil if there is none.", func(th *eval.Thread, x *matcher) (value.Value, error) {
		m, err := x.next()
		if err != nil || m == nil {
			return value.Nil, err
		}
		return m.group(0), nil
	}),
	matcherRow("regex/find?", "Whether there is a next match.", func(th *eval.Thread, x *matcher) (value.Value, error) {
		m, err := x.next()
		return value.Bool(m != nil), err
	}),
	matcherRow("regex/find+", "The next match as a map of :start, :end and :group; nil if there is none.", func(th *eval.Thread, x *matcher) (value.Value, error) {
		m, err := x.next()
		if err != nil || m == nil {
			return value.Nil, err
		}
		return m.located(), nil
	}),
	matcherRow("regex/find-all", "The texts of all further matches.", func(th *eval.Thread, x *matcher) (value.Value, error) {
		return x.all(th, func(m *found) value.Value { return m.group(0) })
	}),
	matcherRow("regex/find-all+", "All further matches as maps of :start, :end and :group.", func(th *eval.Thread, x *matcher) (value.Value, error) {
		return x.all(th, (*found).located)
	}),
	{Name: "regex/matches?", Min: 1, Max: 2, FN: wholeMatch(true), Forms: "(regex/matches? matcher)\n(regex/matches? matcher s)", Doc: "Whether the whole text matches."},
	{Name: "regex/matches-not?", Min: 1, Max: 2, FN: wholeMatch(false), Forms: "(regex/matches-not? matcher)\n(regex/matches-not? matcher s)", Doc: "Whether the whole text does not match."},
	{Name: "regex/matches", Min: 2, Max: 2, F2: regexMatches, Forms: "(regex/matches pattern s)", Doc: "The groups of a match of the whole text; an empty list if it does not match."},
	{Name: "regex/group", Min: 2, Max: 2, F2: regexGroup, Forms: "(regex/group matcher n)", Doc: "The text of group n of the last match; nil if it took no part."},
	{Name: "regex/groups", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		x, err := matcherOf(v)
		if err != nil {
			return value.Nil, err
		}
		m, err := x.whole()
		return m.groups(), err
	}, Forms: "(regex/groups matcher)", Doc: "All groups of a match of the whole text."},
	{Name: "regex/count", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		x, err := matcherOf(v)
		if err != nil {
			return value.Nil, err
		}
		return value.Long(int64(x.re.Groups())), nil
	}, Forms: "(regex/count matcher)", Doc: "The number of groups."},
}

// regexOf takes a pattern, or a string to compile.
func regexOf(th *eval.Thread, v value.Value) (*value.Regex, error) {
	if re, ok := v.Ref().(*value.Regex); ok {
		return re, nil
	}
	s, err := textOf(v)
	if err != nil {
		return nil, err
	}
	return th.Regex(s)
}

func matchText(th *eval.Thread, text, regex value.Value, want bool) (value.Value, error) {
	re, err := regexOf(th, regex)
	if err != nil {
		return value.Nil, err
	}
	if text.IsNil() {
		return value.Bool(!want), nil
	}
	s, err := textOf(text)
	if err != nil {
		return value.Nil, err
	}
	m, err := re.MatchWhole(value.NewSubject(s))
	return value.Bool((m != nil) == want), err
}

// matcher is the state of a regex/matcher. Its lock only keeps concurrent use from breaking it.
type matcher struct {
	re *value.Regex

	mu   sync.Mutex // guards what follows
	text *value.Subject
	last *found // nil before the first match and behind the last one
	from int    // where the next find starts, in characters
}

func newMatcher(th *eval.Thread, pattern, text value.Value) (value.Value, error) {
	re, err := regexOf(th, pattern)
	if err != nil {
		return value.Nil, err
	}
	s, err := textOf(text)
	if err != nil {
		return value.Nil, err
	}
	return value.NewHost(&value.Type{Name: "java.util.regex.Matcher"}, &matcher{re: re, text: value.NewSubject(s)}).Val(), nil
}

func matcherOf(v value.Value) (*matcher, error) {
	x, ok := value.HostOf[*matcher](v)
	if !ok {
		return nil, value.CoerceError(v, "java-object of type java.util.regex.Matcher")
	}
	return x, nil
}

// matcherRow registers a function of a matcher, or of a pattern and a text.
func matcherRow(name, doc string, f func(*eval.Thread, *matcher) (value.Value, error)) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 2, Forms: "(" + name + " matcher)\n(" + name + " pattern s)", Doc: doc,
		FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
			m := a[0]
			if len(a) == 2 {
				re, ok := m.Ref().(*value.Regex)
				if !ok {
					return value.Nil, value.CoerceError(m, "java-object of type java.util.regex.Pattern")
				}
				var err error
				if m, err = newMatcher(th, re.Val(), a[1]); err != nil {
					return value.Nil, err
				}
			}
			x, err := matcherOf(m)
			if err != nil {
				return value.Nil, err
			}
			return f(th, x)
		}}
}

// String is how Java prints a matcher.
func (x *matcher) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	last := ""
	if x.last != nil {
		last, _ = x.last.m.Group(x.last.text, 0)
	}
	return fmt.Sprintf("java.util.regex.Matcher[pattern=%s region=0,%d lastmatch=%s]", x.re.Source, value.CountUnits(x.text.S), last)
}

func (x *matcher) reset(text string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.text, x.last, x.from = value.NewSubject(text), nil, 0
}

// next advances to the next match.
func (x *matcher) next() (*found, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = nil
	if x.from > x.text.Len() {
		return nil, nil
	}
	m, err := x.re.Find(x.text, x.from)
	if err != nil {
		return nil, err
	}
	if m == nil {
		x.from = x.text.Len() + 1
		return nil, nil
	}
	x.from = m.To
	if m.From == m.To {
		x.from++
	}
	x.last = &found{x.text.S, m}
	return x.last, nil
}

// whole matches the whole text.
func (x *matcher) whole() (*found, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = nil
	m, err := x.re.MatchWhole(x.text)
	if err != nil || m == nil {
		return nil, err
	}
	x.last = &found{x.text.S, m}
	return x.last, nil
}

// foundSize is what limits count for a match, in bytes.
const foundSize = 256

func (x *matcher) all(th *eval.Thread, f func(*found) value.Value) (value.Value, error) {
	var out []value.Value
	for {
		if err := th.Step(foundSize); err != nil {
			return value.Nil, err
		}
		m, err := x.next()
		if err != nil {
			return value.Nil, err
		}
		if m == nil {
			return value.ListOf(out).Val(), nil
		}
		out = append(out, f(m))
	}
}

// found is a match with the text that it lies in.
type found struct {
	text string
	m    *value.Match
}

func (f *found) group(i int) value.Value {
	g, ok := f.m.Group(f.text, i)
	if !ok {
		return value.Nil
	}
	return value.String(g)
}

// groups lists all groups; a nil match has none.
func (f *found) groups() value.Value {
	if f == nil {
		return value.EmptyList.Val()
	}
	out := make([]value.Value, 0, len(f.m.Bytes)/2)
	for i := range len(f.m.Bytes) / 2 {
		out = append(out, f.group(i))
	}
	return value.ListOf(out).Val()
}

func (f *found) located() value.Value {
	return value.NewHashMap(value.Kw("start"), f.unit(0), value.Kw("end"), f.unit(1), value.Kw("group"), f.group(0)).Val()
}

func wholeMatch(want bool) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		x, err := matcherOf(a[0])
		if err != nil {
			return value.Nil, err
		}
		if len(a) == 2 {
			s, err := textOf(a[1])
			if err != nil {
				return value.Nil, err
			}
			x.reset(s)
		}
		m, err := x.whole()
		return value.Bool((m != nil) == want), err
	}
}

func regexMatches(th *eval.Thread, pattern, text value.Value) (value.Value, error) {
	re, err := regexOf(th, pattern)
	if err != nil {
		return value.Nil, err
	}
	s, err := textOf(text)
	if err != nil {
		return value.Nil, err
	}
	m, err := re.MatchWhole(value.NewSubject(s))
	if err != nil || m == nil {
		return value.EmptyList.Val(), err
	}
	f := &found{s, m}
	groups := f.groups().Ref().(*value.List).Items()
	for i, g := range groups {
		if !g.IsNil() {
			groups[i] = value.New(&value.Str{S: g.Ref().(*value.Str).S}).WithMeta(f.place(i))
		}
	}
	at := f.place(0)
	at.Map = at.Map.Assoc(value.Kw("group-count"), value.Long(int64(len(groups)-1)))
	return value.ListOf(groups).WithMeta(at), nil
}

// place is the metadata of a group: where it starts and ends, in code units.
func (f *found) place(i int) *value.Meta {
	return &value.Meta{Map: value.NewHashMap(value.Kw("start"), f.unit(2*i), value.Kw("end"), f.unit(2*i+1))}
}

func (f *found) unit(i int) value.Value {
	return value.Long(int64(value.CountUnits(f.text[:f.m.Bytes[i]])))
}

func regexGroup(_ *eval.Thread, v, group value.Value) (value.Value, error) {
	x, err := matcherOf(v)
	if err != nil {
		return value.Nil, err
	}
	n, err := asLong(group)
	if err != nil {
		return value.Nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.last == nil:
		return value.Nil, value.Throwf(value.IllegalState, "No match found")
	case n < 0 || n > int64(x.re.Groups()):
		return value.Nil, value.Throwf(value.IndexOutOfBounds, "No group %d", n)
	}
	return x.last.group(int(n)), nil
}
