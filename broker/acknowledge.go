// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"gondola/broker/wire"
)

// ackFunction is the reserved function that acknowledges deliveries (A1). No access list applies.
const ackFunction = "ipc.ack"

// Outcomes of a delivery.
const (
	outcomeAck    = "ack"    // consumed
	outcomeNack   = "nack"   // back to the head of the queue
	outcomeReject = "reject" // to the dead letters
)

// ackRequest is the payload of a call of ackFunction.
type ackRequest struct {
	Queue   string   `json:"queue"`
	IDs     []string `json:"ids"` // of the answers to the polls
	Outcome string   `json:"outcome"`
}

// ackAnswer is the payload of its answer.
type ackAnswer struct {
	Unknown []string `json:"unknown"` // ids of deliveries that were complete, or never there (A6)
}

// acknowledge settles deliveries of this connection (A1, A6).
func (c *conn) acknowledge(m *wire.Message) {
	var asked ackRequest
	if err := decodeControl(m.Payload, &asked); err != nil {
		c.refuse(m, wire.BadRequest, "Request %s %s: The payload is not the expected JSON", m.Type, ackFunction)
		return
	}
	queue := queueName(trimName(asked.Queue))
	switch {
	case queue == "":
		c.refuse(m, wire.BadRequest, "Request %s %s: The queue is missing", m.Type, ackFunction)
		return
	case asked.Outcome != outcomeAck && asked.Outcome != outcomeNack && asked.Outcome != outcomeReject:
		c.refuse(m, wire.BadRequest, "Request %s %s: The outcome must be %s, %s or %s", m.Type, ackFunction,
			outcomeAck, outcomeNack, outcomeReject)
		return
	}
	wanted := make(map[uuid.UUID]bool, len(asked.IDs))
	for _, text := range asked.IDs {
		if id, err := uuid.Parse(text); err == nil {
			wanted[id] = true
		}
	}
	found := c.leases.take(func(l *leased) bool {
		return wanted[l.id] && (l.queue == queue || l.Message().Destination == queue) // a dead letter carries its old destination
	})
	answer := ackAnswer{Unknown: []string{}}
	for _, text := range asked.IDs {
		id, err := uuid.Parse(text)
		if err != nil || !slices.ContainsFunc(found, func(l *leased) bool { return l.id == id && wanted[id] }) {
			answer.Unknown = append(answer.Unknown, text)
		}
		wanted[id] = false // a second time in one request
	}
	if err := c.conclude(found, asked.Outcome); err != nil {
		c.queueFailed(m, wire.Request, err)
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		c.incident(m, err)
		return
	}
	c.answer(m, wire.OK, mimeJSON, body)
}

// conclude settles deliveries as their consumer says. What cannot be settled is in its queue again.
func (c *conn) conclude(deliveries []*leased, outcome string) error {
	switch outcome {
	case outcomeAck:
		err := c.s.settle(deliveries)
		if err == nil {
			c.s.stats.acknowledged.Add(int64(len(deliveries)))
		}
		return err
	case outcomeNack:
		c.s.giveBack(deliveries)
		return nil
	}
	for i, l := range deliveries {
		if err := c.s.reject(l); err != nil {
			c.s.giveBack(deliveries[i+1:])
			c.s.restore(l, true)
			return err
		}
	}
	return nil
}

// completed acknowledges the deliveries whose answers had left before f arrived (AUTO_ACKNOWLEDGE). A request that was
// under way when the answer left proves nothing, but cannot be told from one that came after it.
func (c *conn) completed(f frame) {
	if c.ackMode != AutoAck {
		return
	}
	if done := c.leases.take(func(l *leased) bool { return l.sent <= f.taken }); len(done) > 0 {
		_ = c.conclude(done, outcomeAck) // logged; they are in their queues again
	}
}

// mayLease decides whether a poll may begin another delivery (A5).
func (c *conn) mayLease(m *wire.Message) bool {
	if c.ackMode == NoAck {
		return true
	}
	n, known := c.leases.count(m.ID)
	switch limit := c.s.opts.MaxUnacknowledged; {
	case n >= limit:
		c.refuse(m, wire.BadRequest, "Poll from queue %s rejected! %d deliveries are not acknowledged; the limit is %d.",
			m.Destination, n, limit)
	case known:
		c.refuse(m, wire.BadRequest, "Poll from queue %s rejected! A delivery with the id %s is not acknowledged.",
			m.Destination, m.ID)
	default:
		return true
	}
	return false
}
