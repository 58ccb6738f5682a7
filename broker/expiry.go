// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"time"
)

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
