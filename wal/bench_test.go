// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gondola/wal"
	"gondola/wal/waltest"
)

// BenchmarkAppend has the log's share in the durable rows of perf.md B: records of 5 KB, each append on stable storage before
// the next one of its producer. The ceilings have as many waiters; one-sync has one, and a growing file.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ producers, each int }{{1, 200}, {10, 50}, {64, 30}} {
		b.Run(fmt.Sprintf("%d-producers", c.producers), func(b *testing.B) { benchmarkAppend(b, c.producers, c.each) })
	}
}

func benchmarkAppend(b *testing.B, producers, each int) {
	d, err := wal.OpenDir(b.TempDir(), wal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	head, payload := make([]byte, 52), make([]byte, 5<<10) // of a record
	ours := func() time.Duration {                         // a log of its own, as each ceiling has an empty file
		l, err := d.Create(b.Context(), "q", []byte{0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0})
		if err != nil {
			b.Fatal(err)
		}
		took := waltest.Abreast(b, producers, each, func(int) error {
			return l.Append(wal.Record{Kind: wal.Data, ID: uuid.New(), Payload: payload})
		})
		if err := errors.Join(l.Close(), d.Remove("q")); err != nil {
			b.Fatal(err)
		}
		return took
	}
	ceiling := func(name string, ahead int64) waltest.Rival {
		c := waltest.NewCeiling(b, ahead)
		return waltest.Rival{Name: name, Turn: func() time.Duration {
			c.Restart(b)
			return waltest.Abreast(b, producers, each, func(int) error { return c.Append(head, payload) })
		}}
	}
	waltest.InTurns(b, producers*each, "record", ours, ceiling("growing", 0), ceiling("preallocated", 16<<20),
		waltest.OneSync(b, slices.Concat(head, payload)))
}
