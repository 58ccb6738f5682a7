// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltest

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes as a whole or not at all.
const sector = 512

// block is a sector's content. It is never changed once it is in a map; a nil pointer is a sector of zeros.
type block [sector]byte

// node is the content of a file. Sectors that are in no map are zero.
type node struct {
	size       int64
	sectors    map[int64]*block
	syncedSize int64
	synced     map[int64]*block
	sizes      []int64            // since the last sync
	versions   map[int64][]*block // of the sectors written since
}

func newNode() *node {
	return &node{sectors: map[int64]*block{}, synced: map[int64]*block{}, versions: map[int64][]*block{}}
}

func (n *node) clone() *node {
	c := *n
	c.sectors, c.synced, c.versions = maps.Clone(n.sectors), maps.Clone(n.synced), maps.Clone(n.versions)
	c.sizes = slices.Clone(n.sizes)
	for at, v := range c.versions {
		c.versions[at] = slices.Clone(v)
	}
	return &c
}

func (n *node) readAt(b []byte, at int64) int {
	b = b[:max(min(int64(len(b)), n.size-at), 0)]
	clear(b)
	first, last := at/sector, (at+int64(len(b))-1)/sector
	if int64(len(n.sectors)) < last-first {
		for i, s := range n.sectors { // far more is read than was ever written
			if i >= first && i <= last {
				s.copyTo(b, i*sector-at)
			}
		}
		return len(b)
	}
	for i := first; i <= last; i++ {
		if s := n.sectors[i]; s != nil {
			s.copyTo(b, i*sector-at)
		}
	}
	return len(b)
}

// copyTo copies a sector into b, which it starts at an offset of; that is negative where b starts inside it.
func (s *block) copyTo(b []byte, at int64) {
	if at < 0 {
		copy(b, s[-at:])
	} else {
		copy(b[at:], s[:])
	}
}

func (n *node) writeAt(b []byte, at int64) {
	if end := at + int64(len(b)); end > n.size {
		n.resize(end)
	}
	for len(b) > 0 {
		i, from := at/sector, at%sector
		k := min(int(sector-from), len(b))
		n.write(i, from, b[:k])
		b, at = b[k:], at+int64(k)
	}
}

// write changes a part of one sector.
func (n *node) write(i, from int64, b []byte) {
	old := n.sectors[i]
	if old == nil && n.synced[i] == nil && n.versions[i] == nil && bytes.Equal(b, zeros[:len(b)]) {
		return // lost or not, nothing is to be seen of it
	}
	s := new(block)
	if old != nil {
		*s = *old
	}
	copy(s[from:], b)
	n.put(i, s)
}

var zeros block

func (n *node) put(i int64, s *block) {
	if s == nil {
		delete(n.sectors, i)
	} else {
		n.sectors[i] = s
	}
	n.versions[i] = append(n.versions[i], s)
}

func (n *node) resize(size int64) {
	n.size = size
	n.sizes = append(n.sizes, size)
}

// truncate makes the file end at size; what is cut off reads as zero if the file grows again.
func (n *node) truncate(size int64) {
	if size < n.size {
		for i, s := range n.sectors {
			switch from := size - i*sector; {
			case from <= 0:
				n.put(i, nil)
			case from < sector:
				cut := new(block)
				copy(cut[:from], s[:from])
				n.put(i, cut)
			}
		}
	}
	n.resize(size)
}

func (n *node) sync() {
	for i := range n.versions {
		if s := n.sectors[i]; s != nil {
			n.synced[i] = s
		} else {
			delete(n.synced, i)
		}
	}
	n.syncedSize = n.size
	n.clean()
}

func (n *node) clean() {
	n.sizes = nil
	clear(n.versions)
}

func (n *node) loseUnsynced() { n.clean() }

// dropCache makes the sectors that are not to be written any more those of the medium.
func (n *node) dropCache() {
	for i := range n.sectors {
		if len(n.versions[i]) == 0 && n.synced[i] == nil {
			delete(n.sectors, i)
		}
	}
	for i, s := range n.synced {
		if len(n.versions[i]) == 0 {
			n.sectors[i] = s
		}
	}
}

// crash is what is left of the file: unsynced sectors are there with this probability.
func (n *node) crash(r *rand.Rand, kept float64) *node {
	c := newNode()
	c.synced, c.syncedSize = maps.Clone(n.synced), n.syncedSize
	if len(n.sizes) > 0 && r.Float64() < kept {
		c.syncedSize = n.sizes[r.IntN(len(n.sizes))]
	}
	for _, i := range slices.Sorted(maps.Keys(n.versions)) {
		if r.Float64() >= kept {
			continue
		}
		v := n.versions[i]
		s := v[len(v)-1]
		if r.IntN(4) == 0 { // written back at some earlier time
			s = v[r.IntN(len(v))]
		}
		if s == nil {
			delete(c.synced, i)
		} else {
			c.synced[i] = s
		}
	}
	for i, s := range c.synced { // nothing is behind the end
		switch from := c.syncedSize - i*sector; {
		case from <= 0:
			delete(c.synced, i)
		case from < sector:
			cut := new(block)
			copy(cut[:from], s[:from])
			c.synced[i] = cut
		}
	}
	c.size, c.sectors = c.syncedSize, maps.Clone(c.synced)
	return c
}
