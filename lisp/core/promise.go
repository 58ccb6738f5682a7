// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"context"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// promiseTable: promises and futures made of others, language.md 11. Functions run on a goroutine of their own, with the
// bindings of the thread that has made the combination.
var promiseTable = eval.Table{
	{Name: "then-apply", Min: 2, Max: 2, F2: func(th *eval.Thread, p, f value.Value) (value.Value, error) {
		return combine(th, []value.Value{p}, f, func(th *eval.Thread, v []value.Value) (value.Value, error) { return th.Call1(f, v[0]) })
	}, Forms: "(then-apply p f)", Doc: "A promise of (f value) of p."},
	{Name: "then-accept", Min: 2, Max: 2, F2: func(th *eval.Thread, p, f value.Value) (value.Value, error) {
		return combine(th, []value.Value{p}, f, func(th *eval.Thread, v []value.Value) (value.Value, error) {
			_, err := th.Call1(f, v[0])
			return value.Nil, err
		})
	}, Forms: "(then-accept p f)", Doc: "A promise of nil, after (f value) of p."},
	{Name: "then-combine", Min: 3, Max: 3, F3: func(th *eval.Thread, p, q, f value.Value) (value.Value, error) {
		return combine(th, []value.Value{p, q}, f, func(th *eval.Thread, v []value.Value) (value.Value, error) { return th.Call2(f, v[0], v[1]) })
	}, Forms: "(then-combine p q f)", Doc: "A promise of (f value-of-p value-of-q)."},
	{Name: "then-accept-both", Min: 3, Max: 3, F3: func(th *eval.Thread, p, q, f value.Value) (value.Value, error) {
		return combine(th, []value.Value{p, q}, f, func(th *eval.Thread, v []value.Value) (value.Value, error) {
			_, err := th.Call2(f, v[0], v[1])
			return value.Nil, err
		})
	}, Forms: "(then-accept-both p q f)", Doc: "A promise of nil, after (f value-of-p value-of-q)."},
	{Name: "then-compose", Min: 2, Max: 2, F2: func(th *eval.Thread, p, f value.Value) (value.Value, error) {
		return combine(th, []value.Value{p}, f, func(th *eval.Thread, v []value.Value) (value.Value, error) {
			next, err := th.Call1(f, v[0])
			if err != nil {
				return value.Nil, err
			}
			n, err := asPromise(next)
			if err != nil {
				return value.Nil, err
			}
			return await(th, n, nil)
		})
	}, Forms: "(then-compose p f)", Doc: "A promise of the value of the promise (f value) of p."},
	{Name: "when-complete", Min: 2, Max: 2, F2: whenComplete, Forms: "(when-complete p f)", Doc: "A promise like p, after (f value exception)."},
	{Name: "accept-either", Min: 3, Max: 3, F3: func(th *eval.Thread, p, q, f value.Value) (value.Value, error) {
		return either(th, p, q, f, func(th *eval.Thread, v value.Value) (value.Value, error) {
			_, err := th.Call1(f, v)
			return value.Nil, err
		})
	}, Forms: "(accept-either p q f)", Doc: "A promise of nil, after (f value) of the one that is ready first."},
	{Name: "apply-to-either", Min: 3, Max: 3, F3: func(th *eval.Thread, p, q, f value.Value) (value.Value, error) {
		return either(th, p, q, f, func(th *eval.Thread, v value.Value) (value.Value, error) { return th.Call1(f, v) })
	}, Forms: "(apply-to-either p q f)", Doc: "A promise of (f value) of the one that is ready first."},
	{Name: "all-of", Min: 1, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return combine(th, a, value.Nil, func(*eval.Thread, []value.Value) (value.Value, error) { return value.Nil, nil })
	}, Forms: "(all-of p & ps)", Doc: "A promise of nil when all are ready."},
	{Name: "any-of", Min: 1, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		ps, err := asPromises(a)
		if err != nil {
			return value.Nil, err
		}
		return first(th, ps, func(_ *eval.Thread, v value.Value) (value.Value, error) { return v, nil })
	}, Forms: "(any-of p & ps)", Doc: "A promise of the value that is ready first."},
	{Name: "timeout-after", Min: 2, Max: 2, F2: func(th *eval.Thread, n, unit value.Value) (value.Value, error) {
		d, err := duration(n, unit)
		if err != nil {
			return value.Nil, err
		}
		return after(d, value.Nil, timeoutError(n, unit)).Val(), nil
	}, Forms: "(timeout-after time unit)", Doc: "A promise that fails with a TimeoutException after a time."},
	{Name: "or-timeout", Min: 3, Max: 3, F3: func(th *eval.Thread, p, n, unit value.Value) (value.Value, error) {
		return withTimeout(th, p, n, unit, value.Nil, value.NewException(value.TimeoutException, "java.util.concurrent.TimeoutException"))
	}, Forms: "(or-timeout p time unit)", Doc: "A promise like p that fails with a TimeoutException after a time."},
	{Name: "complete-on-timeout", Min: 4, Max: 4, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return withTimeout(th, a[0], a[2], a[3], a[1], nil)
	}, Forms: "(complete-on-timeout p value time unit)", Doc: "A promise like p that has value after a time."},
	{Name: "future-task", Min: 2, Max: 3, FN: futureTask, Forms: "(future-task f complete-fn)\n(future-task f success-fn failure-fn)", Doc: "A future that calls (complete-fn future), or (success-fn value) or (failure-fn exception), when it has ended."},
}

func asPromise(v value.Value) (*value.Future, error) {
	p, ok := v.Ref().(*value.Future)
	if !ok {
		return nil, value.CoerceError(v, "java-object of type java.util.concurrent.CompletableFuture")
	}
	return p, nil
}

func asPromises(vs []value.Value) ([]*value.Future, error) {
	ps := make([]*value.Future, len(vs))
	for i, v := range vs {
		var err error
		if ps[i], err = asPromise(v); err != nil {
			return nil, err
		}
	}
	return ps, nil
}

// spawn runs work on a goroutine and a thread of its own, for a new promise.
func spawn(th *eval.Thread, work func(th *eval.Thread) (value.Value, error)) (value.Value, error) {
	return startValue(th, eval.Futures, value.TypePromise, work)
}

// combine makes a promise of what then makes of the values of all promises.
func combine(th *eval.Thread, vs []value.Value, f value.Value, then func(*eval.Thread, []value.Value) (value.Value, error)) (value.Value, error) {
	ps, err := asPromises(vs)
	if err != nil {
		return value.Nil, err
	}
	if !f.IsNil() && !eval.IsFunction(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	return spawn(th, func(th *eval.Thread) (value.Value, error) {
		values := make([]value.Value, len(ps))
		for i, p := range ps {
			var err error
			if values[i], err = await(th, p, nil); err != nil {
				return value.Nil, err
			}
		}
		return then(th, values)
	})
}

func whenComplete(th *eval.Thread, p, f value.Value) (value.Value, error) {
	source, err := asPromise(p)
	if err != nil {
		return value.Nil, err
	}
	if !eval.IsFunction(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	return spawn(th, func(th *eval.Thread) (value.Value, error) {
		v, failure := await(th, source, nil)
		ex := value.Nil
		if failure != nil {
			ex = value.AsException(failure).Val()
		}
		if _, err := th.Call2(f, v, ex); err != nil && failure == nil {
			return value.Nil, err
		}
		return v, failure
	})
}

func either(th *eval.Thread, p, q, f value.Value, then func(*eval.Thread, value.Value) (value.Value, error)) (value.Value, error) {
	ps, err := asPromises([]value.Value{p, q})
	if err != nil {
		return value.Nil, err
	}
	if !eval.IsFunction(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	return first(th, ps, then)
}

// first makes a promise of what then makes of the value that is ready first.
func first(th *eval.Thread, ps []*value.Future, then func(*eval.Thread, value.Value) (value.Value, error)) (value.Value, error) {
	return spawn(th, func(th *eval.Thread) (value.Value, error) {
		ctx, cancel := context.WithCancel(th.Context())
		defer cancel()
		ready := make(chan *value.Future, len(ps))
		for _, p := range ps {
			go func() {
				select {
				case <-p.Done():
					ready <- p
				case <-ctx.Done():
				}
			}()
		}
		select {
		case p := <-ready:
			v, err := await(th, p, nil)
			if err != nil {
				return value.Nil, err
			}
			return then(th, v)
		case <-th.Done():
			return value.Nil, th.Interrupted()
		}
	})
}

// after is a promise that gets v or err when d is over.
func after(d time.Duration, v value.Value, err error) *value.Future {
	p := value.NewFuture(value.TypePromise, nil)
	time.AfterFunc(d, func() { p.Complete(v, err) })
	return p
}

func timeoutError(n, unit value.Value) error {
	return value.Throwf(value.TimeoutException, "Timeout after %s %s", value.ToStr(n), value.ToStr(unit))
}

func withTimeout(th *eval.Thread, p, n, unit, v value.Value, failure error) (value.Value, error) {
	source, err := asPromise(p)
	if err != nil {
		return value.Nil, err
	}
	d, err := duration(n, unit)
	if err != nil {
		return value.Nil, err
	}
	ps := []*value.Future{source, after(d, v, failure)}
	return first(th, ps, func(_ *eval.Thread, v value.Value) (value.Value, error) { return v, nil })
}

func futureTask(th *eval.Thread, a []value.Value) (value.Value, error) {
	fs := append([]value.Value(nil), a...)
	for _, f := range fs {
		if !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
	}
	task, err := startWork(th, eval.Futures, value.TypeFuture, func(th *eval.Thread) (value.Value, error) { return th.Call(fs[0]) })
	if err != nil {
		return value.Nil, err
	}
	watcher := th.Fork()
	go func() {
		defer watcher.Release()
		<-task.Done()
		_, _ = watcher.Guard(func() (value.Value, error) {
			v, failure := task.Await(watcher.Context())
			switch {
			case len(fs) == 2:
				return watcher.Call1(fs[1], task.Val())
			case failure == nil:
				return watcher.Call1(fs[1], v)
			}
			return watcher.Call1(fs[2], value.AsException(failure).Val())
		})
	}()
	return task.Val(), nil
}
