// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// entry is a stored message with its monotonic end of life (P7); the zero time is never.
type entry struct {
	m          *wire.Message
	dies       time.Time
	held       *held // of a durable message; nil: it lives in memory
	deliveries int   // how often it has been leased
}

// newEntry decides the life of a message that arrives now: what is left of it by the wall clock, then monotonic.
func newEntry(m *wire.Message) entry {
	if m.ExpiresAt < 0 {
		return entry{m: m}
	}
	// Far away is never: a Duration holds 292 years. Anything in the past has died, however long ago.
	const longest = int64(1<<63-1) / int64(time.Millisecond)
	now := time.Now()
	left := m.ExpiresAt - now.UnixMilli()
	if left >= longest {
		return entry{m: m}
	}
	return entry{m: m, dies: now.Add(time.Duration(max(left, -1)) * time.Millisecond)}
}

func (e entry) mortal() bool { return !e.dies.IsZero() }

// visible reports whether pollers may have it (D1).
func (e entry) visible() bool { return e.held == nil || e.held.inLog() }

// dead reports whether its life is over, strictly after its end.
func (e entry) dead(now time.Time) bool { return e.mortal() && now.After(e.dies) }

const minRing = 16

// ring is a double-ended line of entries whose memory follows its length (O18).
type ring struct {
	buf  []entry // a power of two long
	head int
	n    int
	used *engine.Usage // its bytes
}

func (r *ring) at(i int) *entry { return &r.buf[(r.head+i)&(len(r.buf)-1)] }

func (r *ring) pushBack(e entry) {
	r.room()
	r.count(e, 1)
	r.n++
	*r.at(r.n - 1) = e
}

func (r *ring) pushFront(e entry) {
	r.room()
	r.count(e, 1)
	r.head = (r.head - 1) & (len(r.buf) - 1)
	r.n++
	*r.at(0) = e
}

// count tells the usage that an entry has come, with 1, or gone, with -1.
func (r *ring) count(e entry, by int) {
	if r.used != nil {
		r.used.Add(by * e.m.Size())
	}
}

// clear drops all.
func (r *ring) clear() {
	for i := range r.n {
		r.count(*r.at(i), -1)
	}
	*r = ring{used: r.used}
}

// popFront needs n > 0.
func (r *ring) popFront() entry {
	e := *r.at(0)
	r.count(e, -1)
	*r.at(0) = entry{}
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	if len(r.buf) > minRing && r.n <= len(r.buf)/4 {
		r.resize(len(r.buf) / 2)
	}
	return e
}

func (r *ring) room() {
	if r.n == len(r.buf) {
		r.resize(max(minRing, 2*len(r.buf)))
	}
}

func (r *ring) resize(size int) {
	buf := make([]entry, size)
	for i := range r.n {
		buf[i] = *r.at(i)
	}
	r.buf, r.head = buf, 0
}

// purge drops the dead entries and returns the end of the first remaining mortal one.
func (r *ring) purge(now time.Time, expire func(entry)) (next time.Time) {
	kept := 0
	for i := range r.n {
		e := *r.at(i)
		if e.visible() && e.dead(now) {
			r.count(e, -1)
			expire(e)
			continue
		}
		if e.mortal() && (next.IsZero() || e.dies.Before(next)) {
			next = e.dies
		}
		*r.at(kept) = e
		kept++
	}
	for i := kept; i < r.n; i++ {
		*r.at(i) = entry{}
	}
	r.n = kept
	return next
}
