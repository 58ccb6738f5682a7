// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value_test

import (
	"math"
	"testing"

	"gondola/lisp/reader"
	"gondola/lisp/value"
)

// read reads one form: the tables hold values as literals.
func read(t testing.TB, text string) value.Value {
	t.Helper()
	v, err := reader.Read(text, reader.Options{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// language.md 2.3 and 2.4
func TestNumbersPrint(t *testing.T) {
	for text, want := range map[string]string{
		"100.0": "100.0", "9999999.0": "9999999.0", "10000000.0": "1.0E7", "12345678.9": "1.23456789E7", "0.001": "0.001",
		"0.0001": "1.0E-4", "0.000999": "9.99E-4", "-0.0": "-0.0", "4.9E-324": "4.9E-324", "1.7976931348623157E308": "1.7976931348623157E308",
		"123456.789": "123456.789", "1.0E21": "1.0E21", "1.1F": "1.1F", "1.0E10F": "1.0E10F", "0.001F": "0.001F", "16777216F": "1.6777216E7F",
		"2.50M": "2.50M", "0.000001M": "0.000001M", "0.00000001M": "1E-8M", "1.0E10M": "1.0E+10M", "100M": "100M", "1E+3M": "1E+3M",
		"-0.05M": "-0.05M", "0E-8M": "0E-8M", "12345678901234567890N": "12345678901234567890N", "-7I": "-7I",
	} {
		if got := value.PrStr(read(t, text)); got != want {
			t.Errorf("%s prints as %s, want %s", text, got, want)
		}
	}
	for _, tt := range []struct {
		v               value.Value
		readable, plain string
	}{
		{value.Double(math.Inf(1)), ":Infinite", "Infinity"},
		{value.Double(math.Inf(-1)), ":Infinite", "-Infinity"},
		{value.Float(float32(math.NaN())), ":NaN", "NaN"},
		{value.Float(1.5), "1.5F", "1.5"},
		{value.Int(4), "4I", "4"},
	} {
		if r, p := value.PrStr(tt.v), value.ToStr(tt.v); r != tt.readable || p != tt.plain {
			t.Errorf("got %s and %s, want %s and %s", r, p, tt.readable, tt.plain)
		}
	}
}

func TestParseJavaFloat(t *testing.T) {
	for s, want := range map[string]float64{"1.5": 1.5, "1d": 1, "1F": 1, ".5": 0.5, "1.": 1, "+1e3": 1000, "1e999": math.Inf(1), "-Infinity": math.Inf(-1), "0x1p3": 8} {
		if f, ok := value.ParseJavaFloat(s, 64); !ok || f != want {
			t.Errorf("%s: got %v, %v", s, f, ok)
		}
	}
	for _, s := range []string{"", "inf", "nan", "1_0", "0x1", "e3", "1.5x", "--1", "."} {
		if f, ok := value.ParseJavaFloat(s, 64); ok {
			t.Errorf("%q was read as %v", s, f)
		}
	}
}

// language.md 7.1
func TestArithmetic(t *testing.T) {
	ops := map[string]func(a, b value.Value) (value.Value, error){"+": value.Add, "-": value.Sub, "*": value.Mul, "/": value.Div}
	for _, tt := range []struct{ op, a, b, want string }{
		{"+", "9223372036854775807", "1", "-9223372036854775808"}, {"+", "2147483647I", "1I", "-2147483648I"},
		{"+", "1I", "1", "2"}, {"+", "1", "1.5F", "2.5F"}, {"+", "1.5F", "1.0", "2.5"}, {"+", "1.0", "1.50M", "2.50M"},
		{"+", "1N", "1.0", "2M"}, {"+", "1N", "1", "2N"}, {"+", "1N", "0.5M", "1.5M"},
		{"*", "1.10M", "2.20M", "2.4200M"}, {"-", "1.10M", "0.1M", "1.00M"},
		{"/", "7", "2", "3"}, {"/", "-7", "2", "-3"}, {"/", "-9223372036854775808", "-1", "-9223372036854775808"}, {"/", "-7N", "2N", "-3N"},
		{"/", "1M", "3M", "0.3333333333333333M"}, {"/", "2M", "3M", "0.6666666666666667M"}, {"/", "7.0M", "2.0M", "3.5000000000000000M"},
		{"/", "1.0", "0", ":Infinite"}, {"/", "1", "0", "! / by zero"}, {"/", "1M", "0M", "! / by zero"}, {"/", "1N", "0N", "! / by zero"},
		{"+", "1", `"a"`, "! Function + operand of type :core/string is not a numeric type"},
	} {
		v, err := ops[tt.op](read(t, tt.a), read(t, tt.b))
		got := value.PrStr(v)
		if err != nil {
			got = "! " + value.AsException(err).Message
		}
		if got != tt.want {
			t.Errorf("%s %s %s: got %s, want %s", tt.a, tt.op, tt.b, got, tt.want)
		}
	}
}

func TestRounding(t *testing.T) {
	modes := []string{"CEILING", "DOWN", "FLOOR", "HALF_DOWN", "HALF_EVEN", "HALF_UP", "UP"}
	for text, want := range map[string][]string{
		"2.5M":  {"3M", "2M", "2M", "2M", "2M", "3M", "3M"},
		"-2.5M": {"-2M", "-2M", "-3M", "-2M", "-2M", "-3M", "-3M"},
		"3.5M":  {"4M", "3M", "3M", "3M", "4M", "4M", "4M"},
		"1.1M":  {"2M", "1M", "1M", "1M", "1M", "1M", "2M"},
		"-1.6M": {"-1M", "-1M", "-2M", "-2M", "-2M", "-2M", "-2M"},
	} {
		d, _ := value.As[*value.Decimal](read(t, text))
		for i, name := range modes {
			mode, ok := value.ParseRounding(name)
			if !ok {
				t.Fatal(name)
			}
			r, err := d.SetScale(0, mode)
			if err != nil || value.PrStr(r.Val()) != want[i] {
				t.Errorf("%s %s: got %v, %v, want %s", text, name, r, err, want[i])
			}
		}
	}
	d, _ := value.As[*value.Decimal](read(t, "1E+999999999M"))
	if _, err := d.SetScale(0, value.RoundHalfUp); err == nil {
		t.Error("a decimal of a billion digits was made")
	}
}

// language.md 2.2
func TestPrint(t *testing.T) {
	for _, tt := range []struct {
		v               value.Value
		readable, plain string
	}{
		{value.Nil, "nil", "nil"},
		{value.String("a\"\\\n\r\t\b\f\x01\x1f\x7fé/"), `"a\"\\\n\r\t\b\f\u0001\u001f\u007fé/"`, "a\"\\\n\r\t\b\f\x01\x1f\x7fé/"},
		{value.Char('a'), `#\a`, "a"}, {value.Char(' '), `#\space`, " "}, {value.Char('\\'), `#\backslash`, `\`}, {value.Char(0xD83D), "#\\\xed\xa0\xbd", "\xed\xa0\xbd"},
		{read(t, `({"a" [#\b nil]} #{"c"} x/y :k)`), `({"a" [#\b nil]} #{"c"} x/y :k)`, "({a [b nil]} #{c} x/y :k)"},
		{value.NewMapEntry(value.Kw("k"), value.String("v")).Val(), `[:k "v"]`, "[:k v]"},
		{value.NewLazyCons(value.Nil, nil).Val(), "(...)", "(...)"},
		{value.NewByteBuf([]byte{0, 255}).Val(), "[0 255]", "[0 255]"},
		{value.NewAtom(value.String("s")).Val(), `(atom "s")`, "(atom s)"},
		{value.NewFile("/tmp/x").Val(), "/tmp/x", "/tmp/x"},
		{value.Errorf("no").Val(), "com.github.jlangch.venice.VncException: no", "com.github.jlangch.venice.VncException: no"},
	} {
		if r, p := value.PrStr(tt.v), value.ToStr(tt.v); r != tt.readable || p != tt.plain {
			t.Errorf("got %s and %s, want %s and %s", r, p, tt.readable, tt.plain)
		}
	}
}

// E2: a printer stops at values that are nested too deeply, and at one that holds itself.
func TestPrintDepth(t *testing.T) {
	a := value.NewAtom(value.Nil)
	if err := a.Reset(nil, value.NewVector(a.Val()).Val()); err != nil {
		t.Fatal(err)
	}
	var p value.Printer
	p.Print(a.Val())
	if _, err := p.Text(); err == nil {
		t.Error("an endless value was printed")
	}
}

// language.md 2.5
func TestHashOrder(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"{:one 1 :two 2 :three 3 :four 4 :five 5}", "{:four 4 :one 1 :two 2 :five 5 :three 3}"},
		{`{:name "x" :age 3 :city "y"}`, `{:city "y" :name "x" :age 3}`},
		{"{1 :a 2 :b 3 :c 40 :d 33 :e}", "{1 :a 33 :e 2 :b 3 :c 40 :d}"},
		{`{"é" 1 "😀" 2 "z" 3 "€" 4}`, `{"😀" 2 "é" 1 "€" 4 "z" 3}`},
		{"#{3 2 1 nil true}", "#{1 2 3 true nil}"},
	} {
		if got := value.PrStr(read(t, tt.text)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestHash(t *testing.T) {
	for text, want := range map[string]uint32{
		`"hi"`: 3329, ":hi": 3329, "hi": 3329, `""`: 0, `"😀"`: 31*0xD83D + 0xDE00, `#\a`: 97, "-1": 0, "4294967296": 1, "7I": 7, "1.0": 0x3FF00000,
		"1.0F": 0x3F800000, "true": 1231, "false": 1237, "nil": 110034, "5N": 5, "-5N": 0xFFFFFFFB, "1.5M": 31*15 + 1,
		"{1 2}": 1 + 31*(31+1) + 2, "#{1 2}": 4,
	} {
		if got := value.Hash(read(t, text)); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
	list := uint32(1)
	for _, h := range []uint32{2, 1, 2, 110034, 110034} {
		list = 31*list + h
	}
	if got := value.Hash(read(t, "[1 2]")); got != list {
		t.Errorf("[1 2]: got %d, want %d", got, list)
	}
}

// language.md 6.1
func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b          string
		strict, loose bool
	}{
		{"1", "1", true, true}, {"1", "1.0", false, true}, {"1", "1I", false, true}, {"1.0M", "1.00M", false, true}, {"1", "1N", false, true},
		{"0.1", "0.1M", false, false}, {"0.1", "0.1F", false, false}, {"1.5", "1.5F", false, true}, {"0.0", "-0.0", false, true},
		{`#\a`, `"a"`, false, true}, {`"a"`, ":a", false, false}, {":a", ":a", true, true}, {"a", ":a", false, false}, {"nil", "false", false, false},
		{"[1 2]", "(1 2)", true, true}, {"[1]", "[1.0]", false, true}, {"[1]", "[1 nil]", false, false}, {"[]", "{}", false, false},
		{"{:a 1}", "{:a 1.0}", false, true}, {"{1 :a}", "{1.0 :a}", false, false}, {"#{1}", "#{1.0}", false, false}, {"#{1 2}", "#{2 1}", true, true},
	} {
		a, b := read(t, tt.a), read(t, tt.b)
		for range 2 { // in both directions
			if value.Equal(a, b) != tt.strict || value.EqualLoose(a, b) != tt.loose {
				t.Errorf("%s and %s: got %v and %v", value.PrStr(a), value.PrStr(b), value.Equal(a, b), value.EqualLoose(a, b))
			}
			a, b = b, a
		}
		if value.Equal(a, b) && value.Hash(a) != value.Hash(b) {
			t.Errorf("%s and %s are equal, their hashes are not", tt.a, tt.b)
		}
	}
}

// language.md 6.2: ranks ascend; each value is less than all that stand behind it.
func TestCompare(t *testing.T) {
	ascending := []string{
		"nil", "false", "true", "-1.5", "0", "1I", "1.5M", "2N", "3.0F",
		`""`, `"a"`, ":ab", `"b"`, `#\c`, "sym", "()", "(9)", "(1 2)", "(1 3)", "[]", "[5]", "{}", "#{}",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			got := value.Compare(read(t, a), read(t, b))
			if i < j && got >= 0 || i == j && got != 0 || i > j && got <= 0 {
				t.Errorf("compare %s %s: %d", a, b, got)
			}
		}
	}
	for _, tt := range []struct {
		a, b string
		want int
	}{{`"a"`, `"c"`, -2}, {`"abc"`, `"ab"`, 1}, {`"😀"`, "\"\uffff\"", -10178}, {"1", "1.0", 0}, {`#\a`, `"a"`, 0}} {
		if got := value.Compare(read(t, tt.a), read(t, tt.b)); got != tt.want {
			t.Errorf("compare %s %s: got %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
