// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"gondola/lisp/core"
	"gondola/lisp/value"
)

// A command begins with an exclamation mark.
type command struct {
	name, arg, help string
	run             func(s *Session, arg string)
}

func commands() []command {
	return []command{
		{"!connect", "URI [OPTIONS]", "connects to a server: client is then the connection", connect},
		{"!queues", "", "lists the queues, topics and functions of the servers that this session knows", listDestinations},
		{"!time", "FORM", "evaluates and says how long it took", timed},
		{"!macroexpand", "FORM", "prints the form with all macros expanded", func(s *Session, form string) {
			s.evaluate("(macroexpand-all '"+form+")", s.name(), true)
		}},
		{"!hist", "", "prints what has been entered", func(s *Session, _ string) {
			for i, e := range s.entries {
				if e != "" {
					fmt.Fprintf(s.out, "%3d  %s\n", i+1, strings.ReplaceAll(e, "\n", "\n     "))
				}
			}
		}},
		{"!clear", "", "clears the screen", func(s *Session, _ string) { _, _ = io.WriteString(s.out, "\x1b[H\x1b[2J") }},
		{"!help", "", "this text", help},
		{quit, "", "leaves, as Ctrl-D does", nil},
	}
}

const quit = "!quit"

func commandNames() []string {
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

func help(s *Session, _ string) {
	for _, c := range commands() {
		fmt.Fprintf(s.out, "%-24s %s\n", strings.TrimSpace(c.name+" "+c.arg), c.help)
	}
	_, _ = io.WriteString(s.out, `(doc name)               help on a name; name? does the same
(source name)            how a script has defined a name
(apropos "text")         names that contain a text
(dir ns)                 the names of a namespace
*1 *2 *3 *e              the last three values and the last exception
Ctrl-C stops an evaluation; twice at an empty prompt it leaves. Tab completes, Ctrl-R searches what has been entered.
`)
}

// obey evaluates an entry or does what a command says.
func (s *Session) obey(text string) (leave bool) {
	name, arg, _ := strings.Cut(text, " ")
	if name == quit {
		return true
	}
	for _, c := range commands() {
		if c.name == name {
			c.run(s, strings.TrimSpace(arg))
			return false
		}
	}
	switch {
	case strings.HasPrefix(text, "!"):
		fmt.Fprintf(s.out, "There is no command %s; !help lists them\n", name)
	case s.asksForHelp(text):
		s.evaluate("(doc "+strings.TrimSuffix(text, "?")+")", s.name(), false)
	default:
		s.evaluate(text, s.name(), true)
	}
	return false
}

// asksForHelp reports whether an entry is a name with a question mark behind it that is no name itself.
func (s *Session) asksForHelp(text string) bool {
	name, asked := strings.CutSuffix(text, "?")
	if !asked || name == "" || strings.ContainsAny(text, " \n()[]{}\"") {
		return false
	}
	return core.RowOf(s.in.Runtime(), text) == nil
}

func timed(s *Session, form string) {
	begun := time.Now()
	s.evaluate(form, s.name(), true)
	fmt.Fprintf(s.out, "%v\n", time.Since(begun).Round(time.Microsecond))
}

func connect(s *Session, arg string) {
	uri, options, _ := strings.Cut(arg, " ")
	if uri == "" {
		fmt.Fprintln(s.out, "!connect needs a URI or a port: !connect af-inet://localhost:33333")
		return
	}
	if strings.Trim(uri, "0123456789") != "" {
		uri = value.QuoteString(strings.Trim(uri, `"`))
	}
	s.evaluate("(do (def client (ipc/client "+uri+" "+options+")) (str \"client is connected to \" "+uri+"))", s.name(), true)
}

func listDestinations(s *Session, _ string) {
	var all []Destination
	if s.o.Destinations != nil {
		all = s.o.Destinations(s.mentioned())
	}
	if len(all) == 0 {
		fmt.Fprintln(s.out, "no queues: open a server with (ipc/server …), or connect to one with !connect")
		return
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for _, d := range all {
		size := ""
		if strings.HasSuffix(d.Kind, "queue") {
			size = fmt.Sprintf("%d of %d", d.Size, d.Capacity)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.Name, d.Kind, size, d.Server)
	}
	_ = w.Flush()
}
