// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// pipes is a network in memory with one listener.
type pipes struct {
	accept chan net.Conn
	once   sync.Once
	done   chan struct{}
}

func newPipes() *pipes { return &pipes{accept: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Listen(network, address string) (net.Listener, error) { return p, nil }
func (p *pipes) Addr() net.Addr                                       { return &net.UnixAddr{Name: "pipes", Net: "unix"} }
func (p *pipes) Close() error                                         { p.once.Do(func() { close(p.done) }); return nil }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-p.accept:
		return nc, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.accept <- theirs:
		return ours, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

// inMemory runs a test with a server in a synthetic network and synthetic time.
func inMemory(t *testing.T, opts ServerOptions, run func(t *testing.T, s *Server, p *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		opts.Listen = p.Listen
		s, err := NewServer(HostPort("memory", 1), opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		run(t, s, p)
	})
}

// endsAfter waits for the server to close a connection and checks when it did.
func endsAfter(t *testing.T, nc net.Conn, want time.Duration) {
	t.Helper()
	begun := time.Now()
	nc.SetReadDeadline(begun.Add(time.Hour))
	if _, err := nc.Read(make([]byte, 1)); err == nil || timedOut(err) {
		t.Fatalf("the connection is open: %v", err)
	}
	if d := time.Since(begun); d < want || d > want+armSlack {
		t.Errorf("closed after %v, want %v", d, want)
	}
}

func TestDeadlines(t *testing.T) {
	frameOf := func(t *testing.T, payload int) []byte {
		m := newRequest(wire.Test, "")
		m.Payload = make([]byte, payload)
		b, err := wire.AppendFrame(nil, m, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	connect := func(t *testing.T, p *pipes) net.Conn {
		nc, err := p.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })
		return nc
	}
	t.Run("O11 first frame", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			endsAfter(t, connect(t, p), 10*time.Second)
		})
	})
	t.Run("O11 first frame that does not end", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			nc := connect(t, p)
			go nc.Write(frameOf(t, 3*bodyRate)[:2*bodyRate])
			endsAfter(t, nc, 10*time.Second)
		})
	})
	t.Run("O12 header", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			nc := connect(t, p)
			nc.Write(frameOf(t, 0)[:15])
			endsAfter(t, nc, 5*time.Second)
		})
	})
	t.Run("O12 body", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			nc := connect(t, p)
			nc.Write(frameOf(t, 0)) // O11 is for the first one
			if _, err := wire.NewReader(nc, wire.DefaultLimits(4096)).Read(); err != nil {
				t.Fatal(err)
			}
			go nc.Write(frameOf(t, 3*bodyRate)[:2*bodyRate])
			endsAfter(t, nc, 13*time.Second)
		})
	})
	t.Run("O12 behind a parked poll", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: "q", Capacity: 1}); err != nil {
				t.Fatal(err)
			}
			nc := connect(t, p)
			poll, err := wire.AppendFrame(nil, rawPoll("q", 9000), false, nil)
			if err != nil {
				t.Fatal(err)
			}
			nc.Write(append(poll, frameOf(t, 0)[:3]...))
			endsAfter(t, nc, 5*time.Second) // without an answer: the peer has broken the protocol
		})
	})
	t.Run("O10 no progress", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			nc := connect(t, p)
			nc.Write(frameOf(t, 10))
			begun := time.Now()
			for s.Stats().Connections > 0 {
				time.Sleep(100 * time.Millisecond)
				if time.Since(begun) > time.Minute {
					t.Fatal("the connection is open")
				}
			}
			if d := time.Since(begun); d < writeLimit || d > writeLimit+2*armSlack {
				t.Errorf("closed after %v", d)
			}
		})
	})
	t.Run("O10 slow progress is progress", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			if err := s.CreateFunction("echo", echo); err != nil {
				t.Fatal(err)
			}
			nc := connect(t, p)
			m := newRequest(wire.Request, "echo")
			m.Payload = make([]byte, 8*writeStep)
			b, err := wire.AppendFrame(nil, m, false, nil)
			if err != nil {
				t.Fatal(err)
			}
			go nc.Write(b)
			r := wire.NewReader(slowly{nc}, wire.DefaultLimits(wire.DefaultMaxMessage))
			begun := time.Now()
			got, err := r.Read()
			if err != nil || len(got.Payload) != len(m.Payload) {
				t.Errorf("answer %v, %v", got, err)
			}
			if d := time.Since(begun); d < 2*writeLimit {
				t.Errorf("the answer took only %v", d)
			}
		})
	})
	t.Run("an idle connection is kept", func(t *testing.T) {
		inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
			c, err := Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for range 3 {
				time.Sleep(24 * time.Hour)
				expect(t, must[*wire.Message](t)(c.Test(t.Context(), nil)), wire.OK, "")
			}
		})
	})
	t.Run("O14 heartbeat", func(t *testing.T) {
		inMemory(t, ServerOptions{HeartbeatInterval: 10}, func(t *testing.T, s *Server, p *pipes) {
			c, err := Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			silent := connect(t, p)
			silent.Write(frameOf(t, 0))
			wire.NewReader(silent, wire.DefaultLimits(4096)).Read()
			endsAfter(t, silent, 25*time.Second)
			time.Sleep(time.Hour)
			expect(t, must[*wire.Message](t)(c.Test(t.Context(), nil)), wire.OK, "")
		})
	})
	t.Run("the limit of a call", func(t *testing.T) {
		inMemory(t, ServerOptions{WaitCap: time.Hour}, func(t *testing.T, s *Server, p *pipes) {
			if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: "q", Capacity: 1}); err != nil {
				t.Fatal(err)
			}
			c, err := Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			begun := time.Now()
			_, err = c.Poll(t.Context(), "q", time.Minute)
			var timeout *TimeoutError
			if !errors.As(err, &timeout) {
				t.Errorf("poll: %v", err)
			}
			if d := time.Since(begun); d < 10*time.Second || d > 11*time.Second {
				t.Errorf("the poll ended after %v", d)
			}
		})
	})
}

// slowly reads a part every few seconds.
type slowly struct{ nc net.Conn }

func (s slowly) Read(p []byte) (int, error) {
	time.Sleep(time.Second)
	return s.nc.Read(p[:min(len(p), 256<<10)])
}

// Each started call ends when its own time is over, though one timer serves all.
func TestStartedCallsInTime(t *testing.T) {
	const limit, apart, n = 100 * time.Millisecond, 30 * time.Millisecond, 5
	inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
		release := make(chan struct{})
		createFunction(t, s, "stuck", func(context.Context, *wire.Message) (*wire.Message, error) { <-release; return nil, nil })
		c, err := Dial(context.Background(), s.Address(), ClientOptions{Dial: p.Dial, CallLimit: limit})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range n {
			call := must[*Call](t)(c.SendAsync(context.Background(), "stuck", textMessage("", "s", "x")))
			begun := time.Now()
			all.Go(func() {
				_, err := call.Result()
				var timeout *TimeoutError
				if took := time.Since(begun); !errors.As(err, &timeout) || took != limit {
					t.Errorf("after %s: %v", took, err)
				}
			})
			time.Sleep(apart)
		}
		all.Wait()
		close(release)
		c.Close()
	})
}
