// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strconv"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// printTable: language.md 2.2. Each call is one guarded write; lone surrogates leave as '?'.
var printTable = eval.Table{
	{Name: "*out*", Value: func(rt *eval.Runtime) value.Value { return value.NewStream(rt.Config.Stdout).Val() }, Dynamic: true, Doc: "The stream that print and its siblings write to."},
	{Name: "*err*", Value: func(rt *eval.Runtime) value.Value { return value.NewStream(rt.Config.Stderr).Val() }, Dynamic: true, Doc: "The error stream."},
	{Name: "str", Min: 0, Max: -1, F1: str1, FN: str, Forms: "(str & xs)", Doc: "The arguments printed plainly and joined; nil is empty."},
	{Name: "pr-str", Min: 0, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		s, err := joined(th, a, true)
		return value.String(s), err
	}, Forms: "(pr-str & xs)", Doc: "The arguments printed readably, separated by blanks."},
	printRow("print", false, ""), printRow("println", false, "\n"), printRow("pr", true, ""), printRow("prn", true, "\n"),
	{Name: "newline", Min: 0, Max: 1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		out, _ := target(th, a)
		return value.Nil, write(th, out, "\n")
	}, Forms: "(newline)\n(newline os)", Doc: "Writes a line end."},
	{Name: "flush", Min: 0, Max: 1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		out, _ := target(th, a)
		return value.Nil, out.Flush()
	}, Forms: "(flush)\n(flush os)", Doc: "Flushes the stream."},
	{Name: "to-str", Min: 1, Max: 2, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		readable := true
		if len(a) == 2 {
			b, ok := a[0].Bool()
			if !ok {
				return value.Nil, value.CoerceError(a[0], "boolean")
			}
			readable = b
		}
		s, err := joined(th, a[len(a)-1:], readable)
		return value.String(s), err
	}, Forms: "(to-str v)\n(to-str print-machine-readably v)", Doc: "The printed form as a string."},
	{Name: "with-out-str", Min: 0, Max: -1, Macro: capturing("*out*"), Forms: "(with-out-str & forms)", Doc: "What the forms print, as a string."},
	{Name: "with-err-str", Min: 0, Max: -1, Macro: capturing("*err*"), Forms: "(with-err-str & forms)", Doc: "What the forms print to *err*, as a string."},
	{Name: "print-msg-box", Min: 2, Max: 2, F2: printMessageBox, Forms: "(print-msg-box type text)", Doc: "Prints a text between lines; :info to *out*, :warn and :error to *err*."},
	{Name: "capture*", Min: 2, Max: 2, F2: capture, Doc: "Internal to with-out-str."},
}

func str1(th *eval.Thread, v value.Value) (value.Value, error) {
	if _, ok := v.Ref().(*value.Str); ok {
		return v, nil
	}
	if n, ok := v.Long(); ok {
		return value.String(strconv.FormatInt(n, 10)), nil
	}
	return str(th, []value.Value{v})
}

func str(th *eval.Thread, a []value.Value) (value.Value, error) {
	p := value.Printer{Caller: th}
	for _, v := range a {
		if !v.IsNil() {
			p.Print(v)
		}
	}
	s, err := p.Text()
	return value.String(s), err
}

const boxWidth = 70

func printMessageBox(th *eval.Thread, kind, v value.Value) (value.Value, error) {
	text, err := textOf(v)
	if err != nil {
		return value.Nil, err
	}
	title, stream := "Info: ", "*out*"
	switch {
	case isKw(kind, "warn"):
		title, stream = "Warning: ", "*err*"
	case isKw(kind, "error"):
		title, stream = "Error: ", "*err*"
	}
	out, err := asSink("print-msg-box", th.CoreValue(stream))
	if err != nil {
		return value.Nil, err
	}
	line := strings.Repeat("-", boxWidth) + "\n"
	var box strings.Builder
	box.WriteString(line + title)
	indent := strings.Repeat(" ", len(title))
	for i, l := range splitLines(text) {
		for j, part := range strings.Split(wrapLine(l, int64(boxWidth-len(title))), "\n") {
			if i+j > 0 {
				box.WriteString(indent)
			}
			box.WriteString(part + "\n")
		}
	}
	return value.Nil, write(th, out, box.String()+line)
}

// joined prints with single blanks between.
func joined(th *eval.Thread, a []value.Value, readable bool) (string, error) {
	p := value.Printer{Caller: th, Readable: readable}
	for i, v := range a {
		if i > 0 {
			p.WriteString(" ")
		}
		p.Print(v)
	}
	return p.Text()
}

// target takes a leading stream argument, or *out*.
func target(th *eval.Thread, a []value.Value) (*value.Stream, []value.Value) {
	if len(a) > 0 {
		if s, ok := a[0].Ref().(*value.Stream); ok {
			return s, a[1:]
		}
	}
	s, _ := th.CoreValue("*out*").Ref().(*value.Stream)
	if s == nil {
		s = value.NewStream(th.Runtime().Config.Stdout)
	}
	return s, a
}

func write(th *eval.Thread, out *value.Stream, text string) error {
	if err := th.Charge(len(text)); err != nil {
		return err
	}
	if err := out.WriteString(value.ToUTF8(text)); err != nil {
		return value.Throwf(value.FindClass("java.io.IOException"), "%s", err)
	}
	return nil
}

func printRow(name string, readable bool, end string) eval.Row {
	return eval.Row{Name: name, Min: 0, Max: -1, Forms: "(" + name + " & xs)\n(" + name + " os & xs)", Doc: "Prints the arguments, separated by blanks.",
		FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
			out, a := target(th, a)
			s, err := joined(th, a, readable)
			if err != nil {
				return value.Nil, err
			}
			return value.Nil, write(th, out, s+end)
		}}
}

func capturing(stream string) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return list(th.Runtime().Core("capture*"), value.String(stream), listWith(a, symFn, vec())), nil
	}
}

func capture(th *eval.Thread, stream, body value.Value) (value.Value, error) {
	name, _ := stream.Str()
	out := value.NewCapture()
	_, err := th.Bind(name, out.Val(), func() (value.Value, error) { return th.Call(body) })
	return value.String(string(out.Captured())), err
}
