// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"encoding/json"
	"fmt"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// The administrative calls have no answer of their own: a refusal is a *StatusError with the text of ipc-api.md 13, which a
// server without an authenticator gives to everybody but for temporary queues.

// CreateTemporaryQueue makes a queue that lives as long as this client's connection, and returns its name. Anybody may use it.
// One that was made before the connection was lost and opened again (Reconnect) is gone.
func (c *Client) CreateTemporaryQueue(ctx context.Context, capacity int) (name string, err error) {
	if capacity < 1 {
		return "", badArgument(capacityText)
	}
	answer, err := c.administer(ctx, wire.CreateTempQueue, "Failed to create temporary queue!", map[string]any{"capacity": capacity})
	return string(answer), err
}

// CreateQueue makes a queue; see Server.CreateQueue.
func (c *Client) CreateQueue(ctx context.Context, spec engine.QueueSpec) error {
	if trimName(spec.Name) == "" {
		return badArgument("A queue name must not be blank")
	}
	if spec.Capacity < 1 {
		return badArgument(capacityText)
	}
	kind, persistence := "BOUNDED", "TRANSIENT"
	if spec.Kind == engine.Circular {
		kind = "CIRCULAR"
	}
	if spec.Durable {
		persistence = "DURABLE"
	}
	_, err := c.administer(ctx, wire.CreateQueue, fmt.Sprintf("Failed to create queue '%s'!", spec.Name),
		map[string]any{"name": spec.Name, "capacity": spec.Capacity, "type": kind, "persistence": persistence})
	return err
}

// RemoveQueue discards a queue.
func (c *Client) RemoveQueue(ctx context.Context, name string) error {
	_, err := c.administer(ctx, wire.RemoveQueue, fmt.Sprintf("Failed to remove queue '%s'!", name), named(name))
	return err
}

// QueueStatus is a snapshot of a queue.
func (c *Client) QueueStatus(ctx context.Context, name string) (status engine.QueueStatus, exists bool, err error) {
	answer, err := c.administer(ctx, wire.StatusQueue, fmt.Sprintf("Failed to check if queue %s exists!", name), named(name))
	if err != nil {
		return status, false, err
	}
	var body struct {
		Type                       string
		Exists, Temporary, Durable bool
		Capacity, Size             int
	}
	if err := decodeControl(answer, &body); err != nil {
		return status, false, err
	}
	status.QueueSpec = engine.QueueSpec{Name: name, Capacity: body.Capacity, Durable: body.Durable, Temporary: body.Temporary}
	if body.Type == "CIRCULAR" {
		status.Kind = engine.Circular
	}
	status.Size = body.Size
	return status, body.Exists, nil
}

// CreateTopic makes a topic.
func (c *Client) CreateTopic(ctx context.Context, name string) error {
	if trimName(name) == "" {
		return badArgument("A topic name must not be blank")
	}
	_, err := c.administer(ctx, wire.CreateTopic, fmt.Sprintf("Failed to create topic '%s'!", name), named(name))
	return err
}

// RemoveTopic forgets a topic.
func (c *Client) RemoveTopic(ctx context.Context, name string) error {
	_, err := c.administer(ctx, wire.RemoveTopic, fmt.Sprintf("Failed to remove topic '%s'!", name), named(name))
	return err
}

// HasTopic reports whether a topic exists.
func (c *Client) HasTopic(ctx context.Context, name string) (bool, error) {
	answer, err := c.administer(ctx, wire.StatusTopic, fmt.Sprintf("Failed to check if topic %s exists!", name), named(name))
	if err != nil {
		return false, err
	}
	var body struct{ Exists bool }
	err = decodeControl(answer, &body)
	return body.Exists, err
}

// ServerStatus is the server's status as JSON (ipc-api.md 16).
func (c *Client) ServerStatus(ctx context.Context) ([]byte, error) {
	return c.administer(ctx, wire.ServerStatus, "Failed get server status!", nil)
}

// ThreadPoolStatistics are the server's, as JSON (ipc-api.md 16).
func (c *Client) ThreadPoolStatistics(ctx context.Context) ([]byte, error) {
	return c.administer(ctx, wire.ServerThreadPool, "Failed get server thread pool statistics!", nil)
}

func named(name string) map[string]any { return map[string]any{"name": name} }

// administer sends a request with a JSON body, or an empty text, and returns the payload of an OK answer; any other one is
// a *StatusError that begins with what.
func (c *Client) administer(ctx context.Context, t wire.Type, what string, body map[string]any) ([]byte, error) {
	r := newRequest(t, "")
	r.ExpiresAt = 1000 // as stock clients send it; long past, and of no effect (wire-protocol.md 9)
	if body != nil {
		payload, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r.Mimetype, r.Payload = mimeJSON, payload
	}
	if err := c.check(r); err != nil {
		return nil, err
	}
	answer, err := c.roundTrip(ctx, r, c.opts.CallLimit)
	if err != nil {
		return nil, err
	}
	if answer.Status != wire.OK {
		return nil, &StatusError{Status: answer.Status, What: what, Reason: string(answer.Payload)}
	}
	return answer.Payload, nil
}
