// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"gondola/broker/engine"
)

// errCapacity is the text for a capacity below 1 (ipc-api.md 8).
const capacityText = "A queue capacity must not be lower than 1"

// CreateQueue makes a queue; an existing one stays as it is. *ArgumentError for name and capacity, else *Error: a circular
// durable queue, no log, or the limit, which counts also when the queue exists (ipc-api.md 8).
func (s *Server) CreateQueue(ctx context.Context, spec engine.QueueSpec) error {
	if err := ValidateName(QueueName, spec.Name); err != nil {
		return err
	}
	if spec.Capacity < 1 {
		return badArgument(capacityText)
	}
	if spec.Kind == engine.Circular && spec.Durable {
		return failure("Circular queues can not be made durable.")
	}
	spec.Temporary = false
	done, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if s.countQueues() >= s.opts.MaxQueues {
		return failure("Cannot create queue! Reached the limit of %d queues.", s.opts.MaxQueues)
	}
	_, created, err := s.destinations().CreateQueue(ctx, spec)
	switch {
	case errors.Is(err, engine.ErrNoLog):
		return &Error{Text: "Cannot create a durable queue, if write-ahead-log is not activated on the server!", Cause: err}
	case err != nil:
		return &Error{Text: err.Error(), Cause: err}
	}
	if created {
		kind := map[engine.Kind]string{engine.Bounded: "BOUNDED", engine.Circular: "CIRCULAR"}[spec.Kind]
		persistence := map[bool]string{false: "TRANSIENT", true: "DURABLE"}[spec.Durable]
		s.log.Info("Created queue", "queue", spec.Name, "capacity", spec.Capacity, "type", kind, "persistence", persistence)
	}
	return nil
}

// RemoveQueue discards a queue and its messages; unknown names are fine. Temporary queues and the dead letters stay.
func (s *Server) RemoveQueue(ctx context.Context, name string) error {
	done, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer done()
	q, err := s.queue(name)
	if errors.Is(err, engine.ErrQueueNotFound) {
		return nil
	}
	if err != nil {
		return &Error{Text: err.Error(), Cause: err}
	}
	status := q.Status()
	switch {
	case status.Temporary:
		return failure("Cannot remove a temporary queue!")
	case status.Name == DeadLetters:
		return failure("Cannot remove the dead letter queue!")
	}
	if err := s.destinations().RemoveQueue(ctx, name); err != nil {
		return &Error{Text: err.Error(), Cause: err}
	}
	s.log.Info("Removed queue", "queue", name)
	return nil
}

// HasQueue reports whether a queue exists that is not a temporary one.
func (s *Server) HasQueue(name string) bool {
	status, exists := s.QueueStatus(name)
	return exists && !status.Temporary
}

// QueueStatus is a snapshot of a queue, of whatever kind.
func (s *Server) QueueStatus(name string) (status engine.QueueStatus, exists bool) {
	q, err := s.queue(name)
	if err != nil {
		return engine.QueueStatus{QueueSpec: engine.QueueSpec{Name: name}}, false
	}
	status = q.Status()
	status.Name = name
	return status, true
}

// queue finds a queue by the name that a request gives.
func (s *Server) queue(name string) (engine.Queue, error) {
	return s.destinations().Queue(queueName(name))
}

// queueName resolves the alias of the dead letters.
func queueName(name string) string {
	if name == deadLettersAlias {
		return DeadLetters
	}
	return name
}

// countQueues counts what the limit counts.
func (s *Server) countQueues() int {
	n := 0
	for _, q := range s.destinations().Queues() {
		if !q.Temporary && q.Name != DeadLetters {
			n++
		}
	}
	return n
}

// takeTurn waits for the turn of an administration; done gives it back.
func (s *Server) takeTurn(ctx context.Context) (done func(), err error) {
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// temporaryPrefix begins the names of temporary queues, and with an id behind it of nothing else.
const temporaryPrefix = "queue/"

// isTemporary reports whether a name is that of a temporary queue.
func isTemporary(name string) bool {
	id, ok := strings.CutPrefix(name, temporaryPrefix)
	return ok && len(id) == 36 && uuid.Validate(id) == nil
}

// createTempQueue makes a temporary queue under a name that cannot be guessed (S13).
func (s *Server) createTempQueue(capacity int, used *engine.Usage) (name string, err error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	name = temporaryPrefix + id.String()
	_, _, err = s.destinations().CreateQueue(s.base, engine.QueueSpec{Name: name, Capacity: capacity, Temporary: true, Usage: used})
	return name, err
}
