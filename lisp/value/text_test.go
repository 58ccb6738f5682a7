// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value_test

import (
	"bytes"
	"slices"
	"testing"

	"gondola/lisp/value"
)

const (
	high = "\xed\xa0\xbd" // U+D83D
	low  = "\xed\xb8\x80" // U+DE00, the two halves of 😀
)

var texts = []string{"", "abc", "é", "a😀z", "😀😀", high, low, low + high, "x" + high, "\uffff", "\ufffd", "日本語"}

// L9 and E8: texts count, index and cut by UTF-16 code units; lone surrogates are kept.
func TestCodeUnits(t *testing.T) {
	for _, s := range texts {
		units := value.ToUnits(s)
		str := value.New(&value.Str{S: s})
		if n := str.CodeUnits(); n != len(units) || n != value.CountUnits(s) {
			t.Errorf("%q: %d code units, want %d", s, n, len(units))
		}
		if back := value.FromUnits(units); back != s {
			t.Errorf("%q: comes back as %q", s, back)
		}
		for i, c := range units {
			fresh := value.New(&value.Str{S: s})
			for range 3 { // from the second time on there is an index
				if got := fresh.CharAt(i); got != c {
					t.Errorf("%q: char %d is %x, want %x", s, i, got, c)
				}
			}
		}
		for i := range len(units) + 1 {
			for j := i; j <= len(units); j++ {
				fresh := value.New(&value.Str{S: s})
				for range 3 {
					if got, want := fresh.Substring(i, j), value.FromUnits(units[i:j]); got != want {
						t.Errorf("%q: [%d,%d) is %q, want %q", s, i, j, got, want)
					}
				}
			}
		}
	}
}

// E8: halves that meet become one character, whatever joins them.
func TestSurrogatesMerge(t *testing.T) {
	var p value.Printer
	p.WriteString("x" + high)
	p.WriteString(low)
	printed, err := p.Text()
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range []string{
		value.Join("x", high, low),
		string(value.AppendText([]byte("x"+high), low)),
		string(value.AppendChar([]byte("x"+high), 0xDE00)),
		printed,
	} {
		if got != "x😀" {
			t.Errorf("%d: got %q", i, got)
		}
	}
	if got := value.Join(low, high); got != low+high {
		t.Errorf("got %q", got)
	}
}

func TestToUTF8(t *testing.T) {
	for s, want := range map[string]string{"a😀": "a😀", high: "?", "a" + low + "b" + high: "a?b?", "퟿": "퟿"} {
		if got := value.ToUTF8(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}

// language.md 6.2: the order is that of code units, not of code points.
func TestCompareText(t *testing.T) {
	for _, a := range texts {
		for _, b := range texts {
			got, want := value.CompareText(a, b), slices.Compare(value.ToUnits(a), value.ToUnits(b))
			if (got < 0) != (want < 0) || (got > 0) != (want > 0) {
				t.Errorf("%q and %q: got %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestSplitName(t *testing.T) {
	for q, want := range map[string][2]string{
		"x": {"", "x"}, "a/b": {"a", "b"}, "a.b/c": {"a.b", "c"}, "/": {"", "/"}, "core//": {"core", "/"}, "a/b/c": {"a/b", "c"}, "": {"", ""},
	} {
		if ns, name := value.SplitName(q); ns != want[0] || name != want[1] {
			t.Errorf("%q: got %q and %q", q, ns, name)
		}
	}
}

func TestCharsets(t *testing.T) {
	for _, tt := range []struct {
		charset, text string
		want          []byte
	}{
		{"utf-8", "é" + high, []byte{0xC3, 0xA9, '?'}},
		{"UTF-16", "é", []byte{0xFE, 0xFF, 0, 0xE9}},
		{"UTF-16BE", "😀", []byte{0xD8, 0x3D, 0xDE, 0}},
		{"UTF-16LE", "a", []byte{'a', 0}},
		{"ISO-8859-1", "é€😀" + high, []byte{0xE9, '?', '?', '?'}},
		{"US-ASCII", "aé", []byte("a?")},
	} {
		if got, ok := value.EncodeText(tt.charset, tt.text); !ok || !bytes.Equal(got, tt.want) {
			t.Errorf("%s %q: got %x, %v", tt.charset, tt.text, got, ok)
		}
	}
	for _, tt := range []struct {
		charset string
		bytes   []byte
		want    string
	}{
		{"UTF-8", []byte("a\xe2\x82A\xff"), "a\ufffdA\ufffd"},
		{"UTF-8", []byte("\xe2\x82"), "\ufffd"},
		{"UTF-16", []byte{0xFF, 0xFE, 'a', 0}, "a"},
		{"UTF-16", []byte{0, 'a', 0xD8, 0x3D, 0xDE, 0}, "a😀"},
		{"UTF-16BE", []byte{0xD8, 0x3D, 0, 'a', 0}, "\ufffda\ufffd"},
		{"ISO-8859-1", []byte{0xE9}, "é"},
		{"US-ASCII", []byte{'a', 0xE9}, "a\ufffd"},
	} {
		if got, ok := value.DecodeText(tt.charset, tt.bytes); !ok || got != tt.want {
			t.Errorf("%s %x: got %q, %v", tt.charset, tt.bytes, got, ok)
		}
	}
	if _, ok := value.EncodeText("klingon", ""); ok {
		t.Error("an unknown charset was accepted")
	}
	if _, ok := value.DecodeText("klingon", nil); ok {
		t.Error("an unknown charset was accepted")
	}
}

// Whatever the bytes: units come back as the same text, and cutting agrees with the units.
func FuzzText(f *testing.F) {
	for _, s := range texts {
		f.Add(s, 0, 1)
	}
	f.Add("\xff\xed\xa0", 1, 2)
	f.Fuzz(func(t *testing.T, s string, i, j int) {
		units := value.ToUnits(s)
		clean := value.FromUnits(units)
		if !slices.Equal(value.ToUnits(clean), units) {
			t.Fatalf("%q has other units than %q", clean, s)
		}
		if i < 0 || j < i || j > len(units) {
			return
		}
		str := value.New(&value.Str{S: clean})
		want := value.FromUnits(units[i:j])
		for range 3 {
			if got := str.Substring(i, j); got != want {
				t.Fatalf("%q [%d,%d): got %q, want %q", clean, i, j, got, want)
			}
		}
		if got := value.Join(str.Substring(0, i), want, str.Substring(j, len(units))); got != clean {
			t.Fatalf("%q cut at %d and %d joins to %q", clean, i, j, got)
		}
	})
}
