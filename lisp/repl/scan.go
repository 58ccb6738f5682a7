// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"slices"
	"strings"
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
	for i := 0; i < len(text); {
		n, k, ended := token(text[i:])
		piece := text[i : i+n]
		i += n
		top := u.around[len(u.around)-1]
		switch {
		case k == quoted && !ended:
			u.word, u.inString = strings.TrimLeft(piece, `"`), true
		case k == atom && !ended:
			u.word = piece
		case k == quoted, k == atom:
			top.items = append(top.items, item{atom: piece})
		case k == opening:
			g := &group{open: piece[0]}
			top.items = append(top.items, item{sub: g})
			u.around = append(u.around, g)
		case k == closing && len(u.around) > 1:
			u.around = u.around[:len(u.around)-1]
		}
	}
	return u
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
