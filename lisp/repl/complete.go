// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gondola/lisp/eval"
)

// completer is what the line editor asks at a Tab.
type completer struct{ s *Session }

// Do returns the rest of every candidate, and how many characters of it are typed already.
func (c completer) Do(line []rune, pos int) (rest [][]rune, typed int) {
	text := c.s.before + fromLine.Replace(string(line[:pos]))
	word, candidates := c.s.complete(text)
	for _, name := range candidates {
		rest = append(rest, []rune(name[len(word):]))
	}
	return rest, utf8.RuneCountInString(word)
}

// complete lists what a text may go on with: whole words that begin with the last one, sorted. Nothing typed yet has no
// candidates: there are a thousand.
func (s *Session) complete(text string) (word string, candidates []string) {
	if command, isCommand := strings.CutPrefix(text, "!"); isCommand && !strings.Contains(command, " ") {
		return text, beginning(text, commandNames())
	}
	u := scan(text)
	switch {
	case u.inString:
		return u.word, beginning(u.word, slices.Concat(files(u.word), s.destinations(u)))
	case u.word == "":
		return "", nil
	case u.word[0] == ':':
		return u.word, beginning(u.word, slices.Concat(keywords(s.in.Runtime(), u), keyworded(s.destinations(u))))
	}
	return u.word, beginning(u.word, slices.Concat(u.locals(), s.names()))
}

func beginning(word string, names []string) []string {
	var out []string
	for _, name := range names {
		if strings.HasPrefix(name, word) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// names are all globals as the current namespace writes them, without those that are internal.
func (s *Session) names() []string {
	var out []string
	s.in.Runtime().EachName(func(name string) {
		if !strings.HasSuffix(name, "*") {
			out = append(out, name)
		}
	})
	if s.ns != nil {
		out = append(out, s.ns.Names()...)
	}
	return out
}

// keyword is an option in the help of a function.
var keyword = regexp.MustCompile(`:[a-z][a-z0-9?-]*`)

// keywords are those that the help of the innermost function around mentions: its options.
func keywords(rt *eval.Runtime, u unfinished) []string {
	for i := len(u.around) - 1; i > 0; i-- {
		if row := rt.Row(u.around[i].head()); row != nil && u.around[i].open == '(' {
			return keyword.FindAllString(row.Forms+" "+row.Doc, -1)
		}
	}
	return nil
}

// mention is a destination in an entry: (ipc/offer client :orders …).
var mention = regexp.MustCompile(`\(ipc/[a-z-]+ +\S+ +:([A-Za-z][\w./-]*)`)

// destinations are the names of live queues, topics and functions, and those that have been mentioned: inside ipc/ calls.
func (s *Session) destinations(u unfinished) []string {
	inside := false
	for _, g := range u.around[1:] {
		inside = inside || strings.HasPrefix(g.head(), "ipc/")
	}
	if !inside {
		return nil
	}
	names := s.mentioned()
	if s.o.Destinations != nil {
		for _, d := range s.o.Destinations(names) {
			names = append(names, d.Name)
		}
	}
	return names
}

// mentioned are the destinations that entries have named, each once.
func (s *Session) mentioned() []string {
	var names []string
	for _, e := range s.entries {
		for _, m := range mention.FindAllStringSubmatch(e, -1) {
			names = append(names, m[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func keyworded(names []string) []string {
	var out []string
	for _, n := range names {
		out = append(out, ":"+n)
	}
	return out
}

// files lists the paths that begin with a text; folders end with a slash.
func files(prefix string) []string {
	dir, base := filepath.Split(prefix)
	in := dir
	if in == "" {
		in = "."
	}
	entries, err := os.ReadDir(in)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) {
			continue
		}
		path := dir + e.Name()
		if e.IsDir() {
			path += "/"
		}
		out = append(out, path)
	}
	return out
}
