// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"os"
	"sync"
	"time"
)

// Policy is when records are synced (D3).
type Policy struct {
	Interval time.Duration // > 0: a timer syncs; 0: before Wait returns, and Never if that is set
	Never    bool
}

// Always is the default: a record is on stable storage before Wait returns.
var Always = Policy{}

func (p Policy) always() bool { return p.Interval <= 0 && !p.Never }

// Options of a directory of logs. The zero value is usable.
type Options struct {
	FS          FS     // nil: OS
	Compress    bool   // of new logs; an existing one goes by its CONFIG record
	Compact     bool   // at opening
	Sync        Policy // zero: Always
	MinFreeDisk uint64 // bytes; below it DATA is refused before it is written (D9)

	// A log is compacted while it serves when it has more than CompactMin bytes and more than CompactRatio of them are dead
	// (C3). Zero: 64 MiB and a half; a ratio of 1 is never exceeded.
	CompactMin   int64
	CompactRatio float64

	// CommitDelay is how long the first waiter waits for others before it writes and syncs for all (D2); 0: not at all.
	CommitDelay time.Duration
	// Failed is told, once for each log, that it is out of service (D5). It is called with the log's lock held: it must return at
	// once and not use the log. May be nil.
	Failed func(file string, cause error)

	Salvage bool // a damaged log is opened with what can be read of it (R3)
	// Search makes a salvage look for records in damaged parts, too: what it finds can be a part of a payload. So it is not for a
	// server, but for whoever has looked at each record that Preview yields (R4).
	Search bool
	// Config is for a salvage of logs whose own CONFIG is missing or damaged, except that new records are compressed if old ones
	// are. Nil: such logs are not salvaged.
	Config []byte
	// Locked is called by OpenDir when the directory is this process's and nothing in it has been changed. An error ends OpenDir.
	// May be nil.
	Locked func() error
	Check  func(Record) error
	// Remains is what compaction keeps of consumed DATA (C4): a shorter payload, which is written as DATA followed by its ACK,
	// or nil. It gets what an earlier compaction has kept, too. It must not use the log, and what it returns must pass Check.
	// Nil: nothing is kept of any, and ReplayConsumed yields nothing.
	Remains func(Record) []byte
	Note    func(level Level, file, text string) // tells what recovery and compaction do; may be nil
}

// Level of a note.
type Level int

const (
	Info Level = iota
	Warn
	Error
)

const (
	chunk      = 4 << 20  // preallocation beyond the last record (decisions.md W3)
	ackReserve = 64 << 10 // of the preallocated tail, for ACK records, at least (decisions.md W2)
	ackLen     = headerLen + 16
	maxBatch   = 8 << 20 // bytes of a group commit (D2)
	maxGroup   = 1024    // records of one

	compactMin   = 64 << 20
	compactRatio = 0.5
)

// Log is the log of one queue. Safe for concurrent use. Dir.Open makes it.
type Log struct {
	dir      *Dir
	path     string
	compress bool

	mu         sync.Mutex
	f          File
	live       live
	config     []byte
	lsn        int64
	end        int64 // of the last good record
	allocated  int64 // where the file ends
	unsynced   int   // records that were answered and not synced yet: at risk
	lastSync   time.Time
	dropped    int // records that recovery has dropped
	failed     error
	closed     bool
	taken      bool // somebody has the file to himself: to commit, sync, cut or replace it
	wanted     int  // who wait for the file and go before the next commit
	queue      []*batch
	idle       *sync.Cond // signalled when the file is left, and when a compaction ends
	serving    bool       // it has been opened or created
	compacting bool
	kept       int64     // dead bytes that the last compaction has not got rid of
	retryAt    time.Time // no compaction before: one has failed
	ticker     *time.Ticker
	stop       chan struct{}
	background sync.WaitGroup // the timer of an interval policy, and the compaction while serving
}

// Replay yields the live messages in log order. It is called once, before the first Enqueue.
func (l *Log) Replay(yield func(Record) error) error { return l.yield(l.live.places(), yield) }

// ReplayConsumed yields the messages that have been consumed and are still in the log, whole or what Options.Remains has left
// of them, the oldest first. None of them is live. It is called before the first Enqueue.
func (l *Log) ReplayConsumed(yield func(Record) error) error { return l.yield(l.live.spent(), yield) }

func (l *Log) yield(places []place, yield func(Record) error) error {
	s := &scanner{f: l.f, size: l.end}
	for _, p := range places {
		r, _, bad, err := s.record(p.at)
		if err == nil {
			err = bad
		}
		if err == nil {
			r.Payload = append([]byte(nil), r.Payload...)
			err = yield(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Config is the payload of the log's CONFIG record.
func (l *Log) Config() []byte { return l.config }

// Status is a snapshot for the server's status (D12).
type Status struct {
	Bytes, LiveBytes int64
	LastSync         time.Time
	Dropped          int // records dropped by recovery
	Failed           error
}

// Status takes a snapshot.
func (l *Log) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Status{Bytes: l.end, LiveBytes: l.live.bytes, LastSync: l.lastSync, Dropped: l.dropped, Failed: l.failed}
}

// Close writes what waits, syncs, cuts the file at its last record (R8) and releases it. A file that has been deleted
// meanwhile is no error (decisions.md B12).
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true // a compaction gives up
	for l.taken || l.compacting || len(l.queue) > 0 {
		if !l.taken && len(l.queue) > 0 && !l.queue[0].led {
			b := l.queue[0]
			l.lead(b)
			l.mu.Unlock()
			l.commit(b)
			l.mu.Lock()
			continue
		}
		l.idle.Wait()
	}
	failed := l.failed
	l.mu.Unlock()
	if l.stop != nil {
		close(l.stop)
	}
	l.background.Wait()
	var err error
	if failed == nil {
		if err = l.f.Truncate(l.end); err == nil {
			err = l.f.Sync()
		}
	}
	if cerr := l.f.Close(); err == nil {
		err = cerr
	}
	return err
}

// openFile opens the file of a log for reading and writing.
func openFile(ctx context.Context, fsys FS, path string, create bool) (File, error) {
	flag := os.O_RDWR
	if create {
		flag |= os.O_CREATE | os.O_EXCL
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return fsys.OpenFile(path, flag, 0o600)
}
