// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/brokertest"
	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// keeps is work that yields n and is kept.
func keeps(n int) func() (int, int, bool) { return func() (int, int, bool) { return n, 0, true } }

// What was done is remembered for its time, and what was not kept is done again (I1).
func TestDedupeStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewDedupeStore[int](DedupeOptions{TTL: time.Minute, MaxEntries: 3})
		do := func(key string, digest Digest, n int, keep bool) (int, bool, error) {
			return s.Do(t.Context(), key, digest, func() (int, int, bool) { return n, 0, keep })
		}
		for _, c := range []struct {
			key       string
			n         int
			keep      bool
			want      int
			duplicate bool
		}{
			{"a", 1, true, 1, false}, {"a", 2, true, 1, true}, {"b", 3, false, 3, false}, {"b", 4, true, 4, false}, {"b", 5, true, 4, true},
		} {
			if got, duplicate, err := do(c.key, Digest{}, c.n, c.keep); got != c.want || duplicate != c.duplicate || err != nil {
				t.Errorf("%s: %d, %v, %v; want %d, %v", c.key, got, duplicate, err, c.want, c.duplicate)
			}
		}
		one, two := digestOf([]byte("1")), digestOf([]byte("2"))
		_, _, _ = do("c", one, 6, true)
		if _, _, err := do("c", two, 7, true); !errors.Is(err, ErrReused) {
			t.Errorf("another content: %v", err)
		}
		if got, _, err := do("c", Digest{}, 7, true); got != 6 || err != nil {
			t.Errorf("an unknown content: %d, %v", got, err)
		}
		_, _, _ = do("d", one, 8, true) // the fourth: the oldest goes
		if got, duplicate, _ := do("a", Digest{}, 9, false); got != 9 || duplicate {
			t.Errorf("a key that had to go: %d, %v", got, duplicate)
		}
		if st := s.Stats(); st.Entries != 3 || st.Evicted != 1 || st.Duplicates != 3 {
			t.Errorf("%+v", st)
		}
		time.Sleep(time.Minute)
		if got, duplicate, _ := do("d", two, 10, true); got != 10 || duplicate {
			t.Errorf("behind its time: %d, %v", got, duplicate)
		}
		if st := s.Stats(); st.Entries != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// Results have a limit in bytes; one that is larger alone is not kept.
func TestDedupeStoreBytes(t *testing.T) {
	s := NewDedupeStore[int](DedupeOptions{MaxBytes: 10_000})
	for i := range 100 {
		_, _, _ = s.Do(t.Context(), fmt.Sprint(i), Digest{}, func() (int, int, bool) { return i, 1000, true })
	}
	if st := s.Stats(); st.Bytes > 10_000 || st.Entries < 5 || int(st.Evicted) != 100-st.Entries {
		t.Errorf("%+v", st)
	}
	_, _, _ = s.Do(t.Context(), "large", Digest{}, func() (int, int, bool) { return 7, 1 << 20, true })
	if st := s.Stats(); st.Entries != 0 || st.Bytes != 0 || st.Evicted != 101 {
		t.Errorf("%+v", st)
	}
}

// A duplicate of work that is going on waits for it: its result, or its turn if that is not kept or panics; or for its context.
func TestDedupeStoreWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewDedupeStore[int](DedupeOptions{})
		first := make(chan struct{})
		go func() {
			defer func() { recover() }()
			_, _, _ = s.Do(t.Context(), "k", Digest{}, func() (int, int, bool) { <-first; panic("oops") })
		}()
		synctest.Wait()
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := s.Do(canceled, "k", Digest{}, keeps(1)); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that is done: %v", err)
		}
		var sum atomic.Int64
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				v, _, err := s.Do(t.Context(), "k", Digest{}, func() (int, int, bool) {
					sum.Add(1)
					time.Sleep(time.Second)
					return 5, 0, true
				})
				if v != 5 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		synctest.Wait()
		close(first)
		wg.Wait()
		if sum.Load() != 1 {
			t.Errorf("done %d times behind the panic", sum.Load())
		}
	})
}

// I3: a function is called once for a request id: while it runs others wait, behind it they get its answer under their own
// message id, its exception too unless the option says otherwise, or it took too long. Other ids, and messages without, pass.
func TestFunctionOnce(t *testing.T) {
	s := startServer(t, ServerOptions{Dedupe: &DedupeOptions{}})
	var calls atomic.Int64
	hold := make(chan struct{})
	createFunction(t, s, "slow", func(context.Context, *wire.Message) (*wire.Message, error) {
		n := calls.Add(1)
		<-hold
		return textMessage("", "r", fmt.Sprint("call ", n)), nil
	})
	var throws atomic.Int64
	throw := func(context.Context, *wire.Message) (*wire.Message, error) {
		throws.Add(1)
		return nil, errors.New("no")
	}
	createFunction(t, s, "throws", throw)
	createFunction(t, s, "throws-again", throw)
	s.Dedupe(security.Function, "throws-again", DedupeOptions{RetryErrors: true})
	createFunction(t, s, "late", func(context.Context, *wire.Message) (*wire.Message, error) {
		throws.Add(1)
		return nil, &HandlerTimeoutError{After: time.Minute}
	})

	var answers []*Call
	for range 4 {
		c := dial(t, s, ClientOptions{})
		answers = append(answers, must[*Call](t)(c.SendAsync(t.Context(), "slow", textMessage("id", "s", "x"))))
	}
	eventually(t, "all are there", func() bool { return s.stats.messages.Load() >= 8 }) // four configurations among them
	close(hold)
	for _, a := range answers {
		m := must[*wire.Message](t)(a.Result())
		expect(t, m, wire.OK, "call 1")
	}
	c := dial(t, s, ClientOptions{})
	send := func(function, id, text string) *wire.Message {
		return must[*wire.Message](t)(c.Send(t.Context(), function, textMessage(id, "s", text)))
	}
	expect(t, send("slow", "id", "x"), wire.OK, "call 1")
	expect(t, send("slow", "other", "x"), wire.OK, "call 2")
	expect(t, send("slow", "", "x"), wire.OK, "call 3")
	expect(t, send("slow", "", "x"), wire.OK, "call 4")
	expect(t, send("slow", "id", "another text"), wire.BadRequest, "Request id reused with different content")
	for _, f := range []struct {
		name string
		want int64
	}{{"throws", 1}, {"throws-again", 2}, {"late", 2}} {
		throws.Store(0)
		for range 2 {
			if m := send(f.name, "id", "x"); m.Status != wire.HandlerError {
				t.Errorf("%s: %s", f.name, m.Status)
			}
		}
		if throws.Load() != f.want {
			t.Errorf("%s was called %d times, want %d", f.name, throws.Load(), f.want)
		}
	}
}

// I4: a message with a request id enters its queue once, also if it has been taken out; what was refused may come again.
func TestOfferOnce(t *testing.T) {
	s := startServer(t, ServerOptions{Dedupe: &DedupeOptions{}})
	createQueue(t, s, "q", 1)
	createQueue(t, s, "contents", 10)
	s.Dedupe(security.Queue, "contents", DedupeOptions{Fingerprint: true})
	c := dial(t, s, ClientOptions{})
	offer := func(queue, id, text string) *wire.Message {
		return must[*wire.Message](t)(c.Offer(t.Context(), queue, "", 0, textMessage(id, "s", text)))
	}
	const again = "Duplicate request id: already offered"
	expect(t, offer("q", "1", "x"), wire.OK, "Offered the message to the queue q")
	expect(t, offer("q", "1", "x"), wire.OK, again)
	expect(t, offer("q", "2", "x"), wire.QueueFull, "Offer to q rejected! The queue is full.")
	expect(t, must[*wire.Message](t)(c.Poll(t.Context(), "q", 0)), wire.OK, "x")
	expect(t, offer("q", "1", "x"), wire.OK, again)
	expect(t, offer("q", "2", "x"), wire.OK, "Offered the message to the queue q")
	expect(t, offer("q", "1", "y"), wire.BadRequest, "Request id reused with different content")
	expect(t, offer("contents", "", "x"), wire.OK, "Offered the message to the queue contents")
	expect(t, offer("contents", "7", "x"), wire.OK, again)
	expect(t, offer("contents", "7", "y"), wire.OK, "Offered the message to the queue contents")
	if st := s.idempotency.stats(); st.Duplicates != 3 {
		t.Errorf("%+v", st)
	}
}

// Without the option nothing is remembered.
func TestDedupeIsOff(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 10)
	c := dial(t, s, ClientOptions{})
	for range 2 {
		got := must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, textMessage("1", "s", "x")))
		expect(t, got, wire.OK, "Offered the message to the queue q")
	}
}

// durableServer is a server at an address with the durable queue "orders".
func durableServer(t *testing.T, addr Address, o ServerOptions) *Server {
	t.Helper()
	s := must[*Server](t)(NewServer(addr, o))
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: "orders", Capacity: 5000, Durable: true}); err != nil {
		t.Fatal(err)
	}
	return s
}

// I4, C4: what a durable queue has seen is known behind a restart, from messages in the queue and from consumed ones, also when
// compaction has dropped their payload.
func TestOfferOnceOverRestarts(t *testing.T) {
	for _, compact := range []bool{false, true} {
		t.Run(fmt.Sprint("compaction ", compact), func(t *testing.T) {
			addr := unixAddress(t)
			o := ServerOptions{Dedupe: &DedupeOptions{}, Log: &LogOptions{Dir: t.TempDir(), Compact: compact}}
			order := func(id, text string) *wire.Message {
				m := textMessage(id, "s", text)
				m.Durable = true
				return m
			}
			for round := range 3 {
				s := durableServer(t, addr, o)
				c := must[*Client](t)(Dial(t.Context(), addr, ClientOptions{}))
				offer := func(id, text string) *wire.Message {
					return must[*wire.Message](t)(c.Offer(t.Context(), "orders", "", 0, order(id, text)))
				}
				if round == 0 {
					expect(t, offer("consumed", "x"), wire.OK, "Offered the message to the queue orders")
					expect(t, must[*wire.Message](t)(c.Poll(t.Context(), "orders", 0)), wire.OK, "x")
					expect(t, offer("waits", "y"), wire.OK, "Offered the message to the queue orders")
				}
				expect(t, offer("consumed", "x"), wire.OK, "Duplicate request id: already offered")
				expect(t, offer("waits", "y"), wire.OK, "Duplicate request id: already offered")
				expect(t, offer("waits", "other"), wire.BadRequest, "Request id reused with different content")
				if round > 0 && !compact {
					expect(t, offer("consumed", "other"), wire.BadRequest, "Request id reused with different content")
				}
				if st, _ := s.QueueStatus("orders"); st.Size != 1 {
					t.Errorf("round %d: %d messages", round, st.Size)
				}
				if err := errors.Join(c.Close(), s.Close()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var lossSeed = flag.Uint64("loss-seed", 0, "seed of the tests that lose answers; 0: another one each time")

// oneEach is how the clients of T11 ask: 16 of them, each its requests one after the other, each request again until it is answered,
// over a network that loses a fifth of the answers. answered grows with each; what has to be done meanwhile is the caller's.
func oneEach(t *testing.T, to Address, each int, answered *atomic.Int64, request func(c *Client, m *wire.Message, r *Retrier) Tried) (wait func()) {
	t.Helper()
	const clients = 16
	seed := *lossSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-loss-seed %d", seed)
	server, loss := to.dial(), brokertest.NewLoss(seed, 0.2)
	proxy := brokertest.Start(t, server.network, server.address, brokertest.Path{}, brokertest.Path{Frames: loss.Fate})
	retrier := must[*Retrier](t)(NewRetrier(RetryPolicy{
		Timeout: 100 * time.Millisecond, Deadline: 2 * time.Minute, MaxAttempts: 10_000, Base: time.Millisecond, Max: 20 * time.Millisecond,
		Budget: 1, Burst: 1 << 20, RetryErrors: true, // a server that ends answers so
	}))
	var attempts atomic.Int64
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	for i := range clients {
		c := must[*Client](t)(Dial(t.Context(), Port(int64(proxy.Port())), ClientOptions{Reconnect: Reconnect{Max: 20 * time.Millisecond}}))
		wg.Go(func() {
			defer c.Close()
			for n := range each {
				m := textMessage(fmt.Sprintf("%d-%d", i, n), "s", fmt.Sprintf("order %d-%d", i, n))
				m.Durable = true
				got := request(c, m, retrier)
				if got.Outcome != Succeeded {
					t.Errorf("request %s: %s after %d attempts, %v", m.RequestID, got.Outcome, got.Attempts, got.Err)
					return
				}
				answered.Add(1)
				attempts.Add(int64(got.Attempts))
			}
		})
	}
	return func() {
		wg.Wait()
		t.Logf("%d requests, %d attempts, %d answers lost", answered.Load(), attempts.Load(), loss.Lost())
		if want := int64(clients * each); answered.Load() != want || attempts.Load() == want {
			t.Errorf("%d requests of %d are answered, after %d attempts", answered.Load(), want, attempts.Load())
		}
	}
}

// T11: while its server lives a function has its effect once for each request, though a fifth of the answers is lost; and each
// request gets its own answer.
func TestEffectsExactlyOnce(t *testing.T) {
	s := startServer(t, ServerOptions{Dedupe: &DedupeOptions{TTL: 10 * time.Minute}, MaxConnections: 500})
	var mu sync.Mutex
	effects := map[string]int{}
	createFunction(t, s, "order", func(_ context.Context, m *wire.Message) (*wire.Message, error) {
		mu.Lock()
		defer mu.Unlock()
		effects[m.RequestID]++
		return m, nil
	})
	const each = 125
	var answered atomic.Int64
	wait := oneEach(t, s.Address(), each, &answered, func(c *Client, m *wire.Message, r *Retrier) Tried {
		got := c.SendRetrying(t.Context(), "order", m, r)
		if got.Outcome == Succeeded && string(got.Answer.Payload) != string(m.Payload) {
			t.Errorf("request %s got the answer %q", m.RequestID, got.Answer.Payload)
		}
		return got
	})
	wait()
	for id, n := range effects {
		if n != 1 {
			t.Errorf("request %s had its effect %d times", id, n)
		}
	}
	if int64(len(effects)) != answered.Load() {
		t.Errorf("%d requests had an effect, %d were answered", len(effects), answered.Load())
	}
}

// T11: the same for entries of a durable queue, over 20 ends of the server in this process. The conformance tests kill one.
func TestExactlyOnce(t *testing.T) {
	const requests, each, deaths = 2000, 125, 20
	addr := unixAddress(t)
	o := ServerOptions{Dedupe: &DedupeOptions{TTL: 10 * time.Minute}, Log: &LogOptions{Dir: t.TempDir(), Sync: -1}, MaxConnections: 500}
	s := durableServer(t, addr, o)
	var answered atomic.Int64
	wait := oneEach(t, addr, each, &answered, func(c *Client, m *wire.Message, r *Retrier) Tried {
		return c.OfferRetrying(t.Context(), "orders", m, r)
	})
	for death := range deaths {
		eventually(t, "the next orders are answered", func() bool { return answered.Load() >= int64(requests*(death+1)/(deaths+2)) || t.Failed() })
		at, cancel := context.WithCancel(t.Context())
		cancel() // nothing is drained
		_ = s.Shutdown(at)
		<-s.stopped
		s = durableServer(t, addr, o)
	}
	wait()
	seen := map[string]int{}
	c := must[*Client](t)(Dial(t.Context(), addr, ClientOptions{}))
	for {
		m := must[*wire.Message](t)(c.Poll(t.Context(), "orders", 0))
		if m.Status == wire.QueueEmpty {
			break
		}
		seen[m.RequestID]++
	}
	if len(seen) != requests {
		t.Errorf("%d different orders, want %d", len(seen), requests)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("order %s is there %d times", id, n)
		}
	}
	if err := errors.Join(c.Close(), s.Close()); err != nil {
		t.Error(err)
	}
}
