// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"sync"
	"sync/atomic"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// memory is the budget of O7: frames that are being read or served, pushes that wait, and what the queues store. Dead letters
// in memory give way to all others.
type memory struct {
	reclaim func(n int) // makes room, if it can
	limit   int64
	largest int           // the largest body that is not discarded
	held    atomic.Int64  // frames and pushes
	stored  *engine.Usage // of the engine; nil: it does not count

	mu     sync.Mutex
	pushed map[*wire.Message]int // how many subscribers a large message waits for: it is there once
}

const (
	largeBody      = 64 << 10        // smaller ones are not counted
	memoryPatience = 5 * time.Second // how long a large one waits for room; then its connection is closed
	memoryLook     = 10 * time.Millisecond
)

func (b *memory) used() int64 { return b.held.Load() + b.stored.Bytes() }

// fits reports whether there is room for n bytes more. Several at a time may be told so: they exceed the budget by what
// their frames hold at most.
func (b *memory) fits(n int) bool {
	if b.used()+int64(n) > b.limit {
		b.reclaim(n)
	}
	return b.used()+int64(n) <= b.limit
}

// take counts n bytes if there is room for them.
func (b *memory) take(n int) bool {
	if !b.fits(n) {
		return false
	}
	if b.held.Add(int64(n))+b.stored.Bytes() > b.limit {
		b.held.Add(int64(-n))
		return false
	}
	return true
}

func (b *memory) give(n int) { b.held.Add(int64(-n)) }

// wait takes n bytes as soon as there is room; false after memoryPatience, or when done is closed. Room is made in many
// places, none of which is to know of this one, so it is looked for again and again.
func (b *memory) wait(n int, done <-chan struct{}) bool {
	if b.take(n) {
		return true
	}
	look := time.NewTicker(memoryLook)
	defer look.Stop()
	patience := time.NewTimer(memoryPatience)
	defer patience.Stop()
	for {
		select {
		case <-look.C:
			if b.take(n) {
				return true
			}
		case <-patience.C:
			return false
		case <-done:
			return false
		}
	}
}

// takePush counts a message that a subscriber waits for, a large one once for all of them; givePush is its end.
func (b *memory) takePush(m *wire.Message) bool {
	n := m.Size()
	if n <= largeBody {
		return b.take(n)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pushed[m] == 0 && !b.take(n) {
		return false
	}
	if b.pushed == nil {
		b.pushed = map[*wire.Message]int{}
	}
	b.pushed[m]++
	return true
}

func (b *memory) givePush(m *wire.Message) {
	n := m.Size()
	if n <= largeBody {
		b.give(n)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pushed[m]--; b.pushed[m] == 0 {
		delete(b.pushed, m)
		b.give(n)
	}
}

// tempOwner is who has made a temporary queue, and what all queues of its connection store.
type tempOwner struct {
	principal string
	used      *engine.Usage
}

// mayStore decides whether a queue takes so many bytes more: the budget, and the limit of temporary queues (O17).
func (s *Server) mayStore(queue string, size int) bool {
	if owner, ok := s.owners.Load(queue); ok && owner.(tempOwner).used.Bytes()+int64(size) > maxTempBytes {
		return false
	}
	return s.memory.fits(size)
}
