// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// gate is the system's file system; the first write of a compaction waits at it.
type gate struct {
	osFS
	entered, release chan struct{}
	once             sync.Once
	broken           error // of every write of a compaction behind the gate
}

func newGate() *gate { return &gate{entered: make(chan struct{}), release: make(chan struct{})} }

func (g *gate) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := g.osFS.OpenFile(name, flag, perm)
	if err != nil || !strings.HasSuffix(name, compactSuffix) {
		return f, err
	}
	return &gatedFile{f, g}, nil
}

type gatedFile struct {
	File
	g *gate
}

func (f *gatedFile) WriteAt(b []byte, at int64) (int, error) {
	f.g.once.Do(func() {
		close(f.g.entered)
		<-f.g.release
	})
	if f.g.broken != nil {
		return 0, f.g.broken
	}
	return f.File.WriteAt(b, at)
}

// dead fills a log with messages 0 to 9 and many that are consumed, so that a compaction is due.
func dead(t *testing.T, l *Log) {
	t.Helper()
	for i := range 10 {
		if err := l.Append(message(i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if err := l.Append(message(99), ackFor(99)); err != nil {
			t.Fatal(err)
		}
	}
}

// requireDone waits until no compaction is going on.
func requireDone(l *Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.compacting {
		l.idle.Wait()
	}
}

// Offers and polls go on while a compaction is held up, and what they write is in the new log, in order and numbered without a
// gap (C3).
func TestAppendsDuringACompaction(t *testing.T) {
	for _, sync := range []Policy{Always, {Never: true}} {
		g := newGate()
		l, f, d := create(t, Options{FS: g, Sync: sync, CompactMin: 4 << 10})
		dead(t, l)
		<-g.entered
		for i := 10; i < 60; i++ {
			if err := l.Append(message(i)); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				if err := l.Append(ackFor(i)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := errors.Join(l.Append(ackFor(3)), l.Append(message(3))); err != nil { // put back
			t.Fatal(err)
		}
		before := l.Status().Bytes
		close(g.release)
		requireDone(l)
		if s := l.Status(); s.Bytes >= before || s.Failed != nil {
			t.Errorf("%d bytes, before the compaction %d; %v", s.Bytes, before, s.Failed)
		}
		if err := l.Append(message(60)); err != nil {
			t.Fatal(err)
		}
		shut(t, l, d)
		var want []int
		for i := range 61 {
			if i != 3 && (i < 10 || i%2 == 1 || i == 60) {
				want = append(want, i)
			}
		}
		want = slices.Insert(want, len(want)-1, 3)
		if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v\nwant %v", got, err, want)
		}
		requireNumbered(t, f)
	}
}

// requireNumbered checks that the records of a log have the numbers from 1 on.
func requireNumbered(t *testing.T, f logFile) {
	t.Helper()
	n := int64(0)
	if _, err := Inspect(f.path, nil, func(e Entry) error {
		n++
		if e.LSN != n {
			t.Errorf("record %d has the number %d", n, e.LSN)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Records that wait to be written when the new log takes the place of the old one are renumbered (C1).
func TestEnqueuedDuringACompaction(t *testing.T) {
	g := newGate()
	l, f, d := create(t, Options{FS: g, CompactMin: 4 << 10})
	dead(t, l)
	<-g.entered
	ticket, err := l.Enqueue(message(10), message(11))
	if err != nil {
		t.Fatal(err)
	}
	close(g.release)
	requireDone(l)
	if err := errors.Join(ticket.Wait(), l.Append(message(12))); err != nil {
		t.Fatal(err)
	}
	shut(t, l, d)
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, numbers(0, 13)) {
		t.Errorf("%v, %v", got, err)
	}
	requireNumbered(t, f)
}

// A compaction that fails while the log serves leaves it in use, and no file behind (C2).
func TestCompactionFailsWhileServing(t *testing.T) {
	g := newGate()
	g.broken = errDisk
	l, f, d := create(t, Options{FS: g, CompactMin: 4 << 10})
	dead(t, l)
	close(g.release)
	requireDone(l)
	for i := 10; i < 30; i++ {
		if err := l.Append(message(i)); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := g.ReadDir(f.dir); err != nil || !slices.Equal(names, []string{"q.wal", notesName}) {
		t.Errorf("%q, %v", names, err)
	}
	shut(t, l, d)
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, numbers(0, 30)) {
		t.Errorf("%v, %v", got, err)
	}
}

// A log that is closed does not wait for its compaction to come to an end; the file of it is gone.
func TestCloseDuringACompaction(t *testing.T) {
	g := newGate()
	l, f, d := create(t, Options{FS: g, CompactMin: 4 << 10})
	dead(t, l)
	<-g.entered
	closed := make(chan error)
	go func() { closed <- l.Close() }()
	for l.Append() == nil { // until the closing has begun
	}
	close(g.release)
	if err := errors.Join(<-closed, d.Close()); err != nil {
		t.Fatal(err)
	}
	if names, err := g.ReadDir(f.dir); err != nil || !slices.Equal(names, []string{"q.wal", notesName}) {
		t.Errorf("%q, %v", names, err)
	}
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, numbers(0, 10)) {
		t.Errorf("%v, %v", got, err)
	}
}

// Another process that writes to the log while it is compacted is noticed before the log is given up (D8).
func TestAnotherWriterDuringACompaction(t *testing.T) {
	g := newGate()
	l, f, _ := create(t, Options{FS: g, CompactMin: 4 << 10})
	dead(t, l)
	<-g.entered
	other := f.bytes(t)
	other = append(other, 1, 2, 3)
	write(t, f.path, other)
	close(g.release)
	requireDone(l)
	if err := l.Status().Failed; err == nil || !strings.Contains(err.Error(), "written by another process") {
		t.Errorf("%v", err)
	}
	if got := f.bytes(t); !slices.Equal(got, other) {
		t.Error("the log has been replaced")
	}
}

// Neither the ratio nor the size alone starts a compaction, and what compaction keeps does not start the next one (C3, C4).
func TestCompactionDue(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want bool
	}{
		{Options{CompactMin: 4 << 10}, true},
		{Options{CompactMin: 1 << 20}, false},
		{Options{}, false},
		{Options{CompactMin: 4 << 10, CompactRatio: 0.9}, false},
		{Options{CompactMin: 4 << 10, CompactRatio: 1}, false},
		{Options{CompactMin: 4 << 10, CompactRatio: 0.1}, true},
	} {
		var compacted []string
		c.o.Note = func(_ Level, _, text string) {
			if strings.HasPrefix(text, "Compacted from") {
				compacted = append(compacted, text)
			}
		}
		l, _, d := create(t, c.o)
		dead(t, l)
		requireDone(l)
		shut(t, l, d)
		if (len(compacted) > 0) != c.want {
			t.Errorf("%+v: %q", c.o, compacted)
		}
	}
	l, _, d := create(t, Options{CompactMin: 4 << 10, Remains: func(r Record) []byte { return r.Payload }})
	for range 40 {
		r := message(1)
		r.ID = uuid.New()
		if err := l.Append(r, Record{Ack, uuid.New(), r.ID[:]}); err != nil {
			t.Fatal(err)
		}
	}
	requireDone(l)
	l.mu.Lock()
	if l.kept == 0 || l.kept < l.end/4 || l.live.consumed.order.Len() != 40 {
		t.Errorf("%d bytes of %d are kept, %d messages", l.kept, l.end, l.live.consumed.order.Len())
	}
	l.mu.Unlock()
	shut(t, l, d)
}
