// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// parked counts the connections that have a poll or an offer in line, by asking the engine for nothing: it waits until the
// server has read what was sent.
func parkedPolls(t *testing.T, s *Server, n int64) {
	t.Helper()
	eventually(t, "the requests are served", func() bool { return s.stats.messages.Load() >= n })
	time.Sleep(20 * time.Millisecond) // from there to the line
}

// P2: 50 pollers that leave get nothing, whether they close in order, with a reset, or behind another request.
func TestPollersThatLeaveLoseNothing(t *testing.T) {
	const pollers = 50
	for _, c := range []struct {
		name  string
		leave func(p *raw)
	}{
		{"close", func(p *raw) { p.nc.Close() }},
		{"reset", func(p *raw) { p.nc.(*net.TCPConn).SetLinger(0); p.nc.Close() }},
		{"half close", func(p *raw) { p.nc.(*net.TCPConn).CloseWrite() }},
		{"close behind a request", func(p *raw) { p.write(newRequest(wire.Test, "")); p.nc.Close() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServer(t, ServerOptions{MaxConnections: pollers + 1})
			createQueue(t, s, "q", pollers)
			var ps []*raw
			for range pollers {
				p := dialRaw(t, s)
				p.write(rawPoll("q", 9000))
				ps = append(ps, p)
			}
			parkedPolls(t, s, pollers)
			for _, p := range ps {
				c.leave(p)
			}
			// The offers come at once: the server need not have noticed yet.
			offering := dial(t, s, ClientOptions{})
			for i := range pollers {
				got := must[*wire.Message](t)(offering.Offer(t.Context(), "q", "", 0, textMessage("", "s", fmt.Sprint(i))))
				expect(t, got, wire.OK, "Offered the message to the queue q")
			}
			eventually(t, "the pollers' connections have ended", func() bool { return s.Stats().Connections == 1 })
			seen := make(map[string]bool) // put back by several connections at a time: in any order (P5)
			for range pollers {
				got := must[*wire.Message](t)(offering.Poll(t.Context(), "q", 0))
				if got.Status != wire.OK {
					t.Fatalf("%d messages left of %d", len(seen), pollers)
				}
				seen[string(got.Payload)] = true
			}
			if len(seen) != pollers {
				t.Errorf("%d different messages", len(seen))
			}
		})
	}
}

// P2: a poll whose sender has gone before it is served takes nothing either.
func TestPollOfTheDeadTakesNothing(t *testing.T) {
	const n = 200
	s := startServer(t, ServerOptions{MaxConnections: 2 * n})
	createQueue(t, s, "q", n)
	c := dial(t, s, ClientOptions{})
	for i := range n {
		must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, textMessage("", "s", fmt.Sprint(i))))
	}
	hold := make(chan struct{})
	createFunction(t, s, "hold", func(_ context.Context, _ *wire.Message) (*wire.Message, error) { <-hold; return nil, nil })
	for range n {
		p := dialRaw(t, s)
		busy := newRequest(wire.Request, "hold")
		busy.Oneway = true
		p.write(busy, rawPoll("q", 1000))
		p.nc.Close()
	}
	close(hold)
	eventually(t, "the connections have ended", func() bool { return s.Stats().Connections == 1 })
	if status, _ := s.QueueStatus("q"); status.Size != n {
		t.Errorf("%d messages left of %d", status.Size, n)
	}
}

// P3: messages whose answers did not leave in full return to the head, in order.
func TestUndeliveredAnswersArePutBack(t *testing.T) {
	const n, size = 40, 1 << 20 // far more than the sockets hold
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", n)
	c := dial(t, s, ClientOptions{})
	for i := range n {
		m := textMessage(fmt.Sprint(i), "s", "")
		m.Payload = bytesOf(byte(i), size)
		must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, m))
	}
	p := dialRaw(t, s)
	if err := p.nc.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil { // else the system lets it grow to tens of megabytes
		t.Fatal(err)
	}
	var polls []*wire.Message
	for range n {
		polls = append(polls, rawPoll("q", -1))
	}
	p.write(polls...)
	got := 0
	for ; got < 2; got++ {
		if m := p.read(); m.RequestID != fmt.Sprint(got) {
			t.Fatalf("answer %s, want %d", m.RequestID, got)
		}
	}
	p.nc.(*net.TCPConn).SetLinger(0) // what is in the sockets is lost: it counts as delivered (P1)
	p.nc.Close()
	eventually(t, "the connection has ended", func() bool { return s.Stats().Connections == 1 })
	if s.Stats().PutBack == 0 {
		t.Error("nothing was put back")
	}
	status, _ := s.QueueStatus("q")
	if status.Size == 0 || status.Size > n-got {
		t.Fatalf("%d messages left", status.Size)
	}
	for i := n - status.Size; i < n; i++ {
		m := must[*wire.Message](t)(c.Poll(t.Context(), "q", 0))
		if m.RequestID != fmt.Sprint(i) || len(m.Payload) != size {
			t.Fatalf("message %s, want %d", m.RequestID, i)
		}
	}
}

// limitedConn takes a number of bytes and fails then, as a connection that breaks in the middle of an answer.
type limitedConn struct {
	net.Conn
	left int
}

func (c *limitedConn) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	w, err := c.Conn.Write(p[:n])
	if err == nil && n < len(p) {
		c.Conn.Close()
		err = net.ErrClosed
	}
	return w, err
}

// limitedListener makes such connections while limit is set.
type limitedListener struct {
	net.Listener
	limit *atomic.Int64
}

func (l limitedListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if limit := l.limit.Load(); err == nil && limit > 0 {
		nc = &limitedConn{Conn: nc, left: int(limit)}
	}
	return nc, err
}

// P3: of answers of which the kernel took one byte less than all, the last one's message is back at the head; of those of
// which it took all, none.
func TestCutAnswerIsPutBack(t *testing.T) {
	const n = 4
	var limit atomic.Int64
	s := startServer(t, ServerOptions{Listen: func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		return limitedListener{l, &limit}, err
	}})
	createQueue(t, s, "q", n)
	c := dial(t, s, ClientOptions{})
	offered := textMessage("", "s", "the same length")
	for range n {
		must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, offered))
	}
	answer := must[*wire.Message](t)(c.Poll(t.Context(), "q", 0))
	size := len(must[[]byte](t)(wire.AppendFrame(nil, answer, false, nil)))
	must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, offered))
	for taken, want := range map[int]int{1: n, size - 1: n, size: n - 1, 2*size - 1: n - 1, 2 * size: n - 2, 3*size - 1: n - 2} {
		limit.Store(int64(taken))
		p := dialRaw(t, s)
		eventually(t, "the connection is there", func() bool { return s.Stats().Connections == 2 })
		limit.Store(0)
		p.write(rawPoll("q", -1), rawPoll("q", -1), rawPoll("q", -1))
		eventually(t, "the connection has ended", func() bool { return s.Stats().Connections == 1 })
		if status, _ := s.QueueStatus("q"); status.Size != want {
			t.Errorf("%d messages after %d bytes of answers of %d bytes, want %d", status.Size, taken, size, want)
		}
		for status, _ := s.QueueStatus("q"); status.Size < n; status.Size++ {
			must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, offered))
		}
	}
}

// P4: a peer that did not announce the feature `wait` is answered in time, another one when it has waited.
func TestWaitCap(t *testing.T) {
	s := startServer(t, ServerOptions{WaitCap: 30 * time.Millisecond})
	createQueue(t, s, "q", 1)
	stock, ours := dial(t, s, ClientOptions{}), dial(t, s, ClientOptions{LongWaits: true})
	begun := time.Now()
	expect(t, must[*wire.Message](t)(stock.Poll(t.Context(), "q", time.Hour)), wire.QueueEmpty, "Poll from queue q rejected! The queue is empty.")
	if d := time.Since(begun); d < 29*time.Millisecond {
		t.Errorf("the poll waited %v", d)
	}
	begun = time.Now()
	expect(t, must[*wire.Message](t)(ours.Poll(t.Context(), "q", 150*time.Millisecond)), wire.QueueEmpty, "Poll from queue q rejected! The queue is empty.")
	if d := time.Since(begun); d < 149*time.Millisecond {
		t.Errorf("the poll waited %v", d)
	}
	must[*wire.Message](t)(stock.Offer(t.Context(), "q", "", 0, textMessage("", "s", "x")))
	expect(t, must[*wire.Message](t)(stock.Offer(t.Context(), "q", "", time.Hour, textMessage("", "s", "x"))), wire.QueueFull, "Offer to q rejected! The queue is full.")
}

// A waiting offer gets its place when one is polled; a waiting poll gets what is offered, all fields kept.
func TestOfferAndPollMeet(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 1)
	a, b := dial(t, s, ClientOptions{}), dial(t, s, ClientOptions{})
	first := textMessage("1", "sub", "first")
	first.Durable, first.ExpiresAt = true, time.Now().Add(time.Hour).UnixMilli()
	call := must[*Call](t)(b.PollAsync(t.Context(), "q", 9*time.Second))
	parkedPolls(t, s, 3) // two configurations before it
	before := time.Now().UnixMilli()
	expect(t, must[*wire.Message](t)(a.Offer(t.Context(), "q", "reply", 5*time.Second, first)), wire.OK, "Offered the message to the queue q")
	got := must[*wire.Message](t)(call.Result())
	if got.Timestamp < before || got.Type != wire.Response || got.Status != wire.OK || !got.Oneway || !got.Durable || got.RequestID != "1" ||
		got.Destination != "q" || got.ReplyTo != "reply" || got.ExpiresAt != first.ExpiresAt || got.Timeout != 5000 ||
		got.Subject != "sub" || got.Mimetype != mimeText || got.Charset != utf8Name || string(got.Payload) != "first" {
		t.Errorf("polled %+v", got)
	}

	must[*wire.Message](t)(a.Offer(t.Context(), "q", "", 0, textMessage("", "s", "x")))
	waiting := must[*Call](t)(a.OfferAsync(t.Context(), "q", "", 9*time.Second, textMessage("", "s", "y")))
	parkedPolls(t, s, 6)
	expect(t, must[*wire.Message](t)(b.Poll(t.Context(), "q", 0)), wire.OK, "x")
	expect(t, must[*wire.Message](t)(waiting.Result()), wire.OK, "Offered the message to the queue q")
	expect(t, must[*wire.Message](t)(b.Poll(t.Context(), "q", 0)), wire.OK, "y")
}

// Requests that arrive while a poll waits are served after it, however they are split (O15).
func TestReadAheadWhileParked(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 9)
	createFunction(t, s, "echo", echo)
	other := dial(t, s, ClientOptions{})
	for _, size := range []int{0, 100, 70000, 3 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p := dialRaw(t, s)
			p.write(rawPoll("q", 9000))
			var behind []byte
			var err error
			var ids []string
			for i := range 3 * maxAhead {
				m := newRequest(wire.Request, "echo")
				m.RequestID = fmt.Sprint(i)
				if i == 2 {
					m.Payload = bytesOf('x', size)
				}
				ids = append(ids, m.RequestID)
				if behind, err = wire.AppendFrame(behind, m, false, nil); err != nil {
					t.Fatal(err)
				}
			}
			offered := false
			for chunk := range chunks(behind, 1+len(behind)/7) {
				if _, err := p.nc.Write(chunk); err != nil {
					t.Fatal(err)
				}
				if !offered { // the poll ends inside a frame that is being read
					must[*wire.Message](t)(other.Offer(t.Context(), "q", "", 0, textMessage("", "s", "polled")))
					expect(t, p.read(), wire.OK, "polled")
					offered = true
				}
			}
			for _, id := range ids {
				if m := p.read(); m.RequestID != id || m.Status != wire.OK {
					t.Fatalf("answer to %s: %s %s", id, m.RequestID, m.Status)
				}
			}
		})
	}
}

func chunks(b []byte, n int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			k := min(n, len(b))
			if !yield(b[:k]) {
				return
			}
			b = b[k:]
		}
	}
}

// Temporary queues: anybody who knows the name may use them; they go with their owner (ipc-api.md 8.1).
func TestTemporaryQueue(t *testing.T) {
	s := startServer(t, ServerOptions{MaxQueues: 1})
	owner, other := dial(t, s, ClientOptions{}), dial(t, s, ClientOptions{})
	name := must[string](t)(owner.CreateTemporaryQueue(t.Context(), 3))
	if len(name) != 42 || name[:6] != "queue/" {
		t.Errorf("name %q", name)
	}
	createQueue(t, s, "q", 1) // temporary ones do not count
	status, exists := s.QueueStatus(name)
	want := engine.QueueStatus{QueueSpec: engine.QueueSpec{Name: name, Capacity: 3, Temporary: true}}
	if !exists || status != want || s.HasQueue(name) {
		t.Errorf("status %+v, HasQueue %v", status, s.HasQueue(name))
	}
	expect(t, must[*wire.Message](t)(other.Offer(t.Context(), name, "", 0, textMessage("", "s", "x"))), wire.OK, "Offered the message to the queue "+name)
	if err := s.RemoveQueue(t.Context(), name); err == nil || err.Error() != "Cannot remove a temporary queue!" {
		t.Errorf("removal: %v", err)
	}
	for range maxTempQueues - 1 {
		must[string](t)(owner.CreateTemporaryQueue(t.Context(), 1))
	}
	_, err := owner.CreateTemporaryQueue(t.Context(), 1)
	const limit = "Failed to create temporary queue! Reason: Request CREATE_TEMP_QUEUE: Too many temporary queues! Reached the limit of 50 temporary queues for this client."
	if err == nil || err.Error() != limit {
		t.Errorf("51st: %v", err)
	}
	if _, err := owner.CreateTemporaryQueue(t.Context(), 0); err == nil || err.Error() != capacityText {
		t.Errorf("capacity 0: %v", err)
	}
	owner.Close()
	eventually(t, "the temporary queues are gone", func() bool { return s.Stats().TempQueues == 0 })
	expect(t, must[*wire.Message](t)(other.Offer(t.Context(), name, "", 0, textMessage("", "s", "x"))), wire.QueueNotFound, "The queue "+name+" does not exist!")
}

// Compressed and large payloads travel unharmed in both directions.
func TestPayloads(t *testing.T) {
	for _, opts := range []ServerOptions{{}, {Compress: true, CompressCutoff: 0}, {Compress: true, CompressCutoff: 1000}} {
		s := startServer(t, opts)
		createFunction(t, s, "echo", echo)
		c := dial(t, s, ClientOptions{})
		for _, size := range []int{0, 1, 999, 1000, 16 << 10, 100_000, 5 << 20} {
			m := textMessage("", "s", "")
			m.Payload = bytes.Repeat([]byte("abcdefg-"), size/8+1)[:size]
			got := must[*wire.Message](t)(c.Send(t.Context(), "echo", m))
			if got.Status != wire.OK || !bytes.Equal(got.Payload, m.Payload) {
				t.Errorf("compress %v: %d bytes came back as %d", opts.Compress, size, len(got.Payload))
			}
		}
	}
}

// Pushes that leave with one write are told apart when it breaks: the dead letters get only those that have not left in full.
func TestCutPush(t *testing.T) {
	s := startServer(t, ServerOptions{})
	m := textMessage("", "s", "the same length")
	size := len(must[[]byte](t)(wire.AppendFrame(nil, m, false, nil)))
	for taken, want := range map[int]int{size - 1: 0, size: 1, 2*size + 1: 2, 3 * size: 3} {
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, ours)
		c := newConn(s, &limitedConn{Conn: theirs, left: taken})
		if left, ok := c.pushNow([]*wire.Message{m, m, m}); left != want || ok != (want == 3) {
			t.Errorf("%d have left, %v, after %d bytes of frames of %d bytes; want %d", left, ok, taken, size, want)
		}
		theirs.Close()
		ours.Close()
	}
}
