// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"fmt"

	"gondola/broker/wire"
)

// MessageHandler gets the messages of a topic. The message is shared: it must not be changed.
type MessageHandler func(m *wire.Message)

// Limits of what a client keeps of pushed messages that its handlers have not taken (decisions.md B10).
const (
	maxInbox      = 16       // then it stops reading, unless a call waits for its answer
	inboxBytes    = 1 << 20  // likewise
	maxInboxCalls = 1024     // while one does
	maxInboxBytes = 64 << 20 // likewise
)

// inbox is what has been pushed and not been handled. It is guarded by the client's mutex.
type inbox struct {
	handlers map[string]MessageHandler // by topic
	waiting  []pushed
	bytes    int
	running  bool
	dropped  int64
	taken    chan struct{} // gets a token when a message has been taken, a call has come, or the client closes
}

type pushed struct {
	m      *wire.Message
	handle MessageHandler
}

// Subscribe asks for the messages of a topic. handle runs for one message after the other, in the order in which they were
// published, on a goroutine of the client's; it may use the client. A second subscription to a topic replaces the handler.
func (c *Client) Subscribe(ctx context.Context, topic string, handle MessageHandler) (*wire.Message, error) {
	if topic = trimName(topic); topic == "" {
		return nil, failure("A subscription topic set must not be empty!")
	}
	c.mu.Lock()
	if err := c.usable(); err != nil {
		c.mu.Unlock()
		return nil, err
	}
	if c.in.handlers == nil {
		c.in.handlers = map[string]MessageHandler{}
	}
	before, had := c.in.handlers[topic]
	c.in.handlers[topic] = handle // pushes may come right behind the answer
	if !c.reading {
		c.reading = true
		c.readOn()
	}
	c.mu.Unlock()

	answer, err := c.roundTrip(ctx, c.subscribing(wire.Subscribe, topic), c.opts.CallLimit)
	if err != nil || answer.Status != wire.OK {
		c.mu.Lock()
		if had {
			c.in.handlers[topic] = before
		} else {
			delete(c.in.handlers, topic)
		}
		c.mu.Unlock()
	}
	return answer, err
}

// Unsubscribe ends a subscription. Messages that have arrived are still handled.
func (c *Client) Unsubscribe(ctx context.Context, topic string) (*wire.Message, error) {
	topic = trimName(topic)
	answer, err := c.roundTrip(ctx, c.subscribing(wire.Unsubscribe, topic), c.opts.CallLimit)
	if err == nil && answer.Status == wire.OK {
		c.mu.Lock()
		delete(c.in.handlers, topic)
		c.mu.Unlock()
	}
	return answer, err
}

// subscribing carries the client's id, as the reference's clients do; servers ignore it.
func (c *Client) subscribing(t wire.Type, topic string) *wire.Message {
	m := newRequest(t, topic)
	m.Payload = []byte(c.id)
	return m
}

// receive takes a pushed message for its handler. Without one it is dropped. It runs with mu held.
func (c *Client) receive(m *wire.Message) {
	handle := c.in.handlers[m.Destination]
	if handle == nil {
		return
	}
	c.in.waiting = append(c.in.waiting, pushed{m, handle})
	c.in.bytes += m.Size()
	for len(c.in.waiting) > maxInboxCalls || c.in.bytes > maxInboxBytes && len(c.in.waiting) > 1 {
		oldest := c.in.waiting[0].m
		c.in.waiting = c.in.waiting[1:]
		c.in.bytes -= oldest.Size()
		c.in.dropped++
		c.log.Warn("A pushed message was dropped: its handler is too slow", "topic", oldest.Destination, "dropped", c.in.dropped)
	}
	if !c.in.running {
		c.in.running = true
		go c.handle()
	}
}

// handle runs the handlers until nothing is waiting.
func (c *Client) handle() {
	for {
		c.mu.Lock()
		if len(c.in.waiting) == 0 {
			c.in.running = false
			c.mu.Unlock()
			return
		}
		next := c.in.waiting[0]
		c.in.waiting[0] = pushed{}
		c.in.waiting = c.in.waiting[1:]
		c.in.bytes -= next.m.Size()
		c.mu.Unlock()
		c.nudge()
		c.handleOne(next)
	}
}

// handleOne keeps a panic of a handler from ending the process (O23).
func (c *Client) handleOne(p pushed) {
	defer func() {
		if x := recover(); x != nil {
			c.log.Error("A subscription handler panicked", "topic", p.m.Destination, "panic", fmt.Sprint(x))
		}
	}()
	p.handle(p.m)
}

// nudge wakes a reader that waits for room in the inbox.
func (c *Client) nudge() {
	select {
	case c.in.taken <- struct{}{}:
	default:
	}
}

// awaitRoom keeps the reader from reading while the inbox is full and no call waits (B10).
func (c *Client) awaitRoom() {
	for {
		c.mu.Lock()
		full := (len(c.in.waiting) >= maxInbox || c.in.bytes >= inboxBytes) && len(c.pending) == 0 && !c.closed && c.lost == nil
		c.mu.Unlock()
		if !full {
			return
		}
		select {
		case <-c.in.taken:
		case <-c.closing:
			return
		}
	}
}
