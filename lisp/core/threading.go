// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// threadFirst and threadLast insert x into a step; anything but a list becomes a call.
func threadFirst(x, step value.Value) value.Value {
	if l, ok := step.Ref().(*value.List); ok && l.Count() > 0 {
		return keepMeta(listWith(l.Items()[1:], l.First(), x), step)
	}
	return keepMeta(list(step, x), step)
}

func threadLast(x, step value.Value) value.Value {
	if l, ok := step.Ref().(*value.List); ok && l.Count() > 0 {
		return keepMeta(value.ListOf(append(l.Items(), x)).Val(), step)
	}
	return keepMeta(list(step, x), step)
}

// keepMeta gives an expansion the position of the form that it came from.
func keepMeta(v, from value.Value) value.Value {
	if m := value.MetaOf(from); m != nil {
		return v.Ref().(value.Metadated).WithMeta(m)
	}
	return v
}

type insert func(x, step value.Value) value.Value

func threading(ins insert) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		x := a[0]
		for _, step := range a[1:] {
			x = ins(x, step)
		}
		return x, nil
	}
}

func someThreading(ins insert) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 1 {
			return a[0], nil
		}
		x := fresh(th, "some")
		form := ins(x, a[len(a)-1])
		for i := len(a) - 2; i >= 0; i-- {
			init := a[0]
			if i > 0 {
				init = ins(x, a[i])
			}
			form = list(symLet, vec(x, init), list(symIf, list(th.Runtime().Core("nil?"), x), value.Nil, form))
		}
		return form, nil
	}
}

func condThreading(name string, ins insert) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a)%2 == 0 {
			return value.Nil, value.Throwf(value.AssertionException, "Assert failed.\n%s requires an even number of clauses\nExpression:\n(even? (count clauses))", name)
		}
		x := fresh(th, "cond")
		binds := []value.Value{x, a[0]}
		for i := 1; i < len(a); i += 2 {
			binds = append(binds, x, list(symIf, a[i], ins(x, a[i+1]), x))
		}
		return list(symLet, vec(binds...), x), nil
	}
}

func macroAs(_ *eval.Thread, a []value.Value) (value.Value, error) {
	binds := []value.Value{a[1], a[0]}
	for _, f := range a[2:] {
		binds = append(binds, a[1], f)
	}
	return list(symLet, vec(binds...), a[1]), nil
}

// macroDiamondStep is one step of -<>, the form first.
func macroDiamondStep(th *eval.Thread, a []value.Value) (value.Value, error) {
	return macroDiamond(th, []value.Value{a[1], a[0]})
}

// macroDiamond puts the value where <> stands, once in each step, at its top level.
func macroDiamond(_ *eval.Thread, a []value.Value) (value.Value, error) {
	x := a[0]
	for _, step := range a[1:] {
		seq, ok := step.Ref().(value.Sequence)
		if _, isMap := step.Ref().(value.Map); isMap {
			return value.Nil, value.Errorf("Invalid argument type :core/map-entry while calling function 'concat'")
		}
		if !ok {
			return value.Nil, value.Errorf("-<> macro: one position per form is required.")
		}
		items := seq.Items()
		at := -1
		for i, it := range items {
			if s, ok := it.Ref().(*value.Symbol); ok && s.Name == "<>" {
				if at >= 0 {
					return value.Nil, value.Errorf("-<> macro: one position per form is required.")
				}
				at = i
			}
		}
		if at < 0 {
			return value.Nil, value.Errorf("-<> macro: one position per form is required.")
		}
		items[at] = x
		x = keepMeta(seq.Of(items).Val(), step)
	}
	return x, nil
}
