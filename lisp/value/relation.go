// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"bytes"
	"hash/maphash"
	"math"
	"math/big"
)

// maxNesting bounds the native recursion of the relations and of the printer (evaluator.md E2, reliability.md X1).
const maxNesting = 1000

// walk counts what a relation looks at: values that share parts can be small, and endless for who follows every path.
type walk struct{ depth, left int }

// mostWalked is how many collections, of a few elements each, one comparison or hash goes through: a second or two. Deep ones
// count more: a tree that large is flat, what shares its parts is deep.
const mostWalked = 1 << 24

// enter begins a collection of so many elements; a nil walk begins with it. The caller leaves: w.depth--.
func (w *walk) enter(count int) *walk {
	if w == nil {
		w = &walk{left: mostWalked}
	}
	w.depth++
	w.left -= 1 + count>>3 + w.depth>>3
	switch {
	case w.depth > maxNesting:
		panic(tooDeep())
	case w.left < 0:
		panic(Errorf("Values are too large to compare or to hash: they share parts, or they have more than %d", mostWalked))
	}
	return w
}

// tooDeep is what the relations panic with, and the printer's error.
func tooDeep() *Exception {
	return Errorf("Values are nested too deeply (more than %d levels)", maxNesting)
}

// Relatable is implemented by values outside this package, or by the X of a Host, that equal others by content: records,
// dates. RelateEqual must hold in both directions; equal values need equal RelateHash.
type Relatable interface {
	RelateEqual(other Value, loose bool) bool
	RelateHash() uint32
}

// Ordered is implemented by such values if they have a natural order. ok is false if other cannot be compared.
type Ordered interface {
	RelateCompare(other Value) (cmp int, ok bool)
}

// capability returns v's heap object, or the X of a Host, as a T.
func capability[T any](x Object) (t T, ok bool) {
	if t, ok = x.(T); ok {
		return t, true
	}
	if h, isHost := x.(*Host); isHost {
		t, ok = h.X.(T)
	}
	return t, ok
}

// Equal is the language's strict =, EqualLoose its tolerant == (language.md 6.1). Both may panic with an *Exception (a
// lazy sequence compared, nesting too deep): try nodes and the top of every evaluation turn such a panic into the script
// exception that it is.
func Equal(a, b Value) bool      { return a == b || equal(a, b, false, nil) }
func EqualLoose(a, b Value) bool { return a == b || equal(a, b, true, nil) }

// keyEqual is what keys of maps and elements of sets are compared by: a list and a vector are equal, but not the same key.
func keyEqual(a, b Value) bool {
	return a == b || Equal(a, b) && isList(a) == isList(b)
}

func isList(v Value) bool {
	_, ok := v.Ref().(*List)
	return ok
}

func equal(a, b Value, loose bool, w *walk) bool {
	if a == b {
		return true
	}
	if a.o == nil || b.o == nil {
		return false
	}
	if x, ok := b.o.self.(*Wrapped); ok {
		return equal(a, x.V, loose, w)
	}
	if x, ok := a.o.self.(*Wrapped); ok {
		return equal(x.V, b, loose, w)
	}
	if a.o.self == nil || b.o.self == nil {
		return equalScalar(a, b, loose)
	}
	switch x := a.o.self.(type) {
	case *Keyword:
		y, ok := b.o.self.(*Keyword)
		return ok && x.hash == y.hash && x.Name == y.Name
	case *Str:
		y, ok := b.o.self.(*Str)
		return ok && x.S == y.S
	case *Symbol:
		y, ok := b.o.self.(*Symbol)
		return ok && x.hash == y.hash && x.Name == y.Name
	case Sequence:
		w = w.enter(x.Count())
		same := equalSequence(x, b, loose, w)
		w.depth--
		return same
	case Map:
		y, ok := b.o.self.(Map)
		if !ok {
			return false
		}
		w = w.enter(x.Count())
		same := equalMap(x, y, loose, w)
		w.depth--
		return same
	case Set:
		y, ok := b.o.self.(Set)
		return ok && equalSet(x, y)
	case *BigInt, *Decimal:
		return equalNumber(a, b, loose)
	case *LazySeq:
		switch y := b.o.self.(type) {
		case *LazySeq:
			if x.cell != y.cell {
				panic(lazySize())
			}
			return true
		case Sequence:
			panic(lazySize())
		}
		return false
	}
	w = w.enter(0)
	same := equalOther(a.o.self, b, loose, w)
	w.depth--
	return same
}

func lazySize() *Exception { return Errorf("Getting the size of lazy sequences is not supported!") }

// equalOther is for the kinds that are compared rarely.
func equalOther(a Object, b Value, loose bool, w *walk) bool {
	switch x := a.(type) {
	case *MapEntry:
		y, ok := b.o.self.(*MapEntry)
		return ok && equal(x.Key, y.Key, loose, w) && equal(x.Value, y.Value, loose, w)
	case *Atom:
		y, ok := b.o.self.(*Atom)
		return ok && equal(x.Deref(), y.Deref(), loose, w)
	case *Volatile:
		y, ok := b.o.self.(*Volatile)
		return ok && equal(x.Deref(), y.Deref(), loose, w)
	case *Just:
		y, ok := b.o.self.(*Just)
		return ok && equal(x.V, y.V, loose, w)
	case *ByteBuf:
		y, ok := b.o.self.(*ByteBuf)
		return ok && bytes.Equal(x.B[:x.Lim], y.B[:y.Lim])
	case *File:
		y, ok := b.o.self.(*File)
		return ok && x.Path == y.Path
	}
	if r, ok := capability[Relatable](a); ok {
		return r.RelateEqual(b, loose)
	}
	return false
}

// equalScalar is for pairs of which at least one is a scalar, and that are not the same bits.
func equalScalar(a, b Value, loose bool) bool {
	if loose {
		if eq, ok := equalCharText(a, b); ok {
			return eq
		}
		if eq, ok := equalCharText(b, a); ok {
			return eq
		}
	}
	return equalNumber(a, b, loose)
}

// equalCharText compares a char with a string.
func equalCharText(a, b Value) (eq, ok bool) {
	c, isChar := a.Char()
	s, isStr := b.Str()
	if !isChar || !isStr {
		return false, false
	}
	return s == CharString(c), true
}

func equalNumber(a, b Value, loose bool) bool {
	if loose {
		cmp, _, ok := CompareNumbers(a, b)
		return ok && cmp == 0
	}
	if a.o == b.o { // scalars of one type: the same bits were seen before, two NaNs are left
		x, _ := ToDouble(a)
		y, _ := ToDouble(b)
		return x != x && y != y
	}
	switch x := a.Ref().(type) {
	case *BigInt:
		y, ok := b.Ref().(*BigInt)
		return ok && x.N.Cmp(y.N) == 0
	case *Decimal:
		y, ok := b.Ref().(*Decimal)
		return ok && x.Scale == y.Scale && x.Unscaled.Cmp(y.Unscaled) == 0
	}
	return false
}

func equalSequence(x Sequence, b Value, loose bool, w *walk) bool {
	y, ok := b.o.self.(Sequence)
	if !ok {
		if _, lazy := b.o.self.(*LazySeq); lazy {
			panic(lazySize())
		}
		return false
	}
	if x.Count() != y.Count() {
		return false
	}
	i := 0
	for v := range x.All() {
		if u := y.Nth(i); v != u && !equal(v, u, loose, w) {
			return false
		}
		i++
	}
	return true
}

func equalMap(x, y Map, loose bool, w *walk) bool {
	if x.Count() != y.Count() {
		return false
	}
	for k, v := range x.All() {
		if u, ok := y.Get(k); !ok || v != u && !equal(v, u, loose, w) {
			return false
		}
	}
	return true
}

// equalSet uses membership, which is always strict.
func equalSet(x, y Set) bool {
	if x.Count() != y.Count() {
		return false
	}
	for v := range x.All() {
		if !y.Has(v) {
			return false
		}
	}
	return true
}

// Hash is the 32 bit hash of language.md 2.5; it fixes the printing order of maps and sets. It panics like Equal.
func Hash(v Value) uint32 { return hash(v, nil) }

const nilHash = 110034

func fold(n uint64) uint32 { return uint32(n) ^ uint32(n>>32) }

func hash(v Value, w *walk) uint32 {
	switch v.o {
	case nil:
		return nilHash
	case &longTag:
		return fold(v.n)
	case &intTag, &charTag:
		return uint32(v.n)
	case &boolTag:
		if v.n != 0 {
			return 1231
		}
		return 1237
	case &doubleTag:
		if f := math.Float64frombits(v.n); f != f {
			return 0x7FF80000
		}
		return fold(v.n)
	case &floatTag:
		if f := math.Float32frombits(uint32(v.n)); f != f {
			return 0x7FC00000
		}
		return uint32(v.n)
	}
	switch x := v.o.self.(type) {
	case *Keyword:
		return x.hash
	case *Str:
		return x.textHash()
	case *Symbol:
		return x.hash
	case *BigInt:
		return hashBig(x.N)
	case *Decimal:
		return 31*hashBig(x.Unscaled) + uint32(x.Scale)
	}
	count := 0
	if c, ok := v.o.self.(Counted); ok {
		count = c.Count()
	}
	w = w.enter(count)
	h := hashHeap(v.o.self, w)
	w.depth--
	return h
}

func hashHeap(o Object, w *walk) uint32 {
	switch x := o.(type) {
	case Sequence:
		return hashSequence(x, w)
	case Map:
		h := uint32(1)
		for k, v := range x.All() {
			h += hashPair(k, v, w)
		}
		return h
	case Set:
		h := uint32(1)
		for v := range x.All() {
			h += hash(v, w)
		}
		return h
	case *MapEntry:
		return hashPair(x.Key, x.Value, w)
	case *Atom:
		return 31 + hash(x.Deref(), w)
	case *Volatile:
		return 31 + hash(x.Deref(), w)
	case *Just:
		return 31 + hash(x.V, w)
	case *ByteBuf:
		h := uint32(1)
		for _, b := range x.B[:x.Lim] {
			h = 31*h + uint32(b)
		}
		return h
	case *File:
		return uint32(hashString(x.Path))
	case *LazySeq:
		return identityHash(x.cell)
	}
	if r, ok := capability[Relatable](o); ok {
		return r.RelateHash()
	}
	if x, ok := o.(*Wrapped); ok {
		return hash(x.V, w)
	}
	return identityHash(o)
}

func hashPair(k, v Value, w *walk) uint32 { return 31*(31+hash(k, w)) + hash(v, w) }

func hashSequence(s Sequence, w *walk) uint32 {
	h, n := uint32(1), s.Count()
	if n <= 4 {
		h = 31*h + uint32(n)
	}
	for v := range s.All() {
		h = 31*h + hash(v, w)
	}
	for ; n < 4; n++ {
		h = 31*h + nilHash
	}
	return h
}

func hashBig(n *big.Int) uint32 {
	var h uint32
	b := n.Bytes()
	for len(b) > 0 {
		k := (len(b)-1)%4 + 1
		var word uint32
		for _, c := range b[:k] {
			word = word<<8 | uint32(c)
		}
		h = 31*h + word
		b = b[k:]
	}
	if n.Sign() < 0 {
		h = -h
	}
	return h
}

// identitySeed serves values that equal only themselves; where they stand in a map differs from run to run.
var identitySeed = maphash.MakeSeed()

func identityHash[T comparable](x T) uint32 { return uint32(maphash.Comparable(identitySeed, x)) }
