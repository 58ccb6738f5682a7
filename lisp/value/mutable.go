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
	mu sync.RWMutex
	m  Map
}

// NewMutableMap makes a map of alternating keys and values.
func NewMutableMap(kvs ...Value) *MutableMap { return New(&MutableMap{m: NewHashMap(kvs...)}) }

// Type is core/mutable-map.
func (m *MutableMap) Type() *Type { return TypeMutableMap }

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

// TypeQueue is the type of Queue.
var TypeQueue = coreType("queue", TypeCollection)

// Queue is :core/queue: first in, first out, shared between goroutines. A capacity of 0 is unlimited.
type Queue struct {
	Obj
	mu       sync.Mutex
	items    []Value
	capacity int
	changed  chan struct{} // closed and replaced at every change
}

// NewQueue makes an empty queue.
func NewQueue(capacity int) *Queue {
	return New(&Queue{capacity: capacity, changed: make(chan struct{})})
}

// Type is core/queue.
func (q *Queue) Type() *Type { return TypeQueue }

// Count is the number of elements.
func (q *Queue) Count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// Items returns a copy of the elements.
func (q *Queue) Items() []Value {
	q.mu.Lock()
	defer q.mu.Unlock()
	return append([]Value(nil), q.items...)
}

// TryPut appends v if there is room. If not, changed is closed at the next change of the queue.
func (q *Queue) TryPut(v Value) (ok bool, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.capacity > 0 && len(q.items) >= q.capacity {
		return false, q.changed
	}
	q.items = append(q.items, v)
	q.notify()
	return true, nil
}

// TryTake removes the oldest element. If there is none, changed is closed at the next change of the queue.
func (q *Queue) TryTake() (v Value, ok bool, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return Nil, false, q.changed
	}
	v = q.items[0]
	q.items[0] = Nil
	q.items = q.items[1:]
	q.notify()
	return v, true, nil
}

func (q *Queue) notify() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// PrintTo writes the elements in list syntax.
func (q *Queue) PrintTo(p *Printer) { p.Print(NewList(q.Items()...).Val()) }
