// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"gondola/broker/wire"
)

// Every call takes a message that it does not change, and answers with a message whose payload is shared: nobody changes
// it. An answer with an error status is no error. Calls wait for their turn, for the server and for its queue, at most
// 10 s in all (ClientOptions.CallLimit): *TimeoutError. Other errors: ErrClosed, *LostError (not sent), *EOFError (outcome
// unknown), *SizeError and ctx's own. A call given up does not stop the server.

// Send calls a function (ipc-api.md 2.2).
func (c *Client) Send(ctx context.Context, function string, m *wire.Message) (*wire.Message, error) {
	r := c.outbound(wire.Request, function, m)
	if err := c.check(r); err != nil {
		return nil, err
	}
	return c.roundTrip(ctx, r, c.opts.CallLimit)
}

// SendAsync is Send without waiting. Errors that need no server come at once.
func (c *Client) SendAsync(ctx context.Context, function string, m *wire.Message) (*Call, error) {
	r := c.outbound(wire.Request, function, m)
	if err := c.check(r); err != nil {
		return nil, err
	}
	return c.start(ctx, r, c.opts.CallLimit)
}

// SendOneway calls a function that does not answer; it returns when the request is written.
func (c *Client) SendOneway(ctx context.Context, function string, m *wire.Message) error {
	r := c.outbound(wire.Request, function, m)
	r.Oneway = true
	if err := c.check(r); err != nil {
		return err
	}
	return c.oneway(ctx, r, c.opts.CallLimit)
}

// Offer puts a message into a queue; the server waits at most for wait (milliseconds count) while the queue is full.
// replyTo may be "". Its expiry travels along (P8).
func (c *Client) Offer(ctx context.Context, queue, replyTo string, wait time.Duration, m *wire.Message) (*wire.Message, error) {
	r := c.offering(queue, replyTo, wait, m)
	if err := c.check(r); err != nil {
		return nil, err
	}
	return c.roundTrip(ctx, r, c.limitFor(wait))
}

// OfferAsync is Offer without waiting.
func (c *Client) OfferAsync(ctx context.Context, queue, replyTo string, wait time.Duration, m *wire.Message) (*Call, error) {
	r := c.offering(queue, replyTo, wait, m)
	if err := c.check(r); err != nil {
		return nil, err
	}
	return c.start(ctx, r, c.limitFor(wait))
}

// Poll takes the oldest message out of a queue; the server waits at most for wait while the queue is empty.
func (c *Client) Poll(ctx context.Context, queue string, wait time.Duration) (*wire.Message, error) {
	return c.roundTrip(ctx, polling(queue, wait), c.limitFor(wait))
}

// PollAsync is Poll without waiting.
func (c *Client) PollAsync(ctx context.Context, queue string, wait time.Duration) (*Call, error) {
	return c.start(ctx, polling(queue, wait), c.limitFor(wait))
}

// Publish gives a message to the subscribers of a topic. OK means that the server has it, not that they have.
func (c *Client) Publish(ctx context.Context, topic string, m *wire.Message) (*wire.Message, error) {
	r := c.outbound(wire.Publish, topic, m)
	if err := c.check(r); err != nil {
		return nil, err
	}
	return c.roundTrip(ctx, r, c.opts.CallLimit)
}

// PublishAsync is Publish without waiting.
func (c *Client) PublishAsync(ctx context.Context, topic string, m *wire.Message) (*Call, error) {
	r := c.outbound(wire.Publish, topic, m)
	if err := c.check(r); err != nil {
		return nil, err
	}
	return c.start(ctx, r, c.opts.CallLimit)
}

// Test has the server acknowledge a payload and do nothing with it: the benchmark's request.
func (c *Client) Test(ctx context.Context, payload []byte) (*wire.Message, error) {
	r := newRequest(wire.Test, "")
	r.Mimetype, r.Charset, r.Payload = mimeBin, "", payload
	if err := c.check(r); err != nil {
		return nil, err
	}
	return c.roundTrip(ctx, r, c.opts.CallLimit)
}

// outbound is the request that carries m: a new id, the time of now, its own destination (ipc-api.md 3.3). What a received
// message brought along for its own journey is left behind.
func (c *Client) outbound(t wire.Type, destination string, m *wire.Message) *wire.Message {
	r := *m
	r.ID = newID()
	r.Type, r.Status = t, wire.NullStatus
	r.Oneway, r.SubscriptionReply = false, false
	r.Timestamp = time.Now().UnixMilli()
	r.Timeout = wire.NoTimeout
	r.Destination, r.ReplyTo = trimName(destination), ""
	return &r
}

func (c *Client) offering(queue, replyTo string, wait time.Duration, m *wire.Message) *wire.Message {
	r := c.outbound(wire.Offer, queue, m)
	r.ReplyTo = trimName(replyTo)
	r.Timeout = timeoutOf(wait)
	return r
}

func polling(queue string, wait time.Duration) *wire.Message {
	r := newRequest(wire.Poll, trimName(queue))
	r.Mimetype, r.Charset = mimeBin, ""
	r.Timeout = timeoutOf(wait)
	return r
}

// newRequest is a request with nothing in it.
func newRequest(t wire.Type, destination string) *wire.Message {
	return &wire.Message{
		ID: newID(), Type: t, Status: wire.NullStatus,
		Timestamp: time.Now().UnixMilli(), ExpiresAt: wire.Never, Timeout: answerTimeout,
		Destination: destination, Mimetype: mimeText, Charset: utf8Name,
	}
}

// check is what can be said before sending: the state of the client, then the size (ipc-api.md 9).
func (c *Client) check(m *wire.Message) error {
	c.mu.Lock()
	closed, limit := c.closed, c.limit
	c.mu.Unlock()
	if closed {
		return ErrClosed
	}
	return checkSize(m, limit)
}

// limitFor is the limit of a call for which the server may wait. Only one that has granted the feature `wait` waits so long
// that the limit has to grow.
func (c *Client) limitFor(wait time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.longWaits && wait > 0 {
		return c.opts.CallLimit + wait
	}
	return c.opts.CallLimit
}

// timeoutOf is a wait as the protocol carries it.
func timeoutOf(wait time.Duration) int64 {
	if wait < 0 {
		return wire.NoTimeout
	}
	return wait.Milliseconds()
}

// newID is a random id of version 4. It is an identity, not a secret: the runtime's generator, seeded by the system, is good
// enough and costs nothing.
func newID() (id uuid.UUID) {
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0F | 0x40
	id[8] = id[8]&0x3F | 0x80
	return id
}
