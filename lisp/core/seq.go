// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// seqTable: functions over sequences (language.md 8). Vectors stay vectors where the reference keeps the kind.
var seqTable = eval.Table{
	{Name: "first", Min: 1, Max: 1, F1: nthRow("first", 0), Forms: "(first coll)", Doc: "The first element; nil if there is none."},
	{Name: "second", Min: 1, Max: 1, F1: nthRow("second", 1), Forms: "(second coll)", Doc: "The second element; nil if there is none."},
	{Name: "third", Min: 1, Max: 1, F1: nthRow("third", 2), Forms: "(third coll)", Doc: "The third element; nil if there is none."},
	{Name: "last", Min: 1, Max: 1, F1: last, Forms: "(last coll)", Doc: "The last element; nil if there is none."},
	{Name: "rest", Min: 1, Max: 1, F1: rest, Forms: "(rest coll)", Doc: "All but the first element, of the same kind."},
	{Name: "butlast", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		return sliced(th, "butlast", v, func(n int) (int, int) { return 0, max(0, n-1) })
	}, Forms: "(butlast coll)", Doc: "All but the last element."},
	{Name: "nth", Min: 2, Max: 3, F2: func(th *eval.Thread, c, i value.Value) (value.Value, error) { return nth(th, c, i, value.Nil, false) },
		F3: func(th *eval.Thread, c, i, d value.Value) (value.Value, error) { return nth(th, c, i, d, true) }, Forms: "(nth coll idx)\n(nth coll idx default)", Doc: "The element at an index."},
	{Name: "count", Min: 1, Max: 1, F1: count, Forms: "(count coll)", Doc: "The number of elements."},
	{Name: "empty?", Min: 1, Max: 1, F1: isEmpty, Forms: "(empty? coll)", Doc: "Whether a collection has no elements."},
	{Name: "not-empty?", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		e, err := isEmpty(th, v)
		return value.Bool(!e.Truthy()), err
	}, Forms: "(not-empty? coll)", Doc: "Whether a collection has elements."},
	{Name: "empty", Min: 1, Max: 1, F1: emptied, Forms: "(empty coll)", Doc: "An empty collection of the same kind; nil for nil."},
	{Name: "seq", Min: 1, Max: 1, F1: seqOf, Forms: "(seq coll)", Doc: "A list of the elements; nil if there are none."},
	{Name: "take", Min: 1, Max: 2, F1: takeStep, F2: take, Forms: "(take n)\n(take n coll)", Doc: "The first n elements."},
	{Name: "drop", Min: 1, Max: 2, F1: dropStep, F2: drop, Forms: "(drop n)\n(drop n coll)", Doc: "All but the first n elements."},
	{Name: "take-last", Min: 1, Max: 2, F1: endStep("take-last", func(n, count int) (int, int) { return max(0, count-n), count }), F2: func(th *eval.Thread, n, c value.Value) (value.Value, error) {
		k, err := asLong(n)
		if err != nil {
			return value.Nil, err
		}
		return slicedAny(th, "take-last", c, func(n int) (int, int) { return max(0, n-clampInt(k)), n })
	}, Forms: "(take-last n)\n(take-last n coll)", Doc: "The last n elements."},
	{Name: "drop-last", Min: 1, Max: 2, F1: endStep("drop-last", func(n, count int) (int, int) { return 0, max(0, count-n) }), F2: func(th *eval.Thread, n, c value.Value) (value.Value, error) {
		k, err := asLong(n)
		if err != nil {
			return value.Nil, err
		}
		return slicedAny(th, "drop-last", c, func(n int) (int, int) { return 0, max(0, n-clampInt(k)) })
	}, Forms: "(drop-last n)\n(drop-last n coll)", Doc: "All but the last n elements."},
	{Name: "take-while", Min: 1, Max: 2, F1: takeWhileStep, F2: takeWhile, Forms: "(take-while pred)\n(take-while pred coll)", Doc: "The leading elements that satisfy pred."},
	{Name: "drop-while", Min: 1, Max: 2, F1: dropWhileStep, F2: dropWhile, Forms: "(drop-while pred)\n(drop-while pred coll)", Doc: "The elements from the first that does not satisfy pred."},
	{Name: "reverse", Min: 0, Max: 1, F0: reverseStep, F1: reverse, Forms: "(reverse)\n(reverse coll)", Doc: "The elements in reverse order."},
	{Name: "conj", Min: 0, Max: -1, FN: conj, Forms: "(conj)\n(conj coll)\n(conj coll & xs)", Doc: "Adds elements: at the end of lists and vectors."},
	{Name: "cons", Min: 2, Max: 2, F2: cons, Forms: "(cons x coll)", Doc: "Adds an element at the front."},
	{Name: "concat", Min: 0, Max: -1, FN: concat, Forms: "(concat & colls)", Doc: "A list of all elements."},
	{Name: "into", Min: 0, Max: 2, FN: into, Forms: "(into)\n(into to)\n(into to from)", Doc: "Adds the elements of from to to; a list takes them at the front."},
	{Name: "list", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) { return value.NewList(a...).Val(), nil }, Forms: "(list & items)", Doc: "A list of the arguments."},
	{Name: "vector", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) { return value.NewVector(a...).Val(), nil }, Forms: "(vector & items)", Doc: "A vector of the arguments."},
	{Name: "list*", Min: 1, Max: -1, FN: listStar(func(items []value.Value) value.Value { return value.ListOf(items).Val() }), Forms: "(list* & args coll)", Doc: "A list of the arguments and the elements of the last one."},
	{Name: "vector*", Min: 1, Max: -1, FN: listStar(func(items []value.Value) value.Value { return value.VectorOf(items).Val() }), Forms: "(vector* & args coll)", Doc: "A vector of the arguments and the elements of the last one."},
	{Name: "distinct", Min: 0, Max: 1, F0: distinctStep, F1: distinct, Forms: "(distinct)\n(distinct coll)", Doc: "The elements without duplicates."},
	{Name: "flatten", Min: 0, Max: 1, F0: flattenStep, F1: flatten, Forms: "(flatten)\n(flatten coll)", Doc: "The elements of nested sequences."},
	{Name: "interleave", Min: 2, Max: -1, FN: interleave, Forms: "(interleave c1 c2 & colls)", Doc: "First elements, second elements, …"},
	{Name: "interpose", Min: 2, Max: 2, F2: interpose, Forms: "(interpose sep coll)", Doc: "The elements separated by sep."},
	{Name: "partition", Min: 2, Max: 4, FN: partition, Forms: "(partition n coll)\n(partition n step coll)\n(partition n step pad coll)", Doc: "Groups of n elements."},
	{Name: "partition-all", Min: 2, Max: 3, FN: partitionAll, Forms: "(partition-all n coll)\n(partition-all n step coll)", Doc: "Groups of n elements; the last one may be shorter."},
	{Name: "index-of", Min: 2, Max: 2, F2: indexOf, Forms: "(index-of coll x)", Doc: "The index of the first element that equals x by ==; -1 without."},
	{Name: "pop", Min: 1, Max: 1, F1: pop, Forms: "(pop coll)", Doc: "A vector without its last element, a list without its first."},
	{Name: "repeat", Min: 1, Max: 2, FN: repeat, Forms: "(repeat x)\n(repeat n x)", Doc: "A list of n times x."},
	{Name: "lazy-seq", Min: 0, Max: 2, FN: lazySeq, Forms: "(lazy-seq)\n(lazy-seq f)\n(lazy-seq seed f)\n(lazy-seq coll)", Doc: "A lazy sequence."},
	{Name: "doall", Min: 1, Max: 2, FN: doall, Forms: "(doall coll)\n(doall n coll)", Doc: "Realises a lazy sequence."},
	{Name: "subvec", Min: 2, Max: 3, FN: subvec, Forms: "(subvec v start)\n(subvec v start end)", Doc: "A part of a vector."},
}

func asLong(v value.Value) (int64, error) {
	n, ok := v.Long()
	if !ok {
		return 0, value.CoerceError(v, "long")
	}
	return n, nil
}

func clampInt(n int64) int { return int(max(0, min(n, 1<<40))) }

// elements returns the items of a sequence-like argument of the functions that reject maps and sets.
func elements(th *eval.Thread, fn string, v value.Value) ([]value.Value, error) {
	switch v.Ref().(type) {
	case value.Map, value.Set, *value.ByteBuf:
		return nil, invalidType(fn, v)
	}
	items, ok, err := value.Items(th, v)
	if !ok && err == nil {
		err = invalidType(fn, v)
	}
	return items, err
}

// also are the arguments beside sequences that a function takes.
type also int

const (
	nilOK also = 1 << iota
	lazyOK
	textOK
)

// onlySequence returns the items of a sequence for the functions that take little else: no maps, no sets.
func onlySequence(th *eval.Thread, fn string, v value.Value, ok also) ([]value.Value, error) {
	allowed := false
	switch v.Ref().(type) {
	case nil:
		allowed = v.IsNil() && ok&nilOK != 0
	case value.Sequence:
		allowed = true
	case *value.LazySeq:
		allowed = ok&lazyOK != 0
	case *value.Str:
		allowed = ok&textOK != 0
	case value.Map, value.Set:
	default: // arrays
		return elements(th, fn, v)
	}
	if !allowed {
		return nil, invalidType(fn, v)
	}
	return iterable(th, v)
}

// iterable returns the items of anything that can be iterated.
func iterable(th *eval.Thread, v value.Value) ([]value.Value, error) {
	items, ok, err := value.Items(th, v)
	if !ok && err == nil {
		err = value.CoerceError(v, "a sequential collection")
	}
	return items, err
}

// sameKind makes a vector of items if like is a vector, else a list.
func sameKind(like value.Value, items []value.Value) value.Value {
	if s, ok := like.Ref().(value.Sequence); ok {
		return s.Of(items).Val()
	}
	return value.ListOf(items).Val()
}

// sameOrLazy is sameKind that makes a lazy sequence for one.
func sameOrLazy(like value.Value, items []value.Value) value.Value {
	if _, ok := like.Ref().(*value.LazySeq); ok {
		return lazyOf(items).Val()
	}
	return sameKind(like, items)
}

func lazyOf(items []value.Value) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) {
		if len(items) == 0 {
			return value.Nil, nil, false, nil
		}
		return items[0], lazyOf(items[1:]), true, nil
	})
}

func nthRow(name string, i int) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(th *eval.Thread, v value.Value) (value.Value, error) {
		if s, ok := v.Ref().(value.Sequence); ok {
			if i < s.Count() {
				return s.Nth(i), nil
			}
			return value.Nil, nil
		}
		if l, ok := v.Ref().(*value.LazySeq); ok {
			for k := 0; ; k++ {
				first, rest, ok, err := l.Next(th)
				if err != nil || !ok {
					return value.Nil, err
				}
				if k == i {
					return first, nil
				}
				if l = rest; l == nil {
					return value.Nil, nil
				}
			}
		}
		items, err := elements(th, name, v)
		if err != nil || i >= len(items) {
			return value.Nil, err
		}
		return items[i], nil
	}
}

func last(th *eval.Thread, v value.Value) (value.Value, error) {
	if s, ok := v.Ref().(value.Sequence); ok && s.Count() > 0 {
		return s.Nth(s.Count() - 1), nil
	}
	items, err := elements(th, "last", v)
	if err != nil || len(items) == 0 {
		return value.Nil, err
	}
	return items[len(items)-1], nil
}

func rest(th *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case value.Sequence:
		return x.Rest().Val(), nil
	case *value.LazySeq:
		_, r, ok, err := x.Next(th)
		if err != nil {
			return value.Nil, err
		}
		if !ok || r == nil {
			return emptyLazy().Val(), nil
		}
		return r.Val(), nil
	}
	if v.IsNil() {
		return value.EmptyList.Val(), nil
	}
	items, err := elements(th, "rest", v)
	if err != nil {
		return value.Nil, err
	}
	return value.ListOf(items[min(1, len(items)):]).Val(), nil
}

func emptyLazy() *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) { return value.Nil, nil, false, nil })
}

func sliced(th *eval.Thread, fn string, v value.Value, bounds func(n int) (int, int)) (value.Value, error) {
	if s, ok := v.Ref().(value.Sequence); ok {
		i, j := bounds(s.Count())
		return s.Slice(i, j).Val(), nil
	}
	items, err := elements(th, fn, v)
	if err != nil {
		return value.Nil, err
	}
	i, j := bounds(len(items))
	return sameOrLazy(v, items[i:j]), nil
}

// slicedAny is sliced for maps and sets too, but not for nil.
func slicedAny(th *eval.Thread, fn string, v value.Value, bounds func(n int) (int, int)) (value.Value, error) {
	list, err := orderedItems(th, fn, v)
	if err != nil {
		return value.Nil, err
	}
	return sliced(th, fn, list, bounds)
}

// orderedItems makes a list of a map or set, refuses nil, and leaves the rest alone.
func orderedItems(th *eval.Thread, fn string, v value.Value) (value.Value, error) {
	switch v.Ref().(type) {
	case nil:
		return value.Nil, invalidType(fn, v)
	case value.Map, value.Set:
		items, err := iterable(th, v)
		return value.ListOf(items).Val(), err
	}
	return v, nil
}

func nth(th *eval.Thread, c, idx, def value.Value, hasDef bool) (value.Value, error) {
	i, err := asLong(idx)
	if err != nil {
		return value.Nil, err
	}
	n := 0
	var at func(int) value.Value
	kind := "list"
	switch x := c.Ref().(type) {
	case value.Sequence:
		n, at = x.Count(), x.Nth
		if _, ok := x.(*value.Vector); ok {
			kind = "vector"
		}
	case *value.LazySeq: // only as far as needed: it may have no end
		var items []value.Value
		for l, more := x, true; more && l != nil && int64(len(items)) <= i; {
			var first value.Value
			if first, l, more, err = l.Next(th); err != nil {
				return value.Nil, err
			}
			if more {
				items = append(items, first)
			}
		}
		n, at = len(items), func(i int) value.Value { return items[i] }
	case *value.Str:
		n, kind = x.CodeUnits(), "string"
		at = func(i int) value.Value { return value.Char(x.CharAt(i)) }
	default:
		if c.IsNil() {
			return def, nil
		}
		{
			items, err := elements(th, "nth", c)
			if err != nil {
				return value.Nil, err
			}
			n, at = len(items), func(i int) value.Value { return items[i] }
		}
	}
	if i >= 0 && i < int64(n) {
		return at(int(i)), nil
	}
	if hasDef {
		return def, nil
	}
	size := "size"
	if kind == "string" {
		size = "length"
	}
	return value.Nil, value.Errorf("nth: index %d out of range for a %s of %s %d.", i, kind, size, n)
}

func count(_ *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case nil:
		if v.IsNil() {
			return value.Long(0), nil
		}
	case *value.Str:
		return value.Long(int64(x.CodeUnits())), nil
	case value.Counted:
		return value.Long(int64(x.Count())), nil
	case *value.LazySeq:
		return value.Nil, value.Errorf("Getting the size of lazy sequences is not supported")
	case *value.ByteBuf:
		return value.Long(int64(x.Lim)), nil
	case *value.MapEntry:
		return value.Long(2), nil
	case *value.Keyword:
		return value.Long(int64(value.CountUnits(x.Name))), nil
	}
	return value.Nil, invalidType("count", v)
}

func isEmpty(th *eval.Thread, v value.Value) (value.Value, error) {
	if l, ok := v.Ref().(*value.LazySeq); ok {
		_, _, some, err := l.Next(th)
		return value.Bool(!some), err
	}
	n, err := count(th, v)
	if err != nil {
		return value.False, nil
	}
	return value.Bool(n == value.Long(0)), nil
}

func emptied(_ *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case value.Sequence:
		return x.Of(nil).Val(), nil
	case value.Map:
		return x.Empty().Val(), nil
	case value.Set:
		return x.Empty().Val(), nil
	}
	if v.IsNil() {
		return value.Nil, nil
	}
	return value.Nil, invalidType("empty", v)
}

func seqOf(th *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case value.Set:
		return value.Nil, value.Errorf("seq: called on non-sequence type %s", v.Type())
	case *value.LazySeq:
		_, _, some, err := x.Next(th)
		if err != nil || !some {
			return value.Nil, err
		}
		return v, nil
	}
	items, ok, err := value.Items(th, v)
	if err != nil {
		return value.Nil, err
	}
	if !ok {
		return value.Nil, value.Errorf("seq: called on non-sequence type %s", v.Type())
	}
	if len(items) == 0 {
		return value.Nil, nil
	}
	return value.ListOf(items).Val(), nil
}

func take(th *eval.Thread, n, c value.Value) (value.Value, error) {
	k, err := asLong(n)
	if err != nil {
		return value.Nil, err
	}
	if l, ok := c.Ref().(*value.LazySeq); ok {
		return lazyTake(l, k).Val(), nil
	}
	return slicedAny(th, "take", c, func(n int) (int, int) { return 0, min(n, clampInt(k)) })
}

func lazyTake(l *value.LazySeq, n int64) *value.LazySeq {
	return value.NewLazySeq(func(c value.Caller) (value.Value, *value.LazySeq, bool, error) {
		if n <= 0 || l == nil {
			return value.Nil, nil, false, nil
		}
		first, rest, ok, err := l.Next(c)
		if err != nil || !ok {
			return value.Nil, nil, false, err
		}
		return first, lazyTake(rest, n-1), true, nil
	})
}

func drop(th *eval.Thread, n, c value.Value) (value.Value, error) {
	k, err := asLong(n)
	if err != nil {
		return value.Nil, err
	}
	if l, ok := c.Ref().(*value.LazySeq); ok {
		return lazyDrop(l, k).Val(), nil
	}
	return slicedAny(th, "drop", c, func(n int) (int, int) { return min(n, clampInt(k)), n })
}

func lazyDrop(l *value.LazySeq, n int64) *value.LazySeq {
	return value.NewLazySeq(func(c value.Caller) (value.Value, *value.LazySeq, bool, error) {
		for ; l != nil; n-- {
			first, rest, ok, err := l.Next(c)
			if err != nil || !ok {
				return value.Nil, nil, false, err
			}
			if n <= 0 {
				return first, rest, true, nil
			}
			l = rest
		}
		return value.Nil, nil, false, nil
	})
}

func prefixLen(th *eval.Thread, pred value.Value, items []value.Value) (int, error) {
	for i, x := range items {
		v, err := th.Call1(pred, x)
		if err != nil {
			return 0, err
		}
		if !v.Truthy() {
			return i, nil
		}
	}
	return len(items), nil
}

func takeWhile(th *eval.Thread, pred, c value.Value) (value.Value, error) {
	if l, ok := c.Ref().(*value.LazySeq); ok {
		return lazyTakeWhile(pred, l).Val(), nil
	}
	c, err := orderedItems(th, "take-while", c)
	if err != nil {
		return value.Nil, err
	}
	items, err := elements(th, "take-while", c)
	if err != nil {
		return value.Nil, err
	}
	n, err := prefixLen(th, pred, items)
	return sameKind(c, items[:n:n]), err
}

func lazyTakeWhile(pred value.Value, l *value.LazySeq) *value.LazySeq {
	return value.NewLazySeq(func(c value.Caller) (value.Value, *value.LazySeq, bool, error) {
		if l == nil {
			return value.Nil, nil, false, nil
		}
		first, rest, ok, err := l.Next(c)
		if err != nil || !ok {
			return value.Nil, nil, false, err
		}
		v, err := c.Call(pred, first)
		if err != nil || !v.Truthy() {
			return value.Nil, nil, false, err
		}
		return first, lazyTakeWhile(pred, rest), true, nil
	})
}

func dropWhile(th *eval.Thread, pred, c value.Value) (value.Value, error) {
	items, err := elements(th, "drop-while", c)
	if err != nil {
		return value.Nil, err
	}
	n, err := prefixLen(th, pred, items)
	return sameOrLazy(c, items[n:]), err
}

func reverse(th *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return value.Nil, nil
	}
	if _, isBuf := v.Ref().(*value.ByteBuf); isBuf {
		return value.Nil, invalidType("reverse", v)
	}
	items, ok, err := value.ItemsAny(th, v)
	if err == nil && !ok {
		err = value.CoerceError(v, "a sequential collection")
	}
	if err != nil {
		return value.Nil, err
	}
	items = slices.Clone(items)
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	return sameOrLazy(v, items), nil
}

func conj(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.EmptyVector.Val(), nil
	}
	c := a[0]
	if c.IsNil() {
		c = value.EmptyList.Val()
	}
	if isMutable(c) {
		return value.Nil, invalidType("conj", c)
	}
	for _, x := range a[1:] {
		var err error
		if c, err = conj1(c, x); err != nil {
			return value.Nil, err
		}
	}
	return c, nil
}

func conj1(c, x value.Value) (value.Value, error) {
	switch s := c.Ref().(type) {
	case value.Sequence:
		return s.Conj(x).Val(), nil
	case value.Set:
		return s.Conj(x).Val(), nil
	case value.Map:
		return conjMap(s, x)
	}
	return value.Nil, invalidType("conj", c)
}

func conjMap(m value.Map, x value.Value) (value.Value, error) {
	switch e := x.Ref().(type) {
	case *value.MapEntry:
		return m.Assoc(e.Key, e.Value).Val(), nil
	case value.Sequence:
		if e.Count() == 2 {
			return m.Assoc(e.Nth(0), e.Nth(1)).Val(), nil
		}
	case value.Map:
		for k, v := range e.All() {
			m = m.Assoc(k, v)
		}
		return m.Val(), nil
	}
	return value.Nil, value.Errorf("Invalid argument type %s while calling function 'conj' on a map", x.Type())
}

func cons(_ *eval.Thread, x, c value.Value) (value.Value, error) {
	if isMutable(c) {
		if _, isMap := c.Ref().(value.Map); !isMap {
			return value.Nil, invalidType("cons", c)
		}
	}
	switch s := c.Ref().(type) {
	case value.Sequence:
		return s.Cons(x).Val(), nil
	case value.Set:
		return s.Conj(x).Val(), nil
	case value.Map:
		return conjMap(s, x)
	case *value.LazySeq:
		return lazyCell(x, s).Val(), nil
	case *eval.Fn, *eval.Builtin:
		return value.NewLazySeq(func(cl value.Caller) (value.Value, *value.LazySeq, bool, error) {
			tail := value.NewLazySeq(func(cl value.Caller) (value.Value, *value.LazySeq, bool, error) {
				r, err := cl.Call(c)
				if err != nil || r.IsNil() {
					return value.Nil, nil, false, err
				}
				if l, ok := r.Ref().(*value.LazySeq); ok {
					return l.Next(cl)
				}
				return value.Nil, nil, false, value.CoerceError(r, "lazyseq")
			})
			return x, tail, true, nil
		}).Val(), nil
	}
	if c.IsNil() {
		return value.NewList(x).Val(), nil
	}
	return value.Nil, invalidType("cons", c)
}

func lazyCell(x value.Value, rest *value.LazySeq) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) { return x, rest, true, nil })
}

func concat(th *eval.Thread, a []value.Value) (value.Value, error) {
	var out []value.Value
	for _, c := range a {
		if _, isBuf := c.Ref().(*value.ByteBuf); isBuf {
			return value.Nil, invalidType("concat", c)
		}
		ok, err := value.EachAny(th, c, func(v value.Value) error { out = append(out, v); return nil })
		if err != nil {
			return value.Nil, err
		}
		if !ok {
			return value.Nil, invalidType("concat", c)
		}
	}
	return value.ListOf(out).Val(), nil
}

func into(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch len(a) {
	case 0:
		return value.EmptyVector.Val(), nil
	case 1:
		return a[0], nil
	}
	to := a[0]
	if to.IsNil() {
		to = value.EmptyList.Val()
	}
	if _, isSet := a[1].Ref().(value.Set); !isSet && a[1].IsNil() {
		return to, nil
	}
	items, ok, err := value.ItemsAny(th, a[1])
	if err == nil && !ok {
		err = value.CoerceError(a[1], "a sequential collection")
	}
	if err != nil {
		return value.Nil, err
	}
	switch t := to.Ref().(type) {
	case *value.List:
		var s value.Sequence = t
		for _, x := range items {
			s = s.Cons(x)
		}
		return s.Val(), nil
	case *value.Vector:
		b := t.Builder()
		for _, x := range items {
			b.Append(x)
		}
		return b.Vector().Val(), nil
	}
	for _, x := range items {
		if to, err = conj1(to, x); err != nil {
			return value.Nil, err
		}
	}
	return to, nil
}

func listStar(make func([]value.Value) value.Value) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		tail, err := onlySequence(th, "list*", a[len(a)-1], nilOK|lazyOK)
		if err != nil {
			return value.Nil, err
		}
		return make(append(append([]value.Value(nil), a[:len(a)-1]...), tail...)), nil
	}
}

func distinct(th *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return value.EmptyList.Val(), nil
	}
	items, err := onlySequence(th, "distinct", v, nilOK|lazyOK)
	if err != nil {
		return value.Nil, err
	}
	var seen value.Set = value.EmptyHashSet
	var out []value.Value
	for _, x := range items {
		if !seen.Has(x) {
			seen = seen.Conj(x)
			out = append(out, x)
		}
	}
	return sameOrLazy(v, out), nil
}

func flatten(th *eval.Thread, v value.Value) (value.Value, error) {
	var out []value.Value
	var walk func(v value.Value, depth int) error
	walk = func(v value.Value, depth int) error {
		if depth > 10_000 {
			return value.Errorf("flatten: nested deeper than 10000 levels")
		}
		if !isSequential(v) {
			out = append(out, v)
			return nil
		}
		_, err := value.Each(th, v, func(x value.Value) error { return walk(x, depth+1) })
		return err
	}
	switch v.Ref().(type) {
	case value.Map, value.Set:
		return list(v), nil
	}
	if v.IsNil() {
		return value.EmptyList.Val(), nil
	}
	items, err := iterable(th, v)
	if err != nil {
		return value.Nil, err
	}
	for _, x := range items {
		if err := walk(x, 0); err != nil {
			return value.Nil, err
		}
	}
	return sameKind(v, out), nil
}

func interleave(th *eval.Thread, a []value.Value) (value.Value, error) {
	shortest := -1
	cols := make([][]value.Value, len(a))
	for i, c := range a {
		items, err := onlySequence(th, "interleave", c, lazyOK)
		if err != nil {
			return value.Nil, err
		}
		cols[i] = items
		if shortest < 0 || len(items) < shortest {
			shortest = len(items)
		}
	}
	var out []value.Value
	for i := 0; i < shortest; i++ {
		for _, c := range cols {
			out = append(out, c[i])
		}
	}
	return value.ListOf(out).Val(), nil
}

func interpose(th *eval.Thread, sep, c value.Value) (value.Value, error) {
	items, err := onlySequence(th, "interpose", c, lazyOK)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for i, x := range items {
		if i > 0 {
			out = append(out, sep)
		}
		out = append(out, x)
	}
	return value.ListOf(out).Val(), nil
}

func partition(th *eval.Thread, a []value.Value) (value.Value, error) {
	n, err := asLong(a[0])
	if err != nil {
		return value.Nil, err
	}
	by, c := n, a[len(a)-1]
	if len(a) > 2 {
		if by, err = asLong(a[1]); err != nil {
			return value.Nil, err
		}
	}
	if n < 1 || by < 1 {
		return value.Nil, value.Errorf("partition: n and step must be greater than 0")
	}
	var pad []value.Value
	if len(a) == 4 {
		if pad, err = iterable(th, a[2]); err != nil {
			return value.Nil, err
		}
	}
	items, err := onlySequence(th, "partition", c, nilOK|lazyOK)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for i := int64(0); i < int64(len(items)); i += by {
		end := i + n
		if end <= int64(len(items)) {
			out = append(out, sameKind(c, items[i:end:end]))
			continue
		}
		if len(a) == 4 {
			group := append([]value.Value(nil), items[i:]...)
			group = append(group, pad[:min(len(pad), int(end)-len(items))]...)
			out = append(out, sameKind(c, group))
		}
		break
	}
	return value.ListOf(out).Val(), nil
}

func partitionAll(th *eval.Thread, a []value.Value) (value.Value, error) {
	n, err := asLong(a[0])
	if err != nil {
		return value.Nil, err
	}
	by := n
	if len(a) == 3 {
		if by, err = asLong(a[1]); err != nil {
			return value.Nil, err
		}
	}
	if n < 1 || by < 1 {
		return value.Nil, value.Errorf("partition-all: n and step must be greater than 0")
	}
	c := a[len(a)-1]
	items, err := iterable(th, c)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for i := int64(0); i < int64(len(items)); i += by {
		end := min(i+n, int64(len(items)))
		out = append(out, sameKind(c, items[i:end:end]))
	}
	return value.ListOf(out).Val(), nil
}

func indexOf(th *eval.Thread, c, x value.Value) (value.Value, error) {
	items, err := onlySequence(th, "index-of", c, nilOK)
	if err != nil {
		return value.Nil, err
	}
	for i, v := range items {
		if value.EqualLoose(v, x) {
			return value.Long(int64(i)), nil
		}
	}
	return value.Long(-1), nil
}

func pop(_ *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case *value.Vector:
		return x.Slice(0, max(0, x.Count()-1)).Val(), nil
	case *value.List:
		return x.Rest().Val(), nil
	}
	if v.IsNil() {
		return value.Nil, nil
	}
	return value.Nil, invalidType("pop", v)
}

func repeat(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 1 {
		return repeatForever(a[0]).Val(), nil
	}
	n, err := asLong(a[0])
	if err != nil {
		return value.Nil, err
	}
	if n < 0 {
		return value.Nil, value.Errorf("repeat: a count n must be grater or equal to 0")
	}
	out := make([]value.Value, 0, min(n, 1<<16))
	for ; n > 0; n-- {
		out = append(out, a[1])
	}
	return value.ListOf(out).Val(), nil
}

func repeatForever(x value.Value) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) { return x, repeatForever(x), true, nil })
}

func lazySeq(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch len(a) {
	case 0:
		return emptyLazy().Val(), nil
	case 2:
		return iterated(a[0], a[1]).Val(), nil
	}
	if eval.IsFunction(a[0]) {
		return generated(a[0]).Val(), nil
	}
	items, err := iterable(th, a[0])
	if err != nil {
		return value.Nil, err
	}
	return lazyItems(items).Val(), nil
}

func iterated(seed, f value.Value) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) {
		rest := value.NewLazySeq(func(c value.Caller) (value.Value, *value.LazySeq, bool, error) {
			next, err := c.Call(f, seed)
			if err != nil || next.IsNil() {
				return value.Nil, nil, false, err
			}
			return iterated(next, f).Next(c)
		})
		return seed, rest, true, nil
	})
}

func generated(f value.Value) *value.LazySeq {
	return value.NewLazySeq(func(c value.Caller) (value.Value, *value.LazySeq, bool, error) {
		v, err := c.Call(f)
		if err != nil || v.IsNil() {
			return value.Nil, nil, false, err
		}
		return v, generated(f), true, nil
	})
}

func lazyItems(items []value.Value) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) {
		if len(items) == 0 {
			return value.Nil, nil, false, nil
		}
		return items[0], lazyItems(items[1:]), true, nil
	})
}

func doall(th *eval.Thread, a []value.Value) (value.Value, error) {
	c := a[len(a)-1]
	if len(a) == 2 {
		var err error
		if c, err = take(th, a[0], c); err != nil {
			return value.Nil, err
		}
	}
	if _, ok := c.Ref().(*value.LazySeq); !ok {
		return c, nil
	}
	items, err := iterable(th, c)
	return value.ListOf(items).Val(), err
}

func subvec(_ *eval.Thread, a []value.Value) (value.Value, error) {
	s, ok := a[0].Ref().(value.Sequence)
	if !ok {
		return value.Nil, value.CoerceError(a[0], "vector")
	}
	v, ok := s.(*value.Vector)
	if !ok {
		v = value.VectorOf(s.Items())
	}
	start, err := asLong(a[1])
	if err != nil {
		return value.Nil, err
	}
	end := int64(v.Count())
	if len(a) == 3 {
		if end, err = asLong(a[2]); err != nil {
			return value.Nil, err
		}
	}
	end = max(0, min(end, int64(v.Count())))
	start = max(0, min(start, end))
	return v.Slice(int(start), int(end)).Val(), nil
}
