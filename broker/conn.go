// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// errStuck: the peer does not take its answers.
const errStuck = text("no progress in writing")

// maxPending is how many queued bytes make a write worth its while; the writer's memory for more is not pooled.
const maxPending = 48 << 10

// conn is an accepted connection. Its goroutine reads, serves and writes, and owns every field; while a watcher runs, that
// one owns the reading side.
type conn struct {
	s        *Server
	nc       net.Conn
	peer     *probe // used by the connection's goroutine
	log      *slog.Logger
	draining atomic.Bool
	accepted time.Time

	r          *wire.Reader // the reading side
	limited    bool         // a read deadline is in force
	reading    int          // bytes of the budget for the frame that is being read (O7)
	noRoom     bool         // it does not get them
	held       int          // likewise for the one that is being served
	arriveBy   time.Time    // when it must have arrived (O11); zero: it has
	ahead      []frame      // read while a poll or an offer waited (O15)
	aheadBytes int
	readErr    error // the end of the reading side, behind what is in ahead

	writing sync.Mutex // held while out is used, by this goroutine or by the pusher's; guards failed too
	out     *outlet
	failed  error      // why nothing can be written any more
	text    []byte     // memory for the text of an answer
	unsent  []delivery // polled messages in answers that have not left (P3)
	mute    bool       // the peer takes no answers any more
	stuck   bool       // and the connection has to end for it (O10)

	late    *time.Timer   // writes the queued answers while a handler runs; nil: not needed so far
	flushed chan struct{} // gets a token when it has

	watcher   *watcher
	temp      []string // its temporary queues
	tempUsage engine.Usage
	longWaits bool    // the peer announced the feature `wait` (P4)
	ackMode   AckMode // what it has been granted
	leases    leases

	id           string // of its subscriptions
	topics       map[string]engine.Topic
	pushes       *pusher // from the first subscription on
	identity     atomic.Pointer[identity]
	exchanged    bool // there has been a key exchange that counts
	countsNonces bool // the peer wants counter nonces (S5)
	sealed       bool
	refused      bool // the peer has broken a rule that ends the connection after the answer
}

// delivery is a polled message on its way to the consumer.
type delivery struct {
	queue engine.Queue
	m     *wire.Message
	lease *leased // nil: the message has been taken out of the queue (P1)
	end   int64   // outlet.taken when all of the answer has left
}

func newConn(s *Server, nc net.Conn) *conn {
	c := &conn{s: s, nc: nc, peer: newProbe(nc), accepted: time.Now(), id: newID().String(), out: newOutlet(nc)}
	c.log = s.log.With("peer", nc.RemoteAddr().String())
	c.leases.s = s
	limits := wire.DefaultLimits(s.opts.MaxMessageSize)
	if s.opts.Authenticator != nil {
		limits = anonymousLimits
	}
	c.r = wire.NewReader(c, limits)
	c.r.OnProgress(c.progress)
	c.out.w.SetCutoff(s.opts.CompressCutoff)
	return c
}

// anonymousLimits are what a peer may send before it has logged in (O3).
var anonymousLimits = wire.Limits{MaxMeta: 4 << 10, MaxData: 16 << 10, MaxPayload: 16 << 10}

// run serves the connection until it ends. A panic of ours ends this connection only (O23).
func (c *conn) run() {
	defer c.end()
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("Connection closed: internal error", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	tune(c.nc, c.s.opts.SendBuffer, c.s.opts.ReceiveBuffer)
	c.arriveBy = c.accepted.Add(arrivalLimit)
	c.deadline(arrivalLimit)
	for {
		f, err := c.next()
		if err != nil {
			c.logEnd(err)
			return
		}
		c.held = f.held
		c.serve(f)
		c.letGo()
		if c.refused {
			c.flush()
			return
		}
	}
}

// next returns the next request. The queued answers go out before it waits for one.
func (c *conn) next() (frame, error) {
	if c.watcher != nil {
		c.flush()
		c.unwatch()
	}
	if len(c.ahead) > 0 && !c.stuck {
		f := c.ahead[0]
		c.ahead[0] = frame{}
		c.ahead = c.ahead[1:]
		return f, nil
	}
	c.dropAhead()
	if c.readErr != nil {
		return frame{}, c.readErr
	}
	if !c.r.HasFrame() {
		c.flush()
		if h := c.s.opts.HeartbeatInterval; h > 0 && !c.limited {
			c.deadline(time.Duration(h) * 2500 * time.Millisecond) // O14
		}
	} else if c.pending() >= maxPending {
		c.flush()
	}
	if c.stuck {
		return frame{}, errStuck
	}
	return c.readFrame()
}

// flush writes the queued answers. If they cannot be written the connection is mute from then on: what its peer has sent
// is still served, but nothing is taken out of a queue for it. Messages whose answer has not left in full are put back.
func (c *conn) flush() {
	c.writing.Lock()
	if c.failed == nil {
		c.failed = c.out.flush()
	}
	err := c.failed
	c.writing.Unlock()
	if err != nil && !c.mute {
		c.mute = true
		c.stuck = errors.Is(err, os.ErrDeadlineExceeded)
		c.log.Info("Answers could not be written", "error", err)
		for i := len(c.unsent) - 1; i >= 0; i-- { // the last one first: each goes to the head
			if d := c.unsent[i]; d.end > c.out.taken {
				c.undeliver(d)
			}
		}
	}
	clear(c.unsent)
	c.unsent = c.unsent[:0]
}

// undeliver returns a message that its consumer cannot have got (P2, P3).
func (c *conn) undeliver(d delivery) {
	if d.lease == nil {
		c.putBack(d.queue, d.m)
		return
	}
	if c.leases.claim(d.lease) {
		c.s.stats.putBack.Add(1)
		c.s.restore(d.lease, false)
	}
}

// putBack returns a message that its consumer cannot have got, and that has been taken out of its queue.
func (c *conn) putBack(q engine.Queue, m *wire.Message) {
	c.s.stats.putBack.Add(1)
	if err := q.PutBack(m); err != nil && !errors.Is(err, engine.ErrQueueNotFound) {
		c.log.Warn("A polled message could not be put back", "destination", m.Destination, "id", m.ID, "error", err)
	}
}

// send queues an answer. One that cannot be encoded is an error; the connection goes on.
func (c *conn) send(m *wire.Message) error {
	if c.mute {
		return nil
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.out.w.Queue(m)
}

// pending is how many bytes of answers are queued.
func (c *conn) pending() int {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.out.w.Pending()
}

// during runs call, and writes the queued answers if it takes longer than a moment: they must not wait for a handler that
// a later request of the same peer started.
func (c *conn) during(call func()) {
	const moment = time.Millisecond
	if c.pending() == 0 {
		call()
		return
	}
	if c.late == nil {
		c.flushed = make(chan struct{}, 1)
		c.late = time.AfterFunc(moment, func() {
			defer func() { c.flushed <- struct{}{} }()
			c.flush()
		})
	} else {
		c.late.Reset(moment)
	}
	defer func() {
		if !c.late.Stop() {
			<-c.flushed
		}
	}()
	call()
}

// dropAhead forgets what has been read ahead.
func (c *conn) dropAhead() {
	for _, f := range c.ahead {
		c.s.memory.give(f.held)
	}
	c.ahead, c.aheadBytes = nil, 0
}

// drain makes the connection end when nothing arrives any more (decisions.md B12). Called by the server's goroutine.
func (c *conn) drain() {
	c.draining.Store(true)
	c.nc.SetReadDeadline(time.Now().Add(quietLimit))
}

// end releases what the connection holds.
func (c *conn) end() {
	c.flush()
	c.nc.Close()
	if c.watcher != nil {
		c.unwatch()
	}
	c.s.memory.give(c.reading)
	c.letGo()
	c.dropAhead()
	c.leases.close()
	for name, t := range c.topics {
		c.forgetTopic(name, t)
	}
	if c.pushes != nil {
		c.pushes.close()
	}
	for _, name := range c.temp {
		c.s.owners.Delete(name)
		if err := c.s.engine.RemoveQueue(context.WithoutCancel(c.s.base), name); err != nil && !errors.Is(err, engine.ErrClosed) {
			c.log.Warn("A temporary queue could not be removed", "queue", name, "error", err)
		}
	}
	c.s.forget(c)
}

func (c *conn) logEnd(err error) {
	switch {
	case errors.Is(err, io.EOF), c.draining.Load() && errors.Is(err, os.ErrDeadlineExceeded):
		c.log.Debug("Connection closed")
	case errors.Is(err, wire.ErrMalformed):
		c.s.stats.malformed.Add(1)
		c.log.Warn("Connection closed: the peer broke the protocol", "error", err)
	default:
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errStuck) {
			c.s.stats.timeouts.Add(1)
		}
		c.log.Info("Connection closed", "error", err)
	}
}

// tune sets the socket options of O27 and of the configuration; failures do not matter.
func tune(nc net.Conn, send, receive int) {
	type buffered interface {
		SetReadBuffer(int) error
		SetWriteBuffer(int) error
	}
	if b, ok := nc.(buffered); ok {
		if send > 0 {
			b.SetWriteBuffer(send)
		}
		if receive > 0 {
			b.SetReadBuffer(receive)
		}
	}
	if t, ok := nc.(*net.TCPConn); ok {
		t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 30 * time.Second, Count: 3})
		tuneLoopback(t)
	}
}
