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

// outgoing is a request that waits for the writer.
type outgoing struct {
	m       *wire.Message
	call    *Call      // nil: oneway
	written chan error // gets the outcome of the write; nil if nobody asks
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

// watches are contexts that calls depend on, by what tells their end: to watch each one once is much less work, because many
// calls have the same. Guarded by the client's mutex.
type watches map[<-chan struct{}]*watch

type watch struct {
	calls int
	stop  func() bool
}

// add has ended called when ctx ends, at once if it has. ended must not be called with the mutex held.
func (w *watches) add(ctx context.Context, ended func(done <-chan struct{})) {
	done := ctx.Done()
	if done == nil {
		return
	}
	if known := (*w)[done]; known != nil {
		known.calls++
		return
	}
	if *w == nil {
		*w = watches{}
	}
	(*w)[done] = &watch{calls: 1, stop: context.AfterFunc(ctx, func() { ended(done) })}
}

// remove is the end of a call for which ctx has been added.
func (w watches) remove(ctx context.Context) {
	done := ctx.Done()
	if known := w[done]; known != nil {
		if known.calls--; known.calls == 0 {
			known.stop()
			delete(w, done)
		}
	}
}

// abandon gives up the started calls whose context has ended.
func (c *Client) abandon(done <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.pending {
		if call.started && call.ctx.Done() == done {
			c.complete(call, nil, call.ctx.Err())
		}
	}
}

// expireBy sees to it that expire runs at until, at the latest. One timer serves all calls, because one for each is dear. It runs
// with mu held.
func (c *Client) expireBy(until time.Time) {
	if !c.expires.IsZero() && !until.Before(c.expires) {
		return
	}
	c.expires = until
	if c.expiry == nil {
		c.expiry = time.AfterFunc(time.Until(until), c.expire)
		return
	}
	c.expiry.Reset(time.Until(until))
}

// expire gives up the started calls whose time is over.
func (c *Client) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.expires = time.Time{}
	for _, call := range c.pending {
		switch {
		case !call.started:
		case now.Before(call.until):
			c.expireBy(call.until)
		default:
			c.complete(call, nil, timeout(call.limit))
		}
	}
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

// oneway writes a request that has no answer; it returns when the request is written.
func (c *Client) oneway(ctx context.Context, m *wire.Message, limit time.Duration) error {
	c.prepare(ctx, limit)
	c.mu.Lock()
	if err := c.usable(); err != nil {
		c.mu.Unlock()
		return err
	}
	if !c.writing {
		c.writing = true
		c.mu.Unlock()
		err := c.out.w.Queue(m)
		if err == nil {
			if err = c.out.flush(); err != nil {
				c.fail(err)
				err = &LostError{Cause: err}
			}
		}
		c.stopWriting()
		return err
	}
	written := make(chan error, 1)
	c.leave(outgoing{m: m, written: written})
	c.mu.Unlock()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return timeout(limit)
	}
}

// leave appends a request for the writer and starts one if there is none. It runs with mu held.
func (c *Client) leave(o outgoing) {
	c.left = append(c.left, o)
	if !c.writing {
		c.writing = true
		c.wg.Go(c.writeOn)
	}
}

// stopWriting gives the writer up, or hands it to a goroutine if requests have been left. Of a closed client it says the
// end, after what has been left.
func (c *Client) stopWriting() {
	c.mu.Lock()
	left := len(c.left) > 0
	switch {
	case left && !c.closed:
		c.wg.Go(c.writeOn)
	case !left:
		c.writing = false
		c.released.Broadcast()
		if c.closed {
			c.closeWrite()
		}
	}
	closed := c.closed
	c.mu.Unlock()
	if left && closed { // Close may be waiting for the goroutines there are: no new one
		c.writeOn()
	}
}

// writeOn writes what has been left until nothing is, many requests with one write.
func (c *Client) writeOn() {
	var batch []outgoing
	for {
		c.mu.Lock()
		if len(c.left) == 0 {
			c.mu.Unlock()
			c.stopWriting()
			return
		}
		batch, c.left = c.left, batch[:0]
		c.mu.Unlock()
		c.writeBatch(batch)
		clear(batch)
	}
}

func (c *Client) writeBatch(batch []outgoing) {
	first := 0 // of those whose bytes have not been flushed
	flush := func(next int) {
		c.prolong()
		err := c.out.flush()
		if err != nil {
			c.fail(err)
			err = &LostError{Cause: err}
		}
		for _, o := range batch[first:next] {
			if o.written != nil {
				o.written <- err
			}
		}
		first = next
	}
	for i := range batch {
		o := &batch[i]
		if err := c.out.w.Queue(o.m); err != nil {
			if o.call != nil {
				c.give(o.call, err)
			}
			if o.written != nil {
				o.written <- err
				o.written = nil
			}
		}
		if c.out.w.Pending() >= maxPending {
			flush(i + 1)
		}
	}
	flush(len(batch))
}

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
		m, err := c.r.Read()
		c.mu.Lock()
		if err != nil && !c.skip(err) {
			if !c.survives(err) {
				c.mu.Unlock()
				c.fail(err)
				c.stopReading()
				return
			}
			if e := ctx.Err(); e != nil {
				c.complete(call, nil, e)
			} else if !time.Now().Before(call.until) {
				c.complete(call, nil, timeout(call.limit))
			} else {
				c.readUntil = time.Time{} // it was an earlier one
			}
		} else if m != nil {
			c.dispatch(m)
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
		m, err := c.r.Read()
		c.mu.Lock()
		if err != nil && !c.skip(err) {
			if !c.survives(err) {
				c.mu.Unlock()
				c.fail(err)
				c.stopReading()
				return
			}
		} else if m != nil {
			c.dispatch(m)
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
