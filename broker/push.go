// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"sync"
	"time"

	"gondola/broker/wire"
)

// Limits of what waits to be pushed to a subscriber (O9), and how long a publisher waits for one whose socket takes
// nothing (decisions.md B9).
const (
	maxPushes      = 50
	maxPushBytes   = 8 << 20
	pushPatience   = 50 * time.Millisecond
	publishedQueue = maxPushes // what server-status tells
)

// pusher writes the messages of topics to a connection, on a goroutine of its own: it shares the outlet with the
// connection's goroutine through conn.writing.
type pusher struct {
	c *conn

	mu      sync.Mutex
	waiting []*wire.Message
	bytes   int
	running bool
	closed  bool
	moved   chan struct{} // closed and replaced when bytes have left
	since   time.Time     // of moved, or of the first push that waits: the socket has taken nothing from then on
}

func newPusher(c *conn) *pusher { return &pusher{c: c, moved: make(chan struct{})} }

// push takes a message for the subscriber, or buries it. It runs on the publisher's goroutine, which waits as long as the
// subscriber's socket still takes bytes (B9): patience begins with the last of them, not with each push.
func (p *pusher) push(ctx context.Context, m *wire.Message) {
	for {
		taken, moved, since := p.put(m)
		if taken {
			return
		}
		left := pushPatience - time.Since(since)
		if left <= 0 {
			break
		}
		patience := time.NewTimer(left)
		select {
		case <-moved:
			patience.Stop()
			continue
		case <-ctx.Done():
			patience.Stop()
		case <-patience.C:
		}
		break
	}
	p.c.s.stats.publishDiscarded.Add(1)
	p.c.s.bury(asPublished(m))
	if p.c.s.opts.SlowConsumer == Disconnect && ctx.Err() == nil && p.close() {
		p.c.s.stats.slowConsumers.Add(1)
		p.c.log.Warn("Connection closed: the subscriber is too slow", "topic", m.Destination)
		p.c.nc.Close()
	}
}

// asPublished is a push as the dead letters keep it (reliability.md 6).
func asPublished(m *wire.Message) *wire.Message {
	dead := *m
	dead.Type, dead.SubscriptionReply = wire.Publish, false
	return &dead
}

// put appends m if there is room: any one message, else within both limits. If there is none, moved tells of the next bytes
// that leave and since when none have; since is zero if none ever will.
func (p *pusher) put(m *wire.Message) (taken bool, moved <-chan struct{}, since time.Time) {
	size := m.Size()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false, nil, time.Time{}
	}
	if len(p.waiting) > 0 && (len(p.waiting) >= maxPushes || p.bytes+size > maxPushBytes) {
		return false, p.moved, p.since
	}
	if !p.c.s.memory.takePush(m) { // O7
		p.c.s.stats.refusedMemory.Add(1)
		return false, nil, time.Time{}
	}
	if len(p.waiting) == 0 {
		p.since = time.Now()
	}
	p.waiting = append(p.waiting, m)
	p.bytes += size
	if !p.running {
		p.running = true
		p.c.s.wg.Go(p.run)
	}
	return true, nil, time.Time{}
}

// run writes until nothing is waiting, as much as is worth its while with one write. A write that fails is the end of the
// connection.
func (p *pusher) run() {
	var batch []*wire.Message
	for {
		p.mu.Lock()
		if len(p.waiting) == 0 || p.closed {
			p.running = false
			p.mu.Unlock()
			return
		}
		batch = p.next(batch[:0])
		p.mu.Unlock()

		left, ok := p.c.pushNow(batch)
		p.mu.Lock()
		if !p.closed {
			p.forget(left)
		}
		p.progress()
		p.mu.Unlock()
		clear(batch)
		if !ok {
			p.close()
			p.c.nc.Close()
		}
	}
}

// next appends what is written next: maxPending bytes or one message. It runs with mu held.
func (p *pusher) next(batch []*wire.Message) []*wire.Message {
	size := 0
	for _, m := range p.waiting {
		if size += m.Size(); size > maxPending && len(batch) > 0 {
			break
		}
		batch = append(batch, m)
	}
	return batch
}

// forget takes the first n off those that wait: they have left. It runs with mu held.
func (p *pusher) forget(n int) {
	for _, m := range p.waiting[:n] {
		p.bytes -= m.Size()
		p.c.s.memory.givePush(m)
	}
	rest := copy(p.waiting, p.waiting[n:])
	clear(p.waiting[rest:])
	p.waiting = p.waiting[:rest]
}

// progress runs with mu held.
func (p *pusher) progress() {
	close(p.moved)
	p.moved, p.since = make(chan struct{}), time.Now()
}

// bytesLeft tells publishers that the socket takes bytes.
func (p *pusher) bytesLeft() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress()
}

// close ends the pushing, and reports whether it was going on; what has not left goes to the dead letters.
func (p *pusher) close() bool {
	p.mu.Lock()
	lost, again := p.waiting, p.closed
	p.closed, p.waiting, p.bytes = true, nil, 0
	p.progress()
	p.mu.Unlock()
	for _, m := range lost {
		p.c.s.memory.givePush(m)
		p.c.s.stats.publishDiscarded.Add(1)
		p.c.s.bury(asPublished(m))
	}
	return !again
}

// pushNow writes pushed messages, and reports how many of them have left in full. It waits for the connection's own answer that
// is being written, if there is one.
func (c *conn) pushNow(batch []*wire.Message) (left int, ok bool) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.failed != nil {
		return 0, false
	}
	ends := make([]int64, 0, maxPushes) // outlet.taken when each has left
	for _, m := range batch {
		if err := c.out.w.Queue(m); err != nil {
			c.log.Error("A message could not be pushed", "destination", m.Destination, "error", err)
		}
		ends = append(ends, c.out.queued())
	}
	if c.failed = c.out.flush(); c.failed == nil {
		return len(batch), true
	}
	for left < len(ends) && ends[left] <= c.out.taken {
		left++
	}
	return left, false
}
