// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/wire"
)

// cutter is a dialer whose connections can be cut.
type cutter struct {
	mu    sync.Mutex
	open  []net.Conn
	dials int
}

func (c *cutter) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, address)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials++
	if err == nil {
		c.open = append(c.open, nc)
	}
	return nc, err
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, nc := range c.open {
		nc.Close()
	}
	c.open = nil
}

// O25: behind a cut the client has another connection: calls go through, subscriptions are there, what was encrypted and logged
// in still is; the call that was under way has failed, and was not sent again.
func TestReconnect(t *testing.T) {
	for _, encrypt := range []bool{false, true} {
		t.Run(fmt.Sprint("encrypted ", encrypt), func(t *testing.T) {
			s := startServer(t, ServerOptions{Encrypt: encrypt})
			var calls atomic.Int64
			begun, hold := make(chan struct{}, 1), make(chan struct{})
			createFunction(t, s, "echo", echo)
			createFunction(t, s, "hold", func(context.Context, *wire.Message) (*wire.Message, error) {
				calls.Add(1)
				begun <- struct{}{}
				<-hold
				return nil, nil
			})
			if err := s.CreateTopic(t.Context(), "news"); err != nil {
				t.Fatal(err)
			}
			way := &cutter{}
			c := dial(t, s, ClientOptions{Dial: way.Dial})
			heard := make(chan string, 10)
			expect(t, must[*wire.Message](t)(c.Subscribe(t.Context(), "news", func(m *wire.Message) { heard <- string(m.Payload) })), wire.OK,
				"Subscribed to the topic.")
			call := must[*Call](t)(c.SendAsync(t.Context(), "hold", textMessage("", "s", "x")))
			<-begun
			way.cut()
			var unknown *EOFError
			if m, err := call.Result(); !errors.As(err, &unknown) {
				t.Errorf("the call that was under way: %v, %v", m, err)
			}
			close(hold)
			for n := range 3 {
				got := must[*wire.Message](t)(c.Send(t.Context(), "echo", textMessage("", "s", fmt.Sprint(n))))
				expect(t, got, wire.OK, fmt.Sprint(n))
			}
			publisher := dial(t, s, ClientOptions{})
			eventually(t, "the subscription is back", func() bool {
				must[*wire.Message](t)(publisher.Publish(t.Context(), "news", textMessage("", "s", "again")))
				select {
				case text := <-heard:
					return text == "again"
				default:
					return false
				}
			})
			if n := calls.Load(); n != 1 {
				t.Errorf("the function was called %d times", n)
			}
		})
	}
}

// A server that comes back on its address has its clients back, without a call of theirs failing once it is there; a connection
// that ended while nobody used it costs no call.
func TestReconnectToAnotherServer(t *testing.T) {
	addr := must[Address](t)(ParseAddress("af-unix://" + filepath.Join(t.TempDir(), "s.sock")))
	first := startServerAt(t, addr, ServerOptions{})
	createFunction(t, first, "echo", echo)
	c := must[*Client](t)(Dial(t.Context(), addr, ClientOptions{Reconnect: Reconnect{Max: 20 * time.Millisecond}}))
	t.Cleanup(func() { c.Close() })
	expect(t, must[*wire.Message](t)(c.Send(t.Context(), "echo", textMessage("", "s", "one"))), wire.OK, "one")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if m, err := c.Send(t.Context(), "echo", textMessage("", "s", "nobody")); err == nil {
		t.Errorf("a server that has gone answers %v", m)
	}
	var lost *LostError
	if m, err := c.Send(t.Context(), "echo", textMessage("", "s", "nobody")); !errors.As(err, &lost) {
		t.Errorf("without a connection: %v, %v; want *LostError, for nothing was sent", m, err)
	}
	second := startServerAt(t, addr, ServerOptions{})
	createFunction(t, second, "echo", echo)
	eventually(t, "the client is back", func() bool {
		m, err := c.Send(t.Context(), "echo", textMessage("", "s", "two"))
		return err == nil && m.Status == wire.OK
	})
}

// Without the option a lost connection stays lost.
func TestReconnectOff(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createFunction(t, s, "echo", echo)
	way := &cutter{}
	c := dial(t, s, ClientOptions{Dial: way.Dial, Reconnect: Reconnect{Off: true}})
	way.cut()
	for range 3 {
		if m, err := c.Send(t.Context(), "echo", textMessage("", "s", "x")); err == nil {
			t.Errorf("answered %v", m)
		}
	}
	if way.dials != 1 {
		t.Errorf("%d dials", way.dials)
	}
}

// Attempts come at random times that grow, end with the client at once, and leave nothing behind.
func TestReconnectBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		s := must[*Server](t)(NewServer(HostPort("memory", 1), ServerOptions{Listen: p.Listen}))
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var dials []time.Time
		dial := func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			dials = append(dials, time.Now())
			return p.Dial(ctx, network, address)
		}
		c := must[*Client](t)(Dial(t.Context(), HostPort("memory", 1), ClientOptions{Dial: dial}))
		begun := time.Now()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Test(t.Context(), nil); err == nil {
			t.Error("answered by nobody")
		}
		time.Sleep(time.Minute)
		closing := time.Now()
		if err := c.Close(); err != nil || time.Since(closing) > time.Second {
			t.Errorf("close took %v, %v", time.Since(closing), err)
		}
		n := len(dials) - 1
		if n < 30 || n > 250 { // the mean wait is 1 s behind the first ones
			t.Errorf("%d attempts in a minute", n)
		}
		for i := 2; i < len(dials); i++ {
			most := min(reconnectMax, reconnectBase<<min(i-2, 10))
			if wait := dials[i].Sub(dials[i-1]); wait > most {
				t.Errorf("attempt %d comes %v behind the one before, at most %v", i, wait, most)
			}
		}
		if first := dials[1].Sub(begun); first > time.Second {
			t.Errorf("the first attempt comes after %v", first)
		}
	})
}

// T52: 50 clients have their subscriptions back behind a restart of the server, and do not all come at one moment.
func TestRestartUnderReconnectingClients(t *testing.T) {
	const clients = 50
	addr := must[Address](t)(ParseAddress("af-unix://" + filepath.Join(t.TempDir(), "s.sock")))
	start := func() *Server {
		s := startServerAt(t, addr, ServerOptions{MaxConnections: 2 * clients})
		if err := s.CreateTopic(t.Context(), "news"); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	var heard [clients]atomic.Int64
	for i := range clients {
		c := must[*Client](t)(Dial(t.Context(), addr, ClientOptions{}))
		t.Cleanup(func() { c.Close() })
		must[*wire.Message](t)(c.Subscribe(t.Context(), "news", func(*wire.Message) { heard[i].Add(1) }))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = start()
	publisher := must[*Client](t)(Dial(t.Context(), addr, ClientOptions{}))
	t.Cleanup(func() { publisher.Close() })
	eventually(t, "all hear again", func() bool {
		must[*wire.Message](t)(publisher.Publish(t.Context(), "news", textMessage("", "s", "x")))
		for i := range heard {
			if heard[i].Load() == 0 {
				return false
			}
		}
		return true
	})
	if n := s.Stats().Connections; n != clients+1 {
		t.Errorf("%d connections", n)
	}
}
