// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"sync"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

var _ engine.Expirer = (*Engine)(nil)

// expired hands the messages that have expired to whoever wants to know, outside of every lock. Its goroutine lives as long as
// there are some.
type expired struct {
	mu      sync.Mutex
	tell    func(queue string, m *wire.Message)
	keep    bool // until there is a tell
	waiting []expiredMessage
	telling bool
	closed  bool
	wg      sync.WaitGroup
}

type expiredMessage struct {
	queue string
	m     *wire.Message
}

// of makes the function that is told of a queue's expired messages. It never waits.
func (x *expired) of(queue string) func(m *wire.Message) {
	return func(m *wire.Message) {
		x.mu.Lock()
		defer x.mu.Unlock()
		if !x.closed && (x.tell != nil || x.keep) {
			x.waiting = append(x.waiting, expiredMessage{queue, m})
			x.begin()
		}
	}
}

// begin starts the goroutine if there is something to tell. It runs with mu held.
func (x *expired) begin() {
	if x.tell != nil && !x.telling && !x.closed && len(x.waiting) > 0 {
		x.telling = true
		x.wg.Go(x.run)
	}
}

func (x *expired) run() {
	for {
		x.mu.Lock()
		batch := x.waiting
		x.waiting = nil
		if len(batch) == 0 {
			x.telling = false
			x.mu.Unlock()
			return
		}
		x.mu.Unlock()
		for _, e := range batch {
			x.tell(e.queue, e.m)
		}
	}
}

// close waits until all that expired before has been told.
func (x *expired) close() {
	x.mu.Lock()
	x.closed = true
	x.mu.Unlock()
	x.wg.Wait()
}

// OnExpired names who is told of messages that expire, those included that a log had when it was opened, if
// LogOptions.KeepExpired says so.
func (e *Engine) OnExpired(tell func(queue string, m *wire.Message)) {
	x := &e.expired
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tell = tell
	x.begin()
}
