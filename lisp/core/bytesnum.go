// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"encoding/binary"
	"math"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// bytesNumberTable: language.md 8.2, numbers in buffers. Reads and writes without an index work at the position and move it.
var bytesNumberTable = eval.Table{
	getRow("bytebuf-get-byte", 1, func(_ binary.ByteOrder, b []byte) value.Value { return value.Int(int32(b[0])) }),
	getRow("bytebuf-get-int", 4, func(o binary.ByteOrder, b []byte) value.Value { return value.Int(int32(o.Uint32(b))) }),
	getRow("bytebuf-get-long", 8, func(o binary.ByteOrder, b []byte) value.Value { return value.Long(int64(o.Uint64(b))) }),
	getRow("bytebuf-get-float", 4, func(o binary.ByteOrder, b []byte) value.Value {
		return value.Double(float64(math.Float32frombits(o.Uint32(b))))
	}),
	getRow("bytebuf-get-double", 8, func(o binary.ByteOrder, b []byte) value.Value {
		return value.Double(math.Float64frombits(o.Uint64(b)))
	}),
	putRow("bytebuf-put-byte!", 1, wholeNumber(func(_ binary.ByteOrder, b []byte, n int64) { b[0] = byte(n) })),
	putRow("bytebuf-put-int!", 4, wholeNumber(func(o binary.ByteOrder, b []byte, n int64) { o.PutUint32(b, uint32(n)) })),
	putRow("bytebuf-put-long!", 8, wholeNumber(func(o binary.ByteOrder, b []byte, n int64) { o.PutUint64(b, uint64(n)) })),
	putRow("bytebuf-put-float!", 4, realNumber(func(o binary.ByteOrder, b []byte, f float64) {
		o.PutUint32(b, math.Float32bits(float32(f)))
	})),
	putRow("bytebuf-put-double!", 8, realNumber(func(o binary.ByteOrder, b []byte, f float64) {
		o.PutUint64(b, math.Float64bits(f))
	})),
}

func orderOf(b *value.ByteBuf) binary.ByteOrder {
	if b.LittleEndian {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// advance returns the n bytes at the position and moves it behind them.
func advance(fn string, b *value.ByteBuf, n int) ([]byte, error) {
	if n > b.Lim-b.Pos {
		return nil, value.Errorf("%s: the buffer has %d bytes left, %d are needed", fn, b.Lim-b.Pos, n)
	}
	at := b.B[b.Pos : b.Pos+n]
	b.Pos += n
	return at, nil
}

func getRow(name string, size int, get func(binary.ByteOrder, []byte) value.Value) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 2, Forms: "(" + name + " buf)\n(" + name + " buf pos)", Doc: "Reads a number at the position, or at an index.",
		Fn: func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
			buf := in.ByteBuf()
			at := int64(-1)
			if in.Left() > 0 {
				if at = in.Long(); at < 0 {
					in.Fail(value.Errorf("%s: position %d is out of range", name, at))
				}
			}
			if err := in.Done(); err != nil {
				return value.Nil, err
			}
			if at < 0 {
				b, err := advance(name, buf, size)
				if err != nil {
					return value.Nil, err
				}
				return get(orderOf(buf), b), nil
			}
			if at > int64(buf.Lim-size) {
				return value.Nil, value.Errorf("%s: position %d is out of range", name, at)
			}
			return get(orderOf(buf), buf.B[at:at+int64(size)]), nil
		}}
}

// putter writes a number; it refuses values of other types before it is given the bytes.
type putter func(v value.Value) (func(binary.ByteOrder, []byte), error)

func putRow(name string, size int, put putter) eval.Row {
	return eval.Row{Name: name, Min: 2, Max: 2, Forms: "(" + name + " buf val)", Doc: "Writes a number at the position.",
		Fn: func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
			buf, v := in.ByteBuf(), in.Value()
			if err := in.Done(); err != nil {
				return value.Nil, err
			}
			write, err := put(v)
			if err != nil {
				return value.Nil, err
			}
			b, err := advance(name, buf, size)
			if err != nil {
				return value.Nil, err
			}
			write(orderOf(buf), b)
			return buf.Val(), nil
		}}
}

func wholeNumber(put func(binary.ByteOrder, []byte, int64)) putter {
	return func(v value.Value) (func(binary.ByteOrder, []byte), error) {
		n, ok := v.Long()
		if i, isInt := v.Int(); isInt {
			n, ok = int64(i), true
		}
		if !ok {
			return nil, value.CoerceError(v, "long")
		}
		return func(o binary.ByteOrder, b []byte) { put(o, b, n) }, nil
	}
}

func realNumber(put func(binary.ByteOrder, []byte, float64)) putter {
	return func(v value.Value) (func(binary.ByteOrder, []byte), error) {
		f, ok := v.Double()
		if x, isFloat := v.Float(); isFloat {
			f, ok = float64(x), true
		}
		if !ok {
			return nil, value.CoerceError(v, "double")
		}
		return func(o binary.ByteOrder, b []byte) { put(o, b, f) }, nil
	}
}
