// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package persist

import "iter"

// small is the length up to which Cons copies instead of starting a front part.
const small = 8

// Seq is an indexed sequence. The zero Seq is empty. Appending, prepending, cutting and indexing take (amortised)
// constant or logarithmic time. The front part holds the first items in reversed order.
type Seq[T any] struct {
	front *vec[T] // nil if empty
	back  vec[T]
}

// Of takes ownership of items.
func Of[T any](items []T) Seq[T] { return Seq[T]{back: vecOf(items)} }

// Len is the number of items.
func (s *Seq[T]) Len() int {
	if s.front == nil {
		return s.back.len()
	}
	return s.front.len() + s.back.len()
}

// At returns item i, 0 <= i < Len.
func (s *Seq[T]) At(i int) T {
	if s.front != nil {
		n := s.front.len()
		if i < n {
			return s.front.get(n - 1 - i)
		}
		i -= n
	}
	return s.back.get(i)
}

// Append returns s with x at its end.
func (s *Seq[T]) Append(x T) Seq[T] { return Seq[T]{front: s.front, back: s.back.push(x)} }

// Prepend returns s with x at its front.
func (s *Seq[T]) Prepend(x T) Seq[T] {
	if s.front != nil {
		f := s.front.push(x)
		return Seq[T]{front: &f, back: s.back}
	}
	if n := s.back.len(); n < small {
		items := append(make([]T, 0, n+1), x)
		for chunk := range s.Chunks() {
			items = append(items, chunk...)
		}
		return Of(items)
	}
	var f vec[T]
	f = f.push(x)
	return Seq[T]{front: &f, back: s.back}
}

// Set returns s with item i replaced, 0 <= i < Len.
func (s *Seq[T]) Set(i int, x T) Seq[T] {
	if s.front != nil {
		n := s.front.len()
		if i < n {
			f := s.front.set(n-1-i, x)
			return Seq[T]{front: &f, back: s.back}
		}
		i -= n
	}
	return Seq[T]{front: s.front, back: s.back.set(i, x)}
}

// Slice returns items [i,j), 0 <= i <= j <= Len.
func (s *Seq[T]) Slice(i, j int) Seq[T] {
	if s.front == nil {
		return Seq[T]{back: s.back.slice(i, j)}
	}
	n := s.front.len()
	var r Seq[T]
	if i < n {
		f := s.front.slice(n-min(j, n), n-i)
		if f.len() > 0 {
			r.front = &f
		}
	}
	if j > n {
		r.back = s.back.slice(max(i-n, 0), j-n)
	}
	return r
}

// Chunks yields the items in order, in slices that must not be changed.
func (s *Seq[T]) Chunks() iter.Seq[[]T] {
	return func(yield func([]T) bool) { s.chunks(0, yield) }
}

func (s *Seq[T]) chunks(i int, yield func([]T) bool) {
	if s.front != nil {
		n := s.front.len()
		if i < n {
			// The front is stored backwards: turned round in pieces.
			var piece [width]T
			for i < n {
				k := min(width, n-i)
				for j := range k {
					piece[j] = s.front.get(n - 1 - i - j)
				}
				if !yield(piece[:k]) {
					return
				}
				i += k
			}
		}
		i -= n
	}
	if i < s.back.len() {
		s.back.each(i, yield)
	}
}

// All yields the items in order.
func (s *Seq[T]) All() iter.Seq[T] { return s.From(0) }

// From yields the items from i on.
func (s *Seq[T]) From(i int) iter.Seq[T] {
	return func(yield func(T) bool) {
		s.chunks(i, func(chunk []T) bool {
			for _, x := range chunk {
				if !yield(x) {
					return false
				}
			}
			return true
		})
	}
}

// Items returns a fresh slice of all items.
func (s *Seq[T]) Items() []T {
	items := make([]T, 0, s.Len())
	for chunk := range s.Chunks() {
		items = append(items, chunk...)
	}
	return items
}

// SeqBuilder appends to a sequence in place. It belongs to one goroutine.
type SeqBuilder[T any] struct {
	base   Seq[T]
	leaves []*node[T] // full leaves not yet in the base
	tail   []T
}

// Builder starts from the content of s.
func (s *Seq[T]) Builder() *SeqBuilder[T] {
	b := &SeqBuilder[T]{base: *s}
	b.tail = append(make([]T, 0, max(8, min(width, 2*len(s.back.tail)))), s.back.tail...)
	b.base.back.hi -= len(b.tail)
	b.base.back.tail, b.base.back.room = nil, nil
	return b
}

// Append adds x at the end.
func (b *SeqBuilder[T]) Append(x T) {
	if len(b.tail) == width {
		b.leaves = append(b.leaves, &node[T]{items: b.tail})
		b.tail = make([]T, 0, width)
	}
	if len(b.tail) == cap(b.tail) && cap(b.tail) < width {
		b.tail = append(make([]T, 0, min(width, 2*cap(b.tail))), b.tail...)
	}
	b.tail = append(b.tail, x)
}

// Len is the number of items.
func (b *SeqBuilder[T]) Len() int { return b.base.Len() + len(b.leaves)<<levelBits + len(b.tail) }

// Seq returns the result; the builder must not be used afterwards.
func (b *SeqBuilder[T]) Seq() Seq[T] {
	v := &b.base.back
	if v.root == nil {
		v.root, v.shift = build(b.leaves)
		v.hi += len(b.leaves) << levelBits
	} else {
		for _, leaf := range b.leaves {
			v.pushLeaf(leaf)
			v.hi += width
		}
	}
	v.tail = b.tail[:len(b.tail):len(b.tail)]
	v.hi += len(b.tail)
	b.leaves, b.tail = nil, nil
	return b.base
}
