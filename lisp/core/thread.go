// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// threadTable: threads, thread locals, locks and parallel maps, language.md 11.
var threadTable = eval.Table{
	{Name: "thread", Min: 1, Max: 3, FN: thread, Forms: "(thread f)\n(thread f name)\n(thread f name type)", Doc: "Runs a function of no arguments on another goroutine; a promise of its value. type is :daemon or :user."},
	{Name: "thread-id", F0: func(th *eval.Thread) (value.Value, error) { return value.Long(th.ID()), nil }, Forms: "(thread-id)", Doc: "A number for the current thread."},
	{Name: "thread-name", F0: func(th *eval.Thread) (value.Value, error) { return value.String(th.Name()), nil }, Forms: "(thread-name)", Doc: "The name of the current thread."},
	{Name: "thread-daemon?", F0: func(th *eval.Thread) (value.Value, error) { return value.Bool(th.Name() != "main"), nil }, Forms: "(thread-daemon?)", Doc: "Whether the process can end before the current thread."},
	{Name: "thread-interrupted?", F0: func(th *eval.Thread) (value.Value, error) { return value.Bool(th.Context().Err() != nil), nil }, Forms: "(thread-interrupted?)", Doc: "Whether the current thread has been interrupted."},
	{Name: "thread-local", Min: 0, Max: -1, FN: threadLocalOf, Forms: "(thread-local)\n(thread-local map)\n(thread-local & keyvals)", Doc: "The values of the current thread; adds values to them."},
	{Name: "thread-local?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return value.Bool(isThreadLocal(v)), nil }, Forms: "(thread-local? x)", Doc: "Whether x is the value of (thread-local)."},
	{Name: "thread-local-clear", F0: func(th *eval.Thread) (value.Value, error) {
		th.Locals = nil
		return th.Runtime().Core("thread-local-clear"), nil
	}, Forms: "(thread-local-clear)", Doc: "Removes the values of the current thread."},
	{Name: "pmap", Min: 2, Max: -1, FN: pmap, Forms: "(pmap f coll & colls)", Doc: "map with the calls on several goroutines; a list."},
	{Name: "pcalls", Min: 1, Max: -1, FN: func(th *eval.Thread, fs []value.Value) (value.Value, error) {
		for _, f := range fs {
			if !eval.IsFunction(f) {
				return value.Nil, value.CoerceError(f, "function")
			}
		}
		call := eval.NewBuiltin("pcalls", 1, 1, func(th *eval.Thread, a []value.Value) (value.Value, error) { return th.Apply(a[0], nil) })
		return pmap(th, []value.Value{call, list(append([]value.Value(nil), fs...)...)})
	}, Forms: "(pcalls & fs)", Doc: "Calls functions of no arguments on several goroutines; a list of their values."},
	{Name: "preduce", Min: 4, Max: 6, FN: preduce, Forms: "(preduce n f init coll)\n(preduce n combine-f combine-init reduce-f reduce-init coll)", Doc: "Reduces groups of n elements on several goroutines and joins the results."},
	{Name: "lock", F0: func(*eval.Thread) (value.Value, error) {
		return value.New(&lock{token: make(chan struct{}, 1)}).Val(), nil
	}, Forms: "(lock)", Doc: "A lock that one thread holds at a time."},
	isA[*lock]("lock?"),
	{Name: "acquire", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		_, err := acquire(th, v, nil)
		return v, err
	}, Forms: "(acquire lock)", Doc: "Waits for a lock and takes it; the lock."},
	{Name: "try-acquire", Min: 1, Max: 3, FN: tryAcquire, Forms: "(try-acquire lock)\n(try-acquire lock time unit)", Doc: "Takes a lock if it gets free within a time; whether it did."},
	{Name: "release", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		l, err := asLock(v)
		if err != nil {
			return value.Nil, err
		}
		select {
		case <-l.token:
		default:
		}
		return value.Nil, nil
	}, Forms: "(release lock)", Doc: "Gives a lock back."},
	{Name: "locked?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		l, err := asLock(v)
		if err != nil {
			return value.Nil, err
		}
		return value.Bool(len(l.token) > 0), nil
	}, Forms: "(locked? lock)", Doc: "Whether a lock is held."},
	{Name: "cpus", F0: func(*eval.Thread) (value.Value, error) { return value.Long(int64(runtime.NumCPU())), nil }, Forms: "(cpus)", Doc: "The number of processors."},
	{Name: "gc", F0: func(*eval.Thread) (value.Value, error) { runtime.GC(); return value.Nil, nil }, Forms: "(gc)", Doc: "Collects garbage; nil."},
}

// threadCount counts the threads of a name, from 1.
func threadCount(th *eval.Thread, name string) int64 {
	type key struct{ name string }
	n, _ := th.Runtime().State.LoadOrStore(key{name}, new(atomic.Int64))
	return n.(*atomic.Int64).Add(1)
}

func thread(th *eval.Thread, a []value.Value) (value.Value, error) {
	f := a[0]
	if !eval.IsFunction(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	name := ""
	if len(a) > 1 {
		var ok bool
		if name, ok = a[1].Str(); !ok {
			return value.Nil, value.CoerceError(a[1], "string")
		}
	}
	if len(a) == 3 && !isKw(a[2], "daemon") && !isKw(a[2], "user") {
		return value.Nil, value.Errorf("Function 'thread' requires type to be one of {:daemon, :user}. %s is invalid", value.ToStr(a[2]))
	}
	if name == "" {
		name = "venice-thread"
	}
	name = fmt.Sprintf("%s-%d", name, threadCount(th, name))
	return spawn(th, func(th *eval.Thread) (value.Value, error) {
		th.SetName(name)
		return th.Call(f)
	})
}

// threadLocal stands for the values of whichever thread looks at it.
type threadLocal struct{ value.Obj }

var typeThreadLocal = &value.Type{Name: "core/thread-local"}

func (*threadLocal) Type() *value.Type        { return typeThreadLocal }
func (*threadLocal) PrintTo(p *value.Printer) { p.WriteString("ThreadLocal") }
func isThreadLocal(v value.Value) bool        { _, ok := v.Ref().(*threadLocal); return ok }
func localsOf(th *eval.Thread) value.Map {
	if th.Locals == nil {
		return value.EmptyHashMap
	}
	return th.Locals
}

func threadLocalOf(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 1 {
		m, err := asMap(a[0])
		if err != nil {
			return value.Nil, err
		}
		a = nil
		for k, v := range m.All() {
			a = append(a, k, v)
		}
	}
	if len(a)%2 != 0 {
		return value.Nil, value.Errorf("thread-local: create requires an even number of list items. Got %d items.", len(a))
	}
	m := localsOf(th)
	for i := 0; i < len(a); i += 2 {
		m = m.Assoc(a[i], a[i+1])
	}
	th.Locals = m
	return value.New(&threadLocal{}).Val(), nil
}

func pmap(th *eval.Thread, a []value.Value) (value.Value, error) {
	f := a[0]
	if !eval.IsCallable(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	if len(a) == 2 && a[1].IsNil() {
		return value.EmptyList.Val(), nil
	}
	calls, err := tuples(th, a[1:])
	if err != nil {
		return value.Nil, err
	}
	return parallel(th, len(calls), func(th *eval.Thread, i int) (value.Value, error) { return th.Apply(f, calls[i]) })
}

// tuples returns the argument lists of map over several collections.
func tuples(th *eval.Thread, colls []value.Value) ([][]value.Value, error) {
	v, err := th.Apply(th.Runtime().Core("map"), append([]value.Value{th.Runtime().Core("list")}, colls...))
	if err != nil {
		return nil, err
	}
	lists, err := iterable(th, v)
	out := make([][]value.Value, len(lists))
	for i, l := range lists {
		if out[i], err = iterable(th, l); err != nil {
			return nil, err
		}
	}
	return out, err
}

// parallel calls work for 0 to n-1 on a few goroutines; a list of the results. The first error ends it.
func parallel(th *eval.Thread, n int, work func(th *eval.Thread, i int) (value.Value, error)) (value.Value, error) {
	out := make([]value.Value, n)
	var next atomic.Int64
	workers := make([]*value.Future, min(n, runtime.NumCPU()+2))
	var failure error
	for w := range workers {
		worker, err := startWork(th, eval.Futures, value.TypePromise, func(th *eval.Thread) (value.Value, error) {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return value.Nil, nil
				}
				var err error
				if out[i], err = work(th, i); err != nil {
					next.Store(int64(n))
					return value.Nil, err
				}
			}
		})
		if err != nil {
			failure, workers = err, workers[:w]
			next.Store(int64(n))
			break
		}
		workers[w] = worker
	}
	for _, w := range workers {
		if _, err := await(th, w, nil); err != nil && failure == nil {
			failure = err
			for _, other := range workers {
				other.CancelNow()
			}
		}
	}
	return value.ListOf(out).Val(), failure
}

func preduce(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 5 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (5) passed to function preduce.")
	}
	size, err := asLong(a[0])
	if err != nil {
		return value.Nil, err
	}
	items, err := iterable(th, a[len(a)-1])
	if err != nil {
		return value.Nil, err
	}
	combineF, combineInit, reduceF, reduceInit := a[1], a[2], a[1], a[2]
	if len(a) == 6 {
		reduceF, reduceInit = a[3], a[4]
	}
	n := max(1, clampInt(size))
	var groups []value.Value
	for i := 0; i < len(items); i += n {
		groups = append(groups, list(items[i:min(i+n, len(items))]...))
	}
	parts, err := parallel(th, len(groups), func(th *eval.Thread, i int) (value.Value, error) {
		return reduce(th, []value.Value{reduceF, reduceInit, groups[i]})
	})
	if err != nil {
		return value.Nil, err
	}
	return reduce(th, []value.Value{combineF, combineInit, parts})
}

// lock has a token in its channel while it is held.
type lock struct {
	value.Obj
	token chan struct{}
}

var typeLock = &value.Type{Name: "core/lock"}

func (*lock) Type() *value.Type { return typeLock }

func asLock(v value.Value) (*lock, error) {
	l, ok := v.Ref().(*lock)
	if !ok {
		return nil, value.CoerceError(v, "lock")
	}
	return l, nil
}

// acquire waits for a lock; nil waits for ever. It ends with the thread (E11).
func acquire(th *eval.Thread, v value.Value, wait <-chan time.Time) (bool, error) {
	l, err := asLock(v)
	if err != nil {
		return false, err
	}
	select {
	case l.token <- struct{}{}:
		return true, nil
	default:
	}
	select {
	case l.token <- struct{}{}:
		return true, nil
	case <-wait:
		return false, nil
	case <-th.Done():
		return false, th.Interrupted()
	}
}

func tryAcquire(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 2 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (2) passed to function try-acquire.")
	}
	wait := expired
	if len(a) == 3 {
		d, err := duration(a[1], a[2])
		if err != nil {
			return value.Nil, err
		}
		t := time.NewTimer(d)
		defer t.Stop()
		wait = t.C
	}
	ok, err := acquire(th, a[0], wait)
	return value.Bool(ok), err
}
