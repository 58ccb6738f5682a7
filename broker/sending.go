// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"time"

	"gondola/broker/wire"
)

// outgoing is a request that waits for the writer.
type outgoing struct {
	m       *wire.Message
	call    *Call      // nil: oneway
	written chan error // gets the outcome of the write; nil if nobody asks
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
