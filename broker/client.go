// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"gondola/broker/wire"
)

// Client is one connection to a server. Safe for concurrent use: several calls may be under way, and the server answers
// them in the order in which they were sent. Dial makes it, Close ends it.
//
// A lone caller writes its request and reads the socket itself until its answer is there. While it reads, others follow:
// it hands them their answers, and when it has its own, a goroutine reads on for as long as calls are waiting. Writing is
// shared likewise: whoever finds the writer busy leaves its request behind, and a goroutine sends what has been left.
type Client struct {
	addr      Address
	opts      ClientOptions
	log       *slog.Logger
	limit     int     // largest message, header and meta data included
	ackMode   AckMode // what the server has granted
	longWaits bool    // the server has granted the feature `wait`
	sealed    bool    // the connection is encrypted
	id        string  // of this endpoint
	nc        net.Conn
	closing   chan struct{}  // closed by Close
	closeBy   time.Time      // when Close gives up; set before closing is closed
	ended     chan struct{}  // closed when the reading side has ended after Close
	wg        sync.WaitGroup // heartbeats, readers and writers

	out *outlet      // owned by who set writing
	r   *wire.Reader // owned by who set reading

	mu        sync.Mutex
	pending   map[uuid.UUID]*Call // sent, or left to be sent, and not answered
	left      []outgoing          // requests that wait for the writer
	writing   bool
	reading   bool
	leader    *Call     // the call whose caller reads; nil: nobody, or a goroutine
	inFrame   bool      // a frame is arriving: the deadline is its own
	readUntil time.Time // the read deadline in force; zero: unknown or none
	closed    bool
	lost      error         // why the connection has ended
	used      time.Time     // by the latest call
	opened    int           // connections so far: what is told of an earlier one does not end this one
	expiry    *time.Timer   // gives up started calls whose time is over; nil: there was none
	expires   time.Time     // when it goes off; zero: it does not
	watched   watches       // the contexts of started calls
	dialing   chan struct{} // closed when the attempt to open the connection again is over; nil: none is under way
	reopening bool          // a goroutine is at it
	released  *sync.Cond    // reading or writing has become false
	in        inbox
}

// Dial connects and negotiates (ipc-api.md 6.2): *OpenError. ctx bounds the opening only.
func Dial(ctx context.Context, addr Address, opts ClientOptions) (*Client, error) {
	o, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	c, config, err := open(ctx, addr, o)
	if err != nil {
		return nil, &OpenError{Address: addr.String(), Cause: err}
	}
	c.apply(config)
	return c, nil
}

// open connects and shakes hands; nothing of the client runs yet.
func open(ctx context.Context, addr Address, o ClientOptions) (*Client, configAnswer, error) {
	if err := addr.check(); err != nil {
		return nil, configAnswer{}, err
	}
	to := addr.dial()
	nc, err := o.Dial(ctx, to.network, to.address)
	if err != nil {
		return nil, configAnswer{}, &Error{Text: "Failed to open connection to the server " + addr.String() + "!", Cause: err}
	}
	tune(nc, o.SendBuffer, o.ReceiveBuffer)
	c := &Client{
		addr: addr, opts: o, log: o.Logger.With("server", addr.String()), nc: nc,
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
		out:     newOutlet(nc),
		r:       wire.NewReader(nc, wire.DefaultLimits(maxControl)),
		pending: make(map[uuid.UUID]*Call),
		id:      newID().String(),
		in:      inbox{taken: make(chan struct{}, 1)},
	}
	c.released = sync.NewCond(&c.mu)
	interrupt := context.AfterFunc(ctx, func() { nc.Close() })
	config, err := c.handshake()
	if !interrupt() {
		err = errors.Join(ctx.Err(), err)
	}
	if err != nil {
		nc.Close()
		return nil, config, err
	}
	return c, config, nil
}

// apply goes by what the server has said about itself, on a connection that nobody uses yet.
func (c *Client) apply(config configAnswer) {
	c.limit = config.MaxMessage
	c.out.w.SetCutoff(config.Cutoff)
	c.r.SetLimits(wire.DefaultLimits(config.MaxMessage))
	c.r.OnProgress(c.progress)
	c.longWaits = c.opts.LongWaits && config.grants(featureWait)
	c.ackMode = NoAck
	if config.acknowledges(c.opts.Ack) {
		c.ackMode = c.opts.Ack
	}
	c.opened++
	if n := c.opened; config.Heartbeat > 0 {
		c.wg.Go(func() { c.beat(time.Duration(config.Heartbeat)*time.Second, n) })
	}
}

// Clone connects a new client with the same address and options; it works on a closed client too.
func (c *Client) Clone(ctx context.Context) (*Client, error) { return Dial(ctx, c.addr, c.opts) }

// Address is the server's.
func (c *Client) Address() Address { return c.addr }

// MaxMessageSize is the server's limit in bytes: header, plain meta data and payload together.
func (c *Client) MaxMessageSize() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limit
}

// Running is true until Close, also when the connection is lost.
func (c *Client) Running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed
}

// How long Close waits for the server to take what has been sent (ipc-api.md 5.2).
const (
	linger     = 100 * time.Millisecond // without progress
	longLinger = 5 * time.Second        // in all
)

// prolong gives the server its time anew, if the client is being closed.
func (c *Client) prolong() {
	select {
	case <-c.closing:
		until := time.Now().Add(linger)
		if until.After(c.closeBy) {
			until = c.closeBy
		}
		c.nc.SetDeadline(until)
	default:
	}
}

// Close ends the client. Waiting calls end with *EOFError. Requests that have been given to the client are sent first, and
// the server serves them. Closing twice is fine.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return nil
	}
	c.closed = true
	c.closeBy = time.Now().Add(longLinger)
	close(c.closing)
	if c.expiry != nil {
		c.expiry.Stop()
	}
	c.released.Broadcast()
	c.failPending(&EOFError{Cause: net.ErrClosed})
	c.prolong()
	if !c.writing {
		c.closeWrite()
	}
	alone := !c.reading // nobody else reads to the end
	c.reading = true
	c.mu.Unlock()

	if alone {
		c.discard()
		c.stopReading()
	}
	<-c.ended
	c.wg.Wait()
	c.nc.Close()
	return nil
}

// closeWrite tells the server that nothing more comes. The end must not be a reset: that would throw away what the server
// has not read yet.
func (c *Client) closeWrite() {
	if h, ok := c.nc.(interface{ CloseWrite() error }); ok {
		h.CloseWrite()
	}
}

// discard reads until the server has closed, or the deadline of Close. It owns the reading side.
func (c *Client) discard() {
	if _, ok := c.nc.(interface{ CloseWrite() error }); !ok {
		return // no half close, so the server does not know yet
	}
	for {
		c.prolong()
		if _, err := c.r.Read(); err != nil {
			if _, over := err.(*wire.OversizeError); !over {
				return
			}
		}
	}
}

// fail ends the connection because of err: every waiting call fails. The first reason counts. Another connection is opened if
// the options say so. Whoever calls it owns the reading or the writing side.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loseConnection(err)
}

// failConnection is fail for one that owns nothing: it does nothing if the nth connection has ended before.
func (c *Client) failConnection(n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opened == n {
		c.loseConnection(err)
	}
}

// loseConnection runs with mu held.
func (c *Client) loseConnection(err error) {
	if c.lost == nil {
		c.lost = err
		if !c.closed {
			c.log.Warn("The connection is lost", "error", err, "reconnects", !c.opts.Reconnect.Off)
		}
	}
	c.failPending(&EOFError{Cause: c.lost})
	c.nc.Close()
	c.nudge() // a reader that waits for room
	if !c.opts.Reconnect.Off && !c.closed && !c.reopening {
		c.reopening = true
		c.dialing = make(chan struct{})
		c.wg.Go(c.reopen)
	}
}

// failPending runs with mu held.
func (c *Client) failPending(err error) {
	for _, call := range c.pending {
		c.complete(call, nil, err)
	}
}

// usable runs with mu held.
func (c *Client) usable() error {
	if c.closed {
		return ErrClosed
	}
	if c.lost != nil {
		return &LostError{Cause: c.lost}
	}
	return nil
}

// beat sends heartbeats on the nth connection (decisions.md B14); one that is not answered ends it.
func (c *Client) beat(every time.Duration, n int) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.closing:
			return
		case <-tick.C:
		}
		if !c.on(n) {
			return
		}
		answer, err := c.roundTrip(context.Background(), newRequest(wire.Heartbeat, ""), c.beatLimit())
		if err == nil && answer.Status == wire.OK {
			continue
		}
		if !c.on(n) {
			return
		}
		c.failConnection(n, errors.Join(text("heartbeat failed"), err))
		return
	}
}

// beatLimit is the time for the answer to a heartbeat of now: the server serves what was sent before it first (B11), perhaps a
// poll that waits.
func (c *Client) beatLimit() time.Duration {
	const limit = 5 * time.Second
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	busy := now
	for _, call := range c.pending {
		if call.until.After(busy) {
			busy = call.until
		}
	}
	return busy.Sub(now) + limit
}

// on reports whether the nth connection is the one in use.
func (c *Client) on(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed && c.lost == nil && c.opened == n
}

// timedOut reports whether a read ended at its deadline.
func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
