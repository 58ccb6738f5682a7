// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package persist

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

func intEq(a, b int) bool { return a == b }

// TestSeqAgainstSlice runs random operations on a family of sequences and on plain slices. Old versions are kept and
// looked at again, so sharing that leaks a change shows.
func TestSeqAgainstSlice(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	type pair struct {
		s    Seq[int]
		want []int
	}
	pool := []pair{{}}
	check := func(p pair) {
		t.Helper()
		if p.s.Len() != len(p.want) {
			t.Fatalf("length %d, want %d", p.s.Len(), len(p.want))
		}
		if got := p.s.Items(); !slices.Equal(got, p.want) {
			t.Fatalf("items\n%v, want\n%v", got, p.want)
		}
		for range 3 {
			if n := len(p.want); n > 0 {
				if i := rnd.IntN(n); p.s.At(i) != p.want[i] {
					t.Fatalf("At(%d) = %d, want %d", i, p.s.At(i), p.want[i])
				}
			}
		}
	}
	for step := range 40000 {
		p := pool[rnd.IntN(len(pool))]
		n := len(p.want)
		var q pair
		switch rnd.IntN(9) {
		case 0, 1:
			q = p
			q.want = slices.Clone(p.want)
			for range rnd.IntN(70) + 1 {
				q.s = q.s.Append(step)
				q.want = append(q.want, step)
			}
		case 2:
			q = p
			q.want = slices.Clone(p.want)
			for range rnd.IntN(70) + 1 {
				q.s = q.s.Prepend(step)
				q.want = slices.Insert(q.want, 0, step)
			}
		case 3:
			i := rnd.IntN(n + 1)
			j := i + rnd.IntN(n-i+1)
			q = pair{p.s.Slice(i, j), p.want[i:j:j]}
		case 4:
			q = p
			for range min(n, rnd.IntN(100)) {
				q = pair{q.s.Slice(1, q.s.Len()), q.want[1:]}
			}
		case 5:
			q = p
			for range min(n, rnd.IntN(100)) {
				q = pair{q.s.Slice(0, q.s.Len()-1), q.want[: len(q.want)-1 : len(q.want)-1]}
			}
		case 6:
			if n == 0 {
				continue
			}
			i := rnd.IntN(n)
			q = pair{p.s.Set(i, step), slices.Clone(p.want)}
			q.want[i] = step
		case 7:
			b := p.s.Builder()
			q.want = slices.Clone(p.want)
			for range rnd.IntN(200) {
				b.Append(step)
				q.want = append(q.want, step)
			}
			if b.Len() != len(q.want) {
				t.Fatalf("builder length %d, want %d", b.Len(), len(q.want))
			}
			q.s = b.Seq()
		case 8:
			items := make([]int, rnd.IntN(3000))
			for i := range items {
				items[i] = step + i
			}
			q = pair{Of(slices.Clone(items)), items}
		}
		check(q)
		check(p)
		if len(q.want) > 6000 {
			continue
		}
		if len(pool) < 40 {
			pool = append(pool, q)
		} else {
			pool[rnd.IntN(len(pool))] = q
		}
	}
}

// A queue that is used for a long time keeps no more than what is in it.
func TestSeqQueueStaysShallow(t *testing.T) {
	var s Seq[int]
	for i := range 500000 {
		s = s.Append(i)
		if s.Len() > 100 {
			if s.At(0) != i-100 {
				t.Fatalf("head %d, want %d", s.At(0), i-100)
			}
			s = s.Slice(1, s.Len())
		}
	}
	if s.back.shift > 2*levelBits {
		t.Errorf("root at shift %d for %d items", s.back.shift, s.Len())
	}
}

// testHash makes collisions of all depths.
func testHash(k int) uint32 {
	switch k % 4 {
	case 0:
		return uint32(k)
	case 1:
		return uint32(k % 7)
	case 2:
		return uint32(k) << 27
	}
	return uint32(k) * 2654435761
}

func order(a, b int) int {
	x, y := testHash(a), testHash(b)
	for s := 0; s < 32; s += levelBits {
		if c := cmp.Compare(x>>s&mask, y>>s&mask); c != 0 {
			return c
		}
	}
	return 0
}

func TestTrieAgainstMap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	type pair struct {
		t    Trie[int, int]
		want map[int]int
	}
	pool := []pair{{want: map[int]int{}}}
	check := func(p pair) {
		t.Helper()
		if p.t.Len() != len(p.want) {
			t.Fatalf("length %d, want %d", p.t.Len(), len(p.want))
		}
		var keys []int
		for k, v := range p.t.All() {
			if w, ok := p.want[k]; !ok || v != w {
				t.Fatalf("entry %d %d, want %d %v", k, v, w, ok)
			}
			keys = append(keys, k)
		}
		if len(keys) != len(p.want) {
			t.Fatalf("%d entries, want %d", len(keys), len(p.want))
		}
		if !slices.IsSortedFunc(keys, order) {
			t.Fatalf("order of %v", keys)
		}
		for k := range 50 {
			v, ok := p.t.Get(testHash(k), k, intEq)
			if w, there := p.want[k]; ok != there || v != w {
				t.Fatalf("Get(%d) = %d %v, want %d %v", k, v, ok, w, there)
			}
		}
	}
	for step := range 20000 {
		p := pool[rnd.IntN(len(pool))]
		q := pair{p.t, maps.Clone(p.want)}
		switch rnd.IntN(4) {
		case 0, 1:
			k := rnd.IntN(200)
			q.t = q.t.Put(testHash(k), k, step, intEq)
			q.want[k] = step
		case 2:
			for range rnd.IntN(20) {
				k := rnd.IntN(200)
				q.t = q.t.Delete(testHash(k), k, intEq)
				delete(q.want, k)
			}
		case 3:
			b := q.t.Builder(intEq)
			for range rnd.IntN(60) {
				k := rnd.IntN(200)
				b.Put(testHash(k), k, step)
				q.want[k] = step
			}
			q.t = b.Trie()
			b.Put(testHash(1), 1, -1) // must not show
		}
		check(q)
		check(p)
		if len(pool) < 30 {
			pool = append(pool, q)
		} else {
			pool[rnd.IntN(len(pool))] = q
		}
	}
}

// Of equal hashes the most recently added key comes first (language.md 2.5).
func TestTrieEqualHashes(t *testing.T) {
	var m Trie[int, string]
	for _, k := range []int{1, 2, 3} {
		m = m.Put(7, k, "", intEq)
	}
	var got []int
	for k := range m.All() {
		got = append(got, k)
	}
	if want := []int{3, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}
