// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package json_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"gondola/lisp/json"
	"gondola/lisp/value"
)

var (
	kw  = value.Kw
	str = value.String
	num = value.Long
)

func hashMap(kvs ...value.Value) value.Value  { return value.NewHashMap(kvs...).Val() }
func vector(items ...value.Value) value.Value { return value.NewVector(items...).Val() }

func decimal(t *testing.T, s string) value.Value {
	t.Helper()
	d, ok := value.ParseDecimal(s)
	if !ok {
		t.Fatalf("not a decimal: %s", s)
	}
	return d.Val()
}

type date struct{}

func (date) JSONText() string { return "2020-01-02" }

func TestWrite(t *testing.T) {
	tests := []struct {
		name string
		v    value.Value
		want string
	}{
		{"nil", value.Nil, `null`},
		{"long", num(-7), `-7`},
		{"int", value.Int(3), `3`},
		{"double", value.Double(1e7), `1.0E7`},
		{"small double", value.Double(9.99e-4), `9.99E-4`},
		{"infinite double", value.Double(math.Inf(1)), `Infinity`},
		{"decimal is a string", decimal(t, "1.50"), `"1.50"`},
		{"bigint is a string", value.NewBigInt(big.NewInt(3)).Val(), `"3"`},
		{"boolean", value.False, `false`},
		{"char", value.Char('c'), `"c"`},
		{"keyword", kw("a/b"), `"a/b"`},
		{"symbol", value.Sym("sym"), `"sym"`},
		{"bytebuf", value.NewByteBuf([]byte{1, 2, 3, 4}).Val(), `"AQIDBA=="`},
		{"vector", vector(num(1), vector(), value.EmptyList.Val()), `[1,[],[]]`},
		{"set", value.NewHashSet(num(1)).Val(), `[1]`},
		{"lazy", value.NewLazyCons(num(1), value.NewLazyCons(num(2), nil)).Val(), `[1,2]`},
		{"atom", value.NewAtom(num(5)).Val(), `5`},
		{"date", value.NewHost(&value.Type{Name: "java.time.LocalDate"}, date{}).Val(), `"2020-01-02"`},
		{"key types", value.NewOrderedMap(str("s"), num(1), kw("n/k"), num(2), num(7), num(3)).Val(), `{"s":1,"n/k":2,"7":3}`},
		{"ordered map", value.NewOrderedMap(kw("z"), num(1), kw("a"), num(2)).Val(), `{"z":1,"a":2}`},
		{"sorted map", value.NewSortedMap(kw("b"), num(1), kw("a"), num(2)).Val(), `{"a":2,"b":1}`},
		{"escapes", str("a\"b\\c\nd\te\x01/ </x \b\f\r"), `"a\"b\\c\nd\te\u0001/ <\/x \b\f\r"`},
		{"unicode", str("grün – 10€ ½ \u0085 \x7f 😀"), `"grün \u2013 10\u20ac ½ \u0085 ` + "\x7f" + ` 😀"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Write(tt.v, json.WriteOptions{})
			if err != nil || got != tt.want {
				t.Errorf("got %s, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestWriteDecimalAsDouble(t *testing.T) {
	got, err := json.Write(decimal(t, "100.44"), json.WriteOptions{DecimalAsDouble: true})
	if err != nil || got != "100.44" {
		t.Errorf("got %s, %v", got, err)
	}
}

// The members of a hash map stand in the order of ipc-api.md 3.7 (L10).
func TestWriteOrder(t *testing.T) {
	tests := []struct{ keys, want string }{
		{"item count", `{"item":1,"count":1}`},
		{"zeta alpha mid beta omega", `{"zeta":1,"alpha":1,"mid":1,"omega":1,"beta":1}`},
		{"zeta beta omega gamma", `{"zeta":1,"omega":1,"gamma":1,"beta":1}`},
		{"leaf list none sub", `{"sub":1,"none":1,"list":1,"leaf":1}`},
		{"m v vm vv", `{"vv":1,"v":1,"vm":1,"m":1}`},
	}
	for _, tt := range tests {
		var kvs []value.Value
		for k := range strings.FieldsSeq(tt.keys) {
			kvs = append(kvs, kw(k), num(1))
		}
		if got, err := json.Write(hashMap(kvs...), json.WriteOptions{}); err != nil || got != tt.want {
			t.Errorf("got %s, %v; want %s", got, err, tt.want)
		}
	}
}

// Above 12 entries the table has 32 buckets, above 24 it has 64.
func TestWriteOrderGrows(t *testing.T) {
	for _, n := range []int{12, 13, 24, 25, 48, 49} {
		var kvs []value.Value
		for i := range n {
			kvs = append(kvs, num(int64(i*17)), value.Nil)
		}
		got, err := json.Write(hashMap(kvs...), json.WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		size := map[int]int{12: 16, 13: 32, 24: 32, 25: 64, 48: 64, 49: 128}[n]
		last := -1
		for part := range strings.SplitSeq(strings.Trim(got, "{}"), ",") {
			var k int
			if _, err := fmt.Sscanf(part, `"%d":null`, &k); err != nil {
				t.Fatal(err)
			}
			bucket := k & (size - 1)
			if bucket < last {
				t.Fatalf("%d entries: bucket %d behind %d in %s", n, bucket, last, got)
			}
			last = bucket
		}
	}
}

func TestWritePretty(t *testing.T) {
	v := value.NewOrderedMap(kw("x"), vector(), kw("y"), hashMap(), kw("z"),
		vector(num(1), vector(num(2), num(3)), hashMap(kw("q"), value.Nil), hashMap(kw("n"), num(2))))
	want := strings.Join([]string{
		`{`,
		`  "x": [],`,
		`  "y": {`,
		``,
		`  },`,
		`  "z": [1,[2,3],{`,
		`    "q": null`,
		`  },{`,
		`    "n": 2`,
		`  }]`,
		`}`,
	}, "\n")
	if got, err := json.Write(v.Val(), json.WriteOptions{Pretty: true}); err != nil || got != want {
		t.Errorf("got\n%s\n%v; want\n%s", got, err, want)
	}
}

func TestWriteErrors(t *testing.T) {
	self := value.NewAtom(value.Nil)
	self.Reset(nil, self.Val())
	regex, err := value.NewRegex("a")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		v    value.Value
		want string
	}{
		{value.Float(1), "Json serialization error: the type :core/float can not be serialized"},
		{vector(regex.Val()), "Json serialization error: the type :java.util.regex.Pattern can not be serialized"},
		{hashMap(value.Double(2.5), num(1)), "Json serialization error: the map key type :core/hash-map can not be serialized"},
		{hashMap(value.Nil, num(1)), "Json serialization error: the map key type :core/hash-map can not be serialized"},
		{value.NewOrderedMap(value.True, num(1)).Val(), "Json serialization error: the map key type :core/ordered-map can not be serialized"},
		{self.Val(), "Json serialization error: the data is nested too deeply (more than 512 levels)"},
	}
	for _, tt := range tests {
		_, err := json.Write(tt.v, json.WriteOptions{})
		var e *value.Exception
		if !errors.As(err, &e) || e.Message != tt.want || e.Class != value.VncException {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestRead(t *testing.T) {
	tests := []struct {
		text string
		o    json.ReadOptions
		want string // in readable form
	}{
		{` [1, 2.5, "x", null, {"a": true}] `, json.ReadOptions{}, `(1 2.5 "x" nil {"a" true})`},
		{`{"z":1,"a":2}`, json.ReadOptions{}, `{"a" 2 "z" 1}`},
		{`{"a":{"b":[1,{"c":null}]}}`, json.ReadOptions{KeywordKeys: true}, `{:a {:b (1 {:c nil})}}`},
		{`{"a":1,"a":2}`, json.ReadOptions{}, `{"a" 2}`},
		{`{"":1}`, json.ReadOptions{}, `{"" 1}`},
		{`{} []`, json.ReadOptions{}, `{}`},
		{`1 behind`, json.ReadOptions{}, `1`},
		{`-0`, json.ReadOptions{}, `-0.0`},
		{`1e2`, json.ReadOptions{}, `100.0`},
		{`-1.5E-2`, json.ReadOptions{}, `-0.015`},
		{`1.50`, json.ReadOptions{Decimal: true}, `1.50M`},
		{`7`, json.ReadOptions{Decimal: true}, `7`},
		{`9223372036854775807`, json.ReadOptions{}, `9223372036854775807`},
		{`"\"\\\/\b\f\n\r\t\u00e9"`, json.ReadOptions{}, `"\"\\/\b\f\n\r\té"`},
		{`"\ud83d\ude00 x"`, json.ReadOptions{}, `"😀 x"`},
		{`"é\u0041é"`, json.ReadOptions{}, `"éAé"`},
	}
	for _, tt := range tests {
		v, err := json.Read([]byte(tt.text), tt.o)
		if got := value.PrStr(v); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.text, got, err, tt.want)
		}
	}
}

func TestReadFunctions(t *testing.T) {
	o := json.ReadOptions{
		KeyFn: func(k string) (value.Value, error) { return kw(strings.ToUpper(k)), nil },
		ValueFn: func(k, v value.Value) (value.Value, error) {
			if k.Ref().(*value.Keyword).Name == "STOP" {
				return value.Nil, errors.New("stopped")
			}
			return vector(k, v), nil
		},
	}
	v, err := json.Read([]byte(`{"a":1}`), o)
	if got := value.PrStr(v); err != nil || got != `{:A [:A 1]}` {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := json.Read([]byte(`[{"stop":1}]`), o); err == nil || err.Error() != "stopped" {
		t.Errorf("got %v, want the error of ValueFn as it is", err)
	}
}

var malformed = []string{
	``, ` `, `{bad}`, `[1,2`, `[1 2]`, `[1,]`, `{"a":1,}`, `{"a"}`, `{"a" 1}`, `{1:2}`, `"abc`, `"a\`, `"\u12"`, `"\u12G4"`,
	`"\x"`, "\"a\nb\"", `01`, `-`, `1.`, `.5`, `1e`, `1.2.3`, `1a`, `truex`, `nul`, `12345678901234567890`, `]`, `+1`, `{"a":`,
}

func TestReadErrors(t *testing.T) {
	for _, text := range malformed {
		v, err := json.Read([]byte(text), json.ReadOptions{})
		var e *json.SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%s: got %s, %v; want a SyntaxError", text, value.PrStr(v), err)
		}
	}
	if _, err := json.Read([]byte(`{"":1}`), json.ReadOptions{KeywordKeys: true}); err == nil {
		t.Error("an empty keyword was accepted")
	}
	deep := strings.Repeat("[", 5)
	if _, err := json.Read([]byte(deep+strings.Repeat("]", 5)), json.ReadOptions{MaxDepth: 4}); err == nil {
		t.Error("MaxDepth was ignored")
	}
	if _, err := json.Read([]byte(strings.Repeat("[", 1<<20)), json.ReadOptions{}); err == nil {
		t.Error("endless nesting was accepted")
	}
}

// T23, X1: what was read and written reads again as the same value, pretty or not, and is not nested more deeply than is allowed.
func FuzzRead(f *testing.F) {
	for _, s := range malformed {
		f.Add([]byte(s))
	}
	for _, s := range []string{`{"a":[1,2.5,{"b":null}],"c":"\u00e9\ud83d"}`, `[[],{},-0,1e400,true]`, `"</x>"`} {
		f.Add([]byte(s))
	}
	f.Add([]byte(strings.Repeat("[", 513) + strings.Repeat("]", 513)))
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := json.Read(text, json.ReadOptions{})
		if err != nil {
			return
		}
		if _, err := json.Read(text, json.ReadOptions{MaxDepth: 512}); err != nil {
			t.Fatalf("the depth is not 512: %v", err)
		}
		for _, pretty := range []bool{false, true} {
			s, err := json.Write(v, json.WriteOptions{Pretty: pretty})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(s, "Infinity") {
				return // written bare, as the reference does; not JSON
			}
			w, err := json.Read([]byte(s), json.ReadOptions{})
			if err != nil || !value.Equal(v, w) {
				t.Fatalf("%s read again: %s, %v", s, value.PrStr(w), err)
			}
		}
	})
}
