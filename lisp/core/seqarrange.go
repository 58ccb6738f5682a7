// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// seqArrangeTable: functions that give elements another order or grouping (language.md 8).
var seqArrangeTable = eval.Table{
	{Name: "reverse", Min: 0, Max: 1, F0: reverseStep, F1: reverse, Forms: "(reverse)\n(reverse coll)", Doc: "The elements in reverse order."},
	{Name: "distinct", Min: 0, Max: 1, F0: distinctStep, F1: distinct, Forms: "(distinct)\n(distinct coll)", Doc: "The elements without duplicates."},
	{Name: "flatten", Min: 0, Max: 1, F0: flattenStep, F1: flatten, Forms: "(flatten)\n(flatten coll)", Doc: "The elements of nested sequences."},
	{Name: "interleave", Min: 2, Max: -1, FN: interleave, Forms: "(interleave c1 c2 & colls)", Doc: "First elements, second elements, …"},
	{Name: "interpose", Min: 2, Max: 2, F2: interpose, Forms: "(interpose sep coll)", Doc: "The elements separated by sep."},
	{Name: "partition", Min: 2, Max: 4, FN: partition, Forms: "(partition n coll)\n(partition n step coll)\n(partition n step pad coll)", Doc: "Groups of n elements."},
	{Name: "partition-all", Min: 2, Max: 3, FN: partitionAll, Forms: "(partition-all n coll)\n(partition-all n step coll)", Doc: "Groups of n elements; the last one may be shorter."},
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
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	return sameOrLazy(v, items), nil
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
		if err := th.CheckInterrupt(); err != nil { // a hash can take its time
			return value.Nil, err
		}
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
			if len(out)%1024 == 0 {
				return th.Room(len(out) * slotSize)
			}
			return nil
		}
		_, err := value.Each(th, v, func(x value.Value) error { return walk(x, depth+1) })
		return err
	}
	switch v.Ref().(type) {
	case value.Map, value.Set, *value.Queue:
		return list(v), nil
	case value.Sequence, *value.LazySeq:
		err := walk(v, 0)
		return sorted(v, out), err
	}
	return value.Nil, value.CoerceError(v, "a collection")
}

func interleave(th *eval.Thread, a []value.Value) (value.Value, error) {
	shortest := int64(math.MaxInt64)
	cols := make([][]value.Value, len(a))
	for _, lazy := range []bool{false, true} { // lazy ones last, and no further than the others go: they may have no end
		for i, c := range a {
			l, isLazy := c.Ref().(*value.LazySeq)
			if isLazy != lazy {
				continue
			}
			if isLazy {
				c = lazyTake(l, shortest).Val()
			}
			items, err := onlySequence(th, "interleave", c, lazyOK)
			if err != nil {
				return value.Nil, err
			}
			cols[i] = items
			shortest = min(shortest, int64(len(items)))
		}
	}
	var out []value.Value
	for i := range shortest {
		if err := th.Step(len(cols) * slotSize); err != nil {
			return value.Nil, err
		}
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
		p := a[2]
		if l, ok := p.Ref().(*value.LazySeq); ok {
			p = lazyTake(l, n).Val()
		}
		if pad, err = iterable(th, p); err != nil {
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
		if err := th.Step(int(min(n, int64(len(items)))) * slotSize); err != nil {
			return value.Nil, err
		}
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
		if err := th.Step(int(min(n, int64(len(items)))) * slotSize); err != nil {
			return value.Nil, err
		}
		end := min(i+n, int64(len(items)))
		out = append(out, sameKind(c, items[i:end:end]))
		if end < i+n {
			break // one group may be shorter
		}
	}
	return value.ListOf(out).Val(), nil
}
