// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"gondola/broker/wire"
)

// Reconnect is how a client opens a lost connection again (O25). The zero value of a field is its default.
//
// The first attempt comes at once, the others after a random part of a time that grows (I5), until one succeeds or the client
// is closed. Calls that were waiting have failed with *EOFError: nobody knows what became of them, and the client does not send
// them again. A call during an attempt waits for its end; without a connection behind it, it fails with *LostError, and
// nothing of it was sent. Subscriptions are restored; temporary queues are gone with the connection that they belonged to.
type Reconnect struct {
	Off  bool          // a lost connection stays lost: every call fails with *LostError
	Base time.Duration // the longest wait before the second attempt; default 50 ms
	Max  time.Duration // the longest wait of all; default 2 s
}

const (
	reconnectBase = 50 * time.Millisecond
	reconnectMax  = 2 * time.Second
	backoffFactor = 2
	attemptLimit  = 5 * time.Second // dialing and shaking hands
)

const errIdle = text("the server has closed the connection")

func (r Reconnect) withDefaults() Reconnect {
	if r.Base <= 0 {
		r.Base = reconnectBase
	}
	if r.Max <= 0 {
		r.Max = reconnectMax
	}
	return r
}

// backoff is the wait before attempt n+1: a random part of the longest (I5).
func backoff(n int, base, limit time.Duration, factor float64) time.Duration {
	return time.Duration(rand.Float64() * float64(longestWait(n, base, limit, factor)))
}

// longestWait is what has grown from base by factor before attempt n+1, n from 1 on, at most limit.
func longestWait(n int, base, limit time.Duration, factor float64) time.Duration {
	return time.Duration(min(float64(limit), float64(base)*math.Pow(factor, float64(n-1))))
}

// idleTime is how long a connection has to be unused before a call looks whether its peer is still there.
const idleTime = 500 * time.Millisecond

// prepare waits while somebody tries to open the connection again, at most for limit. A connection that has ended while nobody
// used it is noticed here, before a request is lost with it.
func (c *Client) prepare(ctx context.Context, limit time.Duration) {
	now := time.Now()
	c.mu.Lock()
	idle := now.Sub(c.used) > idleTime && !c.opts.Reconnect.Off && !c.reading && !c.writing && !c.closed && c.lost == nil
	c.used = now
	if idle && newProbe(c.nc).gone() {
		c.loseConnection(errIdle)
	}
	dialing := c.dialing
	c.mu.Unlock()
	if dialing == nil {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-dialing:
	case <-c.closing:
	case <-ctx.Done():
	case <-timer.C:
	}
}

// reopen tries until there is a connection, or the client is closed.
func (c *Client) reopen() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-c.closing:
			cancel()
		case <-stop:
		}
	}()
	for n := 1; ; n++ {
		err := c.attempt(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		wait := backoff(n, c.opts.Reconnect.Base, c.opts.Reconnect.Max, backoffFactor)
		c.log.Debug("The connection is still lost", "attempts", n, "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		c.mu.Lock()
		c.dialing = make(chan struct{})
		c.mu.Unlock()
	}
}

// attempt opens another connection and puts it in the place of the lost one.
func (c *Client) attempt(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, attemptLimit)
	defer cancel()
	fresh, config, err := open(within, c.addr, c.opts)
	c.mu.Lock()
	for (c.reading || c.writing) && !c.closed { // who still works on the lost one ends soon: its socket is closed
		c.released.Wait()
	}
	if err == nil && c.closed {
		err = ErrClosed
		fresh.nc.Close()
	}
	if err != nil {
		close(c.dialing)
		c.dialing = nil
		c.mu.Unlock()
		return err
	}
	c.nc, c.out, c.r, c.sealed = fresh.nc, fresh.out, fresh.r, fresh.sealed
	c.lost, c.inFrame, c.readUntil, c.reopening = nil, false, time.Time{}, false
	c.apply(config)
	topics := make([]string, 0, len(c.in.handlers))
	for topic := range c.in.handlers {
		topics = append(topics, topic)
	}
	if len(topics) > 0 {
		c.reading = true
		c.readOn()
	}
	n := c.opened
	close(c.dialing)
	c.dialing = nil
	c.mu.Unlock()
	c.log.Info("The connection is open again, with its subscriptions, without its temporary queues", "subscriptions", len(topics))
	for _, topic := range topics {
		c.resubscribe(topic, n)
	}
	return nil
}

// resubscribe asks for a topic again, on the nth connection.
func (c *Client) resubscribe(topic string, n int) {
	answer, err := c.roundTrip(context.Background(), c.subscribing(wire.Subscribe, topic), c.opts.CallLimit)
	switch {
	case !c.on(n): // the next connection does it
	case err != nil:
		c.log.Warn("A subscription could not be restored", "topic", topic, "error", err)
	case answer.Status != wire.OK:
		c.log.Warn("A subscription could not be restored", "topic", topic, "status", answer.Status, "reason", string(answer.Payload))
	}
}
