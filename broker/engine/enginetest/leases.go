// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// leasing is what the cases of this file need.
func leasing(f engine.Features) bool { return f.Ack }

// take checks what a lease without waiting gives.
func take(t *testing.T, q engine.Queue, want string, deliveries int) engine.Lease {
	t.Helper()
	l, err := q.Take(now())
	if err != nil {
		t.Fatalf("take, want %s: %v", want, err)
	}
	if string(l.Message().Payload) != want || l.Deliveries() != deliveries {
		t.Fatalf("take gave %s, delivery %d; want %s, delivery %d", l.Message().Payload, l.Deliveries(), want, deliveries)
	}
	return l
}

func acknowledge(t *testing.T, l engine.Lease) {
	t.Helper()
	if err := l.Ack()(); err != nil {
		t.Fatalf("ack of %s: %v", l.Message().Payload, err)
	}
}

func giveBack(t *testing.T, l engine.Lease, delivered bool) {
	t.Helper()
	if err := l.Return(delivered); err != nil {
		t.Fatalf("return of %s: %v", l.Message().Payload, err)
	}
}

func leaseAck(t *testing.T, e engine.Engine) { // A2
	q := bounded(t, e, 2)
	if l, err := q.Take(now()); !errors.Is(err, engine.ErrQueueEmpty) {
		t.Fatalf("take from an empty queue: %v, %v", l, err)
	}
	offer(t, q, "a", "b")
	a, b := take(t, q, "a", 1), take(t, q, "b", 1)
	if n := q.Status().Size; n != 0 {
		t.Errorf("size %d: leased messages are not in the queue", n)
	}
	offer(t, q, "c", "d") // nor do they take its room
	waits := []func() error{b.Ack(), a.Ack()}
	for _, wait := range waits {
		if err := wait(); err != nil {
			t.Fatal(err)
		}
	}
	acknowledge(t, a) // a second settlement does nothing
	giveBack(t, a, true)
	polls(t, q, "c", "d")
}

func leaseReturn(t *testing.T, e engine.Engine) { // A3, A4
	q := bounded(t, e, 2)
	offer(t, q, "a", "b")
	a := take(t, q, "a", 1)
	b := take(t, q, "b", 1)
	offer(t, q, "c", "d")
	giveBack(t, b, true)
	giveBack(t, a, false) // not delivered: not counted
	giveBack(t, a, true)  // settled before
	acknowledge(t, a)
	if n := q.Status().Size; n != 4 {
		t.Errorf("size %d: leased messages return beyond the capacity too", n)
	}
	if err := q.Offer(now(), message("e")); !errors.Is(err, engine.ErrQueueFull) {
		t.Errorf("offer: %v", err)
	}
	a = take(t, q, "a", 1)
	giveBack(t, a, true)
	acknowledge(t, take(t, q, "a", 2))
	acknowledge(t, take(t, q, "b", 2))
	polls(t, q, "c", "d") // a poll takes what has never been leased, and what has been
	offer(t, q, "f")
	giveBack(t, take(t, q, "f", 1), true)
	polls(t, q, "f")
}

func leasesOfACircularQueue(t *testing.T, e engine.Engine) {
	q := queue(t, e, engine.QueueSpec{Name: "c", Kind: engine.Circular, Capacity: 3})
	if l, err := q.Take(patient(t)); !errors.Is(err, engine.ErrQueueEmpty) {
		t.Errorf("a circular queue waited: %v, %v", l, err)
	}
	offer(t, q, "a", "b", "c", "d")
	b, c := take(t, q, "b", 1), take(t, q, "c", 1)
	giveBack(t, c, true)
	acknowledge(t, b)
	acknowledge(t, take(t, q, "c", 2))
	polls(t, q, "d")
}

func leaseWaits(t *testing.T, e engine.Engine) {
	q := bounded(t, e, 2)
	results := make(chan engine.Lease, 2)
	wait := func() {
		joined := make(chan struct{})
		go func() {
			l, err := q.Take(arriving{patient(t), joined})
			if err != nil {
				t.Error(err)
			}
			results <- l
		}()
		<-joined
		settle()
	}
	wait()
	offer(t, q, "a")
	a := <-results
	wait()
	giveBack(t, a, true)
	again := <-results
	if string(again.Message().Payload) != "a" || again.Deliveries() != 2 {
		t.Errorf("the take in line got %s, delivery %d", again.Message().Payload, again.Deliveries())
	}
	ctx, cancel := context.WithCancel(patient(t)) // P2
	ended := make(chan error, 1)
	go func() {
		_, err := q.Take(ctx)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, engine.ErrQueueEmpty) {
		t.Error(err)
	}
	giveBack(t, again, true)
	acknowledge(t, take(t, q, "a", 3))
	polls(t, q)
}

func leaseExpires(t *testing.T, e engine.Engine) { // B1: also a returned message
	q := bounded(t, e, 2)
	var brief *wire.Message
	var l engine.Lease
	for life := int64(50); l == nil; life *= 2 { // long enough for this machine
		brief = message("brief")
		brief.ExpiresAt = time.Now().UnixMilli() + life
		if err := q.Offer(now(), brief); err != nil {
			t.Fatal(err)
		}
		if got, err := q.Take(now()); err == nil {
			l = got
		} else if !errors.Is(err, engine.ErrQueueEmpty) {
			t.Fatal(err)
		}
	}
	eventually(t, "the message's life is over", func() bool { return time.Now().UnixMilli() > brief.ExpiresAt+5 })
	giveBack(t, l, true)
	polls(t, q)
}

func leaseOutlivesItsQueue(t *testing.T, e engine.Engine) {
	q := bounded(t, e, 3)
	offer(t, q, "a", "b")
	a, b := take(t, q, "a", 1), take(t, q, "b", 1)
	if err := e.RemoveQueue(patient(t), "q"); err != nil {
		t.Fatal(err)
	}
	if err := a.Return(true); !errors.Is(err, engine.ErrQueueNotFound) {
		t.Errorf("return: %v", err)
	}
	if err := b.Ack()(); err != nil && !errors.Is(err, engine.ErrQueueNotFound) {
		t.Errorf("ack: %v", err)
	}
	polls(t, bounded(t, e, 3))
}

func leasesLoseNothing(t *testing.T, e engine.Engine) {
	const consumers, messages = 4, 400
	ctx := patient(t)
	q := bounded(t, e, 7)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range messages {
			if err := q.Offer(ctx, message(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		}
	})
	var mu sync.Mutex
	seen := make(map[string]int)
	done := make(chan struct{})
	finish := sync.OnceFunc(func() { close(done) })
	for range consumers {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				l, err := q.Take(now())
				switch {
				case errors.Is(err, engine.ErrQueueEmpty):
					time.Sleep(100 * time.Microsecond)
				case err != nil:
					t.Error(err)
					return
				case rand.IntN(3) > 0:
					if err := l.Return(rand.IntN(2) == 0); err != nil {
						t.Error(err)
					}
				default:
					if err := l.Ack()(); err != nil {
						t.Error(err)
					}
					mu.Lock()
					if seen[string(l.Message().Payload)]++; len(seen) == messages {
						finish()
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	for text, n := range seen {
		if n != 1 {
			t.Errorf("%s was acknowledged %d times", text, n)
		}
	}
	polls(t, q)
}
