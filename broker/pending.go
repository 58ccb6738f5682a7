// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"time"

	"gondola/broker/wire"
)

// Call is a request under way, made by the ...Async methods.
type Call struct {
	request *wire.Message
	limit   time.Duration   // its time in all
	until   time.Time       // when that is over
	done    chan struct{}   // closed when it is over; nil as long as nobody waits for that
	started bool            // nobody may be waiting for it: the client keeps its time
	ctx     context.Context // that ends it if it is started

	over   bool          // guarded by the client's mutex, like the two below
	answer *wire.Message // fixed once over
	err    error
}

// Done is closed when the call is over.
func (call *Call) Done() <-chan struct{} { return call.done }

// Result waits until the call is over. Answers of whatever status are no errors; those are *TimeoutError, *EOFError,
// *LostError, *SizeError and ctx's own.
func (call *Call) Result() (*wire.Message, error) {
	<-call.done
	return call.answer, call.err
}

// complete ends a call. It runs with mu held; a call that is over stays as it is.
func (c *Client) complete(call *Call, answer *wire.Message, err error) {
	if call.over {
		return
	}
	call.over, call.answer, call.err = true, answer, err
	delete(c.pending, call.request.ID)
	if call.started {
		c.watched.remove(call.ctx)
	}
	if call.done != nil {
		close(call.done)
	}
}

// give gives a call up, from outside the client's lock.
func (c *Client) give(call *Call, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complete(call, nil, err)
}

// roundTrip sends a request and waits for its answer, at most for limit.
func (c *Client) roundTrip(ctx context.Context, m *wire.Message, limit time.Duration) (*wire.Message, error) {
	call := &Call{request: m, limit: limit, until: time.Now().Add(limit)}
	c.prepare(ctx, limit)
	if err := c.submit(call); err != nil {
		return nil, err
	}
	return c.await(ctx, call)
}

// start sends a request without waiting for anything. Its context and its limit end it.
func (c *Client) start(ctx context.Context, m *wire.Message, limit time.Duration) (*Call, error) {
	c.prepare(ctx, limit)
	call := &Call{request: m, done: make(chan struct{}), started: true, ctx: ctx, limit: limit, until: time.Now().Add(limit)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return nil, err
	}
	c.pending[m.ID] = call
	c.watched.add(ctx, c.abandon)
	c.expireBy(call.until)
	c.nudge()
	c.leave(outgoing{m: m, call: call})
	if !c.reading {
		c.reading = true
		c.readOn()
	}
	return call, nil
}

// timeout is the error of a call whose limit is over. Its text counts the time for the answer alone, as the reference's
// does: a moment went into sending.
func timeout(limit time.Duration) error { return &TimeoutError{After: limit - time.Millisecond} }

// submit registers a call and writes its request, or leaves it to the writer.
func (c *Client) submit(call *Call) error {
	c.mu.Lock()
	if err := c.usable(); err != nil {
		c.mu.Unlock()
		return err
	}
	c.pending[call.request.ID] = call
	c.nudge()
	if c.writing {
		c.leave(outgoing{m: call.request, call: call})
		c.mu.Unlock()
		return nil
	}
	c.writing = true
	c.mu.Unlock()

	err := c.out.w.Queue(call.request)
	if err != nil { // not a message that the protocol can carry; nothing was sent
		c.give(call, err)
	} else if lost := c.out.flush(); lost != nil {
		c.fail(lost)
	}
	c.stopWriting()
	return err
}
