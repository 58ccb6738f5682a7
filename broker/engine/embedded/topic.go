// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"slices"
	"sync"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// topic is one topic. Publishers take turns, so that every subscriber sees the same order; the turn is a channel and not
// a mutex because a publisher holds it while it calls out, and gives up waiting for it when its ctx ends.
type topic struct {
	name string
	turn chan struct{}

	mu          sync.Mutex
	alive       bool
	subscribers []subscriber // never changed in place: publishers go through a copy of the slice header
}

type subscriber struct {
	id      string
	deliver func(ctx context.Context, m *wire.Message)
}

var _ engine.Topic = (*topic)(nil)

func newTopic(name string) *topic { return &topic{name: name, turn: make(chan struct{}, 1)} }

func (t *topic) Name() string { return t.name }

// Subscribe registers deliver, in place of an earlier one of the same id.
func (t *topic) Subscribe(id string, deliver func(ctx context.Context, m *wire.Message)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers = append(t.without(id), subscriber{id, deliver})
}

// Unsubscribe forgets an id; unknown ones are fine. A delivery that is going on is not awaited.
func (t *topic) Unsubscribe(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.subscribers = t.without(id)
}

// without is a copy of the subscribers, less one. It runs with mu held.
func (t *topic) without(id string) []subscriber {
	return slices.DeleteFunc(slices.Clone(t.subscribers), func(s subscriber) bool { return s.id == id })
}

// Publish hands m to every subscriber. ErrTopicNotFound after removal; ctx's error if it ends before the publisher's turn.
func (t *topic) Publish(ctx context.Context, m *wire.Message) (int, error) {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-t.turn }()
	t.mu.Lock()
	subscribers, alive := t.subscribers, t.alive
	t.mu.Unlock()
	if !alive {
		return 0, engine.ErrTopicNotFound
	}
	for _, s := range subscribers {
		s.deliver(ctx, m)
	}
	return len(subscribers), nil
}

// revive makes the topic exist; it reports whether it did not before.
func (t *topic) revive() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.alive
	t.alive = true
	return !was
}

// retire ends the topic's existence; it reports whether nobody subscribes to it any more, so that it can be dropped.
func (t *topic) retire() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.alive = false
	return len(t.subscribers) == 0
}

func (t *topic) exists() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.alive
}
