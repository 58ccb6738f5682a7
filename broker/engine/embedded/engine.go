// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package embedded is the engine inside the process: queues and topics in memory.
//
// A queue is one mutex around a growing ring of messages and two lines of waiters, offers and polls, each served in the
// order of arrival. Nothing is called with that mutex held, and it is never held while somebody waits.
package embedded

import (
	"context"
	"slices"
	"strings"
	"sync"

	"gondola/broker/engine"
)

// Engine is the embedded engine. The zero value is not usable; see New.
type Engine struct {
	mu     sync.Mutex
	queues map[string]*queue
	topics map[string]*topic // removed ones too, as long as somebody subscribes to them
	closed bool
}

var _ engine.Engine = (*Engine)(nil)

// New makes an engine without a log: durable queues are refused with engine.ErrNoLog.
func New() *Engine {
	return &Engine{queues: make(map[string]*queue), topics: make(map[string]*topic)}
}

// Features says what this engine keeps.
func (e *Engine) Features() engine.Features {
	return engine.Features{PutBack: true, Ordered: true}
}

// CreateQueue makes the queue or returns the one that exists.
func (e *Engine) CreateQueue(_ context.Context, spec engine.QueueSpec) (engine.Queue, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, false, engine.ErrClosed
	}
	if q := e.queues[spec.Name]; q != nil {
		return q, false, nil
	}
	if spec.Durable {
		return nil, false, engine.ErrNoLog
	}
	q := &queue{spec: spec}
	e.queues[spec.Name] = q
	return q, true, nil
}

// RemoveQueue discards the queue and what is in it.
func (e *Engine) RemoveQueue(_ context.Context, name string) error {
	e.mu.Lock()
	q, closed := e.queues[name], e.closed
	delete(e.queues, name)
	e.mu.Unlock()
	if closed {
		return engine.ErrClosed
	}
	if q != nil {
		q.remove()
	}
	return nil
}

// Queue finds a queue.
func (e *Engine) Queue(name string) (engine.Queue, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, engine.ErrClosed
	}
	if q := e.queues[name]; q != nil {
		return q, nil
	}
	return nil, engine.ErrQueueNotFound
}

// Queues lists all queues by name.
func (e *Engine) Queues() []engine.QueueStatus {
	var all []engine.QueueStatus
	for _, q := range e.snapshot() {
		all = append(all, q.Status())
	}
	slices.SortFunc(all, func(a, b engine.QueueStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (e *Engine) snapshot() []*queue {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]*queue, 0, len(e.queues))
	for _, q := range e.queues {
		all = append(all, q)
	}
	return all
}

// CreateTopic makes the topic, with the subscriptions it had before it was removed.
func (e *Engine) CreateTopic(_ context.Context, name string) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false, engine.ErrClosed
	}
	t := e.topics[name]
	if t == nil {
		t = newTopic(name)
		e.topics[name] = t
	}
	return t.revive(), nil
}

// RemoveTopic forgets the name.
func (e *Engine) RemoveTopic(_ context.Context, name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return engine.ErrClosed
	}
	if t := e.topics[name]; t != nil && t.retire() {
		delete(e.topics, name)
	}
	return nil
}

// Topic finds a topic.
func (e *Engine) Topic(name string) (engine.Topic, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, engine.ErrClosed
	}
	if t := e.topics[name]; t != nil && t.exists() {
		return t, nil
	}
	return nil, engine.ErrTopicNotFound
}

// Topics lists the names.
func (e *Engine) Topics() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []string
	for name, t := range e.topics {
		if t.exists() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Close ends every waiting call with engine.ErrClosed and drops all messages. Closing twice is fine.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	for _, q := range e.snapshot() {
		q.close()
	}
	return nil
}
