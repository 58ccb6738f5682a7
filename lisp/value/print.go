// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// Printer writes values in one of the two modes of language.md 2.2. The zero Printer prints plain. It keeps the first
// error (a record's toString that failed, nesting too deep) and returns it from Text.
type Printer struct {
	Readable bool
	Caller   Caller // for records that print through script code; may be nil
	buf      []byte
	depth    int
	err      error
}

// Printed is implemented by types outside this package that have a printed form of their own: functions, host objects.
type Printed interface {
	Object
	PrintTo(p *Printer)
}

// Print appends v.
func (p *Printer) Print(v Value) { panic("not built yet") }

// WriteString appends raw text.
func (p *Printer) WriteString(s string) { p.buf = append(p.buf, s...) }

// Text returns what was written, and the first error.
func (p *Printer) Text() (string, error) { return string(p.buf), p.err }

// PrStr is v in readable mode, ToStr v in plain mode as nested in a collection (nil is "nil"). Both ignore errors: they are
// for error texts and tests.
func PrStr(v Value) string { panic("not built yet") }
func ToStr(v Value) string { panic("not built yet") }

// QuoteString is the readable form of a string, quotes included.
func QuoteString(s string) string { panic("not built yet") }
