// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"context"
	"errors"
)

// Scan examines a log in memory: where its valid records end, how many there are and are live, and what follows them.
func Scan(log []byte, check func(Record) error, always bool) (end int64, records, live int, v Verdict, err error) {
	s := &scanner{f: inMemory{bytes.NewReader(log)}, size: int64(len(log)), check: check}
	sc, v, _, err := s.examine(always)
	if err != nil {
		return 0, 0, 0, 0, err
	}
	return sc.end, sc.records, sc.live.order.Len(), v, nil
}

// inMemory is a file that can only be read.
type inMemory struct{ *bytes.Reader }

var errReadOnly = errors.New("the file can only be read")

func (inMemory) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }
func (inMemory) Sync() error                        { return errReadOnly }
func (inMemory) Truncate(int64) error               { return errReadOnly }
func (inMemory) Allocate(int64) error               { return errReadOnly }
func (inMemory) DropCache()                         {}
func (inMemory) Close() error                       { return nil }
func (m inMemory) Size() (int64, error)             { return m.Reader.Size(), nil }

// CompactNow compacts a log that serves, however little is to be gained.
func (l *Log) CompactNow(ctx context.Context) error { return l.compact(ctx) }
