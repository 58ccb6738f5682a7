// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"context"
	"sync"
	"sync/atomic"
)

// Contexter is implemented by Callers that can be interrupted: whoever waits for another goroutine's result stops when the
// context is done.
type Contexter interface{ Context() context.Context }

func contextOf(c Caller) context.Context {
	if x, ok := c.(Contexter); ok {
		if ctx := x.Context(); ctx != nil {
			return ctx
		}
	}
	return context.Background()
}

// once guards a computation that script code may be part of (evaluator.md E10): it runs on the goroutine that asks first,
// others wait; no lock is held meanwhile. Its owner keeps the result and reads it after enter has returned true.
type once struct {
	done    atomic.Bool
	mu      sync.Mutex
	running chan struct{} // closed when the run has ended; nil while nobody runs
	runner  Caller
}

// enter returns true if the result is there, and false if the caller has to compute it and then call leave. It waits
// while another goroutine computes, until ctx is done. Coming back on the same Caller is an exception.
func (o *once) enter(ctx context.Context, c Caller, what string) (bool, error) {
	for {
		if o.done.Load() {
			return true, nil
		}
		o.mu.Lock()
		if o.done.Load() {
			o.mu.Unlock()
			return true, nil
		}
		running := o.running
		if running == nil {
			o.running, o.runner = make(chan struct{}), c
			o.mu.Unlock()
			return false, nil
		}
		again := c != nil && o.runner == c
		o.mu.Unlock()
		if again {
			return false, Errorf("The %s is used while it computes itself", what)
		}
		select {
		case <-running:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// leave ends a run; done says whether there is a result to keep.
func (o *once) leave(done bool) {
	o.mu.Lock()
	running := o.running
	o.running, o.runner = nil, nil
	o.done.Store(done)
	o.mu.Unlock()
	close(running)
}
