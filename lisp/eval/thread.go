// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"context"
	"fmt"
	"sync/atomic"

	"gondola/lisp/value"
)

// Frame is the window of one call on the Thread's value stack; slot numbers are bytes, so no index is ever checked.
type Frame = [256]value.Value

// Node is a piece of compiled code.
type Node interface {
	Eval(th *Thread, fr *Frame) (value.Value, error)
}

// Tester is a Node that can decide a condition without making a Value.
type Tester interface {
	Node
	Test(th *Thread, fr *Frame) (bool, error)
}

const (
	firstChunk = 1024 // Values of a new Thread's stack (E7)
	frameLen   = 256
)

// Thread evaluates on one goroutine: value stack, call depth, dynamic bindings, current namespace, context. It must not
// be used by two goroutines at a time. A goroutine of its own has its own Thread; see Fork.
type Thread struct {
	rt     *Runtime
	stack  []value.Value // frames are windows into it; it never moves while frames live
	sp     int
	depth  int64
	limit  atomic.Int64 // depth limit; an interrupt stores -1, so calls and back edges need one compare
	ns     *Namespace
	binds  *binding // dynamic bindings, innermost first
	ctx    context.Context
	stop   context.CancelCauseFunc
	unhook func() bool // stops watching ctx
	told   bool        // the interrupt has been raised
	tail   tailCall    // the pending self tail call
	args   Args
	// metered: the calls of this thread are counted and timed
	metered bool
	checks  *Checker // of what is compiled; nil: nobody asks

	budget       *budget // what the evaluation may use; nil: no limits
	steps, bytes int64   // drawn from it and not used yet
	ended        bool    // told that a limit of the evaluation is exceeded
	unjoin       func() bool

	grown [2]value.Value // the key and value of the latest step of a Growth

	longs *longMachine // for numeric functions; nil until the first one

	// Locals are the values of (thread-local); nil: none. A forked thread starts with them.
	Locals value.Map
	id     int64
	name   string
}

// ID is a number that no other thread of the interpreter has had.
func (th *Thread) ID() int64 { return th.id }

// Name is what SetName has set; else it is made of the number.
func (th *Thread) Name() string {
	if th.name != "" {
		return th.name
	}
	return fmt.Sprintf("venice-%d", th.id)
}

// SetName names the thread; "" leaves it as it is.
func (th *Thread) SetName(name string) {
	if name != "" {
		th.name = name
	}
}

// Runtime is the interpreter that the thread belongs to.
func (th *Thread) Runtime() *Runtime { return th.rt }

// Context ends when the evaluation is interrupted: every blocking call selects on it (E11).
func (th *Thread) Context() context.Context { return th.ctx }

// Done is the channel that host functions select on while they block; when it is closed they return Interrupted. After the
// interrupt has been raised it is nil: what runs in finally may block again, as long as the limits allow.
func (th *Thread) Done() <-chan struct{} {
	switch {
	case !th.told:
		return th.ctx.Done()
	case th.budget == nil:
		return nil
	case !th.ended:
		return th.budget.ctx.Done()
	}
	return th.budget.over.Done()
}

// Namespace is the current namespace, *ns*.
func (th *Thread) Namespace() *Namespace { return th.ns }

// NewThread makes a thread in namespace user for an evaluation that ends with ctx. Release it when done.
func (rt *Runtime) NewThread(ctx context.Context) *Thread { return rt.newThread(ctx, nil) }

// newThread makes a thread that takes part in an evaluation; nil begins one.
func (rt *Runtime) newThread(ctx context.Context, b *budget) *Thread {
	th, _ := rt.threads.Get().(*Thread)
	if th == nil {
		th = &Thread{rt: rt, stack: make([]value.Value, firstChunk)}
	}
	th.id = rt.threadIDs.Add(1)
	th.ns = rt.namespace("user")
	th.metered = rt.meter.on.Load()
	th.ctx, th.stop = context.WithCancelCause(ctx)
	if b == nil && rt.Config.Limits.metered() {
		b = newBudget(rt)
	}
	if b != nil {
		th.join(b)
	}
	th.limit.Store(th.atRest())
	th.unhook = context.AfterFunc(th.ctx, th.interruptNow)
	return th
}

// Fork makes a thread for another goroutine, with a snapshot of the bindings and the namespace (language.md 3.10). It is
// not tied to the forking thread's context but lives as long as the interpreter. The limits of the evaluation are those of both.
func (th *Thread) Fork() *Thread { return th.fork(th.rt.ctx, th.budget) }

// ForkWith is Fork for an evaluation of its own that ctx ends.
func (th *Thread) ForkWith(ctx context.Context) *Thread {
	return th.fork(ctx, nil)
}

// Detached is ForkWith for one that lives as long as the interpreter.
func (th *Thread) Detached() *Thread { return th.fork(th.rt.ctx, nil) }

func (th *Thread) fork(ctx context.Context, b *budget) *Thread {
	t := th.rt.newThread(ctx, b)
	t.ns = th.ns
	t.binds = th.binds.snapshot()
	t.Locals = th.Locals
	return t
}

// Release returns the thread to the pool. It must not be used afterwards.
func (th *Thread) Release() {
	watching := th.unhook()
	th.stop(nil)
	if th.budget != nil {
		th.leaveBudget()
	}
	if !watching || th.depth != 0 || th.sp != 0 {
		return // interrupted, or left in the middle by a panic: thrown away (E7)
	}
	th.ns, th.binds, th.ctx, th.stop, th.unhook = nil, nil, nil, nil, nil
	th.tail, th.told = tailCall{}, false
	th.args, th.longs = Args{}, nil
	th.Locals, th.name, th.checks = nil, "", nil
	th.rt.threads.Put(th)
}

// SetNamespace switches the current namespace: loaders return to the caller's.
func (th *Thread) SetNamespace(ns *Namespace) { th.ns = ns }
