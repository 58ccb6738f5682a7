// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

func waitingOffersInOrder(t *testing.T, e engine.Engine) {
	const n = 5
	ctx := patient(t)
	q := bounded(t, e, 1)
	offer(t, q, "first")
	results := make(chan error, n)
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint(i))
		joined := make(chan struct{})
		go func() { results <- q.Offer(arriving{ctx, joined}, message(want[i])) }()
		<-joined
		settle()
	}
	if err := q.Offer(now(), message("late")); !errors.Is(err, engine.ErrQueueFull) {
		t.Errorf("offer behind a line: %v", err)
	}
	m, err := q.Poll(now())
	if err != nil || string(m.Payload) != "first" {
		t.Fatal(m, err)
	}
	for _, text := range want {
		m, err := q.Poll(ctx)
		if err != nil || string(m.Payload) != text {
			t.Fatalf("poll %v, %v; want %s", m, err, text)
		}
		if err := <-results; err != nil {
			t.Errorf("waiting offer: %v", err)
		}
	}
	polls(t, q)
}

func waitingPollsInOrder(t *testing.T, e engine.Engine) {
	const n = 5
	ctx := patient(t)
	q := bounded(t, e, 10)
	got := make([]chan string, n)
	for i := range n {
		got[i] = make(chan string, 1)
		joined := make(chan struct{})
		go func() {
			m, err := q.Poll(arriving{ctx, joined})
			if err != nil {
				got[i] <- err.Error()
				return
			}
			got[i] <- string(m.Payload)
		}()
		<-joined
		settle()
	}
	for i := range n {
		offer(t, q, fmt.Sprint(i))
	}
	for i := range n {
		if text := <-got[i]; text != fmt.Sprint(i) {
			t.Errorf("poll %d got %s", i, text)
		}
	}
}

// arriving tells when a call has asked its context whether to wait, which it does just before it stands in line.
type arriving struct {
	context.Context
	asked chan struct{}
}

func (a arriving) Done() <-chan struct{} {
	select {
	case <-a.asked:
	default:
		close(a.asked)
	}
	return a.Context.Done()
}

// settle gives a call that has asked for Done the moment that it needs to be in line, in an engine that asks first.
func settle() { time.Sleep(5 * time.Millisecond) }

func endedPollTakesNothing(t *testing.T, e engine.Engine) { // P2
	q := bounded(t, e, 1)
	ctx, cancel := context.WithCancel(patient(t))
	result := make(chan error, 1)
	go func() {
		_, err := q.Poll(ctx)
		result <- err
	}()
	cancel()
	if err := <-result; !errors.Is(err, engine.ErrQueueEmpty) {
		t.Fatal(err)
	}
	offer(t, q, "a")
	polls(t, q, "a")
}

func cancelledPollsLoseNothing(t *testing.T, e engine.Engine) { // P2
	const n = 2000
	q := bounded(t, e, 1)
	for i := range n {
		ctx, cancel := context.WithCancel(patient(t))
		got := make(chan *wire.Message, 1)
		go func() {
			m, _ := q.Poll(ctx)
			got <- m
		}()
		go cancel()
		offer(t, q, fmt.Sprint(i))
		if m := <-got; m == nil {
			polls(t, q, fmt.Sprint(i))
		}
		cancel()
	}
	polls(t, q)
}

func expiry(t *testing.T, e engine.Engine) { // B1, P7
	q := bounded(t, e, 2)
	dead := message("dead")
	dead.ExpiresAt = time.Now().UnixMilli() - 1000
	ancient := message("ancient")
	ancient.ExpiresAt = 0
	for _, m := range []*wire.Message{dead, ancient} {
		if err := q.Offer(now(), m); err != nil {
			t.Fatal(err)
		}
		polls(t, q)
	}
	brief := message("brief")
	brief.ExpiresAt = time.Now().UnixMilli() + 20
	long := message("long")
	long.ExpiresAt = 1<<63 - 1
	for _, m := range []*wire.Message{brief, long} {
		if err := q.Offer(now(), m); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the brief message is dead and its place free", func() bool {
		return q.Offer(now(), message("next")) == nil
	})
	polls(t, q, "long", "next")
}

func expiryWhileWaiting(t *testing.T, e engine.Engine) { // P7: a dead message does not go to a poll in line
	q := bounded(t, e, 2)
	got := make(chan string, 1)
	go func() {
		m, err := q.Poll(patient(t))
		if err != nil {
			got <- err.Error()
			return
		}
		got <- string(m.Payload)
	}()
	dead := message("dead")
	dead.ExpiresAt = time.Now().UnixMilli() - 1
	if err := q.Offer(now(), dead); err != nil {
		t.Fatal(err)
	}
	offer(t, q, "live")
	if text := <-got; text != "live" {
		t.Errorf("the poll got %s", text)
	}
}

func putBack(t *testing.T, e engine.Engine) { // P3
	q := bounded(t, e, 2)
	offer(t, q, "a", "b")
	m, err := q.Poll(now())
	if err != nil {
		t.Fatal(err)
	}
	offer(t, q, "c")
	if err := q.PutBack(m); err != nil {
		t.Fatal(err)
	}
	if n := q.Status().Size; n != 3 {
		t.Errorf("size %d: a message is put back beyond the capacity too", n)
	}
	polls(t, q, "a", "b", "c")

	got := make(chan string, 1)
	go func() {
		m, err := q.Poll(patient(t))
		if err != nil {
			got <- err.Error()
			return
		}
		got <- string(m.Payload)
	}()
	if err := q.PutBack(m); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != "a" {
		t.Errorf("the poll in line got %s", text)
	}
}

func eachOnce(t *testing.T, e engine.Engine) {
	const producers, consumers, each = 4, 4, 500
	ctx := patient(t)
	q := bounded(t, e, 7)
	var wg sync.WaitGroup
	for p := range producers {
		wg.Go(func() {
			for i := range each {
				if err := q.Offer(ctx, message(fmt.Sprint(p, "/", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	seen := make(map[string]int)
	for range consumers {
		wg.Go(func() {
			for range producers * each / consumers {
				m, err := q.Poll(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[string(m.Payload)]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != producers*each {
		t.Errorf("%d different messages, want %d", len(seen), producers*each)
	}
	polls(t, q)
}

func orderOfProducers(t *testing.T, e engine.Engine) { // P5
	const producers, each = 4, 500
	ctx := patient(t)
	q := bounded(t, e, 7)
	for p := range producers {
		go func() {
			for i := range each {
				m := message(fmt.Sprint(i))
				m.Subject = fmt.Sprint(p)
				if err := q.Offer(ctx, m); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	next := make(map[string]int)
	for range producers * each {
		m, err := q.Poll(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(next[m.Subject]); string(m.Payload) != want {
			t.Fatalf("producer %s: got %s, want %s", m.Subject, m.Payload, want)
		}
		next[m.Subject]++
	}
}
