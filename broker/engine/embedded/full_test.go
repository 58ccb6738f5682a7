// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gondola/broker/engine"
	"gondola/wal/waltest"
)

// fill offers messages of so many bytes until the disk is full, and returns how many went in. What is refused is told.
func fill(t *testing.T, q engine.Queue, size int) (n int) {
	t.Helper()
	for refused := 0; refused < 3; {
		err := q.Offer(ended, toLog(fmt.Sprintf("%d %s", n, strings.Repeat(".", size))))
		var out *engine.OutOfServiceError
		switch {
		case err == nil && refused == 0:
			n++
		case err == nil:
			t.Fatal("an offer behind a refused one went in")
		case errors.As(err, &out) && strings.Contains(out.Text, "takes no durable messages: the disk is full"):
			refused++
		default:
			t.Fatalf("offer %d: %v", n, err)
		}
	}
	return n
}

// requireNumbered polls the messages from one number up to another.
func requireNumbered(t *testing.T, q engine.Queue, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		m, err := q.Poll(ended)
		if err != nil || !strings.HasPrefix(string(m.Payload), fmt.Sprint(n, " ")) {
			t.Fatalf("poll %d of %d: %v, %v", n, to, m, err)
		}
	}
}

// requireFillDrainRefill is the life of a full disk: offers are refused and nothing else is, the start works, polls work until
// the queue is empty, and a compaction makes room again (T7: D4, D9).
func requireFillDrainRefill(t *testing.T, o LogOptions, size int) {
	t.Helper()
	e := openLogged(t, o)
	q := newDurableQueue(t, e, "q", 1_000_000)
	n := fill(t, q, size)
	half := n / 2
	requireNumbered(t, q, 0, half)
	e = restart(t, e, o)
	q = find(t, e, "q")
	requireNumbered(t, q, half, n)
	if _, err := q.Poll(ended); !errors.Is(err, engine.ErrQueueEmpty) {
		t.Fatal(err)
	}
	o.Compact = true
	e = restart(t, e, o)
	again := fill(t, find(t, e, "q"), size)
	e = restart(t, e, o)
	defer e.Close()
	requireNumbered(t, find(t, e, "q"), 0, again)
	t.Logf("%d messages of %d bytes, after the drain %d", n, size, again)
	if n == 0 || again < n/2 {
		t.Errorf("%d messages went in, after the drain %d", n, again)
	}
}

func TestFullDisk(t *testing.T) {
	for _, size := range []int{100, 1000, 30_000} {
		t.Run(fmt.Sprintf("messages of %d bytes", size), func(t *testing.T) {
			disk := waltest.NewCrashDisk()
			disk.SetCapacity(1 << 20)
			requireFillDrainRefill(t, LogOptions{Dir: "log", FS: disk}, size)
		})
	}
}
