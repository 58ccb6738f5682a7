// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"gondola/broker/wire"
)

// RetryPolicy says how often, how long and how hard a request is tried (I5 to I7). The zero value of a field is its default.
type RetryPolicy struct {
	Timeout     time.Duration // of one attempt; default 2 s
	Deadline    time.Duration // of all attempts and the waits between them; default 10 s
	MaxAttempts int           // default 4
	Base        time.Duration // the longest wait before the second attempt; default 50 ms
	Factor      float64       // by which it grows; default 2
	Max         time.Duration // the longest wait of all; default 2 s
	NoJitter    bool          // wait the longest time instead of a random part of it
	Budget      float64       // tokens that a first attempt earns, a retry costs one; default 0.1
	Burst       int           // tokens that can be saved, and that there are at the start; default 10
	RetryErrors bool          // HANDLER_ERROR is retried too
}

const (
	retryTimeout  = 2 * time.Second
	retryDeadline = 10 * time.Second
	retryAttempts = 4
	retryBudget   = 0.1
	retryBurst    = 10
)

func (p RetryPolicy) withDefaults() (RetryPolicy, error) {
	for _, d := range []struct {
		name  string
		d     *time.Duration
		other time.Duration
	}{{"timeout", &p.Timeout, retryTimeout}, {"deadline", &p.Deadline, retryDeadline}, {"base", &p.Base, reconnectBase}, {"max", &p.Max, reconnectMax}} {
		if *d.d < 0 {
			return p, badArgument("The %s of a retry policy must not be negative, got %s", d.name, *d.d)
		}
		if *d.d == 0 {
			*d.d = d.other
		}
	}
	switch {
	case p.MaxAttempts < 0:
		return p, badArgument("The max-attempts of a retry policy must not be negative, got %d", p.MaxAttempts)
	case p.Factor < 0 || p.Factor > 0 && p.Factor < 1 || math.IsNaN(p.Factor):
		return p, badArgument("The factor of a retry policy must be at least 1, got %v", p.Factor)
	case p.Budget < 0 || math.IsNaN(p.Budget):
		return p, badArgument("The budget of a retry policy must not be negative, got %v", p.Budget)
	case p.Burst < 0:
		return p, badArgument("The burst of a retry policy must not be negative, got %d", p.Burst)
	}
	if p.MaxAttempts == 0 {
		p.MaxAttempts = retryAttempts
	}
	if p.Factor == 0 {
		p.Factor = backoffFactor
	}
	if p.Budget == 0 {
		p.Budget = retryBudget
	}
	if p.Burst == 0 {
		p.Burst = retryBurst
	}
	return p, nil
}

// Retrier tries requests by a policy; its budget is shared by all who use it (I7). Safe for concurrent use.
type Retrier struct {
	p RetryPolicy

	mu     sync.Mutex
	tokens float64
}

// NewRetrier checks the policy: *ArgumentError.
func NewRetrier(p RetryPolicy) (*Retrier, error) {
	p, err := p.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Retrier{p: p, tokens: float64(p.Burst)}, nil
}

// Policy is the policy with its defaults.
func (r *Retrier) Policy() RetryPolicy { return r.p }

// Outcome is what is known of a request in the end (I8).
type Outcome int

const (
	Succeeded Outcome = iota
	Failed            // it has had no effect, or was refused, or its function has thrown
	Unknown           // an attempt was not answered: it may have had its effect
)

func (o Outcome) String() string { return [...]string{"ok", "failed", "unknown"}[o] }

// Tried is what came of a request (I8).
type Tried struct {
	Outcome  Outcome
	Attempts int
	Answer   *wire.Message // the latest; nil if no attempt was answered
	Err      error         // of the last attempt if it was not answered
}

// An Attempt is what one attempt came to, for Retrier.Do.
type Attempt struct {
	Done    bool // it has succeeded
	Unknown bool // it may have had its effect though it has not succeeded
	Retry   bool // another attempt may do better (I6)
}

// Do calls attempt, with its number from 1 on and a context that ends after the policy's timeout, until one is done, must not be
// repeated, or attempts, deadline or budget are used up. It blocks; ctx ends it early.
func (r *Retrier) Do(ctx context.Context, attempt func(ctx context.Context, n int) Attempt) (o Outcome, attempts int) {
	ctx, cancel := context.WithTimeout(ctx, r.p.Deadline)
	defer cancel()
	r.earn()
	o = Failed
	for n := 1; ; n++ {
		within, cancel := context.WithTimeout(ctx, r.p.Timeout)
		a := attempt(within, n)
		cancel()
		if a.Done {
			return Succeeded, n
		}
		if a.Unknown {
			o = Unknown
		}
		if !a.Retry || n >= r.p.MaxAttempts || ctx.Err() != nil || !r.pay() {
			return o, n
		}
		if !sleep(ctx, r.wait(n)) {
			return o, n
		}
	}
}

// wait is the time before attempt n+1.
func (r *Retrier) wait(n int) time.Duration {
	if r.p.NoJitter {
		return longestWait(n, r.p.Base, r.p.Max, r.p.Factor)
	}
	return backoff(n, r.p.Base, r.p.Max, r.p.Factor)
}

// sleep reports whether the time has passed before ctx was done; it does not begin if ctx ends sooner.
func sleep(ctx context.Context, d time.Duration) bool {
	if until, ok := ctx.Deadline(); ok && time.Until(until) <= d {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (r *Retrier) earn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens = min(float64(r.p.Burst), r.tokens+r.p.Budget)
}

// pay reports whether there is a token for a retry.
func (r *Retrier) pay() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens < 1 {
		return false
	}
	r.tokens--
	return true
}

// Judge is what an answer or error of one call of a function means (I6).
func (r *Retrier) Judge(answer *wire.Message, err error) Attempt { return r.judge(answer, err, false) }

// judge knows offers, too: one that the log of its queue could not take may be there (D6).
func (r *Retrier) judge(answer *wire.Message, err error, offer bool) Attempt {
	var lost *LostError
	var late *TimeoutError
	var eof *EOFError
	switch {
	case errors.As(err, &lost):
		return Attempt{Retry: true}
	case errors.As(err, &late), errors.As(err, &eof), errors.Is(err, context.DeadlineExceeded):
		return Attempt{Unknown: true, Retry: true}
	case errors.Is(err, context.Canceled):
		return Attempt{Unknown: true}
	case err != nil:
		return Attempt{}
	}
	switch answer.Status {
	case wire.OK:
		return Attempt{Done: true}
	case wire.QueueFull, wire.QueueAccessInterrupted:
		return Attempt{Retry: true}
	case wire.HandlerError:
		return Attempt{Unknown: offer, Retry: r.p.RetryErrors}
	}
	return Attempt{}
}

// try is Do for one request.
func (r *Retrier) try(ctx context.Context, offer bool, send func(ctx context.Context) (*wire.Message, error)) Tried {
	var t Tried
	t.Outcome, t.Attempts = r.Do(ctx, func(ctx context.Context, _ int) Attempt {
		var answer *wire.Message
		if answer, t.Err = send(ctx); t.Err == nil {
			t.Answer = answer
		}
		return r.judge(answer, t.Err, offer)
	})
	return t
}

// SendRetrying calls a function until it answers, by the retrier's policy; every attempt has the same request id, a new one if
// the message has none. A server that does not do requests once (ServerOptions.Dedupe) may run the function more than once.
func (c *Client) SendRetrying(ctx context.Context, function string, m *wire.Message, r *Retrier) Tried {
	m = identified(m)
	return r.try(ctx, false, func(ctx context.Context) (*wire.Message, error) { return c.Send(ctx, function, m) })
}

// OfferRetrying puts a message into a queue, by the retrier's policy; see SendRetrying.
func (c *Client) OfferRetrying(ctx context.Context, queue string, m *wire.Message, r *Retrier) Tried {
	m = identified(m)
	return r.try(ctx, true, func(ctx context.Context) (*wire.Message, error) { return c.Offer(ctx, queue, "", 0, m) })
}

// identified is the message with a request id.
func identified(m *wire.Message) *wire.Message {
	if m.RequestID != "" {
		return m
	}
	named := *m
	named.RequestID = NewRequestID()
	return &named
}

// NewRequestID is an id that no other request has.
func NewRequestID() string { return newID().String() }
