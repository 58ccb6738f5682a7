// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package persist

import "sync/atomic"

const (
	levelBits = 5
	width     = 1 << levelBits
	mask      = width - 1
)

// node is one node of a vec's trie: kids on inner levels, items on the lowest.
type node[T any] struct {
	kids  []*node[T]
	items []T
}

// vec is a persistent vector that grows at its end and can be cut at both. Positions run from lo to hi; the trie holds
// [lo, tailOff), the tail the rest. Without a root lo is 0. A leaf that lies before lo is forgotten, so a queue does not
// keep what has left it.
type vec[T any] struct {
	root   *node[T]
	tail   []T
	room   *atomic.Int32 // unclaimed places behind the tail's newest version; nil if there are none to claim
	lo, hi int
	shift  uint8 // of the root
}

// tail8 and tail32 are tails with their counter, one allocation each.
type tail8[T any] struct {
	room  atomic.Int32
	items [8]T
}
type tail32[T any] struct {
	room  atomic.Int32
	items [width]T
}

// newTail makes a tail for at least n items with n of them in use; the first n places are to be filled by the caller.
func newTail[T any](n int) ([]T, *atomic.Int32) {
	if n <= 8 {
		t := new(tail8[T])
		t.room.Store(int32(8 - n))
		return t.items[:n], &t.room
	}
	t := new(tail32[T])
	t.room.Store(int32(width - n))
	return t.items[:n], &t.room
}

func (v *vec[T]) len() int { return v.hi - v.lo }

func (v *vec[T]) tailOff() int { return v.hi - len(v.tail) }

// leaf returns the leaf that holds position p, which lies in the trie.
func (v *vec[T]) leaf(p int) []T {
	n := v.root
	for s := v.shift; s > 0; s -= levelBits {
		n = n.kids[p>>s&mask]
	}
	return n.items
}

func (v *vec[T]) get(i int) T {
	p := v.lo + i
	if off := v.tailOff(); p >= off {
		return v.tail[p-off]
	}
	return v.leaf(p)[p&mask]
}

// vecOf takes ownership of items. Leaves are windows of it, nothing is copied.
func vecOf[T any](items []T) vec[T] {
	n := len(items)
	if n <= width {
		return vec[T]{tail: items[:n:n], hi: n}
	}
	cut := (n - 1) &^ mask
	leaves := make([]*node[T], cut>>levelBits)
	block := make([]node[T], len(leaves))
	for i := range leaves {
		block[i].items = items[i<<levelBits : (i+1)<<levelBits : (i+1)<<levelBits]
		leaves[i] = &block[i]
	}
	root, shift := build(leaves)
	return vec[T]{root: root, shift: shift, tail: items[cut:n:n], hi: n}
}

// build makes the inner levels over leaves, which it keeps.
func build[T any](level []*node[T]) (*node[T], uint8) {
	if len(level) == 0 {
		return nil, 0
	}
	shift := uint8(0)
	for len(level) > 1 {
		up := make([]*node[T], (len(level)+mask)>>levelBits)
		for i := range up {
			j := min((i+1)<<levelBits, len(level))
			up[i] = &node[T]{kids: level[i<<levelBits : j : j]}
		}
		level = up
		shift += levelBits
	}
	return level[0], shift
}

// push returns v with x at its end. The place behind the tail is claimed with a compare and swap: of all versions that
// share a tail the first one to append extends it in place, the others copy.
func (v *vec[T]) push(x T) vec[T] {
	r := *v
	n := len(v.tail)
	if n < width {
		free := int32(cap(v.tail) - n)
		if v.room != nil && free > 0 && v.room.CompareAndSwap(free, free-1) {
			r.tail = v.tail[:n+1]
		} else {
			r.tail, r.room = newTail[T](n + 1)
			copy(r.tail, v.tail)
		}
		r.tail[n] = x
		r.hi++
		return r
	}
	r.pushLeaf(&node[T]{items: v.tail[:width:width]})
	r.tail, r.room = newTail[T](1)
	if r.hi > width { // a long one: skip the small tail
		t := new(tail32[T])
		t.room.Store(width - 1)
		r.tail, r.room = t.items[:1], &t.room
	}
	r.tail[0] = x
	r.hi++
	return r
}

// pushLeaf hangs a full leaf in at tailOff, which is the caller's to move on.
func (v *vec[T]) pushLeaf(leaf *node[T]) {
	p := v.tailOff()
	if v.root == nil {
		v.root, v.shift = leaf, 0
		if p != 0 {
			panic("persist: leaf without a root must be the first")
		}
		return
	}
	if p == 1<<(v.shift+levelBits) {
		v.root = &node[T]{kids: []*node[T]{v.root, path(leaf, v.shift)}}
		v.shift += levelBits
		return
	}
	v.root = v.root.with(v.shift, p, leaf)
}

// path is leaf below as many one-child nodes as shift demands.
func path[T any](leaf *node[T], shift uint8) *node[T] {
	for ; shift > 0; shift -= levelBits {
		leaf = &node[T]{kids: []*node[T]{leaf}}
	}
	return leaf
}

// with returns n, whose level is shift > 0, with a leaf added at position p, one behind its last.
func (n *node[T]) with(shift uint8, p int, leaf *node[T]) *node[T] {
	i := p >> shift & mask
	kids := make([]*node[T], i+1)
	copy(kids, n.kids)
	if i < len(n.kids) {
		kids[i] = n.kids[i].with(shift-levelBits, p, leaf)
	} else {
		kids[i] = path(leaf, shift-levelBits)
	}
	return &node[T]{kids: kids}
}

// set returns v with item i replaced.
func (v *vec[T]) set(i int, x T) vec[T] {
	r := *v
	p := v.lo + i
	if off := v.tailOff(); p >= off {
		r.tail = make([]T, len(v.tail))
		copy(r.tail, v.tail)
		r.tail[p-off] = x
		r.room = nil
		return r
	}
	r.root = v.root.set(v.shift, p, x)
	return r
}

func (n *node[T]) set(shift uint8, p int, x T) *node[T] {
	if shift == 0 {
		items := append([]T(nil), n.items...)
		items[p&mask] = x
		return &node[T]{items: items}
	}
	kids := append([]*node[T](nil), n.kids...)
	i := p >> shift & mask
	kids[i] = kids[i].set(shift-levelBits, p, x)
	return &node[T]{kids: kids}
}

// slice returns items [i,j).
func (v *vec[T]) slice(i, j int) vec[T] {
	if i == j {
		return vec[T]{}
	}
	r := *v
	lo, hi := v.lo+i, v.lo+j
	off := v.tailOff()
	if lo >= off { // the tail alone is left
		r.root, r.shift = nil, 0
		r.tail = v.tail[lo-off : hi-off]
		r.lo, r.hi = 0, j-i
		return r
	}
	if hi > off {
		r.tail = v.tail[:hi-off]
	} else {
		// The last leaf that is used becomes the tail; the trie ends before it.
		start := (hi - 1) &^ mask
		k := hi - start
		r.tail, r.room = v.leaf(start)[:k:k], nil
		if lo >= start {
			r.root, r.shift = nil, 0
			r.tail = r.tail[lo-start:]
			r.lo, r.hi = 0, j-i
			return r
		}
		r.root = r.root.keepTo(r.shift, start-1)
	}
	r.lo, r.hi = lo, hi
	if lo>>levelBits != v.lo>>levelBits {
		r.root = r.root.keepFrom(r.shift, lo)
	}
	r.lower()
	return r
}

// keepTo drops what lies behind position last.
func (n *node[T]) keepTo(shift uint8, last int) *node[T] {
	if shift == 0 {
		return n
	}
	i := last >> shift & mask
	kids := append([]*node[T](nil), n.kids[:i+1]...)
	kids[i] = kids[i].keepTo(shift-levelBits, last)
	return &node[T]{kids: kids}
}

// keepFrom forgets the leaves before the one of position first.
func (n *node[T]) keepFrom(shift uint8, first int) *node[T] {
	if shift == 0 {
		return n
	}
	i := first >> shift & mask
	kids := make([]*node[T], len(n.kids))
	copy(kids[i:], n.kids[i:])
	kids[i] = kids[i].keepFrom(shift-levelBits, first)
	return &node[T]{kids: kids}
}

// lower takes levels off the root as long as only its last child is in use.
func (v *vec[T]) lower() {
	for v.shift > 0 && v.lo>>v.shift == len(v.root.kids)-1 {
		base := v.lo >> v.shift << v.shift
		v.root = v.root.kids[len(v.root.kids)-1]
		v.lo -= base
		v.hi -= base
		v.shift -= levelBits
	}
}

// each yields the items from i on, chunk by chunk.
func (v *vec[T]) each(i int, yield func(chunk []T) bool) bool {
	p, off := v.lo+i, v.tailOff()
	for p < off {
		chunk := v.leaf(p)[p&mask:]
		if !yield(chunk) {
			return false
		}
		p += len(chunk)
	}
	return p >= v.hi || yield(v.tail[p-off:])
}
