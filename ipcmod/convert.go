// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"

	"gondola/lisp/eval"
	"gondola/lisp/json"
	"gondola/lisp/value"
)

const mimeJSON = "application/json"

// encode turns text into bytes of a charset; names are compared without case, unknown ones give ok false.
func encode(charset, text string) (data []byte, ok bool) {
	switch strings.ToUpper(charset) {
	case "UTF-8":
		return []byte(value.ToUTF8(text)), true
	case "UTF-16":
		return appendUTF16([]byte{0xFE, 0xFF}, text, binary.BigEndian), true
	case "UTF-16BE":
		return appendUTF16(nil, text, binary.BigEndian), true
	case "UTF-16LE":
		return appendUTF16(nil, text, binary.LittleEndian), true
	case "ISO-8859-1":
		return narrow(text, 0xFF), true
	case "US-ASCII":
		return narrow(text, 0x7F), true
	}
	return nil, false
}

func appendUTF16(dst []byte, text string, order binary.AppendByteOrder) []byte {
	for _, u := range value.ToUnits(text) {
		dst = order.AppendUint16(dst, u)
	}
	return dst
}

// narrow writes characters up to most as one byte, others as '?'.
func narrow(text string, most rune) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if r > most {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}

func decodeUTF16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// text decodes the payload with the message's charset.
func (m *message) text() (string, error) {
	b := m.Payload
	switch strings.ToUpper(m.Charset) {
	case "UTF-8":
		return strings.ToValidUTF8(string(b), "\uFFFD"), nil
	case "UTF-16":
		if len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE {
			return decodeUTF16(b[2:], binary.LittleEndian), nil
		}
		if len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF {
			b = b[2:]
		}
		return decodeUTF16(b, binary.BigEndian), nil
	case "UTF-16BE":
		return decodeUTF16(b, binary.BigEndian), nil
	case "UTF-16LE":
		return decodeUTF16(b, binary.LittleEndian), nil
	case "ISO-8859-1":
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes), nil
	case "US-ASCII":
		runes := make([]rune, len(b))
		for i, c := range b {
			if runes[i] = rune(c); c > 0x7F {
				runes[i] = '\uFFFD'
			}
		}
		return string(runes), nil
	}
	return "", value.NewException(value.UnsupportedCharset, m.Charset)
}

// venice reads the payload as JSON (ipc-api.md 3.8, 3.10).
func (m *message) venice() (value.Value, error) {
	if m.Charset == "" {
		return value.Nil, value.Throwf(value.IpcException, "A binary message can not be converted to Venice data!")
	}
	if m.Mimetype != mimeJSON {
		return value.Nil, value.Throwf(value.IpcException, "A message with mimetype \"%s\" can not be converted to Venice data!", m.Mimetype)
	}
	text, err := m.text()
	if err != nil {
		return value.Nil, err
	}
	v, err := json.Read([]byte(text), json.ReadOptions{KeywordKeys: true})
	if err != nil {
		return value.Nil, value.Throwf(value.IpcException, "Failed to parse JSON data to Venice data!").Because(value.AsException(err))
	}
	return v, nil
}

func writeJSON(th *eval.Thread, v value.Value, pretty bool) (string, error) {
	return json.Write(v, json.WriteOptions{Pretty: pretty, Caller: th})
}

// toMap is the ordered map of ipc-api.md 3.5.
func (m *message) toMap() (value.Map, error) {
	var out value.Map = value.NewOrderedMap(
		value.Kw("type"), value.Kw(m.Type.String()), value.Kw("status"), value.Kw(m.Status.String()),
		value.Kw("timestamp"), value.Long(m.Timestamp), value.Kw("expires-at"), m.expiresAt(),
		value.Kw("request-id"), m.requestID(), value.Kw("oneway?"), value.Bool(m.Oneway), value.Kw("durable?"), value.Bool(m.Durable),
		value.Kw("subject"), value.String(m.Subject), value.Kw("mimetype"), value.String(m.Mimetype))
	switch {
	case m.Charset == "":
		return out.Assoc(value.Kw("data"), m.bytes()), nil
	case m.Mimetype == mimeJSON:
		data, err := m.venice()
		return out.Assoc(value.Kw("data"), data), err
	}
	text, err := m.text()
	return out.Assoc(value.Kw("charset"), value.Kw(m.Charset)).Assoc(value.Kw("text"), value.String(text)), err
}

func messageMap(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	m := takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	out, err := m.toMap()
	if err != nil {
		return value.Nil, err
	}
	return out.Val(), nil
}

func messageJSON(th *eval.Thread, in *eval.Args) (value.Value, error) {
	pretty := in.Len() == 2 && in.Bool()
	m := takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	out, err := m.toMap()
	if err != nil {
		return value.Nil, err
	}
	text, err := writeJSON(th, out.Val(), pretty)
	return value.String(text), err
}
