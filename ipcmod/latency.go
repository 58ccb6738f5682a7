// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"maps"
	"slices"
	"sync"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

const (
	latest          = 1000 // times of a destination
	maxDestinations = 1000 // further ones are not noted
)

// latency keeps the latest times of a client's answered requests. The zero value is ready; safe for concurrent use.
type latency struct {
	mu    sync.Mutex
	times map[string]*samples
}

type samples struct {
	all  []time.Duration
	next int // where the next one goes once there are latest
	n    int64
}

func (l *latency) note(destination string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.times[destination]
	if s == nil {
		if len(l.times) >= maxDestinations {
			return
		}
		if l.times == nil {
			l.times = map[string]*samples{}
		}
		s = &samples{}
		l.times[destination] = s
	}
	s.n++
	if len(s.all) < latest {
		s.all = append(s.all, d)
		return
	}
	s.all[s.next] = d
	s.next = (s.next + 1) % latest
}

func latencyOf(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	c := takeClient(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	l := &c.times
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []value.Value
	for _, name := range slices.Sorted(maps.Keys(l.times)) {
		s := l.times[name]
		sorted := slices.Sorted(slices.Values(s.all))
		at := func(share float64) value.Value {
			return millisOf(sorted[min(len(sorted)-1, int(share*float64(len(sorted))))])
		}
		out = append(out, value.String(name), value.NewOrderedMap(
			value.Kw("count"), value.Long(s.n), value.Kw("p50"), at(0.5), value.Kw("p95"), at(0.95), value.Kw("p99"), at(0.99),
			value.Kw("max"), millisOf(sorted[len(sorted)-1])).Val())
	}
	return value.NewOrderedMap(out...).Val(), nil
}

func millisOf(d time.Duration) value.Value {
	return value.Double(float64(d.Microseconds()) / 1000)
}
