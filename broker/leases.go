// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"gondola/broker/engine"
)

// AckMode says when a delivery of a queue is complete (reliability.md 5.2). Until then the message stays the queue's.
type AckMode int

const (
	NoAck     AckMode = iota // at once: at most once (P1)
	AutoAck                  // when the next request of the connection arrives
	ClientAck                // when the consumer says so
)

// String is the mode's name in the protocol.
func (m AckMode) String() string {
	return [...]string{NoAck: "NO_ACKNOWLEDGE", AutoAck: "AUTO_ACKNOWLEDGE", ClientAck: "CLIENT_ACKNOWLEDGE"}[m]
}

// parseAckMode knows the names of the protocol.
func parseAckMode(name string) (AckMode, bool) {
	for m := NoAck; m <= ClientAck; m++ {
		if m.String() == name {
			return m, true
		}
	}
	return NoAck, false
}

// Limits of acknowledged deliveries.
const (
	defaultAckDeadline = 30 * time.Second // A3
	minAckDeadline     = time.Second
	maxAckDeadline     = time.Hour

	defaultMaxDeliveries = 10 // A4
	maxMaxDeliveries     = 1_000_000

	defaultMaxUnacknowledged = 100 // A5
	maxMaxUnacknowledged     = 1000
)

// leased is a delivery that is not complete.
type leased struct {
	engine.Lease
	queue string
	id    uuid.UUID // of the poll and its answer (A1)
	due   time.Time // when it returns to the queue (A3)
	sent  int64     // outlet.taken when all of the answer has left
}

// leases are the deliveries of one connection that are not complete, in their order. Whoever takes one out settles it.
type leases struct {
	s *Server

	mu      sync.Mutex
	open    []*leased
	armed   *time.Timer    // for the first one; nil: none is open, or the timer has just fired
	closed  bool           // the connection has ended
	expired sync.WaitGroup // returns under way on the timer's goroutine
}

// add begins a delivery.
func (ls *leases) add(l *leased) {
	l.due = time.Now().Add(ls.s.opts.AckDeadline)
	ls.s.stats.unacknowledged.Add(1)
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.open = append(ls.open, l)
	ls.arm()
}

// arm sees to it that the first delivery returns in time. It runs with mu held.
func (ls *leases) arm() {
	if ls.armed == nil && len(ls.open) > 0 && !ls.closed {
		ls.armed = time.AfterFunc(time.Until(ls.open[0].due), ls.expire)
	}
}

// expire returns what has not been acknowledged in time (A3). It is the timer's.
func (ls *leases) expire() {
	ls.mu.Lock()
	ls.armed = nil
	if ls.closed {
		ls.mu.Unlock()
		return
	}
	ls.expired.Add(1)
	defer ls.expired.Done()
	now := time.Now()
	late := ls.remove(func(l *leased) bool { return !now.Before(l.due) })
	ls.arm()
	ls.mu.Unlock()
	ls.s.giveBack(late)
}

// remove takes out the deliveries that match. It runs with mu held.
func (ls *leases) remove(match func(l *leased) bool) (out []*leased) {
	ls.open = slices.DeleteFunc(ls.open, func(l *leased) bool {
		found := match(l)
		if found {
			out = append(out, l)
		}
		return found
	})
	ls.s.stats.unacknowledged.Add(-int64(len(out)))
	return out
}

// take takes out the deliveries that match, in their order.
func (ls *leases) take(match func(l *leased) bool) []*leased {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.remove(match)
}

// claim takes out one delivery; false: it is not open any more.
func (ls *leases) claim(one *leased) bool {
	return len(ls.take(func(l *leased) bool { return l == one })) > 0
}

// count tells how many deliveries are open, and whether one has this id.
func (ls *leases) count(id uuid.UUID) (n int, known bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return len(ls.open), slices.ContainsFunc(ls.open, func(l *leased) bool { return l.id == id })
}

// close returns what is open: the connection has ended (A3).
func (ls *leases) close() {
	ls.mu.Lock()
	ls.closed = true
	if ls.armed != nil {
		ls.armed.Stop()
	}
	all := ls.remove(func(*leased) bool { return true })
	ls.mu.Unlock()
	ls.expired.Wait()
	ls.s.giveBack(all)
}

// giveBack returns deliveries that were not acknowledged, the last one first: each goes to the head (P5). One that has been
// delivered often enough goes to the dead letters instead (A4); those themselves are never buried again.
func (s *Server) giveBack(deliveries []*leased) {
	for _, l := range slices.Backward(deliveries) {
		if l.Deliveries() < s.opts.MaxDeliveries || l.queue == DeadLetters || s.reject(l) != nil {
			s.stats.redelivered.Add(1)
			s.restore(l, true)
		}
	}
}

// restore returns one delivery to the head of its queue.
func (s *Server) restore(l *leased, delivered bool) {
	err := l.Return(delivered)
	if err != nil && !errors.Is(err, engine.ErrQueueNotFound) && !errors.Is(err, engine.ErrClosed) {
		s.log.Warn("A delivery could not be returned to its queue", "queue", l.queue, "id", l.Message().ID, "error", err)
	}
}

// reject moves a delivery to the dead letters (A4), and out of its queue only when it is there: a crash in between leaves
// it in both. A dead letter that is rejected is gone.
func (s *Server) reject(l *leased) error {
	if l.queue != DeadLetters {
		if err := s.bury(l.Message()); err != nil {
			return err
		}
		s.stats.rejected.Add(1)
	}
	return s.settle([]*leased{l})
}

// settle takes deliveries out of their queues for good (A2), with one sync for all. It returns the first failure; what
// failed is in its queue again.
func (s *Server) settle(deliveries []*leased) (failed error) {
	waits := make([]func() error, 0, len(deliveries))
	for _, l := range deliveries {
		waits = append(waits, l.Ack())
	}
	for i, wait := range waits {
		err := wait()
		if errors.Is(err, engine.ErrQueueNotFound) {
			err = nil // it went with its queue
		}
		if err != nil && failed == nil {
			failed = err
		}
		if err != nil {
			s.log.Warn("A delivery could not be acknowledged",
				"queue", deliveries[i].queue, "id", deliveries[i].Message().ID, "error", err)
		}
	}
	return failed
}
