// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// The stream classes of the reference that scripts see.
var (
	typeInputStream  = &value.Type{Name: "java.io.InputStream"}
	typeOutputStream = &value.Type{Name: "java.io.OutputStream"}
	typeReader       = &value.Type{Name: "java.io.Reader"}
	typeWriter       = &value.Type{Name: "java.io.Writer"}

	typeFileIn    = &value.Type{Name: "java.io.FileInputStream", Supers: []*value.Type{typeInputStream}}
	typeBytesIn   = &value.Type{Name: "java.io.ByteArrayInputStream", Supers: []*value.Type{typeInputStream}}
	typeGzipIn    = &value.Type{Name: "java.util.zip.GZIPInputStream", Supers: []*value.Type{typeInputStream}}
	typeFileOut   = &value.Type{Name: "java.io.FileOutputStream", Supers: []*value.Type{typeOutputStream}}
	typeBytesOut  = &value.Type{Name: "java.io.ByteArrayOutputStream", Supers: []*value.Type{typeOutputStream}}
	typeGzipOut   = &value.Type{Name: "java.util.zip.GZIPOutputStream", Supers: []*value.Type{typeOutputStream}}
	typeStringIn  = &value.Type{Name: "java.io.StringReader", Supers: []*value.Type{typeReader}}
	typeBuffered  = &value.Type{Name: "java.io.BufferedReader", Supers: []*value.Type{typeReader}}
	typeStringOut = &value.Type{Name: "java.io.StringWriter", Supers: []*value.Type{typeWriter}}
	typeBufferOut = &value.Type{Name: "java.io.BufferedWriter", Supers: []*value.Type{typeWriter}}
	typePrintOut  = &value.Type{Name: "java.io.PrintWriter", Supers: []*value.Type{typeWriter}}
	typeCapture   = &value.Type{Name: "com.github.jlangch.venice.util.CapturingPrintStream", Supers: []*value.Type{value.TypeStream, typeOutputStream}}
)

// streamTable: streams, readers and writers, language.md 14.4.
var streamTable = eval.Table{
	{Name: "*in*", Value: func(rt *eval.Runtime) value.Value { return newSource(typeBuffered, rt.Config.Stdin, nil) }, Dynamic: true, Doc: "The standard input, a reader."},
	{Name: "read-line", Min: 0, Max: 1, FN: fromInput("read-line", readLine, typeStringIn), Forms: "(read-line)\n(read-line reader)", Doc: "The next line of *in* or a reader; nil at its end."},
	{Name: "read-char", Min: 0, Max: 1, FN: fromInput("read-char", readChar, nil), Forms: "(read-char)\n(read-char reader)", Doc: "The next character of *in* or a reader; nil at its end."},
	{Name: "io/read-line", Min: 1, Max: 1, FN: fromInput("io/read-line", readLine, typeStringIn), Forms: "(io/read-line reader)", Doc: "The next line of a reader; nil at its end."},
	{Name: "io/read-char", Min: 1, Max: 1, FN: fromInput("io/read-char", readChar, nil), Forms: "(io/read-char reader)", Doc: "The next character of a reader; nil at its end."},
	{Name: "io/string-reader", Min: 1, Max: 1, F1: stringReader, Forms: "(io/string-reader s)", Doc: "A reader of a string."},
	{Name: "io/buffered-reader", Min: 1, Max: -1, Fn: bufferedReader, Forms: "(io/buffered-reader x & options)", Doc: "A reader of a string, file, bytebuf, input stream or reader. Option :encoding."},
	{Name: "io/string-in-stream", Min: 1, Max: -1, Fn: stringInStream, Forms: "(io/string-in-stream s & options)", Doc: "An input stream of a string's bytes. Option :encoding."},
	{Name: "io/bytebuf-in-stream", Min: 1, Max: 1, F1: bytebufInStream, Forms: "(io/bytebuf-in-stream buf)", Doc: "An input stream of a bytebuf."},
	{Name: "io/file-in-stream", Min: 1, Max: -1, Fn: fileInStream, Forms: "(io/file-in-stream f)", Doc: "An input stream of a file."},
	{Name: "io/string-writer", Min: 0, Max: 0, F0: captures(typeStringOut), Forms: "(io/string-writer)", Doc: "A writer that keeps its text: deref gives it."},
	{Name: "io/bytebuf-out-stream", Min: 0, Max: 0, F0: captures(typeBytesOut), Forms: "(io/bytebuf-out-stream)", Doc: "An output stream that keeps its bytes: deref gives them."},
	{Name: "io/capturing-print-stream", Min: 0, Max: 0, F0: captures(typeCapture), Forms: "(io/capturing-print-stream)", Doc: "A stream for *out* and *err* that keeps its text: deref gives it."},
	{Name: "io/file-out-stream", Min: 1, Max: -1, Fn: fileOut("io/file-out-stream", typeFileOut, false), Forms: "(io/file-out-stream f & options)", Doc: "An output stream to a file. Option :append."},
	{Name: "io/buffered-writer", Min: 1, Max: -1, Fn: fileOut("io/buffered-writer", typeBufferOut, true), Forms: "(io/buffered-writer x & options)", Doc: "A writer to a file or output stream. Options :append, :encoding."},
	{Name: "io/slurp-stream", Min: 1, Max: -1, Fn: slurpStream("io/slurp-stream"), Forms: "(io/slurp-stream is & options)", Doc: "The rest of an input stream: a string, or with :binary true a bytebuf. Option :encoding."},
	{Name: "io/slurp-reader", Min: 1, Max: -1, Fn: slurpStream("io/slurp-reader"), Forms: "(io/slurp-reader rd)", Doc: "The rest of a reader as a string."},
	{Name: "io/spit-stream", Min: 2, Max: -1, Fn: spitStream, Forms: "(io/spit-stream os content & options)", Doc: "Writes a string or bytebuf. Options :encoding, :flush."},
	{Name: "io/spit-writer", Min: 2, Max: -1, Fn: spitStream, Forms: "(io/spit-writer wr text & options)", Doc: "Writes a string. Option :flush."},
	{Name: "io/copy-stream", Min: 2, Max: 2, F2: copyStream, Forms: "(io/copy-stream is os)", Doc: "Copies an input stream to an output stream, to its end."},
	{Name: "io/print", Min: 2, Max: 2, F2: func(th *eval.Thread, os, v value.Value) (value.Value, error) {
		return printTo(th, "io/print", os, v, "")
	}, Forms: "(io/print os s)", Doc: "Prints to a stream or writer."},
	{Name: "io/print-line", Min: 1, Max: 2, FN: printLine, Forms: "(io/print-line os)\n(io/print-line os s)", Doc: "Prints to a stream or writer, and ends the line."},
	{Name: "io/flush", Min: 1, Max: 1, F1: flushStream, Forms: "(io/flush s)", Doc: "Flushes a stream or writer."},
	streamTest("io/in-stream?", typeInputStream), streamTest("io/out-stream?", typeOutputStream), streamTest("io/reader?", typeReader), streamTest("io/writer?", typeWriter),
	{Name: "io/wrap-is-with-buffered-reader", Min: 1, Max: 2, FN: wrapReader, Forms: "(io/wrap-is-with-buffered-reader is encoding?)", Doc: "A reader of an input stream."},
	{Name: "io/wrap-is-with-gzip-input-stream", Min: 1, Max: 1, F1: wrapGunzip, Forms: "(io/wrap-is-with-gzip-input-stream is)", Doc: "An input stream that decompresses another."},
	{Name: "io/wrap-os-with-buffered-writer", Min: 1, Max: 2, FN: wrapWriter("io/wrap-os-with-buffered-writer", typeBufferOut), Forms: "(io/wrap-os-with-buffered-writer os encoding?)", Doc: "A writer to an output stream."},
	{Name: "io/wrap-os-with-print-writer", Min: 1, Max: 2, FN: wrapWriter("io/wrap-os-with-print-writer", typePrintOut), Forms: "(io/wrap-os-with-print-writer os encoding?)", Doc: "A writer to an output stream."},
	{Name: "io/wrap-os-with-gzip-output-stream", Min: 1, Max: 1, F1: wrapGzip, Forms: "(io/wrap-os-with-gzip-output-stream os)", Doc: "An output stream that compresses into another; close it to finish."},
}

// source is what scripts read from: an input stream or a reader, which is UTF-8. Sharing it is the script's business.
type source struct {
	r      *bufio.Reader
	close  func() error
	closed bool
	second rune // the other half of a character beyond the BMP: scripts read UTF-16 units
}

func newSource(t *value.Type, r io.Reader, close func() error) value.Value {
	return value.NewHost(t, &source{r: bufio.NewReader(r), close: close}).Val()
}

// Close ends reading.
func (s *source) Close() error {
	if s.closed || s.close == nil {
		s.closed = true
		return nil
	}
	s.closed = true
	return s.close()
}

// ReadAll returns the rest, for rooms that know streams by this method only.
func (s *source) ReadAll(*eval.Thread) ([]byte, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(s.r)
	return b, ioError(err)
}

func (s *source) usable() error {
	if s.closed {
		return value.NewException(value.VncException, "Failed to read from a stream").Because(value.Throwf(value.IOException, "Stream closed"))
	}
	return nil
}

func streamTest(name string, t *value.Type) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " x)", Doc: "Whether it is a " + t.Name + ".",
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return value.Bool(v.Type().Is(t.Name)), nil }}
}

func asSource(fn string, v value.Value) (*source, error) {
	s, ok := value.HostOf[*source](v)
	if !ok {
		return nil, value.Errorf("Function '%s' does not allow %s as stream", fn, v.Type())
	}
	return s, s.usable()
}

func asSink(fn string, v value.Value) (*value.Stream, error) {
	s, ok := v.Ref().(*value.Stream)
	if !ok {
		return nil, value.Errorf("%s does not allow type %s as output stream arg. Expected a :java.io.PrintStream or a :java.io.Writer.", fn, v.Type())
	}
	return s, nil
}

// fromInput reads from *in* or the argument; but not from readers of a type that has no such function.
func fromInput(name string, read func(*source) (value.Value, error), but *value.Type) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		in := th.CoreValue("*in*")
		if len(a) == 1 {
			in = a[0]
		}
		s, err := asSource(name, in)
		if err != nil {
			return value.Nil, err
		}
		if but != nil && in.Type() == but {
			return value.Nil, value.Errorf("Function '%s' does not allow %s, make it an io/buffered-reader", name, in.Type())
		}
		return read(s)
	}
}

func readLine(s *source) (value.Value, error) {
	line, err := s.r.ReadString('\n')
	if err != nil && (err != io.EOF || line == "") {
		if err == io.EOF {
			return value.Nil, nil
		}
		return value.Nil, ioError(err)
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	return value.String(strings.ToValidUTF8(line, "\uFFFD")), nil
}

func readChar(s *source) (value.Value, error) {
	if low := s.second; low != 0 {
		s.second = 0
		return value.Char(uint16(low)), nil
	}
	r, _, err := s.r.ReadRune()
	if err == io.EOF {
		return value.Nil, nil
	}
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		r, s.second = high, low
	}
	return value.Char(uint16(r)), ioError(err)
}

func stringReader(_ *eval.Thread, v value.Value) (value.Value, error) {
	text, ok := v.Str()
	if !ok {
		return value.Nil, value.CoerceError(v, "string")
	}
	return newSource(typeStringIn, strings.NewReader(value.ToUTF8(text)), nil), nil
}

func bufferedReader(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v := in.Value()
	_, charset, err := encodingOptions(in)
	if err != nil {
		return value.Nil, err
	}
	if text, ok := v.Str(); ok {
		return newSource(typeBuffered, strings.NewReader(value.ToUTF8(text)), nil), nil
	}
	switch x := v.Ref().(type) {
	case *value.ByteBuf:
		r, err := decoding(bytes.NewReader(x.B[:x.Lim]), charset)
		return newSource(typeBuffered, r, nil), err
	case *value.File:
		f, err := openForReading(th, x.Path)
		if err != nil {
			return value.Nil, value.NewException(value.VncException, "Failed to create reader from the file "+x.Path).Because(value.AsException(err))
		}
		r, err := decoding(f, charset)
		return newSource(typeBuffered, r, f.Close), err
	}
	s, ok := value.HostOf[*source](v)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/buffered-reader' does not allow %s as f", v.Type())
	}
	if v.Type().Is(typeReader.Name) {
		return value.NewHost(typeBuffered, s).Val(), nil
	}
	r, err := decoding(s.r, charset)
	return newSource(typeBuffered, r, s.Close), err
}

func stringInStream(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	v := in.Value()
	_, charset, err := encodingOptions(in)
	if err != nil {
		return value.Nil, err
	}
	text, ok := v.Str()
	if !ok {
		return value.Nil, value.CoerceError(v, "string")
	}
	return newSource(typeBytesIn, bytes.NewReader(encodeText(charset, text)), nil), nil
}

func bytebufInStream(_ *eval.Thread, v value.Value) (value.Value, error) {
	b, err := asByteBuf(v)
	if err != nil {
		return value.Nil, err
	}
	return newSource(typeBytesIn, bytes.NewReader(b.B[:b.Lim]), nil), nil
}

func fileInStream(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v, _ := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	p, ok := pathOf(v)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/file-in-stream' does not allow %s as f", v.Type())
	}
	f, err := openForReading(th, p)
	if err != nil {
		return value.Nil, value.NewException(value.VncException, "Failed to create a a `java.io.InputStream` from the file "+p).Because(value.AsException(err))
	}
	return newSource(typeFileIn, f, f.Close), nil
}

func captures(t *value.Type) func(*eval.Thread) (value.Value, error) {
	return func(*eval.Thread) (value.Value, error) { return value.NewTypedStream(t, nil, nil).Val(), nil }
}

// fileOut opens a file for writing, or with streams also wraps an output stream.
func fileOut(name string, t *value.Type, streams bool) func(*eval.Thread, *eval.Args) (value.Value, error) {
	return func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
		v := in.Value()
		opts, charset, err := encodingOptions(in)
		if err != nil {
			return value.Nil, err
		}
		if s, ok := v.Ref().(*value.Stream); ok && streams {
			return writerTo(t, s, charset, s.Close), nil
		}
		p, ok := pathOf(v)
		if !ok {
			return value.Nil, value.Errorf("Function '%s' does not allow %s as f", name, v.Type())
		}
		f, err := os.OpenFile(p, writeMode(opts), 0o666)
		if err != nil {
			return value.Nil, outputFailed(p, err)
		}
		return writerTo(t, f, charset, f.Close), nil
	}
}

func writeMode(opts map[string]value.Value) int {
	if opts["append"].Truthy() {
		return os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	return os.O_CREATE | os.O_WRONLY | os.O_TRUNC
}

func outputFailed(path string, cause error) error {
	return value.Errorf("Failed to return an OutputStream for the file '%s' on the load path", path).Because(value.Throwf(value.IOException, "%s", cause))
}

// writerTo is a buffered stream; text of another charset than UTF-8 is encoded on its way.
func writerTo(t *value.Type, w io.Writer, charset string, close func() error) value.Value {
	if !isUTF8(charset) {
		w = encoder{w, charset}
	}
	return value.NewTypedStream(t, bufio.NewWriter(w), close).Val()
}

func slurpStream(name string) func(*eval.Thread, *eval.Args) (value.Value, error) {
	return func(th *eval.Thread, in *eval.Args) (value.Value, error) {
		v := in.Value()
		opts, charset, err := encodingOptions(in)
		if err != nil {
			return value.Nil, err
		}
		s, err := asSource(name, v)
		if err != nil {
			return value.Nil, err
		}
		b, err := s.ReadAll(th)
		return slurped(b, charset, opts), err
	}
}

// slurped is what was read, as a string or with :binary true as a bytebuf.
func slurped(b []byte, charset string, opts map[string]value.Value) value.Value {
	if opts["binary"].Truthy() {
		return value.NewByteBuf(b).Val()
	}
	return value.String(decodeText(charset, b))
}

func spitStream(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	v, content := in.Value(), in.Value()
	opts, charset, err := encodingOptions(in)
	if err != nil {
		return value.Nil, err
	}
	s, ok := v.Ref().(*value.Stream)
	if !ok {
		return value.Nil, value.CoerceError(v, "java.io.OutputStream")
	}
	b, err := payload("spit-stream", content, charset)
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, spitOn(s, b, opts)
}

func copyStream(_ *eval.Thread, from, to value.Value) (value.Value, error) {
	s, err := asSource("io/copy-stream", from)
	if err != nil {
		return value.Nil, err
	}
	out, err := asSink("io/copy-stream", to)
	if err != nil {
		return value.Nil, err
	}
	_, err = io.Copy(out, s.r)
	return value.Nil, ioError(errors.Join(err, out.Flush()))
}

func printTo(th *eval.Thread, name string, os, v value.Value, end string) (value.Value, error) {
	out, err := asSink(name, os)
	if err != nil {
		return value.Nil, err
	}
	text, err := joined(th, []value.Value{v}, false)
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, write(th, out, text+end)
}

func printLine(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 2 {
		return printTo(th, "io/print-line", a[0], a[1], "\n")
	}
	out, err := asSink("io/print-line", a[0])
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, write(th, out, "\n")
}

func flushStream(_ *eval.Thread, v value.Value) (value.Value, error) {
	out, err := asSink("io/flush", v)
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, ioError(out.Flush())
}

func wrapReader(_ *eval.Thread, a []value.Value) (value.Value, error) {
	s, err := asSource("io/wrap-is-with-buffered-reader", a[0])
	if err != nil {
		return value.Nil, err
	}
	charset, err := charsetArg(a[1:])
	if err != nil {
		return value.Nil, err
	}
	r, err := decoding(s.r, charset)
	return newSource(typeBuffered, r, s.Close), err
}

func wrapGunzip(_ *eval.Thread, v value.Value) (value.Value, error) {
	s, err := asSource("io/wrap-is-with-gzip-input-stream", v)
	if err != nil {
		return value.Nil, err
	}
	z, err := gzip.NewReader(s.r)
	if err != nil {
		return value.Nil, ioError(err)
	}
	return newSource(typeGzipIn, z, s.Close), nil
}

func wrapWriter(name string, t *value.Type) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		out, err := asSink(name, a[0])
		if err != nil {
			return value.Nil, err
		}
		charset, err := charsetArg(a[1:])
		return writerTo(t, out, charset, out.Close), err
	}
}

func wrapGzip(_ *eval.Thread, v value.Value) (value.Value, error) {
	out, err := asSink("io/wrap-os-with-gzip-output-stream", v)
	if err != nil {
		return value.Nil, err
	}
	z := gzip.NewWriter(out)
	return value.NewTypedStream(typeGzipOut, z, func() error { return errors.Join(z.Close(), out.Close()) }).Val(), nil
}
