// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"gondola/broker"
	"gondola/broker/engine"
	"gondola/broker/internal/framed"
	"gondola/broker/wire"
)

// result is what came out.
type result struct {
	times     times
	elapsed   time.Duration
	delivered int64   // to the subscribers of a topic
	ceiling   float64 // frames a second; 0: not measured
}

// An op sends one message and waits for what confirms it; settle, if there is one, is not in its time.
type op struct {
	do     func(ctx context.Context) error
	settle func(ctx context.Context) error
}

// setting is where a load runs.
type setting struct {
	*plan
	addr    broker.Address
	server  *broker.Server // nil: a running one
	message *wire.Message
	heard   atomic.Int64 // deliveries of a topic
	closers []func() error
}

// A load prepares a connection of its mode.
type load func(ctx context.Context, s *setting, c *broker.Client, nth int) (op, error)

var loads = map[string]load{"send": sendLoad, "queue": queueLoad, "topic": topicLoad, "log": logLoad, modeScript: scriptLoad}

const (
	modeScript = "script"
	topicName  = "gondola-bench"
	echoName   = "echo"
)

func sendLoad(_ context.Context, s *setting, c *broker.Client, _ int) (op, error) {
	return op{do: func(ctx context.Context) error {
		_, err := c.Test(ctx, s.message.Payload)
		return err
	}}, nil
}

func queueLoad(ctx context.Context, s *setting, c *broker.Client, _ int) (op, error) {
	name, err := c.CreateTemporaryQueue(ctx, s.inFlight)
	offer, poll := s.pair(c, name)
	return op{do: func(ctx context.Context) error {
		if err := offer(ctx); err != nil {
			return err
		}
		return poll(ctx)
	}}, err
}

func logLoad(ctx context.Context, s *setting, c *broker.Client, nth int) (op, error) {
	name := fmt.Sprintf("bench/%d", nth)
	err := s.server.CreateQueue(ctx, engine.QueueSpec{Name: name, Capacity: s.inFlight, Durable: true})
	offer, poll := s.pair(c, name)
	return op{do: offer, settle: poll}, err
}

// pair offers to a queue and polls it; with as many places as callers, neither waits.
func (s *setting) pair(c *broker.Client, queue string) (offer, poll func(context.Context) error) {
	offer = func(ctx context.Context) error {
		m := *s.message
		m.Durable = s.mode == "log"
		answer, err := c.Offer(ctx, queue, "", time.Second, &m)
		return answered(answer, err)
	}
	return offer, func(ctx context.Context) error {
		answer, err := c.Poll(ctx, queue, time.Second)
		return answered(answer, err)
	}
}

func topicLoad(_ context.Context, s *setting, c *broker.Client, _ int) (op, error) {
	return op{do: func(ctx context.Context) error {
		m := *s.message
		answer, err := c.Publish(ctx, topicName, &m)
		return answered(answer, err)
	}}, nil
}

// scriptLoad uses no connection of ours: the script opens what it needs.
func scriptLoad(ctx context.Context, s *setting, _ *broker.Client, _ int) (op, error) {
	call, closeScript, err := s.open(ctx, s.file, s.addr.String(), s.output[0], s.output[1])
	if err != nil {
		return op{}, err
	}
	s.closers = append(s.closers, closeScript)
	return op{do: call}, nil
}

func answered(m *wire.Message, err error) error {
	if err == nil && m.Status != wire.OK {
		err = fmt.Errorf("the server answers %s: %s", m.Status, m.Payload)
	}
	return err
}

// run starts what the mode needs, loads it for the plan's duration, and ends it.
func (p *plan) run(ctx context.Context, progress io.Writer) (r *result, err error) {
	payload := make([]byte, p.size)
	_, _ = rand.Read(payload) // never fails
	s := &setting{plan: p, message: &wire.Message{
		Type: wire.NullType, Status: wire.NullStatus, ExpiresAt: wire.Never, Subject: "bench", Mimetype: "application/octet-stream", Payload: payload,
	}}
	defer func() {
		for i := len(s.closers) - 1; i >= 0; i-- {
			if cerr := s.closers[i](); err == nil {
				err = cerr
			}
		}
	}()
	if p.uri != "" {
		s.addr, err = broker.ParseAddress(p.uri)
	} else {
		err = s.serve()
	}
	dial := func() (*broker.Client, error) {
		c, err := broker.Dial(ctx, s.addr, broker.ClientOptions{Encrypt: p.encrypt})
		if err == nil {
			s.closers = append(s.closers, c.Close)
		}
		return c, err
	}
	for n := 0; err == nil && p.mode == "topic" && n < p.subscribers; n++ {
		err = s.subscribe(ctx, dial)
	}
	var ops []op
	for n := 0; err == nil && n < p.connections; n++ {
		var c *broker.Client
		var o op
		if p.mode != modeScript {
			c, err = dial()
		}
		if err == nil {
			o, err = loads[p.mode](ctx, s, c, n)
		}
		ops = append(ops, o)
	}
	if err != nil {
		return nil, err
	}
	r, err = s.load(ctx, ops, progress)
	if err == nil && p.mode == "topic" {
		r.delivered = s.settled(ctx, r.times.n*int64(p.subscribers))
	}
	return r, err
}

// serve starts a server in this process.
func (s *setting) serve() error {
	o := broker.ServerOptions{
		MaxConnections: s.connections + s.subscribers + 10, MaxQueues: 50, Encrypt: s.encrypt,
		MaxMessageSize: max(20<<20, s.size+1<<20),
	}
	if s.mode == modeScript {
		o.MaxConnections = 10 * maxConnections // of a script nobody knows how many it opens
	}
	if s.mode == "log" {
		dir, err := os.MkdirTemp("", "gondola-bench-")
		if err != nil {
			return err
		}
		s.closers = append(s.closers, func() error { return os.RemoveAll(dir) })
		o.Log = &broker.LogOptions{Dir: dir}
	}
	var err error
	s.server, err = broker.NewServer(broker.Port(0), o)
	if err != nil {
		return err
	}
	s.closers = append(s.closers, s.server.Close)
	err = s.server.Start()
	s.addr = s.server.Address()
	switch {
	case err == nil && s.mode == "topic":
		err = s.server.CreateTopic(context.Background(), topicName)
	case err == nil && s.mode == modeScript:
		err = s.server.CreateFunction(echoName, func(_ context.Context, m *wire.Message) (*wire.Message, error) { return m, nil })
	}
	return err
}

func (s *setting) subscribe(ctx context.Context, dial func() (*broker.Client, error)) error {
	c, err := dial()
	if err != nil {
		return err
	}
	answer, err := c.Subscribe(ctx, topicName, func(*wire.Message) { s.heard.Add(1) })
	return answered(answer, err)
}

// settled waits for deliveries that are still under way, and is how many there were.
func (s *setting) settled(ctx context.Context, want int64) int64 {
	const most = 5 * time.Second
	for until := time.Now().Add(most); s.heard.Load() < want && time.Now().Before(until) && ctx.Err() == nil; {
		time.Sleep(time.Millisecond)
	}
	return s.heard.Load()
}

// load has every connection work with as many goroutines as may be in flight. The first failure ends all.
func (s *setting) load(ctx context.Context, ops []op, progress io.Writer) (*result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done atomic.Int64
	stopShowing := show(progress, &done)
	defer stopShowing()
	parts := make([]times, len(ops)*s.inFlight)
	var wg sync.WaitGroup
	begun := time.Now()
	for i := range parts {
		wg.Go(func() {
			err := s.work(ctx, ops[i%len(ops)], begun, i, len(parts), &parts[i], &done)
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	r := &result{elapsed: time.Since(begun)}
	for i := range parts {
		r.times.merge(&parts[i])
	}
	if r.times.n == 0 && ctx.Err() == nil {
		return nil, errors.New("no message came through within the duration")
	}
	return r, context.Cause(ctx)
}

// work is one of all workers: the nth sends its share of the rate, offset by its part of an interval.
func (s *setting) work(ctx context.Context, o op, begun time.Time, nth, all int, t *times, done *atomic.Int64) error {
	end := begun.Add(s.duration)
	interval, due := time.Duration(0), begun
	if s.rate > 0 {
		interval = time.Duration(float64(all) / s.rate * float64(time.Second))
		due = begun.Add(interval * time.Duration(nth) / time.Duration(all))
	}
	for {
		start := time.Now()
		if interval > 0 {
			if wait := due.Sub(start); wait > 0 {
				select {
				case <-time.After(wait):
				case <-ctx.Done():
					return nil
				}
			}
			start = due
			due = due.Add(interval)
		}
		if ctx.Err() != nil || !start.Before(end) || !time.Now().Before(end) {
			return nil
		}
		if err := o.do(ctx); err != nil {
			return err
		}
		t.add(time.Since(start))
		done.Add(1)
		if o.settle != nil {
			if err := o.settle(ctx); err != nil {
				return err
			}
		}
	}
}

// show prints a line a second on a terminal, and removes it in the end.
func show(w io.Writer, done *atomic.Int64) (stop func()) {
	f, ok := w.(*os.File)
	if !ok {
		return func() {}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func() {}
	}
	ticker, over := time.NewTicker(time.Second), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		last := int64(0)
		for {
			select {
			case <-ticker.C:
				n := done.Load()
				fmt.Fprintf(f, "\r%d messages, %d/s \033[K", n, n-last)
				last = n
			case <-over:
				fmt.Fprint(f, "\r\033[K")
				return
			}
		}
	})
	return func() {
		ticker.Stop()
		close(over)
		wg.Wait()
	}
}

// measureCeiling is how many bare frames a second go to and fro, measured for one second.
func (p *plan) measureCeiling(ctx context.Context) (float64, error) {
	f, err := framed.New(framed.Options{Payload: make([]byte, p.size)})
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n, begun := 0, time.Now()
	for ctx.Err() == nil && (n == 0 || time.Since(begun) < time.Second) {
		if err := f.Call(); err != nil {
			return 0, err
		}
		n++
	}
	return float64(n) / time.Since(begun).Seconds(), context.Cause(ctx)
}
