// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"encoding/json"
	"slices"

	"gondola/broker/wire"
)

const errNoAckMode = text("The client was opened without an acknowledge mode, so its deliveries are complete at once!")

// ackRoom is for all of a call of the reserved function but the ids; the smallest size limit leaves as much for those.
const ackRoom = wire.MinMaxMessage / 2

// AckMode is what the server has granted: NoAck, or the mode that was asked for.
func (c *Client) AckMode() AckMode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ackMode
}

// Ack tells the server that polled messages have been consumed: it forgets them, durably if its log does so, before Ack
// returns. Nack gives them back to the heads of their queues, Reject moves them to the dead letters (A1, A4). The
// messages are answers of Poll, of this connection. unknown are the ids of those that the server does not wait for: settled
// before, returned at the deadline, or of a connection that has been lost (A6). If AckPreferred was not granted, all are.
//
// Errors are those of the other calls, *StatusError if the server refuses, *ArgumentError for what is no polled message;
// then messages of other queues may have been settled. A failed Ack may be repeated.
func (c *Client) Ack(ctx context.Context, messages ...*wire.Message) (unknown []string, err error) {
	return c.settle(ctx, outcomeAck, messages)
}

// Nack is described at Ack.
func (c *Client) Nack(ctx context.Context, messages ...*wire.Message) (unknown []string, err error) {
	return c.settle(ctx, outcomeNack, messages)
}

// Reject is described at Ack.
func (c *Client) Reject(ctx context.Context, messages ...*wire.Message) (unknown []string, err error) {
	return c.settle(ctx, outcomeReject, messages)
}

func (c *Client) settle(ctx context.Context, outcome string, messages []*wire.Message) (unknown []string, err error) {
	if c.opts.Ack == NoAck {
		return nil, errNoAckMode
	}
	var queues []string // in the order of the messages
	ids := make(map[string][]string)
	for _, m := range messages {
		if m.Type != wire.Response || m.Status != wire.OK || m.Destination == "" {
			return nil, badArgument("Only a polled message can be acknowledged, not a %s with the status %s!", m.Type, m.Status)
		}
		if !slices.Contains(queues, m.Destination) {
			queues = append(queues, m.Destination)
		}
		ids[m.Destination] = append(ids[m.Destination], m.ID.String())
	}
	granted := c.AckMode()
	most := min(maxMaxUnacknowledged, (c.MaxMessageSize()-ackRoom)/len(`"00000000-0000-0000-0000-000000000000",`)) // of a call
	for _, queue := range queues {
		if granted == NoAck {
			unknown = append(unknown, ids[queue]...)
			continue
		}
		for some := range slices.Chunk(ids[queue], most) {
			answer, err := c.callAck(ctx, ackRequest{Queue: queue, IDs: some, Outcome: outcome})
			if err != nil {
				return unknown, err
			}
			unknown = append(unknown, answer.Unknown...)
		}
	}
	return unknown, nil
}

// callAck calls the reserved function.
func (c *Client) callAck(ctx context.Context, asked ackRequest) (answer ackAnswer, err error) {
	r := newRequest(wire.Request, ackFunction)
	r.Mimetype = mimeJSON
	if r.Payload, err = json.Marshal(asked); err != nil {
		return answer, err
	}
	if err := c.check(r); err != nil {
		return answer, err
	}
	got, err := c.roundTrip(ctx, r, c.opts.CallLimit)
	if err != nil {
		return answer, err
	}
	if got.Status != wire.OK {
		what := "Failed to acknowledge messages of the queue " + asked.Queue + "!"
		return answer, &StatusError{Status: got.Status, What: what, Reason: string(got.Payload)}
	}
	return answer, decodeControl(got.Payload, &answer)
}
