// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"net"
	"testing"
	"time"

	"gondola/broker/wire"
)

// raw is a peer that sends what it likes.
type raw struct {
	t  testing.TB
	nc net.Conn
	r  *wire.Reader
}

func dialRaw(t testing.TB, s *Server) *raw {
	t.Helper()
	return dialRawAt(t, way(t, s))
}

func dialRawAt(t testing.TB, addr Address) *raw {
	t.Helper()
	to := addr.dial()
	nc, err := net.Dial(to.network, to.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(testPatience))
	return &raw{t: t, nc: nc, r: wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage))}
}

// write sends frames with one write.
func (p *raw) write(ms ...*wire.Message) {
	p.t.Helper()
	var b []byte
	var err error
	for _, m := range ms {
		if b, err = wire.AppendFrame(b, m, false, nil); err != nil {
			p.t.Fatal(err)
		}
	}
	if _, err := p.nc.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func (p *raw) read() *wire.Message {
	p.t.Helper()
	m, err := p.r.Read()
	if err != nil {
		p.t.Fatal("read:", err)
	}
	return m
}

// closed checks that the server has ended the connection.
func (p *raw) closed() {
	p.t.Helper()
	m, err := p.r.Read()
	if err == nil {
		p.t.Fatalf("answer %s %q, want the end of the connection", m.Status, m.Payload)
	}
	if timedOut(err) {
		p.t.Fatal("the connection is still open")
	}
}

// quiet checks that the server sends nothing before the answer to a further request.
func (p *raw) quiet() {
	p.t.Helper()
	probe := newRequest(wire.Heartbeat, "")
	p.write(probe)
	if m := p.read(); m.ID != probe.ID {
		p.t.Fatalf("unexpected answer %s %q", m.Status, m.Payload)
	}
}

func rawOffer(queue, text string) *wire.Message {
	m := newRequest(wire.Offer, queue)
	m.Timeout = wire.NoTimeout
	m.Payload = []byte(text)
	return m
}

func rawPoll(queue string, ms int64) *wire.Message {
	m := newRequest(wire.Poll, queue)
	m.Timeout = ms
	return m
}

func bytesOf(b byte, n int) []byte {
	s := make([]byte, n)
	for i := range s {
		s[i] = b
	}
	return s
}

// A oneway request has no answer, whatever becomes of it; poll and test do not end the connection (wire-protocol.md 17, W19).
func TestOnewayIsNeverAnswered(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 1)
	p := dialRaw(t, s)
	for typ := range int16(100) {
		m := newRequest(wire.Type(typ), "q")
		if !m.Type.Valid() {
			continue
		}
		m.Oneway, m.Timeout = true, wire.NoTimeout
		p.write(m)
	}
	p.quiet()
	if got := s.Stats().QueueCount; got != 1 {
		t.Errorf("%d queues", got)
	}
}

// A oneway offer that is refused goes to the dead letters, with type OFFER (reliability.md 6).
func TestRefusedOnewayOfferIsADeadLetter(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 1)
	p := dialRaw(t, s)
	lost := rawOffer("q", "lost")
	lost.Oneway, lost.SubscriptionReply = true, true
	p.write(rawOffer("q", "kept"), lost, rawPoll("ipc.qld", -1))
	expect(t, p.read(), wire.OK, "Offered the message to the queue q")
	got := p.read()
	expect(t, got, wire.OK, "lost")
	if got.SubscriptionReply || got.Destination != "q" {
		t.Errorf("dead letter %+v", got)
	}
	if n := s.Stats().DeadLetters; n != 1 {
		t.Errorf("%d dead letters counted", n)
	}
}
