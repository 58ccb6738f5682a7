// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// queueTable: queues, deques, stacks, circular buffers and delay queues, language.md 8.
var queueTable = eval.Table{
	{Name: "queue", Min: 0, Max: 1, FN: newQueue("", value.NewQueue), Forms: "(queue)\n(queue capacity)", Doc: "A queue, first in, first out."},
	{Name: "deque", Min: 0, Max: 1, FN: newQueue("", value.NewDeque), Forms: "(deque)\n(deque capacity)", Doc: "A queue with two ends."},
	{Name: "stack", F0: func(*eval.Thread) (value.Value, error) { return value.NewStack().Val(), nil }, Forms: "(stack)", Doc: "A stack, last in, first out."},
	{Name: "circular-buffer", Min: 1, Max: 1, FN: newQueue("Capacity must be bigger than 0", value.NewCircularBuffer), Forms: "(circular-buffer capacity)", Doc: "A buffer that drops its oldest element when it is full."},
	{Name: "delay-queue", F0: func(*eval.Thread) (value.Value, error) { return value.NewDelayQueue().Val(), nil }, Forms: "(delay-queue)", Doc: "A queue whose elements can be taken after a delay."},
	isQueue("queue?", value.TypeQueue), isQueue("deque?", value.TypeDeque), isQueue("stack?", value.TypeStack), isQueue("circular-buffer?", value.TypeCircularBuffer),
	{Name: "put!", Min: 2, Max: 3, FN: put, Forms: "(put! queue val)\n(put! delay-queue val delay)", Doc: "Appends an element, waiting for room; to a delay queue with a delay in milliseconds."},
	{Name: "put-head!", Min: 2, Max: 3, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return putAt(th, "put-head!", value.Head, a)
	},
		Forms: "(put-head! deque val)", Doc: "Adds an element at the head, waiting for room."},
	{Name: "offer!", Min: 2, Max: 3, FN: offer("offer!", value.Tail), Forms: "(offer! queue val)\n(offer! queue timeout val)", Doc: "Appends an element if there is room within the timeout (ms, or :indefinite); whether it did."},
	{Name: "offer-head!", Min: 2, Max: 3, FN: offer("offer-head!", value.Head), Forms: "(offer-head! queue val)\n(offer-head! queue timeout val)", Doc: "Adds an element at the head if there is room within the timeout (ms, or :indefinite); whether it did."},
	{Name: "take!", Min: 1, Max: 1, F1: takeEnd("take!", value.Head), Forms: "(take! queue)", Doc: "Removes the oldest element, waiting for one."},
	{Name: "take-tail!", Min: 1, Max: 1, F1: takeEnd("take-tail!", value.Tail), Forms: "(take-tail! deque)", Doc: "Removes the element at the tail, waiting for one."},
	{Name: "poll!", Min: 1, Max: 2, FN: poll("poll!", value.Head), Forms: "(poll! queue)\n(poll! queue timeout)", Doc: "Removes the oldest element; nil if there is none within the timeout (ms, or :indefinite)."},
	{Name: "poll-tail!", Min: 1, Max: 2, FN: poll("poll-tail!", value.Tail), Forms: "(poll-tail! deque)\n(poll-tail! deque timeout)", Doc: "Removes the element at the tail; nil if there is none within the timeout (ms, or :indefinite)."},
	{Name: "push!", Min: 2, Max: 2, F2: func(_ *eval.Thread, s, v value.Value) (value.Value, error) {
		q, ok := s.Ref().(*value.Queue)
		switch {
		case s.IsNil():
			return value.Nil, nil
		case !ok || q.Type() != value.TypeStack:
			return value.Nil, notSupported("push!", s)
		}
		q.TryPut(v, value.Head)
		return s, nil
	}, Forms: "(push! stack val)", Doc: "Puts an element on a stack; the stack."},
	{Name: "pop!", Min: 1, Max: 1, F1: func(_ *eval.Thread, s value.Value) (value.Value, error) {
		q, ok := s.Ref().(*value.Queue)
		switch {
		case s.IsNil():
			return value.Nil, nil
		case !ok || q.Type() != value.TypeStack:
			return value.Nil, notSupported("pop!", s)
		}
		v, _, _ := q.TryTake(value.Head)
		return v, nil
	}, Forms: "(pop! stack)", Doc: "Removes the top element of a stack; nil if there is none."},
	{Name: "peek", Min: 1, Max: 1, F1: peek, Forms: "(peek coll)", Doc: "The last element of a vector, the first of a list or queue, the top of a stack."},
}

func isQueue(name string, t *value.Type) eval.Row {
	return is(name, func(v value.Value) bool {
		q, ok := v.Ref().(*value.Queue)
		return ok && q.Type() == t
	})
}

// newQueue: refusal is the message for a capacity below 1; "" for none.
func newQueue(refusal string, build func(capacity int) *value.Queue) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 0 {
			return build(0).Val(), nil
		}
		n, err := asLong(a[0])
		if err != nil {
			return value.Nil, err
		}
		if n < 1 {
			e := value.NewException(value.IllegalArgument, refusal)
			e.NoMessage = refusal == ""
			return value.Nil, e
		}
		return build(clampInt(n)).Val(), nil
	}
}

func notSupported(fn string, v value.Value) error {
	return value.Errorf("%s: type %s not supported", fn, v.Type())
}

// naturalEnd is where a collection takes new elements.
func naturalEnd(q *value.Queue) value.End {
	if q.Type() == value.TypeStack {
		return value.Head
	}
	return value.Tail
}

// asQueue finds a queue, also one that has only the end that fn works at.
func asQueue(fn string, v value.Value, end value.End, puts bool) (*value.Queue, error) {
	q, ok := v.Ref().(*value.Queue)
	if !ok || q.Type() == value.TypeStack || (end == value.Head) == puts && q.Type() != value.TypeDeque {
		return nil, notSupported(fn, v)
	}
	return q, nil
}

// expired is a time-out of nothing.
var expired = func() <-chan time.Time { c := make(chan time.Time); close(c); return c }()

// waiting turns an optional time-out argument into a channel; nil waits for ever. stop releases the timer.
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

// enqueue adds v, waiting for room. It ends with the thread (E11).
func enqueue(th *eval.Thread, q *value.Queue, v value.Value, end value.End, wait <-chan time.Time) (bool, error) {
	for {
		ok, changed := q.TryPut(v, end)
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

// dequeue removes the element at an end, waiting for one; nil when the time is over. It ends with the thread (E11).
func dequeue(th *eval.Thread, q *value.Queue, end value.End, wait <-chan time.Time) (value.Value, error) {
	for {
		v, ok, changed := q.TryTake(end)
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

// dequeueDelayed is dequeue for a delay queue.
func dequeueDelayed(th *eval.Thread, q *value.DelayQueue, wait <-chan time.Time) (value.Value, error) {
	for {
		v, ok, next, changed := q.TryTake()
		if ok {
			return v, nil
		}
		var due <-chan time.Time
		stop := func() bool { return true }
		if !next.IsZero() {
			t := time.NewTimer(time.Until(next))
			due, stop = t.C, t.Stop
		}
		select {
		case <-due:
		case <-changed:
		case <-wait:
			stop()
			return value.Nil, nil
		case <-th.Done():
			stop()
			return value.Nil, th.Interrupted()
		}
		stop()
	}
}

func put(th *eval.Thread, a []value.Value) (value.Value, error) {
	if a[0].IsNil() {
		return value.Nil, nil
	}
	if q, ok := a[0].Ref().(*value.DelayQueue); ok {
		if len(a) != 3 {
			return value.Nil, value.Errorf("put! for a delay-queue requires three args (put! queue val delay)")
		}
		if a[1].IsNil() {
			return value.Nil, value.Errorf("put! A delay-queue does not permit nil elements")
		}
		ms, err := asLong(a[2])
		if err == nil {
			q.Put(a[1], time.Duration(ms)*time.Millisecond)
		}
		return value.Nil, err
	}
	return putAt(th, "put!", value.Tail, a)
}

func putAt(th *eval.Thread, fn string, end value.End, a []value.Value) (value.Value, error) {
	if a[0].IsNil() {
		return value.Nil, nil
	}
	q, err := asQueue(fn, a[0], end, true)
	if err == nil && len(a) != 2 {
		err = value.Errorf("%s for a %s requires two args (%s queue val)", fn, q.Type().Name[len("core/"):], fn)
	}
	if err == nil {
		_, err = enqueue(th, q, a[1], end, nil)
	}
	return value.Nil, err
}

func offer(name string, end value.End) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if a[0].IsNil() {
			return value.Nil, nil
		}
		q, err := asQueue(name, a[0], end, true)
		if err != nil {
			return value.Nil, err
		}
		wait, stop, err := waiting(a[1 : len(a)-1])
		if err != nil {
			return value.Nil, err
		}
		defer stop()
		ok, err := enqueue(th, q, a[len(a)-1], end, wait)
		return value.Bool(ok), err
	}
}

func takeEnd(name string, end value.End) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(th *eval.Thread, v value.Value) (value.Value, error) {
		if v.IsNil() {
			return value.Nil, nil
		}
		if q, ok := v.Ref().(*value.DelayQueue); ok && end == value.Head {
			return dequeueDelayed(th, q, nil)
		}
		q, err := asQueue(name, v, end, false)
		if err != nil {
			return value.Nil, err
		}
		return dequeue(th, q, end, nil)
	}
}

func poll(name string, end value.End) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if a[0].IsNil() {
			return value.Nil, nil
		}
		wait, stop, err := waiting(a[1:])
		if err != nil {
			return value.Nil, err
		}
		defer stop()
		if q, ok := a[0].Ref().(*value.DelayQueue); ok && end == value.Head {
			return dequeueDelayed(th, q, wait)
		}
		q, err := asQueue(name, a[0], end, false)
		if err != nil {
			return value.Nil, err
		}
		return dequeue(th, q, end, wait)
	}
}

func peek(th *eval.Thread, v value.Value) (value.Value, error) {
	switch x := v.Ref().(type) {
	case *value.Vector:
		return last(th, v)
	case value.Sequence:
		return x.First(), nil
	case *value.LazySeq:
		first, _, _, err := x.Next(th)
		return first, err
	case *value.Queue:
		return x.Peek(), nil
	case *value.DelayQueue:
		return x.Peek(), nil
	}
	if v.IsNil() {
		return value.Nil, nil
	}
	return value.Nil, notSupported("peek", v)
}
