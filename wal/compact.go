// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
)

const compactSuffix = ".compact"

// Limits beyond which a log is compacted while it serves (C3).
const (
	compactFrom = 64 << 20
	deadShare   = 2 // dead bytes are more than 1/deadShare of the file
)

// compact rewrites the log with its live records, and what Options.Remains keeps of others, only: a new file, synced and read
// back (C1), is renamed over the old one. A failure before the rename leaves the old log in use (C2), one behind it ends the log.
// Nobody uses the log meanwhile.
func (l *Log) compact(ctx context.Context) error {
	name := l.path + compactSuffix
	if err := l.dir.fs.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	f, err := openFile(ctx, l.dir.fs, name, true)
	if err != nil {
		return err
	}
	sc, err := l.copyLive(f)
	if err == nil {
		err = l.dir.fs.Rename(name, l.path)
	}
	if err != nil {
		f.Close()
		_ = l.dir.fs.Remove(name) // it is deleted at the next opening at the latest
		return err
	}
	old := l.f
	l.f, l.live, l.end, l.allocated, l.lsn = f, sc.live, sc.end, sc.size, sc.lsn
	if err := old.Close(); err != nil {
		l.dir.note(Warn, l.path, "the old log could not be closed: "+err.Error())
	}
	if err := l.dir.fs.SyncDir(l.dir.path); err != nil { // after a crash the old log may be there, without what comes now
		return l.fail(fmt.Errorf("sync of the directory after a compaction: %w", err), false)
	}
	return nil
}

// copier writes the log that takes the place of another.
type copier struct {
	l       *Log
	f       File
	old     *scanner
	buf     []byte
	at, lsn int64 // of f
	records int
	written *scan // what has been read back of f
}

// copyLive writes what is to stay into an empty file and verifies it there.
func (l *Log) copyLive(f File) (*scan, error) {
	c := &copier{l: l, f: f, old: &scanner{f: l.f, size: l.end}}
	err := c.add(Record{Kind: Config, ID: uuid.New(), Payload: l.config})
	if err == nil {
		err = c.remains(l.live.spent())
	}
	if err == nil {
		err = c.copy(l.live.places())
	}
	if err == nil {
		err = c.flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = c.verify(l.live.order.Len())
	}
	return c.written, err
}

// add writes a record of our own.
func (c *copier) add(r Record) error {
	c.lsn++
	c.records++
	var err error
	if c.buf, err = appendRecord(c.buf, c.lsn, r, c.l.compress); err != nil || len(c.buf) < readBuffer {
		return err
	}
	return c.flush()
}

func (c *copier) flush() error {
	_, err := c.f.WriteAt(c.buf, c.at)
	c.at += int64(len(c.buf))
	c.buf = c.buf[:0]
	return err
}

// copy takes records over as they are stored (decisions.md W6).
func (c *copier) copy(places []place) error {
	for _, p := range places {
		head, err := c.old.read(p.at, headerLen)
		if err != nil {
			return err
		}
		h := parseHeader(head)
		stored, err := c.old.read(p.at+headerLen, h.length)
		if err != nil {
			return err
		}
		c.lsn++
		c.records++
		c.buf = appendStored(c.buf, c.lsn, h.kind, h.id, h.compressed, stored)
		if len(c.buf) < readBuffer {
			continue
		}
		if err := c.flush(); err != nil {
			return err
		}
	}
	return nil
}

// remains writes what is to be kept of consumed messages: DATA and its ACK (C4).
func (c *copier) remains(places []place) error {
	for _, p := range places {
		r, _, bad, err := c.old.record(p.at)
		if err == nil {
			err = bad
		}
		if err != nil {
			return err
		}
		r.Payload = c.l.dir.o.Remains(r)
		if r.Payload == nil {
			continue
		}
		if err = c.add(r); err == nil {
			err = c.add(Record{Kind: Ack, ID: uuid.New(), Payload: p.id[:]})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// verify reads what has been written: every record of it, and as many live ones as there have to be.
func (c *copier) verify(live int) (err error) {
	s := &scanner{f: c.f, size: c.at, check: c.l.dir.o.Check, consumed: c.l.dir.o.Remains != nil}
	if c.written, err = s.run(0); err != nil {
		return err
	}
	if w := c.written; w.bad != nil || w.records != c.records || w.live.order.Len() != live {
		return fmt.Errorf("the compacted log does not read back: %d of %d records, %d of %d messages, %v",
			w.records, c.records, w.live.order.Len(), live, w.bad)
	}
	return nil
}

// CompactIfDue compacts a log of which more than half is dead (C3). Appends wait meanwhile.
func (l *Log) CompactIfDue(ctx context.Context) error {
	l.mu.Lock()
	due := l.end > compactFrom && (l.end-l.live.bytes)*deadShare > l.end && l.failed == nil && !l.closed
	for due && (l.committing || len(l.queue) > 0) {
		l.idle.Wait()
	}
	if !due || l.failed != nil || l.closed {
		l.mu.Unlock()
		return nil
	}
	l.committing = true
	before := l.end
	l.mu.Unlock()
	begun := time.Now()
	err := l.compact(ctx)
	l.mu.Lock()
	l.committing = false
	after := l.end
	l.passTurn()
	l.mu.Unlock()
	if err == nil {
		l.dir.note(Info, l.path, fmt.Sprintf("Compacted from %d to %d bytes in %v", before, after, time.Since(begun).Round(time.Millisecond)))
	}
	return err
}
