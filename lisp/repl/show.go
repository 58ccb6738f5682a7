// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"fmt"
	"iter"
	"regexp"
	"strings"
	"unicode/utf8"

	"gondola/lisp/paint"
	"gondola/lisp/value"
)

const (
	maxShownItems = 1000 // of one collection
	maxShownBytes = 256  // of a byte buffer
)

// shower prints values for people: coloured, and broken where the terminal ends.
type shower struct {
	theme  *paint.Theme
	width  int
	caller value.Caller // for records that print through script code
}

// show is the text of a value, without a line end. The error is of script code that prints.
func (s *shower) show(v value.Value) (string, error) {
	switch x := v.Ref().(type) {
	case *value.ByteBuf:
		return s.hex(x.B[:x.Lim]), nil
	case *value.Host:
		if text, ok := s.card(x); ok {
			return text, nil
		}
	}
	d, err := s.doc(v, 0)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	d.write(&b, 0, s.width)
	return b.String(), nil
}

// doc is a value as it will be printed: an atom, or items between brackets.
type doc struct {
	text        string // an atom, coloured
	width       int    // in columns, on one line
	open, close string // of a collection
	items       []doc
	pairs       bool // items are key, value, key, value …
	atoms       bool // no item is a collection
}

// maxNesting stops at a depth that nobody reads.
const maxNesting = 100

func (s *shower) doc(v value.Value, depth int) (doc, error) {
	if depth > maxNesting {
		return doc{text: "…", width: 1}, nil
	}
	if _, own := v.Ref().(value.Printed); own {
		return s.atom(v)
	}
	switch x := v.Ref().(type) {
	case *value.List:
		return s.collection("(", ")", x.All(), depth)
	case *value.Vector:
		return s.collection("[", "]", x.All(), depth)
	case value.Map:
		d, err := s.collection("{", "}", flat(x.All()), depth)
		d.pairs = true
		return d, err
	case value.Set:
		return s.collection("#{", "}", x.All(), depth)
	}
	return s.atom(v)
}

// flat is keys and values in turn.
func flat(entries iter.Seq2[value.Value, value.Value]) iter.Seq[value.Value] {
	return func(yield func(value.Value) bool) {
		for k, v := range entries {
			if !yield(k) || !yield(v) {
				return
			}
		}
	}
}

func (s *shower) collection(open, end string, all iter.Seq[value.Value], depth int) (doc, error) {
	d := doc{open: open, close: end, width: len(open) + len(end), atoms: true}
	for v := range all {
		if len(d.items) == maxShownItems {
			d.items = append(d.items, doc{text: s.theme.Paint(paint.Dim, "…"), width: 1})
			break
		}
		i, err := s.doc(v, depth+1)
		if err != nil {
			return d, err
		}
		if len(d.items) > 0 {
			d.width++
		}
		d.width += i.width
		d.atoms = d.atoms && i.open == ""
		d.items = append(d.items, i)
	}
	return d, nil
}

// atom is a value that is printed as one piece.
func (s *shower) atom(v value.Value) (doc, error) {
	p := value.Printer{Readable: true, Caller: s.caller}
	p.Print(v)
	text, err := p.Text()
	return doc{text: s.theme.Paint(kindOf(v), text), width: utf8.RuneCountInString(text)}, err
}

func kindOf(v value.Value) paint.Kind {
	if _, isBool := v.Bool(); isBool || v.IsNil() {
		return paint.Constant
	}
	if v.IsNumber() {
		return paint.Number
	}
	switch v.Ref().(type) {
	case *value.Str:
		return paint.String
	case *value.Keyword:
		return paint.Keyword
	}
	return paint.Symbol
}

// write writes d from the column at on; what does not fit before width goes on lines of its own.
func (d *doc) write(b *strings.Builder, at, width int) {
	if d.open == "" {
		b.WriteString(d.text)
		return
	}
	b.WriteString(d.open)
	at += utf8.RuneCountInString(d.open)
	column := at
	fits := at+d.width <= width
	for i := range d.items {
		item := &d.items[i]
		key := d.pairs && i%2 == 1
		switch {
		case i == 0:
		case fits, key, d.atoms && !d.pairs && column+1+item.width < width:
			b.WriteByte(' ')
			column++
		default:
			b.WriteString("\n" + strings.Repeat(" ", at))
			column = at
		}
		item.write(b, column, width)
		column += item.width
	}
	b.WriteString(d.close)
}

// hex is a byte buffer as hex dumps show it.
func (s *shower) hex(data []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "bytebuf, %d bytes", len(data))
	shown := data[:min(len(data), maxShownBytes)]
	for from := 0; from < len(shown); from += 16 {
		row := shown[from:min(from+16, len(shown))]
		hex := fmt.Sprintf("% x", row)
		if len(row) > 8 {
			hex = fmt.Sprintf("% x  % x", row[:8], row[8:])
		}
		fmt.Fprintf(&b, "\n  %s  %s  %s", s.theme.Paint(paint.Dim, fmt.Sprintf("%04x", from)),
			s.theme.Paint(paint.Number, fmt.Sprintf("%-48s", hex)), s.theme.Paint(paint.String, printable(row)))
	}
	if more := len(data) - len(shown); more > 0 {
		fmt.Fprintf(&b, "\n  … %d more bytes", more)
	}
	return b.String()
}

func printable(row []byte) string {
	text := make([]byte, len(row))
	for i, c := range row {
		if c < ' ' || c > '~' {
			c = '.'
		}
		text[i] = c
	}
	return string(text)
}

// cardLine is a line of what a host object says about itself: "Subject:     order".
var cardLine = regexp.MustCompile(`^([A-Z][A-Za-z ]*):\s+(.*)$`)

// card shows a host object that prints as fields, as a message does; ok is false for others.
func (s *shower) card(h *value.Host) (text string, ok bool) {
	x, ok := h.X.(fmt.Stringer)
	if !ok {
		return "", false
	}
	lines := strings.Split(x.String(), "\n")
	if len(lines) < 2 {
		return "", false
	}
	name := h.T.Name[strings.LastIndexByte(h.T.Name, '.')+1:]
	var b strings.Builder
	b.WriteString(s.theme.Paint(paint.Dim, "┌ ") + name)
	for _, l := range lines {
		m := cardLine.FindStringSubmatch(l)
		switch {
		case m == nil && b.Len() > 0:
			fmt.Fprintf(&b, "\n%s %12s %s", s.theme.Paint(paint.Dim, "│"), "", l) // a text of several lines
		case m[2] != "-" && m[2] != "":
			fmt.Fprintf(&b, "\n%s %s %s", s.theme.Paint(paint.Dim, "│"), s.theme.Paint(paint.Keyword, fmt.Sprintf("%-12s", m[1])), m[2])
		}
	}
	b.WriteString("\n" + s.theme.Paint(paint.Dim, "└"))
	return b.String(), true
}
