// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"gondola/broker/engine"
	"gondola/wal/waltest"
)

// Polls that give up just when a message arrives lose none: of 100,000 offers against pollers that wait 0 to 5 ms, each message
// is received once or still there, also after a restart (P2; from public reports).
func TestPollersThatGiveUp(t *testing.T) {
	const producers, pollers = 4, 8
	offers := 100_000
	if testing.Short() || raceEnabled {
		offers = 10_000
	}
	t.Logf("%d offers", offers)
	o := LogOptions{Dir: "log", FS: waltest.NewCrashDisk(), Sync: -1}
	e := openLogged(t, o)
	q := newDurableQueue(t, e, "q", offers)
	var received [pollers]map[uuid.UUID]int
	var offering, polling sync.WaitGroup
	var left atomic.Int64
	left.Store(int64(offers))
	for i := range producers {
		offering.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for left.Add(-1) >= 0 {
				if err := q.Offer(ended, toLog("x")); err != nil {
					t.Error(err)
					return
				}
				if r.IntN(50) == 0 { // so that polls have to wait
					time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
				}
			}
		})
	}
	stop := make(chan struct{})
	for i := range pollers {
		received[i] = map[uuid.UUID]int{}
		polling.Go(func() {
			r := rand.New(rand.NewPCG(2, uint64(i)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(5001))*time.Microsecond)
				m, err := q.Poll(ctx)
				cancel()
				switch {
				case err == nil:
					received[i][m.ID]++
				case !errors.Is(err, engine.ErrQueueEmpty):
					t.Error(err)
					return
				}
			}
		})
	}
	offering.Wait()
	close(stop)
	polling.Wait()
	got := map[uuid.UUID]int{}
	for _, r := range received {
		for id, n := range r {
			got[id] += n
		}
	}
	inTime := len(got)
	e = restart(t, e, o)
	defer e.Close()
	for q = find(t, e, "q"); ; {
		m, err := q.Poll(ended)
		if errors.Is(err, engine.ErrQueueEmpty) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[m.ID]++
	}
	for id, n := range got {
		if n != 1 {
			t.Errorf("message %v came %d times", id, n)
		}
	}
	if len(got) != offers || inTime == 0 {
		t.Errorf("%d received, %d remaining, %d offered", inTime, len(got)-inTime, offers)
	}
}
