// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/wal/waltest"
)

// damaged is a log directory with a queue "q" of 22 live messages behind 3 consumed ones, and a queue "other" of one message.
type damaged struct {
	o       LogOptions
	path    string // of the log of q
	log     []byte
	borders []int // of its records; the last is the end
}

func newDamaged(t *testing.T, compress bool) *damaged {
	t.Helper()
	d := &damaged{o: LogOptions{Dir: t.TempDir(), Compress: compress}}
	d.path = filepath.Join(d.o.Dir, "q.wal")
	e := openLogged(t, d.o)
	q := newDurableQueue(t, e, "q", 100)
	for i := range 25 {
		mustOffer(t, q, toLog(fmt.Sprint(i, strings.Repeat(" long", 100))))
	}
	for range 3 {
		if _, err := q.Poll(ended); err != nil {
			t.Fatal(err)
		}
	}
	mustOffer(t, newDurableQueue(t, e, "other", 10), toLog("untouched"))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if d.log, err = os.ReadFile(d.path); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(d.log); at += headerLen + int(binary.BigEndian.Uint32(d.log[at+44:])) {
		d.borders = append(d.borders, at)
	}
	d.borders = append(d.borders, len(d.log))
	return d
}

// write makes these the bytes of the log.
func (d *damaged) write(t *testing.T, log []byte) {
	t.Helper()
	if err := os.WriteFile(d.path, log, 0o600); err != nil {
		t.Fatal(err)
	}
}

// start opens the engine: the other queue is always there. It returns the numbers of q's messages, or what its clients are told.
func (d *damaged) start(t *testing.T, on Corruption) (live []int, told string) {
	t.Helper()
	o := d.o
	o.OnCorruption = on
	e := openLogged(t, o)
	defer e.Close()
	if n := find(t, e, "other").Status().Size; n != 1 {
		t.Errorf("the other queue has %d messages", n)
	}
	q, err := e.Queue("q")
	for err == nil {
		m, perr := q.Poll(ended)
		if err = perr; err == nil {
			var n int
			if _, err := fmt.Sscan(string(m.Payload), &n); err != nil {
				t.Fatal(err)
			}
			live = append(live, n)
		}
	}
	if !errors.Is(err, engine.ErrQueueEmpty) {
		told = err.Error()
	}
	return live, told
}

// kept is the content of the only file beside the log with a suffix.
func (d *damaged) kept(t *testing.T, suffix string) []byte {
	t.Helper()
	paths, err := filepath.Glob(d.path + suffix + "*")
	if err != nil || len(paths) > 1 {
		t.Fatal(paths, err)
	}
	if len(paths) == 0 {
		return nil
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// from lists the numbers from one to 24 without some.
func from(first int, without ...int) (out []int) {
	for n := first; n < 25; n++ {
		if !slices.Contains(without, n) {
			out = append(out, n)
		}
	}
	return out
}

// The rows of the table "What this repairs" (reliability.md 3.2): in each of them the reference's server does not start, or
// loses messages without a trace. Ours always starts, with all other queues.
func TestWhatThisRepairs(t *testing.T) {
	record := 10 // a live message: 0 is CONFIG, message n is record n+1
	lost := record - 1
	for _, c := range []struct {
		name     string
		compress bool
		change   func(d *damaged) []byte
		live     []int // nil: out of service
		salvaged []int // what salvage keeps at least
		torn     bool  // the end is kept aside
	}{
		{name: "torn tail, 1 byte", change: func(d *damaged) []byte { return d.cut(1) }, live: from(2), torn: true},
		{name: "torn tail, a header", change: func(d *damaged) []byte { return d.cut(headerLen) }, live: from(2), torn: true},
		{name: "torn tail, all but one byte", change: func(d *damaged) []byte { return d.log[:len(d.log)-1] }, live: from(2), torn: true},
		{name: "torn tail, in the last message", change: func(d *damaged) []byte { return d.log[:d.borders[26]-7] }, live: from(0, 24), torn: true},
		{name: "37 zero bytes at the end", change: func(d *damaged) []byte { return append(bytes.Clone(d.log), make([]byte, 37)...) }, live: from(3)},
		{name: "4096 zero bytes at the end", change: func(d *damaged) []byte { return append(bytes.Clone(d.log), make([]byte, 4096)...) }, live: from(3)},
		{name: "bit flip in the payload", change: func(d *damaged) []byte { return d.flip(record, headerLen+9, 1) }, salvaged: from(3, lost)},
		{name: "bit flip in the checksum", change: func(d *damaged) []byte { return d.flip(record, 49, 1) }, salvaged: from(3, lost)},
		{name: "bit flip in the magic", change: func(d *damaged) []byte { return d.flip(record, 2, 1) }, salvaged: from(3, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)},
		{name: "bit flip in the length", change: func(d *damaged) []byte { return d.flip(record, 46, 1) }, salvaged: from(3, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)},
		{name: "bit flip in a compressed record", compress: true, change: func(d *damaged) []byte { return d.flip(record, headerLen+20, 1) }, salvaged: from(3, lost)},
		{name: "unknown type", change: func(d *damaged) []byte { return d.flip(record, 15, 4) }, salvaged: from(3, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)},
		{name: "length 2147483647", change: func(d *damaged) []byte {
			return d.with(record, 44, 0x7f, 0xff, 0xff, 0xff)
		}, salvaged: from(3, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24)},
		{name: "type DATA becomes CONFIG", change: func(d *damaged) []byte { return d.with(record, 12, 0, 0, 0, 1) }, salvaged: from(3, lost)},
		{name: "bit flip in the uuid", change: func(d *damaged) []byte { return d.flip(record, 20, 1) }, salvaged: from(3, lost)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDamaged(t, c.compress)
			bad := c.change(d)
			d.write(t, bad)
			live, told := d.start(t, Quarantine)
			if c.live != nil {
				if !slices.Equal(live, c.live) || told != "" || (d.kept(t, ".torn-") != nil) != c.torn {
					t.Fatalf("%v, %q, %d bytes kept; want %v", live, told, len(d.kept(t, ".torn-")), c.live)
				}
				return
			}
			if want := fmt.Sprintf("Queue q is out of service: its log is damaged at byte %d", d.borders[record]); told != want {
				t.Errorf("%v, %q; want %q", live, told, want)
			}
			if now, err := os.ReadFile(d.path); err != nil || !bytes.Equal(now, bad) {
				t.Error("the damaged log was changed", err)
			}
			salvaged, told := d.start(t, Salvage)
			for _, n := range c.salvaged {
				if !slices.Contains(salvaged, n) {
					t.Errorf("salvage has lost %d: %v", n, salvaged)
				}
			}
			if told != "" || slices.Contains(salvaged, lost) || !bytes.Equal(d.kept(t, ".corrupt-"), bad) {
				t.Errorf("salvage: %v, %q, %d bytes kept of %d", salvaged, told, len(d.kept(t, ".corrupt-")), len(bad))
			}
		})
	}
	t.Run("empty file", func(t *testing.T) {
		d := newDamaged(t, false)
		d.write(t, nil)
		if live, told := d.start(t, Quarantine); live != nil || told != engine.ErrQueueNotFound.Error() {
			t.Errorf("%v, %q", live, told)
		}
	})
}

// cut leaves so many bytes of the last record, the ACK of message 2.
func (d *damaged) cut(n int) []byte { return d.log[:d.borders[len(d.borders)-2]+n] }

func (d *damaged) flip(record, at int, mask byte) []byte {
	return d.with(record, at, d.log[d.borders[record]+at]^mask)
}

func (d *damaged) with(record, at int, b ...byte) []byte {
	bad := bytes.Clone(d.log)
	copy(bad[d.borders[record]+at:], b)
	return bad
}

// A log that cannot be recovered, because the disk is full or does not answer, stops its queue and no other; nothing of it is
// lost when the disk works again (R2).
func TestRecoveryThatFails(t *testing.T) {
	for _, fault := range []waltest.Fault{
		{At: 1, Ops: waltest.OpWrite, Err: syscall.ENOSPC, Forever: true}, // the torn end cannot be kept
		{At: 1, Ops: waltest.OpTruncate, Err: syscall.EIO, Forever: true}, // nor be cut off
	} {
		disk := waltest.NewCrashDisk()
		o := LogOptions{Dir: "log", FS: disk}
		e := openLogged(t, o)
		mustOffer(t, newDurableQueue(t, e, "q", 10), toLog("a"), toLog("b"))
		mustOffer(t, newDurableQueue(t, e, "other", 10), toLog("untouched"))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		log, err := disk.ReadFile("log/q.wal")
		if err != nil {
			t.Fatal(err)
		}
		disk.WriteFile("log/q.wal", append(bytes.Clone(log), log[100:150]...))

		faulty := waltest.NewFaultDisk(disk, fault)
		e = openLogged(t, LogOptions{Dir: "log", FS: faulty})
		_, err = find(t, e, "q").Poll(ended)
		var out *engine.OutOfServiceError
		if !errors.As(err, &out) || out.Text != "Queue q is out of service: its log could not be recovered" {
			t.Errorf("%v: %v", fault.Err, err)
		}
		if n := find(t, e, "other").Status().Size; n != 1 {
			t.Errorf("%v: the other queue has %d messages", fault.Err, n)
		}
		_ = e.Close() // which cannot cut the logs, either
		var load *LoadError
		if _, err := Open(t.Context(), LogOptions{Dir: "log", FS: faulty, OnCorruption: FailStart}); !errors.As(err, &load) {
			t.Errorf("%v: a start that is to fail: %v", fault.Err, err)
		}
		faulty.Arm(waltest.Fault{})
		e = openLogged(t, LogOptions{Dir: "log", FS: faulty})
		if got := fmt.Sprint(drain(t, find(t, e, "q"))); got != "[a b]" {
			t.Errorf("%v: %s", fault.Err, got)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A queue that is removed does not come back from the backup that a stock server has left (R6, D7).
func TestRemovedWithABackup(t *testing.T) {
	d := newDamaged(t, false)
	if err := os.WriteFile(d.path+".bak", d.log, 0o600); err != nil {
		t.Fatal(err)
	}
	e := openLogged(t, d.o)
	if err := e.RemoveQueue(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	e = restart(t, e, d.o)
	defer e.Close()
	if _, err := e.Queue("q"); !errors.Is(err, engine.ErrQueueNotFound) {
		t.Errorf("%v", err)
	}
}

// Another writer of a log is noticed at the next commit: nothing is written over its records, and the queue says why it stops
// (D8, T8).
func TestForeignWriter(t *testing.T) {
	d := newDamaged(t, false)
	e := openLogged(t, d.o)
	defer e.Close()
	q := find(t, e, "q")
	mustOffer(t, q, toLog("25"))
	before, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(d.path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	foreign := d.log[d.borders[1]:d.borders[2]]
	if _, err := f.Write(foreign); err != nil {
		t.Fatal(err)
	}
	f.Close()
	_, pollErr := q.Poll(ended)
	for _, err := range []error{q.Offer(ended, toLog("26")), pollErr, q.Offer(ended, toLog("27"))} {
		if err == nil || !strings.HasPrefix(err.Error(), "Write-ahead log of queue q is out of service: written by another process") {
			t.Errorf("%v", err)
		}
	}
	if now, err := os.ReadFile(d.path); err != nil || !bytes.Equal(now, append(before, foreign...)) {
		t.Errorf("the log has been changed: %v", err)
	}
	if err := find(t, e, "other").Offer(ended, toLog("goes on")); err != nil {
		t.Errorf("another queue: %v", err)
	}
}

// The order survives two restarts of a half-drained queue that is filled up between (from public reports).
func TestOrderAfterTwoRestarts(t *testing.T) {
	o := LogOptions{Dir: t.TempDir(), Sync: 20 * time.Millisecond}
	e := openLogged(t, o)
	q := newDurableQueue(t, e, "q", 1000)
	next, want := 0, 0
	for range 3 {
		for range 100 {
			mustOffer(t, q, toLog(fmt.Sprint(next)))
			next++
		}
		for range 50 {
			m, err := q.Poll(ended)
			if err != nil || string(m.Payload) != fmt.Sprint(want) {
				t.Fatalf("%v, %v; want %d", m, err, want)
			}
			want++
		}
		o.Compact = !o.Compact
		e = restart(t, e, o)
		q = find(t, e, "q")
	}
	defer e.Close()
	for _, text := range drain(t, q) {
		if text != fmt.Sprint(want) {
			t.Fatalf("%s, want %d", text, want)
		}
		want++
	}
	if want != next {
		t.Errorf("%d of %d messages", want, next)
	}
}
