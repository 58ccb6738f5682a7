// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"runtime"
	"testing"
)

// The memory of a payload is used again when it has been given back, and only then.
func TestReuse(t *testing.T) {
	for _, size := range []int{minBuffer, 50 << 10, 500 << 10} {
		var frames []byte
		for i := range byte(5) {
			m := benchMessage(size)
			m.Payload = bytes.Repeat([]byte{i}, size)
			frames = append(frames, frameForms[0].frame(t, m)...)
		}
		r := NewReader(bytes.NewReader(frames), DefaultLimits(DefaultMaxMessage))
		var payloads [][]byte
		read := func() *byte {
			m, err := r.Read()
			if err != nil {
				t.Fatal(err)
			}
			payloads = append(payloads, m.Payload)
			return &m.Payload[0]
		}
		read()
		kept := read()
		r.Reuse(payloads[1])
		payloads = payloads[:1]
		if again := read(); again != kept {
			t.Errorf("%d bytes: what was given back is not used", size)
		}
		if other := read(); other == kept {
			t.Errorf("%d bytes: what was given back once is used twice", size)
		}
		read()
		for i, p := range payloads {
			if want := []byte{0, 2, 3, 4}[i]; !bytes.Equal(p, bytes.Repeat([]byte{want}, size)) {
				t.Errorf("%d bytes: payload %d has been overwritten", size, want)
			}
		}
	}
}

// A connection that rests holds nothing (O26); other lengths do not get it either.
func TestReuseIsWeak(t *testing.T) {
	var s spares
	s.put(make([]byte, 64<<10))
	for _, n := range []int{64<<10 + 1, 32 << 10, 100} {
		if s.take(n) != nil {
			t.Errorf("%d bytes out of 64 KiB", n)
		}
	}
	if b := s.take(60 << 10); cap(b) != 64<<10 || s.take(60<<10) != nil {
		t.Errorf("%d bytes, or twice the same", cap(b))
	} else {
		s.put(b)
	}
	runtime.GC()
	if s.take(64<<10) != nil {
		t.Error("the collector leaves it")
	}
}
