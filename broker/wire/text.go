// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "unicode/utf8"

// trim strips leading and trailing characters up to U+0020, which in UTF-8 are single bytes.
func trim[T string | []byte](b T) T {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// common is b as a string without allocation if it is one that nearly every message carries.
func common(b []byte) (string, bool) {
	switch string(b) {
	case "":
		return "", true
	case "UTF-8":
		return "UTF-8", true
	case "text/plain":
		return "text/plain", true
	case "application/json":
		return "application/json", true
	case "application/octet-stream":
		return "application/octet-stream", true
	}
	return "", false
}

// decodeText is b as a string; malformed UTF-8 is replaced as the reference replaces it.
func decodeText(b []byte) string {
	if s, ok := common(b); ok {
		return s
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return string(replaceMalformed(b))
}

// replaceMalformed puts one U+FFFD for each bad sequence: the longest prefix of what could have become a character
// counts as one sequence, an encoded surrogate too (Java's decoder; wire-protocol.md 3).
func replaceMalformed(b []byte) []byte {
	out := make([]byte, 0, len(b)+8)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = badSequence(b)
		}
		out = utf8.AppendRune(out, r)
		b = b[n:]
	}
	return out
}

// badSequence is the length of the malformed sequence at the start of b.
func badSequence(b []byte) int {
	low, high, want := byte(0x80), byte(0xBF), 0
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		want = 1
	case c >= 0xE0 && c <= 0xEF:
		want = 2
		if c == 0xE0 {
			low = 0xA0
		}
	case c >= 0xF0 && c <= 0xF4:
		want = 3
		switch c {
		case 0xF0:
			low = 0x90
		case 0xF4:
			high = 0x8F
		}
	}
	n := 1
	for n <= want && n < len(b) && b[n] >= low && b[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}

// utf16Len is the length of s in UTF-16 code units, in which the protocol counts its limits. A byte that is not UTF-8
// counts as one.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
