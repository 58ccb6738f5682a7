// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// inbox collects what a subscriber gets.
type inbox struct {
	mu    sync.Mutex
	texts []string
}

func (b *inbox) deliver(_ context.Context, m *wire.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.texts = append(b.texts, string(m.Payload))
}

func (b *inbox) expect(t *testing.T, want ...string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !reflect.DeepEqual(b.texts, want) {
		t.Errorf("delivered %q, want %q", b.texts, want)
	}
}

func topics(t *testing.T, e engine.Engine) {
	ctx := patient(t)
	if _, err := e.Topic("t"); !errors.Is(err, engine.ErrTopicNotFound) {
		t.Errorf("unknown topic: %v", err)
	}
	if err := e.RemoveTopic(ctx, "t"); err != nil {
		t.Errorf("removal of an unknown topic: %v", err)
	}
	create := func(want bool) engine.Topic {
		t.Helper()
		if created, err := e.CreateTopic(ctx, "t"); err != nil || created != want {
			t.Fatalf("CreateTopic: %v, %v", created, err)
		}
		topic, err := e.Topic("t")
		if err != nil || topic.Name() != "t" {
			t.Fatal(topic, err)
		}
		return topic
	}
	publish := func(topic engine.Topic, text string, want int) {
		t.Helper()
		if n, err := topic.Publish(ctx, message(text)); err != nil || n != want {
			t.Fatalf("Publish: %d subscribers, %v; want %d", n, err, want)
		}
	}
	topic := create(true)
	create(false)
	publish(topic, "nobody", 0)
	var a, b, replaced inbox
	topic.Subscribe("a", replaced.deliver)
	topic.Subscribe("a", a.deliver)
	topic.Subscribe("b", b.deliver)
	publish(topic, "1", 2)
	topic.Unsubscribe("b")
	topic.Unsubscribe("unknown")
	publish(topic, "2", 1)
	if names := e.Topics(); !reflect.DeepEqual(names, []string{"t"}) {
		t.Errorf("topics %q", names)
	}
	if err := e.RemoveTopic(ctx, "t"); err != nil {
		t.Fatal(err)
	}
	if names := e.Topics(); len(names) != 0 {
		t.Errorf("topics %q", names)
	}
	if _, err := topic.Publish(ctx, message("gone")); !errors.Is(err, engine.ErrTopicNotFound) {
		t.Errorf("publish to a removed topic: %v", err)
	}
	publish(create(true), "3", 1) // subscriptions survive
	a.expect(t, "1", "2", "3")
	b.expect(t, "1")
	replaced.expect(t)
}

func topicOrder(t *testing.T, e engine.Engine) {
	const publishers, each = 4, 200
	ctx := patient(t)
	if _, err := e.CreateTopic(ctx, "t"); err != nil {
		t.Fatal(err)
	}
	topic, err := e.Topic("t")
	if err != nil {
		t.Fatal(err)
	}
	var a, b inbox
	topic.Subscribe("a", a.deliver)
	topic.Subscribe("b", b.deliver)
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				if _, err := topic.Publish(ctx, message(fmt.Sprint(p, "/", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(a.texts) != publishers*each {
		t.Errorf("%d deliveries", len(a.texts))
	}
	b.expect(t, a.texts...)
}

func closing(t *testing.T, e engine.Engine) {
	ctx := patient(t)
	q := bounded(t, e, 1)
	full := queue(t, e, engine.QueueSpec{Name: "full", Capacity: 1})
	offer(t, full, "a")
	results := make(chan error, 2)
	go func() {
		_, err := q.Poll(ctx)
		results <- err
	}()
	go func() { results <- full.Offer(ctx, message("b")) }()
	settle()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-results; !errors.Is(err, engine.ErrClosed) {
			t.Errorf("waiting call: %v", err)
		}
	}
	if _, err := e.Queue("q"); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Queue after Close: %v", err)
	}
	if _, _, err := e.CreateQueue(ctx, engine.QueueSpec{Name: "n", Capacity: 1}); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("CreateQueue after Close: %v", err)
	}
	if _, err := e.Topic("t"); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Topic after Close: %v", err)
	}
	if err := q.Offer(now(), message("x")); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Offer after Close: %v", err)
	}
}
