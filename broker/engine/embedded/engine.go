// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package embedded is the engine inside the process: queues and topics in memory.
//
// A queue is one mutex around a growing ring of messages and two lines of waiters, offers and polls, each served in the
// order of arrival. Nothing is called with that mutex held, and it is never held while somebody waits.
package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"gondola/broker/engine"
	"gondola/wal"
)

// Engine is the embedded engine. The zero value is not usable; see New.
type Engine struct {
	dir *wal.Dir // nil: no log
	log LogOptions

	mu     sync.Mutex
	queues map[string]place
	topics map[string]*topic // removed ones too, as long as somebody subscribes to them
	closed bool

	expired expired
	usage   engine.Usage
}

// place is a queue and, of a durable one, its log.
type place struct {
	engine.Queue
	queue *queue
	log   *wal.Log
}

var _ engine.Engine = (*Engine)(nil)

// New makes an engine without a log: durable queues are refused with engine.ErrNoLog.
func New() *Engine {
	return &Engine{queues: make(map[string]place), topics: make(map[string]*topic)}
}

// Open makes an engine with a log, and the durable queues that are in it. A log that cannot be read puts its queue out of
// service, or fails the start, as the options say (R3).
func Open(ctx context.Context, o LogOptions) (*Engine, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	dir, err := wal.OpenDir(o.Dir, o.wal())
	if err != nil {
		return nil, err
	}
	e := New()
	e.dir, e.log = dir, o
	e.expired.keep = o.KeepExpired
	names, err := dir.List()
	for _, name := range names {
		if err == nil {
			err = e.recover(ctx, name)
		}
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// LoadError: a durable queue could not be read at the start, and the options do not let the engine go on without it.
type LoadError struct {
	Queue string
	Cause error
}

func (e *LoadError) Error() string {
	return "Failed to load the durable queue " + e.Queue + " from its Write-Ahead-Log!"
}
func (e *LoadError) Unwrap() error { return e.Cause }

// recover opens one durable queue. One that cannot be opened, or not be read, does not stop the others (R2, R3).
func (e *Engine) recover(ctx context.Context, name string) error {
	log, err := e.dir.Open(ctx, name)
	if errors.Is(err, wal.ErrNoLog) {
		return nil
	}
	if err == nil {
		q := e.newQueue(engine.QueueSpec{Name: name, Capacity: int(binary.BigEndian.Uint32(log.Config())), Durable: true})
		d := newDurable(q, log, e.log.Logger)
		if err = d.load(e.log.Seen); err == nil {
			e.queues[name] = place{queue: q, Queue: d, log: log}
			return nil
		}
		q.store.clear()
		err = errors.Join(err, log.Close())
	}
	if e.log.OnCorruption == FailStart || ctx.Err() != nil {
		return &LoadError{Queue: name, Cause: err}
	}
	e.quarantine(name, err)
	return nil
}

// quarantine puts a queue out of service. Its log stays as it is; the next start reads it again.
func (e *Engine) quarantine(name string, cause error) {
	why := "could not be recovered"
	var damage *wal.DamageError
	if errors.As(cause, &damage) {
		why = fmt.Sprintf("is damaged at byte %d", damage.Offset)
	}
	e.log.Logger.Error("A queue is out of service: its log "+why, "queue", name, "error", cause)
	q := &queue{
		spec: engine.QueueSpec{Name: name, Capacity: 1, Durable: true},
		gone: &engine.OutOfServiceError{Text: fmt.Sprintf("Queue %s is out of service: its log %s", name, why)},
	}
	e.queues[name] = place{queue: q, Queue: q}
}

// createDurable makes a queue with a log; it exists after a crash when this returns (D7). It runs with mu held.
func (e *Engine) createDurable(ctx context.Context, spec engine.QueueSpec) (engine.Queue, bool, error) {
	if e.dir == nil {
		return nil, false, engine.ErrNoLog
	}
	log, err := e.dir.Create(ctx, spec.Name, ConfigOf(spec.Capacity, e.log.Compress))
	if err != nil {
		return nil, false, fmt.Errorf("the log of queue %s cannot be created: %w", spec.Name, err)
	}
	q := e.newQueue(spec)
	d := newDurable(q, log, e.log.Logger)
	e.queues[spec.Name] = place{queue: q, Queue: d, log: log}
	return d, true, nil
}

// newQueue makes a queue whose bytes are counted.
func (e *Engine) newQueue(spec engine.QueueSpec) *queue {
	q := &queue{spec: spec, expired: e.expired.of(spec.Name)}
	q.spec.Usage = nil
	if q.store.used = spec.Usage; q.store.used == nil {
		q.store.used = &e.usage
	}
	return q
}

// Usage counts the bytes of all queues.
func (e *Engine) Usage() *engine.Usage { return &e.usage }

// Features says what this engine keeps.
func (e *Engine) Features() engine.Features {
	return engine.Features{PutBack: true, Ack: true, Ordered: true, SyncBeforeOK: e.dir != nil && e.log.Sync == 0}
}

// CreateQueue makes the queue or returns the one that exists.
func (e *Engine) CreateQueue(ctx context.Context, spec engine.QueueSpec) (engine.Queue, bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, false, engine.ErrClosed
	}
	if q, ok := e.queues[spec.Name]; ok {
		return q.Queue, false, nil
	}
	if spec.Durable {
		return e.createDurable(ctx, spec)
	}
	q := e.newQueue(spec)
	e.queues[spec.Name] = place{queue: q, Queue: q}
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
	if q.queue == nil {
		return nil
	}
	q.queue.remove()
	if !q.queue.spec.Durable {
		return nil
	}
	if q.log != nil {
		if err := q.log.Close(); err != nil {
			e.log.Logger.Warn("The log of a removed queue could not be closed", "queue", name, "error", err)
		}
	}
	return e.dir.Remove(name)
}

// Queue finds a queue.
func (e *Engine) Queue(name string) (engine.Queue, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, engine.ErrClosed
	}
	if q, ok := e.queues[name]; ok {
		return q.Queue, nil
	}
	return nil, engine.ErrQueueNotFound
}

// Queues lists all queues by name.
func (e *Engine) Queues() []engine.QueueStatus {
	var all []engine.QueueStatus
	for _, q := range e.snapshot() {
		all = append(all, q.queue.Status())
	}
	slices.SortFunc(all, func(a, b engine.QueueStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (e *Engine) snapshot() []place {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]place, 0, len(e.queues))
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
	again := e.closed
	e.closed = true
	e.mu.Unlock()
	if again {
		return nil
	}
	e.expired.close()
	var errs []error
	for _, q := range e.snapshot() {
		q.queue.close()
		if q.log != nil {
			errs = append(errs, q.log.Close())
		}
	}
	if e.dir != nil {
		errs = append(errs, e.dir.Close())
	}
	return errors.Join(errs...)
}
