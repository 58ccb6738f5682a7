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

// MapEntry is a :core/map-entry, what entries and find yield.
type MapEntry struct {
	Obj
	Key, Value Value
}

func NewMapEntry(k, v Value) *MapEntry { return New(&MapEntry{Key: k, Value: v}) }
func (e *MapEntry) Type() *Type        { return TypeMapEntry }

// The empty collections.
var (
	EmptyList    = NewList()
	EmptyVector  = NewVector()
	EmptyHashMap = NewHashMap()
	EmptyHashSet = NewHashSet()
)

// Each calls f for the elements of any value that core functions iterate: nil (nothing), sequences, lazy sequences (which
// it forces), sets, maps (as two-element vectors), strings (as chars), map entries. It
// stops at the first error, f's own included. ok is false if v is not iterable, and then f was not called. Queues, stacks and
// byte buffers are not iterated here, as in the reference: EachAny does.
func Each(c Caller, v Value, f func(Value) error) (ok bool, err error) {
	switch v.Ref().(type) {
	case *ByteBuf, *Queue, *DelayQueue:
		return false, nil
	}
	return EachAny(c, v, f)
}

// EachAny is Each for queues, stacks and byte buffers (as longs, unsigned) too.
func EachAny(c Caller, v Value, f func(Value) error) (ok bool, err error) {
	switch x := v.Ref().(type) {
	case nil:
		return v.IsNil(), nil
	case Sequence:
		return true, eachOf(c, x.All(), f)
	case Set:
		return true, eachOf(c, x.All(), f)
	case Map:
		return true, eachOf(c, pairs(x), f)
	case *LazySeq:
		return true, eachLazy(c, x, f)
	case *Str:
		return true, eachOf(c, chars(x.S), f)
	case *MapEntry:
		if err := f(x.Key); err != nil {
			return true, err
		}
		return true, f(x.Value)
	case *ByteBuf:
		for _, b := range x.B[:x.Lim] {
			if err := f(Long(int64(b))); err != nil {
				return true, err
			}
		}
		return true, nil
	case Iterable:
		return true, eachOf(c, x.All(), f)
	}
	return false, nil
}

// Iterable is implemented by collections outside the three families: queues, stacks, arrays.
type Iterable interface {
	Object
	All() iter.Seq[Value]
}

// chunk is how many elements are paid for at a time.
const chunk = 256

// eachOf pays for the elements in chunks.
func eachOf(c Caller, all iter.Seq[Value], f func(Value) error) error {
	n := 0
	for v := range all {
		if err := f(v); err != nil {
			return err
		}
		if n++; n == chunk {
			if err := turns(c, n); err != nil {
				return err
			}
			n = 0
		}
	}
	return turns(c, n)
}

func pairs(m Map) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for k, v := range m.All() {
			if !yield(VectorOf([]Value{k, v}).Val()) {
				return
			}
		}
	}
}

func chars(s string) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for c := range Units(s) {
			if !yield(Char(c)) {
				return
			}
		}
	}
}

// eachLazy holds on to one cell only, so a long sequence that nobody else holds is freed as it is read (E14).
func eachLazy(c Caller, l *LazySeq, f func(Value) error) error {
	for n := 1; l != nil; n++ {
		if n%chunk == 0 { // cells that are there already pay nothing else
			if err := turns(c, chunk); err != nil {
				return err
			}
		}
		first, rest, ok, err := l.Next(c)
		if err != nil || !ok {
			return err
		}
		if err := f(first); err != nil {
			return err
		}
		l = rest
	}
	return nil
}

// Items is Each into a slice; for a List or Vector one copy.
func Items(c Caller, v Value) (items []Value, ok bool, err error) {
	if n, ok := v.Ref().(Counted); ok {
		if err := step(c, slotSize*n.Count()); err != nil {
			return nil, true, err
		}
	}
	switch x := v.Ref().(type) {
	case Sequence:
		return x.Items(), true, nil
	case Counted:
		items = make([]Value, 0, x.Count())
	}
	_, lazy := v.Ref().(*LazySeq)
	ok, err = Each(c, v, func(e Value) error {
		items = append(items, e)
		if lazy && len(items)%chunk == 0 {
			return step(c, slotSize*chunk)
		}
		return nil
	})
	return items, ok, err
}

// ItemsAny is EachAny into a slice.
func ItemsAny(c Caller, v Value) (items []Value, ok bool, err error) {
	if n, ok := v.Ref().(Counted); ok {
		if err := step(c, slotSize*n.Count()); err != nil {
			return nil, true, err
		}
	}
	ok, err = EachAny(c, v, func(e Value) error {
		items = append(items, e)
		return nil
	})
	return items, ok, err
}
