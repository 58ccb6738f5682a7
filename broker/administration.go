// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/json"
	"errors"
	"fmt"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// The administrative requests (wire-protocol.md 10.6, 10.7). Who may send them has been decided by routes.go.

// adminBody is the JSON of all of them; a missing member is an error where it is needed.
type adminBody struct {
	Name        *string `json:"name"`
	Capacity    *int64  `json:"capacity"`
	Type        *string `json:"type"`
	Persistence *string `json:"persistence"`
}

var errNoName = text("The name is missing")

// adminRequest reads the JSON, or refuses the request.
func (c *conn) adminRequest(m *wire.Message) (b adminBody, ok bool) {
	if err := decodeControl(m.Payload, &b); err != nil {
		c.badControl(m, err)
		return b, false
	}
	if b.Name == nil {
		c.invalid(m, errNoName)
		return b, false
	}
	return b, true
}

// administered answers for an administration of what the server owns: a failure of validation is told (B6).
func (c *conn) administered(m *wire.Message, err error, done string) {
	var argument *ArgumentError
	var failed *Error
	switch {
	case err == nil:
		c.ok(m, "Request ", m.Type.String(), ": ", done)
	case errors.As(err, &argument), errors.As(err, &failed):
		c.invalid(m, err)
	default:
		c.incident(m, err)
	}
}

func (c *conn) createQueue(m *wire.Message) {
	b, ok := c.adminRequest(m)
	if !ok {
		return
	}
	spec := engine.QueueSpec{Name: *b.Name}
	switch {
	case b.Capacity == nil:
		c.invalid(m, text("The queue's capacity is missing"))
		return
	case b.Type == nil || *b.Type != "BOUNDED" && *b.Type != "CIRCULAR":
		c.invalid(m, text("The queue's type must be BOUNDED or CIRCULAR"))
		return
	case b.Persistence == nil || *b.Persistence != "TRANSIENT" && *b.Persistence != "DURABLE":
		c.invalid(m, text("The queue's persistence must be TRANSIENT or DURABLE"))
		return
	}
	spec.Capacity = int(int32(*b.Capacity)) // the reference cuts it too
	spec.Durable = *b.Persistence == "DURABLE"
	if *b.Type == "CIRCULAR" && !spec.Durable { // circular and durable is durable and bounded (10.6)
		spec.Kind = engine.Circular
	}
	c.administered(m, c.s.CreateQueue(c.s.base, spec), fmt.Sprintf("Queue %s created.", spec.Name))
}

func (c *conn) removeQueue(m *wire.Message) {
	if b, ok := c.adminRequest(m); ok {
		c.administered(m, c.s.RemoveQueue(c.s.base, *b.Name), fmt.Sprintf("Queue %s removed.", *b.Name))
	}
}

func (c *conn) queueStatus(m *wire.Message) {
	b, ok := c.adminRequest(m)
	if !ok {
		return
	}
	status, exists := c.s.QueueStatus(*b.Name)
	if !exists {
		if err := ValidateName(QueueName, *b.Name); err != nil {
			c.refuse(m, wire.BadRequest, "Request %s: Invalid queue name: %s", m.Type, err)
			return
		}
	}
	kind := "unknown"
	if exists {
		kind = map[engine.Kind]string{engine.Bounded: "BOUNDED", engine.Circular: "CIRCULAR"}[status.Kind]
	}
	c.json(m, map[string]any{
		"name": *b.Name, "exists": exists, "type": kind, "temporary": status.Temporary, "durable": status.Durable,
		"capacity": status.Capacity, "size": status.Size,
	})
}

func (c *conn) createTopic(m *wire.Message) {
	if b, ok := c.adminRequest(m); ok {
		c.administered(m, c.s.CreateTopic(c.s.base, *b.Name), fmt.Sprintf("Topic %s created.", *b.Name))
	}
}

func (c *conn) removeTopic(m *wire.Message) {
	if b, ok := c.adminRequest(m); ok {
		c.administered(m, c.s.RemoveTopic(c.s.base, *b.Name), fmt.Sprintf("Topic %s removed.", *b.Name))
	}
}

func (c *conn) topicStatus(m *wire.Message) {
	b, ok := c.adminRequest(m)
	if !ok {
		return
	}
	if err := ValidateName(TopicName, *b.Name); err != nil {
		c.refuse(m, wire.BadRequest, "Request %s: Invalid topic name: %s", m.Type, err)
		return
	}
	c.json(m, map[string]any{"name": *b.Name, "exists": c.s.HasTopic(*b.Name)})
}

// serverStatus answers with the keys of ipc-api.md 16 and, each under a name that begins with x-, our own (decisions.md B19).
func (c *conn) serverStatus(m *wire.Message) {
	o, st, dedupe := &c.s.opts, c.s.Stats(), c.s.idempotency.stats()
	logDir := "-"
	if o.Log != nil {
		logDir = o.Log.Dir
	}
	c.json(m, map[string]any{
		"running": true, "encryption": c.sealed, "admin": true, "logger-enabled": false, "logger-file": "-",
		"max-queues": o.MaxQueues, "message-size-max": o.MaxMessageSize, "compression-cutoff-size": o.CompressCutoff,
		"write-ahead-log-dir": logDir, "write-ahead-log-count": st.DurableQueues,
		"hearbeat-interval-seconds": o.HeartbeatInterval, "error-queue-capacity": 50, "publish-queue-capacity": publishedQueue,
		"connection_count": st.Connections, "message-count": st.Messages, "publish-count": st.Published,
		"response-discarded-count": st.PutBack, "publish-discarded-count": st.PublishDiscarded,
		"subscription-client-count": st.Subscribers, "subscription-topic-count": st.SubscribedTopics,
		"queue-count": st.QueueCount, "temp-queue-total-count": st.TempQueues, "temp-queue-connection-count": len(c.temp),
		"socket-snd-buf-size": bufferSize(o.SendBuffer), "socket-rcv-buf-size": bufferSize(o.ReceiveBuffer),

		"x-dedupe-entries": dedupe.Entries, "x-dedupe-bytes": dedupe.Bytes,
		"x-dedupe-duplicates": dedupe.Duplicates, "x-dedupe-evicted": dedupe.Evicted,
		"x-incidents": st.Incidents, "x-dead-letters": st.DeadLetters, "x-oversized-responses": st.Oversized,
		"x-put-back": st.PutBack, "x-max-connections": o.MaxConnections, "x-running-handlers": len(c.s.running),
		"x-failed-logins": st.FailedLogins, "x-acknowledged": st.Acknowledged, "x-redelivered": st.Redelivered,
		"x-dead-letters-dropped": st.DeadLettersDropped, "x-rejected": st.Rejected, "x-unacknowledged": st.Unacknowledged,

		"x-refused-connections": st.RefusedConnections, "x-evicted-connections": st.EvictedConnections,
		"x-refused-key-exchanges": st.RefusedAgreements, "x-malformed": st.Malformed, "x-timeouts": st.Timeouts,
		"x-oversized-requests": st.OversizedRequests, "x-refused-control": st.RefusedControl, "x-slow-consumers": st.SlowConsumers,
		"x-refused-memory": st.RefusedMemory, "x-memory-used": st.MemoryUsed, "x-memory-budget": o.MemoryBudget,
	})
}

// bufferSize is the option as the reference shows it: -1 for the system's.
func bufferSize(n int) int {
	if n <= 0 {
		return -1
	}
	return n
}

// threadPool answers with what stands for the reference's threads: goroutines that serve connections.
func (c *conn) threadPool(m *wire.Message) {
	st := c.s.Stats()
	c.json(m, map[string]any{
		"core-pool-size": 0, "maximum-pool-size": c.s.opts.MaxConnections + 1,
		"current-pool-size": st.Connections + 1, "largest-pool-size": st.MostConnections + 1,
		"active-thread-count": st.Connections + 1, "scheduled-task-count": st.Accepted + 1,
		"completed-task-count": st.Accepted - int64(st.Connections),
	})
}

// json answers with a JSON object.
func (c *conn) json(m *wire.Message, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		c.incident(m, err)
		return
	}
	c.answer(m, wire.OK, mimeJSON, text)
}
