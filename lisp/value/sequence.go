// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"iter"

	"gondola/lisp/internal/persist"
)

// List is :core/list, Vector :core/vector. They differ in name and printed form alone: both index, and both grow at either
// end. The zero of both is not usable; see NewList, NewVector.
type List struct {
	Obj
	meta *Meta
	s    persist.Seq[Value]
}
type Vector struct {
	Obj
	meta *Meta
	s    persist.Seq[Value]
}

// NewList and NewVector copy items; ListOf and VectorOf take ownership of the slice.
func NewList(items ...Value) *List     { return ListOf(append([]Value(nil), items...)) }
func NewVector(items ...Value) *Vector { return VectorOf(append([]Value(nil), items...)) }
func ListOf(items []Value) *List       { return New(&List{s: persist.Of(items)}) }
func VectorOf(items []Value) *Vector   { return New(&Vector{s: persist.Of(items)}) }

// List and Vector give the same items the other kind, in constant time.
func (v *Vector) List() *List   { return New(&List{s: v.s}) }
func (l *List) Vector() *Vector { return New(&Vector{s: l.s}) }

// Builder starts from the content of v.
func (v *Vector) Builder() *VectorBuilder { return &VectorBuilder{v.meta, v.s.Builder()} }

// VectorBuilder appends in place to a vector; it must not be used after Vector.
type VectorBuilder struct {
	meta *Meta
	b    *persist.SeqBuilder[Value]
}

func (b *VectorBuilder) Append(v Value)  { b.b.Append(v) }
func (b *VectorBuilder) Len() int        { return b.b.Len() }
func (b *VectorBuilder) Vector() *Vector { return New(&Vector{meta: b.meta, s: b.b.Seq()}) }
func (b *VectorBuilder) List() *List     { return New(&List{meta: b.meta, s: b.b.Seq()}) }

func (l *List) with(s persist.Seq[Value]) *List { return New(&List{meta: l.meta, s: s}) }

func (l *List) Type() *Type               { return TypeList }
func (l *List) Meta() *Meta               { return l.meta }
func (l *List) WithMeta(m *Meta) Value    { return New(&List{meta: m, s: l.s}).Val() }
func (l *List) Count() int                { return l.s.Len() }
func (l *List) Nth(i int) Value           { return l.s.At(i) }
func (l *List) Conj(x Value) Sequence     { return l.with(l.s.Append(x)) }
func (l *List) Cons(x Value) Sequence     { return l.with(l.s.Prepend(x)) }
func (l *List) Slice(i, j int) Sequence   { return l.with(l.s.Slice(i, j)) }
func (l *List) Of(items []Value) Sequence { return ListOf(items) }
func (l *List) All() iter.Seq[Value]      { return l.s.All() }
func (l *List) Items() []Value            { return l.s.Items() }

func (l *List) First() Value {
	if l.s.Len() == 0 {
		return Nil
	}
	return l.s.At(0)
}

func (l *List) Rest() Sequence {
	n := l.s.Len()
	return l.with(l.s.Slice(min(1, n), n))
}

func (l *List) Set(i int, x Value) Sequence {
	if i == l.s.Len() {
		return l.Conj(x)
	}
	return l.with(l.s.Set(i, x))
}

func (v *Vector) with(s persist.Seq[Value]) *Vector { return New(&Vector{meta: v.meta, s: s}) }

func (v *Vector) Type() *Type               { return TypeVector }
func (v *Vector) Meta() *Meta               { return v.meta }
func (v *Vector) WithMeta(m *Meta) Value    { return New(&Vector{meta: m, s: v.s}).Val() }
func (v *Vector) Count() int                { return v.s.Len() }
func (v *Vector) Nth(i int) Value           { return v.s.At(i) }
func (v *Vector) Conj(x Value) Sequence     { return v.with(v.s.Append(x)) }
func (v *Vector) Cons(x Value) Sequence     { return v.with(v.s.Prepend(x)) }
func (v *Vector) Slice(i, j int) Sequence   { return v.with(v.s.Slice(i, j)) }
func (v *Vector) Of(items []Value) Sequence { return VectorOf(items) }
func (v *Vector) All() iter.Seq[Value]      { return v.s.All() }
func (v *Vector) Items() []Value            { return v.s.Items() }

func (v *Vector) First() Value {
	if v.s.Len() == 0 {
		return Nil
	}
	return v.s.At(0)
}

func (v *Vector) Rest() Sequence {
	n := v.s.Len()
	return v.with(v.s.Slice(min(1, n), n))
}

func (v *Vector) Set(i int, x Value) Sequence {
	if i == v.s.Len() {
		return v.Conj(x)
	}
	return v.with(v.s.Set(i, x))
}
