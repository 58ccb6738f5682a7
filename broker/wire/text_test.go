// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "testing"

// The replacements follow Java's decoder, on which the reference is built: one U+FFFD for the longest prefix of a
// possible character, and one for an encoded surrogate.
func TestMalformedUTF8(t *testing.T) {
	const x = "\ufffd"
	for in, want := range map[string]string{
		"":                         "",
		"plain":                    "plain",
		"\x80":                     x,
		"\xc0\x80":                 x + x,
		"\xc3":                     x,
		"\xc3A":                    x + "A",
		"\xe2\x82":                 x,
		"\xe2\x82A":                x + "A",
		"\xe2A":                    x + "A",
		"\xe0\x80\x80":             x + x + x,
		"\xe0\x9f\xbf":             x + x + x,
		"\xed\xa0\x80":             x,
		"\xed\xa0\x80\xed\xb0\x80": x + x,
		"\xed\xa0A":                x + "A",
		"\xf0\x9f\x9b":             x,
		"\xf0\x9f\x9bA":            x + "A",
		"\xf0\x9fA":                x + "A",
		"\xf0\x80\x80\x80":         x + x + x + x,
		"\xf4\x90\x80\x80":         x + x + x + x,
		"\xf5\x80":                 x + x,
		"\xffa\xfe":                x + "a" + x,
		"\ufffd":                   x,
		"ä\xff漢":                   "ä" + x + "漢",
	} {
		if got := decodeText([]byte(in)); got != want {
			t.Errorf("%x: %q, want %q", in, got, want)
		}
	}
}

func TestUTF16Len(t *testing.T) {
	for s, want := range map[string]int{"": 0, "a": 1, "ä漢": 2, "\U0001F6F6": 2, "a\U0001F6F6b": 4, "\xff\xfe": 2} {
		if got := utf16Len(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestTrim(t *testing.T) {
	for in, want := range map[string]string{"": "", " ": "", "\x00\x1f ": "", " a b ": "a b", "\u00a0": "\u00a0", "\x7f": "\x7f"} {
		if got := trim(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := string(trim([]byte(in))); got != want {
			t.Errorf("bytes %q: %q, want %q", in, got, want)
		}
	}
}
