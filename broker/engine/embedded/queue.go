// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"sync"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// queue is one queue, of either kind. Waiting offers stand in line only while the queue is full, waiting polls only while
// nothing live is in it, so at most one of the two lines is populated.
type queue struct {
	spec engine.QueueSpec

	mu     sync.Mutex
	store  ring
	next   time.Time // no entry dies before; zero: none is mortal
	offers line[*waitingOffer]
	polls  line[*waitingPoll]
	gone   error // ErrQueueNotFound after removal, ErrClosed after Close, *engine.OutOfServiceError in quarantine

	expired func(m *wire.Message) // told of a message whose life is over, with or without mu held; may be nil

	// Set for a durable queue; called with mu held.
	enqueue func(e entry)                     // logs an entry that is being stored
	dropped func(e entry)                     // an entry that is in the log has expired
	consume func(e entry) (wait func() error) // logs that an entry has been consumed; wait runs without mu
}

var _ engine.Queue = (*queue)(nil)

// Status counts live messages.
func (q *queue) Status() engine.QueueStatus {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.purge()
	return engine.QueueStatus{QueueSpec: q.spec, Size: q.store.n}
}

// Offer appends m.
func (q *queue) Offer(ctx context.Context, m *wire.Message) error {
	if q.spec.Kind == engine.Circular {
		return q.offerCircular(m)
	}
	return q.offerBounded(ctx, newEntry(m))
}

// Poll takes the oldest live message.
func (q *queue) Poll(ctx context.Context) (*wire.Message, error) {
	e, err := q.pop(ctx)
	return e.m, err
}

// pop takes the oldest live entry.
func (q *queue) pop(ctx context.Context) (entry, error) {
	if q.spec.Kind == engine.Circular {
		return q.popCircular()
	}
	return q.popBounded(ctx)
}

// PutBack returns m to the head, or to the poll that has waited longest. Its life is measured anew by the wall clock.
func (q *queue) PutBack(m *wire.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone != nil {
		return q.gone
	}
	q.putBack(newEntry(m))
	return nil
}

// putBack runs with mu held.
func (q *queue) putBack(e entry) {
	if e.dead(time.Now()) {
		q.expire(e)
		return
	}
	if q.hand(e) {
		return
	}
	q.remember(e)
	q.store.pushFront(e)
}

// expire forgets e, whose life is over. It runs with mu held.
func (q *queue) expire(e entry) {
	if e.held != nil {
		q.dropped(e)
	}
	q.tellExpired(e.m)
}

func (q *queue) tellExpired(m *wire.Message) {
	if q.expired != nil {
		q.expired(m)
	}
}

// hand gives e to the first waiting poll. It runs with mu held.
func (q *queue) hand(e entry) bool {
	w, ok := q.polls.pop()
	if ok {
		w.entry = e
		close(w.done)
	}
	return ok
}

// push appends e. It runs with mu held.
func (q *queue) push(e entry) {
	if e.held != nil {
		q.enqueue(e)
	}
	q.remember(e)
	q.store.pushBack(e)
}

// wake hands visible entries to the polls that wait. It runs with mu held.
func (q *queue) wake() {
	for !q.polls.empty() {
		e, ok := q.takeAndAdmit()
		if !ok {
			return
		}
		q.hand(e)
	}
}

// withdraw takes out an entry that could not be logged, and lets others have its place. It runs with mu held.
func (q *queue) withdraw(h *held) {
	kept := 0
	for i := range q.store.n {
		e := *q.store.at(i)
		if e.held == h {
			q.store.count(e, -1)
			continue
		}
		*q.store.at(kept) = e
		kept++
	}
	for i := kept; i < q.store.n; i++ {
		*q.store.at(i) = entry{}
	}
	q.store.n = kept
	q.admit()
	q.wake()
}

// remember keeps next right for an entry that is about to be stored.
func (q *queue) remember(e entry) {
	if e.mortal() && (q.next.IsZero() || e.dies.Before(q.next)) {
		q.next = e.dies
	}
}

// take pops the oldest live entry. It runs with mu held.
func (q *queue) take() (entry, bool) {
	var now time.Time
	for q.store.n > 0 && q.store.at(0).visible() {
		e := q.store.popFront()
		if !e.mortal() {
			return e, true
		}
		if now.IsZero() {
			now = time.Now()
		}
		if !e.dead(now) {
			return e, true
		}
		q.expire(e)
	}
	return entry{}, false
}

// purge drops dead entries if there can be any. It runs with mu held.
func (q *queue) purge() {
	if q.next.IsZero() {
		return
	}
	if now := time.Now(); now.After(q.next) {
		q.next = q.store.purge(now, q.expire)
	}
}

// remove drops the messages; whoever waits keeps waiting until its own time is over.
func (q *queue) remove() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone == nil {
		q.gone = engine.ErrQueueNotFound
	}
	q.store.clear()
}

// close drops the messages and ends whoever waits.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gone = engine.ErrClosed
	q.store.clear()
	for w, ok := q.polls.pop(); ok; w, ok = q.polls.pop() {
		w.err = engine.ErrClosed
		close(w.done)
	}
	for w, ok := q.offers.pop(); ok; w, ok = q.offers.pop() {
		w.err = engine.ErrClosed
		close(w.done)
	}
}
