// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gondola/wal"
)

// seeds are logs to begin with: the reference's, ours, and what crashes and damage make of them.
func seeds(f *testing.F) (logs [][]byte) {
	paths, err := filepath.Glob("testdata/*.wal")
	if err != nil || len(paths) < 5 {
		f.Fatal(paths, err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		logs = append(logs, b)
	}
	log, _ := logOf30(f)
	borders := bordersOf(log)
	hole := bytes.Clone(log)
	clear(hole[512:1024])
	flipped := bytes.Clone(log)
	flipped[borders[9]+headerLen+3] ^= 1
	claim := bytes.Clone(log)
	binary.BigEndian.PutUint32(claim[borders[9]+44:], 1<<31-1)
	return append(logs, nil, log, log[:borders[1]], log[:borders[4]+60], log[borders[1]:], hole, flipped, claim,
		append(bytes.Clone(log), make([]byte, 2000)...))
}

// The scanner takes exactly the records that another reader of the format takes, and allocates no more than there is (T21).
func FuzzLogScan(f *testing.F) {
	for i, log := range seeds(f) {
		f.Add(log, byte(i))
	}
	f.Fuzz(func(t *testing.T, log []byte, how byte) {
		if how&2 > 0 {
			log = sealed(log)
		}
		before := allocated()
		end, records, live, v, err := wal.Scan(log, nil, how&1 > 0)
		used := allocated() - before
		if err != nil {
			t.Fatal(err)
		}
		packed := bytes.Contains(log, []byte{0x1f, 0x8b}) // what is inflated has a limit of its own
		if used > 64*uint64(len(log))+16<<20 && !packed { // the fuzzer itself allocates, too
			t.Errorf("%d bytes were allocated for a log of %d", used, len(log))
		}
		want := validPrefix(log)
		n := 0
		for range eachRecord(log[:want], nil) {
			n++
		}
		if int(end) != want || records != n || live > records {
			t.Errorf("%d records, %d of them live, end at byte %d; another reader finds %d, up to byte %d", records, live, end, n, want)
		}
		if clean := want == len(log) && want > 0; clean != (v == wal.Clean) {
			t.Errorf("%v, but the records end at %d of %d", v, want, len(log))
		}
	})
}

// A recovery never loses a valid record at the start of a log, never destroys a byte, and leaves nothing to do for the next
// one (T21: R1, R2, R8).
func FuzzRecover(f *testing.F) {
	for i, log := range seeds(f) {
		f.Add(log, byte(i))
	}
	f.Fuzz(func(t *testing.T, log []byte, how byte) {
		o := wal.Options{Salvage: how&1 > 0, Compact: how&2 > 0}
		if how&8 > 0 {
			log = sealed(log)
		}
		if how&4 > 0 {
			o.Sync = wal.Policy{Interval: time.Minute}
		}
		first, err := recoverBytes(log, o)
		if err != nil {
			t.Fatal(err)
		}
		valid := validPrefixChecked(log)
		switch prefix, aside := log[:valid], first.aside(); {
		case first.damage != nil:
			if !bytes.Equal(first.after, log) || first.damage.Offset != int64(valid) && valid > 0 || aside != nil {
				t.Errorf("damage at %d is told, the records end at %d of %d, now %d bytes", first.damage.Offset, valid, len(log), len(first.after))
			}
		case first.noLog:
			if valid > 0 || !bytes.Equal(aside, log) {
				t.Errorf("a log with %d good bytes is taken for unfinished, %d of %d bytes are kept", valid, len(aside), len(log))
			}
		default:
			var want []int
			for _, id := range pendingIn(prefix) {
				if !bytes.Contains(log[valid:], id[:]) { // its ACK may be behind what could not be read
					want = append(want, numberOf(id))
				}
			}
			if !contains(first.live, want) {
				t.Errorf("%v is left of %v", first.live, want)
			}
			whole := bytes.Equal(aside, log) || bytes.HasSuffix(log, aside) || bytes.Contains(log, aside)
			if lost := len(log) - valid; !whole || aside == nil && bytes.Count(log[valid:], []byte{0}) < lost {
				t.Errorf("%d bytes behind the records, %d are kept aside", lost, len(aside))
			}
			if end := validPrefixChecked(first.after); end != len(first.after) {
				t.Errorf("the recovered log has records up to %d of %d", end, len(first.after))
			}
		}
		if first.noLog {
			return
		}
		second, err := recoverBytes(first.after, wal.Options{Sync: o.Sync})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(second.after, first.after) || !slices.Equal(second.live, first.live) || second.dropped > 0 || second.aside() != nil ||
			(second.damage == nil) != (first.damage == nil) {
			t.Errorf("the second recovery: %v, %v, %d dropped, %d bytes; the first one: %v, %v, %d bytes",
				second.live, second.damage, second.dropped, len(second.after), first.live, first.damage, len(first.after))
		}
	})
}

// sealed is a log whose checksums are right, as far as its lengths lead: what is behind them comes to be looked at.
func sealed(log []byte) []byte {
	log = bytes.Clone(log)
	for at := 0; len(log)-at >= headerLen; {
		n := int(int32(binary.BigEndian.Uint32(log[at+44:])))
		if n < 0 || n > len(log)-at-headerLen {
			break
		}
		binary.BigEndian.PutUint32(log[at+48:], crc32.ChecksumIEEE(log[at+headerLen:][:n]))
		at += headerLen + n
	}
	return log
}

// recoverBytes is openBytes, whose panics name what they were at.
func recoverBytes(log []byte, o wal.Options) (out opened, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("panic: %v", p))
		}
	}()
	return openBytes(log, o)
}

// aside is what recovery has kept.
func (o opened) aside() []byte {
	if b := o.kept(".torn-"); b != nil {
		return b
	}
	return o.kept(".corrupt-")
}
