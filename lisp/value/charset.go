// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// EncodeText writes s in a charset: UTF-8, UTF-16 (big endian with a byte order mark), UTF-16BE, UTF-16LE, ISO-8859-1 or US-ASCII, in any case.
// What the charset lacks becomes a question mark. ok is false for another charset.
func EncodeText(charset, s string) (b []byte, ok bool) {
	switch strings.ToUpper(charset) {
	case "UTF-8", "UTF8":
		return []byte(ToUTF8(s)), true
	case "UTF-16":
		return appendUTF16([]byte{0xFE, 0xFF}, s, binary.BigEndian), true
	case "UTF-16BE":
		return appendUTF16(nil, s, binary.BigEndian), true
	case "UTF-16LE":
		return appendUTF16(nil, s, binary.LittleEndian), true
	case "ISO-8859-1":
		return appendNarrow(nil, s, 0xFF), true
	case "US-ASCII", "ASCII":
		return appendNarrow(nil, s, 0x7F), true
	}
	return nil, false
}

// DecodeText reads bytes in a charset, see EncodeText. What belongs to no character becomes U+FFFD.
func DecodeText(charset string, b []byte) (s string, ok bool) {
	switch strings.ToUpper(charset) {
	case "UTF-8", "UTF8":
		return decodeUTF8(b), true
	case "UTF-16":
		var order binary.ByteOrder = binary.BigEndian
		if len(b) >= 2 {
			switch order.Uint16(b) {
			case 0xFFFE:
				order, b = binary.LittleEndian, b[2:]
			case 0xFEFF:
				b = b[2:]
			}
		}
		return decodeUTF16(b, order), true
	case "UTF-16BE":
		return decodeUTF16(b, binary.BigEndian), true
	case "UTF-16LE":
		return decodeUTF16(b, binary.LittleEndian), true
	case "ISO-8859-1":
		return decodeNarrow(b, 0xFF), true
	case "US-ASCII", "ASCII":
		return decodeNarrow(b, 0x7F), true
	}
	return "", false
}

// decodeUTF8 replaces each ill-formed sequence by one U+FFFD.
func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out []byte
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		out = utf8.AppendRune(out, r)
		if r == utf8.RuneError && n == 1 {
			n = illFormed(b)
		}
		b = b[n:]
	}
	return string(out)
}

// illFormed is the length of the longest beginning of a character at the start of b, which no character starts; at least 1.
func illFormed(b []byte) int {
	n := 1
	for n < len(b) && !utf8.FullRune(b[:n]) {
		n++ // b[:n] may still become a character
	}
	if utf8.FullRune(b[:n]) {
		return max(1, n-1) // the last byte spoilt it
	}
	return n
}

func appendUTF16(dst []byte, s string, order binary.AppendByteOrder) []byte {
	for c := range Units(s) {
		dst = order.AppendUint16(dst, c)
	}
	return dst
}

func decodeUTF16(b []byte, order binary.ByteOrder) string {
	var out []byte
	for ; len(b) >= 2; b = b[2:] {
		out = AppendChar(out, order.Uint16(b))
	}
	s := string(out)
	if len(b) == 1 {
		s += "\uFFFD"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

func appendNarrow(dst []byte, s string, most rune) []byte {
	for s != "" {
		r, n := decode(s)
		s = s[n:]
		if r > most {
			r = '?'
		}
		dst = append(dst, byte(r))
	}
	return dst
}

func decodeNarrow(b []byte, most byte) string {
	var out []byte
	for _, c := range b {
		if c > most {
			out = utf8.AppendRune(out, utf8.RuneError)
		} else {
			out = utf8.AppendRune(out, rune(c))
		}
	}
	return string(out)
}
