// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math/rand/v2"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// seqPartsTable: more of language.md 8: parts, rearrangements and combinations of sequences.
var seqPartsTable = eval.Table{
	{Name: "fourth", Min: 1, Max: 1, F1: nthRow("fourth", 3), Forms: "(fourth coll)", Doc: "The fourth element; nil if there is none."},
	{Name: "nfirst", Min: 2, Max: 2, F2: endOf("nfirst", func(n, count int) (int, int) { return 0, min(n, count) }), Forms: "(nfirst coll n)", Doc: "The first n elements."},
	{Name: "nlast", Min: 2, Max: 2, F2: endOf("nlast", func(n, count int) (int, int) { return count - min(n, count), count }), Forms: "(nlast coll n)", Doc: "The last n elements."},
	{Name: "sublist", Min: 2, Max: 3, FN: sublist, Forms: "(sublist list start)\n(sublist list start end)", Doc: "A part of a list."},
	{Name: "concatv", Min: 0, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		items, err := concatenated(th, "concatv", a)
		return value.VectorOf(items).Val(), err
	}, Forms: "(concatv & colls)", Doc: "A vector of all elements."},
	{Name: "cycle", Min: 1, Max: 1, F1: cycle, Forms: "(cycle coll)", Doc: "A lazy sequence of the elements, over and over."},
	{Name: "replace", Min: 2, Max: 2, F2: replace, Forms: "(replace smap coll)", Doc: "The elements, those that are keys of smap replaced by its values."},
	{Name: "shuffle", Min: 1, Max: 1, F1: shuffle, Forms: "(shuffle coll)", Doc: "The elements in random order."},
	{Name: "last-index-of", Min: 2, Max: 3, FN: lastIndexOf, Forms: "(last-index-of coll x)\n(last-index-of comparefn coll x)", Doc: "The index of the last element that compares equal to x; -1 without."},
	{Name: "partition-at", Min: 2, Max: 2, F2: partitionAt, Forms: "(partition-at f coll)", Doc: "Groups of elements; a new one begins where f is true."},
	{Name: "cartesian-product", Min: 2, Max: -1, FN: cartesianProduct, Forms: "(cartesian-product c1 c2 & colls)", Doc: "All tuples of one element of each collection, in order, without duplicates."},
	{Name: "combinations", Min: 2, Max: 2, F2: combinations, Forms: "(combinations coll n)", Doc: "Groups of n different elements: n-1 neighbours in the sorted order with each one behind them."},
	{Name: "distinct?", Min: 1, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		s, err := setOf(th, a)
		return value.Bool(s.Count() == len(a)), err
	}, Forms: "(distinct? x & xs)", Doc: "Whether no two arguments are equal."},
	{Name: "empty-to-nil", Min: 1, Max: 1, F1: emptyToNil, Forms: "(empty-to-nil x)", Doc: "nil for an empty string or collection, else x."},
	predicates("every-pred", false), predicates("any-pred", true),
}

func endOf(name string, bounds func(n, count int) (int, int)) func(*eval.Thread, value.Value, value.Value) (value.Value, error) {
	return func(th *eval.Thread, c, n value.Value) (value.Value, error) {
		k, err := asLong(n)
		if err != nil {
			return value.Nil, err
		}
		if c.IsNil() {
			return value.EmptyList.Val(), nil
		}
		lazy, isLazy := c.Ref().(*value.LazySeq)
		_, isText := c.Ref().(*value.Str)
		_, isSequence := c.Ref().(value.Sequence)
		switch {
		case isLazy && name == "nfirst":
			return lazyTake(lazy, k).Val(), nil
		case isMutableSeq(c, value.TypeMutableVector) || !isText && !isSequence:
			return value.Nil, notSupported(name, c)
		}
		return sliced(th, name, c, func(count int) (int, int) { return bounds(clampInt(k), count) })
	}
}

func sublist(th *eval.Thread, a []value.Value) (value.Value, error) {
	from, err := asLong(a[1])
	if err != nil {
		return value.Nil, err
	}
	to := int64(-1)
	if len(a) == 3 {
		if to, err = asLong(a[2]); err != nil {
			return value.Nil, err
		}
	}
	var items []value.Value
	switch x := a[0].Ref().(type) {
	case *value.LazySeq:
		if len(a) == 2 {
			return value.Nil, value.Errorf("Function 'sublist' requires start and end values if a lazy-seq is passed!")
		}
		items, err = iterable(th, lazyTake(x, to).Val())
	case *value.List:
		items = x.Items()
	default:
		err = value.CoerceError(a[0], "list")
	}
	if err != nil || from >= int64(len(items)) {
		return value.EmptyList.Val(), err
	}
	if len(a) == 2 {
		to = int64(len(items))
	}
	if from < 0 || to < from || to > int64(len(items)) {
		return value.Nil, value.Errorf("sublist: the range %d to %d is not within a list of size %d.", from, to, len(items))
	}
	return value.ListOf(items[from:to]).Val(), nil
}

func concatenated(th *eval.Thread, fn string, colls []value.Value) ([]value.Value, error) {
	var out []value.Value
	for _, c := range colls {
		if err := th.Room(len(out) * slotSize); err != nil {
			return nil, err
		}
		items, ok, err := value.Items(th, c)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, invalidType(fn, c)
		}
		out = append(out, items...)
	}
	return out, nil
}

func cycle(_ *eval.Thread, c value.Value) (value.Value, error) {
	s, ok := c.Ref().(value.Sequence)
	if !ok {
		return value.Nil, value.CoerceError(c, "sequence")
	}
	if s.Count() == 0 {
		return value.Nil, value.Errorf("cycle: the cycle collection must not be empty!")
	}
	return cycleFrom(s, 0).Val(), nil
}

func cycleFrom(s value.Sequence, i int) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) {
		return s.Nth(i), cycleFrom(s, (i+1)%s.Count()), true, nil
	})
}

func replace(_ *eval.Thread, smap, c value.Value) (value.Value, error) {
	m, err := asMap(smap)
	if err != nil {
		return value.Nil, err
	}
	swap := func(v value.Value) value.Value {
		if r, ok := m.Get(v); ok && !r.IsNil() {
			return r
		}
		return v
	}
	switch x := c.Ref().(type) {
	case value.Sequence:
		items := x.Items()
		if isMutableSeq(c, typeArrayList) { // the reference compares its Java numbers, which equal nothing
			return value.ListOf(items).Val(), nil
		}
		for i, v := range items {
			items[i] = swap(v)
		}
		return x.Of(items).Val(), nil
	case value.Set:
		out := x.Empty()
		for v := range x.All() {
			out = out.Conj(swap(v))
		}
		return out.Val(), nil
	case value.Map:
		return replaceEntries(m, x)
	}
	return value.Nil, value.Errorf("Function 'repeat' requires a list, vector, set, or map as coll argument")
}

// replaceEntries replaces entries that are keys of smap, pairs both, by its pairs.
func replaceEntries(smap, m value.Map) (value.Value, error) {
	pair := func(v value.Value) (value.Sequence, error) {
		s, ok := v.Ref().(*value.Vector)
		if !ok || s.Count() != 2 {
			return nil, value.CoerceError(v, "vector")
		}
		return s, nil
	}
	for from, to := range smap.All() {
		f, err := pair(from)
		if err != nil {
			return value.Nil, err
		}
		t, err := pair(to)
		if err != nil {
			return value.Nil, err
		}
		if v, ok := m.Get(f.Nth(0)); ok && value.Equal(v, f.Nth(1)) {
			m = m.Dissoc(f.Nth(0)).Assoc(t.Nth(0), t.Nth(1))
		}
	}
	return m.Val(), nil
}

func shuffle(th *eval.Thread, c value.Value) (value.Value, error) {
	switch c.Ref().(type) {
	case value.Sequence, *value.Str:
	default:
		if c.IsNil() {
			return value.Nil, nil
		}
		return value.Nil, value.Errorf("Function 'shuffle' requires a list, vector, or string as coll argument.")
	}
	items, err := iterable(th, c)
	rand.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return sameKind(c, items), err
}

func lastIndexOf(th *eval.Thread, a []value.Value) (value.Value, error) {
	same := func(x, y value.Value) (int, error) { return value.Compare(x, y), nil }
	if len(a) == 3 {
		same = comparator(th, a[0])
		a = a[1:]
	}
	c, x := a[0], a[1]
	if c.IsNil() {
		return value.Long(-1), nil
	}
	s, ok := c.Ref().(value.Sequence)
	if !ok {
		return value.Nil, invalidType("last-index-of", c)
	}
	for i := s.Count() - 1; i >= 0; i-- {
		order, err := same(x, s.Nth(i))
		if err != nil {
			return value.Nil, err
		}
		if order == 0 {
			return value.Long(int64(i)), nil
		}
	}
	return value.Long(-1), nil
}

func partitionAt(th *eval.Thread, f, c value.Value) (value.Value, error) {
	items, err := iterable(th, c)
	if err != nil || len(items) == 0 {
		return value.EmptyList.Val(), err
	}
	var out []value.Value
	begin := 0
	for i := 1; i < len(items); i++ {
		v, err := th.Call1(f, items[i])
		if err != nil {
			return value.Nil, err
		}
		if b, ok := v.Bool(); ok && b {
			out = append(out, list(items[begin:i:i]...))
			begin = i
		}
	}
	return value.ListOf(append(out, list(items[begin:]...))).Val(), nil
}

// distinctSorted is what the combinations start from.
func distinctSorted(th *eval.Thread, c value.Value) ([]value.Value, error) {
	if _, ok := c.Ref().(value.Sequence); !ok {
		return nil, value.CoerceError(c, "sequence")
	}
	d, err := distinct(th, c)
	if err != nil {
		return nil, err
	}
	items, err := iterable(th, d)
	if err != nil {
		return nil, err
	}
	return sortNatural(th, items)
}

func cartesianProduct(th *eval.Thread, a []value.Value) (value.Value, error) {
	tuples := [][]value.Value{{}}
	for _, c := range a {
		items, err := distinctSorted(th, c)
		if err != nil {
			return value.Nil, err
		}
		var longer [][]value.Value
		for _, t := range tuples {
			if err := th.CheckInterrupt(); err != nil {
				return value.Nil, err
			}
			if err := th.Room((len(longer) + len(items)) * (len(t) + 2) * slotSize); err != nil {
				return value.Nil, err
			}
			for _, x := range items {
				longer = append(longer, append(t[:len(t):len(t)], x))
			}
		}
		tuples = longer
	}
	out := make([]value.Value, len(tuples))
	for i, t := range tuples {
		out[i] = list(t...)
	}
	return value.ListOf(out).Val(), nil
}

func combinations(th *eval.Thread, c, size value.Value) (value.Value, error) {
	items, err := distinctSorted(th, c)
	if err != nil {
		return value.Nil, err
	}
	k, err := asLong(size)
	if err != nil {
		return value.Nil, err
	}
	if k < 1 || k > int64(len(items)) {
		return value.EmptyList.Val(), nil
	}
	n := int(k)
	var out []value.Value
	if n == 1 {
		for _, x := range items {
			out = append(out, sameKind(c, []value.Value{x}))
		}
		return value.ListOf(out).Val(), nil
	}
	for i := 0; i+n <= len(items); i++ {
		if err := th.Step((len(items) - i) * (n + 4) * slotSize); err != nil {
			return value.Nil, err
		}
		head := items[i : i+n-1 : i+n-1]
		for _, x := range items[i+n-1:] {
			out = append(out, sameKind(c, append(head, x)))
		}
	}
	return value.ListOf(out).Val(), nil
}

func emptyToNil(_ *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case *value.Str:
		if x.S == "" {
			return value.Nil, nil
		}
	case value.Counted:
		if x.Count() == 0 {
			return value.Nil, nil
		}
	}
	return v, nil
}

// predicates makes every-pred and any-pred: the answer is known at the first result that is stopAt.
func predicates(name string, stopAt bool) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: -1, Forms: "(" + name + " p & preds)", Doc: "A predicate over all its arguments that joins predicates.",
		FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			preds := append([]value.Value(nil), a...)
			for _, p := range preds {
				if !eval.IsFunction(p) {
					return value.Nil, value.CoerceError(p, "function")
				}
			}
			return eval.NewBuiltin(name+":wrapped", 0, -1, func(th *eval.Thread, a []value.Value) (value.Value, error) {
				for _, x := range append([]value.Value(nil), a...) {
					for _, p := range preds {
						v, err := th.Call1(p, x)
						if err != nil {
							return value.Nil, err
						}
						b, ok := v.Bool()
						if !ok {
							fn, err := qualifiedName(name, p)
							if err == nil {
								err = value.Errorf("%s: The predicate function %s did not return a boolean value", name, fn)
							}
							return value.Nil, err
						}
						if b == stopAt {
							return v, nil
						}
					}
				}
				return value.Bool(!stopAt), nil
			}), nil
		}}
}
