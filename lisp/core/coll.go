// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// collTable: maps and sets, language.md 8.
var collTable = eval.Table{
	{Name: "hash-map", Min: 0, Max: -1, FN: makeMap("hash-map", func(kv []value.Value) value.Map { return value.NewHashMap(kv...) }), Forms: "(hash-map & keyvals)\n(hash-map map)", Doc: "A hash map of keys and values."},
	{Name: "ordered-map", Min: 0, Max: -1, FN: makeMap("ordered-map", func(kv []value.Value) value.Map { return value.NewOrderedMap(kv...) }), Forms: "(ordered-map & keyvals)", Doc: "A map in insertion order."},
	{Name: "sorted-map", Min: 0, Max: -1, FN: makeMap("sorted-map", func(kv []value.Value) value.Map { return value.NewSortedMap(kv...) }), Forms: "(sorted-map & keyvals)", Doc: "A map in the order of compare."},
	{Name: "set", Min: 0, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		s, err := setOf(th, a)
		return s.Val(), err
	}, Forms: "(set & items)", Doc: "A set of the arguments."},
	{Name: "sorted-set", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) { return value.NewSortedSet(a...).Val(), nil }, Forms: "(sorted-set & items)", Doc: "A sorted set of the arguments."},
	{Name: "map-entry", Min: 2, Max: 2, F2: func(_ *eval.Thread, k, v value.Value) (value.Value, error) { return value.NewMapEntry(k, v).Val(), nil }, Forms: "(map-entry key val)", Doc: "A map entry."},
	{Name: "get", Min: 2, Max: 3, F2: func(th *eval.Thread, m, k value.Value) (value.Value, error) { return getOr(th, m, k, value.Nil) }, F3: getOr, Forms: "(get map key)\n(get map key not-found)", Doc: "The value of a key, or not-found."},
	{Name: "get-in", Min: 2, Max: 3, FN: getIn, Forms: "(get-in map ks)\n(get-in map ks not-found)", Doc: "The value at a path of keys."},
	{Name: "contains?", Min: 2, Max: 2, F2: contains, Forms: "(contains? coll key)", Doc: "Whether a key or index is there."},
	{Name: "find", Min: 2, Max: 2, F2: find2, Forms: "(find map key)", Doc: "The entry of a key; nil if there is none."},
	{Name: "assoc", Min: 1, Max: -1, FN: assoc, F3: func(th *eval.Thread, m, k, v value.Value) (value.Value, error) {
		if isThreadLocal(m) {
			return threadLocalOf(th, []value.Value{k, v})
		}
		return assoc1(th, m, k, v)
	}, Forms: "(assoc coll key val)\n(assoc coll key val & kvs)", Doc: "Sets keys of a map or indexes of a sequence."},
	{Name: "assoc-in", Min: 3, Max: 3, F3: assocIn, Forms: "(assoc-in m ks v)", Doc: "Sets the value at a path of keys."},
	{Name: "dissoc", Min: 1, Max: -1, FN: dissoc, Forms: "(dissoc coll & keys)", Doc: "Removes keys of a map or indexes of a vector."},
	{Name: "update", Min: 3, Max: -1, FN: update, Forms: "(update m k f & args)", Doc: "Sets a key to (f value args…)."},
	{Name: "update-in", Min: 3, Max: -1, FN: updateIn, Forms: "(update-in m ks f & args)", Doc: "update at a path of keys."},
	{Name: "keys", Min: 1, Max: 1, F1: parts("keys", func(k, _ value.Value) value.Value { return k }), Forms: "(keys map)", Doc: "The keys of a map."},
	{Name: "vals", Min: 1, Max: 1, F1: parts("vals", func(_, v value.Value) value.Value { return v }), Forms: "(vals map)", Doc: "The values of a map."},
	{Name: "entries", Min: 1, Max: 1, F1: parts("entries", func(k, v value.Value) value.Value { return value.NewMapEntry(k, v).Val() }), Forms: "(entries map)", Doc: "The entries of a map."},
	{Name: "key", Min: 1, Max: 1, F1: entryPart("key", 0), Forms: "(key e)", Doc: "The key of an entry."},
	{Name: "val", Min: 1, Max: 1, F1: entryPart("val", 1), Forms: "(val e)", Doc: "The value of an entry."},
	{Name: "select-keys", Min: 2, Max: 2, F2: selectKeys, Forms: "(select-keys map keys)", Doc: "A map of the same kind with the given keys."},
	{Name: "merge", Min: 1, Max: -1, FN: merge, Forms: "(merge & maps)", Doc: "A hash map of all entries; later ones win."},
	{Name: "merge-with", Min: 1, Max: -1, FN: mergeWith, Forms: "(merge-with f & maps)", Doc: "merge that joins values of one key by f."},
	{Name: "zipmap", Min: 2, Max: 2, F2: zipmap, Forms: "(zipmap keys vals)", Doc: "An ordered map of keys and values."},
	{Name: "disj", Min: 2, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		s, err := asSet(a[0])
		for _, x := range a[1:] {
			if err == nil {
				s = s.Disj(x)
			}
		}
		if err != nil {
			return value.Nil, err
		}
		return s.Val(), nil
	}, Forms: "(disj set & keys)", Doc: "Removes elements of a set."},
	setRow("union", func(s, t value.Set) value.Set {
		for x := range t.All() {
			s = s.Conj(x)
		}
		return s
	}),
	setRow("difference", func(s, t value.Set) value.Set {
		for x := range t.All() {
			s = s.Disj(x)
		}
		return s
	}),
	setRow("intersection", func(s, t value.Set) value.Set {
		for x := range s.All() {
			if !t.Has(x) {
				s = s.Disj(x)
			}
		}
		return s
	}),
	subsetRow("subset?", func(s, t value.Set) bool { return within(s, t) }),
	subsetRow("superset?", func(s, t value.Set) bool { return within(t, s) }),
}

func makeMap(name string, build func([]value.Value) value.Map) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 1 {
			if m, ok := a[0].Ref().(value.Map); ok {
				a = nil
				for k, v := range m.All() {
					a = append(a, k, v)
				}
			}
		}
		if len(a)%2 != 0 {
			return value.Nil, value.Errorf("%s: create requires an even number of list items. Got %d items.", name, len(a))
		}
		return build(a).Val(), nil
	}
}

func notAllowed(fn string, v value.Value) error {
	return value.Errorf("Function '%s' does not allow %s as coll. ", fn, v.Type())
}

// getOr is get, also of the values of the current thread.
func getOr(th *eval.Thread, m, k, def value.Value) (value.Value, error) {
	v, err := get(m, k, def)
	if err != nil && isThreadLocal(m) {
		return get(localsOf(th).Val(), k, def)
	}
	return v, err
}

func get(m, k, def value.Value) (value.Value, error) {
	switch x := m.Ref().(type) {
	case nil:
		if m.IsNil() {
			return def, nil
		}
	case value.Map:
		if v, ok := x.Get(k); ok {
			return v, nil
		}
		return def, nil
	case *value.Vector:
		i, ok := k.Long()
		if !ok {
			return value.Nil, value.CoerceError(k, "long")
		}
		if i >= 0 && i < int64(x.Count()) {
			return x.Nth(int(i)), nil
		}
		return def, nil
	case value.Set:
		if x.Has(k) {
			return k, nil
		}
		return def, nil
	}
	return value.Nil, value.Errorf("Function 'get' does not allow %s as collection", m.Type())
}

func getIn(th *eval.Thread, a []value.Value) (value.Value, error) {
	def := value.Nil
	if len(a) == 3 {
		def = a[2]
	}
	m := a[0]
	if m.IsNil() {
		return def, nil
	}
	keys, err := keyPath(th, a[1])
	if err != nil || len(keys) == 0 {
		return value.Nil, err
	}
	switch m.Ref().(type) {
	case value.Map, value.Sequence, value.Set, *value.LazySeq:
	default:
		return value.Nil, value.CoerceError(m, "collection")
	}
	for _, k := range keys {
		if m.IsNil() {
			return def, nil
		}
		if s, ok := m.Ref().(value.Sequence); ok {
			if i, isLong := k.Long(); isLong && i >= 0 && i < int64(s.Count()) {
				m = s.Nth(int(i))
				continue
			}
			return def, nil
		}
		ok, err := contains(th, m, k)
		if err != nil || !ok.Truthy() {
			return def, nil
		}
		if m, err = get(m, k, value.Nil); err != nil {
			return value.Nil, err
		}
	}
	if m.IsNil() { // as the reference: a nil at the end is no value
		return def, nil
	}
	return m, nil
}

func contains(_ *eval.Thread, c, k value.Value) (value.Value, error) {
	n := -1
	switch x := c.Ref().(type) {
	case value.Map:
		_, ok := x.Get(k)
		return value.Bool(ok), nil
	case value.Set:
		return value.Bool(x.Has(k)), nil
	case *value.Vector:
		n = x.Count()
	case *value.Str:
		n = x.CodeUnits()
	}
	if n < 0 {
		return value.Nil, notAllowed("contains?", c)
	}
	i, ok := k.Long()
	if !ok {
		return value.Nil, value.CoerceError(k, "long")
	}
	return value.Bool(i >= 0 && i < int64(n)), nil
}

func find2(_ *eval.Thread, m, k value.Value) (value.Value, error) {
	switch x := m.Ref().(type) {
	case value.Map:
		if v, ok := x.Get(k); ok {
			return value.NewMapEntry(k, v).Val(), nil
		}
		return value.Nil, nil
	case *value.Vector:
		if i, ok := k.Long(); ok && i >= 0 && i < int64(x.Count()) {
			return value.NewMapEntry(k, x.Nth(int(i))).Val(), nil
		}
		return value.Nil, nil
	}
	if m.IsNil() {
		return value.Nil, nil
	}
	return value.Nil, value.Errorf("Function 'find' does not allow type %s as parameter.", m.Type())
}

func assoc1(th *eval.Thread, m, k, v value.Value) (value.Value, error) {
	switch x := m.Ref().(type) {
	case nil:
		if m.IsNil() {
			return value.NewHashMap(k, v).Val(), nil
		}
	case *record:
		return x.with(th, k, v)
	case *value.MutableMap:
		return value.Nil, value.Errorf("Function 'assoc' can not be used with mutable maps use assoc!")
	case *value.MutableSeq:
		return value.Nil, value.Errorf("Function 'assoc' can not be used with mutable vectors use assoc!")
	case *value.Str:
		return assocText(x.S, k, v)
	case value.Map:
		return x.Assoc(k, v).Val(), nil
	case value.Sequence:
		i, ok := k.Long()
		if !ok {
			return value.Nil, value.CoerceError(k, "long")
		}
		if i < 0 {
			return value.Nil, value.Errorf("assoc: index %d out of range", i)
		}
		return x.Set(int(min(i, int64(x.Count()))), v).Val(), nil
	}
	return value.Nil, notAllowed("assoc", m)
}

// assocText replaces a character of a text, or appends it, by the first one of a string or keyword.
func assocText(text string, k, v value.Value) (value.Value, error) {
	i, err := asLong(k)
	if err != nil {
		return value.Nil, err
	}
	with, ok := value.StringOrKeyword(v)
	units, unit := value.ToUnits(text), value.ToUnits(with)
	switch {
	case !ok:
		return value.Nil, value.CoerceError(v, "string")
	case i < 0 || len(unit) == 0:
		return value.Nil, value.Errorf("assoc: no character %s for index %d", value.PrStr(v), i)
	case i < int64(len(units)):
		units[i] = unit[0]
	default:
		units = append(units, unit[0])
	}
	return value.String(value.FromUnits(units)), nil
}

func assoc(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a)%2 == 0 {
		return value.Nil, value.Errorf("hash-map: assoc requires an even number of items.")
	}
	if isThreadLocal(a[0]) {
		return threadLocalOf(th, a[1:])
	}
	m := a[0]
	if len(a) == 1 && !m.IsNil() {
		switch m.Ref().(type) {
		case value.Map, value.Sequence, *value.Str:
		default:
			return value.Nil, value.Errorf("Function 'assoc' does not allow %s as collection", m.Type())
		}
	}
	for i := 1; i < len(a); i += 2 {
		var err error
		if m, err = assoc1(th, m, a[i], a[i+1]); err != nil {
			return value.Nil, err
		}
	}
	return m, nil
}

func assocIn(th *eval.Thread, m, ks, v value.Value) (value.Value, error) {
	keys, err := keyPath(th, ks)
	if err != nil {
		return value.Nil, err
	}
	return alterIn(th, m, keys, func(value.Value) (value.Value, error) { return v, nil })
}

func alterIn(th *eval.Thread, m value.Value, keys []value.Value, f func(old value.Value) (value.Value, error)) (value.Value, error) {
	if len(keys) == 0 {
		return m, nil
	}
	old, err := element(m, keys[0])
	if err != nil {
		return value.Nil, err
	}
	v := old
	if len(keys) == 1 {
		v, err = f(old)
	} else {
		v, err = alterIn(th, old, keys[1:], f)
	}
	if err != nil {
		return value.Nil, err
	}
	return assoc1(th, m, keys[0], v)
}

// element is get that accepts lists too.
func element(m, k value.Value) (value.Value, error) {
	if l, ok := m.Ref().(*value.List); ok {
		if i, ok := k.Long(); ok && i >= 0 && i < int64(l.Count()) {
			return l.Nth(int(i)), nil
		}
		return value.Nil, nil
	}
	return get(m, k, value.Nil)
}

func dissoc(th *eval.Thread, a []value.Value) (value.Value, error) {
	m := a[0]
	if isThreadLocal(m) {
		for _, k := range a[1:] {
			th.Locals = localsOf(th).Dissoc(k)
		}
		return m, nil
	}
	for _, k := range a[1:] {
		switch x := m.Ref().(type) {
		case *value.MutableMap:
			return value.Nil, value.Errorf("Function 'dissoc' can not be used with mutable maps use dissoc!")
		case value.Map:
			m = x.Dissoc(k).Val()
		case value.Sequence:
			i, ok := k.Long()
			if !ok {
				return value.Nil, value.CoerceError(k, "long")
			}
			if i < 0 || i >= int64(x.Count()) {
				return value.Nil, value.Errorf("dissoc: index %d out of range", i)
			}
			items := x.Items()
			m = x.Of(append(items[:i], items[i+1:]...)).Val()
		default:
			if m.IsNil() {
				return value.Nil, nil
			}
			return value.Nil, notAllowed("dissoc", m)
		}
	}
	return m, nil
}

func withRest(th *eval.Thread, f value.Value, rest []value.Value) func(value.Value) (value.Value, error) {
	return func(old value.Value) (value.Value, error) {
		return th.Apply(f, append([]value.Value{old}, rest...))
	}
}

func update(th *eval.Thread, a []value.Value) (value.Value, error) {
	f := withRest(th, a[2], a[3:])
	switch x := a[0].Ref().(type) {
	case value.Sequence:
		i, err := asLong(a[1])
		if err != nil {
			return value.Nil, err
		}
		if i < 0 || i > int64(x.Count()) {
			return value.Nil, value.Errorf("Function 'update' index %d out of bounds", i)
		}
		old := value.Nil
		if i < int64(x.Count()) {
			old = x.Nth(int(i))
		}
		v, err := f(old)
		return x.Set(int(i), v).Val(), err
	case *record:
		return alterIn(th, a[0], a[1:2], f)
	case value.Map:
		old, _ := x.Get(a[1])
		v, err := f(old)
		return x.Assoc(a[1], v).Val(), err
	}
	return value.Nil, value.Errorf("'update' does not allow %s as associative structure", a[0].Type())
}

func updateIn(th *eval.Thread, a []value.Value) (value.Value, error) {
	keys, err := keyPath(th, a[1])
	if err != nil {
		return value.Nil, err
	}
	return alterIn(th, a[0], keys, withRest(th, a[2], a[3:]))
}

func asMap(v value.Value) (value.Map, error) {
	m, ok := v.Ref().(value.Map)
	if !ok {
		return nil, value.CoerceError(v, "map")
	}
	return m, nil
}

func parts(_ string, pick func(k, v value.Value) value.Value) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		m, err := asMap(v)
		if err != nil {
			return value.Nil, err
		}
		out := make([]value.Value, 0, m.Count())
		for k, x := range m.All() {
			out = append(out, pick(k, x))
		}
		return value.ListOf(out).Val(), nil
	}
}

func entryPart(name string, i int) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		switch e := v.Ref().(type) {
		case *value.MapEntry:
			if i == 0 {
				return e.Key, nil
			}
			return e.Value, nil
		case value.Sequence:
			if i >= e.Count() {
				return value.Nil, nil
			}
			return e.Nth(i), nil
		}
		if v.IsNil() {
			return value.Nil, value.CoerceError(v, "a sequential collection")
		}
		return value.Nil, value.Errorf("Function '%s' does not allow type %s as parameter.", name, v.Type())
	}
}

func selectKeys(th *eval.Thread, v, ks value.Value) (value.Value, error) {
	if v.IsNil() {
		return value.EmptyHashMap.Val(), nil
	}
	m, err := asMap(v)
	if err != nil {
		return value.Nil, err
	}
	out := m.Empty()
	if ks.IsNil() {
		return out.Val(), nil
	}
	keys, err := keyPath(th, ks)
	if err != nil {
		return value.Nil, err
	}
	for _, k := range keys {
		if x, ok := m.Get(k); ok {
			out = out.Assoc(k, x)
		}
	}
	if x, ok := m.(*value.MutableMap); ok {
		return value.NewMutableMapOf(x.Type(), out).Val(), nil
	}
	return keepMeta(out.Val(), v), nil
}

func merge(th *eval.Thread, a []value.Value) (value.Value, error) {
	v, some, err := mergeAll(th, value.Nil, a)
	if err != nil || !some {
		return value.Nil, err
	}
	return v, nil
}

func mergeWith(th *eval.Thread, a []value.Value) (value.Value, error) {
	v, _, err := mergeAll(th, a[0], a[1:])
	return v, err
}

// mergeAll joins maps; some is false if there are none. Without an f the later value of a key counts.
func mergeAll(th *eval.Thread, f value.Value, maps []value.Value) (v value.Value, some bool, err error) {
	b := value.EmptyHashMap.Builder()
	for _, v := range maps {
		if v.IsNil() {
			continue
		}
		m, err := asMap(v)
		if err != nil {
			return value.Nil, false, err
		}
		some = true
		for k, x := range m.All() {
			if old, ok := b.Get(k); ok && !f.IsNil() {
				if x, err = th.Call2(f, old, x); err != nil {
					return value.Nil, false, err
				}
			}
			b.Put(k, x)
		}
	}
	return b.Map().Val(), some, nil
}

func zipmap(th *eval.Thread, ks, vs value.Value) (value.Value, error) {
	if _, isSet := ks.Ref().(value.Set); isSet {
		return value.Nil, value.CoerceError(ks, "a sequential collection")
	}
	keys, err := iterable(th, ks)
	if err != nil {
		return value.Nil, err
	}
	vals, err := iterable(th, vs)
	if err != nil {
		return value.Nil, err
	}
	var kv []value.Value
	for i := range min(len(keys), len(vals)) {
		kv = append(kv, keys[i], vals[i])
	}
	return value.NewOrderedMap(kv...).Val(), nil
}

func asSet(v value.Value) (value.Set, error) {
	s, ok := v.Ref().(value.Set)
	if !ok {
		return nil, value.CoerceError(v, "set")
	}
	return s, nil
}

func setRow(name string, f func(s, t value.Set) value.Set) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: -1, Forms: "(" + name + " s1)\n(" + name + " s1 s2 & sets)", Doc: "Set algebra.",
		FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			s, err := asSet(a[0])
			if err != nil {
				return value.Nil, err
			}
			for _, x := range a[1:] {
				t, err := asSet(x)
				if err != nil {
					return value.Nil, err
				}
				s = f(s, t)
			}
			return s.Val(), nil
		}}
}

func within(s, t value.Set) bool {
	for x := range s.All() {
		if !t.Has(x) {
			return false
		}
	}
	return true
}

func subsetRow(name string, f func(s, t value.Set) bool) eval.Row {
	return eval.Row{Name: name, Min: 2, Max: 2, Forms: "(" + name + " set1 set2)", Doc: "Compares two sets.",
		F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) {
			s, err := asSet(a)
			if err != nil {
				return value.Nil, err
			}
			t, err := asSet(b)
			if err != nil {
				return value.Nil, err
			}
			return value.Bool(f(s, t)), nil
		}}
}

// setOf is a set of items; a hash can take its time, so it can be interrupted.
func setOf(th *eval.Thread, items []value.Value) (value.Set, error) {
	b := value.EmptyHashSet.Builder()
	for _, x := range items {
		if err := th.CheckInterrupt(); err != nil {
			return value.EmptyHashSet, err
		}
		b.Add(x)
	}
	return b.Set(), nil
}
