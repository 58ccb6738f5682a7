// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A group is a bracket of a text that is being typed, as far as it goes. Items are atoms and groups; strings are atoms.
type group struct {
	open  byte // '(' '[' '{', 0 for the text itself
	items []item
}

type item struct {
	atom string // as written; "" for a group
	sub  *group
}

// head is the atom at the front; "" without.
func (g *group) head() string {
	if len(g.items) == 0 {
		return ""
	}
	return g.items[0].atom
}

// unfinished is how far somebody has come: the groups around the cursor, outermost first, and the word before it.
type unfinished struct {
	around   []*group
	word     string // an open string without its quote if inString
	inString bool
}

// scan reads the text before the cursor. Closing brackets that fit nothing are ignored.
func scan(text string) unfinished {
	u := unfinished{around: []*group{{}}}
	top := func() *group { return u.around[len(u.around)-1] }
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ';':
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return unfinished{around: u.around}
			}
			i += end
		case c == '"':
			n, closed := stringLength(text[i:])
			if !closed {
				u.word, u.inString = strings.TrimLeft(text[i:], `"`), true
				return u
			}
			top().items = append(top().items, item{atom: text[i : i+n]})
			i += n
		case strings.IndexByte("([{", c) >= 0:
			g := &group{open: c}
			top().items = append(top().items, item{sub: g})
			u.around = append(u.around, g)
			i++
		case strings.IndexByte(")]}", c) >= 0:
			if len(u.around) > 1 {
				u.around = u.around[:len(u.around)-1]
			}
			i++
		case strings.IndexByte(" \t\r\n,'`~@^#", c) >= 0 && !strings.HasPrefix(text[i:], `#\`):
			i++
		default:
			n := atomLength(text[i:])
			if i+n == len(text) {
				u.word = text[i:]
				return u
			}
			top().items = append(top().items, item{atom: text[i : i+n]})
			i += n
		}
	}
	return u
}

// stringLength is the length of the string at the front, quotes included, and whether it has an end.
func stringLength(text string) (n int, closed bool) {
	quote := `"`
	if strings.HasPrefix(text, `"""`) {
		quote = `"""`
	}
	for i := len(quote); i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], quote):
			return i + len(quote), true
		}
	}
	return len(text), false
}

func atomLength(text string) int {
	from := 1
	if strings.HasPrefix(text, `#\`) { // a character, whatever it is
		_, size := utf8.DecodeRuneInString(text[2:])
		from = 2 + size
	}
	if end := strings.IndexAny(text[min(from, len(text)):], " \t\r\n,;\"()[]{}'`~@^"); end >= 0 {
		return from + end
	}
	return len(text)
}

// binders are the forms that bind names.
var binders = []struct {
	heads []string
	names func(g *group) []string
}{
	{strings.Fields("let loop for doseq dotimes list-comp if-let when-let try-with binding with-open"), pairNames},
	{strings.Fields("fn defn defn- defmacro defmethod"), paramNames},
	{strings.Fields("as-> catch"), func(g *group) []string { return nthAtom(g, 2) }},
}

// locals are the names that the forms around the cursor bind, innermost first.
func (u unfinished) locals() []string {
	var names []string
	for i := len(u.around) - 1; i > 0; i-- {
		g := u.around[i]
		for _, b := range binders {
			if slices.Contains(b.heads, g.head()) {
				names = append(names, b.names(g)...)
			}
		}
	}
	return names
}

// pairNames are the names of [name value …]; a name may be a pattern.
func pairNames(g *group) []string {
	for _, it := range g.items[1:] {
		if it.sub == nil || it.sub.open != '[' {
			continue
		}
		var names []string
		for i := 0; i < len(it.sub.items); i += 2 {
			names = append(names, patternNames(it.sub.items[i])...)
		}
		return names
	}
	return nil
}

// paramNames are the parameters of all arities, and the name if the function has one of its own.
func paramNames(g *group) []string {
	names := nthAtom(g, 1)
	for _, it := range g.items[1:] {
		switch {
		case it.sub == nil:
		case it.sub.open == '[':
			return append(names, patternNames(it)...)
		case it.sub.open == '(' && len(it.sub.items) > 0:
			names = append(names, patternNames(it.sub.items[0])...)
		}
	}
	return names
}

func nthAtom(g *group, n int) []string {
	if n < len(g.items) && isName(g.items[n].atom) {
		return []string{g.items[n].atom}
	}
	return nil
}

// patternNames are the names in a destructuring pattern.
func patternNames(it item) []string {
	if it.sub == nil {
		if isName(it.atom) {
			return []string{it.atom}
		}
		return nil
	}
	var names []string
	for _, i := range it.sub.items {
		names = append(names, patternNames(i)...)
	}
	return names
}

// isName excludes keywords, strings, numbers, characters and the sign of rest parameters.
func isName(atom string) bool {
	return atom != "" && atom != "&" && strings.IndexByte(`:"#0123456789`, atom[0]) < 0
}
