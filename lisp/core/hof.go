// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"sync"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// hofTable: functions that take functions, language.md 5.5, 8.
var hofTable = eval.Table{
	calling(eval.Row{Name: "map", Min: 1, Max: -1, F1: mapStep, F2: map1, FN: mapN, Forms: "(map f)\n(map f coll)\n(map f coll & colls)", Doc: "A list of f applied to the elements; lazy over a lazy sequence."}),
	calling(eval.Row{Name: "mapv", Min: 2, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		for _, c := range a[1:] {
			if c.IsNil() {
				return value.Nil, nil
			}
			if !takes(c, 0) {
				return value.Nil, invalidType("mapv", c)
			}
		}
		v, err := th.Apply(th.Runtime().Core("map"), a)
		if err != nil {
			return value.Nil, err
		}
		items, _, err := value.Items(th, v)
		return value.VectorOf(items).Val(), err
	}, Forms: "(mapv f coll & colls)", Doc: "map into a vector."}),
	calling(eval.Row{Name: "map-indexed", Min: 1, Max: 2, F1: mapIndexedStep, F2: mapIndexed, Forms: "(map-indexed f)\n(map-indexed f coll)", Doc: "A list of (f index element)."}),
	{Name: "mapcat", Min: 1, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 1 { // no transducer, as the reference has it
			return value.Nil, value.Errorf("Cannot coerce value of type :core/function to list.")
		}
		v, err := th.Apply(th.Runtime().Core("map"), a)
		if err == nil && v.IsNil() {
			err = value.CoerceError(v, "list")
		}
		if err != nil {
			return value.Nil, err
		}
		items, _, err := value.Items(th, v)
		if err != nil {
			return value.Nil, err
		}
		return concat(th, items)
	}, Forms: "(mapcat f & colls)", Doc: "concat of map."},
	{Name: "filter", Min: 1, Max: 2, F1: filterStep(true), F2: filter(true), Forms: "(filter pred)\n(filter pred coll)", Doc: "The elements that satisfy pred."},
	{Name: "remove", Min: 1, Max: 2, F1: filterStep(false), F2: filter(false), Forms: "(remove pred)\n(remove pred coll)", Doc: "The elements that do not satisfy pred."},
	calling(eval.Row{Name: "keep", Min: 1, Max: 2, F1: keepStep, F2: keep, Forms: "(keep f)\n(keep f coll)", Doc: "The results of f that are not nil."}),
	{Name: "reduce", Min: 2, Max: 3, FN: reduce, Forms: "(reduce f coll)\n(reduce f init coll)", Doc: "Folds the elements."},
	{Name: "reduce-kv", Min: 3, Max: 3, F3: reduceKV, Forms: "(reduce-kv f init map)", Doc: "Folds the entries of a map."},
	{Name: "reduced", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return reduced(v), nil }, Forms: "(reduced x)", Doc: "Stops a reduction."},
	isA[*reducedValue]("reduced?"),
	{Name: "apply", Min: 2, Max: -1, FN: apply, Forms: "(apply f args* coll)", Doc: "Calls f with the arguments and the elements of coll."},
	calling(eval.Row{Name: "partial", Min: 1, Max: -1, FN: partial, Forms: "(partial f & args)", Doc: "f with its first arguments fixed."}),
	{Name: "comp", Min: 0, Max: -1, FN: comp, Forms: "(comp & fs)", Doc: "The composition of functions, rightmost first."},
	{Name: "juxt", Min: 1, Max: -1, FN: juxt, Forms: "(juxt & fs)", Doc: "A function that returns a vector of all results."},
	{Name: "complement", Min: 1, Max: 1, F1: func(_ *eval.Thread, f value.Value) (value.Value, error) {
		return eval.NewBuiltin("complement", 0, -1, func(th *eval.Thread, a []value.Value) (value.Value, error) {
			v, err := th.Apply(f, a)
			return value.Bool(!v.Truthy()), err
		}), nil
	}, Forms: "(complement f)", Doc: "The negation of a predicate."},
	{Name: "constantly", Min: 1, Max: 1, F1: func(_ *eval.Thread, x value.Value) (value.Value, error) {
		return eval.NewBuiltin("constantly", 0, -1, func(*eval.Thread, []value.Value) (value.Value, error) { return x, nil }), nil
	}, Forms: "(constantly x)", Doc: "A function that always returns x."},
	{Name: "identity", Min: 1, Max: 1, F1: func(_ *eval.Thread, x value.Value) (value.Value, error) { return x, nil }, Forms: "(identity x)", Doc: "x."},
	calling(eval.Row{Name: "fnil", Min: 2, Max: -1, FN: fnil, Forms: "(fnil f x & xs)", Doc: "f with defaults for nil arguments."}),
	{Name: "memoize", Min: 1, Max: 1, F1: memoize, Forms: "(memoize f)", Doc: "f with its results kept by arguments."},
	{Name: "trampoline", Min: 1, Max: -1, FN: trampoline, Forms: "(trampoline f & args)", Doc: "Calls f, then the functions that come back."},
	{Name: "some", Min: 2, Max: 2, F2: some, Forms: "(some pred coll)", Doc: "The first true result of pred; nil if there is none."},
	quantifier("any?", true, true), quantifier("every?", false, false), quantifier("not-any?", true, false), quantifier("not-every?", false, true),
	calling(eval.Row{Name: "run!", Min: 2, Max: 2, F2: eachNil, Forms: "(run! f coll)", Doc: "Calls f for each element; nil."}),
	calling(eval.Row{Name: "docoll", Min: 2, Max: 2, F2: eachNil, Forms: "(docoll f coll)", Doc: "Calls f for each element; nil."}),
	{Name: "repeatedly", Min: 2, Max: 2, F2: repeatedly, Forms: "(repeatedly n f)", Doc: "A list of n results of f."},
	calling(eval.Row{Name: "group-by", Min: 2, Max: 2, F2: groupBy, Forms: "(group-by f coll)", Doc: "An ordered map of f's results to vectors of elements."}),
	{Name: "frequencies", Min: 1, Max: 1, F1: frequencies, Forms: "(frequencies coll)", Doc: "How often each element occurs."},
	calling(eval.Row{Name: "partition-by", Min: 2, Max: 2, F2: partitionBy, Forms: "(partition-by f coll)", Doc: "Runs of elements with equal f."}),
	calling(eval.Row{Name: "split-with", Min: 2, Max: 2, F2: splitWith, Forms: "(split-with pred coll)", Doc: "take-while and drop-while in a vector."}),
	{Name: "split-at", Min: 2, Max: 2, F2: splitAt, Forms: "(split-at n coll)", Doc: "take and drop in a vector."},
	{Name: "sort", Min: 1, Max: 2, FN: sortRow, Forms: "(sort coll)\n(sort comparefn coll)", Doc: "The elements in order; stable."},
	{Name: "sort-by", Min: 2, Max: 3, FN: sortBy, Forms: "(sort-by keyfn coll)\n(sort-by keyfn compfn coll)", Doc: "The elements in the order of their keys; stable."},
}

type reducedValue struct {
	value.Obj
	v value.Value
}

func (r *reducedValue) Type() *value.Type { return &value.Type{Name: "core/reduced"} }

func map1(th *eval.Thread, f, c value.Value) (value.Value, error) {
	if !eval.IsCallable(f) {
		if _, isMacro := f.Ref().(*eval.Macro); !isMacro {
			return value.Nil, value.CoerceError(f, "function")
		}
	}
	if c.IsNil() {
		return value.Nil, nil
	}
	if l, ok := c.Ref().(*value.LazySeq); ok {
		return lazyMap(f, l).Val(), nil
	}
	var out []value.Value
	if n, ok := c.Ref().(value.Counted); ok {
		out = make([]value.Value, 0, n.Count())
	}
	ok, err := value.Each(th, c, func(v value.Value) error {
		r, err := th.Call1(f, v)
		out = append(out, r)
		return err
	})
	if !ok && err == nil {
		err = value.CoerceError(c, "a sequential collection")
	}
	return value.ListOf(out).Val(), err
}

func lazyMap(f value.Value, l *value.LazySeq) *value.LazySeq {
	return value.NewLazySeq(func(c value.Caller) (value.Value, *value.LazySeq, bool, error) {
		first, rest, ok, err := l.Next(c)
		if err != nil || !ok {
			return value.Nil, nil, false, err
		}
		v, err := c.Call(f, first)
		if rest == nil {
			return v, nil, true, err
		}
		return v, lazyMap(f, rest), true, err
	})
}

func mapN(th *eval.Thread, a []value.Value) (value.Value, error) {
	cols := make([][]value.Value, len(a)-1)
	n := -1
	for i, c := range a[1:] {
		if c.IsNil() {
			return value.Nil, nil
		}
		if l, ok := c.Ref().(*value.LazySeq); ok {
			c = lazyTake(l, 1<<20).Val()
			if n >= 0 {
				c = lazyTake(l, int64(n)).Val()
			}
		}
		items, err := iterable(th, c)
		if err != nil {
			return value.Nil, err
		}
		cols[i] = items
		if n < 0 || len(items) < n {
			n = len(items)
		}
	}
	out := make([]value.Value, n)
	args := make([]value.Value, len(cols))
	for i := range out {
		for k := range cols {
			args[k] = cols[k][i]
		}
		v, err := th.Apply(a[0], args)
		if err != nil {
			return value.Nil, err
		}
		out[i] = v
	}
	return value.ListOf(out).Val(), nil
}

func mapIndexed(th *eval.Thread, f, c value.Value) (value.Value, error) {
	if c.IsNil() {
		return value.Nil, value.CoerceError(c, "a sequential collection")
	}
	items, err := iterable(th, c)
	for i := range items {
		if err == nil {
			items[i], err = th.Call2(f, value.Long(int64(i)), items[i])
		}
	}
	return value.ListOf(items).Val(), err
}

func filter(want bool) func(*eval.Thread, value.Value, value.Value) (value.Value, error) {
	return func(th *eval.Thread, pred, c value.Value) (value.Value, error) {
		if l, ok := c.Ref().(*value.LazySeq); ok {
			return lazyFilter(pred, want, l).Val(), nil
		}
		if c.IsNil() {
			return value.Nil, value.CoerceError(c, "a sequential collection")
		}
		var out []value.Value
		ok, err := value.Each(th, c, func(v value.Value) error {
			keep, err := th.Call1(pred, v)
			if keep.Truthy() == want {
				out = append(out, v)
			}
			return err
		})
		if !ok && err == nil {
			err = value.CoerceError(c, "a sequential collection")
		}
		return value.ListOf(out).Val(), err
	}
}

func lazyFilter(pred value.Value, want bool, l *value.LazySeq) *value.LazySeq {
	return value.NewLazySeq(func(c value.Caller) (value.Value, *value.LazySeq, bool, error) {
		for cur := l; cur != nil; {
			first, rest, ok, err := cur.Next(c)
			if err != nil || !ok {
				return value.Nil, nil, false, err
			}
			keep, err := c.Call(pred, first)
			if err != nil {
				return value.Nil, nil, false, err
			}
			if keep.Truthy() == want {
				if rest == nil {
					return first, nil, true, nil
				}
				return first, lazyFilter(pred, want, rest), true, nil
			}
			cur = rest
		}
		return value.Nil, nil, false, nil
	})
}

func keep(th *eval.Thread, f, c value.Value) (value.Value, error) {
	if c.IsNil() {
		return value.Nil, nil
	}
	var out []value.Value
	ok, err := value.Each(th, c, func(v value.Value) error {
		r, err := th.Call1(f, v)
		if !r.IsNil() {
			out = append(out, r)
		}
		return err
	})
	if !ok && err == nil {
		err = value.CoerceError(c, "a sequential collection")
	}
	return value.ListOf(out).Val(), err
}

func reduce(th *eval.Thread, a []value.Value) (value.Value, error) {
	f, c := a[0], a[len(a)-1]
	if err := callables(f); err != nil {
		return value.Nil, err
	}
	acc, some := value.Nil, false
	if len(a) == 3 {
		acc, some = a[1], true
	}
	if s, ok := c.Ref().(value.Set); ok && s.Count() > 0 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (0) passed to collection (as function) set.")
	}
	if _, ok := c.Ref().(*value.Str); ok {
		return value.Nil, value.CoerceError(c, "a sequential collection")
	}
	if vec, ok := acc.Ref().(*value.Vector); ok && isConj(f) {
		return conjAll(th, vec, c)
	}
	growth := th.GrowthOf(f, acc)
	ok, err := eachTaking(th, c, func(v value.Value) error {
		if !some {
			acc, some = v, true
			return nil
		}
		if growth != nil {
			if done, err := growth.Add(th, v); done || err != nil {
				return err
			}
			acc, growth = growth.Value(), nil
		}
		r, err := th.Call2(f, acc, v)
		if err != nil {
			return err
		}
		acc = r
		if _, stop := r.Ref().(*reducedValue); stop {
			return errStop
		}
		return nil
	})
	if err == error(errStop) {
		err = nil
	}
	if err != nil {
		return value.Nil, err
	}
	if !ok {
		return value.Nil, value.CoerceError(c, "a sequential collection")
	}
	if !some {
		return th.Apply(f, nil)
	}
	if growth != nil {
		return growth.Value(), nil
	}
	if r, stop := acc.Ref().(*reducedValue); stop {
		return r.v, nil
	}
	return acc, nil
}

func isConj(f value.Value) bool {
	b, ok := f.Ref().(*eval.Builtin)
	return ok && b.Name == "conj"
}

// conjAll is (reduce conj vec c), in place.
func conjAll(th *eval.Thread, vec *value.Vector, c value.Value) (value.Value, error) {
	b := vec.Builder()
	ok, err := eachTaking(th, c, func(v value.Value) error { b.Append(v); return th.Step(slotSize) })
	if !ok && err == nil {
		err = value.CoerceError(c, "a sequential collection")
	}
	return b.Vector().Val(), err
}

func reduceKV(th *eval.Thread, f, acc, c value.Value) (value.Value, error) {
	m, err := asMap(c)
	if err != nil {
		return value.Nil, err
	}
	for k, v := range m.All() {
		if acc, err = th.Apply(f, []value.Value{acc, k, v}); err != nil {
			return value.Nil, err
		}
		if r, stop := acc.Ref().(*reducedValue); stop {
			return r.v, nil
		}
	}
	return acc, nil
}

func apply(th *eval.Thread, a []value.Value) (value.Value, error) {
	tail := a[len(a)-1]
	args := append([]value.Value(nil), a[1:len(a)-1]...)
	if !tail.IsNil() {
		if !isSequential(tail) {
			return value.Nil, value.Errorf("Function 'apply' does not allow %s as last argument: a sequential collection is required", tail.Type())
		}
		items, err := iterable(th, tail)
		if err != nil {
			return value.Nil, err
		}
		args = append(args, items...)
	}
	return th.Apply(a[0], args)
}

func partial(_ *eval.Thread, a []value.Value) (value.Value, error) {
	fixed := append([]value.Value(nil), a...)
	return eval.NewBuiltin("partial", 0, -1, func(th *eval.Thread, more []value.Value) (value.Value, error) {
		return th.Apply(fixed[0], append(append([]value.Value(nil), fixed[1:]...), more...))
	}), nil
}

func comp(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if err := callables(a...); err != nil {
		return value.Nil, err
	}
	fs := append([]value.Value(nil), a...)
	return eval.NewBuiltin("comp", 0, -1, func(th *eval.Thread, args []value.Value) (value.Value, error) {
		if len(fs) == 0 {
			if len(args) != 1 {
				return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (%d) passed to function identity.", len(args))
			}
			return args[0], nil
		}
		v, err := th.Apply(fs[len(fs)-1], args)
		for i := len(fs) - 2; i >= 0 && err == nil; i-- {
			v, err = th.Call1(fs[i], v)
		}
		return v, err
	}), nil
}

func juxt(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if err := callables(a...); err != nil {
		return value.Nil, err
	}
	fs := append([]value.Value(nil), a...)
	return eval.NewBuiltin("juxt", 0, -1, func(th *eval.Thread, args []value.Value) (value.Value, error) {
		out := make([]value.Value, len(fs))
		for i, f := range fs {
			v, err := th.Apply(f, args)
			if err != nil {
				return value.Nil, err
			}
			out[i] = v
		}
		return value.VectorOf(out).Val(), nil
	}), nil
}

func fnil(_ *eval.Thread, a []value.Value) (value.Value, error) {
	f, defaults := a[0], append([]value.Value(nil), a[1:]...)
	return eval.NewBuiltin("fnil", 0, -1, func(th *eval.Thread, args []value.Value) (value.Value, error) {
		args = append([]value.Value(nil), args...)
		for i := range min(len(args), len(defaults)) {
			if args[i].IsNil() {
				args[i] = defaults[i]
			}
		}
		return th.Apply(f, args)
	}), nil
}

// keptSize is what limits count for a result that memoize keeps, in bytes.
const keptSize = 256

func memoize(_ *eval.Thread, f value.Value) (value.Value, error) {
	var mu sync.Mutex
	var seen value.Map = value.EmptyHashMap
	return eval.NewBuiltin("memoize", 0, -1, func(th *eval.Thread, args []value.Value) (value.Value, error) {
		key := value.NewList(args...).Val()
		mu.Lock()
		v, ok := seen.Get(key)
		mu.Unlock()
		if ok {
			return v, nil
		}
		v, err := th.Apply(f, args)
		if err == nil {
			err = th.Charge(keptSize)
			mu.Lock()
			seen = seen.Assoc(key, v)
			mu.Unlock()
		}
		return v, err
	}), nil
}

func trampoline(th *eval.Thread, a []value.Value) (value.Value, error) {
	v, err := th.Apply(a[0], a[1:])
	for err == nil && eval.IsFunction(v) {
		if err = th.CheckInterrupt(); err == nil {
			v, err = th.Apply(v, nil)
		}
	}
	return v, err
}

func some(th *eval.Thread, pred, c value.Value) (value.Value, error) {
	found := value.Nil
	err := testable("some", c)
	if err != nil {
		return value.Nil, err
	}
	_, err = value.EachAny(th, c, func(v value.Value) error {
		r, err := th.Call1(pred, v)
		if err == nil && r.Truthy() {
			found = r
			return errStop
		}
		return err
	})
	if err == error(errStop) {
		err = nil
	}
	return found, err
}

// testable refuses what some and its siblings do not go through.
func testable(fn string, c value.Value) error {
	if c.IsNil() {
		return nil
	}
	switch c.Ref().(type) {
	case value.Sequence, value.Set, value.Map, *value.LazySeq, value.Iterable:
		return nil
	}
	return invalidType(fn, c)
}

// quantifier makes any? and its siblings: it stops at the first element whose test is stopAt.
func quantifier(name string, stopAt, result bool) eval.Row {
	least, alone := 1, func(*eval.Thread, value.Value) (value.Value, error) { return value.False, nil }
	if name == "not-any?" {
		least, alone = 2, nil
	}
	return eval.Row{Name: name, Min: least, Max: 2, Forms: "(" + name + " pred coll)", Doc: "Tests the elements; every? of nil is false, and so is any of them without a collection.",
		F1: alone,
		F2: func(th *eval.Thread, pred, c value.Value) (value.Value, error) {
			stopped := false
			err := testable(name, c)
			if err == nil && !c.IsNil() {
				err = callables(pred)
			}
			if err != nil {
				return value.Nil, err
			}
			_, err = value.EachAny(th, c, func(v value.Value) error {
				r, err := th.Call1(pred, v)
				if err == nil && r.Truthy() == stopAt {
					stopped = true
					return errStop
				}
				return err
			})
			if err == error(errStop) {
				err = nil
			}
			if name == "every?" && c.IsNil() {
				return value.False, err
			}
			if n, ok := c.Ref().(value.Counted); ok && name == "not-every?" && n.Count() == 0 { // as the reference
				return value.True, err
			}
			return value.Bool(stopped == result), err
		}}
}

// calling makes a row refuse a first argument that cannot be called, before it looks at any other one.
func calling(r eval.Row) eval.Row {
	if f := r.F1; f != nil {
		r.F1 = func(th *eval.Thread, a value.Value) (value.Value, error) {
			if err := callables(a); err != nil {
				return value.Nil, err
			}
			return f(th, a)
		}
	}
	if f := r.F2; f != nil {
		r.F2 = func(th *eval.Thread, a, b value.Value) (value.Value, error) {
			if err := callables(a); err != nil {
				return value.Nil, err
			}
			return f(th, a, b)
		}
	}
	if f := r.FN; f != nil {
		r.FN = func(th *eval.Thread, a []value.Value) (value.Value, error) {
			if err := callables(a[0]); err != nil {
				return value.Nil, err
			}
			return f(th, a)
		}
	}
	return r
}

func callables(fs ...value.Value) error {
	for _, f := range fs {
		if !eval.IsCallable(f) {
			return eval.NotCallable(f, "Cannot coerce value of type %s to function.")
		}
	}
	return nil
}

// eachNil calls f for each element.
func eachNil(th *eval.Thread, f, c value.Value) (value.Value, error) {
	switch x := c.Ref().(type) {
	case *value.Str, value.Set:
		return value.Nil, invalidType("docoll", c)
	case *value.Queue:
		if x.Type() == value.TypeStack {
			return value.Nil, value.CoerceError(c, "a sequential collection")
		}
	}
	ok, err := eachTaking(th, c, func(v value.Value) error {
		_, err := th.Call1(f, v)
		return err
	})
	if !ok && err == nil {
		err = value.CoerceError(c, "a sequential collection")
	}
	return value.Nil, err
}

// eachTaking goes through the elements of a collection, a stack from its top. From a queue it takes them, waiting, until nil
// arrives (language.md 21).
func eachTaking(th *eval.Thread, c value.Value, f func(value.Value) error) (bool, error) {
	q, ok := c.Ref().(*value.Queue)
	switch {
	case !ok:
		return value.Each(th, c, f)
	case q.Type() != value.TypeQueue && q.Type() != value.TypeDeque:
		return value.EachAny(th, c, f)
	}
	for {
		v, err := dequeue(th, q, value.Head, nil)
		if err != nil || v.IsNil() {
			return true, err
		}
		if err := f(v); err != nil {
			return true, err
		}
	}
}

func repeatedly(th *eval.Thread, n, f value.Value) (value.Value, error) {
	count, err := asLong(n)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for ; count > 0; count-- {
		if err := mayGrow(th, "repeatedly", len(out)); err != nil {
			return value.Nil, err
		}
		v, err := th.Apply(f, nil)
		if err != nil {
			return value.Nil, err
		}
		out = append(out, v)
	}
	return value.ListOf(out).Val(), nil
}

func groupBy(th *eval.Thread, f, c value.Value) (value.Value, error) {
	items, err := onlySequence(th, "group-by", c, lazyOK)
	if err != nil {
		return value.Nil, err
	}
	var m value.Map = value.NewOrderedMap()
	for _, x := range items {
		k, err := th.Call1(f, x)
		if err != nil {
			return value.Nil, err
		}
		group := value.Sequence(value.EmptyVector)
		if old, ok := m.Get(k); ok {
			group = old.Ref().(value.Sequence)
		}
		m = m.Assoc(k, group.Conj(x).Val())
	}
	return m.Val(), nil
}

func frequencies(th *eval.Thread, c value.Value) (value.Value, error) {
	b := value.EmptyHashMap.Builder()
	if _, ok := c.Ref().(*value.Str); ok {
		return value.Nil, value.CoerceError(c, "a sequential collection")
	}
	items, err := onlySequence(th, "frequencies", c, lazyOK|textOK)
	if err != nil {
		return value.Nil, err
	}
	for _, x := range items {
		if err := th.CheckInterrupt(); err != nil {
			return value.Nil, err
		}
		n := int64(0)
		if old, ok := b.Get(x); ok {
			n, _ = old.Long()
		}
		b.Put(x, value.Long(n+1))
	}
	return b.Map().Val(), nil
}

func partitionBy(th *eval.Thread, f, c value.Value) (value.Value, error) {
	items, err := onlySequence(th, "partition-by", c, lazyOK)
	if err != nil {
		return value.Nil, err
	}
	var out, run []value.Value
	last := value.Nil
	for i, x := range items {
		k, err := th.Call1(f, x)
		if err != nil {
			return value.Nil, err
		}
		if i > 0 && !value.Equal(k, last) {
			out = append(out, list(run...))
			run = nil
		}
		run, last = append(run, x), k
	}
	if len(run) > 0 {
		out = append(out, list(run...))
	}
	return value.ListOf(out).Val(), nil
}

func splitWith(th *eval.Thread, pred, c value.Value) (value.Value, error) {
	items, err := iterable(th, c)
	if err != nil {
		return value.Nil, err
	}
	n, err := prefixLen(th, pred, items)
	return vec(list(items[:n:n]...), list(items[n:]...)), err
}

func splitAt(th *eval.Thread, n, c value.Value) (value.Value, error) {
	k, err := asLong(n)
	if err != nil {
		return value.Nil, err
	}
	items, err := onlySequence(th, "split-at", c, nilOK)
	i := min(len(items), clampInt(k))
	return vec(list(items[:i:i]...), list(items[i:]...)), err
}
