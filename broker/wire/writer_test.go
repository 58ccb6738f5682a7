// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

// sink records each write. It takes room bytes and then fails (room < 0: never).
type sink struct {
	writes [][]byte
	room   int
	err    error
}

func (s *sink) Write(p []byte) (int, error) {
	n := len(p)
	if s.room >= 0 && n > s.room {
		n = s.room
	}
	s.writes = append(s.writes, bytes.Clone(p[:n]))
	if s.room >= 0 {
		s.room -= n
	}
	if n < len(p) {
		return n, s.err
	}
	return n, nil
}

func (s *sink) bytes() []byte { return slices.Concat(s.writes...) }

// wire-protocol.md 2.1: a frame below 16 KiB is one write, sealed and compressed frames are at any size; the payload of a
// larger one goes beside its header (together on a real connection).
func TestOneWritePerFrame(t *testing.T) {
	for _, f := range frameForms {
		for _, size := range []int{0, 100, BesideLen - 1, BesideLen, 1 << 20} {
			out := &sink{room: -1}
			w := NewWriter(out)
			w.SetSealer(f.sealer(t))
			if f.compress {
				w.SetCutoff(0)
			}
			m := testMessage(make([]byte, size))
			for range 3 {
				if err := w.Write(m); err != nil {
					t.Fatal(err)
				}
			}
			want := f.frame(t, m)
			if got := out.bytes(); !bytes.Equal(got, bytes.Repeat(want, 3)) {
				t.Fatalf("%s, %d bytes: other bytes than AppendFrame makes", f.name, size)
			}
			perFrame := 1
			if size >= BesideLen && !f.compress && !f.sealed {
				perFrame = 2
				if len(out.writes[0]) != len(want)-size {
					t.Errorf("the first write has %d bytes, header and meta have %d", len(out.writes[0]), len(want)-size)
				}
			}
			if len(out.writes) != 3*perFrame {
				t.Errorf("%s, %d bytes: %d writes for 3 frames", f.name, size, len(out.writes))
			}
		}
	}
}

func TestQueueFlush(t *testing.T) {
	out := &sink{room: -1}
	w := NewWriter(out)
	if err := w.Flush(); err != nil || len(out.writes) != 0 {
		t.Errorf("an empty flush: %v, %d writes", err, len(out.writes))
	}
	var want []byte
	for i, size := range []int{10, 20 << 10, 0, 5000, 40 << 10, 50 << 10, 7} {
		m := testMessage(bytes.Repeat([]byte{byte(i)}, size))
		want = append(want, frameForms[0].frame(t, m)...)
		if err := w.Queue(m); err != nil || w.Pending() != len(want) {
			t.Fatalf("%v, %d pending, want %d", err, w.Pending(), len(want))
		}
	}
	if len(out.writes) != 0 {
		t.Error("Queue has written")
	}
	if err := w.Flush(); err != nil || w.Pending() != 0 || !bytes.Equal(out.bytes(), want) {
		t.Errorf("%v, %d pending, same bytes: %v", err, w.Pending(), bytes.Equal(out.bytes(), want))
	}
	if w.buf != nil { // O26
		t.Error("an idle writer holds memory")
	}
	out.writes = nil
	w.Queue(testMessage([]byte("first")))
	if err := w.Write(testMessage([]byte("second"))); err != nil || len(out.writes) != 1 {
		t.Errorf("Write after Queue: %v, %d writes", err, len(out.writes))
	}
}

func TestCutoff(t *testing.T) { // section 5: 99 not, 100 compressed with cutoff 100
	for _, c := range []struct {
		cutoff, size int
		want         byte
	}{{-1, 0, 0}, {-1, 100000, 0}, {0, 0, 1}, {0, 1, 1}, {100, 99, 0}, {100, 100, 1}, {100, 101, 1}} {
		out := &sink{room: -1}
		w := NewWriter(out)
		w.SetCutoff(c.cutoff)
		if err := w.Write(testMessage(make([]byte, c.size))); err != nil || out.bytes()[6] != c.want {
			t.Errorf("cutoff %d, %d bytes: %v, flag %d", c.cutoff, c.size, err, out.bytes()[6])
		}
	}
}

func TestWritePlain(t *testing.T) { // 6.4
	out := &sink{room: -1}
	w := NewWriter(out)
	w.SetCutoff(0)
	w.SetSealer(frameForms[2].sealer(t))
	m := testMessage([]byte("a public key"))
	if err := w.WritePlain(m); err != nil || !bytes.Equal(out.bytes(), frameForms[0].frame(t, m)) {
		t.Errorf("%v, %x", err, out.bytes())
	}
	out.writes = nil
	if err := w.Write(m); err != nil || out.bytes()[6] != 1 || out.bytes()[7] != 1 {
		t.Errorf("the frame after it: %v, %x", err, out.bytes()[:HeaderLen])
	}
}

func TestNotWritten(t *testing.T) {
	reset := errors.New("connection reset")
	small, large := testMessage([]byte("payload")), testMessage(make([]byte, 20<<10))
	one := len(frameForms[0].frame(t, small))
	for name, c := range map[string]struct {
		queued     []*Message
		m          *Message
		room       int
		notWritten bool
		lost       bool // the stream is of no more use
	}{
		"nothing":                   {nil, small, 0, true, false},
		"one byte":                  {nil, small, 1, false, true},
		"all but one":               {nil, small, one - 1, false, true},
		"large, nothing":            {nil, large, 0, true, false},
		"large, one byte":           {nil, large, 1, false, true},
		"large, into the payload":   {nil, large, 10 << 10, false, true},
		"only what was queued":      {[]*Message{small}, small, one, true, true},
		"part of what was queued":   {[]*Message{small}, small, one - 1, true, true},
		"the first byte after it":   {[]*Message{small}, small, one + 1, false, true},
		"nothing of the queue":      {[]*Message{small, large}, small, 0, true, false},
		"large: only what was sent": {[]*Message{small}, large, one, true, true},
	} {
		out := &sink{room: c.room, err: reset}
		w := NewWriter(out)
		for _, m := range c.queued {
			if err := w.Queue(m); err != nil {
				t.Fatal(err)
			}
		}
		err := w.Write(c.m)
		if !errors.Is(err, reset) || errors.Is(err, ErrNotWritten) != c.notWritten {
			t.Errorf("%s: %v", name, err)
		}
		if w.Pending() != 0 {
			t.Errorf("%s: %d bytes are still queued", name, w.Pending())
		}
		out.room, out.writes = -1, nil
		for _, again := range []func() error{
			func() error { return w.Write(small) }, func() error { return w.WritePlain(small) },
			func() error { return errors.Join(w.Queue(small), w.Flush()) },
		} {
			err := again()
			if !c.lost && err != nil {
				t.Errorf("%s: afterwards %v", name, err)
			}
			if c.lost && (!errors.Is(err, ErrNotWritten) || !errors.Is(err, reset) || len(out.writes) != 0) {
				t.Errorf("%s: afterwards %v, %d writes", name, err, len(out.writes))
			}
		}
	}
}

// A message that cannot be encoded disturbs neither the queue nor the stream.
func TestQueueRefuses(t *testing.T) {
	out := &sink{room: -1}
	w := NewWriter(out)
	good, bad := testMessage([]byte("payload")), testMessage(make([]byte, 20<<10))
	bad.Type = 1
	check := func() {
		t.Helper()
		before := w.Pending()
		for _, err := range []error{w.Queue(bad), w.Write(bad), w.WritePlain(bad)} {
			if !errors.Is(err, ErrNotWritten) || w.Pending() != before {
				t.Errorf("%v, %d pending, want %d", err, w.Pending(), before)
			}
		}
	}
	check()
	w.Queue(good)
	check()
	w.SetSealer(failingSealer{})
	if err := w.Write(good); !errors.Is(err, ErrNotWritten) || !errors.Is(err, errSeal) {
		t.Errorf("sealing fails: %v", err)
	}
	w.SetSealer(nil)
	if err := w.Write(good); err != nil || !bytes.Equal(out.bytes(), bytes.Repeat(frameForms[0].frame(t, good), 2)) {
		t.Errorf("%v, %x", err, out.bytes())
	}
}

func TestShortWrite(t *testing.T) {
	w := NewWriter(&sink{room: 10})
	if err := w.Write(testMessage(nil)); err != io.ErrShortWrite {
		t.Errorf("%v", err)
	}
}

// The queue refers to a large payload instead of copying it.
func TestLargePayloadIsNotCopied(t *testing.T) {
	m := testMessage(make([]byte, 8<<20))
	w := NewWriter(io.Discard)
	w.Write(m)
	if taken := allocated(func() { w.Write(m) }); taken > 64<<10 {
		t.Errorf("%d bytes allocated", taken)
	}
}
