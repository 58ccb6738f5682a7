// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"errors"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// defaultDeadLetterAge is how long durable dead letters are kept.
const defaultDeadLetterAge = 7 * 24 * time.Hour

// openDeadLetters makes the dead letter queue. One that is in the log stays as it is.
func (s *Server) openDeadLetters() (err error) {
	spec := engine.QueueSpec{Name: DeadLetters, Kind: engine.Circular, Capacity: s.opts.DeadLetterQueue}
	if s.opts.DeadLetterDurable {
		spec.Kind, spec.Durable = engine.Bounded, true
	}
	if s.dead, _, err = s.engine.CreateQueue(s.base, spec); err != nil || !s.opts.DeadLetterExpired {
		return err
	}
	x, ok := s.engine.(engine.Expirer)
	if !ok {
		return failure("The engine does not tell of expired messages!")
	}
	x.OnExpired(func(queue string, m *wire.Message) {
		if queue != DeadLetters {
			_ = s.bury(m) // logged
		}
	})
	return nil
}

// bury puts a message into the dead letters (reliability.md 6). When they are full the oldest one is dropped. An error has
// been logged.
func (s *Server) bury(m *wire.Message) error {
	dead := *m
	dead.SubscriptionReply = false
	if s.opts.DeadLetterDurable {
		dead.Durable = true
	}
	now := time.Now()
	switch age := s.opts.DeadLetterMaxAge; {
	case age > 0: // its own life does not count any more
		dead.ExpiresAt = now.Add(age).UnixMilli()
	case s.opts.DeadLetterExpired && m.Expired(now.UnixMilli()):
		dead.ExpiresAt = wire.Never
	}
	s.stats.deadLetters.Add(1)
	if !s.memory.fits(m.Size()) {
		s.stats.deadLettersDropped.Add(1)
		s.log.Warn("A message was lost: the memory budget has no room for it", "destination", m.Destination, "id", m.ID)
		return errNoRoom
	}
	err := engine.ErrQueueFull
	for errors.Is(err, engine.ErrQueueFull) { // others may take the room that has been made
		if err = s.dropOldest(); err == nil {
			err = s.dead.Offer(ended{}, &dead)
		}
	}
	if err != nil && !errors.Is(err, engine.ErrClosed) {
		s.log.Warn("The dead letter queue does not take a message", "destination", m.Destination, "id", m.ID, "error", err)
	}
	return err
}

// giveWay drops dead letters until the budget has room for so many bytes (O7). Those in the log stay.
func (s *Server) giveWay(size int) {
	for !s.opts.DeadLetterDurable && s.memory.used()+int64(size) > s.memory.limit {
		if _, err := s.dead.Poll(ended{}); err != nil {
			return
		}
		s.stats.deadLettersDropped.Add(1)
	}
}

// dropOldest makes room for a dead letter.
func (s *Server) dropOldest() error {
	for {
		st := s.dead.Status()
		if st.Size < min(st.Capacity, s.opts.DeadLetterQueue) {
			return nil
		}
		switch old, err := s.dead.Poll(ended{}); {
		case err == nil:
			s.stats.deadLettersDropped.Add(1)
			s.log.Warn("A dead letter was dropped: there are too many",
				"destination", old.Destination, "id", old.ID, "limit", s.opts.DeadLetterQueue)
		case !errors.Is(err, engine.ErrQueueEmpty):
			return err
		}
	}
}
