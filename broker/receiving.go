// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"time"

	"gondola/broker/wire"
)

// await waits for the answer of a call that has been submitted: as the reader if there is none, else as a follower.
func (c *Client) await(ctx context.Context, call *Call) (*wire.Message, error) {
	c.mu.Lock()
	if call.over {
		defer c.mu.Unlock()
		return call.answer, call.err
	}
	if !c.reading {
		c.reading, c.leader = true, call
		c.armRead(call.until)
		c.mu.Unlock()
		c.lead(ctx, call)
		return call.answer, call.err
	}
	call.done = make(chan struct{})
	c.mu.Unlock()

	timer := time.NewTimer(time.Until(call.until))
	defer timer.Stop()
	select {
	case <-call.done:
	case <-ctx.Done():
		c.give(call, ctx.Err())
	case <-timer.C:
		c.give(call, timeout(call.limit))
	}
	return call.answer, call.err
}

// armRead sees to it that a read ends soon after until. It runs with mu held. Setting a deadline is dear, so one that is a
// little late is left in force.
func (c *Client) armRead(until time.Time) {
	const late = 100 * time.Millisecond
	if c.closed || !c.readUntil.Before(until) && c.readUntil.Before(until.Add(late)) {
		return
	}
	c.readUntil = until.Add(late)
	c.nc.SetReadDeadline(c.readUntil)
}

// lead reads until call is over. Answers of other calls are handed to them.
func (c *Client) lead(ctx context.Context, call *Call) {
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, c.interrupt(call))()
	}
	for {
		late, ended := c.readOne()
		if ended {
			return
		}
		if late {
			if e := ctx.Err(); e != nil {
				c.complete(call, nil, e)
			} else if !time.Now().Before(call.until) {
				c.complete(call, nil, timeout(call.limit))
			} else {
				c.readUntil = time.Time{} // it was an earlier one
			}
		}
		if call.over {
			closed := c.closed
			if !closed {
				c.handOver()
			}
			c.mu.Unlock()
			if closed {
				c.discard()
				c.stopReading()
			}
			return
		}
		c.armRead(call.until)
		c.mu.Unlock()
	}
}

// readOne reads a frame and hands it over, and returns with mu held. late: the deadline came first, and the stream is in step.
// ended: the connection is over, mu is free, and the reading side has been given up.
func (c *Client) readOne() (late, ended bool) {
	m, err := c.r.Read()
	c.mu.Lock()
	switch {
	case err == nil || c.skip(err):
		if m != nil {
			c.dispatch(m)
		}
		return false, false
	case c.survives(err):
		return true, false
	}
	c.mu.Unlock()
	c.fail(err)
	c.stopReading()
	return false, true
}

// interrupt makes the function that ends a leader's read because its context has ended. A frame that is arriving is read to
// its end first.
func (c *Client) interrupt(call *Call) func() {
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.leader == call && !c.inFrame && !c.closed {
			c.readUntil = time.Time{}
			c.nc.SetReadDeadline(time.Now())
		}
	}
}

// survives reports whether the stream is still in step after a read failed: a time-out between two frames, of a client
// that is not being closed. It runs with mu held.
func (c *Client) survives(err error) bool {
	return timedOut(err) && !c.inFrame && !c.closed && c.lost == nil
}

// skip deals with an answer that was too large, and reports whether err is that. It runs with mu held.
func (c *Client) skip(err error) bool {
	over, ok := err.(*wire.OversizeError)
	if ok {
		c.endFrame()
		if call := c.pending[over.Message.ID]; call != nil {
			c.complete(call, nil, &SizeError{Limit: over.Limit, Payload: over.Size})
		}
	}
	return ok
}

// dispatch hands an answer to its call. Whatever is no answer to an open call is dropped: late answers, and what a
// server must not send (S4). It runs with mu held.
func (c *Client) dispatch(m *wire.Message) {
	c.endFrame()
	if m.SubscriptionReply {
		c.receive(m)
		return
	}
	if m.Type != wire.Response {
		return
	}
	if call := c.pending[m.ID]; call != nil {
		c.complete(call, m, nil)
	}
}

// endFrame lifts the deadline of a frame that has arrived. It runs with mu held.
func (c *Client) endFrame() {
	if !c.inFrame {
		return
	}
	c.inFrame = false
	c.readUntil = time.Time{}
	if c.leader == nil && !c.closed {
		c.nc.SetReadDeadline(time.Time{})
	}
}

// handOver ends the leader's reading: a goroutine reads on if calls are waiting. It runs with mu held.
func (c *Client) handOver() {
	c.leader = nil
	if c.expecting() {
		c.readOn()
		return
	}
	c.reading = false
}

// expecting reports whether something is to be read: answers, or messages of topics. It runs with mu held.
func (c *Client) expecting() bool { return len(c.pending) > 0 || len(c.in.handlers) > 0 }

// readOn starts the goroutine that reads for those who wait. It runs with mu held, of a client that is not closed, with
// reading set.
func (c *Client) readOn() {
	c.readUntil = time.Time{}
	c.nc.SetReadDeadline(time.Time{})
	c.wg.Go(c.readForAll)
}

// readForAll reads until no call waits; of a closed client, until the server has closed too.
func (c *Client) readForAll() {
	for {
		if _, ended := c.readOne(); ended {
			return
		}
		if !c.expecting() && !c.closed {
			c.reading = false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		c.awaitRoom()
		c.prolong()
	}
}

// stopReading gives the reading side up for good, after its end.
func (c *Client) stopReading() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reading, c.leader = false, nil
	c.released.Broadcast()
	if c.closed {
		close(c.ended)
	}
}

// progress gives a frame that has begun the time of O12. It is called by whoever reads.
func (c *Client) progress(rest int) {
	have := c.r.Buffered()
	if rest < 0 && have >= wire.HeaderLen || rest >= 0 && have >= wire.HeaderLen+rest {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	d := headerLimit
	if rest >= 0 {
		d = bodyLimit + time.Duration(rest/bodyRate)*time.Second
	}
	c.inFrame = true
	c.readUntil = time.Now().Add(d)
	c.nc.SetReadDeadline(c.readUntil)
}
