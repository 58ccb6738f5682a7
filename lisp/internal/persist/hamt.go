// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package persist

import (
	"iter"
	"math/bits"
)

// hashBits is the number of hash bits; a node below them is a list of entries with equal hashes.
const hashBits = 32

// Eq says whether two keys are equal. Equal keys have equal hashes.
type Eq[K any] func(a, b K) bool

// Trie is a hash array mapped trie. The zero Trie is empty. It iterates by the 5 bit groups of the hash, the lowest bits
// first, entries and sub-tries mixed; of equal hashes the most recently added comes first. Callers pass the hash of a key
// along with it.
type Trie[K, V any] struct {
	root *tnode[K, V]
	n    int
}

type entry[K, V any] struct {
	val  V
	key  K
	hash uint32
}

// tnode has an entry for each bit of emap and a kid for each bit of kmap; both slices are ordered by bit. A node at
// hashBits and below uses entries only, most recent first. owner is the builder that may change the node in place.
type tnode[K, V any] struct {
	entries []entry[K, V]
	kids    []*tnode[K, V]
	emap    uint32
	kmap    uint32
	owner   *owner
}

// owner marks the nodes of one builder; it has a size so that no two share an address.
type owner struct{ _ byte }

func bit(hash uint32, shift uint) uint32 { return 1 << (hash >> shift & mask) }

func at(m, b uint32) int { return bits.OnesCount32(m & (b - 1)) }

// Len is the number of keys.
func (t Trie[K, V]) Len() int { return t.n }

// Get looks a key up.
func (t Trie[K, V]) Get(hash uint32, key K, eq Eq[K]) (v V, ok bool) {
	if e := t.find(hash, key, eq); e != nil {
		return e.val, true
	}
	return v, false
}

// Entry is Get that also returns the key as it is stored.
func (t Trie[K, V]) Entry(hash uint32, key K, eq Eq[K]) (k K, v V, ok bool) {
	if e := t.find(hash, key, eq); e != nil {
		return e.key, e.val, true
	}
	return k, v, false
}

func (t Trie[K, V]) find(hash uint32, key K, eq Eq[K]) *entry[K, V] {
	n := t.root
	if n == nil {
		return nil
	}
	for shift := uint(0); shift < hashBits; shift += levelBits {
		b := bit(hash, shift)
		if n.emap&b != 0 {
			e := &n.entries[at(n.emap, b)]
			if e.hash == hash && eq(e.key, key) {
				return e
			}
			return nil
		}
		if n.kmap&b == 0 {
			return nil
		}
		n = n.kids[at(n.kmap, b)]
	}
	if i := n.index(key, eq); i >= 0 {
		return &n.entries[i]
	}
	return nil
}

// index searches a node of equal hashes.
func (n *tnode[K, V]) index(key K, eq Eq[K]) int {
	for i := range n.entries {
		if eq(n.entries[i].key, key) {
			return i
		}
	}
	return -1
}

// Put returns t with the key bound to v.
func (t Trie[K, V]) Put(hash uint32, key K, v V, eq Eq[K]) Trie[K, V] {
	t.put(nil, entry[K, V]{v, key, hash}, eq)
	return t
}

func (t *Trie[K, V]) put(o *owner, e entry[K, V], eq Eq[K]) {
	if t.root == nil {
		t.root = &tnode[K, V]{owner: o, entries: []entry[K, V]{e}, emap: bit(e.hash, 0)}
		t.n = 1
		return
	}
	var added bool
	t.root, added = t.root.put(o, 0, e, eq)
	if added {
		t.n++
	}
}

// put returns the node with e in it: n itself if o owns it, else a copy.
func (n *tnode[K, V]) put(o *owner, shift uint, e entry[K, V], eq Eq[K]) (r *tnode[K, V], added bool) {
	if shift >= hashBits {
		return n.putEqual(o, e, eq)
	}
	b := bit(e.hash, shift)
	if n.kmap&b != 0 {
		i := at(n.kmap, b)
		kid, added := n.kids[i].put(o, shift+levelBits, e, eq)
		if kid == n.kids[i] {
			return n, added
		}
		r = n.mine(o)
		if o == nil {
			r.kids = append([]*tnode[K, V](nil), n.kids...)
		}
		r.kids[i] = kid
		return r, added
	}
	i := at(n.emap, b)
	if n.emap&b == 0 {
		r = n.mine(o)
		r.entries = insert(r.entries, i, e, o != nil)
		r.emap |= b
		return r, true
	}
	old := n.entries[i]
	if old.hash == e.hash && eq(old.key, e.key) {
		r = n.mine(o)
		if o == nil {
			r.entries = append([]entry[K, V](nil), n.entries...)
		}
		r.entries[i] = entry[K, V]{e.val, old.key, old.hash}
		return r, false
	}
	r = n.mine(o)
	r.entries = remove(r.entries, i, o != nil)
	r.emap &^= b
	r.kids = insert(r.kids, at(n.kmap, b), pair(o, shift+levelBits, old, e), o != nil)
	r.kmap |= b
	return r, true
}

// putEqual adds to a node of equal hashes: the new entry, or the one that is replaced, comes first.
func (n *tnode[K, V]) putEqual(o *owner, e entry[K, V], eq Eq[K]) (*tnode[K, V], bool) {
	entries := append(make([]entry[K, V], 0, len(n.entries)+1), e)
	i := n.index(e.key, eq)
	if i >= 0 {
		entries[0].key = n.entries[i].key
		entries = append(entries, n.entries[:i]...)
		entries = append(entries, n.entries[i+1:]...)
	} else {
		entries = append(entries, n.entries...)
	}
	return &tnode[K, V]{owner: o, entries: entries}, i < 0
}

// pair makes the node for two entries whose hashes agree up to shift; b is the newer one.
func pair[K, V any](o *owner, shift uint, a, b entry[K, V]) *tnode[K, V] {
	n := &tnode[K, V]{owner: o}
	if shift >= hashBits {
		n.entries = []entry[K, V]{b, a}
		return n
	}
	x, y := bit(a.hash, shift), bit(b.hash, shift)
	switch {
	case x == y:
		n.kids, n.kmap = []*tnode[K, V]{pair(o, shift+levelBits, a, b)}, x
	case x < y:
		n.entries, n.emap = []entry[K, V]{a, b}, x|y
	default:
		n.entries, n.emap = []entry[K, V]{b, a}, x|y
	}
	return n
}

// mine is n if o owns it, else a copy. The copy owns its slices if there is an owner; without one they still are those of
// n, and whoever changes one copies it.
func (n *tnode[K, V]) mine(o *owner) *tnode[K, V] {
	if o != nil && n.owner == o {
		return n
	}
	c := *n
	c.owner = o
	if o != nil {
		c.entries = append([]entry[K, V](nil), n.entries...)
		c.kids = append([]*tnode[K, V](nil), n.kids...)
	}
	return &c
}

// insert returns s with x at i; inPlace allows it to change s.
func insert[T any](s []T, i int, x T, inPlace bool) []T {
	if inPlace {
		s = append(s, x)
		copy(s[i+1:], s[i:])
		s[i] = x
		return s
	}
	r := make([]T, len(s)+1)
	copy(r, s[:i])
	r[i] = x
	copy(r[i+1:], s[i:])
	return r
}

// remove returns s without item i.
func remove[T any](s []T, i int, inPlace bool) []T {
	if len(s) == 1 {
		return nil
	}
	if inPlace {
		copy(s[i:], s[i+1:])
		clear(s[len(s)-1:])
		return s[:len(s)-1]
	}
	r := make([]T, len(s)-1)
	copy(r, s[:i])
	copy(r[i:], s[i+1:])
	return r
}

// Delete returns t without the key.
func (t Trie[K, V]) Delete(hash uint32, key K, eq Eq[K]) Trie[K, V] {
	if t.root == nil {
		return t
	}
	if root := t.root.del(0, hash, key, eq); root != t.root {
		t.root = root
		t.n--
	}
	if t.n == 0 {
		t.root = nil
	}
	return t
}

// del returns n itself if the key is not in it.
func (n *tnode[K, V]) del(shift uint, hash uint32, key K, eq Eq[K]) *tnode[K, V] {
	if shift >= hashBits {
		i := n.index(key, eq)
		if i < 0 {
			return n
		}
		return &tnode[K, V]{entries: remove(n.entries, i, false)}
	}
	b := bit(hash, shift)
	if n.emap&b != 0 {
		i := at(n.emap, b)
		if e := &n.entries[i]; e.hash != hash || !eq(e.key, key) {
			return n
		}
		r := n.mine(nil)
		r.entries = remove(n.entries, i, false)
		r.emap &^= b
		return r
	}
	if n.kmap&b == 0 {
		return n
	}
	i := at(n.kmap, b)
	kid := n.kids[i].del(shift+levelBits, hash, key, eq)
	if kid == n.kids[i] {
		return n
	}
	r := n.mine(nil)
	if len(kid.kids) == 0 && len(kid.entries) == 1 { // a lone entry moves up
		r.kids = remove(n.kids, i, false)
		r.kmap &^= b
		r.entries = insert(n.entries, at(n.emap, b), kid.entries[0], false)
		r.emap |= b
		return r
	}
	r.kids = append([]*tnode[K, V](nil), n.kids...)
	r.kids[i] = kid
	return r
}

// All yields the entries in iteration order.
func (t Trie[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		if t.root != nil {
			t.root.each(yield)
		}
	}
}

func (n *tnode[K, V]) each(yield func(K, V) bool) bool {
	if n.kmap == 0 {
		for i := range n.entries {
			if e := &n.entries[i]; !yield(e.key, e.val) {
				return false
			}
		}
		return true
	}
	ei, ki := 0, 0
	for all := n.emap | n.kmap; all != 0; all &= all - 1 {
		if b := all & -all; n.emap&b != 0 {
			e := &n.entries[ei]
			ei++
			if !yield(e.key, e.val) {
				return false
			}
			continue
		}
		kid := n.kids[ki]
		ki++
		if !kid.each(yield) {
			return false
		}
	}
	return true
}

// TrieBuilder changes a trie in place. It belongs to one goroutine.
type TrieBuilder[K, V any] struct {
	t  Trie[K, V]
	o  *owner
	eq Eq[K]
}

// Builder starts from the content of t.
func (t Trie[K, V]) Builder(eq Eq[K]) *TrieBuilder[K, V] {
	return &TrieBuilder[K, V]{t: t, o: new(owner), eq: eq}
}

// Put binds the key to v.
func (b *TrieBuilder[K, V]) Put(hash uint32, key K, v V) {
	b.t.put(b.o, entry[K, V]{v, key, hash}, b.eq)
}

// Get looks a key up in what has been built so far.
func (b *TrieBuilder[K, V]) Get(hash uint32, key K) (V, bool) { return b.t.Get(hash, key, b.eq) }

// Trie returns the result. What is put afterwards does not change it.
func (b *TrieBuilder[K, V]) Trie() Trie[K, V] {
	b.o = new(owner)
	return b.t
}
