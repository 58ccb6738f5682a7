// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// DedupeOptions say for how long, and how much, is remembered of what has been done (I1). The zero value of a field is its
// default.
type DedupeOptions struct {
	TTL         time.Duration // default 2 minutes
	MaxEntries  int           // default 100,000
	MaxBytes    int64         // of the results that are kept; default 64 MiB
	Fingerprint bool          // the key is the content instead of the request id, for clients that send none (I2)
	RetryErrors bool          // the exception of a function is not kept: a duplicate runs it again (I3)
}

const (
	dedupeTTL     = 2 * time.Minute
	dedupeEntries = 100_000
	dedupeBytes   = 64 << 20
	entryOverhead = 200 // bytes, about
)

func (o DedupeOptions) withDefaults() DedupeOptions {
	if o.TTL <= 0 {
		o.TTL = dedupeTTL
	}
	if o.MaxEntries <= 0 {
		o.MaxEntries = dedupeEntries
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = dedupeBytes
	}
	return o
}

// Digest is of what a request asks for: two requests under one key have to have the same. The zero Digest fits any.
type Digest [sha256.Size]byte

// ErrReused: a key has come again with another content.
const ErrReused = text("Request id reused with different content")

// DedupeStore lets work be done once for each key within a time (reliability.md 9). Safe for concurrent use.
type DedupeStore[V any] struct {
	o DedupeOptions

	mu      sync.Mutex
	entries map[string]*remembered[V]
	kept    []*remembered[V] // those that are done, the oldest first
	bytes   int64
	doubles int64
	evicted int64
}

// remembered is work that is going on or has been done.
type remembered[V any] struct {
	key    string
	digest Digest
	done   chan struct{} // closed when v and kept are fixed
	v      V
	kept   bool
	size   int64
	at     time.Time
}

func (e *remembered[V]) conflicts(digest Digest) bool {
	return e.digest != digest && e.digest != (Digest{}) && digest != (Digest{})
}

// NewDedupeStore makes an empty store.
func NewDedupeStore[V any](o DedupeOptions) *DedupeStore[V] {
	return &DedupeStore[V]{o: o.withDefaults(), entries: map[string]*remembered[V]{}}
}

// Do runs work unless the key is known: of work that is going on it waits for the end, of work that was kept it returns the
// result, and says that this is a duplicate. work returns the result, how many bytes that has, and whether to keep it; what is
// not kept, or panics, may be done again. Errors: ErrReused, ctx's own while it waits.
func (s *DedupeStore[V]) Do(ctx context.Context, key string, digest Digest, work func() (v V, size int, keep bool)) (v V, duplicate bool, err error) {
	for {
		s.mu.Lock()
		s.expire(time.Now())
		e := s.entries[key]
		if e == nil {
			e = &remembered[V]{key: key, digest: digest, done: make(chan struct{})}
			s.entries[key] = e
			s.mu.Unlock()
			return s.run(e, work), false, nil
		}
		s.mu.Unlock()
		if e.conflicts(digest) {
			return v, true, ErrReused
		}
		select {
		case <-e.done:
		case <-ctx.Done():
			return v, true, ctx.Err()
		}
		if e.kept {
			s.mu.Lock()
			s.doubles++
			s.mu.Unlock()
			return e.v, true, nil
		}
	}
}

func (s *DedupeStore[V]) run(e *remembered[V], work func() (V, int, bool)) (v V) {
	size, keep := 0, false
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if keep {
			s.keep(e, v, int64(size), time.Now())
		} else {
			delete(s.entries, e.key)
		}
		close(e.done)
	}()
	v, size, keep = work()
	return v
}

// keep runs with mu held, before e is done.
func (s *DedupeStore[V]) keep(e *remembered[V], v V, size int64, at time.Time) {
	e.v, e.kept, e.size, e.at = v, true, size+int64(len(e.key))+entryOverhead, at
	s.kept = append(s.kept, e)
	s.bytes += e.size
	for len(s.kept) > s.o.MaxEntries || s.bytes > s.o.MaxBytes {
		s.evicted++ // the promise ends early, and the status shows it
		s.forgetOldest()
	}
}

func (s *DedupeStore[V]) forgetOldest() {
	e := s.kept[0]
	s.kept[0] = nil
	s.kept = s.kept[1:]
	s.bytes -= e.size
	delete(s.entries, e.key)
}

// expire runs with mu held.
func (s *DedupeStore[V]) expire(now time.Time) {
	for len(s.kept) > 0 && now.Sub(s.kept[0].at) >= s.o.TTL {
		s.forgetOldest()
	}
}

// Remember keeps a result that was reached at a time before now, as after a restart. A known key stays as it is.
func (s *DedupeStore[V]) Remember(key string, digest Digest, v V, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.expire(now)
	if age := now.Sub(at); age >= s.o.TTL || s.entries[key] != nil {
		return
	}
	e := &remembered[V]{key: key, digest: digest, done: make(chan struct{})}
	close(e.done)
	s.entries[key] = e
	if at.After(now) { // the clock has been set back
		at = now
	}
	s.keep(e, v, 0, at)
}

// Known reports whether a key has been kept: ErrReused if with another content.
func (s *DedupeStore[V]) Known(key string, digest Digest) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(time.Now())
	e := s.entries[key]
	switch {
	case e == nil || !e.kept:
		return false, nil
	case e.conflicts(digest):
		return true, ErrReused
	}
	s.doubles++
	return true, nil
}

// DedupeStats is a snapshot of a store.
type DedupeStats struct {
	Entries    int   // keys that are remembered
	Bytes      int64 // of keys and results
	Duplicates int64 // that were answered from it
	Evicted    int64 // keys that were forgotten before their time, for want of room
}

// Stats takes a snapshot.
func (s *DedupeStore[V]) Stats() DedupeStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return DedupeStats{Entries: len(s.kept), Bytes: s.bytes, Duplicates: s.doubles, Evicted: s.evicted}
}

// digestOf is the SHA-256 of parts, each with its length in front.
func digestOf(parts ...[]byte) Digest {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	return Digest(h.Sum(nil))
}
