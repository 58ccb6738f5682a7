// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// mutableTable: the mutable maps, sets, lists and vectors of language.md 8. Queues are in queue.go.
var mutableTable = eval.Table{
	{Name: "mutable-map", Min: 0, Max: -1, FN: makeMap("mutable-map", func(kv []value.Value) value.Map { return value.NewMutableMap(kv...) }), Forms: "(mutable-map & keyvals)\n(mutable-map map)", Doc: "A mutable map, safe for concurrent use."},
	{Name: "mutable-set", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		return value.NewMutableSet(a...).Val(), nil
	}, Forms: "(mutable-set & items)", Doc: "A mutable set, safe for concurrent use."},
	{Name: "mutable-list", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		return value.NewMutableList(append([]value.Value(nil), a...)...).Val(), nil
	}, Forms: "(mutable-list & items)", Doc: "A mutable list, safe for concurrent use."},
	{Name: "mutable-vector", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		return value.NewMutableVector(append([]value.Value(nil), a...)...).Val(), nil
	}, Forms: "(mutable-vector & items)", Doc: "A mutable vector, safe for concurrent use."},
	isA[*value.MutableMap]("mutable-map?"), isA[*value.MutableSet]("mutable-set?"),
	is("mutable-list?", func(v value.Value) bool { return isMutableSeq(v, value.TypeMutableList) }),
	is("mutable-vector?", func(v value.Value) bool { return isMutableSeq(v, value.TypeMutableVector) }),
	is("mutable?", isMutable),
	{Name: "assoc!", Min: 3, Max: -1, FN: assocMutable, Forms: "(assoc! coll key val)\n(assoc! coll key val & kvs)", Doc: "Sets keys of a mutable map, or indexes of a mutable list or vector."},
	{Name: "dissoc!", Min: 2, Max: -1, FN: dissocMutable, Forms: "(dissoc! coll & keys)", Doc: "Removes keys of a mutable map, or indexes of a mutable list or vector."},
	{Name: "update!", Min: 3, Max: -1, FN: updateMutable, Forms: "(update! m k f & args)", Doc: "Sets a key of a mutable map, or an index of a mutable list or vector, to (f value args…)."},
	{Name: "conj!", Min: 0, Max: -1, FN: conjMutable, Forms: "(conj!)\n(conj! coll)\n(conj! coll & xs)", Doc: "Adds elements to a mutable collection."},
	{Name: "cons!", Min: 2, Max: 2, F2: consMutable, Forms: "(cons! x coll)", Doc: "Adds an element at the front of a mutable collection."},
	{Name: "into!", Min: 0, Max: 2, FN: intoMutable, Forms: "(into!)\n(into! to)\n(into! to from)", Doc: "Adds the elements of from to a mutable collection; a list takes them at the front."},
}

func isMutableSeq(v value.Value, t *value.Type) bool {
	m, ok := v.Ref().(*value.MutableSeq)
	return ok && m.Type() == t
}

func isMutable(v value.Value) bool {
	switch v.Ref().(type) {
	case *value.MutableMap, *value.MutableSet, *value.MutableSeq, *value.Queue, *value.DelayQueue:
		return true
	}
	return false
}

func assocMutable(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a)%2 == 0 {
		return value.Nil, value.Errorf("mutable-map: assoc! requires an even number of items.")
	}
	switch m := a[0].Ref().(type) {
	case *value.MutableMap:
		for i := 1; i < len(a); i += 2 {
			m.Put(a[i], a[i+1])
		}
		return a[0], nil
	case *value.MutableSeq:
		for i := 1; i < len(a); i += 2 {
			n, err := asLong(a[i])
			if err != nil {
				return value.Nil, err
			}
			m.Change(func(s value.Sequence) value.Sequence { return s.Set(min(clampInt(n), s.Count()), a[i+1]) })
		}
		return a[0], nil
	}
	if a[0].IsNil() {
		return value.NewMutableMap(a[1:]...).Val(), nil
	}
	if isThreadLocal(a[0]) {
		return assoc(th, a)
	}
	return value.Nil, value.Errorf("Function 'assoc!' does not allow %s as collection. It works with mutable maps only.", a[0].Type())
}

func dissocMutable(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch m := a[0].Ref().(type) {
	case *value.MutableMap:
		for _, k := range a[1:] {
			m.Delete(k)
		}
		return a[0], nil
	case *value.MutableSeq:
		for _, k := range a[1:] {
			n, err := asLong(k)
			if err != nil {
				return value.Nil, err
			}
			m.Change(func(s value.Sequence) value.Sequence {
				if n < 0 || n >= int64(s.Count()) {
					return s
				}
				items := s.Items()
				return s.Of(append(items[:n], items[n+1:]...))
			})
		}
		return a[0], nil
	}
	if a[0].IsNil() {
		return value.Nil, nil
	}
	if isThreadLocal(a[0]) {
		return dissoc(th, a)
	}
	return value.Nil, value.Errorf("Function 'dissoc!' does not allow %s as coll. It works with mutable maps and vectors only.", a[0].Type())
}

func updateMutable(th *eval.Thread, a []value.Value) (value.Value, error) {
	f, k := a[2], a[1]
	if !eval.IsCallable(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	switch m := a[0].Ref().(type) {
	case *value.MutableMap:
		old, _ := m.Get(k)
		v, err := th.Apply(f, append([]value.Value{old}, a[3:]...))
		if err == nil {
			m.Put(k, v)
		}
		return a[0], err
	case *value.MutableSeq:
		n, err := asLong(k)
		if err != nil {
			return value.Nil, err
		}
		s := m.Snapshot()
		if n < 0 || n > int64(s.Count()) {
			return value.Nil, value.Errorf("Function 'update' index %d out of bounds", n)
		}
		old := value.Nil
		if n < int64(s.Count()) {
			old = s.Nth(int(n))
		}
		v, err := th.Apply(f, append([]value.Value{old}, a[3:]...))
		if err == nil {
			m.Change(func(s value.Sequence) value.Sequence { return s.Set(min(int(n), s.Count()), v) })
		}
		return a[0], err
	}
	return value.Nil, value.Errorf("'update!' does not allow %s as map. It works with mutable maps only.", a[0].Type())
}

func conjMutable(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch {
	case len(a) == 0:
		return value.NewMutableList().Val(), nil
	case len(a) == 1:
		return a[0], nil
	case a[0].IsNil():
		return value.NewMutableList(append([]value.Value(nil), a[1:]...)...).Val(), nil
	case !isMutable(a[0]):
		return value.Nil, value.Errorf("Function 'conj!' does not allow persistent collections as coll. Please use 'conj' instead!")
	}
	switch m := a[0].Ref().(type) {
	case *value.MutableSeq:
		if m.Type() == value.TypeMutableVector { // as the reference has it
			return value.Nil, value.Errorf("Invalid coll %s while calling function 'conj!'", a[0].Type())
		}
		m.Change(func(s value.Sequence) value.Sequence { return s.Of(append(s.Items(), a[1:]...)) })
	case *value.MutableSet:
		m.Put(a[1:]...)
	case *value.MutableMap:
		for _, v := range a[1:] {
			if err := putEntry(m, v, func() error { return value.Errorf("Invalid x %s while calling function 'conj!'", v.Type()) }); err != nil {
				return value.Nil, err
			}
		}
	case *value.Queue:
		for _, v := range a[1:] {
			if _, err := enqueue(th, m, v, naturalEnd(m), nil); err != nil {
				return value.Nil, err
			}
		}
	default:
		return value.Nil, value.Errorf("Invalid coll %s while calling function 'conj!'", a[0].Type())
	}
	return a[0], nil
}

// putEntry puts a pair, an entry or the entries of a map into m.
func putEntry(m *value.MutableMap, v value.Value, bad func() error) error {
	switch x := v.Ref().(type) {
	case *value.MapEntry:
		m.Put(x.Key, x.Value)
		return nil
	case value.Map:
		for k, v := range x.All() {
			m.Put(k, v)
		}
		return nil
	case value.Sequence:
		if x.Count() == 2 {
			m.Put(x.Nth(0), x.Nth(1))
			return nil
		}
	}
	return bad()
}

func consMutable(th *eval.Thread, x, c value.Value) (value.Value, error) {
	if !isMutable(c) {
		return value.Nil, value.Errorf("Function 'cons!' does not allow persistent collections as coll. Please use 'cons' instead!")
	}
	switch m := c.Ref().(type) {
	case *value.MutableSeq:
		m.Change(func(s value.Sequence) value.Sequence { return s.Cons(x) })
		return c, nil
	case *value.MutableSet:
		m.Put(x)
		return c, nil
	case *value.MutableMap:
		return c, putEntry(m, x, func() error {
			return value.Errorf("Invalid argument type %s for element while calling function 'cons' on mutable map", x.Type())
		})
	case *value.Queue:
		_, err := enqueue(th, m, x, naturalEnd(m), nil)
		return c, err
	}
	return value.Nil, invalidType("cons!", c)
}

func intoMutable(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch {
	case len(a) == 0:
		return value.EmptyList.Val(), nil
	case len(a) == 1 || a[1].IsNil():
		return a[0], nil
	case !isMutable(a[0]):
		return value.Nil, value.Errorf("Function 'into!' does not allow persistent collections as to-coll. Please use 'into' instead!")
	}
	items, err := iterable(th, a[1])
	if err != nil {
		return value.Nil, err
	}
	switch m := a[0].Ref().(type) {
	case *value.MutableSeq:
		m.Change(func(s value.Sequence) value.Sequence {
			if m.Type() == value.TypeMutableVector || m.Type() == typeArrayList {
				return s.Of(append(s.Items(), items...))
			}
			for _, v := range items {
				s = s.Cons(v)
			}
			return s
		})
	case *value.MutableSet:
		m.Put(items...)
	case *value.MutableMap:
		for _, v := range items {
			if err := putEntry(m, v, func() error { return value.CoerceError(v, "map-entry") }); err != nil {
				return value.Nil, err
			}
		}
	case *value.Queue:
		if m.Type() == value.TypeCircularBuffer {
			return value.Nil, value.Errorf("Function 'into!' does not allow %s as to-coll", a[0].Type())
		}
		for _, v := range items {
			if _, err := enqueue(th, m, v, naturalEnd(m), nil); err != nil {
				return value.Nil, err
			}
		}
	default:
		return value.Nil, value.Errorf("Function 'into!' does not allow %s as to-coll", a[0].Type())
	}
	return a[0], nil
}
