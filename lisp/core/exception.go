// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// exceptionTable: language.md 10.
var exceptionTable = eval.Table{
	{Name: "ex", Min: 1, Max: -1, Fn: newException, Forms: "(ex class)\n(ex class message)\n(ex class message cause)", Doc: "Makes an exception; class is a keyword."},
	{Name: "throw", Min: 0, Max: 1, FN: throw, Forms: "(throw)\n(throw x)", Doc: "Throws an exception; any other value inside a ValueException."},
	exRow("ex-message", func(e *value.Exception) value.Value { return e.MessageValue() }),
	exRow("ex-cause", func(e *value.Exception) value.Value {
		if e.Cause == nil {
			return value.Nil
		}
		return e.Cause.Val()
	}),
	exRow("ex-value", func(e *value.Exception) value.Value { return e.Value }),
	isA[*value.Exception]("ex?"),
	is("ex-venice?", func(v value.Value) bool {
		e, ok := v.Ref().(*value.Exception)
		return ok && e.Class.IsA(value.VncException)
	}),
	{Name: "ex-venice-stacktrace", Min: 1, Max: 2, FN: stacktrace, Forms: "(ex-venice-stacktrace x)\n(ex-venice-stacktrace x format)", Doc: "The script's call stack as text, or with :list as a list of maps."},
	{Name: "assert", Min: 1, Max: 2, Macro: macroAssert, Forms: "(assert expr)\n(assert expr message)", Doc: "Throws an AssertionException if expr is not true; true."},
	{Name: "assert*", Min: 3, Max: 3, FN: counted(assertStar), Doc: "Internal to assert."},
}

func exRow(name string, f func(*value.Exception) value.Value) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " x)", Doc: "A part of an exception; throws for other values.",
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			if e, ok := v.Ref().(*value.Exception); ok {
				return f(e), nil
			}
			return value.Nil, notThrowable(name)
		}}
}

// notThrowable is the refusal of what is no exception.
func notThrowable(name string) error {
	return value.Errorf("Function '%s' expects a :java.lang.Throwable as arg!", name)
}

func newException(th *eval.Thread, in *eval.Args) (value.Value, error) {
	name := in.Keyword()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	class, err := th.ClassFor(name)
	if err != nil {
		return value.Nil, value.Errorf("Failed to load class '%s'", name)
	}
	if !class.IsA(value.ExceptionClass) {
		return value.Nil, value.Errorf("The class %s is no exception", class.Name)
	}
	if class.IsA(value.ValueException) {
		if in.Left() == 0 {
			return value.Nil, value.Throwf(value.JavaMethodInvocation, "No matching public constructor found: %s().", class.Name)
		}
		return value.Thrown(in.Value()).Val(), nil
	}
	if in.Left() == 0 {
		e := value.NewException(class, "")
		e.NoMessage = true
		return e.Val(), nil
	}
	m := in.Value()
	text, ok := value.StringOrKeyword(m)
	if !ok && !m.IsNil() {
		return value.Nil, value.Throwf(value.JavaMethodInvocation, "No matching public constructor found: %s(%s).", class.Name, m.Type().Name)
	}
	e := value.NewException(class, text)
	e.NoMessage = m.IsNil()
	if in.Left() > 0 {
		c := in.Value()
		if cause, ok := c.Ref().(*value.Exception); ok {
			e.Cause = cause
		} else if !c.IsNil() {
			return value.Nil, value.CoerceError(c, "java-object of type java.lang.Throwable")
		}
	}
	return e.Val(), nil
}

// throw wraps checked exceptions into a RuntimeException (language.md 10.2).
func throw(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.Nil, value.Thrown(value.Nil)
	}
	e, ok := a[0].Ref().(*value.Exception)
	if !ok {
		return value.Nil, value.Thrown(a[0])
	}
	if e.Class.IsA(value.ExceptionClass) && !e.Class.IsA(value.RuntimeException) {
		return value.Nil, value.NewException(value.RuntimeException, e.Error()).Because(e)
	}
	return value.Nil, e
}

func stacktrace(_ *eval.Thread, a []value.Value) (value.Value, error) {
	e, ok := a[0].Ref().(*value.Exception)
	if !ok {
		return value.Nil, notThrowable("ex-venice-stacktrace")
	}
	if !e.Class.IsA(value.VncException) {
		return value.Nil, nil
	}
	if len(a) == 2 && isKw(a[1], "list") {
		var out []value.Value
		for _, f := range e.Stack {
			out = append(out, value.NewOrderedMap(
				value.Kw("fn"), value.String(f.Name), value.Kw("file"), value.String(f.File),
				value.Kw("line"), value.Long(int64(f.Line)), value.Kw("col"), value.Long(int64(f.Col))).Val())
		}
		return value.ListOf(out).Val(), nil
	}
	return value.String(eval.StackText(e)), nil
}

func isKw(v value.Value, name string) bool {
	k, ok := v.Ref().(*value.Keyword)
	return ok && k.Name == name
}

// macroAssert keeps the expression for the failure's text.
func macroAssert(th *eval.Thread, a []value.Value) (value.Value, error) {
	msg := value.Nil
	if len(a) == 2 {
		msg = a[1]
	}
	return list(th.Runtime().Core("assert*"), list(symFn, vec(), a[0]), list(symQuote, a[0]), msg), nil
}

var symQuote = value.Sym("quote")

func assertStar(th *eval.Thread, a []value.Value) (value.Value, error) {
	body, form, msg := a[0], a[1], a[2]
	v, err := th.Call(body)
	if err == nil && v.Truthy() {
		return value.True, nil
	}
	lines := []string{"Assert failed."}
	if !msg.IsNil() {
		lines = append(lines, value.ToStr(msg))
	}
	var cause *value.Exception
	if err != nil {
		cause = value.AsException(err)
		lines = append(lines, "Unexpected exception: :"+cause.Class.Name)
	}
	lines = append(lines, "Expression:", value.PrStr(form))
	return value.Nil, value.NewException(value.AssertionException, strings.Join(lines, "\n")).Because(cause)
}
