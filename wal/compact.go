// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
)

const compactSuffix = ".compact"

const (
	heldTail   = 1 << 20          // of what arrives during a compaction, copied at most while appends wait
	catchUps   = 16               // rounds that copy more than that, at most
	retryAfter = 10 * time.Second // a compaction that failed
)

// compactionDue says whether the log is worth compacting (C3). It runs with mu held.
func (l *Log) compactionDue() bool {
	least, ratio := l.dir.o.CompactMin, l.dir.o.CompactRatio
	if least == 0 {
		least = compactMin
	}
	if ratio == 0 {
		ratio = compactRatio
	}
	dead := l.end - l.live.bytes - l.kept
	return l.end > least && float64(dead) > ratio*float64(l.end) && !l.compacting && l.usable() == nil &&
		(l.retryAt.IsZero() || time.Now().After(l.retryAt))
}

// compactWhileServing runs a compaction in the background, and another one if so much arrived meanwhile; compacting is set.
func (l *Log) compactWhileServing() {
	for again := true; again; {
		begun, before := time.Now(), l.Status().Bytes
		err := l.compactMarked(context.Background())
		switch {
		case err == nil:
			took := time.Since(begun).Round(time.Millisecond)
			l.dir.note(Info, l.path, fmt.Sprintf("Compacted from %d to %d bytes in %v", before, l.Status().Bytes, took))
		case !errors.Is(err, ErrClosed):
			l.dir.note(Warn, l.path, "The log could not be compacted: "+err.Error())
		}
		l.mu.Lock()
		again = l.compactionDue()
		l.compacting = l.compacting || again
		l.mu.Unlock()
	}
}

// compact rewrites the log with its live records, and what Options.Remains keeps of others, only. Appends go on meanwhile; they
// wait while the last of what they have written is copied. At every instant the log's name is that of the whole old or the
// whole new log (C1). A failure before the rename leaves the old one in use (C2), one behind it ends the log.
func (l *Log) compact(ctx context.Context) error {
	l.mu.Lock()
	if err := l.usable(); err != nil || l.compacting {
		l.mu.Unlock()
		return err
	}
	l.compacting = true
	l.mu.Unlock()
	return l.compactMarked(ctx)
}

func (l *Log) compactMarked(ctx context.Context) error {
	err := l.rewrite(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.compacting = false
	if err != nil {
		l.retryAt = time.Now().Add(retryAfter)
	}
	l.idle.Broadcast()
	return err
}

// rewrite writes the new log beside and swaps.
func (l *Log) rewrite(ctx context.Context) error {
	name := l.path + compactSuffix
	if err := l.dir.fs.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	f, err := openFile(ctx, l.dir.fs, name, true)
	if err != nil {
		return err
	}
	old := l.f
	c := &copier{ctx: ctx, l: l, f: f, old: &scanner{f: old}}
	if err = c.copyAll(); err == nil {
		err = c.swap(name)
	}
	if !c.swapped {
		f.Close()
		// A file that cannot be removed is deleted at the next opening.
		if gone := l.dir.fs.Remove(name); os.IsNotExist(gone) && !os.IsNotExist(err) {
			return l.fail(fmt.Errorf("the new log may have the name of the old one: %w", err), false)
		}
		return err
	}
	if cerr := old.Close(); cerr != nil {
		l.dir.note(Warn, l.path, "the old log could not be closed: "+cerr.Error())
	}
	return err
}

// copier writes the log that takes the place of another.
type copier struct {
	ctx     context.Context
	l       *Log
	f       File
	old     *scanner
	from    int64 // up to here old is copied
	buf     []byte
	at, lsn int64 // of f
	kept    int64 // bytes that are not live and stay
	records int
	written *scan // what has been read back of f
	swapped bool
}

// copyAll writes into an empty file what is to stay of the log, most of what arrives meanwhile, and verifies it there.
func (c *copier) copyAll() error {
	c.l.mu.Lock()
	c.from = c.l.end
	c.old.size = c.l.end
	live, spent := c.l.live.places(), c.l.live.spent()
	c.l.mu.Unlock()
	c.written = &scan{live: newLive(c.l.dir.o.Remains != nil)}
	if err := c.add(Record{Kind: Config, ID: uuid.New(), Payload: c.l.config}); err != nil {
		return err
	}
	if err := c.remains(spent); err != nil {
		return err
	}
	c.kept = c.at + int64(len(c.buf))
	if err := c.copy(live); err != nil {
		return err
	}
	for range catchUps {
		to := c.l.Status().Bytes
		if to-c.from <= heldTail {
			break
		}
		if err := c.tail(to); err != nil {
			return err
		}
	}
	return c.finish()
}

// finish makes durable what has been written, and reads it back.
func (c *copier) finish() error {
	if err := c.flush(); err != nil || c.at == c.written.end {
		return err
	}
	if err := c.f.Sync(); err != nil {
		return err
	}
	return c.verify()
}

// swap copies what has arrived since and puts the new log in the place of the old one, while nobody uses the file.
func (c *copier) swap(name string) error {
	l := c.l
	l.mu.Lock()
	l.takeFile()
	end, err := l.end, l.usable()
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.leaveFile()
		l.mu.Unlock()
	}()
	if err == nil && l.serving {
		err = l.alone()
	}
	if err == nil {
		err = c.tail(end)
	}
	if err == nil {
		err = c.finish()
	}
	allocated := c.at
	if err == nil && l.serving {
		allocated += l.reserve(0)
		err = c.f.Allocate(allocated)
	}
	if err == nil {
		err = c.complete()
	}
	if err == nil {
		err = l.dir.fs.Rename(name, l.path)
	}
	if err != nil {
		return err
	}
	c.swapped = true
	l.mu.Lock()
	l.renumber(c.lsn)
	l.f, l.live, l.end, l.allocated = c.f, c.written.live, c.at, allocated
	l.kept = c.kept
	l.unsynced, l.lastSync, l.retryAt = 0, time.Now(), time.Time{}
	l.mu.Unlock()
	if err := l.dir.fs.SyncDir(l.dir.path); err != nil { // after a crash the old log may be there, without what comes now
		return l.fail(fmt.Errorf("sync of the directory after a compaction: %w", err), false)
	}
	return nil
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
	c.l.mu.Lock()
	err := c.l.usable()
	c.l.mu.Unlock()
	if err == nil {
		err = c.ctx.Err()
	}
	if err != nil {
		return err
	}
	_, err = c.f.WriteAt(c.buf, c.at)
	c.at += int64(len(c.buf))
	c.buf = c.buf[:0]
	return err
}

// copy takes records over.
func (c *copier) copy(places []place) error {
	for _, p := range places {
		if _, err := c.stored(p.at); err != nil {
			return err
		}
	}
	return nil
}

// tail takes over what has been appended, up to an offset.
func (c *copier) tail(to int64) error {
	c.old.size = to
	for c.from < to {
		n, err := c.stored(c.from)
		if err != nil {
			return err
		}
		c.from += n
	}
	return nil
}

// stored takes a record over as it is stored (decisions.md W6) and returns its length.
func (c *copier) stored(at int64) (int64, error) {
	h, stored, bad, err := c.old.stored(at)
	if err == nil {
		err = bad
	}
	if err != nil {
		return 0, err
	}
	c.lsn++
	c.records++
	c.buf = appendStored(c.buf, c.lsn, h.kind, h.id, h.compressed, stored)
	if len(c.buf) >= readBuffer {
		err = c.flush()
	}
	return headerLen + h.length, err
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

// verify reads what has been written since the last time: every record of it.
func (c *copier) verify() error {
	s := &scanner{f: c.f, size: c.at, check: c.l.dir.o.Check}
	if err := s.resume(c.written); err != nil {
		return err
	}
	if c.written.bad != nil || c.written.records != c.records {
		return fmt.Errorf("the compacted log does not read back: %d of %d records, %v", c.written.records, c.records, c.written.bad)
	}
	return nil
}

// complete compares what is live in both logs, while nobody appends.
func (c *copier) complete() error {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	theirs, ours := &c.l.live, &c.written.live
	if ours.order.Len() != theirs.order.Len() || ours.bytes != theirs.bytes {
		return fmt.Errorf("the compacted log has %d messages of %d bytes, the log %d of %d",
			ours.order.Len(), ours.bytes, theirs.order.Len(), theirs.bytes)
	}
	return nil
}

// renumber gives the records that wait to be written the numbers behind lsn. It runs with mu held, when no batch is led.
func (l *Log) renumber(lsn int64) {
	for _, b := range l.queue {
		for _, e := range b.records {
			lsn++
			binary.BigEndian.PutUint64(b.bytes[e.offset+4:], uint64(lsn))
		}
	}
	l.lsn = lsn
}
