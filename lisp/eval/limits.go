// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"gondola/lisp/value"
)

// Limits are what scripts may use (reliability.md X3 to X8); 0: no limit. Steps, Time and Memory hold for an evaluation with all
// the futures, agents and schedules that it starts (X10); a call from outside (a function that a server calls, the handler of
// a subscription) is an evaluation of its own. Who exceeds one of these or Value ends with a SecurityException that no script
// catches: the whole evaluation ends, its finally and try-with run on, at most a tenth more and a second. The other limits raise exceptions.
type Limits struct {
	Steps  int64         // X3: calls, turns of loops, elements of sequences, KiB copied
	Time   time.Duration // X4: from the begin of the evaluation
	Memory int64         // X5: bytes that are allocated, freed or not; an estimate of what values take
	Value  int64         // X5: bytes of one string or collection, without what is in it

	Output  int64 // X6: bytes written to the interpreter's output and error output, in all
	Handles int   // X6: streams, servers and clients open at a time
	Futures int   // X6: futures, threads and agents' actions at a time
	Timers  int   // X6: schedules at a time
	Digits  int   // X7: digits of a bigint; digits and places of a decimal
	Pattern int   // X8: bytes of a regular expression
}

// SandboxLimits are the defaults of a sandbox.
func SandboxLimits() Limits {
	return Limits{
		Steps: 100_000_000, Time: 5 * time.Second, Memory: 256 << 20, Value: 64 << 20,
		Output: 16 << 20, Handles: 16, Futures: 20, Timers: 20, Digits: 10_000, Pattern: 10 << 10,
	}
}

// metered reports whether threads pay for what they do.
func (l *Limits) metered() bool { return *l != Limits{} }

// What a thread draws at a time, so that the counters of an evaluation are rarely touched.
const (
	stepsChunk  = 256
	memoryChunk = 16 << 10
)

// atMetered is the depth limit of a metered thread: every check of a call or a turn fails and comes to overLimit, which takes a
// step for it. So threads without limits pay nothing for there being any.
const atMetered = -2

// budget is what one evaluation has left.
type budget struct {
	limits  *Limits
	steps   atomic.Int64 // used
	memory  atomic.Int64 // used
	threads atomic.Int64 // that draw from it
	reason  atomic.Pointer[string]

	ctx   context.Context // ends when a limit has been exceeded
	stop  context.CancelFunc
	over  context.Context // ends when what finally may use is used up, too
	end   context.CancelFunc
	clock *time.Timer // nil: no limit
	due   time.Time   // when it rings
}

func newBudget(rt *Runtime) *budget {
	b := &budget{limits: &rt.Config.Limits}
	b.ctx, b.stop = context.WithCancel(rt.ctx)
	b.over, b.end = context.WithCancel(rt.ctx)
	if t := b.limits.Time; t > 0 {
		b.due = time.Now().Add(t)
		b.clock = time.AfterFunc(t, func() { b.exceed(fmt.Sprintf("more than %s (max-time)", t)) })
	}
	return b
}

// exceed ends the evaluation; the first reason counts. finally blocks then have what is left of the time and a tenth more, and at
// least a second.
func (b *budget) exceed(reason string) {
	text := "Venice Sandbox: limit exceeded: " + reason
	if b.reason.CompareAndSwap(nil, &text) {
		if t := b.limits.Time; t > 0 {
			time.AfterFunc(max(time.Until(b.due), 0)+max(t/10, time.Second), b.end)
		}
		b.stop()
	}
}

// release ends the budget with its last thread.
func (b *budget) release() {
	if b.threads.Add(-1) == 0 {
		if b.clock != nil {
			b.clock.Stop()
		}
		b.stop()
		b.end()
	}
}

// failure is the exception of who has exceeded a limit, or of who is to end for that; nil if nobody has. Each thread has
// its own, because the stack grows in it.
func (b *budget) failure() error {
	reason := b.reason.Load()
	if reason == nil {
		return nil
	}
	ex := value.NewException(value.SecurityException, *reason)
	ex.Final = true
	return ex
}

// withGrace is a limit, or what it is for a finally block.
func withGrace(limit int64, grace bool) int64 {
	switch {
	case limit == 0:
		return math.MaxInt64
	case grace:
		return limit + limit/10 + 1000
	}
	return limit
}

// draw adds to a counter what is needed, and up to a chunk more if there is so much; ok is false if there is not enough.
func draw(used *atomic.Int64, need, chunk, limit int64) (got int64, ok bool) {
	for {
		u := used.Load()
		got = min(need+chunk, limit-u)
		if got < need {
			return 0, false
		}
		if used.CompareAndSwap(u, u+got) {
			return got, true
		}
	}
}

// join makes the thread draw from a budget; its context ends with it.
func (th *Thread) join(b *budget) {
	b.threads.Add(1)
	th.budget = b
	stop := th.stop
	th.unjoin = context.AfterFunc(b.ctx, func() { stop(context.Cause(b.ctx)) })
}

// leaveBudget gives back what the thread has drawn and not used.
func (th *Thread) leaveBudget() {
	b := th.budget
	th.unjoin()
	b.steps.Add(-max(th.steps, 0))
	b.memory.Add(-max(th.bytes, 0))
	th.budget, th.unjoin, th.steps, th.bytes, th.ended = nil, nil, 0, 0, false
	b.release()
}

// spend pays for steps and bytes, mostly out of what the thread has drawn.
func (th *Thread) spend(steps, bytes int64) error {
	th.steps -= steps
	th.bytes -= bytes
	if th.steps|th.bytes >= 0 {
		return nil
	}
	return th.refill()
}

func (th *Thread) refill() error {
	b := th.budget
	if err := th.endedBudget(); err != nil {
		return err
	}
	if th.steps < 0 {
		got, ok := draw(&b.steps, -th.steps, stepsChunk, withGrace(b.limits.Steps, th.ended))
		if !ok {
			return th.exceeded(fmt.Sprintf("more than %d steps (max-steps)", b.limits.Steps))
		}
		th.steps += got
	}
	if th.bytes < 0 {
		got, ok := draw(&b.memory, -th.bytes, memoryChunk, withGrace(b.limits.Memory, th.ended))
		if !ok {
			return th.exceeded(fmt.Sprintf("more than %d bytes of memory (max-memory)", b.limits.Memory))
		}
		th.bytes += got
	}
	return nil
}

// exceeded ends the evaluation, or its finally block.
func (th *Thread) exceeded(reason string) error {
	th.budget.exceed(reason)
	if th.ended {
		th.budget.end()
	}
	th.ended, th.told = true, true
	th.steps, th.bytes = 0, 0
	return th.budget.failure()
}

// endedBudget returns the exception for a thread of an evaluation that has exceeded a limit: once, and again and again when
// finally blocks have gone on for too long.
func (th *Thread) endedBudget() error {
	b := th.budget
	if b.ctx.Err() == nil || th.ended && b.over.Err() == nil {
		return nil
	}
	err := b.failure()
	if err != nil {
		th.ended, th.told = true, true
	}
	return err
}

// Charge pays for bytes that a host function has allocated, and steps for copying them.
func (th *Thread) Charge(bytes int) error {
	if th.budget == nil {
		return nil
	}
	return th.spend(int64(bytes)>>10, int64(bytes))
}

// Step is for loops of host functions: nil, or the exception that ends the evaluation. It pays for a step and for the bytes that
// the turn allocates.
func (th *Thread) Step(bytes int) error {
	if th.depth < th.limit.Load() {
		return nil
	}
	if err := th.overLimit(); err != nil {
		return err
	}
	return th.Charge(bytes)
}

// Turns is Step for several turns that allocate nothing.
func (th *Thread) Turns(n int) error {
	if err := th.CheckInterrupt(); err != nil || th.budget == nil {
		return err
	}
	return th.spend(int64(n), 0)
}

// Room is asked before a host function makes a string or collection of so many bytes, and now and then while one grows: nil, or
// the exception that ends the evaluation. Nothing is paid yet.
func (th *Thread) Room(bytes int) error {
	b := th.budget
	if b == nil {
		return th.Interrupted()
	}
	if l := b.limits.Value; l > 0 && int64(bytes) > l {
		return th.exceeded(fmt.Sprintf("a value of more than %d bytes", l))
	}
	if l := b.limits.Memory; l > 0 && b.memory.Load()-max(th.bytes, 0)+int64(bytes) > withGrace(l, th.ended) {
		return th.exceeded(fmt.Sprintf("more than %d bytes of memory (max-memory)", l))
	}
	return th.Interrupted()
}

// Sharing says how a function's result is paid for.
type Sharing uint8

const (
	Fresh Sharing = iota // all of it is new
	Grown                // it shares the largest argument, and is new where it is larger
	Given                // it is an argument, in one, or small
	Added                // the arguments are now in the first one
)

// Estimates of what values take, in bytes.
const (
	headSize  = 64   // a heap object
	slotSize  = 16   // a Value in a sequence
	entrySize = 48   // an entry of a map or a set
	regexSize = 200  // a character of a compiled regular expression
	codeSize  = 1024 // a compiled form
)

// sizeOf estimates the bytes of a value without what is in it.
func sizeOf(v value.Value) int64 {
	switch x := v.Ref().(type) {
	case nil:
		return 0
	case *value.Str:
		return headSize + int64(len(x.S))
	case *value.ByteBuf:
		return headSize + int64(len(x.B))
	case *value.BigInt:
		return headSize + int64(x.N.BitLen()/8)
	case *value.Decimal:
		return headSize + int64(x.Unscaled.BitLen()/8)
	case *value.Regex:
		return headSize + regexSize*int64(len(x.Source))
	case value.Map:
		return headSize + entrySize*int64(x.Count())
	case value.Set:
		return headSize + entrySize*int64(x.Count())
	case value.Counted:
		return headSize + slotSize*int64(x.Count())
	}
	return headSize
}

// paid pays for the result of a host function.
func (th *Thread) paid(how Sharing, v value.Value, err error, args ...value.Value) (value.Value, error) {
	switch {
	case err != nil || how == Given:
		return v, err
	case how == Added:
		return v, th.Charge(headSize * len(args))
	case v.Ref() == nil:
		return v, nil
	}
	size := sizeOf(v)
	least := int64(0)
	for _, a := range args {
		if a == v {
			return v, nil
		}
		if how == Grown {
			least = max(least, sizeOf(a))
		}
	}
	if l := th.budget.limits.Value; l > 0 && size > l {
		return value.Nil, th.exceeded(fmt.Sprintf("a value of more than %d bytes", l))
	}
	if err := th.digits(v); err != nil {
		return value.Nil, err
	}
	if how == Grown {
		size = max(size-least, headSize)
	}
	return v, th.Charge(int(size))
}

// digits checks the length of a number (X7).
func (th *Thread) digits(v value.Value) error {
	most := th.budget.limits.Digits
	if most == 0 {
		return nil
	}
	bits := 0
	switch x := v.Ref().(type) {
	case *value.BigInt:
		bits = x.N.BitLen()
	case *value.Decimal:
		bits = x.Unscaled.BitLen()
		if int64(x.Scale) > int64(most) || int64(x.Scale) < -int64(most) {
			bits = math.MaxInt
		}
	}
	if float64(bits) > float64(most)*math.Log2(10)+1 {
		return value.Errorf("A number of more than %d digits (max-digits)", most)
	}
	return nil
}

// numbers checks operands before a function computes with them: the shift of a decimal sum grows with their exponents.
func (th *Thread) numbers(args ...value.Value) error {
	for _, a := range args {
		if err := th.digits(a); err != nil {
			return err
		}
	}
	return nil
}

// meter is the row of a function that pays for its calls and results.
func meter(r *Row) *Row {
	m := *r
	if f := r.F0; f != nil {
		m.F0 = func(th *Thread) (value.Value, error) {
			if err := th.CheckInterrupt(); err != nil {
				return value.Nil, err
			}
			v, err := f(th)
			return th.paid(r.Sharing, v, err)
		}
	}
	if f := r.F1; f != nil {
		m.F1 = func(th *Thread, a value.Value) (value.Value, error) {
			if err := th.begin(a); err != nil {
				return value.Nil, err
			}
			v, err := f(th, a)
			return th.paid(r.Sharing, v, err, a)
		}
	}
	if f := r.F2; f != nil {
		m.F2 = func(th *Thread, a, b value.Value) (value.Value, error) {
			if err := th.begin(a, b); err != nil {
				return value.Nil, err
			}
			v, err := f(th, a, b)
			return th.paid(r.Sharing, v, err, a, b)
		}
	}
	if f := r.F3; f != nil {
		m.F3 = func(th *Thread, a, b, c value.Value) (value.Value, error) {
			if err := th.begin(a, b, c); err != nil {
				return value.Nil, err
			}
			v, err := f(th, a, b, c)
			return th.paid(r.Sharing, v, err, a, b, c)
		}
	}
	if f := r.FN; f != nil {
		m.FN = func(th *Thread, args []value.Value) (value.Value, error) {
			if err := th.begin(args...); err != nil {
				return value.Nil, err
			}
			v, err := f(th, args)
			return th.paid(r.Sharing, v, err, args...)
		}
	}
	if f := r.Fn; f != nil {
		m.Fn = func(th *Thread, in *Args) (value.Value, error) {
			args := in.list
			if err := th.begin(args...); err != nil {
				return value.Nil, err
			}
			v, err := f(th, in)
			return th.paid(r.Sharing, v, err, args...)
		}
	}
	return &m
}

// begin pays for a call of a host function.
func (th *Thread) begin(args ...value.Value) error {
	if err := th.CheckInterrupt(); err != nil {
		return err
	}
	return th.numbers(args...)
}

// Held is what scripts hold a limited number of at a time.
type Held uint8

const (
	Handles Held = iota
	Futures
	Timers
	heldKinds
)

// Hold takes one of what the interpreter's scripts may hold so many of at a time (X6); release gives it back, once or more often.
func (th *Thread) Hold(kind Held) (release func(), err error) {
	rt := th.rt
	l := &rt.Config.Limits
	most := [heldKinds]int{l.Handles, l.Futures, l.Timers}[kind]
	if most == 0 {
		return func() {}, nil
	}
	if n := rt.held[kind].Add(1); n > int64(most) {
		rt.held[kind].Add(-1)
		what := [heldKinds]string{"streams, servers and clients", "futures and threads", "schedules"}[kind]
		return nil, value.Throwf(value.SecurityException, "Venice Sandbox: limit exceeded: more than %d %s at a time", most, what)
	}
	var once atomic.Bool
	return func() {
		if once.CompareAndSwap(false, true) {
			rt.held[kind].Add(-1)
		}
	}, nil
}
