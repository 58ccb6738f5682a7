// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"iter"
	"sync"
)

// MutableMap is :core/mutable-map. It has a lock of its own; an iteration sees the entries of its start. As a Map its Assoc
// and Dissoc leave it alone and return immutable copies: the functions of the language change it through Put and Delete.
type MutableMap struct {
	Obj
	t  *Type
	mu sync.RWMutex
	m  Map
}

// NewMutableMap makes a map of alternating keys and values.
func NewMutableMap(kvs ...Value) *MutableMap {
	return NewMutableMapOf(TypeMutableMap, NewHashMap(kvs...))
}

// NewMutableMapOf makes one of another type, that behaves as m.
func NewMutableMapOf(t *Type, m Map) *MutableMap { return New(&MutableMap{t: t, m: m}) }

// Type is core/mutable-map, or the Java class that it stands for.
func (m *MutableMap) Type() *Type { return m.t }

// Snapshot is the content as an immutable map.
func (m *MutableMap) Snapshot() Map {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.m
}

// Put sets a key, Delete removes one.
func (m *MutableMap) Put(k, v Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m = m.m.Assoc(k, v)
}

func (m *MutableMap) Delete(k Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m = m.m.Dissoc(k)
}

func (m *MutableMap) Count() int                   { return m.Snapshot().Count() }
func (m *MutableMap) Get(k Value) (Value, bool)    { return m.Snapshot().Get(k) }
func (m *MutableMap) Assoc(k, v Value) Map         { return m.Snapshot().Assoc(k, v) }
func (m *MutableMap) Dissoc(k Value) Map           { return m.Snapshot().Dissoc(k) }
func (m *MutableMap) Empty() Map                   { return EmptyHashMap }
func (m *MutableMap) All() iter.Seq2[Value, Value] { return m.Snapshot().All() }

var _ Map = (*MutableMap)(nil)

// MutableSeq is a mutable list or vector, safe for concurrent use. As a Sequence it is a snapshot: what is made of it
// does not change any more.
type MutableSeq struct {
	Obj
	mu sync.RWMutex
	t  *Type
	s  Sequence
}

// NewMutableList and NewMutableVector take ownership of items.
func NewMutableList(items ...Value) *MutableSeq {
	return New(&MutableSeq{t: TypeMutableList, s: ListOf(items)})
}

func NewMutableVector(items ...Value) *MutableSeq {
	return New(&MutableSeq{t: TypeMutableVector, s: VectorOf(items)})
}

// NewMutableListOf makes one of another type.
func NewMutableListOf(t *Type, items ...Value) *MutableSeq {
	return New(&MutableSeq{t: t, s: ListOf(items)})
}

func (m *MutableSeq) Type() *Type { return m.t }

func (m *MutableSeq) PrintTo(p *Printer) { p.Print(m.Snapshot().Val()) }

// Snapshot is the content now.
func (m *MutableSeq) Snapshot() Sequence {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.s
}

// Change replaces the content by what f makes of it; f must not call back into script code.
func (m *MutableSeq) Change(f func(Sequence) Sequence) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s = f(m.s)
}

func (m *MutableSeq) Count() int                  { return m.Snapshot().Count() }
func (m *MutableSeq) Nth(i int) Value             { return m.Snapshot().Nth(i) }
func (m *MutableSeq) First() Value                { return m.Snapshot().First() }
func (m *MutableSeq) Rest() Sequence              { return m.Snapshot().Rest() }
func (m *MutableSeq) Conj(v Value) Sequence       { return m.Snapshot().Conj(v) }
func (m *MutableSeq) Cons(v Value) Sequence       { return m.Snapshot().Cons(v) }
func (m *MutableSeq) Slice(i, j int) Sequence     { return m.Snapshot().Slice(i, j) }
func (m *MutableSeq) Set(i int, v Value) Sequence { return m.Snapshot().Set(i, v) }
func (m *MutableSeq) Of(items []Value) Sequence   { return m.Snapshot().Of(items) }
func (m *MutableSeq) All() iter.Seq[Value]        { return m.Snapshot().All() }
func (m *MutableSeq) Items() []Value              { return m.Snapshot().Items() }

var _ Sequence = (*MutableSeq)(nil)

// MutableSet is a mutable hash set, safe for concurrent use; as a Set it is a snapshot.
type MutableSet struct {
	Obj
	mu sync.RWMutex
	s  Set
}

func NewMutableSet(items ...Value) *MutableSet { return New(&MutableSet{s: NewHashSet(items...)}) }

// Type is what the reference answers.
func (m *MutableSet) Type() *Type { return TypeMutableMap }

// Snapshot is the content now.
func (m *MutableSet) Snapshot() Set {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.s
}

// Put adds elements.
func (m *MutableSet) Put(items ...Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range items {
		m.s = m.s.Conj(v)
	}
}

func (m *MutableSet) Count() int           { return m.Snapshot().Count() }
func (m *MutableSet) Has(v Value) bool     { return m.Snapshot().Has(v) }
func (m *MutableSet) Conj(v Value) Set     { return m.Snapshot().Conj(v) }
func (m *MutableSet) Disj(v Value) Set     { return m.Snapshot().Disj(v) }
func (m *MutableSet) Empty() Set           { return EmptyHashSet }
func (m *MutableSet) All() iter.Seq[Value] { return m.Snapshot().All() }

var _ Set = (*MutableSet)(nil)
