// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"iter"
	"sync"
	"time"
)

// The types of queues.
var (
	TypeQueue          = coreType("queue", TypeCollection)
	TypeDeque          = coreType("deque", TypeCollection)
	TypeStack          = coreType("stack", TypeCollection)
	TypeCircularBuffer = coreType("circular-buffer", TypeCollection)
	TypeDelayQueue     = coreType("delay-queue", TypeCollection)
)

// Queue is a queue, deque, stack or circular buffer, safe for concurrent use. Its operations do not wait: they return a
// channel that is closed at the next change, for the caller to wait on.
type Queue struct {
	Obj
	t        *Type
	mu       sync.Mutex
	items    ring
	capacity int           // 0: unlimited
	changed  chan struct{} // closed and replaced at every change
}

// NewQueue makes a queue that holds at most capacity elements, any number if that is 0.
func NewQueue(capacity int) *Queue { return newQueue(TypeQueue, capacity) }

// NewDeque makes a queue with two ends.
func NewDeque(capacity int) *Queue { return newQueue(TypeDeque, capacity) }

// NewStack makes a stack: its elements are put to the head.
func NewStack() *Queue { return newQueue(TypeStack, 0) }

// NewCircularBuffer makes a buffer that drops its oldest element when it is full. capacity is at least 1.
func NewCircularBuffer(capacity int) *Queue { return newQueue(TypeCircularBuffer, capacity) }

func newQueue(t *Type, capacity int) *Queue {
	return New(&Queue{t: t, capacity: capacity, changed: make(chan struct{})})
}

func (q *Queue) Type() *Type { return q.t }

// Empty is a new one of the same kind and capacity.
func (q *Queue) Empty() *Queue { return newQueue(q.t, q.capacity) }

// End is the side of a queue.
type End int

const (
	Head End = iota // where take! and poll! remove
	Tail            // where put! and offer! append
)

// TryPut adds v at an end if there is room; changed is closed when there may be some. A circular buffer makes room.
func (q *Queue) TryPut(v Value, end End) (ok bool, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.capacity > 0 && q.items.n >= q.capacity {
		if q.t != TypeCircularBuffer {
			return false, q.changed
		}
		q.items.pop(Head)
	}
	q.items.push(v, end)
	q.notify()
	return true, nil
}

// TryTake removes the element at an end; changed is closed when there may be one.
func (q *Queue) TryTake(end End) (v Value, ok bool, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.items.n == 0 {
		return Nil, false, q.changed
	}
	v = q.items.pop(end)
	q.notify()
	return v, true, nil
}

// Peek returns the element at the head; nil if there is none.
func (q *Queue) Peek() Value {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.items.n == 0 {
		return Nil
	}
	return *q.items.at(0)
}

func (q *Queue) Count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.items.n
}

// Items are the elements from the head.
func (q *Queue) Items() []Value {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make([]Value, q.items.n)
	for i := range out {
		out[i] = *q.items.at(i)
	}
	return out
}

// All yields a snapshot of the elements.
func (q *Queue) All() iter.Seq[Value] { return ListOf(q.Items()).All() }

func (q *Queue) notify() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// ring is a line of values with two ends.
type ring struct {
	buf  []Value // a power of two long
	head int
	n    int
}

func (r *ring) at(i int) *Value { return &r.buf[(r.head+i)&(len(r.buf)-1)] }

func (r *ring) push(v Value, end End) {
	if r.n == len(r.buf) {
		grown := make([]Value, max(8, 2*len(r.buf)))
		for i := range r.n {
			grown[i] = *r.at(i)
		}
		r.buf, r.head = grown, 0
	}
	r.n++
	if end == Tail {
		*r.at(r.n - 1) = v
		return
	}
	r.head = (r.head - 1) & (len(r.buf) - 1)
	*r.at(0) = v
}

// pop needs n > 0.
func (r *ring) pop(end End) Value {
	at := r.at(0)
	if end == Tail {
		at = r.at(r.n - 1)
	} else {
		r.head = (r.head + 1) & (len(r.buf) - 1)
	}
	v := *at
	*at = Nil
	if r.n--; r.n == 0 {
		r.head = 0
	}
	return v
}

// DelayQueue holds elements until their time has come, safe for concurrent use.
type DelayQueue struct {
	Obj
	mu      sync.Mutex
	waiting []delayed // the next one first
	changed chan struct{}
}

type delayed struct {
	v  Value
	at time.Time
}

func NewDelayQueue() *DelayQueue { return New(&DelayQueue{changed: make(chan struct{})}) }

func (q *DelayQueue) Type() *Type { return TypeDelayQueue }

// Put adds v, to be taken after delay. Elements of the same moment keep their order.
func (q *DelayQueue) Put(v Value, delay time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := time.Now().Add(delay)
	i := len(q.waiting)
	for i > 0 && q.waiting[i-1].at.After(at) {
		i--
	}
	q.waiting = append(q.waiting, delayed{})
	copy(q.waiting[i+1:], q.waiting[i:])
	q.waiting[i] = delayed{v, at}
	close(q.changed)
	q.changed = make(chan struct{})
}

// TryTake removes the first element whose time has come. If there is none, it tells when the next one's comes (zero: no
// element is there) and a channel that is closed when that may have changed.
func (q *DelayQueue) TryTake() (v Value, ok bool, next time.Time, changed <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return Nil, false, time.Time{}, q.changed
	}
	first := q.waiting[0]
	if time.Now().Before(first.at) {
		return Nil, false, first.at, q.changed
	}
	q.waiting = append(q.waiting[:0:0], q.waiting[1:]...)
	return first.v, true, time.Time{}, nil
}

// Peek returns the element whose time comes next; nil if there is none.
func (q *DelayQueue) Peek() Value {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return Nil
	}
	return q.waiting[0].v
}

func (q *DelayQueue) Count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

// All yields a snapshot of the elements, the next one first.
func (q *DelayQueue) All() iter.Seq[Value] {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := make([]Value, len(q.waiting))
	for i, d := range q.waiting {
		items[i] = d.v
	}
	return ListOf(items).All()
}
