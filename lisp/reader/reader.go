// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package reader turns source text into forms: values as scripts see them when they quote code (language.md 1).
//
// A Reader yields the top-level forms of a text one after the other, so that a form can be run before the next one is
// read. Tokens are made on demand: text behind the last form that was asked for is not looked at. Nesting is counted
// (evaluator.md E2), no input makes the reader panic or recurse without bound.
package reader

import (
	"fmt"

	"gondola/lisp/value"
)

// defaultMaxDepth is the nesting that is read unless Options say otherwise (reliability.md X1).
const defaultMaxDepth = 1000

// Options say how a text is read. The zero value reads an unnamed text.
type Options struct {
	File     string                                    // named by positions and error texts; "" reads as "unknown" in the latter
	StrFn    value.Value                               // the head of the forms that interpolated strings become; nil: the symbol str
	MaxDepth int                                       // how deep forms may nest; 0: 1,000
	Regex    func(source string) (*value.Regex, error) // compiles #"…"; nil: value.NewRegex
	Gensym   func() int64                              // numbers the generated symbols of x# in syntax quotes; nil: a counter of this Reader
}

// Reader reads the forms of one text. It is used by one goroutine.
type Reader struct {
	scanner
	o        Options
	keywords map[string]value.Value
	symbols  map[string]*value.Symbol
	stack    []value.Value     // items of the collections that are being read
	depth    int               // nesting of the form that is being read
	anon     *anonParams       // what the #() around uses, nil outside
	gensyms  map[string]string // generated names of the outermost syntax quote around, nil outside
	counter  int64
}

// NewReader makes a Reader. A byte order mark at the start of the text is skipped.
func NewReader(text string, o Options) *Reader {
	if o.MaxDepth == 0 {
		o.MaxDepth = defaultMaxDepth
	}
	if o.StrFn.IsNil() {
		o.StrFn = value.Sym("str")
	}
	r := &Reader{
		scanner:  newScanner(text),
		o:        o,
		keywords: map[string]value.Value{},
		symbols:  map[string]*value.Symbol{},
	}
	if r.o.Gensym == nil {
		r.o.Gensym = func() int64 { r.counter++; return r.counter }
	}
	return r
}

// Next reads the next form; ok is false at the end of the text. The error is a script exception, a ParseError or
// EofException in most cases; reading cannot go on behind it.
func (r *Reader) Next() (form value.Value, ok bool, err error) {
	for {
		t, err := r.token()
		if err != nil {
			return value.Nil, false, err
		}
		if t.kind == tokEOF {
			return value.Nil, false, nil
		}
		form, ok, err = r.form(t)
		if err != nil || ok {
			return form, ok, err
		}
	}
}

// Around returns the text of the top-level form around a position, as positions of forms give it; "" if there is none, or if
// the text cannot be read up to there.
func Around(text string, line, col int) string {
	r := NewReader(text, Options{})
	for {
		r.skipBlanks()
		begin, at := r.off, r.position(r.off)
		if _, ok, err := r.Next(); err != nil || !ok {
			return ""
		}
		end := r.position(r.off)
		after := line > at.line || line == at.line && col >= at.col
		if before := line < end.line || line == end.line && col < end.col; after && before {
			return r.text[begin:r.off]
		}
	}
}

// Read reads the first form of a text and ignores everything behind it. A text without a form gives a
// ContinueException.
func Read(text string, o Options) (value.Value, error) {
	form, ok, err := NewReader(text, o).Next()
	if err == nil && !ok {
		err = value.NewException(value.ContinueException, "The text holds no form")
	}
	return form, err
}

// ReadAll reads all top-level forms of a text (decisions.md L1).
func ReadAll(text string, o Options) ([]value.Value, error) {
	r := NewReader(text, o)
	var forms []value.Value
	for {
		form, ok, err := r.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return forms, nil
		}
		forms = append(forms, form)
	}
}

// suffix is the position at the end of error texts (language.md 1.12); it goes behind a sentence without its period.
func (r *Reader) suffix(at pos) string {
	file := r.o.File
	if file == "" {
		file = "unknown"
	}
	return fmt.Sprintf(". File <%s> (%d,%d)", file, at.line, at.col)
}

func (r *Reader) fail(class *value.Class, at pos, format string, args ...any) error {
	return value.NewException(class, fmt.Sprintf(format, args...)+r.suffix(at))
}

func (r *Reader) parseError(at pos, format string, args ...any) error {
	return r.fail(value.ParseError, at, format, args...)
}

// scanError is a failure of the tokenizer: the message says so and names the detail, which is the cause as well.
func (r *Reader) scanError(at pos, detail string) error {
	cause := value.NewException(value.ParseError, detail+r.suffix(at))
	return value.NewException(value.ParseError, "Parse error (tokenizer phase) while reading from input: "+cause.Message).Because(cause)
}
