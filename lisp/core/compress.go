// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"os"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// maxInflated bounds what one call decompresses into memory.
const maxInflated = 1 << 30

// compressTable: compressed data, language.md 14.4.
var compressTable = eval.Table{
	{Name: "io/gzip", Min: 1, Max: 1, F1: gzipBytes, Forms: "(io/gzip x)", Doc: "Compresses a file, bytebuf or input stream."},
	{Name: "io/ungzip", Min: 1, Max: 1, F1: ungzipBytes, Forms: "(io/ungzip x)", Doc: "Decompresses a file, bytebuf or input stream to a bytebuf."},
	{Name: "io/gzip?", Min: 1, Max: 1, F1: hasMagic("\x1f\x8b"), Forms: "(io/gzip? x)", Doc: "Whether a file or bytebuf begins like a gzip."},
	{Name: "io/gzip-to-stream", Min: 2, Max: 2, F2: gzipToStream, Forms: "(io/gzip-to-stream x os)", Doc: "Compresses into an output stream."},
	{Name: "io/ungzip-to-stream", Min: 1, Max: 1, F1: ungzipToStream, Forms: "(io/ungzip-to-stream x)", Doc: "An input stream of the decompressed content."},
	{Name: "io/deflate", Min: 1, Max: 1, F1: deflateBytes, Forms: "(io/deflate buf)", Doc: "Compresses a bytebuf in zlib format."},
	{Name: "io/inflate", Min: 1, Max: 1, F1: inflateBytes, Forms: "(io/inflate buf)", Doc: "Decompresses a bytebuf in zlib format."},
}

// contentOf are the bytes of a bytebuf, file, path, input stream or reader.
func contentOf(th *eval.Thread, v value.Value) ([]byte, error) {
	if b, ok := v.Ref().(*value.ByteBuf); ok {
		return b.B[:b.Lim], nil
	}
	if s, ok := value.HostOf[*source](v); ok {
		return s.ReadAll(th)
	}
	if p, ok := pathOf(v); ok {
		if path, ok := find(th, p); ok {
			p = path
		}
		if info, err := os.Stat(p); err != nil || info.IsDir() {
			return nil, value.Errorf("'%s' is not a file", p)
		}
		return readPath(th, p)
	}
	return nil, value.Errorf("The type %s is no data: use a bytebuf, a file or an input stream", v.Type())
}

// holdsContent reports whether contentOf can read the value.
func holdsContent(v value.Value) bool {
	_, isSource := value.HostOf[*source](v)
	_, isBuf := v.Ref().(*value.ByteBuf)
	_, isPath := pathOf(v)
	return isSource || isBuf || isPath
}

func bytesValue(b []byte, err error) (value.Value, error) {
	if err != nil {
		return value.Nil, ioError(err)
	}
	return value.NewByteBuf(b).Val(), nil
}

// compressed runs a compressor over data.
func compressed[W io.WriteCloser](open func(io.Writer) W, data []byte) ([]byte, error) {
	var out bytes.Buffer
	w := open(&out)
	_, err := w.Write(data)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

// inflated reads a decompressor to its end.
func inflated(r io.Reader, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if len(b) > maxInflated {
		return nil, value.Errorf("The content is larger than %d bytes: decompress it through a stream", maxInflated)
	}
	return b, err
}

func gzipBytes(th *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	b, err := contentOf(th, v)
	if err != nil {
		return value.Nil, err
	}
	return bytesValue(compressed(gzip.NewWriter, b))
}

func ungzipBytes(th *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	b, err := contentOf(th, v)
	if err != nil {
		return value.Nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	return bytesValue(inflated(z, err))
}

func gzipToStream(th *eval.Thread, v, to value.Value) (value.Value, error) {
	b, err := contentOf(th, v)
	if err != nil {
		return value.Nil, err
	}
	out, err := asSink("io/gzip-to-stream", to)
	if err == nil {
		b, err = compressed(gzip.NewWriter, b)
	}
	if err == nil {
		_, err = out.Write(b)
	}
	return value.Nil, ioError(err)
}

func ungzipToStream(th *eval.Thread, v value.Value) (value.Value, error) {
	b, err := contentOf(th, v)
	if err != nil {
		return value.Nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return value.Nil, ioError(err)
	}
	return newSource(typeGzipIn, z, nil), nil
}

func deflateBytes(_ *eval.Thread, v value.Value) (value.Value, error) {
	b, err := asByteBuf(v)
	if err != nil {
		return value.Nil, err
	}
	return bytesValue(compressed(zlib.NewWriter, b.B[:b.Lim]))
}

func inflateBytes(_ *eval.Thread, v value.Value) (value.Value, error) {
	b, err := asByteBuf(v)
	if err != nil {
		return value.Nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(b.B[:b.Lim]))
	return bytesValue(inflated(z, err))
}

func hasMagic(magic string) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if p, ok := pathOf(v); ok {
			f, err := os.Open(p)
			if err != nil {
				return value.Nil, ioError(err)
			}
			defer f.Close()
			b := make([]byte, len(magic))
			_, err = io.ReadFull(f, b)
			return value.Bool(err == nil && string(b) == magic), nil
		}
		b, err := asByteBuf(v)
		if err != nil {
			return value.Nil, err
		}
		return value.Bool(strings.HasPrefix(string(b.B[:b.Lim]), magic)), nil
	}
}
