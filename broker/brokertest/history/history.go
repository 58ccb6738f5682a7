// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package history checks what the clients of one durable queue have seen against what is promised (reliability.md 13.5, T60):
// an offer that was answered OK is delivered once, or is still queued, or is a removal that the log explains; a refused one is
// never delivered; nothing is delivered that was not offered; the messages of a producer come in their order.
package history

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// Outcome is what a client knows of an offer.
type Outcome int

const (
	Unknown Outcome = iota // no answer, or one that says so (D6)
	OK
	Refused
)

// History is what was seen. Safe for concurrent use.
type History struct {
	mu        sync.Mutex
	offers    map[string]*Offer
	producers map[string][]*Offer // in the order of their offers
	polls     []*Poll
	acked     map[string]bool
	dead      map[string]int
	losses    []loss
}

// loss is when something went that was not synced: power, or a log of which a sync failed (D5, D6).
type loss struct{ from, to time.Time }

// New is an empty history.
func New() *History {
	return &History{offers: map[string]*Offer{}, producers: map[string][]*Offer{}, acked: map[string]bool{}, dead: map[string]int{}}
}

// Offer is one offer of one message.
type Offer struct {
	h            *History
	message      string
	begun, ended time.Time
	outcome      Outcome
	deliveries   []*Poll
}

// Offer notes an offer before it is sent. The name of a message is used once. A producer offers one message after the other.
func (h *History) Offer(producer, message string) *Offer {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := &Offer{h: h, message: message, begun: time.Now()}
	h.offers[message] = o
	h.producers[producer] = append(h.producers[producer], o)
	return o
}

// End notes the answer. Without it the outcome is Unknown.
func (o *Offer) End(is Outcome) {
	o.h.mu.Lock()
	defer o.h.mu.Unlock()
	o.outcome, o.ended = is, time.Now()
}

// Poll is one poll.
type Poll struct {
	h            *History
	begun, ended time.Time // ended is zero while there is no answer
	answered     bool
	unknown      string // the message that came and was never offered
}

// Poll notes a poll before it is sent.
func (h *History) Poll() *Poll {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := &Poll{h: h, begun: time.Now()}
	h.polls = append(h.polls, p)
	return p
}

// Got notes that the poll was answered with a message.
func (p *Poll) Got(message string) {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.ended, p.answered = time.Now(), true
	if o := p.h.offers[message]; o != nil {
		o.deliveries = append(o.deliveries, p)
	} else {
		p.unknown = message
	}
}

// Nothing notes that the poll was answered without a message.
func (p *Poll) Nothing() {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.ended, p.answered = time.Now(), true
}

// Unanswered notes that no answer will come: the poll may have taken a message with it (P1).
func (p *Poll) Unanswered() {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.ended = time.Now()
}

// Acknowledged notes that the log has an ACK record of a message.
func (h *History) Acknowledged(message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked[message] = true
}

// DeadLettered notes that a message is among the dead letters.
func (h *History) DeadLettered(message string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dead[message]++
}

// Lost notes a loss of what was not synced, between a time and now.
func (h *History) Lost(from time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.losses = append(h.losses, loss{from, time.Now()})
}

// Waiting is how many messages are answered OK and were not delivered yet, as far as is known.
func (h *History) Waiting() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.offers {
		if o.outcome == OK && len(o.deliveries) == 0 {
			n++
		}
	}
	return n
}

// Rules say what is promised.
type Rules struct {
	// Window is how long before a loss an answered offer may have been to be lost (D3): 0 is the policy :always, which loses
	// nothing; negative: any time. Of what a loss may have taken, deliveries may come again, too.
	Window time.Duration
	// Order: messages of one producer are delivered in their order. Messages that are put back are not (P3).
	Order bool
}

// Summary counts what was seen.
type Summary struct {
	Offered, OK, Refused, Unknown int // offers
	Delivered, Left, Dead         int // messages
	Explained                     int // removals: answered OK and gone, with an ACK record, and a poll that had no answer
	Unanswered                    int // polls
}

// String is one line.
func (s Summary) String() string {
	return fmt.Sprintf("%d offers: %d answered OK, %d refused, %d unknown; %d delivered, %d left, %d dead letters; %d explained removals, %d polls without an answer",
		s.Offered, s.OK, s.Refused, s.Unknown, s.Delivered, s.Left, s.Dead, s.Explained, s.Unanswered)
}

// Check compares the history with what is left in the queue. broken has a line for each promise that was not kept.
func (h *History) Check(left []string, r Rules) (s Summary, broken []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	say := func(format string, a ...any) { broken = append(broken, fmt.Sprintf(format, a...)) }
	there := map[string]int{}
	for _, message := range left {
		if there[message]++; h.offers[message] == nil {
			say("%s is in the queue and was never offered", message)
		}
	}
	for _, p := range h.polls {
		if p.unknown != "" {
			say("%s was delivered and never offered", p.unknown)
		}
		if !p.answered {
			s.Unanswered++
		}
	}
	var gone []*Offer
	for _, message := range slices.Sorted(maps.Keys(h.offers)) {
		o := h.offers[message]
		s.count(o, there[message], h.dead[message])
		times := len(o.deliveries) + there[message] + h.dead[message]
		switch {
		case o.outcome == Refused && times > 0:
			say("%s was refused; it was delivered %d times and is %d times in the queue", message, len(o.deliveries), there[message])
		case times > 1 && (r.Window == 0 || len(h.losses) == 0):
			say("%s was delivered %d times and is %d times in the queue and %d times among the dead letters",
				message, len(o.deliveries), there[message], h.dead[message])
		case o.outcome != OK || times > 0 || h.mayBeLost(o, r.Window):
		case h.acked[message]:
			gone = append(gone, o)
		default:
			say("%s was answered OK at %v and is gone", message, o.ended)
		}
	}
	s.Explained = len(gone)
	if o := h.unexplained(gone); o != nil {
		say("%s is gone with an ACK record, and no poll without an answer can have taken it: %d are gone, %d polls had no answer",
			o.message, len(gone), s.Unanswered)
	}
	if r.Order {
		broken = append(broken, h.disorder()...)
	}
	return s, broken
}

func (s *Summary) count(o *Offer, left, dead int) {
	s.Offered++
	s.Left += left
	s.Dead += dead
	if len(o.deliveries) > 0 {
		s.Delivered++
	}
	switch o.outcome {
	case OK:
		s.OK++
	case Refused:
		s.Refused++
	default:
		s.Unknown++
	}
}

// mayBeLost says whether a loss may have taken an answered offer. It runs with mu held.
func (h *History) mayBeLost(o *Offer, window time.Duration) bool {
	for _, l := range h.losses {
		if !l.to.Before(o.ended) && (window < 0 || window > 0 && l.from.Sub(o.ended) <= window) {
			return true
		}
	}
	return false
}

// unexplained returns an offer that is gone and that no poll without an answer is left for: such a poll takes one message,
// which was offered before the poll was given up. It runs with mu held.
func (h *History) unexplained(gone []*Offer) *Offer {
	var ends []time.Time
	for _, p := range h.polls {
		if !p.answered {
			end := p.ended
			if end.IsZero() {
				end = time.Now()
			}
			ends = append(ends, end)
		}
	}
	slices.SortFunc(ends, func(a, b time.Time) int { return b.Compare(a) })
	slices.SortFunc(gone, func(a, b *Offer) int { return b.begun.Compare(a.begun) })
	for i, o := range gone { // the latest offer with the latest poll, and so on: if that does not fit, nothing does
		if i >= len(ends) || ends[i].Before(o.begun) {
			return o
		}
	}
	return nil
}

// disorder finds messages of one producer that were delivered before an earlier one. Polls that overlap say nothing. It runs
// with mu held.
func (h *History) disorder() (broken []string) {
	for _, producer := range slices.Sorted(maps.Keys(h.producers)) {
		var later *Offer // the one behind that was delivered first
		offers := h.producers[producer]
		for _, o := range slices.Backward(offers) {
			if len(o.deliveries) == 0 {
				continue
			}
			if later != nil && later.deliveries[0].ended.Before(o.deliveries[0].begun) {
				broken = append(broken, fmt.Sprintf("%s was delivered before %s, which %s offered earlier", later.message, o.message, producer))
			}
			if later == nil || o.deliveries[0].ended.Before(later.deliveries[0].ended) {
				later = o
			}
		}
	}
	return broken
}
