// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Recovery (reliability.md 3): the log is read from its start; the first record that is not valid decides.

const (
	sector       = 512     // what a disk writes as a whole
	maxTorn      = 8 << 20 // of the synchronous policy; one record if it is larger
	readBuffer   = 256 << 10
	tornSuffix   = ".torn-"
	damageSuffix = ".corrupt-"
)

// scan is what reading a log has found.
type scan struct {
	end     int64 // of the last valid record
	size    int64 // of the file
	lsn     int64 // of the last valid record
	config  []byte
	records int
	live    live
	bad     error // why the record at end is not valid; nil: the file ends there

	compressed byte // 1: a payload is
}

var (
	errNoConfig    = errors.New("the first record is no CONFIG")
	errLaterConfig = errors.New("a CONFIG that is not the first record")
)

// inPlace: a log has one CONFIG, at its start.
func inPlace(r Record, at int64) error {
	switch {
	case at == 0 && r.Kind != Config:
		return errNoConfig
	case at > 0 && r.Kind == Config:
		return errLaterConfig
	}
	return nil
}

// scanner reads a file in order.
type scanner struct {
	f     File
	check func(Record) error // the engine's cross-check; may be nil
	seen  func(Entry) error  // gets each valid record that examine and run read; may be nil

	consumed bool // remember consumed DATA, too
	headless bool // the CONFIG is missing or damaged: records may do without
	buf      []byte
	at       int64 // of buf in the file
	size     int64
}

// read returns n bytes at an offset; they are valid until the next call.
func (s *scanner) read(at, n int64) ([]byte, error) {
	if at >= s.at && at+n <= s.at+int64(len(s.buf)) {
		return s.buf[at-s.at : at-s.at+n], nil
	}
	want := min(max(n, readBuffer), s.size-at)
	if int64(cap(s.buf)) < want {
		s.buf = make([]byte, want)
	}
	s.buf, s.at = s.buf[:want], at
	if _, err := s.f.ReadAt(s.buf, at); err != nil && err != io.EOF {
		s.buf = s.buf[:0]
		return nil, err
	}
	return s.buf[:n], nil
}

// stored reads the record at an offset and checks its header; the payload is valid until the next call. bad is why the record is
// not valid; err is a failure of the disk.
func (s *scanner) stored(at int64) (h header, payload []byte, bad, err error) {
	if s.size-at < headerLen {
		return h, nil, fmt.Errorf("%d bytes are no header", s.size-at), nil
	}
	b, err := s.read(at, headerLen)
	if err != nil {
		return h, nil, nil, err
	}
	h = parseHeader(b)
	if bad := h.plausible(); bad != nil {
		return h, nil, bad, nil
	}
	if h.length > s.size-at-headerLen {
		return h, nil, fmt.Errorf("the payload of %d bytes runs past the end of the file", h.length), nil
	}
	payload, err = s.read(at+headerLen, h.length)
	return h, payload, nil, err
}

// record reads and checks the record at an offset. bad is why it is not valid; err is a failure of the disk.
func (s *scanner) record(at int64) (r Record, h header, bad, err error) {
	h, stored, bad, err := s.stored(at)
	if bad != nil || err != nil {
		return r, h, bad, err
	}
	payload, bad := h.open(stored)
	if bad != nil {
		return r, h, bad, nil
	}
	r = Record{Kind: h.kind, ID: h.id, Payload: payload}
	if s.check != nil {
		if bad := s.check(r); bad != nil {
			return r, h, bad, nil
		}
	}
	return r, h, nil, nil
}

// placed is inPlace for a log that has its CONFIG.
func (s *scanner) placed(r Record, at int64) error {
	if s.headless {
		return nil
	}
	return inPlace(r, at)
}

// run reads from an offset to the first record that is not valid.
func (s *scanner) run(from int64) (*scan, error) {
	out := &scan{end: from, live: newLive(s.consumed)}
	return out, s.resume(out)
}

// resume goes on where a scan has ended.
func (s *scanner) resume(out *scan) error {
	out.size = s.size
	for out.end < s.size {
		r, h, bad, err := s.record(out.end)
		if err != nil {
			return err
		}
		if bad == nil {
			bad = s.placed(r, out.end)
		}
		if bad != nil {
			out.bad = bad
			return nil
		}
		whole := headerLen + h.length
		if r.Kind == Config {
			out.config = bytes.Clone(r.Payload)
		}
		if h.compressed == 1 {
			out.compressed = 1
		}
		out.live.apply(r, out.end, whole)
		if s.seen != nil {
			if err := s.seen(Entry{Record: r, Offset: out.end, LSN: h.lsn, Stored: h.length, Compressed: h.compressed == 1}); err != nil {
				return err
			}
		}
		out.end += whole
		out.lsn = h.lsn
		out.records++
	}
	return nil
}

// Verdict is what the rest of a file behind its valid records is.
type Verdict int

const (
	Clean      Verdict = iota
	Torn               // a crash has left it: opening the log keeps it aside and cuts it off
	InBatch            // one record of a batch is torn, valid ones follow
	Unfinished         // the log was never finished: the queue does not exist
	Damaged            // a crash does not explain it
)

// String is the verdict in a word.
func (v Verdict) String() string {
	return [...]string{"clean", "torn", "torn within", "unfinished", "damaged"}[v]
}

// examine reads the whole log. next is where valid records go on behind an InBatch.
func (s *scanner) examine(always bool) (sc *scan, v Verdict, next int64, err error) {
	if sc, err = s.run(0); err != nil {
		return nil, 0, 0, err
	}
	seen := s.seen
	s.seen = nil
	defer func() { s.seen = seen }()
	if v, next, err = s.judge(sc, always); err != nil || sc.records > 0 || v == Damaged {
		return sc, v, next, err
	}
	zero, err := s.zero(0, s.size)
	if zero || s.size <= headerLen+configLen { // a CONFIG is synced before anything follows it (D7)
		return sc, Unfinished, 0, err
	}
	sc.bad = errNoConfig
	return sc, Damaged, 0, err
}

// judge decides about the bytes from the first record that is not valid (reliability.md 3.2). always says that every record
// was synced before the next one was written.
func (s *scanner) judge(sc *scan, always bool) (v Verdict, next int64, err error) {
	rest := sc.size - sc.end
	if sc.bad == nil || rest == 0 {
		return Clean, 0, nil
	}
	zero, err := s.zero(sc.end, sc.size)
	if err != nil {
		return 0, 0, err
	}
	if zero || rest < headerLen {
		return Torn, 0, nil
	}
	_, h, _, err := s.record(sc.end)
	if err != nil {
		return 0, 0, err
	}
	usable := h.plausible() == nil
	if usable && h.length > rest-headerLen {
		return s.bounded(Torn, rest, always), 0, nil
	}
	until := sc.end + headerLen + h.length
	if !usable { // the preallocated zeros at the end tell nothing
		if until, err = s.trimZeros(sc.end+headerLen, sc.size); err != nil {
			return 0, 0, err
		}
	}
	hole, err := s.hasZeroSector(sc.end, until)
	if err != nil || !hole {
		return Damaged, 0, err
	}
	if usable && until < sc.size {
		after, err := s.run(until)
		if err != nil {
			return 0, 0, err
		}
		if after.bad == nil {
			return s.bounded(InBatch, rest, always), until, nil
		}
	}
	return s.bounded(Torn, rest, always), 0, nil
}

// bounded is v if a crash can have torn so much.
func (s *scanner) bounded(v Verdict, rest int64, always bool) Verdict {
	if always && rest > max(maxTorn, headerLen+maxPayload) {
		return Damaged
	}
	return v
}

func (s *scanner) zero(from, to int64) (bool, error) {
	for at := from; at < to; {
		n := min(readBuffer, to-at)
		b, err := s.read(at, n)
		if err != nil {
			return false, err
		}
		if bytes.Count(b, []byte{0}) < len(b) { // counts many bytes at a time
			return false, nil
		}
		at += n
	}
	return true, nil
}

// trimZeros is where the zeros at the end of a range begin.
func (s *scanner) trimZeros(from, to int64) (int64, error) {
	for to > from {
		n := min(readBuffer, to-from)
		b, err := s.read(to-n, n)
		if err != nil {
			return 0, err
		}
		if kept := len(bytes.TrimRight(b, "\x00")); kept > 0 {
			return to - n + int64(kept), nil
		}
		to -= n
	}
	return from, nil
}

// hasZeroSector cuts a range at the file's sector borders and looks for a piece that never reached the disk.
func (s *scanner) hasZeroSector(from, to int64) (bool, error) {
	for at := from; at < to; {
		end := min(to, (at/sector+1)*sector)
		zero, err := s.zero(at, end)
		if err != nil || zero {
			return zero, err
		}
		at = end
	}
	return false, nil
}

// keepAside copies a range into a new file before it goes (R2), synced.
func keepAside(ctx context.Context, fsys FS, f File, from, to int64, name string) error {
	out, err := fsys.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	buf := make([]byte, readBuffer)
	for at := from; at < to && err == nil; {
		n := min(int64(len(buf)), to-at)
		if _, err = f.ReadAt(buf[:n], at); err == nil || err == io.EOF {
			_, err = out.WriteAt(buf[:n], at-from)
		}
		at += n
		if err == nil {
			err = ctx.Err()
		}
	}
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

// stamp names a file that recovery has made.
func stamp() string { return time.Now().UTC().Format("20060102T150405.000000000Z") }
