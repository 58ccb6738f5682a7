// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/wire"
)

// handmade is a server that does what a test wants, behind the handshake.
type handmade struct {
	t  *testing.T
	nc net.Conn
	r  *wire.Reader
}

// withHandmade runs a test of a client of a handmade server, in synthetic time.
func withHandmade(t *testing.T, opts ClientOptions, run func(t *testing.T, c *Client, s *handmade)) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		opts.Dial = p.Dial
		opened := make(chan *handmade)
		go func() {
			nc, err := p.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			s := &handmade{t, nc, wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage))}
			config := answerTo(s.read(), wire.OK)
			config.Mimetype, config.Charset, config.Payload = mimeJSON, utf8Name, []byte(`{"max-msg-size":20971520}`)
			s.write(config)
			opened <- s
		}()
		c := must[*Client](t)(Dial(t.Context(), HostPort("memory", 1), opts))
		s := <-opened
		defer func() {
			s.nc.Close()
			p.Close()
			c.Close()
		}()
		run(t, c, s)
	})
}

func (s *handmade) read() *wire.Message {
	m, err := s.r.Read()
	if err != nil {
		s.t.Error("the server reads: ", err)
		return newRequest(wire.NullType, "")
	}
	return m
}

func (s *handmade) frame(m *wire.Message) []byte {
	b, err := wire.AppendFrame(nil, m, false, nil)
	if err != nil {
		s.t.Error(err)
	}
	return b
}

func (s *handmade) write(m *wire.Message) {
	if _, err := s.nc.Write(s.frame(m)); err != nil {
		s.t.Error("the server writes: ", err)
	}
}

func (s *handmade) echo(m *wire.Message) {
	a := answerTo(m, wire.OK)
	a.Payload = m.Payload
	s.write(a)
}

// A server that takes requests and answers none: each call ends with its limit. The answers that come late are taken for no
// other call's.
func TestLateAnswersAreNobodys(t *testing.T) {
	withHandmade(t, ClientOptions{}, func(t *testing.T, c *Client, s *handmade) {
		requests := make(chan *wire.Message, 3)
		go func() {
			for range cap(requests) {
				requests <- s.read()
			}
			close(requests)
			for { // those behind are answered at once
				m, err := s.r.Read()
				if err != nil {
					return
				}
				s.echo(m)
			}
		}()
		begun := time.Now()
		async := must[*Call](t)(c.SendAsync(t.Context(), "f", textMessage("", "s", "async")))
		follower := make(chan error, 1)
		go func() {
			_, err := c.Send(t.Context(), "f", textMessage("", "s", "follower"))
			follower <- err
		}()
		_, lone := c.Send(t.Context(), "f", textMessage("", "s", "lone"))
		_, first := async.Result()
		for _, err := range []error{first, <-follower, lone} {
			var timeout *TimeoutError
			if !errors.As(err, &timeout) {
				t.Errorf("a call without an answer: %v", err)
			}
		}
		if d := time.Since(begun); d < defaultCallLimit || d > defaultCallLimit+time.Second {
			t.Errorf("the calls ended after %v", d)
		}
		late := make(chan struct{})
		go func() { // beside the reading: a pipe has no room, and the client reads during its calls only
			defer close(late)
			for m := range requests {
				s.echo(m)
			}
		}()
		for n, all := 0, false; n < 20 || !all; n++ {
			expect(t, must[*wire.Message](t)(c.Send(t.Context(), "f", textMessage("", "s", fmt.Sprint(n)))), wire.OK, fmt.Sprint(n))
			select {
			case <-late:
				all = true
			default:
			}
		}
	})
}

// A server that takes nothing any more, or stops within an answer: the limits of calls hold, and the connection is given up, for
// there is half a frame on it.
func TestStalledNetwork(t *testing.T) {
	for _, c := range []struct {
		name string
		stop func(s *handmade)
	}{
		{"nothing is taken", func(s *handmade) {}},
		{"an answer stops within its header", func(s *handmade) { s.nc.Write(s.frame(answerTo(s.read(), wire.OK))[:11]) }},
		{"an answer stops within its meta data", func(s *handmade) {
			s.nc.Write(s.frame(answerTo(s.read(), wire.OK))[:wire.HeaderLen+20])
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			off := ClientOptions{Reconnect: Reconnect{Off: true}}
			withHandmade(t, off, func(t *testing.T, client *Client, s *handmade) {
				go c.stop(s)
				begun := time.Now()
				_, err := client.Send(t.Context(), "f", textMessage("", "s", "x"))
				var unknown *EOFError
				if !errors.As(err, &unknown) {
					t.Errorf("the call: %v", err)
				}
				if d := time.Since(begun); d > writeLimit+2*armSlack {
					t.Errorf("the call ended after %v", d)
				}
				var lost *LostError
				if _, err := client.Send(t.Context(), "f", textMessage("", "s", "x")); !errors.As(err, &lost) {
					t.Errorf("the next call: %v", err)
				}
			})
		})
	}
}

// Close fails what waits on a stalled network, whether for an answer or for its turn to be written, and waits for nobody.
func TestCloseOnAStalledNetwork(t *testing.T) {
	for _, reads := range []bool{true, false} {
		t.Run(fmt.Sprint("the server reads ", reads), func(t *testing.T) {
			withHandmade(t, ClientOptions{}, func(t *testing.T, c *Client, s *handmade) {
				if reads {
					go func() {
						for {
							if _, err := s.r.Read(); err != nil {
								return
							}
						}
					}()
				}
				var calls []*Call
				for range 5 {
					calls = append(calls, must[*Call](t)(c.SendAsync(t.Context(), "f", textMessage("", "s", "x"))))
				}
				lone := make(chan error, 1)
				go func() {
					_, err := c.Send(t.Context(), "f", textMessage("", "s", "x"))
					lone <- err
				}()
				synctest.Wait()
				begun := time.Now()
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				errs := []error{<-lone}
				for _, call := range calls {
					_, err := call.Result()
					errs = append(errs, err)
				}
				for i, err := range errs {
					var eof *EOFError
					if !errors.As(err, &eof) {
						t.Errorf("call %d: %v", i, err)
					}
				}
				if d := time.Since(begun); d > time.Second {
					t.Errorf("closing took %v", d)
				}
			})
		})
	}
}

// A heartbeat behind a poll that waits longer than a heartbeat does is no reason to give the connection up; one that nobody
// answers is.
func TestHeartbeatBehindAPoll(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	inMemory(t, ServerOptions{HeartbeatInterval: 1}, func(t *testing.T, s *Server, p *pipes) {
		createQueue(t, s, "q", 1)
		c := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial, Logger: logger}))
		defer c.Close()
		for range 3 {
			expect(t, must[*wire.Message](t)(c.Poll(t.Context(), "q", 9*time.Second)), wire.QueueEmpty,
				"Poll from queue q rejected! The queue is empty.")
		}
	})
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
}

// Each loss is one WARN, each restoration one INFO, however many attempts and calls there were between.
func TestReconnectLog(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	synctest.Test(t, func(t *testing.T) {
		var network atomic.Pointer[pipes]
		serve := func() *Server {
			p := newPipes()
			network.Store(p)
			s := must[*Server](t)(NewServer(HostPort("memory", 1), ServerOptions{Listen: p.Listen}))
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := serve()
		way := func(ctx context.Context, to, address string) (net.Conn, error) {
			return network.Load().Dial(ctx, to, address)
		}
		c := must[*Client](t)(Dial(t.Context(), HostPort("memory", 1), ClientOptions{Dial: way, Logger: logger}))
		for range 2 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := c.Test(t.Context(), nil); err == nil {
					t.Error("answered by nobody")
				}
				time.Sleep(time.Minute)
			}
			s = serve()
			time.Sleep(time.Minute)
			expect(t, must[*wire.Message](t)(c.Test(t.Context(), nil)), wire.OK, "")
		}
		if err := errors.Join(c.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines:\n%s", len(lines), log.String())
	}
	for i, line := range lines {
		if want := []string{"level=WARN", "level=INFO"}[i%2]; !strings.Contains(line, want) {
			t.Errorf("line %d: %s, want %s", i+1, line, want)
		}
	}
}
