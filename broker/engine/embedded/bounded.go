// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"container/list"
	"context"
	"time"

	"gondola/broker/engine"
)

// waitingPoll is a poll in line. entry and err are set, with the queue's mutex held, before done is closed.
type waitingPoll struct {
	entry entry
	err   error
	done  chan struct{}
}

// waitingOffer is an offer in line. err is set, with the queue's mutex held, before done is closed; nil: stored.
type waitingOffer struct {
	entry entry
	err   error
	done  chan struct{}
}

// line is a first in, first out line that anyone may leave. The zero value is empty.
type line[T any] struct{ l list.List }

func (l *line[T]) join(w T) *list.Element { return l.l.PushBack(w) }

func (l *line[T]) leave(e *list.Element) { l.l.Remove(e) }

func (l *line[T]) pop() (w T, ok bool) {
	e := l.l.Front()
	if e == nil {
		return w, false
	}
	return l.l.Remove(e).(T), true
}

func (l *line[T]) empty() bool { return l.l.Len() == 0 }

func (q *queue) offerBounded(ctx context.Context, e entry) error {
	q.mu.Lock()
	if q.gone != nil {
		defer q.mu.Unlock()
		return q.gone
	}
	if q.accept(e) {
		q.mu.Unlock()
		return nil
	}
	if ctx.Err() != nil {
		q.mu.Unlock()
		return engine.ErrQueueFull
	}
	w := &waitingOffer{entry: e, done: make(chan struct{})}
	place := q.offers.join(w)
	q.mu.Unlock()

	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-w.done: // stored in the meantime
		return w.err
	default:
		q.offers.leave(place)
		return engine.ErrQueueFull
	}
}

// accept stores e or hands it to a poll, unless there is no room or somebody is in line for it. A message that arrives
// dead is accepted and never seen (B1). It runs with mu held.
func (q *queue) accept(e entry) bool {
	if e.mortal() && e.dead(time.Now()) {
		q.tellExpired(e.m)
		return true
	}
	if e.held == nil && q.store.n == 0 && q.hand(e) {
		return true
	}
	if q.store.n >= q.spec.Capacity {
		q.purge()
		q.admit()
	}
	if q.store.n >= q.spec.Capacity || !q.offers.empty() {
		return false
	}
	q.push(e)
	return true
}

func (q *queue) popBounded(ctx context.Context) (entry, error) {
	q.mu.Lock()
	if q.gone != nil {
		defer q.mu.Unlock()
		return entry{}, q.gone
	}
	if e, ok := q.takeAndAdmit(); ok {
		q.mu.Unlock()
		return e, nil
	}
	if ctx.Err() != nil {
		q.mu.Unlock()
		return entry{}, engine.ErrQueueEmpty
	}
	w := &waitingPoll{done: make(chan struct{})}
	place := q.polls.join(w)
	q.mu.Unlock()

	select {
	case <-w.done:
		return w.entry, w.err
	case <-ctx.Done():
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-w.done:
		// Handed over while ctx ended: its caller may be gone, so the message is not taken (P2).
		if w.err != nil {
			return entry{}, w.err
		}
		if q.gone == nil {
			q.putBack(w.entry)
		}
	default:
		q.polls.leave(place)
	}
	return entry{}, engine.ErrQueueEmpty
}

// takeAndAdmit pops the oldest live entry, also one whose offer is still in line. It runs with mu held.
func (q *queue) takeAndAdmit() (entry, bool) {
	for {
		e, ok := q.take()
		q.admit()
		if ok || q.store.n == 0 || !q.store.at(0).visible() {
			return e, ok
		}
	}
}

// admit stores waiting offers as long as there is room. It runs with mu held.
func (q *queue) admit() {
	for q.store.n < q.spec.Capacity {
		w, ok := q.offers.pop()
		if !ok {
			return
		}
		q.push(w.entry)
		close(w.done)
	}
}
