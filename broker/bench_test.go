// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"sync"
	"testing"
	"time"

	"gondola/broker/internal/framed"
	"gondola/broker/wire"
)

// BenchmarkSync has the rows of perf.md A that are one in flight on each of some connections, client and server in one
// process. It runs the ceiling and the broker in turns, so that both meet the same machine. The ceiling of large messages
// has the system's congestion control.
func BenchmarkSync(b *testing.B) {
	for _, c := range []struct {
		name                 string
		payload, turn, conns int // turn: calls of a connection
	}{
		{"5KB", 5 << 10, 500, 1}, {"50KB", 50 << 10, 200, 1}, {"500KB", 500 << 10, 20, 1}, {"5MB", 5 << 20, 5, 1}, {"50MB", 50 << 20, 1, 1},
		{"5KB-4-connections", 5 << 10, 200, 4}, {"5KB-10-connections", 5 << 10, 100, 10}, {"5KB-100-connections", 5 << 10, 20, 100},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkSync(b, c.payload, c.turn, c.conns) })
	}
}

// benchmarkSync reports the time of a turn of calls of each.
func benchmarkSync(b *testing.B, payload, turn, conns int) {
	s := startServer(b, ServerOptions{MaxConnections: conns, MaxMessageSize: max(wire.DefaultMaxMessage, 2*payload)})
	var loops []*framed.Loop
	var clients []*Client
	for range conns {
		f := must[*framed.Loop](b)(framed.New(payload))
		b.Cleanup(f.Close)
		loops, clients = append(loops, f), append(clients, dial(b, s, ClientOptions{}))
	}
	data := make([]byte, payload)
	ceiling := func(i int) error { return loops[i].Call() }
	ours := func(i int) error {
		_, err := clients[i].Test(b.Context(), data)
		return err
	}
	var theirs, own time.Duration
	lap := func(call func(i int) error) time.Duration {
		begun := time.Now()
		var all sync.WaitGroup
		for i := range conns {
			all.Go(func() {
				for range turn {
					if err := call(i); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		return time.Since(begun)
	}
	lap(ceiling)
	lap(ours)
	b.ReportAllocs()
	b.SetBytes(int64(turn * conns * payload))
	for b.Loop() {
		theirs += lap(ceiling)
		own += lap(ours)
	}
	rate := func(d time.Duration) float64 { return float64(turn*conns*b.N) / d.Seconds() }
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
