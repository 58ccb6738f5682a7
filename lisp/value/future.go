// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"context"
	"sync"
)

// Future is the result of work on another goroutine: futures, promises, and the ipc async calls. It is completed exactly
// once; later completions are ignored.
type Future struct {
	Obj
	T      *Type  // TypeFuture or TypePromise
	Cancel func() // asks the work to stop; may be nil; called at most once, by CancelNow

	done chan struct{}
	once sync.Once
	// Written before done is closed.
	v         Value
	err       error
	cancelled bool
}

// NewFuture makes a pending future. cancel may be nil.
func NewFuture(t *Type, cancel func()) *Future {
	return New(&Future{T: t, Cancel: cancel, done: make(chan struct{})})
}

func (f *Future) Type() *Type { return f.T }

func (f *Future) complete(v Value, err error, cancelled bool) (first bool) {
	f.once.Do(func() {
		f.v, f.err, f.cancelled = v, err, cancelled
		first = true
		close(f.done)
	})
	return first
}

// Complete sets the result; it reports whether this call did it.
func (f *Future) Complete(v Value, err error) bool { return f.complete(v, err, false) }

// CancelNow completes the future as cancelled and calls Cancel; false if it was complete already.
func (f *Future) CancelNow() bool {
	if !f.complete(Nil, Errorf("The future has been cancelled"), true) {
		return false
	}
	if f.Cancel != nil {
		f.Cancel()
	}
	return true
}

// Done is closed when the future is complete.
func (f *Future) Done() <-chan struct{} { return f.done }

// Cancelled reports whether the future was cancelled.
func (f *Future) Cancelled() bool {
	select {
	case <-f.done:
		return f.cancelled
	default:
		return false
	}
}

// Result returns the result as it was given to Complete; ok is false while the future is pending.
func (f *Future) Result() (v Value, err error, ok bool) { //nolint:revive // the error is a result here
	select {
	case <-f.done:
		return f.v, f.err, true
	default:
		return Nil, nil, false
	}
}

// Await waits for the result until ctx is done; it then returns ctx's error. The error of the work is returned as deref
// shows it (language.md 12.2): VncExceptions as they are, others behind "Future execution failure".
func (f *Future) Await(ctx context.Context) (Value, error) {
	select {
	case <-f.done:
	default:
		select {
		case <-f.done:
		case <-ctx.Done():
			return Nil, ctx.Err()
		}
	}
	if f.err == nil {
		return f.v, nil
	}
	e := AsException(f.err)
	if e.Class.IsA(VncException) {
		return Nil, e
	}
	return Nil, Errorf("Future execution failure").Because(e)
}
