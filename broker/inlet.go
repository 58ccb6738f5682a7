// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"time"

	"gondola/broker/wire"
)

// Deadlines of the reading side.
const (
	arrivalLimit = 10 * time.Second      // O11
	headerLimit  = 5 * time.Second       // O12
	bodyLimit    = 10 * time.Second      // O12, and one second more for each bodyRate bytes
	bodyRate     = 64 << 10              // bytes a second
	quietLimit   = 50 * time.Millisecond // silence that ends a drain (decisions.md B12)
)

// Read-ahead while a poll or an offer waits (O15).
const (
	maxAhead      = 16
	maxAheadBytes = 1 << 20
)

// frame is a request that has been read, or one that was too large.
type frame struct {
	m        *wire.Message
	oversize *wire.OversizeError
	held     int   // bytes of the budget (O7)
	taken    int64 // outlet.taken when it had been read; with AUTO_ACKNOWLEDGE only
}

// acknowledges reports whether it settles deliveries by their ids.
func (f frame) acknowledges() bool {
	return f.m != nil && f.m.Type == wire.Request && f.m.Destination == ackFunction
}

// Read is what the connection's wire.Reader reads from. During a drain each read has the deadline that ends it.
func (c *conn) Read(p []byte) (int, error) {
	if c.draining.Load() {
		c.nc.SetReadDeadline(time.Now().Add(quietLimit))
	}
	if c.noRoom {
		return 0, errNoRoom
	}
	return c.nc.Read(p)
}

// progress sets the deadlines of O12 for a frame that has begun and is not all there.
func (c *conn) progress(rest int) {
	if rest < 0 && c.watcher != nil {
		c.watcher.begin()
	}
	have := c.r.Buffered()
	switch {
	case rest < 0 && have >= wire.HeaderLen, rest >= 0 && have >= wire.HeaderLen+rest:
		return
	case rest < 0:
		c.deadline(headerLimit)
	default:
		if rest > largeBody && rest <= c.s.memory.largest { // a larger one is discarded
			c.makeRoom(rest)
		}
		c.deadline(bodyLimit + time.Duration(rest/bodyRate)*time.Second)
	}
}

// errNoRoom: the memory budget is used up (O7).
const errNoRoom = text("no memory for the request within the budget")

// makeRoom waits for room for a large body; without it the connection ends. Nothing of the body is read meanwhile.
func (c *conn) makeRoom(n int) {
	if c.s.memory.wait(n, c.s.parked.Done()) {
		c.reading = n
		return
	}
	c.noRoom = true
	c.s.stats.refusedMemory.Add(1)
}

// letGo gives back what the frame that is being served has of the budget.
func (c *conn) letGo() {
	c.s.memory.give(c.held)
	c.held = 0
}

// deadline limits the next reads. A drain has its own.
func (c *conn) deadline(d time.Duration) {
	c.limited = true
	t := time.Now().Add(d)
	if !c.arriveBy.IsZero() && c.arriveBy.Before(t) {
		t = c.arriveBy
	}
	c.nc.SetReadDeadline(t)
}

// lift ends the limits on reading, but for the one on arriving.
func (c *conn) lift() {
	c.limited = !c.arriveBy.IsZero()
	c.nc.SetReadDeadline(c.arriveBy)
}

// arrive notes that the peer has logged in, or has sent a request where no login is needed (O11).
func (c *conn) arrive() {
	if c.arriveBy.IsZero() {
		return
	}
	c.arriveBy = time.Time{}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.hasArrived(c)
}

// readFrame reads one frame and lifts its deadline.
func (c *conn) readFrame() (frame, error) {
	m, err := c.r.Read()
	over, skipped := err.(*wire.OversizeError)
	if c.limited && (err == nil || skipped) {
		if c.s.opts.Authenticator == nil {
			c.arrive()
		}
		c.lift()
	}
	f := frame{m: m, held: c.reading}
	c.reading = 0
	if skipped {
		f.oversize, err = over, nil
	}
	if err != nil {
		c.s.memory.give(f.held)
	}
	if c.ackMode == AutoAck {
		f.taken = c.taken()
	}
	return f, err
}
