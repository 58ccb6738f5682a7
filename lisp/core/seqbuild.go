// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// seqBuildTable: functions that make and grow sequences (language.md 8, 9).
var seqBuildTable = eval.Table{
	{Name: "empty", Min: 1, Max: 1, F1: emptied, Forms: "(empty coll)", Doc: "An empty collection of the same kind; nil for nil."},
	{Name: "conj", Min: 0, Max: -1, FN: conj, Forms: "(conj)\n(conj coll)\n(conj coll & xs)", Doc: "Adds elements: at the end of lists and vectors."},
	{Name: "cons", Min: 2, Max: 2, F2: cons, Forms: "(cons x coll)", Doc: "Adds an element at the front."},
	{Name: "concat", Min: 0, Max: -1, FN: concat, Forms: "(concat & colls)", Doc: "A list of all elements."},
	{Name: "into", Min: 0, Max: 2, FN: into, Forms: "(into)\n(into to)\n(into to from)", Doc: "Adds the elements of from to to; a list takes them at the front."},
	{Name: "list", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) { return value.NewList(a...).Val(), nil }, Forms: "(list & items)", Doc: "A list of the arguments."},
	{Name: "vector", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) { return value.NewVector(a...).Val(), nil }, Forms: "(vector & items)", Doc: "A vector of the arguments."},
	{Name: "list*", Min: 1, Max: -1, FN: listStar(func(items []value.Value) value.Value { return value.ListOf(items).Val() }), Forms: "(list* & args coll)", Doc: "A list of the arguments and the elements of the last one."},
	{Name: "vector*", Min: 1, Max: -1, FN: listStar(func(items []value.Value) value.Value { return value.VectorOf(items).Val() }), Forms: "(vector* & args coll)", Doc: "A vector of the arguments and the elements of the last one."},
	{Name: "repeat", Min: 1, Max: 2, FN: repeat, Forms: "(repeat x)\n(repeat n x)", Doc: "A list of n times x."},
	{Name: "lazy-seq", Min: 0, Max: 2, FN: lazySeq, Forms: "(lazy-seq)\n(lazy-seq f)\n(lazy-seq seed f)\n(lazy-seq head lazy)\n(lazy-seq coll)", Doc: "A lazy sequence."},
	{Name: "doall", Min: 1, Max: 2, FN: doall, Forms: "(doall coll)\n(doall n coll)", Doc: "Realises a lazy sequence."},
}

func emptied(_ *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case value.Sequence:
		return x.Of(nil).Val(), nil
	case *value.MutableMap:
		return value.NewMutableMapOf(x.Type(), x.Empty()).Val(), nil
	case value.Map:
		return x.Empty().Val(), nil
	case value.Set:
		return x.Empty().Val(), nil
	case *value.LazySeq:
		return lazyOf(nil).Val(), nil
	case *value.Queue:
		return x.Empty().Val(), nil
	}
	if v.IsNil() {
		return value.Nil, nil
	}
	return value.Nil, invalidType("empty", v)
}

func conj(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.EmptyVector.Val(), nil
	}
	c := a[0]
	if len(a) == 1 && (c.IsNil() || isMutable(c)) {
		return c, nil
	}
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

func lazyOf(items []value.Value) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) {
		if len(items) == 0 {
			return value.Nil, nil, false, nil
		}
		return items[0], lazyOf(items[1:]), true, nil
	})
}

func concat(th *eval.Thread, a []value.Value) (value.Value, error) {
	var out []value.Value
	for _, c := range a {
		if _, isBuf := c.Ref().(*value.ByteBuf); isBuf {
			return value.Nil, invalidType("concat", c)
		}
		if n, ok := c.Ref().(value.Counted); ok {
			if err := th.Room((len(out) + n.Count()) * slotSize); err != nil {
				return value.Nil, err
			}
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
		return value.EmptyList.Val(), nil
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
	_, isText := a[1].Ref().(*value.Str)
	_, isBuf := a[1].Ref().(*value.ByteBuf)
	switch t := to.Ref().(type) {
	case *value.List:
		var s value.Sequence = t
		for _, x := range items {
			if isText || isBuf {
				s = s.Conj(x)
			} else {
				s = s.Cons(x)
			}
		}
		return s.Val(), nil
	case value.Set:
		if isBuf {
			return value.Nil, value.Errorf("Function 'into' does only allow list and vector as to-coll if from-coll is a bytebuf")
		}
	case value.Map:
		return intoMap(t, a[1], items)
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

// intoMap adds the elements of a sequence that are pairs, entries or maps, and leaves the others out; or all of a map.
func intoMap(to value.Map, from value.Value, items []value.Value) (value.Value, error) {
	switch from.Ref().(type) {
	case value.Map, value.Sequence, *value.LazySeq:
	default:
		return value.Nil, value.Errorf("Function 'into' does not allow %s as from-coll into a map", from.Type())
	}
	for _, x := range items {
		switch x.Ref().(type) {
		case value.Map, *value.MapEntry, value.Sequence:
			m, err := conjMap(to, x)
			if err != nil {
				return value.Nil, err
			}
			to = m.Ref().(value.Map)
		}
	}
	return to.Val(), nil
}

func listStar(make func([]value.Value) value.Value) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 1 && a[0].IsNil() {
			return value.Nil, nil
		}
		tail, err := onlySequence(th, "list*", a[len(a)-1], nilOK|lazyOK)
		if err != nil {
			return value.Nil, err
		}
		return make(append(append([]value.Value(nil), a[:len(a)-1]...), tail...)), nil
	}
}

func repeat(th *eval.Thread, a []value.Value) (value.Value, error) {
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
		if err := mayGrow(th, "repeat", len(out)); err != nil {
			return value.Nil, err
		}
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
		return lazyOf(nil).Val(), nil
	case 2:
		if rest, ok := a[1].Ref().(*value.LazySeq); ok {
			return lazyCell(a[0], rest).Val(), nil
		}
		return iterated(a[0], a[1]).Val(), nil
	}
	if eval.IsFunction(a[0]) {
		return generated(a[0]).Val(), nil
	}
	if _, ok := a[0].Ref().(value.Sequence); !ok {
		return value.Nil, value.Errorf("Function 'lazy-seq' requires for the first arg either nil, a function, or a sequence.")
	}
	items, err := iterable(th, a[0])
	if err != nil {
		return value.Nil, err
	}
	return lazyOf(items).Val(), nil
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

func doall(th *eval.Thread, a []value.Value) (value.Value, error) {
	c := a[len(a)-1]
	if len(a) == 2 {
		var err error
		if c, err = take(th, a[0], c); err != nil {
			return value.Nil, err
		}
	}
	switch c.Ref().(type) {
	case *value.LazySeq:
	case value.Sequence, value.Map, value.Set:
		return c, nil
	default:
		return value.Nil, value.Errorf("doall: type %s not supported as first argument", c.Type())
	}
	items, err := iterable(th, c)
	return value.ListOf(items).Val(), err
}
