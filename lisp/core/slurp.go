// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// slurpTable: whole files at once, language.md 14.4.
var slurpTable = eval.Table{
	{Name: "io/slurp", Min: 1, Max: -1, Fn: slurp, Forms: "(io/slurp f & options)", Doc: "The content of a file, bytebuf, input stream or reader: a string, or with :binary true a bytebuf."},
	{Name: "io/slurp-lines", Min: 1, Max: -1, Fn: slurpLines, Forms: "(io/slurp-lines f & options)", Doc: "The lines of a file, bytebuf, input stream or reader."},
	{Name: "io/spit", Min: 2, Max: -1, Fn: spit, Forms: "(io/spit f content & options)", Doc: "Writes a string or bytebuf to a file, output stream or writer. Options :append, :encoding, :flush."},
	{Name: "io/close", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return value.Nil, eval.CloseValue(v) }, Forms: "(io/close s)", Doc: "Closes a stream or another closeable."},
}

// openForReading opens a file of the working directory or the load path.
func openForReading(th *eval.Thread, path string) (*os.File, error) {
	found, ok := find(th, path)
	if !ok {
		return nil, value.Errorf("No such file: '%s'", path)
	}
	return os.Open(found)
}

// readFile reads a file, path, bytebuf, input stream or reader.
func readFile(th *eval.Thread, in *eval.Args) ([]byte, map[string]value.Value, error) {
	v, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return nil, nil, err
	}
	if p, ok := pathOf(v); ok {
		b, err := readPath(th, p)
		return b, opts, err
	}
	if !holdsContent(v) {
		return nil, nil, value.Errorf("Function '%s' does not allow %s as f", in.Name, v.Type())
	}
	b, err := contentOf(th, v)
	return b, opts, err
}

func readPath(th *eval.Thread, path string) ([]byte, error) {
	f, err := openForReading(th, path)
	if err != nil {
		return nil, ioError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return b, ioError(err)
}

func slurp(th *eval.Thread, in *eval.Args) (value.Value, error) {
	b, opts, err := readFile(th, in)
	if err != nil {
		return value.Nil, err
	}
	charset, err := encodingOf(opts)
	return slurped(b, charset, opts), err
}

func slurpLines(th *eval.Thread, in *eval.Args) (value.Value, error) {
	b, _, err := readFile(th, in)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for l := range strings.Lines(string(b)) {
		out = append(out, value.String(strings.TrimRight(l, "\r\n")))
	}
	return value.ListOf(slices.Clip(out)).Val(), nil
}

func spit(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	f, content, opts := in.Value(), in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return value.Nil, spitTo(f, content, opts)
}

// spitTo writes a string or bytebuf to a file; the options are those of io/spit.
func spitTo(f, content value.Value, opts map[string]value.Value) error {
	charset, err := encodingOf(opts)
	if err != nil {
		return err
	}
	data, err := payload("io/spit", content, charset)
	if err != nil {
		return err
	}
	if s, ok := f.Ref().(*value.Stream); ok {
		return spitOn(s, data, opts)
	}
	p, ok := pathOf(f)
	if !ok {
		return value.Errorf("Function 'io/spit' does not allow %s as f", f.Type())
	}
	out, err := os.OpenFile(p, writeMode(opts), 0o666)
	if err != nil {
		return outputFailed(p, err)
	}
	_, err = out.Write(data)
	return ioError(errors.Join(err, out.Close()))
}

// spitOn writes to a stream.
func spitOn(s *value.Stream, data []byte, opts map[string]value.Value) error {
	_, err := s.Write(data)
	if err == nil && opts["flush"].Truthy() {
		err = s.Flush()
	}
	return ioError(err)
}
