// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// remnant is a short payload that names the message it is left of.
func remnant(r Record) []byte { return []byte{'r', r.ID[15]} }

// consumed opens a log and returns the numbers of the live messages, and those of the consumed ones with what is left of each.
func (f logFile) consumed(t *testing.T, o Options) (live, spent []int, left map[int][]byte) {
	t.Helper()
	d := open(t, f.dir, o)
	l, err := d.Open(t.Context(), "q")
	if err != nil {
		t.Fatal(err)
	}
	left = map[int][]byte{}
	err = errors.Join(
		l.ReplayConsumed(func(r Record) error {
			spent = append(spent, int(r.ID[15]))
			left[int(r.ID[15])] = r.Payload
			return nil
		}),
		l.Replay(func(r Record) error {
			live = append(live, int(r.ID[15]))
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	shut(t, l, d)
	return live, spent, left
}

// What is left of consumed messages is there after compactions, oldest first, and they stay consumed; Remains decides again
// each time, and a log of compacted remains does not change any more (C4).
func TestRemains(t *testing.T) {
	for _, compress := range []bool{false, true} {
		config := slices.Clone(plainConfig)
		if compress {
			config[11] = 1
		}
		keep := func(r Record) []byte {
			if r.ID[15]%5 == 0 {
				return nil
			}
			return remnant(r)
		}
		f := logFile{dir: t.TempDir()}
		f.path = f.dir + "/q.wal"
		d := open(t, f.dir, Options{Remains: keep})
		l, err := d.Create(t.Context(), "q", config)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 12 {
			if err := l.Append(message(i)); err != nil {
				t.Fatal(err)
			}
		}
		for _, i := range []int{7, 2, 3, 5, 1} {
			if err := l.Append(ackFor(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Append(message(2)); err != nil { // it has been put back
			t.Fatal(err)
		}
		shut(t, l, d)
		wantLive := []int{0, 4, 6, 8, 9, 10, 11, 2}
		live, spent, left := f.consumed(t, Options{Remains: keep})
		if !slices.Equal(live, wantLive) || !slices.Equal(spent, []int{1, 3, 5, 7}) || !bytes.Equal(left[3], message(3).Payload) {
			t.Errorf("before a compaction: live %v, consumed %v", live, spent)
		}
		var size int
		for round := range 3 {
			live, spent, left = f.consumed(t, Options{Remains: keep, Compact: true})
			if !slices.Equal(live, wantLive) || !slices.Equal(spent, []int{1, 3, 7}) || !bytes.Equal(left[7], []byte{'r', 7}) {
				t.Errorf("compaction %d: live %v, consumed %v, %v", round, live, spent, left)
			}
			if n := len(f.bytes(t)); round > 0 && n != size {
				t.Errorf("compaction %d: %d bytes, before %d", round, n, size)
			}
			size = len(f.bytes(t))
		}
		if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, wantLive) { // as who knows nothing of remains
			t.Errorf("%v, %v; want %v", got, err, wantLive)
		}
		live, spent, _ = f.consumed(t, Options{Compact: true})
		if !slices.Equal(live, wantLive) || len(spent) > 0 {
			t.Errorf("compacted without Remains: live %v, consumed %v", live, spent)
		}
		if _, spent, _ = f.consumed(t, Options{Remains: keep}); len(spent) > 0 {
			t.Errorf("compacted without Remains, opened with it: consumed %v", spent)
		}
	}
}

// Remains that the check does not accept are found before the old log is given up (C2).
func TestRemainsThatDoNotPass(t *testing.T) {
	log, _ := sample(t)
	f := logOf(t, log)
	bad := Options{Compact: true, Remains: remnant, Check: func(r Record) error {
		if r.Kind == Data && len(r.Payload) < 10 {
			return errors.New("too short")
		}
		return nil
	}}
	live, spent, left := f.consumed(t, bad)
	if !slices.Equal(live, numbers(1, 20)) || !slices.Equal(spent, []int{0}) || !bytes.Equal(left[0], message(0).Payload) {
		t.Errorf("live %v, consumed %v, %v", live, spent, left)
	}
	if !bytes.Equal(f.bytes(t), log) {
		t.Error("the log has changed")
	}
}

// A consumed message is told of once, whatever the order of records of one id in the log.
func TestConsumedTwice(t *testing.T) {
	l, f, d := create(t, Options{Remains: remnant})
	for range 3 {
		if err := l.Append(message(1), ackFor(1)); err != nil {
			t.Fatal(err)
		}
	}
	unknown := Record{Ack, uuid.New(), make([]byte, 16)}
	if err := l.Append(unknown); err != nil {
		t.Fatal(err)
	}
	shut(t, l, d)
	for _, compact := range []bool{false, true, true} {
		if live, spent, _ := f.consumed(t, Options{Remains: remnant, Compact: compact}); len(live) > 0 || !slices.Equal(spent, []int{1}) {
			t.Errorf("live %v, consumed %v", live, spent)
		}
	}
}
