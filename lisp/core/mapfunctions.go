// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// mapFunctionTable: functions over whole maps, language.md 8.
var mapFunctionTable = eval.Table{
	{Name: "map-invert", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.EmptyHashMap.Val(), nil
		}
		return rebuilt(v, func(m value.Map, k, v value.Value) (value.Map, error) { return m.Assoc(v, k), nil })
	}, Forms: "(map-invert m)", Doc: "The map with values as keys and keys as values."},
	{Name: "map-keys", Min: 2, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return rebuilt(a[1], func(m value.Map, k, v value.Value) (value.Map, error) {
			k, err := th.Apply(a[0], append([]value.Value{k}, a[2:]...))
			return m.Assoc(k, v), err
		})
	}, Forms: "(map-keys f m & args)", Doc: "The map with (f key args…) as keys."},
	{Name: "map-vals", Min: 2, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return rebuilt(a[1], func(m value.Map, k, v value.Value) (value.Map, error) {
			v, err := th.Apply(a[0], append([]value.Value{v}, a[2:]...))
			return m.Assoc(k, v), err
		})
	}, Forms: "(map-vals f m & args)", Doc: "The map with (f value args…) as values."},
	{Name: "filter-k", Min: 2, Max: 2, F2: func(th *eval.Thread, f, m value.Value) (value.Value, error) {
		return filtered(m, func(k, _ value.Value) (value.Value, error) { return th.Call1(f, k) })
	}, Forms: "(filter-k f m)", Doc: "The entries whose key satisfies f."},
	{Name: "filter-kv", Min: 2, Max: 2, F2: func(th *eval.Thread, f, m value.Value) (value.Value, error) {
		return filtered(m, func(k, v value.Value) (value.Value, error) { return th.Call2(f, k, v) })
	}, Forms: "(filter-kv f m)", Doc: "The entries that satisfy (f key value)."},
	{Name: "merge-deep", Min: 1, Max: -1, FN: mergeDeep, Forms: "(merge-deep & maps)\n(merge-deep strategy & maps)", Doc: "Merges nested maps. Other values: the last one, or with :into all collections joined."},
	{Name: "dissoc-in", Min: 2, Max: 2, F2: dissocIn, Forms: "(dissoc-in m ks)", Doc: "Removes the key at a path of keys."},
	{Name: "not-contains?", Min: 2, Max: 2, F2: func(th *eval.Thread, c, k value.Value) (value.Value, error) {
		v, err := contains(th, c, k)
		return value.Bool(!v.Truthy()), err
	}, Forms: "(not-contains? coll key)", Doc: "Whether a key or index is not there."},
}

// rebuilt makes a map of the same kind of the entries of another.
func rebuilt(v value.Value, add func(m value.Map, k, v value.Value) (value.Map, error)) (value.Value, error) {
	from, err := asMap(v)
	if err != nil {
		return value.Nil, err
	}
	m := from.Empty()
	for k, v := range from.All() {
		if m, err = add(m, k, v); err != nil {
			return value.Nil, err
		}
	}
	return m.Val(), nil
}

// filtered makes a hash map of the entries that pass.
func filtered(v value.Value, passes func(k, v value.Value) (value.Value, error)) (value.Value, error) {
	from, err := asMap(v)
	if err != nil {
		return value.Nil, err
	}
	b := value.EmptyHashMap.Builder()
	for k, v := range from.All() {
		ok, err := passes(k, v)
		if err != nil {
			return value.Nil, err
		}
		if ok.Truthy() {
			b.Put(k, v)
		}
	}
	return b.Map().Val(), nil
}

func mergeDeep(th *eval.Thread, a []value.Value) (value.Value, error) {
	into := false
	if k, ok := a[0].Ref().(*value.Keyword); ok {
		into = k.Name == "into"
		a = a[1:]
	}
	return mergeValues(th, into, a)
}

func mergeValues(th *eval.Thread, joins bool, vals []value.Value) (value.Value, error) {
	if len(vals) == 0 {
		return value.Nil, nil
	}
	maps, colls := true, true
	for _, v := range vals {
		_, isMap := v.Ref().(value.Map)
		maps = maps && isMap
		colls = colls && isFlattenable(v)
	}
	switch {
	case maps:
		out := vals[0].Ref().(value.Map)
		for _, v := range vals[1:] {
			for k, x := range v.Ref().(value.Map).All() {
				if old, ok := out.Get(k); ok {
					var err error
					if x, err = mergeValues(th, joins, []value.Value{old, x}); err != nil {
						return value.Nil, err
					}
				}
				out = out.Assoc(k, x)
			}
		}
		return out.Val(), nil
	case joins && colls:
		out := vals[0]
		for _, v := range vals[1:] {
			var err error
			if out, err = into(th, []value.Value{out, v}); err != nil {
				return value.Nil, err
			}
		}
		return out, nil
	}
	return vals[len(vals)-1], nil
}

func dissocIn(th *eval.Thread, m, path value.Value) (value.Value, error) {
	keys, err := keyPath(th, path)
	if err != nil || len(keys) == 0 {
		return m, err
	}
	last := keys[len(keys)-1]
	if len(keys) == 1 {
		return dissoc(th, []value.Value{m, last})
	}
	return updateIn(th, []value.Value{m, vec(keys[:len(keys)-1]...), th.Runtime().Core("dissoc"), last})
}
