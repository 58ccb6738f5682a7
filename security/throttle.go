// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"sync"
	"time"
)

// throttle counts failed logins per source and user (S10, decisions.md W10). A correct password is never held up: only the
// answers to failures beyond the limit come late.
type throttle struct {
	mu      sync.Mutex
	entries map[throttleKey]*failures
}

type throttleKey struct{ source, user string }

type failures struct {
	since time.Time // when the minute began
	n     int
}

const (
	failuresPerMinute = 30
	maxThrottled      = 10_000 // entries; the table is dropped when it is full: nobody is locked out by it
	lateAnswer        = time.Second
)

// failed notes a failure and waits if there have been too many; ctx ends the wait.
func (t *throttle) failed(ctx context.Context, source, user string) {
	if !t.note(throttleKey{source, user}, time.Now()) {
		return
	}
	wait := time.NewTimer(lateAnswer)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// note counts a failure and reports whether its answer is to come late.
func (t *throttle) note(key throttleKey, now time.Time) (late bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.entries[key]
	if f == nil || now.Sub(f.since) > time.Minute {
		if t.entries == nil || len(t.entries) >= maxThrottled {
			t.entries = map[throttleKey]*failures{}
		}
		f = &failures{since: now}
		t.entries[key] = f
	}
	f.n++
	return f.n > failuresPerMinute
}
