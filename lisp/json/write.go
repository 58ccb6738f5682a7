// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package json writes values as JSON and reads JSON into values, with the layouts, orders and type tables of the reference
// (language.md 14.3, ipc-api.md 3.6 to 3.8). It serves the json functions of scripts and the messages of the broker alike.
package json

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"gondola/lisp/value"
)

// maxNesting bounds the recursion of the writer, and of the reader unless ReadOptions says otherwise (reliability.md X1).
const maxNesting = 512

// WriteOptions steers Append and Write. The zero value writes compact text.
type WriteOptions struct {
	Pretty          bool         // the layout of ipc-api.md 3.6
	Indent          string       // of a level of pretty text; two blanks if empty
	DecimalAsDouble bool         // decimals as numbers, not as strings
	Caller          value.Caller // realises lazy sequences; needed only if there are some
}

// Texter is implemented by the X of a Host, or by a heap type, that is written as a JSON string: dates and times.
type Texter interface {
	JSONText() string
}

// Append writes v behind dst. Text stays in WTF-8, as in a value.Str. The error for what JSON cannot express is a
// VncException that names the type; dst holds a part of the text then.
func Append(dst []byte, v value.Value, o WriteOptions) ([]byte, error) {
	if o.Indent == "" {
		o.Indent = "  "
	}
	w := writer{buf: dst, o: o}
	err := w.write(v)
	return w.buf, err
}

// Write is Append into a string.
func Write(v value.Value, o WriteOptions) (string, error) {
	b, err := Append(nil, v, o)
	if err != nil {
		return "", err
	}
	return string(b), nil
}

type writer struct {
	buf    []byte
	o      WriteOptions
	indent int // nesting of maps alone: arrays do not indent
	depth  int
	look   int // the length at which to ask whether there is room
}

// room asks the Caller whether the text may grow: values that share parts can be small and endless on paper.
func (w *writer) room() error {
	const each = 64 << 10
	w.look = len(w.buf) + each
	if s, ok := w.o.Caller.(value.Stepper); ok {
		return s.Room(len(w.buf))
	}
	return nil
}

func (w *writer) write(v value.Value) error {
	if v.IsNil() {
		w.buf = append(w.buf, "null"...)
		return nil
	}
	if n, ok := v.Long(); ok {
		w.buf = strconv.AppendInt(w.buf, n, 10)
		return nil
	}
	if b, ok := v.Bool(); ok {
		w.buf = strconv.AppendBool(w.buf, b)
		return nil
	}
	if f, ok := v.Double(); ok {
		w.buf = append(w.buf, value.FormatDouble(f)...)
		return nil
	}
	if n, ok := v.Int(); ok {
		w.buf = strconv.AppendInt(w.buf, int64(n), 10)
		return nil
	}
	if c, ok := v.Char(); ok {
		w.buf = appendString(w.buf, value.CharString(c))
		return nil
	}
	if len(w.buf) >= w.look {
		if err := w.room(); err != nil {
			return err
		}
	}
	switch x := v.Ref().(type) {
	case *value.Str:
		w.buf = appendString(w.buf, x.S)
	case *value.Keyword:
		w.buf = appendString(w.buf, x.Name)
	case *value.Symbol:
		w.buf = appendString(w.buf, x.Name)
	case *value.BigInt:
		w.buf = append(x.N.Append(append(w.buf, '"'), 10), '"')
	case *value.Decimal:
		w.decimal(x)
	case *value.ByteBuf:
		w.buf = append(base64.StdEncoding.AppendEncode(append(w.buf, '"'), x.B[:x.Lim]), '"')
	default:
		return w.composite(v)
	}
	return nil
}

func (w *writer) decimal(d *value.Decimal) {
	if w.o.DecimalAsDouble {
		f, _ := value.ToDouble(d.Val())
		w.buf = append(w.buf, value.FormatDouble(f)...)
		return
	}
	w.buf = append(append(append(w.buf, '"'), d.String()...), '"')
}

// composite writes what may contain other values. A box counts as a level: an atom may hold itself.
func (w *writer) composite(v value.Value) error {
	if w.depth++; w.depth > maxNesting {
		return value.Errorf("Json serialization error: the data is nested too deeply (more than %d levels)", maxNesting)
	}
	defer func() { w.depth-- }()
	switch x := v.Ref().(type) {
	case value.Map:
		return w.object(x)
	case value.Sequence, value.Set, *value.LazySeq:
		return w.array(v)
	case *value.Atom:
		return w.write(x.Deref())
	case *value.Volatile:
		return w.write(x.Deref())
	case *value.Just:
		return w.write(x.V)
	case Texter:
		w.buf = appendString(w.buf, x.JSONText())
		return nil
	}
	if x, ok := value.HostOf[Texter](v); ok {
		w.buf = appendString(w.buf, x.JSONText())
		return nil
	}
	return value.Errorf("Json serialization error: the type %s can not be serialized", v.Type())
}

func (w *writer) array(v value.Value) error {
	w.buf = append(w.buf, '[')
	first := true
	_, err := value.EachAny(w.o.Caller, v, func(e value.Value) error {
		if !first {
			w.buf = append(w.buf, ',')
		}
		first = false
		return w.write(e)
	})
	w.buf = append(w.buf, ']')
	return err
}

func (w *writer) object(m value.Map) error {
	w.buf = append(w.buf, '{')
	w.indent++
	w.newline()
	if err := w.members(m); err != nil {
		return err
	}
	w.indent--
	w.newline()
	if w.o.Pretty {
		w.spaces()
	}
	w.buf = append(w.buf, '}')
	return nil
}

func (w *writer) members(m value.Map) error {
	if h, ok := m.(*value.HashMap); ok && h.Count() > 1 {
		for i, e := range tableOrder(h) {
			if err := w.member(m, i > 0, e.key, e.val); err != nil {
				return err
			}
		}
		return nil
	}
	more := false
	for k, v := range m.All() {
		if err := w.member(m, more, k, v); err != nil {
			return err
		}
		more = true
	}
	return nil
}

func (w *writer) member(m value.Map, more bool, k, v value.Value) error {
	if more {
		w.buf = append(w.buf, ',')
		w.newline()
	}
	if w.o.Pretty {
		w.spaces()
	}
	if s, ok := value.StringOrKeyword(k); ok {
		w.buf = appendString(w.buf, s)
	} else if n, ok := k.Long(); ok {
		w.buf = append(strconv.AppendInt(append(w.buf, '"'), n, 10), '"')
	} else {
		// The reference names the map here, not the key.
		return value.Errorf("Json serialization error: the map key type %s can not be serialized", m.Type())
	}
	w.buf = append(w.buf, ':')
	if w.o.Pretty {
		w.buf = append(w.buf, ' ')
	}
	return w.write(v)
}

func (w *writer) newline() {
	if w.o.Pretty {
		w.buf = append(w.buf, '\n')
	}
}

func (w *writer) spaces() {
	for range w.indent {
		w.buf = append(w.buf, w.o.Indent...)
	}
}

// appendString quotes s with the escapes of ipc-api.md 3.6.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' && (c != '/' || i == 0 || s[i-1] != '<') {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[from:i]...), c)
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r >= 0x80 && r < 0xA0 || r >= 0x2000 && r < 0x2100 {
			dst = appendHex(append(dst, s[from:i]...), uint16(r))
			from = i + n
		}
		i += n
	}
	return append(append(dst, s[from:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\', '/':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return appendHex(dst, uint16(c))
}

func appendHex(dst []byte, c uint16) []byte {
	const hex = "0123456789abcdef"
	return append(dst, '\\', 'u', hex[c>>12], hex[c>>8&15], hex[c>>4&15], hex[c&15])
}
