// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// watcher is the goroutine that reads while a poll or an offer of its connection waits. It ends the wait when the peer has
// gone, before a message is taken (P2), and keeps the requests that arrive (O15). It lives until the connection's own
// goroutine wants to read again, so that the answer does not wait for it.
type watcher struct {
	cancel context.CancelFunc // ends the wait
	done   chan struct{}

	mu       sync.Mutex
	inFrame  bool // a frame has begun: it is read to its end, and the deadline is its own
	stopping bool
	gone     bool // the peer has closed, or broken the protocol
}

// park runs wait with a context that ends after d, when the peer has gone, and when the server drains. It reports whether the
// peer is still there.
func (c *conn) park(d time.Duration, wait func(ctx context.Context)) bool {
	c.flush()
	if c.mute {
		return false
	}
	ctx, cancel := context.WithTimeout(c.s.parked, d)
	defer cancel()
	w := &watcher{cancel: cancel, done: make(chan struct{})}
	c.watcher = w
	go c.watch(w) // unwatch waits for it
	wait(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.gone
}

// watch reads ahead until it is stopped, the peer has gone, or enough has been read.
func (c *conn) watch(w *watcher) {
	defer close(w.done)
	for len(c.ahead) < maxAhead && c.aheadBytes < maxAheadBytes {
		f, err := c.readFrame()
		if err == nil {
			c.ahead = append(c.ahead, f)
			if f.m != nil {
				c.aheadBytes += f.m.Size()
			}
		}
		if w.after(err, c.draining.Load()) {
			continue
		}
		if err != nil && !w.poked(err) {
			c.readErr = err
		}
		return
	}
}

// begin notes that a frame has begun.
func (w *watcher) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFrame = true
}

// after notes the end of a read and reports whether to go on. During a drain a time-out means only that nothing more arrives.
func (w *watcher) after(err error, draining bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inFrame = false
	if err != nil && !w.stopping {
		w.gone = !(draining && errors.Is(err, os.ErrDeadlineExceeded))
		w.cancel()
	}
	return err == nil && !w.stopping
}

// poked reports whether a read failed only because unwatch wanted it to end.
func (w *watcher) poked(err error) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stopping && errors.Is(err, os.ErrDeadlineExceeded)
}

// unwatch ends the watcher and takes the reading side back. A frame that has begun is read to its end first.
func (c *conn) unwatch() {
	w := c.watcher
	w.mu.Lock()
	w.stopping = true
	if !w.inFrame {
		c.nc.SetReadDeadline(time.Now())
	}
	w.mu.Unlock()
	<-w.done
	c.watcher = nil
	c.limited = false
	c.nc.SetReadDeadline(time.Time{})
}
