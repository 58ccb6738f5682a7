// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"iter"

	"gondola/lisp/internal/persist"
)

// HashMap is the immutable trie map, iterated in the order of language.md 2.5.
type HashMap struct {
	Obj
	meta *Meta
	t    persist.Trie[Value, Value]
}

// NewHashMap makes a map of alternating keys and values; later duplicates win. len(kvs) must be even.
func NewHashMap(kvs ...Value) *HashMap {
	b := New(&HashMap{}).Builder()
	for i := 0; i < len(kvs); i += 2 {
		b.Put(kvs[i], kvs[i+1])
	}
	return b.Map()
}

// MapBuilder fills a HashMap in place; it must not be used after Map.
type MapBuilder struct {
	meta *Meta
	b    *persist.TrieBuilder[Value, Value]
}

// Builder starts from the content of m.
func (m *HashMap) Builder() *MapBuilder { return &MapBuilder{m.meta, m.t.Builder(keyEqual)} }

func (b *MapBuilder) Put(k, v Value)            { b.b.Put(Hash(k), k, v) }
func (b *MapBuilder) Get(k Value) (Value, bool) { return b.b.Get(Hash(k), k) }
func (b *MapBuilder) Map() *HashMap             { return New(&HashMap{meta: b.meta, t: b.b.Trie()}) }

func (m *HashMap) Type() *Type                  { return TypeHashMap }
func (m *HashMap) Meta() *Meta                  { return m.meta }
func (m *HashMap) WithMeta(x *Meta) Value       { return New(&HashMap{meta: x, t: m.t}).Val() }
func (m *HashMap) Count() int                   { return m.t.Len() }
func (m *HashMap) Get(k Value) (Value, bool)    { return m.t.Get(Hash(k), k, keyEqual) }
func (m *HashMap) Empty() Map                   { return EmptyHashMap }
func (m *HashMap) All() iter.Seq2[Value, Value] { return m.t.All() }

func (m *HashMap) Assoc(k, v Value) Map {
	return New(&HashMap{meta: m.meta, t: m.t.Put(Hash(k), k, v, keyEqual)})
}

func (m *HashMap) Dissoc(k Value) Map {
	return New(&HashMap{meta: m.meta, t: m.t.Delete(Hash(k), k, keyEqual)})
}

// OrderedMap iterates in insertion order: a key that is bound again keeps its place. The trie maps a key to its place in
// the sequence; what was dissociated leaves a hole there, until the holes are half of it.
type OrderedMap struct {
	Obj
	meta   *Meta
	places persist.Trie[Value, int]
	pairs  persist.Seq[orderedPair]
}

type orderedPair struct {
	key, value Value
	hole       bool
}

// NewOrderedMap makes a map of alternating keys and values.
func NewOrderedMap(kvs ...Value) *OrderedMap {
	places := persist.Trie[Value, int]{}.Builder(keyEqual)
	pairs := make([]orderedPair, 0, len(kvs)/2)
	for i := 0; i < len(kvs); i += 2 {
		h := Hash(kvs[i])
		if at, ok := places.Get(h, kvs[i]); ok {
			pairs[at].value = kvs[i+1]
			continue
		}
		places.Put(h, kvs[i], len(pairs))
		pairs = append(pairs, orderedPair{key: kvs[i], value: kvs[i+1]})
	}
	return New(&OrderedMap{places: places.Trie(), pairs: persist.Of(pairs)})
}

func (m *OrderedMap) Type() *Type { return TypeOrderedMap }
func (m *OrderedMap) Meta() *Meta { return m.meta }
func (m *OrderedMap) WithMeta(x *Meta) Value {
	return New(&OrderedMap{meta: x, places: m.places, pairs: m.pairs}).Val()
}
func (m *OrderedMap) Count() int { return m.places.Len() }
func (m *OrderedMap) Empty() Map { return NewOrderedMap() }

func (m *OrderedMap) Get(k Value) (Value, bool) {
	at, ok := m.places.Get(Hash(k), k, keyEqual)
	if !ok {
		return Nil, false
	}
	return m.pairs.At(at).value, true
}

func (m *OrderedMap) Assoc(k, v Value) Map {
	h := Hash(k)
	if at, ok := m.places.Get(h, k, keyEqual); ok {
		p := orderedPair{key: m.pairs.At(at).key, value: v}
		return New(&OrderedMap{meta: m.meta, places: m.places, pairs: m.pairs.Set(at, p)})
	}
	return New(&OrderedMap{
		meta:   m.meta,
		places: m.places.Put(h, k, m.pairs.Len(), keyEqual),
		pairs:  m.pairs.Append(orderedPair{key: k, value: v}),
	})
}

func (m *OrderedMap) Dissoc(k Value) Map {
	h := Hash(k)
	at, ok := m.places.Get(h, k, keyEqual)
	if !ok {
		return m
	}
	r := New(&OrderedMap{
		meta:   m.meta,
		places: m.places.Delete(h, k, keyEqual),
		pairs:  m.pairs.Set(at, orderedPair{hole: true}),
	})
	if r.pairs.Len() <= 2*r.places.Len() {
		return r
	}
	kvs := make([]Value, 0, 2*r.places.Len())
	for k, v := range r.All() {
		kvs = append(kvs, k, v)
	}
	dense := NewOrderedMap(kvs...)
	dense.meta = m.meta
	return dense
}

func (m *OrderedMap) All() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		for p := range m.pairs.All() {
			if !p.hole && !yield(p.key, p.value) {
				return
			}
		}
	}
}

// SortedMap iterates in the order of Compare; keys that compare as zero are the same.
type SortedMap struct {
	Obj
	meta *Meta
	t    persist.Tree[Value, Value]
}

// NewSortedMap makes a map of alternating keys and values.
func NewSortedMap(kvs ...Value) *SortedMap {
	var t persist.Tree[Value, Value]
	for i := 0; i < len(kvs); i += 2 {
		t = t.Put(kvs[i], kvs[i+1], Compare)
	}
	return New(&SortedMap{t: t})
}

func (m *SortedMap) Type() *Type                  { return TypeSortedMap }
func (m *SortedMap) Meta() *Meta                  { return m.meta }
func (m *SortedMap) WithMeta(x *Meta) Value       { return New(&SortedMap{meta: x, t: m.t}).Val() }
func (m *SortedMap) Count() int                   { return m.t.Len() }
func (m *SortedMap) Get(k Value) (Value, bool)    { return m.t.Get(k, Compare) }
func (m *SortedMap) Empty() Map                   { return NewSortedMap() }
func (m *SortedMap) All() iter.Seq2[Value, Value] { return m.t.All() }
func (m *SortedMap) Assoc(k, v Value) Map {
	return New(&SortedMap{meta: m.meta, t: m.t.Put(k, v, Compare)})
}
func (m *SortedMap) Dissoc(k Value) Map {
	return New(&SortedMap{meta: m.meta, t: m.t.Delete(k, Compare)})
}
