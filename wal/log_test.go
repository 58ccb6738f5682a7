// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

func create(t *testing.T, o Options) (*Log, logFile, *Dir) {
	t.Helper()
	f := logFile{dir: t.TempDir()}
	f.path = filepath.Join(f.dir, "q.wal")
	d := open(t, f.dir, o)
	l, err := d.Create(t.Context(), "q", plainConfig)
	if err != nil {
		t.Fatal(err)
	}
	return l, f, d
}

func shut(t *testing.T, l *Log, d *Dir) {
	t.Helper()
	if err := errors.Join(l.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
}

// Appends of many goroutines are all in the log, in the order of Enqueue, with far fewer syncs than records (D1, D2).
func TestGroupCommit(t *testing.T) {
	disk := &faulty{room: -1}
	l, f, d := create(t, Options{FS: disk})
	const producers, each = 16, 50
	var order []byte
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			for range each {
				mu.Lock()
				n := len(order) % 200
				r := message(n)
				r.ID = uuid.New()
				r.ID[15] = byte(n)
				ticket, err := l.Enqueue(r)
				order = append(order, byte(n))
				mu.Unlock()
				if err == nil {
					err = ticket.Wait()
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if disk.syncs > producers*each {
		t.Errorf("%d syncs for %d records", disk.syncs, producers*each)
	}
	shut(t, l, d)
	got, err := f.live(t, Options{})
	if err != nil || len(got) != producers*each {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	for i, n := range got {
		if byte(n) != order[i] {
			t.Fatalf("message %d is %d, want %d", i, n, order[i])
		}
	}
}

// With a delay those who come within it share a write and a sync; a batch that is full does not wait (D2).
func TestCommitDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &faulty{room: -1}
		l, f, d := create(t, Options{FS: disk, CommitDelay: 5 * time.Millisecond})
		before, begun := disk.syncs, time.Now()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 500 * time.Microsecond)
				if err := l.Append(message(i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, took := disk.syncs-before, time.Since(begun); n != 1 || took != 5*time.Millisecond {
			t.Errorf("%d syncs in %v, want one after 5ms", n, took)
		}
		many := make([]Record, maxGroup)
		for i := range many {
			many[i] = message(8)
		}
		begun = time.Now()
		if err := l.Append(many...); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("a full batch waited for %v", took)
		}
		shut(t, l, d)
		if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, numbers(0, 9)) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// A clean close cuts the preallocated tail, so that a stock server can open the file (R8).
func TestCloseCuts(t *testing.T) {
	l, f, d := create(t, Options{})
	if err := l.Append(message(1)); err != nil {
		t.Fatal(err)
	}
	if size := len(f.bytes(t)); size < chunk {
		t.Errorf("the open file has %d bytes, not the preallocated ones", size)
	}
	want := l.Status().Bytes
	shut(t, l, d)
	if size := int64(len(f.bytes(t))); size != want {
		t.Errorf("the closed file has %d bytes, want %d", size, want)
	}
	if err := l.Append(message(2)); !errors.Is(err, ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
}

// A full disk refuses the record and leaves the log as it was; what follows is not behind half a record (D4, D9).
func TestDiskFull(t *testing.T) {
	disk := &faulty{room: -1}
	l, f, d := create(t, Options{FS: disk})
	if err := l.Append(message(1)); err != nil {
		t.Fatal(err)
	}
	disk.set(func(f *faulty) { f.room = 30 })
	if err := l.Append(message(2)); !errors.Is(err, ErrNoRoom) {
		t.Fatalf("append to a full disk: %v", err)
	}
	disk.set(func(f *faulty) { f.room = -1 })
	for i := 3; i < 13; i++ {
		if err := l.Append(message(i)); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, l, d)
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, append([]int{1}, numbers(3, 13)...)) {
		t.Errorf("%v, %v", got, err)
	}
}

// Below the floor DATA is refused and ACKs still go in, so that consumers can drain (D9).
func TestMinFreeDisk(t *testing.T) {
	disk := &faulty{room: -1}
	l, f, d := create(t, Options{FS: disk, MinFreeDisk: 1000})
	if err := l.Append(message(1)); err != nil {
		t.Fatal(err)
	}
	disk.set(func(f *faulty) { f.floor = 999 })
	if err := l.Append(message(2)); !errors.Is(err, ErrNoRoom) || !strings.Contains(err.Error(), "999 bytes are free, the limit is 1000") {
		t.Errorf("append below the floor: %v", err)
	}
	if err := l.Append(ackFor(1)); err != nil {
		t.Errorf("ACK below the floor: %v", err)
	}
	shut(t, l, d)
	if got, err := f.live(t, Options{}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// The first failed sync is final, also when the next would succeed (D5), and says that the outcome is not known (D6).
func TestFailedSyncIsFinal(t *testing.T) {
	disk := &faulty{room: -1}
	var told []string
	l, f, d := create(t, Options{FS: disk, Failed: func(file string, cause error) { told = append(told, file+": "+cause.Error()) }})
	disk.set(func(f *faulty) { f.sync = errDisk })
	var failed *FailedError
	if err := l.Append(message(1)); !errors.As(err, &failed) || !failed.Unknown {
		t.Fatalf("append with a failing sync: %v", err)
	}
	disk.set(func(f *faulty) { f.sync = nil })
	if err := l.Append(message(2)); !errors.As(err, &failed) || failed.Unknown {
		t.Errorf("append to a failed log: %v", err)
	}
	if l.Status().Failed == nil {
		t.Error("the status does not say that the log has failed (D12)")
	}
	if want := f.path + ": sync: " + errDisk.Error(); !slices.Equal(told, []string{want}) {
		t.Errorf("Options.Failed got %q, want %q", told, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := d.Open(t.Context(), "q") // it is read again from the disk
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(message(3)); err != nil {
		t.Error(err)
	}
	shut(t, l, d)
	got, err := f.live(t, Options{})
	if err != nil || !slices.Contains(got, 3) || slices.Contains(got, 2) {
		t.Errorf("%v, %v", got, err)
	}
}

// A failed write that cannot be undone ends the log (D4).
func TestWriteThatCannotBeUndone(t *testing.T) {
	disk := &faulty{room: -1}
	l, _, _ := create(t, Options{FS: disk})
	if err := l.Append(message(1)); err != nil {
		t.Fatal(err)
	}
	disk.set(func(f *faulty) { f.room, f.truncate = 30, errDisk })
	var failed *FailedError
	if err := l.Append(message(2)); !errors.As(err, &failed) {
		t.Errorf("%v, want a failed log", err)
	}
	disk.set(func(f *faulty) { f.room, f.truncate = -1, nil })
	if err := l.Append(message(3)); !errors.As(err, &failed) {
		t.Errorf("%v, want a failed log", err)
	}
}

// All who wait for a failed batch get its error, none hangs (D5).
func TestFailureReachesAll(t *testing.T) {
	disk := &faulty{room: -1}
	l, _, _ := create(t, Options{FS: disk})
	disk.set(func(f *faulty) { f.sync = errDisk })
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			var failed *FailedError
			if err := l.Append(message(i)); !errors.As(err, &failed) {
				t.Errorf("append %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// Another writer of the file is noticed before anything is written over its records, also by the first append (D8).
func TestAnotherWriter(t *testing.T) {
	for appends := range 2 {
		l, f, _ := create(t, Options{})
		for i := range appends {
			if err := l.Append(message(i)); err != nil {
				t.Fatal(err)
			}
		}
		write(t, f.path, append(f.bytes(t), "a record of somebody else"...))
		if err := l.Append(message(2)); err == nil || !strings.Contains(err.Error(), "written by another process") {
			t.Errorf("behind %d records: %v", appends, err)
		}
		if !strings.HasSuffix(string(f.bytes(t)), "a record of somebody else") {
			t.Error("it has been written over")
		}
	}
}

// A directory has one owner (D8).
func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir, Options{})
	if _, err := OpenDir(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second owner: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, Options{})
}

// An interval policy syncs by its timer, and a crash before it loses nothing of the process (D3).
func TestInterval(t *testing.T) {
	disk := &faulty{room: -1}
	l, f, d := create(t, Options{FS: disk, Sync: Policy{Interval: 10 * time.Millisecond}})
	created := l.Status().LastSync
	for i := range 5 {
		if err := l.Append(message(i)); err != nil {
			t.Fatal(err)
		}
	}
	for !l.Status().LastSync.After(created) {
		time.Sleep(time.Millisecond)
	}
	shut(t, l, d)
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, numbers(0, 5)) {
		t.Errorf("%v, %v", got, err)
	}
}

// A timer's sync comes through whatever the load, and no append waits for ever because the timer was faster (D3).
func TestIntervalUnderLoad(t *testing.T) {
	l, f, d := create(t, Options{Sync: Policy{Interval: 100 * time.Microsecond}})
	const producers, each = 32, 100
	var wg sync.WaitGroup
	for range producers {
		wg.Go(func() {
			for range each {
				r := message(1)
				r.ID = uuid.New()
				r.ID[15] = 1
				if err := l.Append(r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	shut(t, l, d)
	if got, err := f.live(t, Options{}); err != nil || len(got) != producers*each {
		t.Errorf("%d messages, %v", len(got), err)
	}
}

// A compacted log has the live records only, numbered from 1, compressed ones as they were (C1).
func TestCompactAtOpening(t *testing.T) {
	config := slices.Clone(plainConfig)
	config[11] = 1
	f := logFile{dir: t.TempDir()}
	f.path = filepath.Join(f.dir, "q.wal")
	d := open(t, f.dir, Options{})
	l, err := d.Create(t.Context(), "q", config)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		r := message(i)
		if err := l.Append(Record{r.Kind, r.ID, r.Payload}); err != nil {
			t.Fatal(err)
		}
		if i%3 > 0 {
			if err := l.Append(ackFor(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := l.Status()
	shut(t, l, d)
	want := []int{0, 3, 6, 9, 12, 15, 18}
	if got, err := f.live(t, Options{Compact: true}); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
	if size := int64(len(f.bytes(t))); size >= before.Bytes || size < before.LiveBytes {
		t.Errorf("%d bytes after the compaction, %d before, %d live", size, before.Bytes, before.LiveBytes)
	}
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, want) {
		t.Errorf("read again: %v, %v", got, err)
	}
}

// A compaction that has no room leaves the old log in use, and the start does not fail (C2).
func TestCompactionWithoutRoom(t *testing.T) {
	log, _ := sample(t)
	f := logOf(t, log)
	d := open(t, f.dir, Options{FS: &faulty{room: 200}, Compact: true})
	l, err := d.Open(t.Context(), "q")
	if err != nil {
		t.Fatal(err)
	}
	shut(t, l, d)
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, numbers(1, 20)) {
		t.Errorf("%v, %v", got, err)
	}
}

// A log that is removed does not come back (D7).
func TestRemove(t *testing.T) {
	l, f, d := create(t, Options{})
	if err := errors.Join(l.Close(), d.Remove("q"), d.Close()); err != nil {
		t.Fatal(err)
	}
	d = open(t, f.dir, Options{})
	if queues, err := d.List(); err != nil || len(queues) > 0 {
		t.Errorf("%q, %v", queues, err)
	}
}
