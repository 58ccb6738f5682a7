// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"context"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// futureTable: language.md 12.3, 12.4. Every future runs on a goroutine and a thread of its own (E7).
var futureTable = eval.Table{
	{Name: "future", Min: 1, Max: 1, F1: future, Forms: "(future f)", Doc: "Runs a function of no arguments on another goroutine."},
	{Name: "futures-fork", Min: 2, Max: 2, F2: futuresFork, Forms: "(futures-fork count worker-factory)", Doc: "Calls the factory with 0 to count-1 and runs each result as a future."},
	{Name: "futures-wait", Min: 0, Max: -1, FN: futuresWait, Forms: "(futures-wait & futures)", Doc: "Waits until all futures have ended."},
	{Name: "promise", Min: 0, Max: 1, FN: promise, Forms: "(promise)\n(promise f)", Doc: "A value that is delivered later, or that f computes on another goroutine."},
	{Name: "deliver", Min: 2, Max: 2, F2: func(_ *eval.Thread, p, v value.Value) (value.Value, error) {
		f, ok := p.Ref().(*value.Future)
		if !ok || f.T != value.TypePromise {
			return value.Nil, value.Errorf("Function 'deliver' does not allow type %s as parameter.", p.Type())
		}
		f.Complete(v, nil)
		return value.Nil, nil
	}, Forms: "(deliver promise value)", Doc: "Delivers a promise; the first delivery counts."},
	{Name: "deliver-ex", Min: 2, Max: 2, F2: func(_ *eval.Thread, p, v value.Value) (value.Value, error) {
		f, ok := p.Ref().(*value.Future)
		ex, isEx := v.Ref().(*value.Exception)
		if !ok || !isEx {
			return value.Nil, value.Errorf("Function 'deliver-ex' expects a promise and an exception, got %s and %s.", p.Type(), v.Type())
		}
		f.Complete(value.Nil, ex)
		return value.Nil, nil
	}, Forms: "(deliver-ex promise ex)", Doc: "Fails a promise."},
	is("future?", func(v value.Value) bool { f, ok := v.Ref().(*value.Future); return ok && f.T == value.TypeFuture }),
	is("promise?", func(v value.Value) bool { f, ok := v.Ref().(*value.Future); return ok && f.T == value.TypePromise }),
	futureRow("done?", func(f *value.Future) bool { _, _, ok := f.Result(); return ok }),
	futureRow("cancelled?", (*value.Future).Cancelled),
	futureRow("cancel", (*value.Future).CancelNow),
}

func futureRow(name string, f func(*value.Future) bool) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " future)", Doc: "Asks or ends a future or promise.",
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			x, ok := v.Ref().(*value.Future)
			if !ok {
				return value.Nil, value.Errorf("Function '%s' does not allow type %s as parameter.", name, v.Type())
			}
			return value.Bool(f(x)), nil
		}}
}

func future(th *eval.Thread, f value.Value) (value.Value, error) {
	if !eval.IsFunction(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	return start(th, value.TypeFuture, f)
}

// start runs f on a goroutine with a thread of its own.
func start(th *eval.Thread, t *value.Type, f value.Value) (value.Value, error) {
	return startValue(th, eval.Futures, t, func(th *eval.Thread) (value.Value, error) { return th.Call(f) })
}

// startValue is startWork for what returns the future.
func startValue(th *eval.Thread, kind eval.Held, t *value.Type, work func(th *eval.Thread) (value.Value, error)) (value.Value, error) {
	f, err := startWork(th, kind, t, work)
	if err != nil {
		return value.Nil, err
	}
	return f.Val(), nil
}

// startWork runs work on a goroutine with a thread of its own; cancelling interrupts that thread. An error that nobody asks
// for is logged when it happens (H6). kind is what the limits count it as.
func startWork(th *eval.Thread, kind eval.Held, t *value.Type, work func(th *eval.Thread) (value.Value, error)) (*value.Future, error) {
	release, err := th.Hold(kind)
	if err != nil {
		return nil, err
	}
	worker := th.Fork()
	interrupt := worker.Interrupter()
	fut := value.NewFuture(t, func() {
		interrupt(value.NewException(value.InterruptedException, "The future was cancelled."))
	})
	go func() {
		defer release()
		v, err := worker.Guard(func() (value.Value, error) { return work(worker) })
		if err != nil && fut.Complete(v, err) {
			worker.Runtime().Config.Logger.Debug("a future failed", "error", err)
		} else {
			fut.Complete(v, err)
		}
		worker.Release()
	}()
	return fut, nil
}

func promise(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.NewFuture(value.TypePromise, nil).Val(), nil
	}
	if !eval.IsFunction(a[0]) {
		return value.Nil, value.Errorf("Function 'promise' does not allow type %s argument", a[0].Type())
	}
	return start(th, value.TypePromise, a[0])
}

func futuresFork(th *eval.Thread, n, factory value.Value) (value.Value, error) {
	count, err := asLong(n)
	if err != nil {
		return value.Nil, err
	}
	if !eval.IsFunction(factory) {
		return value.Nil, value.CoerceError(factory, "function")
	}
	var out []value.Value
	for i := int64(0); i < count; i++ {
		worker, err := th.Call1(factory, value.Long(i))
		if err != nil {
			return value.Nil, err
		}
		f, err := future(th, worker)
		if err != nil {
			return value.Nil, err
		}
		out = append(out, f)
	}
	return value.ListOf(out).Val(), nil
}

func futuresWait(th *eval.Thread, a []value.Value) (value.Value, error) {
	for _, v := range a {
		f, ok := v.Ref().(*value.Future)
		if !ok {
			return value.Nil, value.CoerceError(v, "future")
		}
		select {
		case <-f.Done():
		case <-th.Done():
			return value.Nil, th.Interrupted()
		}
	}
	return value.Nil, nil
}

// await is deref of a future or promise; args are the timeout and its value, or nothing.
func await(th *eval.Thread, f *value.Future, args []value.Value) (value.Value, error) {
	var expired <-chan time.Time
	if len(args) == 2 {
		ms, err := asLong(args[0])
		if err != nil {
			return value.Nil, err
		}
		t := time.NewTimer(time.Duration(max(0, ms)) * time.Millisecond)
		defer t.Stop()
		expired = t.C
	}
	select {
	case <-f.Done():
	case <-expired:
		return args[1], nil
	case <-th.Done():
		return value.Nil, th.Interrupted()
	}
	return f.Await(context.Background())
}
