// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// seqTable: elements and parts of sequences (language.md 8). Vectors stay vectors where the reference keeps the kind.
var seqTable = eval.Table{
	{Name: "first", Min: 0, Max: 1, F0: func(*eval.Thread) (value.Value, error) { return value.Nil, nil }, F1: nthRow("first", 0), Forms: "(first coll)", Doc: "The first element; nil if there is none."},
	{Name: "second", Min: 1, Max: 1, F1: nthRow("second", 1), Forms: "(second coll)", Doc: "The second element; nil if there is none."},
	{Name: "third", Min: 1, Max: 1, F1: nthRow("third", 2), Forms: "(third coll)", Doc: "The third element; nil if there is none."},
	{Name: "last", Min: 1, Max: 1, F1: last, Forms: "(last coll)", Doc: "The last element; nil if there is none."},
	{Name: "rest", Min: 1, Max: 1, F1: rest, Forms: "(rest coll)", Doc: "All but the first element, of the same kind."},
	{Name: "butlast", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.Nil, nil
		}
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
	calling(eval.Row{Name: "take-while", Min: 1, Max: 2, F1: takeWhileStep, F2: takeWhile, Forms: "(take-while pred)\n(take-while pred coll)", Doc: "The leading elements that satisfy pred."}),
	calling(eval.Row{Name: "drop-while", Min: 1, Max: 2, F1: dropWhileStep, F2: dropWhile, Forms: "(drop-while pred)\n(drop-while pred coll)", Doc: "The elements from the first that does not satisfy pred."}),
	{Name: "index-of", Min: 2, Max: 3, F2: indexOf, F3: indexOfBy, Forms: "(index-of coll x)\n(index-of comparefn coll x)", Doc: "The index of the first element that equals x by ==, or that compares equal; -1 without."},
	{Name: "pop", Min: 1, Max: 1, F1: pop, Forms: "(pop coll)", Doc: "A vector without its last element, a list without its first."},
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
		if _, isText := v.Str(); isText && err == nil && i > 1 && i >= len(items) {
			return value.Nil, value.Errorf("nth: index %d out of range for a string of length %d", i, len(items))
		}
		if err != nil || i >= len(items) {
			return value.Nil, err
		}
		return items[i], nil
	}
}

func last(th *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case value.Sequence:
		if n := x.Count(); n > 0 {
			return x.Nth(n - 1), nil
		}
	case *value.LazySeq: // it may have no end
		return value.Nil, invalidType("last", v)
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
			return lazyOf(nil).Val(), nil
		}
		return r.Val(), nil
	}
	if v.IsNil() {
		return value.Nil, nil
	}
	items, err := elements(th, "rest", v)
	if err != nil {
		return value.Nil, err
	}
	return value.ListOf(items[min(1, len(items)):]).Val(), nil
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
			return value.Nil, nil
		}
		items, err := elements(th, "nth", c)
		if err != nil {
			return value.Nil, err
		}
		n, at = len(items), func(i int) value.Value { return items[i] }
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

func indexOfBy(th *eval.Thread, compare, c, x value.Value) (value.Value, error) {
	items, err := onlySequence(th, "index-of", c, nilOK)
	if err != nil {
		return value.Nil, err
	}
	order := comparator(th, compare)
	for i, v := range items {
		switch n, err := order(x, v); {
		case err != nil:
			return value.Nil, err
		case n == 0:
			return value.Long(int64(i)), nil
		}
	}
	return value.Long(-1), nil
}

func pop(th *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case *value.Vector:
		return x.Slice(0, max(0, x.Count()-1)).Val(), nil
	case value.Sequence, *value.LazySeq:
		return rest(th, v)
	}
	if v.IsNil() {
		return value.Nil, nil
	}
	return value.Nil, invalidType("pop", v)
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
