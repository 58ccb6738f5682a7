// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"testing"
	"time"

	"gondola/broker/internal/framed"
	"gondola/broker/wire"
)

// BenchmarkSync5KB is row 1 of perf.md E: 5 KB, one in flight, one connection, client and server in one process. It runs
// the ceiling and the broker in turns, so that both meet the same machine.
func BenchmarkSync5KB(b *testing.B) { benchmarkSync(b, 5<<10, 500) }

// BenchmarkSync50KB and BenchmarkSync5MB are rows of perf.md A; their ceiling has the system's congestion control.
func BenchmarkSync50KB(b *testing.B) { benchmarkSync(b, 50<<10, 200) }
func BenchmarkSync5MB(b *testing.B)  { benchmarkSync(b, 5<<20, 5) }

// benchmarkSync reports the time of a turn of calls of each.
func benchmarkSync(b *testing.B, payload, turn int) {
	s := startServer(b, ServerOptions{})
	c := dial(b, s, ClientOptions{})
	f := must[*framed.Loop](b)(framed.New(payload))
	b.Cleanup(f.Close)
	data := make([]byte, payload)
	ceiling := func() {
		if err := f.Call(); err != nil {
			b.Fatal(err)
		}
	}
	ours := func() {
		if _, err := c.Test(b.Context(), data); err != nil {
			b.Fatal(err)
		}
	}
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
	b.SetBytes(int64(turn * payload))
	for b.Loop() {
		theirs += lap(ceiling)
		own += lap(ours)
	}
	rate := func(d time.Duration) float64 { return float64(turn*b.N) / d.Seconds() }
	b.ReportMetric(rate(own), "msg/s")
	b.ReportMetric(rate(theirs), "ceiling-msg/s")
	b.ReportMetric(100*theirs.Seconds()/own.Seconds(), "%ceiling")
}

// BenchmarkPipelined is 64 requests in flight on one connection, each with 5 KB and an empty answer.
func BenchmarkPipelined(b *testing.B) {
	const inFlight = 64
	s := startServer(b, ServerOptions{})
	createFunction(b, s, "sink", func(context.Context, *wire.Message) (*wire.Message, error) { return nil, nil })
	c := dial(b, s, ClientOptions{})
	m := textMessage("", "", "")
	m.Payload = make([]byte, 5<<10)
	calls := make([]*Call, inFlight)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		at := n % inFlight
		n++
		if calls[at] != nil {
			if _, err := calls[at].Result(); err != nil {
				b.Fatal(err)
			}
		}
		call, err := c.SendAsync(b.Context(), "sink", m)
		if err != nil {
			b.Fatal(err)
		}
		calls[at] = call
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// BenchmarkOfferPoll is a pair on a transient queue with 5 KB (perf.md B).
func BenchmarkOfferPoll(b *testing.B) {
	s := startServer(b, ServerOptions{})
	createQueue(b, s, "q", 10)
	c := dial(b, s, ClientOptions{})
	m := textMessage("", "", "")
	m.Payload = make([]byte, 5<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Offer(b.Context(), "q", "", 0, m); err != nil {
			b.Fatal(err)
		}
		if got, err := c.Poll(b.Context(), "q", 0); err != nil || got.Status != wire.OK {
			b.Fatal(got, err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
}
