// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"iter"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// This file alone ranges over code units (evaluator.md E8). Text is WTF-8: UTF-8 in which a lone surrogate stands in its
// three byte form, ED A0..BF xx. A byte that belongs to no character counts as U+FFFD.

const (
	surrogateLead = 0xED
	highMin       = 0xD800
	lowMin        = 0xDC00
	lowMax        = 0xDFFF
)

func isLow(c uint16) bool { return c >= lowMin && c <= lowMax }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decode returns the first character of s, a lone surrogate as its code unit, and its size in bytes.
func decode(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && startsSurrogate(s) {
		return rune(s[0]&0x0F)<<12 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return r, n
}

func startsSurrogate(s string) bool {
	return len(s) >= 3 && s[0] == surrogateLead && s[1] >= 0xA0 && s[1] <= 0xBF && s[2] >= 0x80 && s[2] <= 0xBF
}

func startsLow(s string) bool { return startsSurrogate(s) && s[1] >= 0xB0 }

// endHigh returns the high surrogate at the end of b.
func endHigh[T string | []byte](b T) (uint16, bool) {
	n := len(b)
	if n < 3 || b[n-3] != surrogateLead || b[n-2] < 0xA0 || b[n-2] > 0xAF {
		return 0, false
	}
	return 0xD000 | uint16(b[n-2]&0x3F)<<6 | uint16(b[n-1]&0x3F), true
}

// CountUnits is the length of s in UTF-16 code units.
func CountUnits(s string) int {
	n := 0
	for len(s) > 0 {
		if s[0] < utf8.RuneSelf {
			s = s[1:]
			n++
			continue
		}
		r, size := decode(s)
		s = s[size:]
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// Units yields the UTF-16 code units of s.
func Units(s string) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for len(s) > 0 {
			r, size := decode(s)
			s = s[size:]
			if r <= 0xFFFF {
				if !yield(uint16(r)) {
					return
				}
				continue
			}
			hi, lo := utf16.EncodeRune(r)
			if !yield(uint16(hi)) || !yield(uint16(lo)) {
				return
			}
		}
	}
}

// ToUnits is s in UTF-16, FromUnits its inverse.
func ToUnits(s string) []uint16 {
	units := make([]uint16, 0, len(s))
	for c := range Units(s) {
		units = append(units, c)
	}
	return units
}

func FromUnits(units []uint16) string {
	b := make([]byte, 0, len(units)+len(units)/2)
	for _, c := range units {
		b = AppendChar(b, c)
	}
	return string(b)
}

// AppendChar appends a code unit in WTF-8, merging it with a high surrogate at the end of dst.
func AppendChar(dst []byte, c uint16) []byte {
	if c < highMin || c > lowMax {
		return utf8.AppendRune(dst, rune(c))
	}
	if isLow(c) {
		if hi, ok := endHigh(dst); ok {
			return utf8.AppendRune(dst[:len(dst)-3], utf16.DecodeRune(rune(hi), rune(c)))
		}
	}
	return append(dst, surrogateLead, 0x80|byte(c>>6&0x3F), 0x80|byte(c&0x3F))
}

// AppendText appends s and merges surrogate halves at the seam (E8).
func AppendText(dst []byte, s string) []byte {
	if startsLow(s) {
		if _, ok := endHigh(dst); ok {
			r, size := decode(s)
			dst = AppendChar(dst, uint16(r))
			s = s[size:]
		}
	}
	return append(dst, s...)
}

// CharString is the text of one code unit.
func CharString(c uint16) string {
	if c < highMin || c > lowMax {
		return string(rune(c))
	}
	return string(AppendChar(nil, c))
}

// Join concatenates and merges a high surrogate at the end of one part with a low one at the start of the next (E8).
func Join(parts ...string) string {
	for _, p := range parts {
		if startsLow(p) {
			var b []byte
			for _, p := range parts {
				b = AppendText(b, p)
			}
			return string(b)
		}
	}
	return strings.Join(parts, "")
}

// ToUTF8 is s as it leaves the program, in a stream or as bytes: a lone surrogate becomes a question mark (L9).
func ToUTF8(s string) string {
	i := strings.IndexByte(s, surrogateLead)
	if i < 0 {
		return s
	}
	var b []byte
	from := 0
	for ; i < len(s); i++ {
		if s[i] == surrogateLead && startsSurrogate(s[i:]) {
			b = append(append(b, s[from:i]...), '?')
			i += 2
			from = i + 1
		}
	}
	if from == 0 {
		return s
	}
	return string(append(b, s[from:]...))
}

// substring returns code units [i,j) of s. A character that is cut in half leaves a lone surrogate.
func substring(s string, i, j int) string {
	if i == j {
		return "" // also in the middle of a character
	}
	var b []byte
	from, to := -1, -1 // the whole characters inside, as byte offsets
	pos, off := 0, 0
	for off < len(s) && pos < j {
		r, size := decode(s[off:])
		units := 1
		if r > 0xFFFF {
			units = 2
		}
		switch {
		case pos >= i && pos+units <= j:
			if from < 0 {
				from = off
			}
			to = off + size
		case units == 2 && pos+1 == i: // the second half at the start
			_, lo := utf16.EncodeRune(r)
			b = AppendChar(b, uint16(lo))
		}
		if units == 2 && pos >= i && pos+1 == j { // the first half at the end
			hi, _ := utf16.EncodeRune(r)
			if from >= 0 {
				b = append(b, s[from:to]...)
			}
			return string(AppendChar(b, uint16(hi)))
		}
		pos += units
		off += size
	}
	if from < 0 {
		return string(b)
	}
	if b == nil {
		return s[from:to]
	}
	return string(append(b, s[from:to]...))
}

// hashString is the string hash of language.md 2.5.
func hashString(s string) int32 {
	var h int32
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			for c := range Units(s[i:]) {
				h = 31*h + int32(c)
			}
			return h
		}
		h = 31*h + int32(s[i])
	}
	return h
}

// CompareText orders by code units as language.md 6.2 says: the difference of the first units that differ, else of the
// lengths.
func CompareText(a, b string) int {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	if i == len(a) && i == len(b) {
		return 0
	}
	// Back to the start of a character; the bytes before i are the same in both.
	for i > 0 && (i < len(a) && a[i]&0xC0 == 0x80 || i < len(b) && b[i]&0xC0 == 0x80) {
		i--
	}
	a, b = a[i:], b[i:]
	if a == "" || b == "" {
		return CountUnits(a) - CountUnits(b)
	}
	if a[0] < utf8.RuneSelf && b[0] < utf8.RuneSelf {
		return int(a[0]) - int(b[0])
	}
	x, y := ToUnits(a), ToUnits(b)
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return int(x[i]) - int(y[i])
		}
	}
	return len(x) - len(y)
}
