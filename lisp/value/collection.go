// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import "iter"

// Counted is a collection with a size.
type Counted interface {
	Object
	Count() int
}

// Sequence is a persistent list or vector, and later their mutable kinds. All its results are of the same kind: the rest
// of a vector is a vector (language.md 8). Items appended or prepended cost amortised constant time.
type Sequence interface {
	Counted
	Nth(i int) Value             // 0 <= i < Count, else a Go panic: the caller checks
	First() Value                // nil if empty
	Rest() Sequence              // empty if there is nothing left
	Conj(v Value) Sequence       // v at the end (lists too!)
	Cons(v Value) Sequence       // v at the front
	Slice(i, j int) Sequence     // items [i,j), bounds checked by the caller
	Set(i int, v Value) Sequence // replaces item i; i == Count appends
	Of(items []Value) Sequence   // a new sequence of this kind, without metadata, that takes ownership of items
	All() iter.Seq[Value]
	Items() []Value // a fresh slice
}

// Map is a persistent map. Keys compare with the strict equality.
type Map interface {
	Counted
	Get(k Value) (Value, bool)
	Assoc(k, v Value) Map
	Dissoc(k Value) Map
	Empty() Map // an empty map of the same kind
	All() iter.Seq2[Value, Value]
}

// Set is a persistent set, by the strict equality.
type Set interface {
	Counted
	Has(v Value) bool
	Conj(v Value) Set
	Disj(v Value) Set
	Empty() Set
	All() iter.Seq[Value]
}

// List is :core/list, Vector :core/vector. The zero of both is not usable; see NewList, NewVector.
type List struct {
	Obj
	meta *Meta
}
type Vector struct {
	Obj
	meta *Meta
}

// EmptyList and EmptyVector are the empty sequences.
var (
	EmptyList   = NewList()
	EmptyVector = NewVector()
)

// NewList and NewVector copy items; ListOf and VectorOf take ownership of the slice.
func NewList(items ...Value) *List     { panic("not built yet") }
func NewVector(items ...Value) *Vector { panic("not built yet") }
func ListOf(items []Value) *List       { panic("not built yet") }
func VectorOf(items []Value) *Vector   { panic("not built yet") }

// HashMap is the immutable trie map, iterated in the order of language.md 2.5.
type HashMap struct {
	Obj
	meta *Meta
}

// OrderedMap iterates in insertion order, SortedMap in the order of Compare.
type OrderedMap struct {
	Obj
	meta *Meta
}
type SortedMap struct {
	Obj
	meta *Meta
}

// EmptyHashMap is {}.
var EmptyHashMap = NewHashMap()

// NewHashMap makes a map of alternating keys and values; later duplicates win. len(kvs) must be even.
func NewHashMap(kvs ...Value) *HashMap       { panic("not built yet") }
func NewOrderedMap(kvs ...Value) *OrderedMap { panic("not built yet") }
func NewSortedMap(kvs ...Value) *SortedMap   { panic("not built yet") }

// MapBuilder fills a HashMap in place; it must not be used after Map.
type MapBuilder struct{}

// Builder starts from the content of m.
func (m *HashMap) Builder() *MapBuilder { panic("not built yet") }
func (b *MapBuilder) Put(k, v Value)    { panic("not built yet") }
func (b *MapBuilder) Map() *HashMap     { panic("not built yet") }

// VectorBuilder appends in place to a vector; it must not be used after Vector.
type VectorBuilder struct{}

func (v *Vector) Builder() *VectorBuilder { panic("not built yet") }
func (b *VectorBuilder) Append(v Value)   { panic("not built yet") }
func (b *VectorBuilder) Vector() *Vector  { panic("not built yet") }

// MapEntry is a :core/map-entry, what entries and find yield.
type MapEntry struct {
	Obj
	Key, Value Value
}

func NewMapEntry(k, v Value) *MapEntry { return New(&MapEntry{Key: k, Value: v}) }
func (e *MapEntry) Type() *Type        { return TypeMapEntry }

// HashSet and SortedSet are the sets.
type HashSet struct {
	Obj
	meta *Meta
}
type SortedSet struct {
	Obj
	meta *Meta
}

var EmptyHashSet = NewHashSet()

func NewHashSet(items ...Value) *HashSet     { panic("not built yet") }
func NewSortedSet(items ...Value) *SortedSet { panic("not built yet") }

// LazySeq is a memoised lazy sequence. It is forced on the goroutine of its reader (evaluator.md E10): a state is thunk,
// running or done; another goroutine waits; re-entering on the same Caller is an exception; an error leaves the thunk.
type LazySeq struct {
	Obj
	meta *Meta
}

// NewLazySeq makes a lazy sequence from a step: called at most once, it returns the first element and the step of the
// rest; ok false means the end.
func NewLazySeq(step LazyStep) *LazySeq { panic("not built yet") }

// LazyStep computes one cell of a lazy sequence.
type LazyStep func(c Caller) (first Value, rest *LazySeq, ok bool, err error)

// Next forces the first cell.
func (l *LazySeq) Next(c Caller) (first Value, rest *LazySeq, ok bool, err error) {
	panic("not built yet")
}

// Each calls f for the elements of any value that core functions iterate: nil (nothing), sequences, lazy sequences (which
// it forces), sets, maps (as two-element vectors), strings (as chars), map entries, byte buffers. It stops at the first
// error, f's own included. ok is false if v is not iterable, and then f was not called.
func Each(c Caller, v Value, f func(Value) error) (ok bool, err error) { panic("not built yet") }

// Items is Each into a slice; for a List or Vector one copy.
func Items(c Caller, v Value) (items []Value, ok bool, err error) { panic("not built yet") }
