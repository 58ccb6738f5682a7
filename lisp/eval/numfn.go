// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"sync/atomic"

	"gondola/lisp/value"
)

// numFn runs a numeric function: one that only computes with longs, compares, chooses, and calls itself (fib, tak). Called
// with longs it has no side effect and cannot fail, so it can be given up anywhere and begun again with the nodes: at the depth
// limit and at an interrupt, whose exceptions need the script's stack, and when a function that it uses has been redefined
// (E12). It runs on windows of int64, without Values and errors (longcode.go).
type numFn struct {
	self  *Var // the global by which it calls itself
	own   *atomic.Bool
	arity int
	body  longExpr
}

// newNumFn returns nil if a function is not numeric or does not call itself: then there is nothing to gain.
func newNumFn(p *proto) *numFn {
	if p.variadic || len(p.caps) > 0 || p.nslots > longSlots {
		return nil
	}
	r := &numReader{calls: true, arity: p.arity}
	b := r.body(p.body)
	if b == nil || r.mixed || r.self == nil {
		return nil
	}
	f := &numFn{self: r.self, own: r.own, arity: p.arity}
	if f.own == nil {
		f.own = &never
	}
	c := &longCoder{f: f}
	f.body = c.body(b)
	switch {
	case f.body == nil:
		return nil
	case c.tails:
		f.body = &longEntry{f.body}
	}
	return f
}

// longsOutcome is how an attempt to call a numeric function ended.
type longsOutcome int

const (
	longsDone    longsOutcome = iota
	longsUnfit                // an argument is no long: the nodes do it
	longsGivenUp              // the nodes do it, from the start
)

// call is a call of fn, the closure that f belongs to, with the arguments in the frame.
func (f *numFn) call(th *Thread, fn *Fn, fr *Frame) (value.Value, longsOutcome) {
	if th.budget != nil { // the nodes pay
		return value.Nil, longsUnfit
	}
	var args longWindow
	for i := range f.arity {
		n, ok := fr[i].Long()
		if !ok {
			return value.Nil, longsUnfit
		}
		args[i] = n
	}
	m := th.longs
	if m == nil {
		m = &longMachine{limit: &th.limit}
		th.longs = m
	} else if m.idle {
		return value.Nil, longsUnfit
	}
	m.open, m.depth, m.self, m.fn, m.own = 0, th.depth, &f.self.fn, fn, f.own
	w := m.enter()
	if w != nil {
		*w = args
		n := f.body.long(m, w)
		if !m.stopped {
			return value.Long(n), longsDone
		}
	}
	m.stopped, m.again = false, false
	return value.Nil, longsGivenUp
}

// longWindow holds the locals of one call.
type longWindow [longSlots]int64

const longSlots = 16

// longMachine is what a thread's numeric functions run on. One runs at a time: it calls nothing but itself.
type longMachine struct {
	windows []longWindow
	open    int   // windows in use
	depth   int64 // of the script's calls around
	limit   *atomic.Int64
	self    *atomic.Pointer[Fn]
	fn      *Fn
	own     *atomic.Bool
	stopped bool // the call is given up: everything returns at once
	again   bool // a tail call has set the locals: the body runs once more
	idle    bool // the nodes are at work on a call that was given up
}

// fits reports whether nothing has happened that the nodes must see.
func (m *longMachine) fits() bool {
	return m.depth+int64(m.open) < m.limit.Load() && m.self.Load() == m.fn && !m.own.Load()
}

// enter opens the locals of a call; nil if the call is given up. The caller closes them: m.open--.
func (m *longMachine) enter() *longWindow {
	i := m.open
	if uint(i) < uint(len(m.windows)) && m.fits() {
		m.open = i + 1
		return &m.windows[i]
	}
	return m.enterSlow()
}

// enterSlow gives up, or opens a window on a larger stack. Windows that are open are only reached through pointers, which
// keep the old one.
func (m *longMachine) enterSlow() *longWindow {
	if m.stopped || !m.fits() {
		m.stopped = true
		return nil
	}
	if m.open >= len(m.windows) {
		m.windows = make([]longWindow, max(2*len(m.windows), 64))
	}
	m.open++
	return &m.windows[m.open-1]
}

// longEntry is the body of a function with calls of itself in tail positions (E5).
type longEntry struct{ body longExpr }

func (n *longEntry) long(m *longMachine, w *longWindow) int64 {
	v := n.body.long(m, w)
	for m.again {
		if m.again = false; m.stopped || !m.fits() {
			m.stopped = true
			return 0
		}
		v = n.body.long(m, w)
	}
	return v
}
