// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"sync"
	"time"
)

// outcome is what a client knows of an operation.
type outcome int

const (
	unknown outcome = iota // no answer, or one that says so (D6)
	done
	refused
)

// offer is what became of one message.
type offer struct {
	outcome   outcome
	answered  time.Time
	delivered int
}

// history is what the clients have seen (reliability.md T60).
type history struct {
	mu      sync.Mutex
	offers  map[string]*offer
	strange []string // delivered and never offered
	unsure  int      // polls without an answer: each may have taken a message with it (P1)
	losses  []loss
}

// loss is when something went that was not synced: power, or the log of which a sync failed (D5, D6).
type loss struct{ from, to time.Time }

func newHistory() *history { return &history{offers: map[string]*offer{}} }

// began notes an offer before it is sent.
func (h *history) began(id string) *offer {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := &offer{}
	h.offers[id] = o
	return o
}

func (h *history) ended(o *offer, is outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.outcome, o.answered = is, time.Now()
}

func (h *history) delivered(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o := h.offers[id]; o != nil {
		o.delivered++
	} else {
		h.strange = append(h.strange, id)
	}
}

func (h *history) pollWithoutAnswer() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unsure++
}

// lost notes a loss between a time and now.
func (h *history) lost(from time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.losses = append(h.losses, loss{from, time.Now()})
}

// summary is what a run has been through.
type summary struct{ offered, done, delivered, left, explained int }

// check compares what the clients have seen with what is left in the queue. acknowledged are the messages that the log has
// ACK records of: one that nobody got was taken by a poll without an answer (P1). window is how long before a loss an answered
// offer may have been to be lost (D3), negative for any time; 0 is the policy :always, which delivers nothing twice either.
func (h *history) check(left []string, acknowledged map[string]bool, window time.Duration) (s summary, broken []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	say := func(format string, a ...any) { broken = append(broken, fmt.Sprintf(format, a...)) }
	there := map[string]int{}
	for _, id := range left {
		there[id]++
		if h.offers[id] == nil {
			say("%s is in the queue and was never offered", id)
		}
	}
	for _, id := range h.strange {
		say("%s was delivered and never offered", id)
	}
	for id, o := range h.offers {
		s.offered++
		s.delivered += o.delivered
		s.left += there[id]
		times := o.delivered + there[id]
		if o.outcome == done {
			s.done++
		}
		switch {
		case o.outcome == refused && times > 0:
			say("%s was refused; it was delivered %d times and is %d times in the queue", id, o.delivered, there[id])
		case times > 1 && (window == 0 || len(h.losses) == 0):
			say("%s was delivered %d times and is %d times in the queue", id, o.delivered, there[id])
		case o.outcome != done || times > 0 || h.mayBeLost(o, window):
		case acknowledged[id]:
			s.explained++
		default:
			say("%s was answered OK at %v and is gone", id, o.answered)
		}
	}
	if s.explained > h.unsure {
		say("%d answered offers are gone, and only %d polls had no answer", s.explained, h.unsure)
	}
	return s, broken
}

// mayBeLost says whether a loss may have taken an answered offer. It runs with mu held.
func (h *history) mayBeLost(o *offer, window time.Duration) bool {
	for _, l := range h.losses {
		if !l.to.Before(o.answered) && (window < 0 || window > 0 && l.from.Sub(o.answered) <= window) {
			return true
		}
	}
	return false
}
