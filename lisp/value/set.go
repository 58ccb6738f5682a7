// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"iter"

	"gondola/lisp/internal/persist"
)

// HashSet is the immutable trie set, iterated in the order of language.md 2.5.
type HashSet struct {
	Obj
	meta *Meta
	t    persist.Trie[Value, struct{}]
}

// NewHashSet makes a set of items.
func NewHashSet(items ...Value) *HashSet {
	b := New(&HashSet{}).Builder()
	for _, v := range items {
		b.Add(v)
	}
	return b.Set()
}

// SetBuilder fills a HashSet in place; it must not be used after Set.
type SetBuilder struct {
	meta *Meta
	b    *persist.TrieBuilder[Value, struct{}]
}

// Builder starts from the content of s.
func (s *HashSet) Builder() *SetBuilder { return &SetBuilder{s.meta, s.t.Builder(keyEqual)} }

func (b *SetBuilder) Add(v Value) { b.b.Put(Hash(v), v, struct{}{}) }
func (b *SetBuilder) Has(v Value) bool {
	_, ok := b.b.Get(Hash(v), v)
	return ok
}
func (b *SetBuilder) Set() *HashSet { return New(&HashSet{meta: b.meta, t: b.b.Trie()}) }

func (s *HashSet) Type() *Type            { return TypeHashSet }
func (s *HashSet) Meta() *Meta            { return s.meta }
func (s *HashSet) WithMeta(m *Meta) Value { return New(&HashSet{meta: m, t: s.t}).Val() }
func (s *HashSet) Count() int             { return s.t.Len() }
func (s *HashSet) Empty() Set             { return EmptyHashSet }
func (s *HashSet) All() iter.Seq[Value]   { return keys(s.t.All()) }

func (s *HashSet) Has(v Value) bool {
	_, ok := s.t.Get(Hash(v), v, keyEqual)
	return ok
}

func (s *HashSet) Conj(v Value) Set {
	return New(&HashSet{meta: s.meta, t: s.t.Put(Hash(v), v, struct{}{}, keyEqual)})
}

func (s *HashSet) Disj(v Value) Set {
	return New(&HashSet{meta: s.meta, t: s.t.Delete(Hash(v), v, keyEqual)})
}

// SortedSet iterates in the order of Compare; items that compare as zero are the same.
type SortedSet struct {
	Obj
	meta *Meta
	t    persist.Tree[Value, struct{}]
}

// NewSortedSet makes a set of items.
func NewSortedSet(items ...Value) *SortedSet {
	var t persist.Tree[Value, struct{}]
	for _, v := range items {
		t = t.Put(v, struct{}{}, Compare)
	}
	return New(&SortedSet{t: t})
}

func (s *SortedSet) Type() *Type            { return TypeSortedSet }
func (s *SortedSet) Meta() *Meta            { return s.meta }
func (s *SortedSet) WithMeta(m *Meta) Value { return New(&SortedSet{meta: m, t: s.t}).Val() }
func (s *SortedSet) Count() int             { return s.t.Len() }
func (s *SortedSet) Empty() Set             { return NewSortedSet() }
func (s *SortedSet) All() iter.Seq[Value]   { return keys(s.t.All()) }

func (s *SortedSet) Has(v Value) bool {
	_, ok := s.t.Get(v, Compare)
	return ok
}

func (s *SortedSet) Conj(v Value) Set {
	return New(&SortedSet{meta: s.meta, t: s.t.Put(v, struct{}{}, Compare)})
}

func (s *SortedSet) Disj(v Value) Set {
	return New(&SortedSet{meta: s.meta, t: s.t.Delete(v, Compare)})
}

func keys(all iter.Seq2[Value, struct{}]) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for k := range all {
			if !yield(k) {
				return
			}
		}
	}
}
