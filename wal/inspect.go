// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"os"
	"path/filepath"
	"strings"
)

// Entry is a valid record and its place in a log. Payload is inflated; it is borrowed for the call.
type Entry struct {
	Record
	Offset     int64 // in the file
	LSN        int64
	Stored     int64 // bytes of the payload in the file
	Compressed bool
}

// Report is what Inspect has found.
type Report struct {
	Queue     string
	Size      int64 // bytes of the file
	End       int64 // of the valid records at its start
	Records   int
	Live      int   // messages that are not acknowledged
	LiveBytes int64 // of their records
	Verdict   Verdict
	Cause     error // why the record at End is not valid; nil if the file ends there
}

// Inspect reads a log without a lock and without changing a byte; of one that a server writes to, the end may look torn.
// check is Options.Check, yield gets every valid record; either may be nil. An error is of the disk or of yield.
func Inspect(path string, check func(Record) error, yield func(Entry) error) (*Report, error) {
	var out *Report
	err := reading(path, check, func(s *scanner) error {
		live := newLive(false)
		records := 0
		s.seen = func(e Entry) error {
			records++
			live.apply(e.Record, e.Offset, headerLen+e.Stored)
			if yield != nil {
				return yield(e)
			}
			return nil
		}
		sc, v, next, err := s.examine(Always.always())
		if err == nil && v == InBatch {
			_, err = s.run(next)
		}
		if err != nil {
			return err
		}
		out = &Report{
			Queue: QueueOf(path), Size: s.size, End: sc.end, Records: records,
			Live: live.order.Len(), LiveBytes: live.bytes, Verdict: v, Cause: sc.bad,
		}
		return nil
	})
	return out, err
}

// reading opens a log to read it only.
func reading(path string, check func(Record) error, do func(*scanner) error) error {
	f, err := OS.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return err
	}
	return do(&scanner{f: f, size: size, check: check})
}

// QueueOf is the queue that has a file as its log.
func QueueOf(path string) string {
	return strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), logSuffix), "$", "/")
}
