// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// lease is an entry that is out of its queue and, if it is a durable one, still in the log.
type lease struct {
	q *queue
	e entry

	settled bool // guarded by the queue's mutex
}

// Take takes the oldest live message on a lease.
func (q *queue) Take(ctx context.Context) (engine.Lease, error) {
	e, err := q.pop(ctx)
	if err != nil {
		return nil, err
	}
	e.deliveries++
	q.store.count(e, 1) // until it is settled
	return &lease{q: q, e: e}, nil
}

func (l *lease) Message() *wire.Message { return l.e.m }

func (l *lease) Deliveries() int { return l.e.deliveries }

// Ack forgets the entry. A queue that has gone has no log any more: its error.
func (l *lease) Ack() (wait func() error) {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if l.settled {
		return settledAlready
	}
	l.settle()
	switch err := l.q.gone; {
	case err != nil:
		return func() error { return err }
	case l.q.consume == nil:
		return settledAlready
	}
	return l.q.consume(l.e)
}

// settle runs with the queue's mutex held.
func (l *lease) settle() {
	l.settled = true
	l.q.store.count(l.e, -1)
}

// Return gives the entry back to the head.
func (l *lease) Return(delivered bool) error {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if l.settled {
		return nil
	}
	l.settle()
	if l.q.gone != nil {
		return l.q.gone
	}
	if !delivered {
		l.e.deliveries--
	}
	l.q.putBack(l.e)
	return nil
}

// settledAlready is the wait for what is not logged.
func settledAlready() error { return nil }
