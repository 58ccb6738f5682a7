// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// assertTable: the assertions of language.md 10 that take an expression.
var assertTable = eval.Table{
	{Name: "*assertions*", Value: func(*eval.Runtime) value.Value { return value.Long(0) }, Dynamic: true, Doc: "How many assertions the test that runs has evaluated."},
	{Name: "assert-false", Min: 1, Max: 2, Macro: assertMacro("assert-false*", 1), Forms: "(assert-false expr)\n(assert-false expr message)", Doc: "Throws an AssertionException if expr is true; true."},
	{Name: "assert-throws", Min: 2, Max: 3, Macro: assertMacro("assert-throws*", 2), Forms: "(assert-throws ex-type expr)\n(assert-throws ex-type expr message)", Doc: "Throws an AssertionException unless expr throws an exception of a class; true."},
	{Name: "assert-throws-with-msg", Min: 3, Max: 4, Macro: assertMacro("assert-throws-with-msg*", 3), Forms: "(assert-throws-with-msg ex-type regex expr)\n(assert-throws-with-msg ex-type regex expr message)", Doc: "assert-throws that also checks the exception's message."},
	{Name: "assert-does-not-throw", Min: 1, Max: 2, Macro: assertMacro("assert-does-not-throw*", 1), Forms: "(assert-does-not-throw expr)\n(assert-does-not-throw expr message)", Doc: "Throws an AssertionException if expr throws an exception; true."},
	{Name: "assert-eq", Min: 2, Max: 3, Macro: comparisonMacro("assert-eq*"), Forms: "(assert-eq expected expr)\n(assert-eq expected expr message)", Doc: "Throws an AssertionException unless the values are equal; true."},
	{Name: "assert-ne", Min: 2, Max: 3, Macro: comparisonMacro("assert-ne*"), Forms: "(assert-ne unexpected expr)\n(assert-ne unexpected expr message)", Doc: "Throws an AssertionException if the values are equal; true."},
	{Name: "assert-eq*", Min: 5, Max: 5, FN: counted(assertEqual(true, "Expected: ", "Actual:   ")), Doc: "Internal to assert-eq."},
	{Name: "assert-ne*", Min: 5, Max: 5, FN: counted(assertEqual(false, "Unexpected: ", "Actual:     ")), Doc: "Internal to assert-ne."},
	{Name: "assert-false*", Min: 3, Max: 3, FN: counted(assertFalse), Doc: "Internal to assert-false."},
	{Name: "assert-throws*", Min: 4, Max: 4, FN: counted(assertThrows), Doc: "Internal to assert-throws."},
	{Name: "assert-throws-with-msg*", Min: 5, Max: 5, FN: counted(assertThrowsWithMessage), Doc: "Internal to assert-throws-with-msg."},
	{Name: "assert-does-not-throw*", Min: 3, Max: 3, FN: counted(assertDoesNotThrow), Doc: "Internal to assert-does-not-throw."},
}

// counted counts an assertion for the test that runs.
func counted(f func(*eval.Thread, []value.Value) (value.Value, error)) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		th.Rebind("*assertions*", func(n value.Value) value.Value {
			count, _ := n.Long()
			return value.Long(count + 1)
		})
		return f(th, a)
	}
}

// assertMacro expands to a call of a function with the arguments before the expression, the expression as a function and
// quoted, and the message. place counts to the expression.
func assertMacro(function string, place int) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		message := value.Nil
		if len(a) > place {
			message = a[place]
		}
		call := append([]value.Value{th.Runtime().Core(function)}, a[:place-1]...)
		expr := a[place-1]
		return list(append(call, list(symFn, vec(), expr), list(symQuote, expr), message)...), nil
	}
}

// comparisonMacro expands to a call with both expressions as functions, both quoted, and the message.
func comparisonMacro(function string) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		message := value.Nil
		if len(a) == 3 {
			message = a[2]
		}
		later := func(x value.Value) value.Value { return list(symFn, vec(), x) }
		return list(th.Runtime().Core(function), later(a[0]), later(a[1]), list(symQuote, a[0]), list(symQuote, a[1]), message), nil
	}
}

func assertEqual(want bool, expected, actual string) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		var values [2]value.Value
		for i := range values {
			v, err := th.Call(a[i])
			if err != nil {
				return value.Nil, failedAssertion(a[2+i], a[4], "Unexpected exception: :"+value.AsException(err).Class.Name)
			}
			values[i] = v
		}
		if value.Equal(values[0], values[1]) == want {
			return value.True, nil
		}
		return value.Nil, failedAssertion(a[3], a[4], expected+value.PrStr(values[0]), actual+value.PrStr(values[1]))
	}
}

// failedAssertion joins the lines of a failure's text.
func failedAssertion(form, message value.Value, lines ...string) error {
	all := []string{"Assert failed."}
	if !message.IsNil() {
		all = append(all, value.ToStr(message))
	}
	all = append(append(all, lines...), "Expression:", value.PrStr(form))
	return value.NewException(value.AssertionException, strings.Join(all, "\n"))
}

func assertFalse(th *eval.Thread, a []value.Value) (value.Value, error) {
	v, err := th.Call(a[0])
	switch {
	case err != nil:
		return value.Nil, failedAssertion(a[1], a[2], "Unexpected exception: :"+value.AsException(err).Class.Name)
	case v.Truthy():
		return value.Nil, failedAssertion(a[1], a[2])
	}
	return value.True, nil
}

// thrown evaluates the expression of an assertion that wants an exception of a class.
func thrown(th *eval.Thread, class, f, form, message value.Value) (*value.Exception, error) {
	k, ok := class.Ref().(*value.Keyword)
	if !ok {
		return nil, value.CoerceError(class, "keyword")
	}
	want, err := th.ClassFor(k.Name)
	if err != nil {
		return nil, err
	}
	_, err = th.Call(f)
	if err == nil {
		return nil, failedAssertion(form, message, "Expected: "+value.ToStr(class), "But no exception has been thrown!")
	}
	if err := th.CheckInterrupt(); err != nil {
		return nil, err
	}
	ex := value.AsException(err)
	if !ex.Class.IsA(want) {
		return nil, failedAssertion(form, message, "Expected: "+value.ToStr(class), "Caught:   :"+ex.Class.Name)
	}
	return ex, nil
}

func assertThrows(th *eval.Thread, a []value.Value) (value.Value, error) {
	_, err := thrown(th, a[0], a[1], a[2], a[3])
	return value.Bool(err == nil), err
}

func assertThrowsWithMessage(th *eval.Thread, a []value.Value) (value.Value, error) {
	ex, err := thrown(th, a[0], a[2], a[3], a[4])
	if err != nil {
		return value.Nil, err
	}
	ok, err := th.Call2(th.Runtime().Core("match?"), value.String(ex.Message), a[1])
	if err != nil {
		return value.Nil, err
	}
	if !ok.Truthy() {
		return value.Nil, failedAssertion(a[3], a[4], `Expected: #"`+value.ToStr(a[1])+`"`, "Actual:   "+value.PrStr(value.String(ex.Message)))
	}
	return value.True, nil
}

func assertDoesNotThrow(th *eval.Thread, a []value.Value) (value.Value, error) {
	if _, err := th.Call(a[0]); err != nil {
		return value.Nil, failedAssertion(a[1], a[2], "Unexpected exception: :"+value.AsException(err).Class.Name)
	}
	return value.True, nil
}
