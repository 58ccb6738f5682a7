// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/paint"
	"gondola/lisp/value"
)

// ErrorFormat is how uncaught exceptions are written.
type ErrorFormat string

// The formats; the zero value is Pretty.
const (
	Pretty ErrorFormat = "pretty" // for people: place, source lines, hint, folded stack
	Venice ErrorFormat = "venice" // as the reference writes it (language.md 18)
	JSON   ErrorFormat = "json"   // one object, on one line
)

// ErrorStyle is how WriteError writes.
type ErrorStyle struct {
	Format ErrorFormat
	Theme  *paint.Theme // of Pretty; nil: no colours
	// Source gives the evaluated text of a name, "" if it has none; nil: none. It need not know the files that scripts load.
	Source func(name string) string
}

// WriteError writes an error that nothing has caught.
func (i *Interp) WriteError(w io.Writer, err error, style ErrorStyle) {
	var ex *value.Exception
	if !errors.As(err, &ex) {
		ex = value.NewException(value.VncException, err.Error())
	}
	r := report{ErrorStyle: style, ex: ex, at: Place(ex), hint: i.Hint(ex)}
	if style.Source != nil {
		r.source = style.Source(r.at.File)
	}
	if slices.Contains(i.LoadedFiles(), r.at.File) { // and no other: a script may give a text any name
		text, _ := os.ReadFile(r.at.File) // nothing to show if it is gone
		r.source = string(text)
	}
	switch style.Format {
	case Venice:
		_, _ = io.WriteString(w, "Exception in thread \"main\" "+eval.StackText(ex))
	case JSON:
		r.json(w)
	default:
		_, _ = io.WriteString(w, r.pretty())
	}
}

// report is one exception on its way out.
type report struct {
	ErrorStyle
	ex     *value.Exception
	at     value.StackFrame // where it happened; without a file if nobody knows
	source string           // the text of that file; "" if it is not known
	hint   string
}

// The reader's texts (language.md 1.12) end with the position; before it they may name the bracket that is still open, and
// that is the place to look at.
const (
	readPlace   = `\. File <(.*)> \((\d+),(\d+)\)$`
	openBracket = `at \((\d+),(\d+)\) is not closed\.`
)

// Place is the position of the innermost frame that has one, or the one that the reader names; without a file if nobody knows.
func Place(ex *value.Exception) value.StackFrame {
	for _, f := range ex.Stack {
		if f.File != "" && f.Line > 0 {
			return f
		}
	}
	m := regexp.MustCompile(readPlace).FindStringSubmatch(ex.Message)
	if m == nil {
		return value.StackFrame{}
	}
	at := m[2:]
	if open := regexp.MustCompile(openBracket).FindStringSubmatch(ex.Message); open != nil {
		at = open[1:]
	}
	line, _ := strconv.Atoi(at[0])
	col, _ := strconv.Atoi(at[1])
	return value.StackFrame{File: m[1], Line: line, Col: col}
}

// message is what an exception says, or carries: (throw {:a 1}).
func message(ex *value.Exception) string {
	if ex.Message == "" && ex.Class.IsA(value.ValueException) {
		return value.PrStr(ex.Value)
	}
	return strings.TrimRight(ex.Message, "\n")
}

func (r *report) pretty() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Theme.Paint(paint.Error, r.ex.Class.Simple()), message(r.ex))
	if r.at.File != "" {
		fmt.Fprintf(&b, "\n  %s\n%s", position(r.at), r.excerpt())
	}
	if r.hint != "" {
		fmt.Fprintf(&b, "  %s %s\n", r.Theme.Paint(paint.Hint, "hint:"), r.hint)
	}
	if len(r.ex.Stack) > 0 {
		b.WriteString("\n" + r.Theme.Paint(paint.Dim, stackText(r.ex.Stack)))
	}
	last := r.ex.Message
	for c := r.ex.Cause; c != nil; c = c.Cause {
		if last != "" && strings.Contains(last, c.Message) {
			continue // the cause is in its effect's words already
		}
		fmt.Fprintf(&b, "caused by %s: %s\n", r.Theme.Paint(paint.Error, c.Class.Simple()), message(c))
		last = c.Message
	}
	return b.String()
}

func position(f value.StackFrame) string { return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Col) }

// excerpt is the line of the place and the one before it, with a caret; "" if the text is not known.
func (r *report) excerpt() string {
	lines := strings.Split(r.source, "\n")
	if r.source == "" || r.at.Line > len(lines) {
		return ""
	}
	lines = lines[:r.at.Line]
	number := len(strconv.Itoa(r.at.Line))
	var b strings.Builder
	for i := max(0, r.at.Line-2); i < r.at.Line; i++ {
		fmt.Fprintf(&b, "  %s %s\n", r.Theme.Paint(paint.Dim, fmt.Sprintf("%*d |", number, i+1)), strings.TrimRight(lines[i], "\r"))
	}
	fmt.Fprintf(&b, "  %*s %s%s\n", number+2, "", indentTo(lines[r.at.Line-1], r.at.Col), r.Theme.Paint(paint.Error, "^"))
	return b.String()
}

// indentTo is blank as far as the column, from 1, of a line; tabs stay.
func indentTo(line string, col int) string {
	var b strings.Builder
	for _, c := range line {
		if col--; col < 1 {
			break
		}
		if c != '\t' {
			c = ' '
		}
		b.WriteRune(c)
	}
	return b.String()
}

// longestCycle is how many functions may call each other in turn and still be folded.
const longestCycle = 4

// stackText is a line for each frame; what repeats is written once.
func stackText(frames []value.StackFrame) string {
	width := 0
	for _, f := range frames {
		width = max(width, len(f.Name))
	}
	width = min(width, 32)
	var b strings.Builder
	for i := 0; i < len(frames); {
		cycle, turns := repetition(frames[i:])
		for _, f := range frames[i : i+cycle] {
			place := ""
			if f.File != "" {
				place = position(f)
			}
			b.WriteString(strings.TrimRight(fmt.Sprintf("  at %-*s  %s", width, f.Name, place), " ") + "\n")
		}
		switch {
		case turns > 1 && cycle == 1:
			fmt.Fprintf(&b, "     … and %d more times\n", turns-1)
		case turns > 1:
			fmt.Fprintf(&b, "     … and these %d, %d more times\n", cycle, turns-1)
		}
		i += cycle * turns
	}
	return b.String()
}

// repetition says how often the first frames repeat at once; (1, 1) if they do not.
func repetition(frames []value.StackFrame) (cycle, turns int) {
	for cycle = 1; cycle <= longestCycle && 2*cycle <= len(frames); cycle++ {
		n := cycle
		for n < len(frames) && frames[n] == frames[n-cycle] {
			n++
		}
		if turns = n / cycle; turns > 1 {
			return cycle, turns
		}
	}
	return 1, 1
}

// jsonFrame is a frame, and how often it follows itself.
type jsonFrame struct {
	Name   string `json:"name"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Times  int    `json:"times,omitempty"` // more than once
}

type jsonCause struct {
	Class   string `json:"class"`
	Message string `json:"message"`
}

func (r *report) json(w io.Writer) {
	out := struct {
		jsonCause
		File   string      `json:"file,omitempty"`
		Line   int         `json:"line,omitempty"`
		Column int         `json:"column,omitempty"`
		Hint   string      `json:"hint,omitempty"`
		Stack  []jsonFrame `json:"stack"`
		Causes []jsonCause `json:"causes"`
	}{
		jsonCause: jsonCause{r.ex.Class.Simple(), message(r.ex)},
		File:      r.at.File, Line: r.at.Line, Column: r.at.Col, Hint: r.hint,
		Stack: []jsonFrame{}, Causes: []jsonCause{},
	}
	for i, f := range r.ex.Stack {
		if i > 0 && f == r.ex.Stack[i-1] {
			last := &out.Stack[len(out.Stack)-1]
			last.Times = max(1, last.Times) + 1
			continue
		}
		out.Stack = append(out.Stack, jsonFrame{Name: f.Name, File: f.File, Line: f.Line, Column: f.Col})
	}
	for c := r.ex.Cause; c != nil; c = c.Cause {
		out.Causes = append(out.Causes, jsonCause{c.Class.Simple(), message(c)})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(out) // strings and numbers only
}
