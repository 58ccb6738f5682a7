// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"io"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// encodingOf is the option :encoding.
func encodingOf(opts map[string]value.Value) (string, error) {
	v, given := opts["encoding"]
	if !given || v.IsNil() {
		return "UTF-8", nil
	}
	name, ok := value.StringOrKeyword(v)
	if !ok {
		return "", value.CoerceError(v, "string")
	}
	if _, ok := value.EncodeText(name, ""); !ok {
		return "", value.Errorf("The encoding %s is not available on this host", name)
	}
	return name, nil
}

// encodingOptions are the rest of the arguments, options with perhaps :encoding among them.
func encodingOptions(in *eval.Args) (opts map[string]value.Value, charset string, err error) {
	opts = in.Options()
	if err := in.Done(); err != nil {
		return nil, "", err
	}
	charset, err = encodingOf(opts)
	return opts, charset, err
}

// charsetArg is an optional argument that names an encoding.
func charsetArg(a []value.Value) (string, error) {
	if len(a) == 0 {
		return "UTF-8", nil
	}
	return encodingOf(map[string]value.Value{"encoding": a[0]})
}

func encodeText(charset, text string) []byte {
	b, _ := value.EncodeText(charset, text) // encodingOf has checked the name
	return b
}

func decodeText(charset string, b []byte) string {
	s, _ := value.DecodeText(charset, b)
	return s
}

func isUTF8(charset string) bool { return strings.EqualFold(charset, "UTF-8") }

// decoding reads text of a charset as UTF-8. Other charsets are read to their end at once.
func decoding(r io.Reader, charset string) (io.Reader, error) {
	if isUTF8(charset) {
		return r, nil
	}
	b, err := io.ReadAll(r)
	return strings.NewReader(value.ToUTF8(decodeText(charset, b))), ioError(err)
}

type encoder struct {
	w       io.Writer
	charset string
}

// Write encodes text that is UTF-8.
func (e encoder) Write(b []byte) (int, error) {
	_, err := e.w.Write(encodeText(e.charset, string(b)))
	return len(b), err
}

// payload are the bytes that a string, in a charset, or a bytebuf stands for; the function is named in the error.
func payload(fn string, content value.Value, charset string) ([]byte, error) {
	if text, ok := content.Str(); ok {
		return encodeText(charset, text), nil
	}
	if b, ok := content.Ref().(*value.ByteBuf); ok {
		return b.B[:b.Lim], nil
	}
	return nil, value.Errorf("Function '%s' does not allow %s as content", fn, content.Type())
}
