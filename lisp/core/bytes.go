// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"slices"
	"strconv"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// bytesTable: language.md 8.2.
var bytesTable = eval.Table{
	{Name: "bytebuf", Min: 0, Max: 1, FN: byteBuf, Forms: "(bytebuf)\n(bytebuf x)", Doc: "A byte buffer of a list of longs (modulo 256), a string (UTF-8) or a buffer."},
	{Name: "bytebuf-allocate", Min: 1, Max: 2, FN: allocate, Forms: "(bytebuf-allocate length)\n(bytebuf-allocate length init)", Doc: "A buffer of zeros, or of init bytes."},
	{Name: "bytebuf-allocate-random", Min: 1, Max: 1, F1: func(th *eval.Thread, n value.Value) (value.Value, error) {
		b, err := newBytes(th, "bytebuf-allocate-random", n)
		if err == nil {
			_, err = rand.Read(b)
		}
		return value.NewByteBuf(b).Val(), err
	}, Forms: "(bytebuf-allocate-random length)", Doc: "A buffer of random bytes."},
	{Name: "bytebuf-from-string", Min: 1, Max: 4, Fn: bytesFromString, Forms: "(bytebuf-from-string s)\n(bytebuf-from-string s charset)\n(bytebuf-from-string s charset length fill-byte)", Doc: "The bytes of a text, UTF-8 unless a charset is given."},
	{Name: "bytebuf-to-string", Min: 1, Max: 2, Fn: bytesToString, Forms: "(bytebuf-to-string buf)\n(bytebuf-to-string buf charset)", Doc: "The text of the bytes, UTF-8 unless a charset is given."},
	{Name: "bytebuf-to-list", Min: 1, Max: 2, Fn: bytesToList, Forms: "(bytebuf-to-list buf)", Doc: "A lazy sequence of the unsigned bytes, as ints."},
	{Name: "bytebuf-sub", Min: 2, Max: 3, Fn: bytesSub, Forms: "(bytebuf-sub buf start)\n(bytebuf-sub buf start end)", Doc: "A copy of a part."},
	{Name: "bytebuf-merge", Min: 1, Max: -1, FN: bytesMerge, Forms: "(bytebuf-merge & bufs)", Doc: "All bytes of the buffers."},
	{Name: "bytebuf-index-of", Min: 2, Max: 4, Fn: bytesIndexOf, Forms: "(bytebuf-index-of buf search)\n(bytebuf-index-of buf search start)\n(bytebuf-index-of buf search start end)", Doc: "The first position of search; nil if there is none."},
	bufferRow("bytebuf-capacity", "The capacity.", func(b *value.ByteBuf) value.Value { return value.Long(int64(len(b.B))) }),
	bufferRow("bytebuf-limit", "The limit.", func(b *value.ByteBuf) value.Value { return value.Long(int64(b.Lim)) }),
	bufferRow("bytebuf-pos", "The position.", func(b *value.ByteBuf) value.Value { return value.Long(int64(b.Pos)) }),
	bufferRow("bytebuf-remaining", "The bytes between position and limit.", func(b *value.ByteBuf) value.Value { return value.Long(int64(b.Lim - b.Pos)) }),
	bufferRow("bytebuf-byte-order", "The byte order, :big-endian or :little-endian.", func(b *value.ByteBuf) value.Value {
		if b.LittleEndian {
			return value.Kw("little-endian")
		}
		return value.Kw("big-endian")
	}),
	{Name: "bytebuf-byte-order!", Min: 2, Max: 2, Fn: setByteOrder, Forms: "(bytebuf-byte-order! buf order)", Doc: "Sets the byte order, :big-endian or :little-endian."},
	{Name: "bytebuf-pos!", Min: 2, Max: 2, Fn: setPosition, Forms: "(bytebuf-pos! buf pos)", Doc: "Moves the position."},
	{Name: "bytebuf-limit!", Min: 2, Max: 2, Fn: setLimit, Forms: "(bytebuf-limit! buf limit)", Doc: "Sets the limit."},
	{Name: "bytebuf-ensure-free-capacity!", Min: 2, Max: 2, Fn: ensureCapacity, Forms: "(bytebuf-ensure-free-capacity! buf n)", Doc: "Makes room for n bytes behind the position."},
	{Name: "bytebuf-put-buf!", Min: 4, Max: 4, Fn: putBuffer, Forms: "(bytebuf-put-buf! dst src offset length)", Doc: "Copies a part of a buffer to the position."},
}

// maxBuffer bounds a buffer that a script asks for by length: 1 GiB.
const maxBuffer = 1 << 30

func newBytes(th *eval.Thread, fn string, length value.Value) ([]byte, error) {
	n, err := byteCount(length)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, value.Throwf(value.NegativeArraySize, "%d", n)
	}
	if n > maxBuffer {
		return nil, value.Errorf("Function '%s' does not allow a length of %d", fn, n)
	}
	if err := th.Room(int(n)); err != nil {
		return nil, err
	}
	return make([]byte, n), nil
}

var byteCountPattern = regexp.MustCompile("^([1-9][0-9]*)(B|KB|MB)$")

// byteCount takes a number of bytes, a keyword like :20KB, or nil for none.
func byteCount(v value.Value) (int64, error) {
	if n, ok := v.Long(); ok || v.IsNil() {
		return n, nil
	}
	k, ok := v.Ref().(*value.Keyword)
	var m []string
	if ok {
		m = byteCountPattern.FindStringSubmatch(k.Name)
	}
	if m == nil {
		return 0, value.Errorf("Invalid size value! Use 20000, 500KB, 10MB, ...")
	}
	n, err := strconv.ParseInt(m[1], 10, 32)
	if err != nil {
		return 0, value.Errorf("The size :%s is too large", k.Name)
	}
	return n * map[string]int64{"B": 1, "KB": 1 << 10, "MB": 1 << 20}[m[2]], nil
}

func byteBuf(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.NewByteBuf(nil).Val(), nil
	}
	if s, ok := value.StringOrKeyword(a[0]); ok {
		return value.NewByteBuf([]byte(value.ToUTF8(s))).Val(), nil
	}
	switch x := a[0].Ref().(type) {
	case *value.ByteBuf:
		return value.NewByteBuf(bytes.Clone(x.B[:x.Lim])).Val(), nil
	case *value.LazySeq:
		return value.Nil, noLazySize()
	case value.Sequence:
		b := make([]byte, 0, x.Count())
		for v := range x.All() {
			n, ok := v.Long()
			if !ok {
				return value.Nil, value.Errorf("Function 'bytebuf' a list as argument must contains long values")
			}
			b = append(b, byte(n))
		}
		return value.NewByteBuf(b).Val(), nil
	}
	return value.Nil, value.Errorf("Function 'bytebuf' does not allow %s as argument", a[0].Type())
}

func allocate(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 1 {
		if n, _ := a[0].Long(); n < 0 {
			return value.Nil, value.Throwf(value.IllegalArgument, "capacity < 0: (%d < 0)", n)
		}
		b, err := newBytes(th, "bytebuf-allocate", a[0])
		return value.NewByteBuf(b).Val(), err
	}
	if _, err := byteCount(a[0]); err != nil {
		return value.Nil, err
	}
	fill, err := asLong(a[1])
	if err != nil {
		return value.Nil, err
	}
	b, err := newBytes(th, "bytebuf-allocate", a[0])
	for i := range b {
		b[i] = byte(fill)
	}
	return value.NewByteBuf(b).Val(), err
}

// charsetOf takes a charset: a keyword or string, UTF-8 if there is none or it is empty.
func charsetOf(in *eval.Args) string {
	if s, _ := in.StrOrNil(); s != "" {
		return s
	}
	return "UTF-8"
}

func unknownCharset(name string) error { return value.Throwf(value.UnsupportedCharset, "%s", name) }

func bytesFromString(th *eval.Thread, in *eval.Args) (value.Value, error) {
	if in.Len() == 3 {
		return value.Nil, th.Runtime().Row(in.Name).ArityError(in.Len())
	}
	s, charset := in.Str(), charsetOf(in)
	fixed := in.Left() > 0
	var length, fill int64
	if fixed {
		length, fill = in.Long(), in.Long()
	}
	b, ok := value.EncodeText(charset, s)
	if !ok || in.Done() != nil || length < 0 {
		return value.Nil, value.Errorf("Failed to convert string to bytebuffer")
	}
	if fixed {
		if length > maxBuffer {
			return value.Nil, value.Errorf("Function 'bytebuf-from-string' does not allow a length of %d", length)
		}
		if err := th.Room(int(length)); err != nil {
			return value.Nil, err
		}
		b = append(b, bytes.Repeat([]byte{byte(fill)}, max(0, int(length)-len(b)))...)[:length]
	}
	return value.NewByteBuf(b).Val(), nil
}

func bytesToString(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	buf := in.ByteBuf()
	charset := charsetOf(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	s, ok := value.DecodeText(charset, buf.B[:buf.Lim])
	if !ok {
		return value.Nil, unknownCharset(charset)
	}
	return value.String(s), nil
}

func bytesToList(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	buf := in.ByteBuf()
	if in.Left() > 0 {
		in.Value() // accepted and not used, as in the reference
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return lazyBytes(bytes.Clone(buf.B[:buf.Lim])).Val(), nil
}

func lazyBytes(b []byte) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) {
		if len(b) == 0 {
			return value.Nil, nil, false, nil
		}
		return value.Int(int32(b[0])), lazyBytes(b[1:]), true, nil
	})
}

func bytesSub(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	buf, from := in.ByteBuf(), in.Long()
	if in.Done() != nil {
		return value.Nil, in.Done()
	}
	to := int64(buf.Lim)
	if in.Left() > 0 {
		to = in.Long()
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if from < 0 || to > int64(buf.Lim) || from > to {
		return value.Nil, value.Errorf("bytebuf-sub: index out of bounds!")
	}
	return value.NewByteBuf(bytes.Clone(buf.B[from:to])).Val(), nil
}

func bytesMerge(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 1 {
		return a[0], nil // unchecked, as in the reference
	}
	var b []byte
	for _, v := range a {
		x, err := asByteBuf(v)
		if err != nil {
			return value.Nil, err
		}
		if err := th.Room(len(b) + x.Lim); err != nil {
			return value.Nil, err
		}
		b = append(b, x.B[:x.Lim]...)
	}
	return value.NewByteBuf(b).Val(), nil
}

func bytesIndexOf(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	buf, search := in.ByteBuf(), in.ByteBuf()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	from, to := int64(0), int64(buf.Lim)
	if in.Left() > 0 {
		from = max(0, in.Long())
	}
	if in.Left() > 0 {
		to = min(to, in.Long())
	}
	if err := in.Done(); err != nil || from > to {
		return value.Nil, err
	}
	i := bytes.Index(buf.B[from:to], search.B[:search.Lim])
	if i < 0 {
		return value.Nil, nil
	}
	return value.Long(from + int64(i)), nil
}

func asByteBuf(v value.Value) (*value.ByteBuf, error) {
	b, ok := v.Ref().(*value.ByteBuf)
	if !ok {
		return nil, value.CoerceError(v, "bytebuf")
	}
	return b, nil
}

func bufferRow(name, doc string, f func(*value.ByteBuf) value.Value) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " buf)", Doc: doc,
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			b, err := asByteBuf(v)
			if err != nil {
				return value.Nil, err
			}
			return f(b), nil
		}}
}

func setByteOrder(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	buf, order := in.ByteBuf(), in.Keyword()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	switch order {
	case "big-endian", "little-endian":
		buf.LittleEndian = order == "little-endian"
		return buf.Val(), nil
	}
	return value.Nil, value.Errorf("Function 'bytebuf-byte-order!' does not allow :%s as order", order)
}

func setPosition(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	buf, pos := in.ByteBuf(), in.Long()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if pos < 0 || pos > int64(buf.Lim) {
		return value.Nil, value.Errorf("bytebuf-pos!: position %d is out of range", pos)
	}
	buf.Pos = int(pos)
	return buf.Val(), nil
}

func setLimit(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	buf, limit := in.ByteBuf(), in.Long()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if limit < 0 || limit > int64(len(buf.B)) {
		return value.Nil, value.Errorf("bytebuf-limit!: limit %d is out of range", limit)
	}
	buf.Lim = int(limit)
	buf.Pos = min(buf.Pos, buf.Lim)
	return buf.Val(), nil
}

func ensureCapacity(th *eval.Thread, in *eval.Args) (value.Value, error) {
	buf, n := in.ByteBuf(), in.Long()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if n < 0 || n > maxBuffer {
		return value.Nil, value.Errorf("Function 'bytebuf-ensure-free-capacity!' does not allow a capacity of %d", n)
	}
	if missing := buf.Pos + int(n) - len(buf.B); missing > 0 {
		if err := th.Room(len(buf.B) + missing); err != nil {
			return value.Nil, err
		}
		if err := th.Charge(len(buf.B) + missing); err != nil {
			return value.Nil, err
		}
		buf.B = append(slices.Clip(buf.B), make([]byte, missing)...)
		buf.Lim = len(buf.B)
	}
	return buf.Val(), nil
}

func putBuffer(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	dst, src, from, n := in.ByteBuf(), in.ByteBuf(), in.Long(), in.Long()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if from < 0 || n < 0 || from > int64(src.Lim) || n > int64(src.Lim)-from {
		return value.Nil, value.Errorf("bytebuf-put-buf!: index out of bounds!")
	}
	at, err := advance("bytebuf-put-buf!", dst, int(n))
	if err != nil {
		return value.Nil, err
	}
	copy(at, src.B[from:from+n])
	return dst.Val(), nil
}
