// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"os"

	"gondola/lisp/eval"
	"gondola/lisp/json"
	"gondola/lisp/value"
)

// jsonTable: language.md 14.3.
var jsonTable = eval.Table{
	{Name: "json/write-str", Min: 1, Max: -1, Fn: jsonWrite, Forms: "(json/write-str val & options)", Doc: "val as JSON; options :pretty, :decimal-as-double. nil for nil."},
	{Name: "json/read-str", Min: 1, Max: -1, Fn: jsonRead, Forms: "(json/read-str s & options)", Doc: "The first value of a JSON text; options :key-fn, :value-fn, :decimal."},
	{Name: "json/pretty-print", Min: 1, Max: -1, Fn: jsonPretty, Forms: "(json/pretty-print s & options)", Doc: "A JSON text with indentation; option :indent."},
	{Name: "json/spit", Min: 2, Max: -1, Fn: jsonSpit, Forms: "(json/spit out val & options)", Doc: "Writes val as JSON to a file or stream; options as json/write-str."},
	{Name: "json/slurp", Min: 1, Max: -1, Fn: jsonSlurp, Forms: "(json/slurp f & options)", Doc: "Reads JSON from a file; options as json/read-str."},
}

func writeOptions(th *eval.Thread, opts map[string]value.Value) json.WriteOptions {
	return json.WriteOptions{Pretty: opts["pretty"].Truthy(), DecimalAsDouble: opts["decimal-as-double"].Truthy(), Caller: th}
}

func readOptions(th *eval.Thread, opts map[string]value.Value) json.ReadOptions {
	o := json.ReadOptions{Decimal: opts["decimal"].Truthy()}
	if f, ok := opts["key-fn"]; ok {
		o.KeyFn = func(k string) (value.Value, error) { return th.Call1(f, value.String(k)) }
	}
	if f, ok := opts["value-fn"]; ok {
		o.ValueFn = func(k, v value.Value) (value.Value, error) { return th.Call2(f, k, v) }
	}
	return o
}

// jsonError gives a syntax error the text of the reference; what the option functions raise stays as it is.
func jsonError(name string, err error) error {
	var bad *json.SyntaxError
	if errors.As(err, &bad) {
		return value.Errorf("Function '%s'. Failed to read JSON string", name).Because(value.Errorf("%s", bad))
	}
	return err
}

func jsonWrite(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil || v.IsNil() {
		return value.Nil, err
	}
	s, err := json.Write(v, writeOptions(th, opts))
	return value.String(s), err
}

func jsonRead(th *eval.Thread, in *eval.Args) (value.Value, error) {
	s, some := in.StrOrNil()
	opts := in.Options()
	if err := in.Done(); err != nil || !some {
		return value.Nil, err
	}
	if err := th.Charge(parsedSize * len(s)); err != nil {
		return value.Nil, err
	}
	v, err := json.Read([]byte(s), readOptions(th, opts))
	return v, jsonError(in.Name, err)
}

// parsedSize is what limits count for a byte of a text that becomes values: [[],[]] is short.
const parsedSize = 8

func jsonPretty(th *eval.Thread, in *eval.Args) (value.Value, error) {
	s, some := in.StrOrNil()
	opts := in.Options()
	if err := in.Done(); err != nil || !some {
		return value.Nil, err
	}
	indent := "  "
	if v, ok := opts["indent"]; ok {
		var err error
		if indent, err = textOf(v); err != nil {
			return value.Nil, err
		}
	}
	v, err := json.Read([]byte(s), json.ReadOptions{})
	if err != nil {
		return value.Nil, jsonError(in.Name, err)
	}
	out, err := json.Write(v, json.WriteOptions{Pretty: true, Indent: indent, Caller: th})
	return value.String(out), err
}

func jsonSpit(th *eval.Thread, in *eval.Args) (value.Value, error) {
	out, v, opts := in.Value(), in.Value(), in.Options()
	if err := notSink(in.Name, "out", out); err != nil {
		return value.Nil, err
	}
	if err := in.Done(); err != nil || v.IsNil() {
		return value.Nil, err
	}
	text, err := json.Write(v, writeOptions(th, opts))
	if err != nil {
		return value.Nil, err
	}
	if stream, ok := out.Ref().(*value.Stream); ok {
		return value.Nil, write(th, stream, text)
	}
	path, _ := pathOf(out)
	return value.Nil, ioError(os.WriteFile(path, []byte(value.ToUTF8(text)), 0o666))
}

func jsonSlurp(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v := in.Peek()
	if v.IsNil() {
		return value.Nil, nil
	}
	if !holdsContent(v) {
		return value.Nil, value.Errorf("Function 'json/slurp'. Failed to parse JSON").Because(value.CoerceError(v, "java-object"))
	}
	b, opts, err := readFile(th, in)
	if err != nil {
		return value.Nil, err
	}
	v, err = json.Read(b, readOptions(th, opts))
	return v, jsonError(in.Name, err)
}
