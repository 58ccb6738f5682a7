// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// mutableTable: the mutable map and the queue, language.md 8.1.
var mutableTable = eval.Table{
	{Name: "mutable-map", Min: 0, Max: -1, FN: makeMap("mutable-map", func(kv []value.Value) value.Map { return value.NewMutableMap(kv...) }), Forms: "(mutable-map & keyvals)", Doc: "A mutable map, safe for concurrent use."},
	isA[*value.MutableMap]("mutable-map?"),
	{Name: "assoc!", Min: 3, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		m, ok := a[0].Ref().(*value.MutableMap)
		if !ok {
			return value.Nil, notAllowed("assoc!", a[0])
		}
		if len(a)%2 == 0 {
			return value.Nil, value.Errorf("mutable-map: assoc! requires an even number of items.")
		}
		for i := 1; i < len(a); i += 2 {
			m.Put(a[i], a[i+1])
		}
		return a[0], nil
	}, Forms: "(assoc! coll key val)\n(assoc! coll key val & kvs)", Doc: "Sets keys of a mutable map."},
	{Name: "dissoc!", Min: 2, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		m, ok := a[0].Ref().(*value.MutableMap)
		if !ok {
			return value.Nil, notAllowed("dissoc!", a[0])
		}
		for _, k := range a[1:] {
			m.Delete(k)
		}
		return a[0], nil
	}, Forms: "(dissoc! coll & keys)", Doc: "Removes keys of a mutable map."},
	{Name: "queue", Min: 0, Max: 1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 0 {
			return value.NewQueue(0).Val(), nil
		}
		n, err := asLong(a[0])
		if err == nil && n < 1 {
			err = value.Errorf("queue: the capacity must be at least 1, got %d", n)
		}
		if err != nil {
			return value.Nil, err
		}
		return value.NewQueue(clampInt(n)).Val(), nil
	}, Forms: "(queue)\n(queue capacity)", Doc: "A queue, first in, first out."},
	isA[*value.Queue]("queue?"),
	{Name: "put!", Min: 2, Max: 2, F2: func(th *eval.Thread, q, v value.Value) (value.Value, error) {
		_, err := enqueue(th, "put!", q, v, nil)
		return value.Nil, err
	}, Forms: "(put! queue val)", Doc: "Appends an element, waiting for room."},
	{Name: "offer!", Min: 2, Max: 3, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		wait, stop, err := waiting(a[1 : len(a)-1])
		if err != nil {
			return value.Nil, err
		}
		defer stop()
		ok, err := enqueue(th, "offer!", a[0], a[len(a)-1], wait)
		return value.Bool(ok), err
	}, Forms: "(offer! queue val)\n(offer! queue timeout val)", Doc: "Appends an element if there is room within the timeout (ms, or :indefinite); whether it did."},
	{Name: "take!", Min: 1, Max: 1, F1: func(th *eval.Thread, q value.Value) (value.Value, error) { return dequeue(th, "take!", q, nil) }, Forms: "(take! queue)", Doc: "Removes the oldest element, waiting for one."},
	{Name: "poll!", Min: 1, Max: 2, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		wait, stop, err := waiting(a[1:])
		if err != nil {
			return value.Nil, err
		}
		defer stop()
		return dequeue(th, "poll!", a[0], wait)
	}, Forms: "(poll! queue)\n(poll! queue timeout)", Doc: "Removes the oldest element; nil if there is none within the timeout (ms)."},
}

// expired is a closed timer: no waiting at all.
var expired = func() <-chan time.Time { c := make(chan time.Time); close(c); return c }()

// waiting makes the timer of an optional timeout argument; nil waits for ever.
func waiting(a []value.Value) (wait <-chan time.Time, stop func(), err error) {
	if len(a) == 0 {
		return expired, func() {}, nil
	}
	if isKw(a[0], "indefinite") {
		return nil, func() {}, nil
	}
	ms, err := asLong(a[0])
	if err != nil {
		return nil, nil, err
	}
	t := time.NewTimer(time.Duration(max(0, ms)) * time.Millisecond)
	return t.C, func() { t.Stop() }, nil
}

func enqueue(th *eval.Thread, fn string, q, v value.Value, wait <-chan time.Time) (bool, error) {
	x, ok := q.Ref().(*value.Queue)
	if !ok {
		return false, value.Errorf("Function '%s' does not allow type %s as parameter.", fn, q.Type())
	}
	for {
		ok, changed := x.TryPut(v)
		if ok {
			return true, nil
		}
		select {
		case <-changed:
		case <-wait:
			return false, nil
		case <-th.Done():
			return false, th.Interrupted()
		}
	}
}

func dequeue(th *eval.Thread, fn string, q value.Value, wait <-chan time.Time) (value.Value, error) {
	x, ok := q.Ref().(*value.Queue)
	if !ok {
		return value.Nil, value.Errorf("Function '%s' does not allow type %s as parameter.", fn, q.Type())
	}
	for {
		v, ok, changed := x.TryTake()
		if ok {
			return v, nil
		}
		select {
		case <-changed:
		case <-wait:
			return value.Nil, nil
		case <-th.Done():
			return value.Nil, th.Interrupted()
		}
	}
}
