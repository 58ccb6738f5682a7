// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package persist

import "iter"

// Cmp orders two keys: negative, zero or positive.
type Cmp[K any] func(a, b K) int

// Tree is a balanced (AVL) search tree. The zero Tree is empty.
type Tree[K, V any] struct {
	root *branch[K, V]
	n    int
}

type branch[K, V any] struct {
	val         V
	key         K
	left, right *branch[K, V]
	height      int
}

// Len is the number of keys.
func (t Tree[K, V]) Len() int { return t.n }

// Get looks a key up.
func (t Tree[K, V]) Get(key K, cmp Cmp[K]) (v V, ok bool) {
	for b := t.root; b != nil; {
		switch c := cmp(key, b.key); {
		case c == 0:
			return b.val, true
		case c < 0:
			b = b.left
		default:
			b = b.right
		}
	}
	return v, false
}

// Put returns t with the key bound to v. A key that is there stays as it is.
func (t Tree[K, V]) Put(key K, v V, cmp Cmp[K]) Tree[K, V] {
	root, added := t.root.put(key, v, cmp)
	if added {
		t.n++
	}
	t.root = root
	return t
}

func (b *branch[K, V]) put(key K, v V, cmp Cmp[K]) (*branch[K, V], bool) {
	if b == nil {
		return &branch[K, V]{val: v, key: key, height: 1}, true
	}
	switch c := cmp(key, b.key); {
	case c < 0:
		left, added := b.left.put(key, v, cmp)
		return b.join(left, b.right), added
	case c > 0:
		right, added := b.right.put(key, v, cmp)
		return b.join(b.left, right), added
	}
	r := *b
	r.val = v
	return &r, false
}

// Delete returns t without the key.
func (t Tree[K, V]) Delete(key K, cmp Cmp[K]) Tree[K, V] {
	root, found := t.root.del(key, cmp)
	if found {
		t.root = root
		t.n--
	}
	return t
}

func (b *branch[K, V]) del(key K, cmp Cmp[K]) (*branch[K, V], bool) {
	if b == nil {
		return nil, false
	}
	switch c := cmp(key, b.key); {
	case c < 0:
		left, found := b.left.del(key, cmp)
		if !found {
			return b, false
		}
		return b.join(left, b.right), true
	case c > 0:
		right, found := b.right.del(key, cmp)
		if !found {
			return b, false
		}
		return b.join(b.left, right), true
	}
	if b.left == nil {
		return b.right, true
	}
	if b.right == nil {
		return b.left, true
	}
	next, right := b.right.takeMin()
	return next.join(b.left, right), true
}

// takeMin splits off the smallest branch.
func (b *branch[K, V]) takeMin() (least, rest *branch[K, V]) {
	if b.left == nil {
		return b, b.right
	}
	least, left := b.left.takeMin()
	return least, b.join(left, b.right)
}

func (b *branch[K, V]) h() int {
	if b == nil {
		return 0
	}
	return b.height
}

// with is b's key and value over two subtrees whose heights differ by at most one.
func (b *branch[K, V]) with(left, right *branch[K, V]) *branch[K, V] {
	return &branch[K, V]{val: b.val, key: b.key, left: left, right: right, height: max(left.h(), right.h()) + 1}
}

// join is b's key and value over two subtrees whose heights differ by at most two.
func (b *branch[K, V]) join(left, right *branch[K, V]) *branch[K, V] {
	switch d := left.h() - right.h(); {
	case d > 1:
		if left.left.h() >= left.right.h() {
			return left.with(left.left, b.with(left.right, right))
		}
		mid := left.right
		return mid.with(left.with(left.left, mid.left), b.with(mid.right, right))
	case d < -1:
		if right.right.h() >= right.left.h() {
			return right.with(b.with(left, right.left), right.right)
		}
		mid := right.left
		return mid.with(b.with(left, mid.left), right.with(mid.right, right.right))
	}
	return b.with(left, right)
}

// All yields the entries in order.
func (t Tree[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) { t.root.each(yield) }
}

func (b *branch[K, V]) each(yield func(K, V) bool) bool {
	return b == nil || b.left.each(yield) && yield(b.key, b.val) && b.right.each(yield)
}
