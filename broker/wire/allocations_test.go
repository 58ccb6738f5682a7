// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// The race detector makes a sync.Pool forget a part of what it is given, at random: nothing can be counted under it.

//go:build !race

package wire

import (
	"io"
	"testing"
)

// Costs that must not creep back: no allocation to write a frame, message and payload to read one, and one more for
// all the names of a message together.
func TestAllocations(t *testing.T) {
	for _, f := range []frameForm{frameForms[0], frameForms[2]} {
		m := benchMessage(5120)
		w := NewWriter(io.Discard)
		w.SetSealer(f.sealer(t))
		if n := testing.AllocsPerRun(100, func() { w.Write(m) }); n >= 1 {
			t.Errorf("%s: %v allocations to write", f.name, n)
		}
		for _, c := range []struct {
			m    *Message
			most float64
		}{{m, 2}, {testMessage([]byte("payload")), 3}, {benchMessage(0), 1}} {
			r := NewReader(&loop{frame: f.frame(t, c.m)}, testLimits)
			r.SetSealer(f.sealer(t))
			r.Read()
			if n := testing.AllocsPerRun(100, func() { r.Read() }); n > c.most {
				t.Errorf("%s: %v allocations to read, want at most %v", f.name, n, c.most)
			}
		}
	}
}
