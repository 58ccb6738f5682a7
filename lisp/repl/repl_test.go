// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"gondola/lisp/paint"
	"gondola/lisp/value"
)

func TestScan(t *testing.T) {
	for _, c := range []struct {
		text, word string
		inString   bool
		locals     string
	}{
		{"(let [a 1 {:keys [b c]} m] (+ x", "x", false, "a b c"},
		{"(let [a 1 b (f x", "x", false, "a b"},
		{"(defn f [x & more] (str", "str", false, "f x more"},
		{"(fn ([a] 1) ([a b] (g", "g", false, "a a b"},
		{"(defn f [x] x) (f", "f", false, ""},
		{"(try 1 (catch :E e (pr", "pr", false, "e"},
		{"(as-> 1 v (h", "h", false, "v"},
		{`(println "a ) \" b" #\( (q`, "q", false, ""},
		{`(io/slurp "dir/fi`, "dir/fi", true, ""},
		{"(f ; (let [no 1]\n a", "a", false, ""},
		{"(f ; still a comm", "", false, ""},
		{"(f ", "", false, ""},
		{")) (g", "g", false, ""},
		{`"""block " of`, `block " of`, true, ""},
	} {
		u := scan(c.text)
		if got := strings.Join(u.locals(), " "); u.word != c.word || u.inString != c.inString || got != c.locals {
			t.Errorf("%s: word %q, in a string %v, locals %q", c.text, u.word, u.inString, got)
		}
	}
}

// Whatever pieces a terminal sends a paste in, typed keys and pasted text come out the same.
func TestPasteReader(t *testing.T) {
	in := "a\t\x1b[A" + pasteBegin + "(x\r\n\ty)\x07\x1b[31m\n\n" + pasteEnd + "\rz\x1b"
	want := "a\t\x1b[A(x" + pastedEnter + "\r" + shownTab + "y)[31m\rz\x1b"
	for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "by byte": iotest.OneByteReader(strings.NewReader(in))} {
		got, err := io.ReadAll(&pasteReader{ReadCloser: io.NopCloser(r)})
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v\nwant %q", name, got, err, want)
		}
	}
	got, err := io.ReadAll(&pasteReader{ReadCloser: io.NopCloser(strings.NewReader("a" + pasteBegin + "never ended"))})
	if err != nil || string(got) != "a" {
		t.Errorf("a paste without an end: %q, %v", got, err)
	}
}

func TestUnfinished(t *testing.T) {
	for text, want := range map[string]bool{"(+ 1": true, `"a`: true, "[{": true, "(+ 1)": false, "": false, "a)": false, `"""x`: true, "'": true} {
		if got := Unfinished(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestShow(t *testing.T) {
	long := func(n int) value.Value {
		var items []value.Value
		for i := range n {
			items = append(items, value.Long(int64(i)))
		}
		return value.VectorOf(items).Val()
	}
	for _, c := range []struct {
		v    value.Value
		want string
	}{
		{value.Nil, "nil"},
		{value.String("a\nb"), `"a\nb"`},
		{value.NewOrderedMap(value.Kw("key"), long(12), value.Kw("other"), value.String("text")).Val(),
			"{:key [0 1 2 3 4 5\n       6 7 8 9 10\n       11]\n :other \"text\"}"},
		{value.NewList(value.Sym("a"), value.NewList().Val(), long(3)).Val(), "(a () [0 1 2])"},
		{value.NewList(long(8), long(8)).Val(), "([0 1 2 3 4 5 6 7]\n [0 1 2 3 4 5 6 7])"},
		{value.NewByteBuf([]byte("0123456789abcdef\x00z")).Val(), "bytebuf, 18 bytes\n" +
			"  0000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  0123456789abcdef\n" +
			"  0010  00 7a                                             .z"},
	} {
		if got, err := (&shower{width: 20}).show(c.v); err != nil || got != c.want {
			t.Errorf("got\n%s, %v\nwant\n%s", got, err, c.want)
		}
	}
	text, err := (&shower{width: 80}).show(long(5000))
	if err != nil || !strings.HasSuffix(text, " 999 …]") {
		t.Errorf("a long vector ends %q, %v", text[len(text)-20:], err)
	}
}

// highlight is tested with marks for colours: <kind text>.
func TestHighlight(t *testing.T) {
	theme := paint.Select("dark", nil)
	marks := strings.NewReplacer("\x1b[38;5;81m", "<k ", "\x1b[38;5;114m", "<s ", "\x1b[38;5;215m", "<n ", "\x1b[38;5;176m", "<c ",
		"\x1b[38;5;245m", "<d ", "\x1b[38;5;222m", "<h ", "\x1b[0m", ">")
	for _, c := range []struct {
		before, line string
		cursor       int
		want         string
	}{
		{"", `(f :k "a b" -1.5 nil #\( x) ; rest`, 0, `(f <k :k> <s "a b"> <n -1.5> <c nil> <s #\(> x) <d ; rest>`},
		{"", "(a [b] c)", 6, "(a <h [>b<h ]> c)"},
		{"", "(a [b] c)", 9, "<h (>a [b] c<h )>"},
		{"", "(a]", 3, "(a]"},
		{"(str \"first\n", "second\" 7)", 10, "<s second\"> <n 7><h )>"}, // its partner is above
		{"", "; a" + shownNewline + "1", 0, "<d ; a>" + shownNewline + "1"},
	} {
		if got := marks.Replace(highlight(theme, c.before, c.line, c.cursor)); got != c.want {
			t.Errorf("%s%s: %s", c.before, c.line, got)
		}
	}
	if got := string((painter{&Session{}}).Paint([]rune("(a 1)"), 5)); got != "(a 1)" {
		t.Errorf("without colours: %q", got)
	}
}

func TestMentioned(t *testing.T) {
	s := &Session{entries: []string{"(ipc/offer c :orders 300 m)", "(do (ipc/poll client :orders/new 1) (ipc/publish c :news m))", "(f :other)"}}
	if got := s.mentioned(); !slices.Equal(got, []string{"news", "orders", "orders/new"}) {
		t.Error(got)
	}
}
