// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// offerCircular never waits: a full queue drops its oldest message.
func (q *queue) offerCircular(m *wire.Message) error {
	e := newEntry(m)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone != nil {
		return q.gone
	}
	if e.mortal() && e.dead(time.Now()) {
		q.tellExpired(m)
		return nil
	}
	if q.store.n >= q.spec.Capacity {
		q.purge()
	}
	for q.store.n >= q.spec.Capacity {
		q.store.popFront()
	}
	q.push(e)
	return nil
}

// popCircular never waits.
func (q *queue) popCircular() (entry, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone != nil {
		return entry{}, q.gone
	}
	e, ok := q.take()
	if !ok {
		return entry{}, engine.ErrQueueEmpty
	}
	return e, nil
}
