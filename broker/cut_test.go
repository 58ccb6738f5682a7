// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"gondola/broker/brokertest"
	"gondola/broker/wire"
)

// T50 for calls: the way is cut after any number of bytes, in either direction, in the handshake or in a frame. The caller
// gets an error or its own answer, never another one's.
func TestCutAnywhere(t *testing.T) {
	s := startServer(t, ServerOptions{MaxConnections: 1000})
	createFunction(t, s, "echo", echo)
	to := s.Address().dial()
	for _, ending := range []brokertest.Ending{brokertest.Cut, brokertest.Reset} {
		answered, failed := 0, 0
		for after := int64(0); after < 600; after += 3 {
			for _, back := range []bool{false, true} {
				var there, here brokertest.Path
				if back {
					here = brokertest.Path{End: ending, After: after}
				} else {
					there = brokertest.Path{End: ending, After: after}
				}
				p := brokertest.Start(t, to.network, to.address, there, here)
				c, err := Dial(t.Context(), Port(int64(p.Port())), ClientOptions{})
				if err != nil {
					failed++
					p.Close()
					continue
				}
				for i := range 4 {
					text := fmt.Sprint("request ", i)
					answer, err := c.Send(t.Context(), "echo", textMessage("", "s", text))
					if err != nil {
						failed++
						break
					}
					answered++
					if answer.Status != wire.OK || string(answer.Payload) != text {
						t.Errorf("cut after %d bytes: %s %q for %q", after, answer.Status, answer.Payload, text)
					}
				}
				c.Close()
				p.Close()
			}
		}
		if answered == 0 || failed == 0 {
			t.Errorf("%d calls were answered, %d failed: the cuts prove nothing", answered, failed)
		}
	}
	eventually(t, "the server has no connection left", func() bool { return s.Stats().Connections == 0 })
}

// cutConn ends itself after so many bytes of a direction.
type cutConn struct {
	net.Conn
	mu         sync.Mutex
	sent, got  int
	send, take int // bytes that still go through; negative: all
}

func (c *cutConn) cutAfter(send, take int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent, c.got, c.send, c.take = 0, 0, send, take
}

func (c *cutConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	part := p
	if c.send >= 0 && c.sent+len(p) > c.send {
		part = p[:c.send-c.sent]
	}
	c.sent += len(part)
	c.mu.Unlock()
	n, err := c.Conn.Write(part)
	if err == nil && len(part) < len(p) {
		err = errors.Join(net.ErrClosed, c.Close())
	}
	return n, err
}

func (c *cutConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	room := len(p)
	if c.take >= 0 {
		room = min(room, c.take-c.got)
	}
	c.mu.Unlock()
	if room == 0 {
		return 0, errors.Join(io.EOF, c.Close())
	}
	n, err := c.Conn.Read(p[:room])
	c.mu.Lock()
	c.got += n
	c.mu.Unlock()
	return n, err
}

// T50: a request of each type is cut at every byte of header and meta data, of its own frame and of its answer's, and at 20
// places beyond. The caller gets an error or its answer; the client comes back, and gets the next call's own answer.
func TestCutOfEachType(t *testing.T) {
	const everywhere = 300 // more than header and meta data of these
	for _, row := range matrixRequests {
		t.Run(row.kind.String(), func(t *testing.T) {
			t.Parallel()
			inMemory(t, ServerOptions{MaxConnections: 1000}, func(t *testing.T, s *Server, p *pipes) {
				createQueue(t, s, "q", 10000)
				createTopic(t, s, "t")
				createFunction(t, s, "f", echo)
				feeder := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial}))
				defer feeder.Close()
				answered, failed := 0, 0
				var request, answer int // bytes of the frames
				try := func(send, take int) {
					t.Helper()
					if row.kind == wire.Poll {
						fed := textMessage("", "s", strings.Repeat("fed ", 500))
						expect(t, must[*wire.Message](t)(feeder.Offer(t.Context(), "q", "", 0, fed)), wire.OK, "Offered the message to the queue q")
					}
					var first *cutConn
					way := func(ctx context.Context, network, address string) (net.Conn, error) {
						nc, err := p.Dial(ctx, network, address)
						if err != nil || first != nil {
							return nc, err
						}
						first = &cutConn{Conn: nc, send: -1, take: -1}
						return first, nil
					}
					c := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: way}))
					defer c.Close()
					first.cutAfter(send, take)
					m := row.request()
					if row.gate == listed || row.kind == wire.Test {
						m.Payload = fmt.Appendf(nil, "%d %d %s", send, take, strings.Repeat("x", 2000))
					}
					got, err := c.roundTrip(t.Context(), m, defaultCallLimit)
					if send < 0 && take < 0 {
						request, answer = first.sent, first.got
					}
					var lost *EOFError
					switch {
					case err == nil:
						answered++
						row.check(t, matrixRoles[0], m, got)
						if row.kind == wire.Request && !bytes.Equal(got.Payload, m.Payload) {
							t.Errorf("%q for %q", got.Payload, m.Payload)
						}
					case errors.As(err, &lost):
						failed++
					default:
						t.Errorf("cut after %d bytes sent, %d received: %v", send, take, err)
					}
					for n := 0; ; n++ {
						next := fmt.Sprint(row.kind, send, take, n)
						got, err := c.Send(t.Context(), "f", textMessage("", "s", next))
						if err == nil {
							expect(t, got, wire.OK, next)
							return
						}
						if n == 100 {
							t.Fatalf("cut after %d bytes sent, %d received: the client does not come back: %v", send, take, err)
						}
						time.Sleep(10 * time.Millisecond)
					}
				}
				try(-1, -1)
				if failed > 0 || request == 0 || answer == 0 {
					t.Fatalf("without a cut: %d bytes sent, %d received", request, answer)
				}
				for _, after := range cuts(request, everywhere) {
					try(after, -1)
				}
				for _, after := range cuts(answer, everywhere) {
					try(-1, after)
				}
				if all := len(cuts(request, everywhere)) + len(cuts(answer, everywhere)); answered+failed != all+1 || failed < all/2 {
					t.Errorf("%d calls were answered, %d failed, of %d cuts", answered, failed, all)
				}
			})
		})
	}
}

// cuts are the places to cut size bytes: all of the first ones, and 20 random ones beyond.
func cuts(size, all int) []int {
	var at []int
	for after := range min(size, all) {
		at = append(at, after)
	}
	for range 20 {
		if size > all {
			at = append(at, all+rand.IntN(size-all))
		}
	}
	return at
}
