// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"sync"

	"gondola/lisp/value"
)

// monitors is the monitor table of an interpreter, by identity of the locked value; numbers, strings and keywords lock by
// value (L12). Monitors are reentrant per thread and wait on a channel, so that an interrupt ends the wait (E11).
type monitors struct {
	mu    sync.Mutex
	table map[any]*monitor
}

type monitor struct {
	owner *Thread
	depth int
	users int // holders and waiters; the entry is forgotten at zero
	free  chan struct{}
}

func monitorKey(v value.Value) any {
	switch x := v.Ref().(type) {
	case *value.Str:
		return "s" + x.S
	case *value.Keyword:
		return "k" + x.Name
	case *value.Symbol:
		return "y" + x.Name
	}
	return v
}

// lock waits for the monitor of v and returns its release.
func (th *Thread) lock(v value.Value) (unlock func(), err error) {
	key := monitorKey(v)
	ms := &th.rt.monitors
	ms.mu.Lock()
	if ms.table == nil {
		ms.table = map[any]*monitor{}
	}
	m := ms.table[key]
	if m == nil {
		m = &monitor{free: make(chan struct{}, 1)}
		m.free <- struct{}{}
		ms.table[key] = m
	}
	if m.owner == th {
		m.depth++
		ms.mu.Unlock()
		return func() {
			ms.mu.Lock()
			m.depth--
			ms.mu.Unlock()
		}, nil
	}
	m.users++
	ms.mu.Unlock()
	forget := func() {
		if m.users--; m.users == 0 {
			delete(ms.table, key)
		}
	}
	select {
	case <-m.free:
	case <-th.Done():
		ms.mu.Lock()
		forget()
		ms.mu.Unlock()
		return nil, th.Interrupted()
	}
	ms.mu.Lock()
	m.owner = th
	ms.mu.Unlock()
	return func() {
		ms.mu.Lock()
		m.owner = nil
		forget()
		ms.mu.Unlock()
		m.free <- struct{}{}
	}, nil
}

// lockingNode holds the monitor of a value while the body runs.
type lockingNode struct{ on, body Node }

func (n *lockingNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	x, err := n.on.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	unlock, err := th.lock(x)
	if err != nil {
		return value.Nil, err
	}
	defer unlock()
	return n.body.Eval(th, fr)
}

func analyseLocking(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	on, err := c.compile(args[0], false)
	if err != nil {
		return nil, err
	}
	body, err := c.withoutTail(func() (Node, error) { return c.body(args[1:], false) })
	if err != nil {
		return nil, err
	}
	return &lockingNode{on, body}, nil
}
