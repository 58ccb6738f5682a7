// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/engine"
	"gondola/broker/engine/enginetest"
	"gondola/broker/wire"
)

func TestEmbedded(t *testing.T) {
	enginetest.Run(t, func(*testing.T) engine.Engine { return New() })
}

func TestDurableWithoutLog(t *testing.T) {
	e := New()
	defer e.Close()
	if _, _, err := e.CreateQueue(t.Context(), engine.QueueSpec{Name: "d", Capacity: 1, Durable: true}); !errors.Is(err, engine.ErrNoLog) {
		t.Errorf("%v", err)
	}
}

// In synthetic time: a life ends exactly, and one that ends while its offer stands in line is not delivered (P7).
func TestExpiryInSyntheticTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		e := New()
		defer e.Close()
		q, _, err := e.CreateQueue(ctx, engine.QueueSpec{Name: "q", Capacity: 1})
		if err != nil {
			t.Fatal(err)
		}
		mortal := func(life time.Duration) *wire.Message {
			return &wire.Message{ExpiresAt: time.Now().Add(life).UnixMilli()}
		}
		first, second, third := mortal(time.Second), mortal(2*time.Second), mortal(time.Hour)
		if err := q.Offer(ctx, first); err != nil {
			t.Fatal(err)
		}
		for _, m := range []*wire.Message{second, third} {
			go q.Offer(ctx, m)
			synctest.Wait()
		}
		time.Sleep(time.Second) // exactly at its end it is still alive
		if n := q.Status().Size; n != 1 {
			t.Errorf("size %d at the end of the first life", n)
		}
		time.Sleep(3 * time.Second)
		got, err := q.Poll(ctx)
		if err != nil || got != third {
			t.Errorf("poll %v, %v; want the third message", got, err)
		}
	})
}

func TestRingMemoryFollowsContent(t *testing.T) { // O18
	var r ring
	for range 1000 {
		r.pushBack(entry{})
	}
	if len(r.buf) != 1024 {
		t.Errorf("%d places for 1000 entries", len(r.buf))
	}
	for range 1000 {
		r.popFront()
	}
	if len(r.buf) != minRing {
		t.Errorf("%d places for none", len(r.buf))
	}
}

func BenchmarkOfferPoll(b *testing.B) {
	e := New()
	q, _, err := e.CreateQueue(b.Context(), engine.QueueSpec{Name: "q", Capacity: 10})
	if err != nil {
		b.Fatal(err)
	}
	m := &wire.Message{ExpiresAt: wire.Never}
	b.ReportAllocs()
	for b.Loop() {
		if err := q.Offer(b.Context(), m); err != nil {
			b.Fatal(err)
		}
		if _, err := q.Poll(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
