// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gondola/lisp/value"
)

// Meter counts and times the calls of an interpreter's own functions while it is on (prof). A time holds those of the
// functions called within, so that recursive calls count more than once. Builtins are not metered: they have no calls of
// their own when the compiler has fused them.
type Meter struct {
	on    atomic.Bool
	mu    sync.Mutex
	times map[string]*Metered
}

// Metered is what has been counted of one function.
type Metered struct {
	Name  string
	Count int64
	Time  time.Duration
}

// Meter is the interpreter's.
func (rt *Runtime) Meter() *Meter { return &rt.meter }

// SetMetering turns the meter on or off: for this thread, and for those that begin from now on.
func (th *Thread) SetMetering(on bool) {
	th.rt.meter.on.Store(on)
	th.metered = on
}

// On reports whether the meter is on.
func (m *Meter) On() bool { return m.on.Load() }

// Keep forgets all functions but these.
func (m *Meter) Keep(names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.times {
		if !slices.Contains(names, name) {
			delete(m.times, name)
		}
	}
}

// Times returns what has been counted, the longest first.
func (m *Meter) Times() []Metered {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Metered
	for _, t := range m.times {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Metered) int {
		if a.Time != b.Time {
			return int(min(1, max(-1, b.Time-a.Time)))
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// timed calls f and counts it. The meter may have been turned off meanwhile.
func (th *Thread) timed(f *Fn, call func() (value.Value, error)) (value.Value, error) {
	start := time.Now()
	v, err := call()
	d := time.Since(start)
	m := &th.rt.meter
	if !m.on.Load() {
		th.metered = false
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.times == nil {
		m.times = map[string]*Metered{}
	}
	t := m.times[f.name]
	if t == nil {
		t = &Metered{Name: f.name}
		m.times[f.name] = t
	}
	t.Count++
	t.Time += d
	return v, err
}
