// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"context"
	"errors"

	"gondola/lisp/value"
)

// tailCall is a self tail call on its way to the function's entry (E5): the call node stores it here and returns errTail,
// the entry loop of the running function takes it. At most one is pending on a thread.
type tailCall struct {
	fn   *Fn
	args []value.Value // reused
}

// tailSignal unwinds from a tail position to the entry of the running function; recurSignal to the running loop. Both are
// private errors: no exception handler sees them.
type tailSignal struct{}
type recurSignal struct{}

func (tailSignal) Error() string  { return "internal: tail call outside a function" }
func (recurSignal) Error() string { return "internal: recur outside a loop" }

var (
	errTail  error = tailSignal{}
	errRecur error = recurSignal{}
)

// Interrupter returns what ends the thread's evaluation with a cause, an exception or any error. It is safe from any goroutine,
// and does nothing once the thread has been released.
func (th *Thread) Interrupter() func(cause error) { return th.stop }

func (th *Thread) interruptNow() { th.limit.Store(-1) }

// atRest is the depth limit of a thread that is not interrupted.
func (th *Thread) atRest() int64 {
	if th.budget != nil {
		return atMetered
	}
	return th.rt.Config.MaxDepth
}

// overLimit decides what a failed depth check means: an interrupt, which it consumes so that finally blocks can still call
// (E1), a step of a metered thread, or a call stack that is too deep (L8). Nil means: go on.
func (th *Thread) overLimit() error {
	if limit := th.limit.Load(); limit < 0 {
		if limit != atMetered {
			th.limit.Store(th.atRest())
			if err := th.Interrupted(); err != nil {
				return err
			}
		}
		if th.budget != nil {
			if err := th.spend(1, 0); err != nil {
				return err
			}
		}
		if th.depth < th.rt.Config.MaxDepth {
			return nil
		}
	}
	return value.Errorf("Stack depth exceeded: %d nested calls. Use loop/recur, or a call in tail position.", th.depth)
}

// Interrupted returns the exception that ends an interrupted evaluation, once; nil if it is not interrupted or has been
// told already: finally blocks run undisturbed. Host functions ask it when their context is done (E11).
func (th *Thread) Interrupted() error {
	if th.budget != nil {
		if err := th.endedBudget(); err != nil {
			return err
		}
	}
	if th.told || th.ctx.Err() == nil {
		return nil
	}
	th.told = true
	return th.interruptError()
}

func (th *Thread) interruptError() error {
	cause := context.Cause(th.ctx)
	var ex *value.Exception
	if errors.As(cause, &ex) {
		return ex
	}
	if !catchable(cause) {
		return cause
	}
	return value.NewException(value.InterruptedException, "The evaluation was interrupted.")
}

// CheckInterrupt is for loops of host functions: nil, or the exception that ends the evaluation.
func (th *Thread) CheckInterrupt() error {
	if th.depth >= th.limit.Load() {
		return th.overLimit()
	}
	return nil
}

// deepen counts a level of host functions or forms (E2), unless it fails; the caller takes it back from th.depth.
func (th *Thread) deepen() error {
	th.depth++
	if th.depth > th.limit.Load() {
		return th.deepenOverLimit()
	}
	return nil
}

// deepenOverLimit is the rare rest of deepen, apart so that deepen is inlined.
//
//go:noinline
func (th *Thread) deepenOverLimit() error {
	th.depth--
	err := th.overLimit()
	if err == nil {
		th.depth++
	}
	return err
}

// Nested runs f one level deeper: recursion of host functions over nested data counts as calls do (E2).
func (th *Thread) Nested(f func() (value.Value, error)) (value.Value, error) {
	if err := th.deepen(); err != nil {
		return value.Nil, err
	}
	defer func() { th.depth-- }()
	return f()
}

// enter opens the frame of p. ok is false if the stack chunk is full: the caller goes through onNewChunk.
func (th *Thread) enter(p *proto) (fr *Frame, base int, ok bool) {
	base = th.sp
	if base+frameLen > len(th.stack) {
		return nil, base, false
	}
	th.sp = base + p.nslots
	th.depth++
	return (*Frame)(th.stack[base:]), base, true
}

// leave clears and closes the frame; an index loop, because clear is slow for few slots.
func (th *Thread) leave(fr *Frame, base int) {
	n := th.sp - base
	for i := 0; i < n && i < frameLen; i++ {
		fr[i] = value.Value{}
	}
	th.sp = base
	th.depth--
}

// onNewChunk runs call with a fresh, larger stack chunk and returns to the old one afterwards: chunks never move while
// frames live.
func (th *Thread) onNewChunk(call func() (value.Value, error)) (value.Value, error) {
	old, sp := th.stack, th.sp
	th.stack, th.sp = make([]value.Value, min(4*len(old), 1<<18)), 0
	defer func() { th.stack, th.sp = old, sp }()
	return call()
}

// body evaluates the body of a call in its frame. Most functions capture nothing and are called within their namespace.
func (th *Thread) body(f *Fn, p *proto, fr *Frame) (value.Value, error) {
	if len(p.caps) > 0 || p.code.ns != th.ns || p.numeric != nil || th.metered {
		if th.metered {
			return th.timed(f, func() (value.Value, error) { return th.run(f, p, fr) })
		}
		return th.run(f, p, fr)
	}
	v, err := p.body.Eval(th, fr)
	if _, ok := err.(tailSignal); ok {
		return th.again(fr, th.sp-p.nslots)
	}
	return v, err
}

// run is the whole way: captures are copied in, self tail calls loop here, and the namespace is that of
// the definition (language.md 3.9).
func (th *Thread) run(f *Fn, p *proto, fr *Frame) (value.Value, error) {
	if p.numeric != nil && f.one == p {
		switch v, outcome := p.numeric.call(th, f, fr); outcome {
		case longsDone:
			return v, nil
		case longsGivenUp:
			th.longs.idle = true
			v, err := th.runNodes(f, p, fr)
			th.longs.idle = false
			return v, err
		}
	}
	return th.runNodes(f, p, fr)
}

func (th *Thread) runNodes(f *Fn, p *proto, fr *Frame) (value.Value, error) {
	for _, c := range p.caps {
		fr[c.to] = f.caps[c.from]
	}
	if ns := p.code.ns; ns != th.ns && ns != nil {
		saved := th.ns
		th.ns = ns
		v, err := p.body.Eval(th, fr)
		if _, ok := err.(tailSignal); ok {
			v, err = th.again(fr, th.sp-p.nslots)
		}
		th.ns = saved
		return v, err
	}
	v, err := p.body.Eval(th, fr)
	if _, ok := err.(tailSignal); ok {
		return th.again(fr, th.sp-p.nslots)
	}
	return v, err
}

// again serves pending self tail calls in the same frame.
func (th *Thread) again(fr *Frame, base int) (value.Value, error) {
	for {
		f := th.tail.fn
		args := th.tail.args
		p := f.code.pick(len(args))
		if p == nil {
			return value.Nil, f.arityError("function", len(args))
		}
		if th.depth >= th.limit.Load() {
			if err := th.overLimit(); err != nil {
				return value.Nil, err
			}
		}
		n := th.sp - base
		for i := 0; i < n; i++ {
			fr[i] = value.Value{}
		}
		th.sp = base + p.nslots
		p.bindArgs(fr, args)
		clear(args)
		th.tail.args = args[:0]
		for _, c := range p.caps {
			fr[c.to] = f.caps[c.from]
		}
		v, err := p.body.Eval(th, fr)
		if _, ok := err.(tailSignal); ok {
			continue
		}
		return v, err
	}
}

// bindArgs stores arguments into the parameter slots; the rest parameter is nil or a list (language.md 5.1).
func (p *proto) bindArgs(fr *Frame, args []value.Value) {
	copy(fr[:p.arity], args)
	if p.variadic {
		if len(args) > p.arity {
			fr[p.arity] = value.NewList(args[p.arity:]...).Val()
		} else {
			fr[p.arity] = value.Nil
		}
	}
}

func (th *Thread) callFn0(f *Fn) (value.Value, error) {
	p := f.one
	if p == nil || p.arity != 0 {
		return th.callFnN(f, nil)
	}
	if th.depth >= th.limit.Load() {
		if err := th.overLimit(); err != nil {
			return value.Nil, err
		}
	}
	fr, base, ok := th.enter(p)
	if !ok {
		return th.onNewChunk(func() (value.Value, error) { return th.callFn0(f) })
	}
	v, err := th.body(f, p, fr)
	th.leave(fr, base)
	return v, err
}

func (th *Thread) callFn1(f *Fn, a value.Value) (value.Value, error) {
	p := f.one
	if p == nil || p.arity != 1 {
		return th.callFnN(f, []value.Value{a})
	}
	if th.depth >= th.limit.Load() {
		if err := th.overLimit(); err != nil {
			return value.Nil, err
		}
	}
	fr, base, ok := th.enter(p)
	if !ok {
		return th.onNewChunk(func() (value.Value, error) { return th.callFn1(f, a) })
	}
	fr[0] = a
	v, err := th.body(f, p, fr)
	th.leave(fr, base)
	return v, err
}

func (th *Thread) callFn2(f *Fn, a, b value.Value) (value.Value, error) {
	p := f.one
	if p == nil || p.arity != 2 {
		return th.callFnN(f, []value.Value{a, b})
	}
	if th.depth >= th.limit.Load() {
		if err := th.overLimit(); err != nil {
			return value.Nil, err
		}
	}
	fr, base, ok := th.enter(p)
	if !ok {
		return th.onNewChunk(func() (value.Value, error) { return th.callFn2(f, a, b) })
	}
	fr[0], fr[1] = a, b
	v, err := th.body(f, p, fr)
	th.leave(fr, base)
	return v, err
}

func (th *Thread) callFn3(f *Fn, a, b, c value.Value) (value.Value, error) {
	p := f.one
	if p == nil || p.arity != 3 {
		return th.callFnN(f, []value.Value{a, b, c})
	}
	if th.depth >= th.limit.Load() {
		if err := th.overLimit(); err != nil {
			return value.Nil, err
		}
	}
	fr, base, ok := th.enter(p)
	if !ok {
		return th.onNewChunk(func() (value.Value, error) { return th.callFn3(f, a, b, c) })
	}
	fr[0], fr[1], fr[2] = a, b, c
	v, err := th.body(f, p, fr)
	th.leave(fr, base)
	return v, err
}

// callFnN calls a closure with any number of arguments; args is borrowed.
func (th *Thread) callFnN(f *Fn, args []value.Value) (value.Value, error) {
	p := f.code.pick(len(args))
	if p == nil {
		return value.Nil, f.arityError("function", len(args))
	}
	if th.depth >= th.limit.Load() {
		if err := th.overLimit(); err != nil {
			return value.Nil, err
		}
	}
	fr, base, ok := th.enter(p)
	if !ok {
		return th.onNewChunk(func() (value.Value, error) { return th.callFnN(f, args) })
	}
	p.bindArgs(fr, args)
	v, err := th.body(f, p, fr)
	th.leave(fr, base)
	return v, err
}

// callBuiltin calls a host function with any number of arguments; args is borrowed.
func (th *Thread) callBuiltin(b *Builtin, args []value.Value) (value.Value, error) {
	n := len(args)
	if n < b.Min || (b.Max >= 0 && n > b.Max) {
		return value.Nil, b.ArityError(n)
	}
	switch n {
	case 0:
		if b.F0 != nil {
			return b.F0(th)
		}
	case 1:
		if b.F1 != nil {
			return b.F1(th, args[0])
		}
	case 2:
		if b.F2 != nil {
			return b.F2(th, args[0], args[1])
		}
	case 3:
		if b.F3 != nil {
			return b.F3(th, args[0], args[1], args[2])
		}
	}
	if b.FN != nil {
		return b.FN(th, args)
	}
	// the cursor lives in the thread; a function that calls back into script code finds its own again
	saved := th.args
	th.args = Args{Name: b.Name, list: args, th: th}
	v, err := b.Fn(th, &th.args)
	th.args = saved
	return v, err
}

// Call calls any callable value (language.md 3.8). It implements value.Caller. Call, Apply, Call1 and Call2 are how host
// functions call: they count a level for host functions too, which may have been composed of each other without end (E2).
func (th *Thread) Call(f value.Value, args ...value.Value) (value.Value, error) {
	return th.Apply(f, args)
}

// Call1 and Call2 allocate no slice of arguments.
func (th *Thread) Call1(f, a value.Value) (value.Value, error) {
	switch x := f.Ref().(type) {
	case *Fn:
		return th.callFn1(x, a)
	case *Builtin:
		if x.F1 != nil {
			if err := th.deepen(); err != nil {
				return value.Nil, err
			}
			v, err := x.F1(th, a)
			th.depth--
			return v, err
		}
	}
	args, base := th.argWindow(1)
	args[0] = a
	v, err := th.Apply(f, args)
	th.popArgs(args, base)
	return v, err
}

// argWindow is room for n arguments on the value stack, or a slice if that is full; popArgs gives it back.
func (th *Thread) argWindow(n int) (args []value.Value, base int) {
	base = th.sp
	if base+n+frameLen > len(th.stack) {
		return make([]value.Value, n), -1
	}
	th.sp += n
	return th.stack[base:th.sp:th.sp], base
}

// Call2 calls f with two arguments.
func (th *Thread) Call2(f, a, b value.Value) (value.Value, error) {
	switch x := f.Ref().(type) {
	case *Fn:
		return th.callFn2(x, a, b)
	case *Builtin:
		if x.F2 != nil {
			if err := th.deepen(); err != nil {
				return value.Nil, err
			}
			v, err := x.F2(th, a, b)
			th.depth--
			return v, err
		}
	}
	args, base := th.argWindow(2)
	args[0], args[1] = a, b
	v, err := th.Apply(f, args)
	th.popArgs(args, base)
	return v, err
}

// Apply calls f with the arguments of a slice, which is borrowed for the call.
func (th *Thread) Apply(f value.Value, args []value.Value) (value.Value, error) {
	switch x := f.Ref().(type) {
	case *Fn:
		return th.callFnN(x, args)
	case *Builtin:
		if err := th.deepen(); err != nil {
			return value.Nil, err
		}
		v, err := th.callBuiltin(x, args)
		th.depth--
		return v, err
	case *value.Keyword:
		return th.callKeyword(x, args)
	case value.Map, value.Set, *value.Vector:
		return th.callData(x, args)
	}
	return value.Nil, NotCallable(f, "Expected a function or keyword/set/map/vector as s-expression symbol value but got a value of type '%s'!")
}

// NotCallable is the refusal of a value that is no function; text gets its type. A macro has a text of its own.
func NotCallable(f value.Value, text string) error {
	if m, ok := f.Ref().(*Macro); ok {
		return value.Errorf("Cannot coerce a macro to a function. The macro '%s' can not be passed as an argument if a function is expected.", m.Name)
	}
	return value.Errorf(text, f.Type())
}
