// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
)

// framed is the ceiling of perf.md A: header and 83 bytes of meta data with the payload in, 99 bytes out, nothing parsed
// beyond the lengths, one in flight.
type framed struct {
	conn net.Conn
	r    *bufio.Reader
	out  []byte
	in   [99]byte
}

func newFramed(b *testing.B, payload int) *framed {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		r := bufio.NewReaderSize(nc, 64<<10)
		head, body, answer := make([]byte, 16), make([]byte, 83+payload), make([]byte, 99)
		for {
			if _, err := io.ReadFull(r, head); err != nil {
				return
			}
			n := binary.BigEndian.Uint32(head[8:]) + binary.BigEndian.Uint32(head[12:])
			if _, err := io.ReadFull(r, body[:n]); err != nil {
				return
			}
			if _, err := nc.Write(answer); err != nil {
				return
			}
		}
	}()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		nc.Close()
		l.Close()
		<-done
	})
	f := &framed{conn: nc, r: bufio.NewReader(nc), out: make([]byte, 16+83+payload)}
	binary.BigEndian.PutUint32(f.out[8:], 83)
	binary.BigEndian.PutUint32(f.out[12:], uint32(payload))
	return f
}

func (f *framed) call() error {
	if _, err := f.conn.Write(f.out); err != nil {
		return err
	}
	_, err := io.ReadFull(f.r, f.in[:])
	return err
}

// BenchmarkSync5KB is row 1 of perf.md E: 5 KB, one in flight, one connection, client and server in one process. It runs
// the ceiling and the broker in turns, so that both meet the same machine.
func BenchmarkSync5KB(b *testing.B) {
	const payload = 5 << 10
	s := startServer(b, ServerOptions{})
	c := dial(b, s, ClientOptions{})
	f := newFramed(b, payload)
	data := make([]byte, payload)
	ceiling := func() {
		if err := f.call(); err != nil {
			b.Fatal(err)
		}
	}
	ours := func() {
		if _, err := c.Test(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
	const turn = 500
	var theirs, own time.Duration
	lap := func(call func()) time.Duration {
		begun := time.Now()
		for range turn {
			call()
		}
		return time.Since(begun)
	}
	lap(ceiling)
	lap(ours)
	b.ReportAllocs()
	b.SetBytes(turn * payload)
	for b.Loop() {
		theirs += lap(ceiling)
		own += lap(ours)
	}
	rate := func(d time.Duration) float64 { return float64(turn*b.N) / d.Seconds() }
	b.ReportMetric(rate(own), "msg/s")
	b.ReportMetric(rate(theirs), "ceiling-msg/s")
	b.ReportMetric(100*theirs.Seconds()/own.Seconds(), "%ceiling")
}
