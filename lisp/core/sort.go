// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

func sortRow(th *eval.Thread, a []value.Value) (value.Value, error) {
	c := a[len(a)-1]
	if len(a) == 2 {
		if err := callables(a[0]); err != nil {
			return value.Nil, err
		}
	}
	items, err := sortable(th, c)
	if err != nil {
		return value.Nil, err
	}
	if len(a) == 1 {
		items, err = sortNatural(th, items)
		return sorted(c, items), err
	}
	items, err = mergeSort(items, comparator(th, a[0]))
	return sorted(c, items), err
}

func sortable(th *eval.Thread, c value.Value) ([]value.Value, error) {
	if _, isText := c.Ref().(*value.Str); isText || c.IsNil() {
		return nil, invalidType("sort", c)
	}
	return iterable(th, c)
}

// comparator calls a compare function, which must answer with a long.
func comparator(th *eval.Thread, f value.Value) func(a, b value.Value) (int, error) {
	return func(a, b value.Value) (int, error) {
		v, err := th.Call2(f, a, b)
		if err != nil {
			return 0, err
		}
		n, ok := v.Long()
		if !ok {
			i, isInt := v.Int()
			if !isInt {
				return 0, value.CoerceError(v, "long")
			}
			n = int64(i)
		}
		switch {
		case n < 0:
			return -1, nil
		case n > 0:
			return 1, nil
		}
		return 0, nil
	}
}

// sortNatural sorts by compare; all longs are sorted as such.
func sortNatural(th *eval.Thread, items []value.Value) ([]value.Value, error) {
	longs := make([]int64, 0, len(items))
	for _, v := range items {
		n, ok := v.Long()
		if !ok {
			return mergeSort(items, natural(th))
		}
		longs = append(longs, n)
	}
	slices.Sort(longs)
	for i, n := range longs {
		items[i] = value.Long(n)
	}
	return items, nil
}

// natural is compare. It looks up now and then: nothing else in a sort can be interrupted.
func natural(th *eval.Thread) func(a, b value.Value) (int, error) {
	n := 0
	return func(a, b value.Value) (int, error) {
		if n++; n%1024 == 0 {
			if err := th.CheckInterrupt(); err != nil {
				return 0, err
			}
		}
		return value.Compare(a, b), nil
	}
}

// mergeSort is stable and ends at the first error: a comparison can fail (E11).
func mergeSort(items []value.Value, cmp func(a, b value.Value) (int, error)) ([]value.Value, error) {
	if len(items) < 2 {
		return items, nil
	}
	mid := len(items) / 2
	left, err := mergeSort(slices.Clone(items[:mid]), cmp)
	if err != nil {
		return nil, err
	}
	right, err := mergeSort(slices.Clone(items[mid:]), cmp)
	if err != nil {
		return nil, err
	}
	out := items[:0]
	for len(left) > 0 && len(right) > 0 {
		c, err := cmp(left[0], right[0])
		if err != nil {
			return nil, err
		}
		if c <= 0 {
			out, left = append(out, left[0]), left[1:]
		} else {
			out, right = append(out, right[0]), right[1:]
		}
	}
	return append(append(out, left...), right...), nil
}

func sortBy(th *eval.Thread, a []value.Value) (value.Value, error) {
	c := a[len(a)-1]
	if err := callables(a[:len(a)-1]...); err != nil {
		return value.Nil, err
	}
	items, err := sortable(th, c)
	if err != nil {
		return value.Nil, err
	}
	cmp := natural(th)
	if len(a) == 3 {
		cmp = comparator(th, a[1])
	}
	pairs := make([]value.Value, len(items))
	for i, x := range items {
		k, err := th.Call1(a[0], x)
		if err != nil {
			return value.Nil, err
		}
		pairs[i] = value.NewMapEntry(k, x).Val()
	}
	key := func(v value.Value) value.Value { return v.Ref().(*value.MapEntry).Key }
	pairs, err = mergeSort(pairs, func(x, y value.Value) (int, error) { return cmp(key(x), key(y)) })
	if err != nil {
		return value.Nil, err
	}
	for i, p := range pairs {
		items[i] = p.Ref().(*value.MapEntry).Value
	}
	return sorted(c, items), nil
}
