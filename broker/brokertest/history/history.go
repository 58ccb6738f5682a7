// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package history checks what the clients of one durable queue have seen against what is promised (reliability.md 13.5, T60):
// an offer that was answered OK is delivered once, or is still queued, or is a removal that the log explains; a refused one is
// never delivered; nothing is delivered that was not offered; the messages of a producer come in their order. Where consumers
// acknowledge (5.2), an offer that was answered OK is acknowledged by one of them, or is still there, and what is acknowledged is
// not delivered again.
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
	ack          ack
	acked        time.Time // when the acknowledgement was answered
}

// ack is what a consumer has done about a delivery.
type ack int

const (
	none ack = iota
	asked
	acknowledged
)

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

// Acking notes that the delivery is about to be acknowledged. Without an end the outcome is unknown.
func (p *Poll) Acking() { p.settled(asked) }

// Acked notes the answer: known says whether the server still waited for it (A6). If not, this acknowledgement has had no effect.
func (p *Poll) Acked(known bool) {
	if known {
		p.settled(acknowledged)
	} else {
		p.settled(none)
	}
}

func (p *Poll) settled(is ack) {
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	p.ack, p.acked = is, time.Now()
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
	// AtLeastOnce: consumers acknowledge. Until then a message may be delivered again, and nothing explains that one is gone which
	// nobody has acknowledged (A2, A3).
	AtLeastOnce bool
}

// Summary counts what was seen.
type Summary struct {
	Offered, OK, Refused, Unknown int // offers
	Delivered, Left, Dead         int // messages
	Explained                     int // removals: answered OK and gone, with an ACK record, and a poll that had no answer
	Unanswered                    int // polls

	Acked       int // messages, by answered acknowledgements
	AckUnknown  int // messages, by acknowledgements without an answer only
	Redelivered int // messages, delivered more than once
}

// String is one line.
func (s Summary) String() string {
	text := fmt.Sprintf("%d offers: %d answered OK, %d refused, %d unknown; %d delivered, %d left, %d dead letters; %d explained removals, %d polls without an answer",
		s.Offered, s.OK, s.Refused, s.Unknown, s.Delivered, s.Left, s.Dead, s.Explained, s.Unanswered)
	if s.Acked+s.AckUnknown > 0 {
		text += fmt.Sprintf("; %d acknowledged, %d perhaps, %d delivered again", s.Acked, s.AckUnknown, s.Redelivered)
	}
	return text
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
		ack, at := o.ack()
		switch {
		case o.outcome == Refused && times > 0:
			say("%s was refused; it was delivered %d times and is %d times in the queue", message, len(o.deliveries), there[message])
		case r.AtLeastOnce && ack == acknowledged && o.again(at) != nil:
			say("%s was acknowledged at %v and delivered by a poll that began at %v", message, at, o.again(at).begun)
		case r.AtLeastOnce && ack == acknowledged && there[message] > 0:
			say("%s was acknowledged at %v and is in the queue", message, at)
		case r.AtLeastOnce && there[message] > 1:
			say("%s is %d times in the queue", message, there[message])
		case r.AtLeastOnce:
			if o.outcome == OK && ack == none && there[message]+h.dead[message] == 0 && !h.mayBeLost(o, r.Window) {
				say("%s was answered OK at %v and is gone; nobody has acknowledged it", message, o.ended)
			}
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
	if len(o.deliveries) > 1 {
		s.Redelivered++
	}
	switch ack, _ := o.ack(); ack {
	case acknowledged:
		s.Acked++
	case asked:
		s.AckUnknown++
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

// ack is the best that is known of the message's acknowledgements, and since when. It runs with mu held.
func (o *Offer) ack() (best ack, at time.Time) {
	for _, p := range o.deliveries {
		if p.ack > best || p.ack == best && p.acked.Before(at) {
			best, at = p.ack, p.acked
		}
	}
	return best, at
}

// again is a delivery by a poll that began later. It runs with mu held.
func (o *Offer) again(at time.Time) *Poll {
	for _, p := range o.deliveries {
		if p.begun.After(at) {
			return p
		}
	}
	return nil
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
