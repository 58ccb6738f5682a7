// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package json

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"gondola/lisp/value"
)

// ReadOptions steers Read. The zero value gives maps with string keys, and doubles.
type ReadOptions struct {
	KeywordKeys bool                                        // keys become keywords; an empty key is an error then
	Decimal     bool                                        // numbers with fraction or exponent become decimals
	KeyFn       func(key string) (value.Value, error)       // makes a map key; nil: as KeywordKeys says
	ValueFn     func(k, v value.Value) (value.Value, error) // replaces the value of a member; nil: as read
	MaxDepth    int                                         // levels of nesting; 0: 512
}

// SyntaxError tells why a text is not JSON that Read accepts. Offset counts bytes.
type SyntaxError struct {
	Offset int
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// Read reads the first value of text and ignores what follows it. Objects become hash maps (of duplicate keys the last
// wins), arrays lists, integers longs. The text is WTF-8 and is not kept. The error is a *SyntaxError, or what KeyFn or
// ValueFn answered.
func Read(text []byte, o ReadOptions) (value.Value, error) {
	if o.MaxDepth == 0 {
		o.MaxDepth = maxNesting
	}
	r := reader{text: text, o: o}
	return r.value()
}

type reader struct {
	text  []byte
	pos   int
	depth int
	o     ReadOptions
}

func (r *reader) fail(reason string) error { return &SyntaxError{Offset: r.pos, Reason: reason} }

// peek skips blanks and returns the byte that follows, 0 at the end.
func (r *reader) peek() byte {
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; c {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

func (r *reader) value() (value.Value, error) {
	switch c := r.peek(); {
	case c == '{':
		return r.nested((*reader).object)
	case c == '[':
		return r.nested((*reader).array)
	case c == '"':
		s, err := r.str()
		return value.String(s), err
	case c == '-' || c >= '0' && c <= '9':
		return r.number()
	case c == 't':
		return value.True, r.word("true")
	case c == 'f':
		return value.False, r.word("false")
	case c == 'n':
		return value.Nil, r.word("null")
	case r.pos == len(r.text):
		return value.Nil, r.fail("the text ends where a value is expected")
	}
	return value.Nil, r.fail("a value is expected")
}

func (r *reader) nested(read func(*reader) (value.Value, error)) (value.Value, error) {
	if r.depth++; r.depth > r.o.MaxDepth {
		return value.Nil, r.fail("nested too deeply")
	}
	r.pos++ // the opening bracket
	v, err := read(r)
	r.depth--
	return v, err
}

func (r *reader) array() (value.Value, error) {
	if r.peek() == ']' {
		r.pos++
		return value.EmptyList.Val(), nil
	}
	var items []value.Value
	for {
		v, err := r.value()
		if err != nil {
			return value.Nil, err
		}
		items = append(items, v)
		switch r.peek() {
		case ',':
			r.pos++
		case ']':
			r.pos++
			return value.ListOf(items).Val(), nil
		default:
			return value.Nil, r.fail("',' or ']' is expected")
		}
	}
}

func (r *reader) object() (value.Value, error) {
	if r.peek() == '}' {
		r.pos++
		return value.EmptyHashMap.Val(), nil
	}
	b := value.EmptyHashMap.Builder()
	for {
		if err := r.member(b); err != nil {
			return value.Nil, err
		}
		switch r.peek() {
		case ',':
			r.pos++
		case '}':
			r.pos++
			return b.Map().Val(), nil
		default:
			return value.Nil, r.fail("',' or '}' is expected")
		}
	}
}

func (r *reader) member(b *value.MapBuilder) error {
	if r.peek() != '"' {
		return r.fail("a member name is expected")
	}
	name, err := r.str()
	if err != nil {
		return err
	}
	key, err := r.key(name)
	if err != nil {
		return err
	}
	if r.peek() != ':' {
		return r.fail("':' is expected")
	}
	r.pos++
	v, err := r.value()
	if err != nil {
		return err
	}
	if r.o.ValueFn != nil {
		if v, err = r.o.ValueFn(key, v); err != nil {
			return err
		}
	}
	b.Put(key, v)
	return nil
}

func (r *reader) key(name string) (value.Value, error) {
	switch {
	case r.o.KeyFn != nil:
		return r.o.KeyFn(name)
	case !r.o.KeywordKeys:
		return value.String(name), nil
	case name == "":
		return value.Nil, r.fail("a member name is empty")
	}
	return value.Kw(name), nil
}

func (r *reader) word(w string) error {
	end := r.pos + len(w)
	if end > len(r.text) || string(r.text[r.pos:end]) != w || end < len(r.text) && isLetter(r.text[end]) {
		return r.fail("a value is expected")
	}
	r.pos = end
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (r *reader) digits() int {
	from := r.pos
	for r.pos < len(r.text) && r.text[r.pos] >= '0' && r.text[r.pos] <= '9' {
		r.pos++
	}
	return r.pos - from
}

func (r *reader) at(c byte) bool { return r.pos < len(r.text) && r.text[r.pos] == c }

func (r *reader) number() (value.Value, error) {
	from := r.pos
	whole := true
	if r.at('-') {
		r.pos++
	}
	zero := r.at('0')
	if n := r.digits(); n == 0 || zero && n > 1 {
		return value.Nil, r.fail("malformed number")
	}
	if r.at('.') {
		whole = false
		r.pos++
		if r.digits() == 0 {
			return value.Nil, r.fail("malformed number")
		}
	}
	if r.at('e') || r.at('E') {
		whole = false
		r.pos++
		if r.at('+') || r.at('-') {
			r.pos++
		}
		if r.digits() == 0 {
			return value.Nil, r.fail("malformed number")
		}
	}
	if r.pos < len(r.text) && (isLetter(r.text[r.pos]) || r.text[r.pos] == '.') {
		return value.Nil, r.fail("malformed number")
	}
	text := string(r.text[from:r.pos])
	switch {
	case whole && text != "-0":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return value.Nil, r.fail("the number does not fit a long")
		}
		return value.Long(n), nil
	case r.o.Decimal:
		d, ok := value.ParseDecimal(text)
		if !ok {
			return value.Nil, r.fail("the exponent is out of range")
		}
		return d.Val(), nil
	}
	f, _ := strconv.ParseFloat(text, 64) // out of range: infinite, as in the reference
	return value.Double(f), nil
}

// str reads a string; most have no escape and are copied whole.
func (r *reader) str() (string, error) {
	r.pos++
	from := r.pos
	for ; r.pos < len(r.text); r.pos++ {
		switch c := r.text[r.pos]; {
		case c == '"':
			s := string(r.text[from:r.pos])
			r.pos++
			return s, nil
		case c == '\\':
			return r.escaped(from)
		case c < ' ':
			return "", r.fail("a string contains a control character")
		}
	}
	return "", r.fail("a string has no end")
}

func (r *reader) escaped(from int) (string, error) {
	buf := append([]byte(nil), r.text[from:r.pos]...)
	for r.pos < len(r.text) {
		switch c := r.text[r.pos]; {
		case c == '"':
			r.pos++
			return string(buf), nil
		case c == '\\':
			u, err := r.escape()
			if err != nil {
				return "", err
			}
			buf = value.AppendChar(buf, u)
		case c < ' ':
			return "", r.fail("a string contains a control character")
		case c < utf8.RuneSelf:
			buf = append(buf, c)
			r.pos++
		default:
			end := r.pos + 1
			for end < len(r.text) && r.text[end] >= utf8.RuneSelf {
				end++
			}
			buf = value.AppendText(buf, string(r.text[r.pos:end]))
			r.pos = end
		}
	}
	return "", r.fail("a string has no end")
}

// escape reads one escape sequence into its UTF-16 code unit.
func (r *reader) escape() (uint16, error) {
	if r.pos+1 >= len(r.text) {
		return 0, r.fail("a string has no end")
	}
	c := r.text[r.pos+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		if r.pos+6 > len(r.text) {
			return 0, r.fail("malformed escape")
		}
		n, err := strconv.ParseUint(string(r.text[r.pos+2:r.pos+6]), 16, 16)
		if err != nil {
			return 0, r.fail("malformed escape")
		}
		r.pos += 6
		return uint16(n), nil
	default:
		return 0, r.fail("unknown escape")
	}
	r.pos += 2
	return uint16(c), nil
}
