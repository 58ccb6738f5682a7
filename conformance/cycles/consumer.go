// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cycles

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gondola/broker"
	"gondola/broker/brokertest/history"
	"gondola/broker/wire"
)

// dial connects a client that gives up when its server is gone.
func (run *runner) dial(ctx context.Context, mode broker.AckMode) (*broker.Client, error) {
	return broker.Dial(ctx, run.address, broker.ClientOptions{CallLimit: startTime, Reconnect: broker.Reconnect{Off: true}, Ack: mode})
}

// consumer is one that polls. It belongs to its goroutine.
type consumer struct {
	run    *runner
	s      *server
	r      *rand.Rand
	client *broker.Client
	held   []delivery // not acknowledged
}

// delivery is a message that was polled.
type delivery struct {
	poll *history.Poll
	m    *wire.Message
}

const mostHeld = 3 // that a consumer has at a time

func (c *consumer) dial(ctx context.Context) error {
	mode := broker.NoAck
	if c.run.c.Ack {
		mode = broker.ClientAck
	}
	client, err := c.run.dial(ctx, mode)
	if err == nil {
		c.client = client
	}
	return err
}

// consume polls until the server is gone, and leaves a few messages in the queue. It closes its client.
func (c *consumer) consume(ctx context.Context) {
	defer func() { c.client.Close() }()
	for {
		if c.run.waiting.Load() < backlog && len(c.held) == 0 {
			select {
			case <-time.After(time.Millisecond):
			case <-c.s.ended:
				return
			}
			continue
		}
		err := c.poll(ctx)
		if err == nil && len(c.held) < mostHeld && c.r.IntN(2) == 0 {
			continue
		}
		if err == nil || errors.Is(err, errNothing) {
			err = c.settle(ctx)
		}
		if err != nil {
			return
		}
	}
}

var errNothing = errors.New("the queue is empty")

// poll takes a message, and holds it if it is to be acknowledged.
func (c *consumer) poll(ctx context.Context) error {
	p := c.run.h.Poll()
	m, err := c.client.Poll(ctx, "q", 100*time.Millisecond)
	switch {
	case err != nil:
		p.Unanswered()
		return err
	case m.Status != wire.OK:
		p.Nothing()
		return errNothing
	}
	p.Got(nameOf(m))
	if c.run.c.Ack {
		c.held = append(c.held, delivery{p, m})
	} else {
		c.run.waiting.Add(-1)
	}
	return nil
}

// settle acknowledges what is held, or gives it back, or dies with it: another consumer takes its place.
func (c *consumer) settle(ctx context.Context) error {
	switch n := c.r.IntN(20); {
	case len(c.held) == 0:
		return nil
	case n < 3:
		_, err := c.client.Nack(ctx, c.messages()...)
		c.held = nil
		return err
	case n < 4:
		c.held = nil
		c.client.Close()
		return c.dial(ctx)
	}
	return c.ack(ctx)
}

func (c *consumer) messages() (all []*wire.Message) {
	for _, d := range c.held {
		all = append(all, d.m)
	}
	return all
}

// ack acknowledges what is held.
func (c *consumer) ack(ctx context.Context) error {
	for _, d := range c.held {
		d.poll.Acking()
	}
	unknown, err := c.client.Ack(ctx, c.messages()...)
	if err != nil {
		return err
	}
	for _, d := range c.held {
		d.poll.Acked(!slices.Contains(unknown, d.m.ID.String()))
	}
	c.run.waiting.Add(-int64(len(c.held)))
	c.held = nil
	return nil
}

// drain empties the queue and notes the dead letters.
func (run *runner) drain(ctx context.Context, s *server) error {
	c := &consumer{run: run, s: s}
	if err := c.dial(ctx); err != nil {
		return err
	}
	defer c.client.Close()
	err := c.poll(ctx)
	for ; err == nil; err = c.poll(ctx) {
		if len(c.held) == 0 {
			continue
		}
		if err := c.ack(ctx); err != nil {
			return fmt.Errorf("the last acknowledgements: %w", err)
		}
	}
	if !errors.Is(err, errNothing) {
		return err
	}
	dead, err := run.dial(ctx, broker.NoAck)
	if err != nil {
		return err
	}
	defer dead.Close()
	for {
		switch m, err := dead.Poll(ctx, broker.DeadLetters, 0); {
		case err != nil:
			return err
		case m.Status == wire.QueueEmpty:
			return nil
		case m.Status != wire.OK:
			return fmt.Errorf("the dead letters: %s %s", m.Status, m.Payload)
		default:
			run.h.DeadLettered(nameOf(m))
		}
	}
}
