// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/broker/internal/framed"
	"gondola/broker/wire"
	"gondola/wal/waltest"
)

// The rows of perf.md A and B, client and server in one process, beside their ceilings in turns. The ceilings' sockets have the
// broker's options.

const usual = 5 << 10 // bytes of a payload

// BenchmarkSync has the rows that are one in flight on each of some connections.
func BenchmarkSync(b *testing.B) {
	for _, c := range []syncRow{
		{name: "5KB", payload: usual, turn: 500}, {name: "50KB", payload: 50 << 10, turn: 200}, {name: "500KB", payload: 500 << 10, turn: 20},
		{name: "5MB", payload: 5 << 20, turn: 5}, {name: "50MB", payload: 50 << 20, turn: 1},
		{name: "5KB-2-connections", payload: usual, turn: 200, conns: 2},
		{name: "5KB-4-connections", payload: usual, turn: 200, conns: 4},
		{name: "5KB-10-connections", payload: usual, turn: 100, conns: 10},
		{name: "5KB-100-connections", payload: usual, turn: 20, conns: 100},
		{name: "5KB-unix", payload: usual, turn: 500, unix: true}, {name: "5MB-unix", payload: 5 << 20, turn: 5, unix: true},
		{name: "5KB-encrypted", payload: usual, turn: 500, encrypt: true}, {name: "50KB-encrypted", payload: 50 << 10, turn: 200, encrypt: true},
		{name: "50KB-text-gzip", payload: 50 << 10, turn: 50, gzip: true},
	} {
		b.Run(c.name, c.run)
	}
}

type syncRow struct {
	name                string
	payload             int
	turn                int // calls of a connection
	conns               int // 0: one
	unix, encrypt, gzip bool
}

func (c syncRow) run(b *testing.B) {
	conns, addr, bare := max(1, c.conns), Port(0), framed.Options{Payload: make([]byte, c.payload), Seal: c.encrypt, Gzip: c.gzip}
	if c.unix {
		bare.Network, addr = "unix", unixAddress(b)
	}
	if c.gzip {
		bare.Payload = words(c.payload)
	}
	s := startServerAt(b, addr, ServerOptions{
		MaxConnections: conns, MaxMessageSize: max(wire.DefaultMaxMessage, 2*c.payload),
		Encrypt: c.encrypt, Compress: c.gzip, CompressCutoff: 1000,
	})
	var loops []*framed.Loop
	var clients []*Client
	for range conns {
		loops, clients = append(loops, bareLoop(b, bare)), append(clients, dial(b, s, ClientOptions{}))
	}
	b.SetBytes(int64(c.turn * conns * c.payload))
	waltest.InTurns(b, c.turn*conns, "msg", func() time.Duration {
		return waltest.Abreast(b, conns, c.turn, func(i int) error {
			_, err := clients[i].Test(b.Context(), bare.Payload)
			return err
		})
	}, waltest.Rival{Name: "ceiling", Turn: func() time.Duration {
		return waltest.Abreast(b, conns, c.turn, func(i int) error { return loops[i].Call() })
	}})
}

func tuned(nc net.Conn) { tune(nc, 0, 0) }

func bareLoop(b *testing.B, o framed.Options) *framed.Loop {
	b.Helper()
	o.Tune = tuned
	f := must[*framed.Loop](b)(framed.New(o))
	b.Cleanup(f.Close)
	return f
}

// words is text that compresses as prose does.
func words(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	vocabulary := make([][]byte, 2000)
	for i := range vocabulary {
		for range 2 + r.IntN(9) {
			vocabulary[i] = append(vocabulary[i], "etaoinshrdlucmfwypvbgk"[min(r.IntN(22), r.IntN(22))])
		}
	}
	var text []byte
	for len(text) < n {
		text = append(append(text, vocabulary[min(r.IntN(2000), r.IntN(2000))]...), ' ')
	}
	return text[:n]
}

func payloadOf(n int) *wire.Message {
	m := textMessage("", "", "")
	m.Payload = make([]byte, n)
	return m
}

// inFlight starts n calls, at most limit of which are under way.
func inFlight(b *testing.B, n, limit int, start func() (*Call, error)) {
	b.Helper()
	calls := make([]*Call, limit)
	result := func(i int) {
		if call := calls[i%limit]; call != nil {
			if a, err := call.Result(); err != nil || a.Status != wire.OK {
				b.Fatal(a, err)
			}
		}
	}
	for i := range n {
		result(i)
		call, err := start()
		if err != nil {
			b.Fatal(err)
		}
		calls[i%limit] = call
	}
	for i := range limit {
		result(i)
	}
}

// BenchmarkPipelined is 64 requests in flight on one connection, each with 5 KB and an empty answer.
func BenchmarkPipelined(b *testing.B) {
	const turn, limit = 3000, 64
	s := startServer(b, ServerOptions{})
	createFunction(b, s, "sink", sink)
	c, f := dial(b, s, ClientOptions{}), bareLoop(b, framed.Options{Payload: make([]byte, usual)})
	m := payloadOf(usual)
	waltest.InTurns(b, turn, "msg", func() time.Duration {
		begun := time.Now()
		inFlight(b, turn, limit, func() (*Call, error) { return c.SendAsync(b.Context(), "sink", m) })
		return time.Since(begun)
	}, waltest.Rival{Name: "pipe64", Turn: func() time.Duration {
		return waltest.Abreast(b, 1, 1, func(int) error { return f.Pipe(turn, limit) })
	}})
}

// answered is an error for what is not OK.
func answered(m *wire.Message, err error) error {
	if err == nil && m.Status != wire.OK {
		err = fmt.Errorf("%s %s", m.Status, m.Payload)
	}
	return err
}

func offerPoll(ctx context.Context, c *Client, m *wire.Message) error {
	err := answered(c.Offer(ctx, "q", "", 0, m))
	if err == nil {
		err = answered(c.Poll(ctx, "q", 0))
	}
	return err
}

// BenchmarkOfferPoll is a pair on a transient queue.
func BenchmarkOfferPoll(b *testing.B) {
	const turn = 300
	s := startServer(b, ServerOptions{})
	createQueue(b, s, "q", 10)
	c, f := dial(b, s, ClientOptions{}), bareLoop(b, framed.Options{Payload: make([]byte, usual)})
	m := payloadOf(usual)
	waltest.InTurns(b, turn, "pair", func() time.Duration {
		return waltest.Abreast(b, 1, turn, func(int) error { return offerPoll(b.Context(), c, m) })
	}, waltest.Rival{Name: "ceiling", Turn: func() time.Duration {
		return waltest.Abreast(b, 1, turn, func(int) error { return f.Pair() })
	}})
}

// BenchmarkPublish counts deliveries. A turn ends when every subscriber has had all messages; lost are those that a subscriber
// was too slow for, as it may be on a busy machine.
func BenchmarkPublish(b *testing.B) {
	for _, c := range []struct {
		name                     string
		subscribers, turn, batch int
	}{{"1-subscriber", 1, 300, 1}, {"10-subscribers", 10, 100, 1}, {"10-subscribers-64-in-flight", 10, 1280, 64}} {
		b.Run(c.name, func(b *testing.B) { benchmarkPublish(b, c.subscribers, c.turn, c.batch) })
	}
}

func benchmarkPublish(b *testing.B, subscribers, turn, batch int) {
	s := startServer(b, ServerOptions{})
	must[any](b)(nil, s.CreateTopic(b.Context(), "t"))
	var heard, wanted atomic.Int64
	all := make(chan struct{}, 1)
	for range subscribers {
		hear := func(*wire.Message) {
			if heard.Add(1) == wanted.Load() {
				all <- struct{}{}
			}
		}
		must[any](b)(nil, answered(dial(b, s, ClientOptions{}).Subscribe(b.Context(), "t", hear)))
	}
	c, m := dial(b, s, ClientOptions{}), payloadOf(usual)
	f := must[*framed.FanOut](b)(framed.NewFanOut(framed.Options{Payload: m.Payload, Tune: tuned}, subscribers, batch))
	b.Cleanup(f.Close)
	waltest.InTurns(b, subscribers*turn, "delivery", func() time.Duration {
		wanted.Store(heard.Load() + int64(subscribers*turn))
		before := s.stats.publishDiscarded.Load()
		begun := time.Now()
		if batch == 1 {
			waltest.Abreast(b, 1, turn, func(int) error { return answered(c.Publish(b.Context(), "t", m)) })
		} else {
			inFlight(b, turn, batch, func() (*Call, error) { return c.PublishAsync(b.Context(), "t", m) })
		}
		for heard.Load() < wanted.Load()-(s.stats.publishDiscarded.Load()-before) {
			select {
			case <-all:
			case <-time.After(time.Second):
			}
		}
		return time.Since(begun)
	}, waltest.Rival{Name: "fan-out", Turn: func() time.Duration {
		return waltest.Abreast(b, 1, 1, func(int) error { return f.Publish(turn / batch) })
	}})
	b.ReportMetric(float64(s.stats.publishDiscarded.Load()), "lost")
}

// BenchmarkDurable answers an offer, and hands out a poll, when its record is on stable storage. The ceilings are framed
// connections whose server appends the same records before it answers.
func BenchmarkDurable(b *testing.B) {
	for _, c := range []struct {
		name        string
		conns, turn int
		poll        bool
	}{
		{"offer-1-producer", 1, 200, false}, {"offer-10-producers", 10, 50, false}, {"offer-64-producers", 64, 30, false},
		{"offer-poll-10-clients", 10, 50, true},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkDurable(b, c.conns, c.turn, c.poll) })
	}
}

func benchmarkDurable(b *testing.B, conns, turn int, poll bool) {
	s := startServer(b, ServerOptions{MaxConnections: conns, Log: &LogOptions{Dir: b.TempDir()}})
	var clients []*Client
	for range conns {
		clients = append(clients, dial(b, s, ClientOptions{}))
	}
	m := payloadOf(usual)
	m.Durable = true
	ours := func() time.Duration { // on a queue of its own, as each ceiling has an empty file
		spec := engine.QueueSpec{Name: "q", Capacity: 2 * conns * turn, Durable: true}
		must[any](b)(nil, s.CreateQueue(b.Context(), spec))
		defer func() { must[any](b)(nil, s.RemoveQueue(b.Context(), "q")) }()
		return waltest.Abreast(b, conns, turn, func(i int) error {
			if poll {
				return offerPoll(b.Context(), clients[i], m)
			}
			return answered(clients[i].Offer(b.Context(), "q", "", 0, m))
		})
	}
	head, ack := make([]byte, 52+wire.HeaderLen+m.MetaLen()), make([]byte, 52+16) // of records
	ceiling := func(name string, ahead int64) waltest.Rival {
		log := waltest.NewCeiling(b, ahead)
		bare := framed.Options{Payload: m.Payload, Serve: func(payload []byte) error {
			if len(payload) == 0 {
				return log.Append(ack)
			}
			return log.Append(head, payload)
		}}
		var loops []*framed.Loop
		for range conns {
			loops = append(loops, bareLoop(b, bare))
		}
		return waltest.Rival{Name: name, Turn: func() time.Duration {
			log.Restart(b)
			return waltest.Abreast(b, conns, turn, func(i int) error {
				if poll {
					return loops[i].Pair()
				}
				return loops[i].Call()
			})
		}}
	}
	what := "msg"
	if poll {
		what = "pair"
	}
	waltest.InTurns(b, conns*turn, what, ours, ceiling("growing", 0), ceiling("preallocated", 16<<20), waltest.OneSync(b, slices.Concat(head, m.Payload)))
}
