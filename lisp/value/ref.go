// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"context"
	"sync"
	"sync/atomic"
)

// Atom is a shared reference that changes by compare and swap.
type Atom struct {
	Obj
	v         atomic.Pointer[Value]
	meta      *Meta
	Validator Value // nil without

	mu       sync.Mutex
	watchers []Watcher
}

// Watcher is a function of key, reference, old and new value.
type Watcher struct {
	Key, Fn Value
}

// NewAtom makes an atom.
func NewAtom(v Value) *Atom { a := New(&Atom{}); a.v.Store(&v); return a }

// Volatile is a shared reference without compare and swap; Just holds one value for ever.
type Volatile struct {
	Obj
	v atomic.Pointer[Value]
}
type Just struct {
	Obj
	V Value
}

// Delay computes once, on the goroutine that forces it; value or exception is kept.
type Delay struct{ Obj }

// NewDelay makes a delay; body is called at most once.
func NewDelay(body func(c Caller) (Value, error)) *Delay { panic("not built yet") }

// Force returns the value, computing it if need be. Other goroutines wait until ctx is done.
func (d *Delay) Force(ctx context.Context, c Caller) (Value, error) { panic("not built yet") }

// Realized returns the value if it is there.
func (d *Delay) Realized() (v Value, err error, ok bool) { panic("not built yet") }

// Future is the result of work on another goroutine: futures, promises, and the ipc async calls. It is completed exactly
// once; later completions are ignored.
type Future struct {
	Obj
	T      *Type  // TypeFuture or TypePromise
	Cancel func() // asks the work to stop; may be nil; called at most once, by CancelNow
	// helper: done channel, result, error, cancelled flag
}

// NewFuture makes a pending future. cancel may be nil.
func NewFuture(t *Type, cancel func()) *Future { panic("not built yet") }

func (f *Future) Type() *Type { return f.T }

// Complete sets the result; it reports whether this call did it.
func (f *Future) Complete(v Value, err error) bool { panic("not built yet") }

// CancelNow completes the future as cancelled and calls Cancel; false if it was complete already.
func (f *Future) CancelNow() bool { panic("not built yet") }

// Done is closed when the future is complete.
func (f *Future) Done() <-chan struct{} { panic("not built yet") }

// Cancelled reports whether the future was cancelled.
func (f *Future) Cancelled() bool { panic("not built yet") }

// Await waits for the result until ctx is done; it then returns ctx's error. The error of the work is returned as deref
// shows it (language.md 12.2): VncExceptions as they are, others behind "Future execution failure".
func (f *Future) Await(ctx context.Context) (Value, error) { panic("not built yet") }
