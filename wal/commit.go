// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"fmt"
	"sync"
	"time"
)

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
