// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"io"
	"testing"
)

// loop repeats a frame for ever.
type loop struct {
	frame []byte
	at    int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.frame[l.at:])
	if l.at += n; l.at == len(l.frame) {
		l.at = 0
	}
	return n, nil
}

// benchMessage is the request of the reference's benchmark: 16 + 83 + payload bytes (perf.md).
func benchMessage(size int) *Message {
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = byte(i * i >> 3)
	}
	return &Message{Type: Test, Status: NullStatus, Timestamp: 1795404542337, ExpiresAt: Never, Timeout: 300,
		Mimetype: "application/octet-stream", Payload: payload}
}

func BenchmarkEncode(b *testing.B) {
	for _, f := range frameForms {
		b.Run(f.name, func(b *testing.B) {
			w := NewWriter(io.Discard)
			w.SetSealer(f.sealer(b))
			if f.compress {
				w.SetCutoff(0)
			}
			m := benchMessage(5120)
			b.ReportAllocs()
			b.SetBytes(int64(m.Size()))
			for b.Loop() {
				if err := w.Write(m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, f := range frameForms {
		b.Run(f.name, func(b *testing.B) {
			benchmarkRead(b, f, benchMessage(5120))
		})
	}
}

// BenchmarkDecodeNamed has a request id, a destination and a subject, which cost one more allocation.
func BenchmarkDecodeNamed(b *testing.B) {
	m := testMessage(make([]byte, 100))
	benchmarkRead(b, frameForms[0], m)
}

func BenchmarkDecodeLarge(b *testing.B) {
	for _, size := range []int{50 << 10, 500 << 10, 5 << 20, 50 << 20} {
		for _, f := range []frameForm{frameForms[0], frameForms[2]} {
			b.Run(fmt.Sprintf("%s/%dKiB", f.name, size>>10), func(b *testing.B) {
				benchmarkRead(b, f, benchMessage(size))
			})
		}
	}
}

func benchmarkRead(b *testing.B, f frameForm, m *Message) {
	r := NewReader(&loop{frame: f.frame(b, m)}, DefaultLimits(MaxMaxMessage))
	r.SetSealer(f.sealer(b))
	b.ReportAllocs()
	b.SetBytes(int64(m.Size()))
	for b.Loop() {
		if _, err := r.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
