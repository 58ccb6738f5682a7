// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gondola/wal"
)

// Ceiling is what a log is measured against: it appends records to a file and syncs, and those who wait share a sync. Nothing
// is checked, found again or kept in order. Safe for concurrent use.
type Ceiling struct {
	f     wal.File
	ahead int64 // bytes that are allocated before they are written; 0: the file grows

	mu   sync.Mutex
	end  int64
	room int64
	open *group // what records join
	last *group // the newest one
	free []byte
}

// group is what one write and one sync serve.
type group struct {
	bytes  []byte
	before <-chan struct{}
	done   chan struct{}
	err    error
}

// NewCeiling makes the file, for the time of the benchmark.
func NewCeiling(b *testing.B, ahead int64) *Ceiling {
	b.Helper()
	f, err := wal.OS.OpenFile(filepath.Join(b.TempDir(), "ceiling"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return &Ceiling{f: f, ahead: ahead}
}

// Append returns when a record of these parts is on stable storage.
func (c *Ceiling) Append(parts ...[]byte) error {
	c.mu.Lock()
	g := c.open
	leads := g == nil
	if leads {
		g = &group{bytes: c.free, done: make(chan struct{})}
		if c.last != nil {
			g.before = c.last.done
		}
		c.free, c.open, c.last = nil, g, g
	}
	for _, p := range parts {
		g.bytes = append(g.bytes, p...)
	}
	c.mu.Unlock()
	if !leads {
		<-g.done
		return g.err
	}
	if g.before != nil {
		<-g.before
	}
	c.mu.Lock()
	c.open = nil
	c.mu.Unlock()
	g.err = c.write(g.bytes)
	c.mu.Lock()
	c.free = g.bytes[:0]
	c.mu.Unlock()
	close(g.done)
	return g.err
}

// write is run by one goroutine at a time.
func (c *Ceiling) write(b []byte) error {
	at := c.end
	c.end += int64(len(b))
	if c.ahead > 0 && c.end > c.room {
		c.room = c.end + c.ahead
		if err := c.f.Allocate(c.room); err != nil {
			return err
		}
	}
	if _, err := c.f.WriteAt(b, at); err != nil {
		return err
	}
	return c.f.Sync()
}

// Restart makes the file empty, between two turns.
func (c *Ceiling) Restart(b *testing.B) {
	b.Helper()
	c.end, c.room = 0, c.ahead
	err := c.f.Truncate(0)
	if err == nil && c.ahead > 0 {
		err = c.f.Allocate(c.ahead)
	}
	if err == nil {
		err = c.f.Sync()
	}
	if err != nil {
		b.Fatal(err)
	}
}

// OneSync is a rival that appends records to a growing file with a sync each.
func OneSync(b *testing.B, record []byte) Rival {
	b.Helper()
	const n = 100
	c := NewCeiling(b, 0)
	return Rival{Name: "one-sync", Things: n, Turn: func() time.Duration {
		c.Restart(b)
		return Abreast(b, 1, n, func(int) error { return c.Append(record) })
	}}
}
