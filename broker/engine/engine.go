// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package engine is the contract of where destinations live: queues, topics and their messages. Login, access lists,
// compression and encryption are above it, storage below. engine/enginetest is the contract as tests.
package engine

import (
	"context"
	"errors"
	"sync/atomic"

	"gondola/broker/wire"
)

// The outcomes that callers branch on.
var (
	ErrQueueNotFound = errors.New("the queue does not exist")
	ErrQueueFull     = errors.New("the queue is full")
	ErrQueueEmpty    = errors.New("the queue is empty")
	ErrTopicNotFound = errors.New("the topic does not exist")
	ErrNoLog         = errors.New("write-ahead log is not activated")
	ErrClosed        = errors.New("the engine is closed")
)

// OutOfServiceError: a durable queue whose log has failed or is damaged (D5, R3). The text is for clients.
type OutOfServiceError struct{ Text string }

func (e *OutOfServiceError) Error() string { return e.Text }

// Kind is the kind of a queue.
type Kind int

const (
	Bounded  Kind = iota // first in, first out; full queues refuse
	Circular             // full queues drop their oldest message
)

// QueueSpec describes a queue to create. Names have been checked by the caller.
type QueueSpec struct {
	Name      string
	Kind      Kind
	Capacity  int // messages, at least 1; storage grows with content (O18)
	Durable   bool
	Temporary bool
	Usage     *Usage // where its bytes are counted instead of at the engine's, that is above it; nil: there
}

// Usage counts the bytes of the messages that queues store or have leased, as frames have them (O7, O17). The zero value is
// ready. Safe for concurrent use; nil counts nothing.
type Usage struct {
	Above *Usage // counts the same bytes too; may be nil
	n     atomic.Int64
}

// Add counts n bytes more, or less.
func (u *Usage) Add(n int) {
	for ; u != nil; u = u.Above {
		u.n.Add(int64(n))
	}
}

// Bytes is the sum.
func (u *Usage) Bytes() int64 {
	if u == nil {
		return 0
	}
	return u.n.Load()
}

// QueueStatus is a snapshot of a queue.
type QueueStatus struct {
	QueueSpec
	Size int
}

// Features says which promises an engine keeps (reliability.md 11).
type Features struct {
	SyncBeforeOK bool
	PutBack      bool
	Ack          bool // Queue.Take
	Ordered      bool
}

// Engine owns queues and topics. Safe for concurrent use. No method is called with a lock held by the caller.
type Engine interface {
	Features() Features

	// CreateQueue makes the queue or returns the existing one unchanged; created tells which. ErrNoLog for a durable one
	// without a log.
	CreateQueue(ctx context.Context, spec QueueSpec) (q Queue, created bool, err error)
	// RemoveQueue discards the queue and its messages; unknown names are no error. Pollers that wait in it keep waiting.
	RemoveQueue(ctx context.Context, name string) error
	// Queue finds a queue: ErrQueueNotFound.
	Queue(name string) (Queue, error)
	// Queues lists the status of all queues, sorted by name.
	Queues() []QueueStatus

	// CreateTopic makes the topic if it does not exist; RemoveTopic forgets the name and keeps subscriptions.
	CreateTopic(ctx context.Context, name string) (created bool, err error)
	RemoveTopic(ctx context.Context, name string) error
	// Topic finds a topic: ErrTopicNotFound.
	Topic(name string) (Topic, error)
	Topics() []string

	// Close releases everything. Waiting calls end with ErrClosed.
	Close() error
}

// Expirer is an engine that tells of messages that expired before they were consumed.
type Expirer interface {
	// OnExpired has tell called with each one when it is out of its queue, in the order of their ends, on a goroutine of the
	// engine's; Close waits for it. A message counts as expired when the engine notices. It is called before the first offer.
	OnExpired(tell func(queue string, m *wire.Message))
}

// Queue is one queue. Messages are shared: nobody changes them.
type Queue interface {
	Status() QueueStatus
	// Offer appends m, waiting for room until ctx is done: then ErrQueueFull. A ctx that is done already means no waiting.
	Offer(ctx context.Context, m *wire.Message) error
	// Poll removes and returns the oldest live message, waiting until ctx is done: then ErrQueueEmpty. Waiting pollers are
	// served in their order of arrival. Expired messages are skipped and never delivered (B1, P7). When ctx ends
	// no message is taken (P2). A circular queue never waits.
	Poll(ctx context.Context) (*wire.Message, error)
	// PutBack returns a polled message to the head of the queue (P3), also beyond the capacity.
	PutBack(m *wire.Message) error
	// Take is Poll, but the message stays the queue's until its lease is settled: nobody else gets it, it does not count
	// for the capacity, and after a restart it is in the queue again (A2).
	Take(ctx context.Context) (Lease, error)
}

// Lease is a message that Queue.Take has handed out. The first settlement counts; later ones do nothing.
type Lease interface {
	Message() *wire.Message
	// Deliveries counts how often the message has been handed out since the engine was opened, this time included (A4).
	Deliveries() int
	// Ack takes the message out for good. The function waits until that is as safe as the engine makes an offer (A2); its
	// error means that the message is in the queue again. Many leases are settled with one sync if all are
	// acknowledged before the first wait.
	Ack() (wait func() error)
	// Return gives the message back to the head of its queue, also beyond the capacity (A3). Not delivered: its consumer
	// cannot have got it, and it does not count as a delivery.
	Return(delivered bool) error
}

// Topic is one topic.
type Topic interface {
	Name() string
	// Subscribe registers deliver under an id; subscribing the same id again replaces it. The subscription survives removal
	// and re-creation of the topic. deliver runs on the publisher's goroutine and must not block longer than its own
	// bound (B9).
	Subscribe(id string, deliver func(ctx context.Context, m *wire.Message))
	Unsubscribe(id string)
	// Publish hands m to every subscriber, in the order of publication per subscriber.
	Publish(ctx context.Context, m *wire.Message) (subscribers int, err error)
}
