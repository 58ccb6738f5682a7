// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/wire"
)

func retrier(t *testing.T, p RetryPolicy) *Retrier {
	t.Helper()
	return must[*Retrier](t)(NewRetrier(p))
}

// I6, I8: what is repeated, and what is known in the end.
func TestWhatIsRetried(t *testing.T) {
	answer := func(s wire.Status) func() (*wire.Message, error) {
		return func() (*wire.Message, error) { return &wire.Message{Type: wire.Response, Status: s}, nil }
	}
	failing := func(err error) func() (*wire.Message, error) {
		return func() (*wire.Message, error) { return nil, err }
	}
	late, eof, lost := &TimeoutError{After: time.Second}, &EOFError{Cause: io.EOF}, &LostError{Cause: io.EOF}
	for _, c := range []struct {
		name     string
		offer    bool
		errors   bool // RetryErrors
		sent     []func() (*wire.Message, error)
		outcome  Outcome
		attempts int
	}{
		{"at once", false, false, []func() (*wire.Message, error){answer(wire.OK)}, Succeeded, 1},
		{"behind a time-out", false, false, []func() (*wire.Message, error){failing(late), answer(wire.OK)}, Succeeded, 2},
		{"behind a lost connection", true, false, []func() (*wire.Message, error){failing(eof), failing(lost), answer(wire.OK)}, Succeeded, 3},
		{"behind a full queue", true, false, []func() (*wire.Message, error){answer(wire.QueueFull), answer(wire.QueueAccessInterrupted), answer(wire.OK)}, Succeeded, 3},
		{"always full", true, false, []func() (*wire.Message, error){answer(wire.QueueFull)}, Failed, 4},
		{"never answered", false, false, []func() (*wire.Message, error){failing(late)}, Unknown, 4},
		{"never sent", false, false, []func() (*wire.Message, error){failing(lost)}, Failed, 4},
		{"once not answered, then refused", true, false, []func() (*wire.Message, error){failing(late), answer(wire.NoPermission)}, Unknown, 2},
		{"no permission", false, false, []func() (*wire.Message, error){answer(wire.NoPermission)}, Failed, 1},
		{"bad request", false, false, []func() (*wire.Message, error){answer(wire.BadRequest)}, Failed, 1},
		{"no function", false, false, []func() (*wire.Message, error){answer(wire.FunctionNotFound)}, Failed, 1},
		{"no queue", true, false, []func() (*wire.Message, error){answer(wire.QueueNotFound)}, Failed, 1},
		{"the function throws", false, false, []func() (*wire.Message, error){answer(wire.HandlerError)}, Failed, 1},
		{"the function throws once", false, true, []func() (*wire.Message, error){answer(wire.HandlerError), answer(wire.OK)}, Succeeded, 2},
		{"the log fails", true, false, []func() (*wire.Message, error){answer(wire.HandlerError)}, Unknown, 1},
		{"too large", false, false, []func() (*wire.Message, error){failing(&SizeError{Limit: 1, Payload: 2})}, Failed, 1},
		{"closed", false, false, []func() (*wire.Message, error){failing(ErrClosed)}, Failed, 1},
	} {
		r := retrier(t, RetryPolicy{Base: time.Microsecond, RetryErrors: c.errors})
		n := 0
		got := r.try(t.Context(), c.offer, func(context.Context) (*wire.Message, error) {
			n++
			return c.sent[min(n, len(c.sent))-1]()
		})
		if got.Outcome != c.outcome || got.Attempts != c.attempts || n != c.attempts {
			t.Errorf("%s: %s after %d attempts, %d were made; want %s after %d", c.name, got.Outcome, got.Attempts, n, c.outcome, c.attempts)
		}
	}
}

// I5: the waits grow from base by factor up to max, a random part of each; an attempt ends with its time-out, all with the
// deadline, and no wait begins that would go beyond it.
func TestRetryTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		r := retrier(t, RetryPolicy{Base: 100 * time.Millisecond, Factor: 3, Max: time.Second, NoJitter: true, MaxAttempts: 6, Deadline: time.Hour})
		r.Do(t.Context(), func(context.Context, int) Attempt {
			at = append(at, time.Now())
			return Attempt{Retry: true}
		})
		want := []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 900 * time.Millisecond, time.Second, time.Second}
		for i, w := range want {
			if d := at[i+1].Sub(at[i]); d != w {
				t.Errorf("wait %d is %v, want %v", i+1, d, w)
			}
		}
		begun := time.Now()
		r = retrier(t, RetryPolicy{Timeout: 2 * time.Second, Deadline: 5 * time.Second, MaxAttempts: 100, Base: time.Nanosecond})
		o, n := r.Do(t.Context(), func(ctx context.Context, _ int) Attempt {
			<-ctx.Done()
			return Attempt{Unknown: true, Retry: true}
		})
		if d := time.Since(begun); o != Unknown || n != 3 || d != 5*time.Second {
			t.Errorf("%s after %d attempts and %v", o, n, d)
		}
		begun = time.Now()
		r = retrier(t, RetryPolicy{Deadline: 5 * time.Second, Base: time.Minute, Max: time.Minute, NoJitter: true})
		if o, n := r.Do(t.Context(), func(context.Context, int) Attempt { return Attempt{Retry: true} }); o != Failed || n != 1 || time.Since(begun) != 0 {
			t.Errorf("%s after %d attempts and %v", o, n, time.Since(begun))
		}
		longest := time.Duration(0)
		for range 1000 {
			d := backoff(3, 10*time.Millisecond, time.Hour, 2)
			if d < 0 || d > 40*time.Millisecond {
				t.Fatalf("a wait of %v", d)
			}
			longest = max(longest, d)
		}
		if longest < 30*time.Millisecond {
			t.Errorf("of 1000 random waits none is over %v", longest)
		}
	})
}

// I7, T53: a server that is silent for 30 s under 100 clients gets at most 1.1 times the requests that it gets at other times, and
// once the burst of each policy, which is there at the start: of one that all share, or of one for each client.
func TestRetryBudget(t *testing.T) {
	const clients, normal = 100, 300 // a second each second: every client asks 3 times
	for _, policies := range []int{1, clients} {
		synctest.Test(t, func(t *testing.T) {
			var silent atomic.Bool
			var sent, first atomic.Int64
			var retriers []*Retrier
			for range policies {
				retriers = append(retriers, retrier(t, RetryPolicy{Timeout: time.Second, MaxAttempts: 10}))
			}
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for i := range clients {
				wg.Go(func() {
					tick := time.NewTicker(time.Second * clients / normal)
					defer tick.Stop()
					for {
						select {
						case <-tick.C:
						case <-ctx.Done():
							return
						}
						wg.Go(func() { // requests come whether others are answered or not
							first.Add(1)
							retriers[i%policies].Do(ctx, func(ctx context.Context, _ int) Attempt {
								sent.Add(1)
								if silent.Load() {
									<-ctx.Done()
									return Attempt{Unknown: true, Retry: true}
								}
								return Attempt{Done: true}
							})
						})
					}
				})
			}
			time.Sleep(10 * time.Second)
			silent.Store(true)
			begun, asked := sent.Load(), first.Load()
			time.Sleep(30 * time.Second)
			load, requests := sent.Load()-begun, first.Load()-asked
			stop()
			wg.Wait()
			most := int64(float64(requests)*1.1) + int64(policies*retryBurst)
			t.Logf("%d policies: %d sent for %d requests, %.2f times as many, at most %d", policies, load, requests, float64(load)/float64(requests), most)
			if load > most || load < requests {
				t.Errorf("%d sent for %d requests, at most %d", load, requests, most)
			}
		})
	}
}

// A policy that makes no sense is refused.
func TestRetryPolicyIsChecked(t *testing.T) {
	for _, p := range []RetryPolicy{{Timeout: -1}, {Deadline: -1}, {Base: -1}, {Max: -1}, {MaxAttempts: -1}, {Factor: 0.5}, {Factor: -1}, {Budget: -1}, {Burst: -1}} {
		var argument *ArgumentError
		if _, err := NewRetrier(p); !errors.As(err, &argument) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	want := RetryPolicy{Timeout: 2 * time.Second, Deadline: 10 * time.Second, MaxAttempts: 4, Base: 50 * time.Millisecond, Factor: 2, Max: 2 * time.Second, Budget: 0.1, Burst: 10}
	if got := retrier(t, RetryPolicy{}).Policy(); got != want {
		t.Errorf("%+v", got)
	}
}
