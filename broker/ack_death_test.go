// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"gondola/broker/brokertest"
	"gondola/broker/engine"
	"gondola/broker/wire"
)

// deaths are the ways in which a consumer dies (T9). Each polls the queue that has one message, or gets one, and dies.
var deaths = []struct {
	name  string
	lossy bool // without acknowledgements
	size  int  // of the message
	die   func(t *testing.T, s *Server, mode AckMode, offer func())
}{
	{"before the response is written, parked", false, 1000, func(t *testing.T, s *Server, mode AckMode, offer func()) {
		p := dialRaw(t, s)
		p.configure(mode, `"ack"`)
		served := s.stats.messages.Load()
		p.write(rawPoll("q", 9000))
		eventually(t, "the poll has arrived", func() bool { return s.stats.messages.Load() > served })
		p.nc.Close()
		offer()
	}},
	{"before the response is written, behind a request", false, 1000, func(t *testing.T, s *Server, mode AckMode, offer func()) {
		hold := make(chan struct{})
		s.RemoveFunction("busy")
		createFunction(t, s, "busy", func(context.Context, *wire.Message) (*wire.Message, error) { <-hold; return nil, nil })
		p := dialRaw(t, s)
		p.configure(mode, `"ack"`)
		offer()
		busy := newRequest(wire.Request, "busy")
		busy.Oneway = true
		p.write(busy, rawPoll("q", 1000))
		p.nc.Close()
		close(hold)
	}},
	{"while the response is written", false, 8 << 20, func(t *testing.T, s *Server, mode AckMode, offer func()) {
		p := dialRaw(t, s)
		if err := p.nc.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
			t.Fatal(err)
		}
		p.configure(mode, `"ack"`)
		offer()
		p.write(rawPoll("q", -1))
		eventually(t, "the message is under way", func() bool { return queueSize(t, s, "q") == 0 })
		p.nc.(*net.TCPConn).SetLinger(0)
		p.nc.Close()
	}},
	{"after the response is written, on its way", true, 1000, func(t *testing.T, s *Server, mode AckMode, offer func()) {
		// The way is cut behind the answer to the configuration and some bytes of the message.
		p := dialRaw(t, s)
		answer := p.configure(mode, `"ack"`)
		config, err := wire.AppendFrame(nil, answer, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.nc.Close()
		to := s.Address().dial()
		back := brokertest.Path{End: brokertest.Stall, After: int64(len(config) + 10)}
		proxy := brokertest.Start(t, to.network, to.address, brokertest.Path{}, back)
		p = dialRawAt(t, Port(int64(proxy.Port())))
		p.configure(mode, `"ack"`)
		offer()
		p.write(rawPoll("q", -1))
		if _, err := io.ReadFull(p.nc, make([]byte, 10)); err != nil { // what comes through of an answer that has been written
			t.Fatal(err)
		}
		proxy.Close()
	}},
	{"after the response has arrived", true, 1000, func(t *testing.T, s *Server, mode AckMode, offer func()) {
		p := dialRaw(t, s)
		p.configure(mode, `"ack"`)
		offer()
		p.write(rawPoll("q", -1))
		if m := p.read(); m.Status != wire.OK {
			t.Fatalf("poll: %s", m.Status)
		}
		p.nc.Close()
	}},
}

// T9: a consumer dies before, while and after its response is written. Nothing is lost when the close came first or the write
// was cut (P2, P3); at most the one message of the response otherwise (P1), and not that one if the consumer acknowledges.
func TestT9DeathOfAConsumer(t *testing.T) {
	const rounds = 5
	for _, death := range deaths {
		for _, mode := range []AckMode{NoAck, AutoAck, ClientAck} {
			t.Run(death.name+"/"+mode.String(), func(t *testing.T) {
				s := startServer(t, ServerOptions{AckDeadline: time.Hour, MaxDeliveries: 2})
				createQueue(t, s, "q", 10)
				c := dial(t, s, ClientOptions{})
				lost := 0
				for i := range rounds {
					text := fmt.Sprint(i)
					death.die(t, s, mode, func() {
						m := textMessage(text, "s", "")
						m.Payload = bytesOf(byte('a'+i), death.size)
						must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, m))
					})
					eventually(t, "the consumer's connection has ended", func() bool { return s.Stats().Connections == 1 })
					got := must[*wire.Message](t)(c.Poll(t.Context(), "q", 0))
					switch {
					case got.Status == wire.QueueEmpty:
						lost++
					case got.Status != wire.OK || got.RequestID != text || len(got.Payload) != death.size:
						t.Fatalf("poll: %s, message %s of %d bytes", got.Status, got.RequestID, len(got.Payload))
					}
				}
				want := 0
				if death.lossy && mode == NoAck {
					want = rounds
				}
				if lost != want {
					t.Errorf("%d messages lost, want %d", lost, want)
				}
				redelivered := int64(0) // only what a consumer can have got counts as delivered (A4)
				if death.lossy && mode != NoAck {
					redelivered = rounds
				}
				if st := s.Stats(); st.DeadLetters != 0 || st.Unacknowledged != 0 || st.Redelivered != redelivered {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

// T9 with a log: what a consumer that died had not acknowledged is there after the restart too.
func TestT9DeathOfAConsumerAndRestart(t *testing.T) {
	for _, mode := range []AckMode{AutoAck, ClientAck} {
		log := &LogOptions{Dir: t.TempDir()}
		s := startServer(t, ServerOptions{Log: log})
		if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: "q", Capacity: 10, Durable: true}); err != nil {
			t.Fatal(err)
		}
		c := dial(t, s, ClientOptions{Ack: mode})
		offerTexts(t, c, "q", "a", "b")
		pollText(t, c, "q", "a")
		c.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = startServer(t, ServerOptions{Log: log})
		c = dial(t, s, ClientOptions{})
		pollText(t, c, "q", "a")
		pollText(t, c, "q", "b")
	}
}
