// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"fmt"
	"iter"
	"math"
	"strconv"
)

// Printer writes values in one of the two modes of language.md 2.2. The zero Printer prints plain. It keeps the first
// error (a record's toString that failed, nesting too deep) and returns it from Text.
type Printer struct {
	Readable bool
	Caller   Caller // for records that print through script code; may be nil
	buf      []byte
	depth    int
	look     int // the length at which to ask whether there is room
	err      error
}

// Printed is implemented by types outside this package that have a printed form of their own: functions, host objects,
// and by the X of a Host.
type Printed interface {
	PrintTo(p *Printer)
}

// WriteString appends raw text; surrogate halves that meet at the seam become one character.
func (p *Printer) WriteString(s string) {
	if len(p.buf)+len(s) >= p.look {
		p.room(len(s))
	}
	if p.err == nil {
		p.buf = AppendText(p.buf, s)
	}
}

// Fail keeps err unless there is one already; a nil err is ignored.
func (p *Printer) Fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Len is the number of bytes written so far.
func (p *Printer) Len() int { return len(p.buf) }

// Text returns what was written, and the first error.
func (p *Printer) Text() (string, error) { return string(p.buf), p.err }

// PrStr is v in readable mode, ToStr v in plain mode as nested in a collection (nil is "nil"). Both ignore errors: they are
// for error texts and tests.
func PrStr(v Value) string {
	p := Printer{Readable: true}
	p.Print(v)
	return string(p.buf)
}

func ToStr(v Value) string {
	if s, ok := v.Ref().(*Str); ok {
		return s.S
	}
	var p Printer
	p.Print(v)
	return string(p.buf)
}

// Print appends v.
func (p *Printer) Print(v Value) {
	switch v.o {
	case nil:
		p.buf = append(p.buf, "nil"...)
	case &longTag:
		p.buf = strconv.AppendInt(p.buf, int64(v.n), 10)
	case &intTag:
		p.buf = strconv.AppendInt(p.buf, int64(int32(uint32(v.n))), 10)
		p.suffix('I')
	case &doubleTag:
		p.double(math.Float64frombits(v.n))
	case &floatTag:
		p.float(math.Float32frombits(uint32(v.n)))
	case &boolTag:
		p.buf = strconv.AppendBool(p.buf, v.n != 0)
	case &charTag:
		p.char(uint16(v.n))
	default:
		p.object(v.o.self)
	}
}

func (p *Printer) suffix(c byte) {
	if p.Readable {
		p.buf = append(p.buf, c)
	}
}

// unusual writes an infinite or NaN number in readable mode.
func (p *Printer) unusual(f float64) bool {
	switch {
	case !p.Readable:
		return false
	case f != f:
		p.buf = append(p.buf, ":NaN"...)
		return true
	case math.IsInf(f, 0):
		p.buf = append(p.buf, ":Infinite"...)
		return true
	}
	return false
}

func (p *Printer) double(f float64) {
	if !p.unusual(f) {
		p.buf = appendFloat(p.buf, f, 64)
	}
}

func (p *Printer) float(f float32) {
	if !p.unusual(float64(f)) {
		p.buf = appendFloat(p.buf, float64(f), 32)
		p.suffix('F')
	}
}

// charName is the name of a character that prints by name (language.md 1.5).
func charName(c uint16) string {
	switch c {
	case ' ':
		return "space"
	case '\n':
		return "newline"
	case '\t':
		return "tab"
	case '\f':
		return "formfeed"
	case '\r':
		return "return"
	case '\b':
		return "backspace"
	case '\\':
		return "backslash"
	}
	return ""
}

func (p *Printer) char(c uint16) {
	if p.Readable {
		p.buf = append(p.buf, `#\`...)
		if name := charName(c); name != "" {
			p.buf = append(p.buf, name...)
			return
		}
		if c < ' ' || c == 0x7F {
			p.buf = fmt.Appendf(p.buf, `u%04x`, c)
			return
		}
	}
	p.buf = AppendChar(p.buf, c)
}

// What is printed is bounded, because values that share parts can be small and endless on paper: by the limits of the Caller,
// else by what is more than anybody reads.
const (
	mostUnlimited = 8 << 20
	lookEach      = 64 << 10
)

// room asks whether the text may grow by so many bytes.
func (p *Printer) room(more int) {
	p.look = len(p.buf) + more + lookEach
	if s, ok := p.Caller.(Stepper); ok {
		p.Fail(s.Room(len(p.buf) + more))
	} else if len(p.buf)+more > mostUnlimited {
		p.Fail(Errorf("The printed form is longer than %d bytes", mostUnlimited))
	}
}

func (p *Printer) object(o Object) {
	if len(p.buf) >= p.look {
		p.room(0)
	}
	if p.err != nil {
		return
	}
	switch x := o.(type) {
	case *Str:
		if p.Readable {
			p.buf = appendQuoted(p.buf, x.S)
			return
		}
		p.WriteString(x.S)
	case *Keyword:
		p.buf = append(append(p.buf, ':'), x.Name...)
	case *Symbol:
		p.WriteString(x.Name)
	case *BigInt:
		p.buf = x.N.Append(p.buf, 10)
		p.suffix('N')
	case *Decimal:
		p.buf = append(p.buf, x.String()...)
		p.suffix('M')
	default:
		if p.depth > maxNesting {
			p.Fail(tooDeep())
			return
		}
		p.depth++
		p.composite(o)
		p.depth--
	}
}

// composite prints what may contain other values, and what is rare. A printed form of its own goes first: mutable
// collections and records are collections, too.
func (p *Printer) composite(o Object) {
	switch x := o.(type) {
	case *List:
		p.items("(", x.All(), ")")
	case *Vector:
		p.items("[", x.All(), "]")
	case *LazySeq:
		p.buf = append(p.buf, "(...)"...)
	case *MapEntry:
		p.items("[", func(yield func(Value) bool) { _ = yield(x.Key) && yield(x.Value) }, "]")
	case *Exception:
		p.WriteString(x.Class.Name)
		if !x.NoMessage {
			p.WriteString(": ")
			p.WriteString(x.Message)
		}
	case *ByteBuf:
		p.bytes(x.B[:x.Lim])
	case *File:
		p.WriteString(x.Path)
	case *Regex:
		p.WriteString(x.Source)
	case *Atom:
		p.reference("(atom ", x.Deref())
	case *Volatile:
		p.reference("(volatile ", x.Deref())
	case *Just:
		p.reference("(just ", x.V)
	case *Delay:
		p.delay(x)
	default:
		p.other(o)
	}
}

func (p *Printer) other(o Object) {
	if x, ok := capability[Printed](o); ok {
		x.PrintTo(p)
		return
	}
	switch x := o.(type) {
	case Sequence:
		if x.Type().Is("vector") {
			p.items("[", x.All(), "]")
		} else {
			p.items("(", x.All(), ")")
		}
	case Map:
		p.entries(x)
	case Set:
		p.items("#{", x.All(), "}")
	case Iterable:
		p.items("(", x.All(), ")")
	default:
		if s, ok := capability[fmt.Stringer](o); ok {
			p.WriteString(s.String())
			return
		}
		p.WriteString(o.Type().Name)
		p.buf = strconv.AppendUint(append(p.buf, '@'), uint64(identityHash(o)), 16)
	}
}

func (p *Printer) items(open string, all iter.Seq[Value], end string) {
	p.buf = append(p.buf, open...)
	first := true
	for v := range all {
		if !first {
			p.buf = append(p.buf, ' ')
		}
		first = false
		p.Print(v)
		if p.err != nil {
			return
		}
	}
	p.buf = append(p.buf, end...)
}

func (p *Printer) entries(m Map) {
	p.buf = append(p.buf, '{')
	first := true
	for k, v := range m.All() {
		if !first {
			p.buf = append(p.buf, ' ')
		}
		first = false
		p.Print(k)
		p.buf = append(p.buf, ' ')
		p.Print(v)
		if p.err != nil {
			return
		}
	}
	p.buf = append(p.buf, '}')
}

func (p *Printer) reference(head string, v Value) {
	p.buf = append(p.buf, head...)
	p.Print(v)
	p.buf = append(p.buf, ')')
}

func (p *Printer) delay(d *Delay) {
	v, err, ok := d.Realized()
	switch {
	case !ok:
		p.WriteString("(delay :not-realized)")
	case err != nil:
		p.reference("(delay :exception ", AsException(err).Val())
	default:
		p.reference("(delay :value ", v)
	}
}

// maxPrintedBytes is how much of a byte buffer is printed.
const maxPrintedBytes = 100

func (p *Printer) bytes(b []byte) {
	p.buf = append(p.buf, '[')
	for i, c := range b {
		if i > 0 {
			p.buf = append(p.buf, ' ')
		}
		if i == maxPrintedBytes {
			p.buf = append(p.buf, "..."...)
			break
		}
		p.buf = strconv.AppendUint(p.buf, uint64(c), 10)
	}
	p.buf = append(p.buf, ']')
}

// QuoteString is the readable form of a string, quotes included.
func QuoteString(s string) string { return string(appendQuoted(nil, s)) }

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7F {
			continue
		}
		dst = append(append(dst, s[from:i]...), '\\')
		from = i + 1
		switch c {
		case '\n':
			dst = append(dst, 'n')
		case '\r':
			dst = append(dst, 'r')
		case '\t':
			dst = append(dst, 't')
		case '\f':
			dst = append(dst, 'f')
		case '\b':
			dst = append(dst, 'b')
		case '"', '\\':
			dst = append(dst, c)
		default:
			const hex = "0123456789abcdef"
			dst = append(dst, 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}
