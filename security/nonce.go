// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
)

// counterNonces are nonces that follow from what they stand for (S5): nothing can be replayed, reordered, left out, spliced
// or reflected. A frame is two segments, meta and data, each sealed in turn.
type counterNonces struct {
	direction byte // of what is sealed: 0 to the server, 1 to the client
	sealed    uint64
	opened    uint64
}

const counterMark = 0x56

func counterNonce(direction byte, segment uint64) (n [nonceBytes]byte) {
	n[0], n[1], n[2] = counterMark, direction, byte(segment%2)
	binary.BigEndian.PutUint64(n[4:], segment/2)
	return n
}

// nextSealed and nextOpened are the nonces that come now.
func (c *counterNonces) nextSealed() [nonceBytes]byte {
	c.sealed++
	return counterNonce(c.direction, c.sealed-1)
}

func (c *counterNonces) nextOpened() [nonceBytes]byte {
	c.opened++
	return counterNonce(1-c.direction, c.opened-1)
}

// nonceWindow remembers the nonces of the last frames, sent and received (S4). It serves peers with random nonces.
type nonceWindow struct {
	mu   sync.Mutex // sealing and opening run on two goroutines
	seed maphash.Seed
	seen map[uint64]struct{}
	ring []uint64
	next int
}

// windowSegments is 2,048 frames of two segments.
const windowSegments = 2 * 2048

func newNonceWindow() *nonceWindow {
	return &nonceWindow{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
}

// note remembers a nonce; it is false if the nonce is known.
func (w *nonceWindow) note(nonce []byte) bool {
	h := maphash.Bytes(w.seed, nonce)
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.seen[h]; known {
		return false
	}
	w.seen[h] = struct{}{}
	if len(w.ring) < windowSegments {
		w.ring = append(w.ring, h)
		return true
	}
	delete(w.seen, w.ring[w.next])
	w.ring[w.next] = h
	w.next = (w.next + 1) % windowSegments
	return true
}
