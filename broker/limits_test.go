// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/wire"
	"gondola/security"
)

// rawOver is a peer in the synthetic network.
func rawOver(t *testing.T, p *pipes) *raw {
	t.Helper()
	nc := must[net.Conn](t)(p.Dial(t.Context(), "", ""))
	t.Cleanup(func() { nc.Close() })
	return &raw{t: t, nc: nc, r: wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage))}
}

func oneUser(t *testing.T) *security.Users {
	t.Helper()
	u := security.NewUsers(security.StockForm)
	if err := u.AddUser("tom", "pw-tom", false); err != nil {
		t.Fatal(err)
	}
	return u
}

// O11: a peer that keeps asking without logging in is closed 10 seconds after the accept all the same; one that has logged
// in is kept.
func TestArrivalIsTheLogin(t *testing.T) {
	inMemory(t, ServerOptions{Encrypt: true, Authenticator: oneUser(t)}, func(t *testing.T, s *Server, p *pipes) {
		c, err := Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial, User: "tom", Password: "pw-tom"})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peer := rawOver(t, p)
		for range 3 {
			ask := newRequest(wire.ClientConfig, "")
			ask.Mimetype = mimeJSON
			peer.write(ask)
			if m := peer.read(); m.Status != wire.OK {
				t.Fatalf("%s %s", m.Status, m.Payload)
			}
			time.Sleep(2 * time.Second)
		}
		endsAfter(t, peer.nc, 4*time.Second)
		if n := s.Stats().Timeouts; n != 1 {
			t.Errorf("%d time-outs are counted", n)
		}
		time.Sleep(time.Hour)
		expect(t, must[*wire.Message](t)(c.Test(t.Context(), nil)), wire.OK, "")
	})
}

// O13: of the connections that have not arrived too many are closed, the oldest first, when they have had the time of a
// step; at once when there is no slot for a newcomer. Those that have arrived are never touched.
func TestArrivalsAreThinned(t *testing.T) {
	const limit, quota = 40, 10
	inMemory(t, ServerOptions{MaxConnections: limit}, func(t *testing.T, s *Server, p *pipes) {
		good := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial}))
		defer good.Close()
		var silent []net.Conn
		connect := func() {
			nc := must[net.Conn](t)(p.Dial(t.Context(), "", ""))
			t.Cleanup(func() { nc.Close() })
			silent = append(silent, nc)
		}
		for range quota + 3 {
			connect()
		}
		synctest.Wait()
		if st := s.Stats(); st.Connections != 1+quota+3 || st.EvictedConnections != 0 {
			t.Errorf("a burst: %d connections, %d evicted", st.Connections, st.EvictedConnections)
		}
		time.Sleep(handshakeStep)
		synctest.Wait()
		if st := s.Stats(); st.Connections != 1+quota || st.EvictedConnections != 3 {
			t.Errorf("after a step: %d connections, %d evicted", st.Connections, st.EvictedConnections)
		}
		for i := range 3 {
			endsAfter(t, silent[i], 0)
		}
		for range 2 * limit { // more than there are slots for, at one instant
			connect()
		}
		synctest.Wait()
		if n := s.Stats().Connections; n != limit {
			t.Errorf("%d connections", n)
		}
		late := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial}))
		defer late.Close()
		for _, c := range []*Client{good, late} {
			expect(t, must[*wire.Message](t)(c.Test(t.Context(), nil)), wire.OK, "")
		}
		if st := s.Stats(); st.RefusedConnections != 0 {
			t.Errorf("%d were refused", st.RefusedConnections)
		}
	})
}

// O20: when too many keys are being agreed on, whoever asks for one is closed; the others get theirs.
func TestAgreementsAreLimited(t *testing.T) {
	q := newAgreementQueue(1)
	if !q.enter() {
		t.Fatal("the first is refused")
	}
	entered := make(chan bool)
	for range maxWaitingAgreements {
		go func() { entered <- q.enter() }()
	}
	eventually(t, "all are in line", func() bool { return q.inside.Load() == maxWaitingAgreements+1 })
	if q.enter() {
		t.Error("one more is let in")
	}
	for range maxWaitingAgreements {
		q.leave()
		if !await(t, entered) {
			t.Error("one in line is refused")
		}
	}
	q.leave()
	if !q.enter() {
		t.Error("refused when all have left")
	}
}

// O9: with Disconnect a subscriber that takes nothing is closed, and what it has not got is in the dead letters.
func TestSlowConsumerIsDisconnected(t *testing.T) {
	inMemory(t, ServerOptions{SlowConsumer: Disconnect, DeadLetterQueue: 1000}, func(t *testing.T, s *Server, p *pipes) {
		createTopic(t, s, "t")
		stuck := rawOver(t, p)
		stuck.write(newRequest(wire.Subscribe, "t"))
		expect(t, stuck.read(), wire.OK, "Subscribed to the topic.")
		publisher := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial}))
		defer publisher.Close()
		const messages = maxPushes + 5
		for range messages {
			expect(t, must[*wire.Message](t)(publisher.Publish(t.Context(), "t", textMessage("", "s", "x"))), wire.OK, "Message has been enqued to publish.")
		}
		synctest.Wait()
		st := s.Stats()
		if st.Connections != 1 || st.SlowConsumers != 1 || st.Subscribers != 0 {
			t.Errorf("%d connections, %d slow consumers, %d subscribers", st.Connections, st.SlowConsumers, st.Subscribers)
		}
		// What is published when the connection has ended has no subscriber.
		if st.PublishDiscarded < maxPushes+1 || st.PublishDiscarded > messages || st.DeadLetters != st.PublishDiscarded {
			t.Errorf("%d discarded, %d dead letters", st.PublishDiscarded, st.DeadLetters)
		}
	})
}
