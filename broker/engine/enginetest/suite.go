// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package enginetest is the contract of package engine as tests. Every engine runs it:
//
//	enginetest.Run(t, func(t *testing.T) engine.Engine { return open(t) })
//
// What an engine does not promise (engine.Features) is skipped.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// Run runs the suite; open makes an empty engine, which Run closes.
func Run(t *testing.T, open func(t *testing.T) engine.Engine) {
	for _, c := range []struct {
		name  string
		needs func(f engine.Features) bool
		run   func(t *testing.T, e engine.Engine)
	}{
		{"CreateAndFind", nil, createAndFind},
		{"Remove", nil, remove},
		{"FirstInFirstOut", nil, firstInFirstOut},
		{"FullAndEmpty", nil, fullAndEmpty},
		{"WaitingOffersInOrder", nil, waitingOffersInOrder},
		{"WaitingPollsInOrder", nil, waitingPollsInOrder},
		{"EndedPollTakesNothing", nil, endedPollTakesNothing},
		{"CancelledPollsLoseNothing", nil, cancelledPollsLoseNothing},
		{"Circular", nil, circular},
		{"Expiry", nil, expiry},
		{"ExpiryWhileWaiting", nil, expiryWhileWaiting},
		{"PutBack", func(f engine.Features) bool { return f.PutBack }, putBack},
		{"LeaseAck", leasing, leaseAck},
		{"LeaseReturn", leasing, leaseReturn},
		{"LeasesOfACircularQueue", leasing, leasesOfACircularQueue},
		{"LeaseWaits", leasing, leaseWaits},
		{"LeaseExpires", leasing, leaseExpires},
		{"LeaseOutlivesItsQueue", leasing, leaseOutlivesItsQueue},
		{"LeasesLoseNothing", leasing, leasesLoseNothing},
		{"GrowsAndShrinks", nil, growsAndShrinks},
		{"EachOnce", nil, eachOnce},
		{"OrderOfProducers", func(f engine.Features) bool { return f.Ordered }, orderOfProducers},
		{"Topics", nil, topics},
		{"TopicOrder", nil, topicOrder},
		{"Close", nil, closing},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := open(t)
			t.Cleanup(func() {
				if err := e.Close(); err != nil {
					t.Error("close:", err)
				}
			})
			if c.needs != nil && !c.needs(e.Features()) {
				t.Skip("not promised by this engine")
			}
			c.run(t, e)
		})
	}
}

// patience is far above what any case takes.
const patience = 30 * time.Second

// now is a context that has ended: no waiting.
func now() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// patient is a context that lasts for the whole case.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func message(text string) *wire.Message {
	return &wire.Message{
		ID: uuid.New(), Type: wire.Request, Status: wire.NullStatus, Timestamp: time.Now().UnixMilli(),
		ExpiresAt: wire.Never, Timeout: wire.NoTimeout, Mimetype: "text/plain", Charset: "UTF-8", Payload: []byte(text),
	}
}

func queue(t *testing.T, e engine.Engine, spec engine.QueueSpec) engine.Queue {
	t.Helper()
	q, created, err := e.CreateQueue(patient(t), spec)
	if err != nil || !created {
		t.Fatalf("CreateQueue(%+v): created %v, %v", spec, created, err)
	}
	return q
}

func bounded(t *testing.T, e engine.Engine, capacity int) engine.Queue {
	t.Helper()
	return queue(t, e, engine.QueueSpec{Name: "q", Capacity: capacity})
}

func offer(t *testing.T, q engine.Queue, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := q.Offer(now(), message(text)); err != nil {
			t.Fatalf("offer of %s: %v", text, err)
		}
	}
}

// polls checks what the queue gives without waiting, and that it is empty then.
func polls(t *testing.T, q engine.Queue, want ...string) {
	t.Helper()
	for _, text := range want {
		m, err := q.Poll(now())
		if err != nil {
			t.Fatalf("poll, want %s: %v", text, err)
		}
		if string(m.Payload) != text {
			t.Fatalf("poll gave %s, want %s", m.Payload, text)
		}
	}
	if m, err := q.Poll(now()); !errors.Is(err, engine.ErrQueueEmpty) {
		t.Fatalf("poll gave %v, %v; want an empty queue", m, err)
	}
}

// eventually waits for something that another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal("still waiting: ", what)
		}
	}
}

func createAndFind(t *testing.T, e engine.Engine) {
	ctx := patient(t)
	spec := engine.QueueSpec{Name: "q", Capacity: 3}
	q := queue(t, e, spec)
	offer(t, q, "a")
	again, created, err := e.CreateQueue(ctx, engine.QueueSpec{Name: "q", Capacity: 9, Kind: engine.Circular})
	if err != nil || created {
		t.Fatalf("second creation: created %v, %v", created, err)
	}
	got, want := again.Status(), engine.QueueStatus{QueueSpec: spec, Size: 1}
	got.Durable = false // whoever runs the suite may log its queues
	if got != want {
		t.Errorf("status %+v, want %+v: an existing queue stays as it is", got, want)
	}
	if found, err := e.Queue("q"); err != nil || found.Status().Size != 1 {
		t.Errorf("Queue: %v, %v", found, err)
	}
	if _, err := e.Queue("other"); !errors.Is(err, engine.ErrQueueNotFound) {
		t.Errorf("unknown queue: %v", err)
	}
	queue(t, e, engine.QueueSpec{Name: "a", Capacity: 1, Temporary: true})
	all := e.Queues()
	if len(all) != 2 || all[0].Name != "a" || !all[0].Temporary || all[1].Name != "q" || all[1].Size != 1 {
		t.Errorf("queues %+v", all)
	}
}

func remove(t *testing.T, e engine.Engine) {
	ctx := patient(t)
	if err := e.RemoveQueue(ctx, "unknown"); err != nil {
		t.Errorf("removal of an unknown queue: %v", err)
	}
	q := bounded(t, e, 2)
	waiting, cancel := context.WithCancel(ctx)
	result := make(chan error, 1)
	go func() {
		_, err := q.Poll(waiting)
		result <- err
	}()
	if err := e.RemoveQueue(ctx, "q"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Queue("q"); !errors.Is(err, engine.ErrQueueNotFound) {
		t.Errorf("after removal: %v", err)
	}
	fresh := bounded(t, e, 2)
	offer(t, fresh, "a")
	polls(t, fresh, "a")
	cancel()
	if err := <-result; !errors.Is(err, engine.ErrQueueEmpty) && !errors.Is(err, engine.ErrQueueNotFound) {
		t.Errorf("poll that waited in the removed queue: %v", err)
	}
	if err := q.Offer(now(), message("x")); !errors.Is(err, engine.ErrQueueNotFound) {
		t.Errorf("offer to the removed queue: %v", err)
	}
	polls(t, fresh)
}

func firstInFirstOut(t *testing.T, e engine.Engine) {
	q := bounded(t, e, 100)
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprint(i))
	}
	offer(t, q, want...)
	if n := q.Status().Size; n != 50 {
		t.Errorf("size %d", n)
	}
	polls(t, q, want...)
}

func fullAndEmpty(t *testing.T, e engine.Engine) {
	q := bounded(t, e, 2)
	polls(t, q)
	offer(t, q, "a", "b")
	if err := q.Offer(now(), message("c")); !errors.Is(err, engine.ErrQueueFull) {
		t.Errorf("offer to a full queue: %v", err)
	}
	begun := time.Now()
	brief, cancel := context.WithTimeout(patient(t), 20*time.Millisecond)
	defer cancel()
	if err := q.Offer(brief, message("c")); !errors.Is(err, engine.ErrQueueFull) {
		t.Errorf("offer that waited in vain: %v", err)
	}
	if d := time.Since(begun); d < 19*time.Millisecond {
		t.Errorf("offer waited only %v", d)
	}
	polls(t, q, "a", "b")
	begun = time.Now()
	brief, cancel = context.WithTimeout(patient(t), 20*time.Millisecond)
	defer cancel()
	if _, err := q.Poll(brief); !errors.Is(err, engine.ErrQueueEmpty) {
		t.Errorf("poll that waited in vain: %v", err)
	}
	if d := time.Since(begun); d < 19*time.Millisecond {
		t.Errorf("poll waited only %v", d)
	}
}

func circular(t *testing.T, e engine.Engine) {
	q := queue(t, e, engine.QueueSpec{Name: "c", Kind: engine.Circular, Capacity: 3})
	polls(t, q)
	if _, err := q.Poll(patient(t)); !errors.Is(err, engine.ErrQueueEmpty) {
		t.Errorf("a circular queue waited: %v", err)
	}
	offer(t, q, "a", "b", "c", "d", "e")
	if n := q.Status().Size; n != 3 {
		t.Errorf("size %d", n)
	}
	polls(t, q, "c", "d", "e")
}

func growsAndShrinks(t *testing.T, e engine.Engine) { // O18
	q := bounded(t, e, 1<<30) // storage follows content, or this does not fit
	var want []string
	for round := range 3 {
		for i := range 1000 {
			want = append(want, fmt.Sprint(round, i))
			offer(t, q, want[len(want)-1])
		}
		for range 900 {
			m, err := q.Poll(now())
			if err != nil || string(m.Payload) != want[0] {
				t.Fatalf("poll %v, %v; want %s", m, err, want[0])
			}
			want = want[1:]
		}
	}
	polls(t, q, want...)
}
