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

// compact rewrites the log with its live records only, payloads as stored (C1, decisions.md W6): a new file, synced and read
// back, is renamed over the old one. A failure before the rename leaves the old log in use (C2), one behind it ends the log.
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

// copyLive writes the live records into an empty file and verifies them there.
func (l *Log) copyLive(f File) (*scan, error) {
	var at, lsn int64
	buf := appendStored(nil, 1, Config, uuid.New(), 0, l.config)
	lsn = 1
	flush := func() error {
		_, err := f.WriteAt(buf, at)
		at += int64(len(buf))
		buf = buf[:0]
		return err
	}
	s := &scanner{f: l.f, size: l.end}
	for e := l.live.order.Front(); e != nil; e = e.Next() {
		p := e.Value.(place)
		head, err := s.read(p.at, headerLen)
		if err != nil {
			return nil, err
		}
		h := parseHeader(head)
		stored, err := s.read(p.at+headerLen, h.length)
		if err != nil {
			return nil, err
		}
		lsn++
		buf = appendStored(buf, lsn, Data, p.id, h.compressed, stored)
		if len(buf) > readBuffer {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if err := flush(); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	sc, err := (&scanner{f: f, size: at, check: l.dir.o.Check}).run(0)
	switch {
	case err != nil:
		return nil, err
	case sc.bad != nil || sc.live.order.Len() != l.live.order.Len():
		return nil, fmt.Errorf("the compacted log does not read back: %d of %d records, %v", sc.live.order.Len(), l.live.order.Len(), sc.bad)
	}
	return sc, nil
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
