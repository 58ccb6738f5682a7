// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package reader_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gondola/lisp/reader"
	"gondola/lisp/value"
)

// facts are texts with the readable form of what they read as (language.md 1.1 to 1.10).
var facts = []struct{ text, want string }{
	// 1.1 blanks and comments
	{"[1, 2,, 3]", "[1 2 3]"},
	{"[1 #_ #_ 2 3 4]", "[1 3 4]"},
	{"[1 ; one\n 2 #! two\n]", "[1 2]"},
	{"#!/bin/x\n7", "7"},
	{"[a#b a#]", "[a#b a#]"},
	{`[:UTF-8"Hello!"]`, `[:UTF-8 "Hello!"]`},
	{"1 2", "1"},
	{"\ufeff1", "1"},
	// 1.2 numbers
	{"[0xFF 0x1FI 0xFFN 017]", "[255 31I 255N 17]"},
	{"[1_000.25 1__0 1_ 0xF_FN]", "[1000.25 10 1 255N]"},
	{"[3.0e2 1. 1.0D 1.0f 1.50M 1E+3M 2F]", "[300.0 1.0 1.0 1.0 1.50M 1E+3M 2.0F]"},
	{"[+7 .5 -x -]", "[+7 .5 -x -]"},
	{"[-9223372036854775808 2147483647I]", "[-9223372036854775808 2147483647I]"},
	// 1.3 strings
	{`"a\nb\tc\r\"\'\\"`, `"a\nb\tc\r\"'\\"`},
	{`"unknown \q escape \d gone"`, `"unknown  escape  gone"`},
	{`"\u00e9\u0041"`, `"éA"`},
	{`"\\u0041"`, `""`},
	{`"\ud83d\ude00"`, `"😀"`},
	{`"x\\ud83d\\ude00y"`, `"xy"`},
	{"\"\\😀\"", "\"\xed\xb8\x80\""},
	{`"\u00g1"`, `"00g1"`},
	{"\"a\r\nb\"", `"a\r\nb"`},
	{`"""with "double" and "" quotes"""`, `"with \"double\" and \"\" quotes"`},
	{"\"\"\"\n    a b\n      c\n  d\n    \"\"\"", `"a b\n  c\n  d"`},
	{"\"\"\"\nab\n  c\n\"\"\"", `"ab\n  c"`},
	{"\"\"\"a\r\nb\rc\n\"\"\"", `"a\nb\nc"`},
	{"\"\"\"a\\\n   b\"\"\"", `"ab"`},
	// 1.4 interpolation
	{`"x is ~{x}, twice ~(* 2 x)"`, `(str "x is " x ", twice " (* 2 x))`},
	{`"~{ {:a 1 }"`, `! EofException`},
	{`"a~b ~ ~"`, `"a~b ~ ~"`},
	{`"""~(str ")" (f))."""`, `(str (str ")" (f)) ".")`},
	// 1.5 characters
	{`[#\a #\space #\\ #\u03C0 #\backslash #\pi #\newline #\nbsp]`, "[#\\a #\\space #\\backslash #\\π #\\backslash #\\π #\\newline #\\\u00a0]"},
	{`[#\( #\) \a]`, `[#\( #\) \a]`},
	// 1.6 keywords and symbols
	{"[:a :queue/1 :UTF-8 :1 :a.b/c ::x]", "[:a :queue/1 :UTF-8 :1 :a.b/c ::x]"},
	{"[nil true false nilx / core// a/b]", "[nil true false nilx / core// a/b]"},
	// 1.7 collections
	{"({:a 1 :a 2} #{1 1} () [])", "({:a 2} #{1} () [])"},
	// 1.8 and 1.9 prefixes
	{"['x `x ~x ~@x @x]", "[(quote x) (quasiquote x) (unquote x) (splice-unquote x) (deref x)]"},
	{"[^:private x ^{:a 1} y]", "[x y]"},
	{`#"a\d\"b"`, `a\d\"b`},
	{"(a'b)", "(a (quote b))"},
	// 1.10 anonymous functions
	{"[#(f) #(f %) #(f %2) #(f %1 %&)]", "[(fn [] (f)) (fn [%] (f %)) (fn [%1 %2] (f %2)) (fn [%1 & %&] (f %1 %&))]"},
	// 1.12 errors
	{"3e2", "! ParseError"}, {"-0x10", "! ParseError"}, {"1x", "! ParseError"}, {"9223372036854775808", "! ParseError"},
	{"2147483648I", "! ParseError"}, {"0xFFFFFFFFFFFFFFFF", "! ParseError"}, {"0xF_F", "! ParseError"},
	{"(1 2", "! EofException"}, {"[", "! EofException"}, {"{1", "! EofException"}, {"'", "! EofException"}, {"#_", "! EofException"},
	{")", "! ParseError"}, {"[1)", "! ParseError"}, {`"abc`, "! ParseError"}, {"\"a\\\nb\"", "! ParseError"},
	{":", "! ParseError"}, {"a/b/c", "! ParseError"}, {`#\unknown`, "! ParseError"}, {"#'x", "! ParseError"}, {"#?(:a 1)", "! ParseError"},
	{"#(a #(b))", "! ParseError"}, {"^1 x", "! ParseError"}, {`"~{}"`, "! ParseError"}, {`#"("`, "! ParseError"},
	{"{:a 1, :b}", "! VncException"}, {"", "! ContinueException"}, {" ; x", "! ContinueException"},
}

func show(v value.Value, err error) string {
	if ex, ok := errors.AsType[*value.Exception](err); ok {
		return "! " + ex.Class.Simple()
	}
	if err != nil {
		return "! " + err.Error()
	}
	return value.PrStr(v)
}

func TestRead(t *testing.T) {
	for _, tt := range facts {
		if got := show(reader.Read(tt.text, reader.Options{})); got != tt.want {
			t.Errorf("%s\n\tgot  %s\n\twant %s", tt.text, got, tt.want)
		}
	}
}

// L1: all top-level forms are read; the reader makes them one by one.
func TestReadAll(t *testing.T) {
	forms, err := reader.ReadAll("1 (a) ; x\n #_ b :c", reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := value.PrStr(value.ListOf(forms).Val()); got != "(1 (a) :c)" {
		t.Errorf("got %s", got)
	}
	r := reader.NewReader("1 )", reader.Options{})
	if v, ok, err := r.Next(); err != nil || !ok || v != value.Long(1) {
		t.Errorf("the first form: %v, %v", ok, err)
	}
	if _, _, err := r.Next(); err == nil {
		t.Error("the bracket was accepted")
	}
}

// The generated name is the same within one syntax quote, and another in the next.
func TestGensym(t *testing.T) {
	forms, err := reader.ReadAll("`(a# a# b#) `a# a#", reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	quoted := forms[0].Ref().(*value.List).Nth(1).Ref().(*value.List).Items()
	second := forms[1].Ref().(*value.List).Nth(1)
	switch {
	case !value.Equal(quoted[0], quoted[1]):
		t.Error("one name, two symbols")
	case value.Equal(quoted[0], quoted[2]), value.Equal(quoted[0], second):
		t.Error("two names, one symbol")
	case value.PrStr(forms[2]) != "a#":
		t.Error("a name outside of syntax quotes was replaced")
	}
}

// language.md 1.11 and 1.12: positions count from 1 and stand in metadata and error texts.
func TestPositions(t *testing.T) {
	v, err := reader.Read("(a\n  [b])", reader.Options{File: "f"})
	if err != nil {
		t.Fatal(err)
	}
	l := v.Ref().(*value.List)
	for _, tt := range []struct {
		v    value.Value
		want string
	}{
		{v, "{:file \"f\" :line 1 :column 1}"},
		{l.Nth(0), "{:file \"f\" :line 1 :column 2}"},
		{l.Nth(1), "{:file \"f\" :line 2 :column 3}"},
	} {
		m := value.MetaOf(tt.v)
		if m == nil || m.File != "f" {
			t.Errorf("%s has no position", value.PrStr(tt.v))
			continue
		}
		if got := value.NewOrderedMap(value.Kw("file"), value.String(m.File), value.Kw("line"), value.Long(int64(m.Line)), value.Kw("column"), value.Long(int64(m.Col))); value.PrStr(got.Val()) != tt.want {
			t.Errorf("%s: got %s, want %s", value.PrStr(tt.v), value.PrStr(got.Val()), tt.want)
		}
	}
	_, err = reader.Read("\n  )", reader.Options{File: "f"})
	if err == nil || !strings.HasSuffix(err.Error(), ". File <f> (2,3)") {
		t.Errorf("got %v", err)
	}
}

// X1: nesting beyond the limit is an exception, in every kind of form.
func TestDepth(t *testing.T) {
	for _, open := range []string{"(", "[", "'", "@", "{1 ", "^{:a 1} [", "#_ (", `#_ `} {
		_, err := reader.Read(strings.Repeat(open, 100_000), reader.Options{})
		if _, ok := errors.AsType[*value.Exception](err); !ok {
			t.Errorf("%s: got %v", open, err)
		}
	}
	deep := strings.Repeat("(", 50) + strings.Repeat(")", 50)
	if _, err := reader.Read(deep, reader.Options{MaxDepth: 49}); err == nil {
		t.Error("MaxDepth was ignored")
	}
	if _, err := reader.Read(deep, reader.Options{MaxDepth: 51}); err != nil {
		t.Error(err)
	}
}

// readsBack reports whether a form prints as something that reads again. Regular expressions print without their syntax,
// infinite numbers by name, and strings with escapes that the reader does not know or reads in its two passes.
func readsBack(v value.Value) bool {
	switch x := v.Ref().(type) {
	case nil:
		if f, ok := value.ToDouble(v); ok {
			return !math.IsInf(f, 0) && !math.IsNaN(f)
		}
		if c, ok := v.Char(); ok {
			return c >= ' ' && c != 0x7F && (c < 0xD800 || c > 0xDFFF)
		}
		return true
	case *value.Str:
		return !strings.Contains(x.S, "~{") && !strings.Contains(x.S, "~(") && !strings.ContainsAny(x.S, "\b\f\\") && !strings.Contains(x.S, "\xed")
	case value.Sequence:
		return allReadBack(x.Items())
	case value.Set:
		return allReadBack(slices.Collect(x.All()))
	case value.Map:
		for k, v := range x.All() {
			if !readsBack(k) || !readsBack(v) {
				return false
			}
		}
		return true
	case *value.Regex:
		return false
	}
	return true
}

func allReadBack(items []value.Value) bool {
	for _, v := range items {
		if !readsBack(v) {
			return false
		}
	}
	return true
}

// No text makes the reader panic, and what it read and printed reads again as the same value.
func FuzzRead(f *testing.F) {
	for _, tt := range facts {
		f.Add(tt.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := reader.Read(text, reader.Options{MaxDepth: 200})
		if err != nil {
			if _, ok := errors.AsType[*value.Exception](err); !ok {
				t.Fatalf("%T is no script exception: %v", err, err)
			}
			return
		}
		if !readsBack(v) {
			return
		}
		printed := value.PrStr(v)
		again, err := reader.Read(" "+printed, reader.Options{}) // behind a blank a byte order mark is a symbol
		// Keys of one hash change their order in print each time, so the values are compared.
		if err != nil || !value.Equal(v, again) {
			t.Fatalf("%q reads as %s, and that as %s, %v", text, printed, value.PrStr(again), err)
		}
	})
}

// The top-level form around a position, and nothing where there is none or the text is broken before it.
func TestAround(t *testing.T) {
	text := "; (not this)\n(def a \"(\") (defn f [x]\n  #\\) (g \"]\"))\n#!x\n'(h) é (i) (j"
	for _, c := range []struct {
		line, col int
		want      string
	}{
		{2, 6, `(def a "(")`},
		{2, 19, "(defn f [x]\n  #\\) (g \"]\"))"},
		{3, 1, "(defn f [x]\n  #\\) (g \"]\"))"},
		{5, 3, "'(h)"},
		{5, 9, "(i)"},
		{1, 4, ""},
		{2, 12, ""},
		{5, 12, ""},
		{9, 1, ""},
	} {
		if got := reader.Around(text, c.line, c.col); got != c.want {
			t.Errorf("%d:%d: %q, want %q", c.line, c.col, got, c.want)
		}
	}
}
