// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

const errNoDestination = text("the request has no destination")

// request calls a function (wire-protocol.md 10.1).
func (c *conn) request(m *wire.Message) {
	if m.Destination == "" {
		c.incident(m, errNoDestination)
		return
	}
	if m.Destination == ackFunction {
		c.acknowledge(m)
		return
	}
	h := c.s.functions.all()[m.Destination]
	if h == nil {
		c.refuse(m, wire.FunctionNotFound, "The function %s does not exist!", m.Destination)
		return
	}
	if !c.may(security.Execute, security.Function, m.Destination) {
		c.refuse(m, wire.NoPermission, "Not authenticated for function calling!")
		return
	}
	var r result
	if store := c.s.idempotency.of(security.Function, m.Destination); store != nil {
		var answer bool
		if r, answer = c.callOnce(store, h, m); !answer {
			return
		}
	} else {
		c.during(func() { r.m, r.err = c.s.call(h, m) })
	}
	switch {
	case r.err != nil:
		c.incident(m, r.err)
	case r.m == nil:
		c.ok(m, "")
	case !m.Oneway:
		c.relay(m, r.m)
	}
}

// relay answers with the result of a handler, of which every field is kept but those that make it an answer.
func (c *conn) relay(m, result *wire.Message) {
	a := *result
	a.ID, a.Type, a.Status, a.Oneway, a.SubscriptionReply = m.ID, wire.Response, wire.OK, true, false
	if err := checkSize(&a, c.s.opts.MaxMessageSize); err != nil { // B4
		c.s.stats.oversized.Add(1)
		c.log.Warn("The answer of a function is too large", "function", m.Destination, "bytes", a.Size())
		c.refuse(m, wire.ServerError, "%s", err)
		return
	}
	if err := c.send(&a); err != nil {
		c.incident(m, fmt.Errorf("the answer of the function cannot be sent: %w", err))
	}
}

// offer puts a message into a queue (wire-protocol.md 10.2). The message is ours alone until the queue has it.
func (c *conn) offer(m *wire.Message) {
	q, ok := c.lookUp(m)
	if !ok {
		return
	}
	if !c.mayOffer(m.Destination) {
		c.refuse(m, wire.NoPermission, "Not authenticated for queue offer!")
		return
	}
	if isDeadLetters(m.Destination) {
		c.s.dropOldest()
	}
	m.Type, m.Status, m.SubscriptionReply = wire.Request, wire.NullStatus, false
	var err error
	there := true
	if store := c.s.idempotency.of(security.Queue, m.Destination); store != nil {
		var duplicate, answer bool
		there, duplicate, answer, err = c.offerOnce(store, q, m)
		switch {
		case !answer:
			return
		case duplicate:
			c.ok(m, "Duplicate request id: already offered")
			return
		}
	} else {
		there, err = c.enqueue(q, m)
	}
	switch {
	case err == nil:
		c.ok(m, "Offered the message to the queue ", m.Destination)
	case !there:
	case errors.Is(err, engine.ErrQueueFull):
		c.refuseOffer(m)
	default:
		c.queueFailed(m, wire.Offer, err)
	}
}

// enqueue offers m, with the waiting that it asks for but none for memory (O7); there is false if its peer has gone meanwhile.
func (c *conn) enqueue(q engine.Queue, m *wire.Message) (there bool, err error) {
	c.letGo() // the queue is to count it
	if !c.s.mayStore(m.Destination, m.Size()) {
		c.s.stats.refusedMemory.Add(1)
		c.log.Warn("An offer was refused: the memory budget is used up", "destination", m.Destination, "bytes", m.Size())
		return true, engine.ErrQueueFull
	}
	err = q.Offer(ended{}, m)
	if wait := c.wait(m); wait > 0 && errors.Is(err, engine.ErrQueueFull) {
		there = c.park(wait, func(ctx context.Context) { err = q.Offer(ctx, m) })
		return there, err
	}
	return true, err
}

// refuseOffer answers QUEUE_FULL. Nobody learns of a oneway offer's fate, so it goes to the dead letters.
func (c *conn) refuseOffer(m *wire.Message) {
	if m.Oneway {
		dead := *m
		dead.Type = wire.Offer
		c.s.bury(&dead)
	}
	c.refuse(m, wire.QueueFull, "Offer to %s rejected! The queue is full.", m.Destination)
}

// poll takes a message out of a queue (wire-protocol.md 10.3). A message is never taken for a peer that is known to have
// gone, and returns if its answer does not leave (P2, P3).
func (c *conn) poll(m *wire.Message) {
	if m.Oneway {
		c.log.Warn("A oneway poll was ignored", "destination", m.Destination)
		return
	}
	q, ok := c.lookUp(m)
	if !ok || c.mute || c.peer.gone() {
		return
	}
	if !c.mayPoll(m.Destination) {
		c.refuse(m, wire.NoPermission, "Not authenticated for queue poll!")
		return
	}
	if !c.mayLease(m) {
		return
	}
	got, err := c.take(ended{}, q, m)
	if wait := c.wait(m); wait > 0 && errors.Is(err, engine.ErrQueueEmpty) {
		there := c.park(wait, func(ctx context.Context) { got, err = c.take(ctx, q, m) })
		if !there || c.peer.gone() {
			if err == nil {
				c.undeliver(got)
			}
			return
		}
	}
	switch {
	case err == nil:
		c.deliver(m, got)
	case errors.Is(err, engine.ErrQueueEmpty):
		c.refuse(m, wire.QueueEmpty, "Poll from queue %s rejected! The queue is empty.", m.Destination)
	default:
		c.queueFailed(m, wire.Poll, err)
	}
}

// mayOffer decides on offering: dead letters are written by the server, unless an option opens them to whoever may poll them;
// temporary queues are open (reliability.md 6, S13).
func (c *conn) mayOffer(queue string) bool {
	switch {
	case isDeadLetters(queue):
		return c.s.opts.DeadLetterWritable && c.mayPoll(queue)
	case isTemporary(queue):
		return true
	}
	return c.may(security.Write, security.Queue, queue)
}

// mayPoll decides on polling: the dead letters are for administrators, a temporary queue is for the principal that has made
// it (reliability.md 6, S13).
func (c *conn) mayPoll(queue string) bool {
	if c.s.opts.Authenticator == nil {
		return true
	}
	who := c.who()
	switch {
	case isDeadLetters(queue):
		return who.Admin
	case isTemporary(queue):
		owner, ok := c.s.owners.Load(queue)
		return ok && owner.(tempOwner).principal == who.Name
	}
	return c.may(security.Read, security.Queue, queue)
}

func isDeadLetters(queue string) bool { return queue == DeadLetters || queue == deadLettersAlias }

// take gets a message out of the queue that the poll m can be answered with; others go to the dead letters (P6).
func (c *conn) take(ctx context.Context, q engine.Queue, m *wire.Message) (delivery, error) {
	for {
		got, err := c.takeAny(ctx, q, m)
		if err != nil || got.m.Size() <= c.s.opts.MaxMessageSize {
			return got, err
		}
		c.s.stats.oversized.Add(1)
		c.discard(m, got)
	}
}

// takeAny polls, or begins a delivery if the connection acknowledges.
func (c *conn) takeAny(ctx context.Context, q engine.Queue, m *wire.Message) (delivery, error) {
	if c.ackMode == NoAck {
		got, err := q.Poll(ctx)
		return delivery{queue: q, m: got}, err
	}
	lease, err := q.Take(ctx)
	if err != nil {
		return delivery{}, err
	}
	l := &leased{Lease: lease, queue: queueName(m.Destination), id: m.ID}
	c.leases.add(l)
	return delivery{queue: q, m: lease.Message(), lease: l}, nil
}

// discard moves a message that the poll m cannot be answered with to the dead letters. A dead letter of that kind is lost.
func (c *conn) discard(m *wire.Message, d delivery) {
	if isDeadLetters(m.Destination) {
		c.log.Warn("A dead letter was lost: no answer can carry it",
			"destination", d.m.Destination, "id", d.m.ID, "bytes", d.m.Size())
	}
	if d.lease == nil {
		if !isDeadLetters(m.Destination) {
			c.s.bury(d.m)
		}
		return
	}
	if c.leases.claim(d.lease) && c.s.reject(d.lease) != nil {
		c.s.restore(d.lease, true)
	}
}

// deliver answers a poll with a message.
func (c *conn) deliver(m *wire.Message, got delivery) {
	a := *got.m
	a.ID, a.Type, a.Status, a.Oneway, a.SubscriptionReply = m.ID, wire.Response, wire.OK, true, false
	if err := c.send(&a); err != nil { // what came out of a frame goes into one
		c.log.Error("A polled message could not be encoded", "destination", m.Destination, "error", err)
		c.discard(m, got)
		c.incident(m, err)
		return
	}
	got.end = c.queued()
	if got.lease != nil {
		got.lease.sent = got.end
	}
	c.unsent = append(c.unsent, got)
}

// queued is the value of outlet.taken at which everything queued now will have left.
func (c *conn) queued() int64 {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.out.queued()
}

// taken is outlet.taken, of any goroutine.
func (c *conn) taken() int64 {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.out.taken
}

// lookUp finds the queue of a request, or refuses it.
func (c *conn) lookUp(m *wire.Message) (engine.Queue, bool) {
	if m.Destination == "" {
		c.incident(m, errNoDestination)
		return nil, false
	}
	q, err := c.s.queue(m.Destination)
	if err != nil {
		c.queueFailed(m, m.Type, err)
		return nil, false
	}
	return q, true
}

// queueFailed answers for an error of the engine. kind is the request's type: an offer's own has been changed.
func (c *conn) queueFailed(m *wire.Message, kind wire.Type, err error) {
	if errors.Is(err, engine.ErrQueueNotFound) {
		c.refuse(m, wire.QueueNotFound, "The queue %s does not exist!", m.Destination)
		return
	}
	var out *engine.OutOfServiceError
	if errors.As(err, &out) { // D5, R3
		c.refuse(m, wire.HandlerError, "%s", out.Text)
		return
	}
	asked := *m
	asked.Type = kind
	c.incident(&asked, err)
}

// wait is how long a request may wait: what it asks for, and not beyond the time after which a stock peer does not listen
// any more (P4).
func (c *conn) wait(m *wire.Message) time.Duration {
	const longest = math.MaxInt64 / int64(time.Millisecond)
	d := time.Duration(min(m.Timeout, longest)) * time.Millisecond
	if !c.longWaits {
		d = min(d, c.s.opts.WaitCap)
	}
	return d
}

// createTempQueue makes a queue that lives as long as the connection (wire-protocol.md 10.4).
func (c *conn) createTempQueue(m *wire.Message) {
	if len(c.temp) >= maxTempQueues {
		c.refuse(m, wire.BadRequest, "Request %s: Too many temporary queues! Reached the limit of %d temporary queues for this client.",
			m.Type, maxTempQueues)
		return
	}
	var body struct{ Capacity *int64 }
	if err := decodeControl(m.Payload, &body); err != nil {
		c.badControl(m, err)
		return
	}
	if body.Capacity == nil {
		c.invalid(m, text("The queue's capacity is missing"))
		return
	}
	capacity := int32(*body.Capacity) // the reference cuts it too
	if capacity < 1 {
		c.refuse(m, wire.BadRequest, "Request %s: Invalid queue data: %s", m.Type, capacityText)
		return
	}
	c.tempUsage.Above = c.s.memory.stored
	name, err := c.s.createTempQueue(int(capacity), &c.tempUsage)
	if err != nil {
		c.incident(m, err)
		return
	}
	c.temp = append(c.temp, name)
	c.s.owners.Store(name, tempOwner{c.who().Name, &c.tempUsage})
	c.ok(m, name)
}

// heartbeat answers; that bytes arrived is what counts (O14).
func (c *conn) heartbeat(m *wire.Message) { c.ok(m, "") }

// test acknowledges a payload (wire-protocol.md 9). A oneway one is dropped.
func (c *conn) test(m *wire.Message) {
	c.r.Reuse(m.Payload)
	m.Payload = nil
	if m.Oneway {
		return
	}
	a := answerTo(m, wire.OK)
	a.Mimetype = m.Mimetype
	if err := c.send(a); err != nil {
		c.incident(m, err)
	}
}

// ended is a context that has ended: no waiting.
type ended struct{}

func (ended) Deadline() (time.Time, bool) { return time.Time{}, false }
func (ended) Done() <-chan struct{}       { return closedChannel }
func (ended) Err() error                  { return context.DeadlineExceeded }
func (ended) Value(any) any               { return nil }

// closedChannel has been closed from the start.
var closedChannel = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()
