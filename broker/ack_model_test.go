// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

var (
	ackSeed       = flag.Uint64("ack-seed", 0, "seed of the test of acknowledged deliveries; 0: a random one")
	ackDeliveries = flag.Int("ack-deliveries", 2000, "how many deliveries it makes; 100000 before a release")
)

// fate is what became of a message.
type fate int

const (
	queued fate = iota
	leasedOut
	buried
)

// expected is what has to be true of a message.
type expected struct {
	fate       fate
	deliveries int // since the start of the server
	most       int // of them, when it was buried for their number; 0: rejected
	holder     int // consumer
	m          *wire.Message
}

// settlement is Client.Ack or one of its sisters.
type settlement func(c *Client, ctx context.Context, ms ...*wire.Message) (unknown []string, err error)

// ackModel drives a server in synthetic time and knows what has to come of it.
type ackModel struct {
	t         *testing.T
	r         *rand.Rand
	opts      ServerOptions
	s         *Server
	network   *pipes
	consumers []*Client
	messages  map[string]*expected // those that are queued, leased or buried
	offered   int
	total     int // deliveries
	counts    map[string]int
}

const (
	modelQueue = "orders"
	modelMost  = 4
)

// T10: random acknowledgements, nacks, rejections, silence, disconnects and restarts on the same log directory. Nothing is lost,
// every message is acknowledged once or among the dead letters, there after exactly the most deliveries:
//
//	go test ./broker -run T10 -args -ack-deliveries 100000 -ack-seed 1
func TestT10AcknowledgedDeliveries(t *testing.T) {
	seed := *ackSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-ack-seed %d", seed)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := &ackModel{
			t: t, r: rand.New(rand.NewPCG(seed, 1)), messages: make(map[string]*expected), counts: make(map[string]int),
			opts: ServerOptions{
				Log: &LogOptions{Dir: dir, Sync: -1}, MaxDeliveries: modelMost, DeadLetterDurable: true, DeadLetterQueue: maxDeadLetters,
			},
			consumers: make([]*Client, 3),
		}
		m.start()
		for m.total < *ackDeliveries {
			m.step()
		}
		m.finish()
		t.Log(m.counts)
	})
}

func (m *ackModel) start() {
	m.network = newPipes()
	o := m.opts
	o.Listen = m.network.Listen
	s, err := NewServer(HostPort("memory", 1), o)
	if err != nil {
		m.t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.s = s
	if err := s.CreateQueue(m.t.Context(), engine.QueueSpec{Name: modelQueue, Capacity: 1000, Durable: true}); err != nil {
		m.t.Fatal(err)
	}
	for i := range m.consumers {
		m.connect(i)
	}
}

func (m *ackModel) connect(i int) {
	m.consumers[i] = m.dial(ClientAck)
}

func (m *ackModel) dial(mode AckMode) *Client {
	o := ClientOptions{Dial: m.network.Dial, Ack: mode, Reconnect: Reconnect{Off: true}}
	return must[*Client](m.t)(Dial(m.t.Context(), m.s.Address(), o))
}

// step is one random thing that happens.
func (m *ackModel) step() {
	switch n := m.r.IntN(100); {
	case n < 12:
		m.offer()
	case n < 55:
		m.poll(m.r.IntN(len(m.consumers)))
	case n < 72:
		m.settle("ack", (*Client).Ack, m.done)
	case n < 90:
		m.settle("nack", (*Client).Nack, func(_ string, e *expected) { m.comesBack(e) })
	case n < 92:
		m.settle("reject", (*Client).Reject, func(_ string, e *expected) { e.fate, e.most = buried, 0 })
	case n < 94:
		m.count("silence")
		time.Sleep(defaultAckDeadline)
		synctest.Wait()
		m.each(leasedOut, m.comesBack)
	case n < 99:
		m.disconnect(m.r.IntN(len(m.consumers)))
	case m.r.IntN(4) == 0:
		m.restart()
	}
}

func (m *ackModel) count(what string) { m.counts[what]++ }

func (m *ackModel) each(f fate, do func(e *expected)) {
	for _, e := range m.messages {
		if e.fate == f {
			do(e)
		}
	}
}

func (m *ackModel) offer() {
	text := fmt.Sprint("message ", m.offered)
	m.offered++
	offerTexts(m.t, m.consumers[0], modelQueue, text)
	m.messages[text] = &expected{}
}

// done: the message is never seen again.
func (m *ackModel) done(name string, _ *expected) { delete(m.messages, name) }

// comesBack is what has to come of a delivery that was not acknowledged (A3, A4).
func (m *ackModel) comesBack(e *expected) {
	if e.fate = queued; e.deliveries == modelMost {
		e.fate, e.most = buried, e.deliveries
	}
}

func (m *ackModel) poll(consumer int) {
	got := must[*wire.Message](m.t)(m.consumers[consumer].Poll(m.t.Context(), modelQueue, 0))
	if got.Status == wire.BadRequest { // A5
		m.count("too many unacknowledged")
		return
	}
	if got.Status != wire.OK {
		m.each(queued, func(*expected) { m.t.Fatalf("poll: %s %q, but there are messages", got.Status, got.Payload) })
		return
	}
	e := m.messages[string(got.Payload)]
	if e == nil || e.fate != queued || e.deliveries >= modelMost {
		m.t.Fatalf("delivery of %q, of which is known %+v", got.Payload, e)
	}
	e.fate, e.holder, e.m = leasedOut, consumer, got
	e.deliveries++
	m.total++
}

// settle settles one delivery, if there is one.
func (m *ackModel) settle(what string, tell settlement, then func(name string, e *expected)) {
	var names []string
	for name, e := range m.messages {
		if e.fate == leasedOut {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	slices.Sort(names) // the seed decides, not the map
	m.count(what)
	name := names[m.r.IntN(len(names))]
	e := m.messages[name]
	if unknown, err := tell(m.consumers[e.holder], m.t.Context(), e.m); err != nil || len(unknown) > 0 {
		m.t.Fatalf("%s: unknown %v, %v", what, unknown, err)
	}
	then(name, e)
}

func (m *ackModel) disconnect(consumer int) {
	m.count("disconnect")
	m.consumers[consumer].Close()
	synctest.Wait()
	m.each(leasedOut, func(e *expected) {
		if e.holder == consumer {
			m.comesBack(e)
		}
	})
	m.connect(consumer)
}

func (m *ackModel) restart() {
	m.count("restart")
	m.stop()
	for _, e := range m.messages {
		if e.fate == leasedOut {
			m.comesBack(e)
		}
		e.deliveries = 0 // counts live in memory (A4)
	}
	m.start()
	m.deadLetters()
}

// deadLetters takes the dead letters and compares them.
func (m *ackModel) deadLetters() {
	c := m.dial(NoAck)
	defer c.Close()
	for {
		got := must[*wire.Message](m.t)(c.Poll(m.t.Context(), DeadLetters, 0))
		if got.Status != wire.OK {
			break
		}
		name := string(got.Payload)
		e := m.messages[name]
		if e == nil || e.fate != buried || e.most != 0 && e.most != modelMost {
			m.t.Fatalf("dead letter %q, of which is known %+v", name, e)
		}
		if e.most > 0 {
			m.count("dead letter after the most deliveries")
		}
		delete(m.messages, name)
	}
	m.each(buried, func(e *expected) { m.t.Fatalf("not among the dead letters: %+v", e) })
}

func (m *ackModel) stop() {
	if err := m.s.Close(); err != nil {
		m.t.Fatal(err)
	}
	for _, c := range m.consumers {
		c.Close()
	}
}

// finish acknowledges what is left and compares the dead letters.
func (m *ackModel) finish() {
	m.restart()
	for more := true; more; {
		more = false
		m.each(queued, func(*expected) { more = true })
		if more {
			m.poll(0)
			m.settle("ack", (*Client).Ack, m.done)
		}
	}
	m.restart()
	for name, e := range m.messages {
		m.t.Errorf("%s is lost: %+v", name, e)
	}
	pollNothing(m.t, m.consumers[0], modelQueue)
	exhausted := m.counts["dead letter after the most deliveries"]
	if exhausted == 0 || m.counts["restart"] < 3 || m.counts["silence"] == 0 || m.counts["disconnect"] == 0 {
		m.t.Errorf("this seed proves little: %v", m.counts)
	}
	if n := m.s.Stats().Unacknowledged; n != 0 {
		m.t.Errorf("%d deliveries are open", n)
	}
	m.stop()
}
