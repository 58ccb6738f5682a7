// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// LazySeq is a memoised lazy sequence. It is forced on the goroutine of its reader (evaluator.md E10): a state is thunk,
// running or done; another goroutine waits; re-entering on the same Caller is an exception; an error leaves the thunk.
type LazySeq struct {
	Obj
	meta *Meta
	cell *lazyCell
}

type lazyCell struct {
	once  once
	step  LazyStep
	first Value
	rest  *LazySeq
	more  bool // first is valid
}

// NewLazySeq makes a lazy sequence from a step. The step returns the first element and the rest; ok false means the end.
// It is called until it succeeds once.
func NewLazySeq(step LazyStep) *LazySeq { return New(&LazySeq{cell: &lazyCell{step: step}}) }

// NewLazyCons is a lazy sequence whose first cell is there already; a nil rest ends it.
func NewLazyCons(first Value, rest *LazySeq) *LazySeq {
	cell := &lazyCell{first: first, rest: rest, more: true}
	cell.once.done.Store(true)
	return New(&LazySeq{cell: cell})
}

// LazyStep computes one cell of a lazy sequence.
type LazyStep func(c Caller) (first Value, rest *LazySeq, ok bool, err error)

func (l *LazySeq) Type() *Type            { return TypeLazySeq }
func (l *LazySeq) Meta() *Meta            { return l.meta }
func (l *LazySeq) WithMeta(m *Meta) Value { return New(&LazySeq{meta: m, cell: l.cell}).Val() }

// Next forces the first cell. A nil rest with ok is a sequence that ends there.
func (l *LazySeq) Next(c Caller) (first Value, rest *LazySeq, ok bool, err error) {
	x := l.cell
	if !x.once.done.Load() {
		if err := x.force(c); err != nil {
			return Nil, nil, false, err
		}
	}
	return x.first, x.rest, x.more, nil
}

// Stepper is a Caller whose evaluation can be stopped: a sequence without end is then no loop without end (E11). Step is one
// turn of a loop that allocates so many bytes, Turns several that allocate nothing; Room asks whether a value may grow to so many. All return nil, or the exception
// that ends the evaluation.
type Stepper interface {
	Step(bytes int) error
	Turns(n int) error
	Room(bytes int) error
}

// Estimates of what limits count, in bytes.
const (
	lazyCellSize = 128
	slotSize     = 16 // a Value in a slice
)

// turns is Turns of a Caller that has it.
func turns(c Caller, n int) error {
	if s, ok := c.(Stepper); ok {
		return s.Turns(n)
	}
	return nil
}

// step is Step of a Caller that has it.
func step(c Caller, bytes int) error {
	if s, ok := c.(Stepper); ok {
		return s.Step(bytes)
	}
	return nil
}

func (x *lazyCell) force(c Caller) error {
	if err := step(c, lazyCellSize); err != nil {
		return err
	}
	there, err := x.once.enter(contextOf(c), c, "lazy sequence")
	if there || err != nil {
		return err
	}
	done := false
	defer func() { x.once.leave(done) }() // also when the step panics
	first, rest, more, err := x.step(c)
	if err != nil {
		return err
	}
	if more {
		x.first, x.rest, x.more = first, rest, true
	}
	x.step = nil
	done = true
	return nil
}
