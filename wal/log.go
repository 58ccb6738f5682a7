// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"fmt"
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

// batch is what one write and one sync serve (D2).
type batch struct {
	bytes   []byte
	records []entry
	data    bool          // it has DATA: it must leave room for ACKs
	turn    chan struct{} // has a token when one of its waiters is to try and commit it
	done    chan struct{}
	full    chan struct{} // closed when nothing joins it any more, because it is large enough
	err     error
	led     bool // somebody commits it
}

// buffers are the memory of batches that have been written. Large ones are left to the collector.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

const keepBuffer = 1 << 20

// release gives the memory back once nobody looks at it any more.
func (b *batch) release() {
	if bytes := b.bytes[:0]; cap(bytes) <= keepBuffer {
		buffers.Put(&bytes)
	}
	b.bytes, b.records = nil, nil
}

func (b *batch) isFull() bool { return len(b.bytes) >= maxBatch || len(b.records) >= maxGroup }

type entry struct {
	r      Record
	offset int64 // in bytes
	length int64
}

// Ticket is a record on its way into the log.
type Ticket struct {
	l *Log
	b *batch
}

// Enqueue fixes the place of records in the log and returns at once; order in the log is the order of the calls. The
// payloads are encoded before it returns. Nothing is written before somebody waits.
func (l *Log) Enqueue(records ...Record) (Ticket, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return Ticket{}, err
	}
	b := l.openBatch()
	for _, r := range records {
		before := len(b.bytes)
		l.lsn++
		encoded, err := appendRecord(b.bytes, l.lsn, r, l.compress)
		if err != nil {
			l.lsn--
			return Ticket{}, err
		}
		b.bytes = encoded
		r.Payload = append([]byte(nil), ackedID(r)...)
		b.records = append(b.records, entry{r, int64(before), int64(len(encoded) - before)})
		b.data = b.data || r.Kind == Data
	}
	if b.isFull() {
		close(b.full)
	}
	return Ticket{l, b}, nil
}

// ackedID is what has to be remembered of a payload.
func ackedID(r Record) []byte {
	if r.Kind == Ack {
		return r.Payload
	}
	return nil
}

// openBatch returns the batch that new records join. It runs with mu held.
func (l *Log) openBatch() *batch {
	if n := len(l.queue); n > 0 {
		b := l.queue[n-1]
		if !b.led && !b.isFull() {
			return b
		}
	}
	b := &batch{bytes: *buffers.Get().(*[]byte), turn: make(chan struct{}, 1), done: make(chan struct{}), full: make(chan struct{})}
	l.queue = append(l.queue, b)
	return b
}

// Append is Enqueue and Wait.
func (l *Log) Append(records ...Record) error {
	t, err := l.Enqueue(records...)
	if err != nil {
		return err
	}
	return t.Wait()
}

// Wait returns when the records are as durable as the policy says. It may do the writing and syncing for others. Errors:
// ErrNoRoom (nothing is written), *FailedError, ErrClosed.
func (t Ticket) Wait() error {
	for !t.tryLead() {
		select {
		case <-t.b.done:
			return t.b.err
		case <-t.b.turn:
		}
	}
	return t.b.err
}

// Kept reports whether Wait would return at once, and without an error.
func (t Ticket) Kept() bool {
	select {
	case <-t.b.done:
		return t.b.err == nil
	default:
		return false
	}
}

// tryLead commits the batch if it is the next one and nobody commits anything.
func (t Ticket) tryLead() bool {
	l, b := t.l, t.b
	l.mu.Lock()
	if l.taken || l.wanted > 0 || b.led || len(l.queue) == 0 || l.queue[0] != b {
		l.mu.Unlock()
		return false
	}
	if delay := l.dir.o.CommitDelay; delay > 0 {
		l.taken = true
		l.mu.Unlock()
		b.gather(delay)
		l.mu.Lock()
	}
	l.lead(b)
	l.mu.Unlock()
	l.commit(b)
	return true
}

// gather waits until the batch is full, or for so long.
func (b *batch) gather(delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.full:
	}
}

// lead takes the batch for the caller to commit. It runs with mu held.
func (l *Log) lead(b *batch) {
	b.led, l.taken = true, true
}

// takeFile waits until nobody uses the file and takes it. Whoever calls it goes before the next commit, so that appends without
// end do not keep the timer and a compaction waiting. It runs with mu held, as leaveFile does.
func (l *Log) takeFile() {
	l.wanted++
	for l.taken {
		l.idle.Wait()
	}
	l.wanted--
	l.taken = true
}

// leaveFile lets others have the file.
func (l *Log) leaveFile() {
	l.taken = false
	l.passTurn()
}

// commit writes and syncs a batch, and gives the turn to the next one.
func (l *Log) commit(b *batch) {
	err := l.write(b)
	l.mu.Lock()
	b.err = err
	if err == nil {
		l.account(b)
	}
	l.queue = l.queue[1:]
	l.leaveFile()
	if l.compactionDue() {
		l.compacting = true
		l.background.Go(l.compactWhileServing)
	}
	l.mu.Unlock()
	b.release()
	close(b.done)
}

// account notes that the batch is in the file, and where its records are. It runs with mu held.
func (l *Log) account(b *batch) {
	for _, e := range b.records {
		l.live.apply(e.r, l.end+e.offset, e.length)
	}
	l.end += int64(len(b.bytes))
	if l.dir.o.Sync.always() {
		l.lastSync = time.Now()
	} else {
		l.unsynced += len(b.records)
	}
}

// failAll ends every waiting batch. It runs with mu held.
func (l *Log) failAll() {
	for _, b := range l.queue {
		b.led, b.err = true, l.failed
		close(b.done)
	}
	l.queue = nil
	l.idle.Broadcast()
}

// usable runs with mu held.
func (l *Log) usable() error {
	if l.closed {
		return ErrClosed
	}
	return l.failed
}

// fail ends the log (D5). The note tells how many records were answered before they were synced, as the policy allows: a crash
// may take them now (D3).
func (l *Log) fail(cause error, unknown bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = &FailedError{Cause: cause}
		text := cause.Error()
		if l.unsynced > 0 {
			text += fmt.Sprintf("; records at risk, answered and not yet synced: %d", l.unsynced)
		}
		l.dir.note(Error, l.path, text)
		if l.dir.o.Failed != nil {
			l.dir.o.Failed(l.path, cause)
		}
	}
	return &FailedError{Cause: cause, Unknown: unknown}
}

// write puts a batch behind the last record. Only the committing goroutine runs it, so end and allocated are its own.
func (l *Log) write(b *batch) error {
	if err := l.failure(); err != nil {
		return err
	}
	n := int64(len(b.bytes))
	if err := l.alone(); err != nil { // before the file grows over what somebody else has written
		return err
	}
	if err := l.room(b); err != nil {
		return err
	}
	if w, err := l.f.WriteAt(b.bytes, l.end); err != nil || int64(w) < n {
		if err == nil {
			err = fmt.Errorf("short write of %d bytes out of %d", w, n)
		}
		return l.undo(err)
	}
	if l.dir.o.Sync.always() {
		if err := l.f.Sync(); err != nil {
			// Best effort: who reads the file again would find, in the cache, records that never reach the disk (D6).
			_ = l.f.Truncate(l.end)
			return l.fail(fmt.Errorf("sync: %w", err), true)
		}
	}
	return nil
}

// alone sees to it that nobody else has written to the file (D8).
func (l *Log) alone() error {
	size, err := l.f.Size()
	if err != nil {
		return l.fail(err, false)
	}
	if size != l.allocated { // D8
		return l.fail(fmt.Errorf("written by another process: the file has %d bytes, expected were %d", size, l.allocated), false)
	}
	return nil
}

func (l *Log) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// reserve is the room that DATA leaves alone: an ACK for each message that is there then, and some more (D9).
func (l *Log) reserve(more int) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return ackReserve + int64(l.live.order.Len()+more)*ackLen
}

// holdRoom takes the reserve of a log that has just been opened, if it can be had: later the disk may be full.
func (l *Log) holdRoom() {
	if l.live.order.Len() == 0 {
		return
	}
	size := l.end + l.reserve(0)
	err := l.f.Allocate(size)
	if err == nil {
		l.allocated = size
		return
	}
	l.dir.note(Warn, l.path, "There is no room for the ACK records of what is in the log: "+err.Error())
	if err := l.f.Truncate(l.allocated); err != nil {
		_ = l.fail(err, false)
	}
}

// room sees to it that a batch fits into the preallocated file (D9). DATA leaves the reserve for ACKs alone.
func (l *Log) room(b *batch) error {
	n := int64(len(b.bytes))
	if b.data {
		if free, err := l.dir.fs.Free(l.dir.path); err == nil && free < l.dir.o.MinFreeDisk {
			return fmt.Errorf("%w: %d bytes are free, the limit is %d", ErrNoRoom, free, l.dir.o.MinFreeDisk)
		}
		n += l.reserve(len(b.records))
	}
	if l.end+n <= l.allocated {
		return nil
	}
	for _, more := range []int64{chunk, chunk >> 4, 0} { // a small disk is asked for less, and not for each record
		size := l.end + n + more
		err := l.f.Allocate(size)
		if err == nil {
			l.allocated = size
			return nil
		}
		if terr := l.f.Truncate(l.allocated); terr != nil {
			return l.fail(terr, false)
		}
		if more == 0 {
			return fmt.Errorf("%w: %w", ErrNoRoom, err)
		}
	}
	return nil
}

// undo cuts the log back to its last good record after a failed write, and checks that it is so (D4). The cut is synced: a
// refused record must not come back, whole or in parts behind a later one.
func (l *Log) undo(cause error) error {
	err := l.f.Truncate(l.end)
	if err == nil {
		var size int64
		if size, err = l.f.Size(); err == nil && size != l.end {
			err = fmt.Errorf("the file has %d bytes after it has been cut to %d", size, l.end)
		}
	}
	if err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		return l.fail(fmt.Errorf("%w, and the write could not be undone: %w", cause, err), true)
	}
	l.allocated = l.end
	return fmt.Errorf("%w: %w", ErrNoRoom, cause)
}

// sync is the timer of an interval policy.
func (l *Log) syncDirty() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unsynced == 0 {
		return
	}
	l.takeFile()
	defer l.leaveFile()
	if l.unsynced == 0 || l.failed != nil || l.closed {
		return
	}
	l.mu.Unlock()
	err := l.f.Sync()
	if err != nil {
		_ = l.fail(fmt.Errorf("sync: %w", err), true)
	}
	l.mu.Lock()
	if err == nil {
		l.unsynced, l.lastSync = 0, time.Now()
	}
}

// passTurn lets the next batch go on, and whoever waits for the log to be idle look again. It runs with mu held.
func (l *Log) passTurn() {
	if l.failed != nil {
		l.failAll()
		return
	}
	if l.wanted == 0 && len(l.queue) > 0 {
		select {
		case l.queue[0].turn <- struct{}{}:
		default: // it has its token
		}
	}
	l.idle.Broadcast()
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

// keepSyncing runs the timer of an interval policy until Close.
func (l *Log) keepSyncing(every time.Duration) {
	l.ticker = time.NewTicker(every)
	l.stop = make(chan struct{})
	l.background.Go(func() {
		defer l.ticker.Stop()
		for {
			select {
			case <-l.ticker.C:
				l.syncDirty()
			case <-l.stop:
				return
			}
		}
	})
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
