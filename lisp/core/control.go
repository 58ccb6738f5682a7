// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// controlTable holds the control macros of language.md 13. Function objects, not symbols, stand in the expansions, so that a
// script's own function of the name does not disturb them (E12); they print like the symbols.
var controlTable = eval.Table{
	{Name: "when", Min: 1, Max: -1, Macro: macroWhen, Forms: "(when test & body)", Doc: "Evaluates the body if test is true."},
	{Name: "when-not", Min: 1, Max: -1, Macro: macroWhenNot, Forms: "(when-not test & body)", Doc: "Evaluates the body if test is false."},
	{Name: "if-not", Min: 2, Max: 3, Macro: macroIfNot, Forms: "(if-not test then else)", Doc: "if with the test negated."},
	{Name: "if-let", Min: 2, Max: 3, Macro: macroIfLet, Forms: "(if-let [name test] then else)", Doc: "Binds the value of test and evaluates then if it is true, else otherwise."},
	{Name: "when-let", Min: 1, Max: -1, Macro: macroWhenLet, Forms: "(when-let [name test] & body)", Doc: "Binds the value of test and evaluates the body if it is true."},
	{Name: "cond", Min: 0, Max: -1, Macro: macroCond, Forms: "(cond & clauses)", Doc: "The expression behind the first true test; nil if none is."},
	{Name: "condp", Min: 2, Max: -1, Macro: macroCondp, Forms: "(condp pred expr & clauses)", Doc: "The clause whose test satisfies (pred test expr)."},
	{Name: "case", Min: 1, Max: -1, Macro: macroCase, Forms: "(case expr & clauses)", Doc: "The clause whose constant equals expr by ==; a default may stand last."},
	{Name: "and", Min: 0, Max: -1, Macro: macroAnd, Forms: "(and & exprs)", Doc: "The first false value, or the last one; true without arguments."},
	{Name: "or", Min: 0, Max: -1, Macro: macroOr, Forms: "(or & exprs)", Doc: "The first true value, or the last one; false without arguments."},
	{Name: "coalesce", Min: 0, Max: -1, Macro: macroCoalesce, Forms: "(coalesce & exprs)", Doc: "The first value that is not nil."},
	{Name: "while", Min: 1, Max: -1, Macro: macroWhile, Forms: "(while test & body)", Doc: "Evaluates the body as long as test is true; nil."},
	{Name: "dotimes", Min: 1, Max: -1, Macro: macroDotimes, Forms: "(dotimes [name n] & body)", Doc: "Evaluates the body with name bound to 0 to n-1; nil."},
	{Name: "doseq", Min: 1, Max: -1, Macro: macroDoseq, Forms: "(doseq [name coll :when test …] & body)", Doc: "Evaluates the body for each element, for its effects; nil."},
	{Name: "for", Min: 0, Max: -1, Macro: macroFor, Forms: "(for [name coll :when test :while test :let [name expr] …] expr)", Doc: "An eager comprehension; a vector."},
	{Name: "list-comp", Min: 2, Max: 2, Macro: macroListComp, Forms: "(list-comp [name coll :when test …] expr)", Doc: "An eager comprehension; a list."},
	{Name: "->", Min: 1, Max: -1, Macro: threading(threadFirst), Forms: "(-> x & forms)", Doc: "Threads x as second item through the forms."},
	{Name: "->>", Min: 1, Max: -1, Macro: threading(threadLast), Forms: "(->> x & forms)", Doc: "Threads x as last item through the forms."},
	{Name: "-<>", Min: 1, Max: -1, Macro: macroDiamond, Forms: "(-<> x & forms)", Doc: "Threads x through the forms at the position of <>."},
	{Name: "-<>*", Min: 2, Max: 2, Macro: macroDiamondStep, Forms: "(-<>* form x)", Doc: "Puts x where <> stands in the form: one step of -<>."},
	{Name: "as->", Min: 2, Max: -1, Macro: macroAs, Forms: "(as-> expr name & forms)", Doc: "Binds name to expr, then to the value of each form in turn."},
	{Name: "some->", Min: 1, Max: -1, Macro: someThreading(threadFirst), Forms: "(some-> expr & forms)", Doc: "-> that stops at nil."},
	{Name: "some->>", Min: 1, Max: -1, Macro: someThreading(threadLast), Forms: "(some->> expr & forms)", Doc: "->> that stops at nil."},
	{Name: "cond->", Min: 1, Max: -1, Macro: condThreading("cond->", threadFirst), Forms: "(cond-> expr & clauses)", Doc: "Threads expr through the forms whose test is true."},
	{Name: "cond->>", Min: 1, Max: -1, Macro: condThreading("cond->>", threadLast), Forms: "(cond->> expr & clauses)", Doc: "Threads expr as last item through the forms whose test is true."},
	{Name: "doto", Min: 1, Max: -1, Macro: macroDoto, Forms: "(doto x & forms)", Doc: "Calls the forms with x as first argument; x."},
	{Name: "comment", Min: 0, Max: -1, Macro: func(*eval.Thread, []value.Value) (value.Value, error) { return value.Nil, nil }, Forms: "(comment & forms)", Doc: "Ignores its forms; nil."},
	{Name: "defn", Min: 1, Max: -1, Macro: macroDefn(false), Forms: "(defn name [params] & body)\n(defn name ([params] & body)+)", Doc: "Defines a function."},
	{Name: "defn-", Min: 1, Max: -1, Macro: macroDefn(true), Forms: "(defn- name [params] & body)", Doc: "Defines a function that only its namespace may use."},
	{Name: "def-", Min: 1, Max: -1, Macro: macroDefPrivate, Forms: "(def- name expr)", Doc: "Defines a value that only its namespace may use."},
	{Name: "letfn", Min: 1, Max: -1, Macro: macroLetfn, Forms: "(letfn [(name [params] & body)*] & body)", Doc: "Local functions that may call each other."},
	{Name: "delay", Min: 0, Max: -1, Macro: macroDelay, Forms: "(delay & body)", Doc: "A value that is computed when it is first needed."},
}

func list(items ...value.Value) value.Value { return value.ListOf(items).Val() }
func vec(items ...value.Value) value.Value  { return value.VectorOf(items).Val() }

// concat makes a list of some leading items and a tail.
func listWith(tail []value.Value, head ...value.Value) value.Value {
	return value.ListOf(append(append(make([]value.Value, 0, len(head)+len(tail)), head...), tail...)).Val()
}

var (
	symIf    = value.Sym("if")
	symDo    = value.Sym("do")
	symLet   = value.Sym("let")
	symFn    = value.Sym("fn")
	symLoop  = value.Sym("loop")
	symRecur = value.Sym("recur")
	symDef   = value.Sym("def")
)

// fresh makes a local name for an expansion.
func fresh(th *eval.Thread, prefix string) value.Value {
	return value.Sym(fmt.Sprintf("%s__%d__auto", prefix, th.Runtime().NextGensym()))
}

func macroWhen(_ *eval.Thread, a []value.Value) (value.Value, error) {
	return list(symIf, a[0], listWith(a[1:], symDo)), nil
}

func macroWhenNot(th *eval.Thread, a []value.Value) (value.Value, error) {
	return list(symIf, list(th.Runtime().Core("not"), a[0]), listWith(a[1:], symDo)), nil
}

func macroIfNot(th *eval.Thread, a []value.Value) (value.Value, error) {
	els := value.Nil
	if len(a) == 3 {
		els = a[2]
	}
	return list(symIf, list(th.Runtime().Core("not"), a[0]), a[1], els), nil
}

// oneBinding takes the vector of if-let and when-let.
func oneBinding(name string, v value.Value) (pattern, init value.Value, err error) {
	seq, ok := v.Ref().(value.Sequence)
	if !ok || seq.Count() != 2 {
		return pattern, init, value.Errorf("%s requires exactly one binding: a name and an expression", name)
	}
	return seq.Nth(0), seq.Nth(1), nil
}

func macroIfLet(th *eval.Thread, a []value.Value) (value.Value, error) {
	pattern, init, err := oneBinding("if-let", a[0])
	if err != nil {
		return value.Nil, err
	}
	els := value.Nil
	if len(a) == 3 {
		els = a[2]
	}
	t := fresh(th, "test")
	return list(symLet, vec(t, init), list(symIf, t, list(symLet, vec(pattern, t), a[1]), els)), nil
}

func macroWhenLet(th *eval.Thread, a []value.Value) (value.Value, error) {
	pattern, init, err := oneBinding("when-let", a[0])
	if err != nil {
		return value.Nil, err
	}
	t := fresh(th, "test")
	return list(symLet, vec(t, init), list(symIf, t, listWith(a[1:], symLet, vec(pattern, t)))), nil
}

func macroCond(_ *eval.Thread, a []value.Value) (value.Value, error) {
	form := value.Nil
	for i := (len(a) - 1) / 2 * 2; i >= 0 && len(a) > 0; i -= 2 {
		then := value.Nil
		if i+1 < len(a) {
			then = a[i+1]
		}
		form = list(symIf, a[i], then, form)
	}
	return form, nil
}

func macroCase(th *eval.Thread, a []value.Value) (value.Value, error) {
	x := fresh(th, "case")
	clauses := a[1:]
	form := value.Nil
	if len(clauses)%2 == 1 {
		form = clauses[len(clauses)-1]
		clauses = clauses[:len(clauses)-1]
	}
	for i := len(clauses) - 2; i >= 0; i -= 2 {
		form = list(symIf, list(th.Runtime().Core("=="), x, clauses[i]), clauses[i+1], form)
	}
	return list(symLet, vec(x, a[0]), form), nil
}

func macroCondp(th *eval.Thread, a []value.Value) (value.Value, error) {
	rt := th.Runtime()
	pred, x := fresh(th, "pred"), fresh(th, "expr")
	var build func(c []value.Value) value.Value
	build = func(c []value.Value) value.Value {
		switch {
		case len(c) == 0:
			return list(rt.Core("throw"), list(rt.Core("ex"), value.Kw("VncException"), list(rt.Core("str"), value.String("No matching condp clause: "), x)))
		case len(c) == 1:
			return c[0]
		}
		if k, ok := c[1].Ref().(*value.Keyword); ok && k.Name == ">>" && len(c) >= 3 {
			t := fresh(th, "test")
			return list(symLet, vec(t, list(pred, c[0], x)), list(symIf, t, list(c[2], t), build(c[3:])))
		}
		return list(symIf, list(pred, c[0], x), c[1], build(c[2:]))
	}
	return list(symLet, vec(pred, a[0], x, a[1]), build(a[2:])), nil
}

func macroAnd(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch len(a) {
	case 0:
		return value.True, nil
	case 1:
		return a[0], nil
	}
	x := fresh(th, "and")
	rest, err := macroAnd(th, a[1:])
	return list(symLet, vec(x, a[0]), list(symIf, x, rest, x)), err
}

func macroOr(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch len(a) {
	case 0:
		return value.False, nil
	case 1:
		return a[0], nil
	}
	x := fresh(th, "or")
	rest, err := macroOr(th, a[1:])
	return list(symLet, vec(x, a[0]), list(symIf, x, x, rest)), err
}

func macroCoalesce(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.Nil, nil
	}
	x := fresh(th, "coalesce")
	rest, err := macroCoalesce(th, a[1:])
	return list(symLet, vec(x, a[0]), list(symIf, list(th.Runtime().Core("nil?"), x), rest, x)), err
}

func macroWhile(_ *eval.Thread, a []value.Value) (value.Value, error) {
	body := append(append([]value.Value{symDo}, a[1:]...), list(symRecur))
	return list(symLoop, vec(), list(symIf, a[0], value.ListOf(body).Val(), value.Nil)), nil
}

func macroDotimes(th *eval.Thread, a []value.Value) (value.Value, error) {
	seq, ok := a[0].Ref().(value.Sequence)
	if !ok || seq.Count() != 2 {
		return value.Nil, value.Errorf("dotimes requires a binding vector with a name and a count")
	}
	n := fresh(th, "n")
	body := append(append([]value.Value{symDo}, a[1:]...), list(symRecur, list(th.Runtime().Core("inc"), seq.Nth(0))))
	return list(symLet, vec(n, list(th.Runtime().Core("long"), seq.Nth(1))),
		list(symLoop, vec(seq.Nth(0), value.Long(0)),
			list(symIf, list(th.Runtime().Core("<"), seq.Nth(0), n), value.ListOf(body).Val(), value.Nil))), nil
}

// macroDelay keeps the body in a closure.
func macroDelay(th *eval.Thread, a []value.Value) (value.Value, error) {
	return list(th.Runtime().Core("delay*"), listWith(a, symFn, vec())), nil
}

func macroDoto(th *eval.Thread, a []value.Value) (value.Value, error) {
	x := fresh(th, "doto")
	forms := []value.Value{symLet, vec(x, a[0])}
	for _, f := range a[1:] {
		forms = append(forms, threadFirst(x, f))
	}
	return value.ListOf(append(forms, x)).Val(), nil
}

func macroDefn(private bool) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		name, err := definedName(a[0], private)
		if err != nil {
			return value.Nil, err
		}
		if len(a) > 1 {
			if _, ok := a[1].Ref().(value.Sequence); !ok {
				return value.Nil, value.CoerceError(a[1], "a sequential collection")
			}
		}
		return list(symDef, name, listWith(a[1:], symFn, a[0])), nil
	}
}

func macroDefPrivate(_ *eval.Thread, a []value.Value) (value.Value, error) {
	name, err := definedName(a[0], true)
	return listWith(a[1:], symDef, name), err
}

// definedName marks a symbol private if asked.
func definedName(v value.Value, private bool) (value.Value, error) {
	s, ok := v.Ref().(*value.Symbol)
	if !ok {
		return value.Nil, value.CoerceError(v, "symbol")
	}
	if !private {
		return v, nil
	}
	m := value.Meta{}
	if old := s.Meta(); old != nil {
		m = *old
	}
	if m.Map == nil {
		m.Map = value.EmptyHashMap
	}
	m.Map = m.Map.Assoc(value.Kw("private"), value.True)
	return s.WithMeta(&m), nil
}

func macroLetfn(_ *eval.Thread, a []value.Value) (value.Value, error) {
	seq, ok := a[0].Ref().(value.Sequence)
	if !ok {
		return value.Nil, value.CoerceError(a[0], "a sequential collection")
	}
	var binds []value.Value
	for f := range seq.All() {
		fn, ok := f.Ref().(value.Sequence)
		if !ok || fn.Count() < 2 {
			return value.Nil, value.Errorf("letfn requires function forms like (name [params] body)")
		}
		binds = append(binds, fn.First(), listWith(fn.Items(), symFn))
	}
	return listWith(a[1:], symLet, vec(binds...)), nil
}
