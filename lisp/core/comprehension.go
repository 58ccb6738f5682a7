// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// clause is one part of a comprehension's binding vector: a name with its collection, or a modifier.
type clause struct {
	modifier string // "", "when", "while", "let"
	target   value.Value
	expr     value.Value
}

func clauses(macro string, v value.Value, modifiers ...string) ([]clause, error) {
	seq, ok := v.Ref().(value.Sequence)
	if !ok {
		return nil, value.CoerceError(v, "a sequential collection")
	}
	items := seq.Items()
	if len(items)%2 != 0 {
		return nil, value.Errorf("%s requires an even number of forms in the binding vector!", macro)
	}
	var out []clause
	for i := 0; i < len(items); i += 2 {
		k, ok := items[i].Ref().(*value.Keyword)
		if !ok {
			out = append(out, clause{target: items[i], expr: items[i+1]})
			continue
		}
		known := false
		for _, m := range modifiers {
			known = known || m == k.Name
		}
		if !known {
			return nil, value.Errorf("%s does not support the modifier :%s", macro, k.Name)
		}
		out = append(out, clause{modifier: k.Name, expr: items[i+1]})
	}
	return out, nil
}

func macroDoseq(th *eval.Thread, a []value.Value) (value.Value, error) {
	cs, err := clauses("doseq", a[0], "when")
	if err != nil {
		return value.Nil, err
	}
	body := listWith(a[1:], symDo)
	for i := len(cs) - 1; i >= 0; i-- {
		c := cs[i]
		if c.modifier == "when" {
			body = list(symIf, c.expr, body, value.Nil)
			continue
		}
		body = list(th.Runtime().Core("each*"), list(symFn, vec(c.target), body), c.expr)
	}
	return list(symDo, body, value.Nil), nil
}

// macroFor collects into a mutable accumulator that only the expansion sees.
func macroFor(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) != 2 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (%d) passed to macro for. Expected 2 args.", len(a))
	}
	if s, ok := a[0].Ref().(*value.Vector); !ok || s.Count() == 0 {
		return value.Nil, value.Throwf(value.AssertionException, "Assert failed.\nThe 'for' seq-exprs must be a non empty vector!\nExpression:\n(and (vector? seq-exprs) (not-empty? seq-exprs))")
	}
	cs, err := clauses("for", a[0], "when", "while", "let")
	if err != nil {
		return value.Nil, err
	}
	for _, c := range cs {
		if c.modifier != "" {
			continue
		}
		switch c.expr.Ref().(type) {
		case *value.Symbol, *value.Vector, *value.List:
		default:
			return value.Nil, value.Throwf(value.AssertionException, "Assert failed.\nSymbol, vector, or list required in 'for' sequence binding expr!\nExpression:\n(or (symbol? c) (vector? c) (list? c))")
		}
		if _, ok := c.target.Ref().(*value.Symbol); !ok {
			return value.Nil, value.Throwf(value.AssertionException, "Assert failed.\nSymbol required in 'for' sequence binding name. Must be like [x [1 2 3] ...]!\nExpression:\n(symbol? s)")
		}
	}
	acc := fresh(th, "acc")
	body := list(th.Runtime().Core("collect*"), acc, a[1])
	body = nest(th, cs, body)
	return list(symLet, vec(acc, list(th.Runtime().Core("collector*"))), body, list(th.Runtime().Core("collected*"), acc)), nil
}

// nest wraps the body in the clauses, rightmost innermost. A :while that fails yields :stop*, which ends the nearest
// collection.
func nest(th *eval.Thread, cs []clause, body value.Value) value.Value {
	for i := len(cs) - 1; i >= 0; i-- {
		c := cs[i]
		switch c.modifier {
		case "when":
			body = list(symIf, c.expr, body, value.Nil)
		case "while":
			body = list(symIf, c.expr, body, th.Runtime().Core("stop*"))
		case "let":
			body = list(symLet, c.expr, body)
		default:
			body = list(symDo, list(th.Runtime().Core("each-until*"), list(symFn, vec(c.target), body), c.expr), value.Nil)
		}
	}
	return body
}

func macroListComp(th *eval.Thread, a []value.Value) (value.Value, error) {
	cs, err := clauses("list-comp", a[0], "when")
	if err != nil {
		return value.Nil, err
	}
	for i := range cs {
		if cs[i].modifier == "" {
			cs[i].expr = list(th.Runtime().Core("ordered-items*"), cs[i].expr)
		}
	}
	acc := fresh(th, "acc")
	body := nest(th, cs, list(th.Runtime().Core("collect*"), acc, a[1]))
	return list(symLet, vec(acc, list(th.Runtime().Core("collector*"))), body,
		list(th.Runtime().Core("apply"), th.Runtime().Core("list"), list(th.Runtime().Core("collected*"), acc))), nil
}

// collector gathers the elements of one comprehension. It lives on one thread.
type collector struct {
	value.Obj
	items []value.Value
}

func (c *collector) Type() *value.Type { return value.TypeNil }

// stopMark is what a failed :while yields.
var stopMark = value.NewKeyword("stop*").Val()

// comprehensionTable holds what the expansions call. Their names end in a star: no script is meant to.
var comprehensionTable = eval.Table{
	{Name: "stop*", Value: func(*eval.Runtime) value.Value { return stopMark }, Doc: "Internal to for."},
	{Name: "collector*", F0: func(*eval.Thread) (value.Value, error) { return value.New(&collector{}).Val(), nil }, Doc: "Internal to for."},
	{Name: "collect*", Min: 2, Max: 2, F2: func(_ *eval.Thread, c, v value.Value) (value.Value, error) {
		acc := c.Ref().(*collector)
		acc.items = append(acc.items, v)
		return value.Nil, nil
	}, Doc: "Internal to for."},
	{Name: "collected*", Min: 1, Max: 1, F1: func(_ *eval.Thread, c value.Value) (value.Value, error) {
		return value.VectorOf(c.Ref().(*collector).items).Val(), nil
	}, Doc: "Internal to for."},
	{Name: "ordered-items*", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) { return orderedItems(th, "first", v) }, Doc: "Internal to list-comp."},
	{Name: "each*", Min: 2, Max: 2, F2: eachStar, Doc: "Internal to doseq."},
	{Name: "each-until*", Min: 2, Max: 2, F2: eachUntil, Doc: "Internal to for."},
}

func eachStar(th *eval.Thread, f, coll value.Value) (value.Value, error) {
	ok, err := value.Each(th, coll, func(v value.Value) error {
		_, err := th.Call1(f, v)
		return err
	})
	if !ok && err == nil {
		err = value.CoerceError(coll, "a sequential collection")
	}
	return value.Nil, err
}

var errStop = value.Errorf("internal: end of a comprehension")

func eachUntil(th *eval.Thread, f, coll value.Value) (value.Value, error) {
	if !coll.IsNil() {
		switch coll.Ref().(type) {
		case value.Map, value.Set:
			return value.Nil, invalidType("first", coll)
		}
	}
	ok, err := value.Each(th, coll, func(v value.Value) error {
		r, err := th.Call1(f, v)
		if err == nil && r == stopMark {
			return errStop
		}
		return err
	})
	if err == error(errStop) {
		err = nil
	}
	if !ok && err == nil {
		err = invalidType("first", coll)
	}
	return value.Nil, err
}

// invalidType is the reference's text for a collection of the wrong kind.
func invalidType(fn string, v value.Value) error {
	return value.Errorf("Invalid argument type %s while calling function '%s'", v.Type(), fn)
}
