// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"context"
	"sync/atomic"
)

// Atom is a shared reference that changes by compare and swap.
type Atom struct {
	Obj
	v         atomic.Pointer[Value]
	meta      *Meta
	Validator Value // nil without
	Watched
}

// NewAtom makes an atom.
func NewAtom(v Value) *Atom { a := New(&Atom{}); a.v.Store(&v); return a }

func (a *Atom) Type() *Type { return TypeAtom }
func (a *Atom) Meta() *Meta { return a.meta }

// WithMeta makes a new atom with the current value; it shares no state with the old one.
func (a *Atom) WithMeta(m *Meta) Value {
	c := NewAtom(a.Deref())
	c.meta, c.Validator, c.watchers = m, a.Validator, a.Watchers()
	return c.Val()
}

// Deref returns the current value.
func (a *Atom) Deref() Value { return *a.v.Load() }

func (a *Atom) validate(c Caller, v Value) error {
	if a.Validator.IsNil() {
		return nil
	}
	ok, err := c.Call(a.Validator, v)
	if err != nil {
		return err
	}
	if !ok.Truthy() {
		return Errorf("Invalid atom state")
	}
	return nil
}

// Reset sets the value; watchers are not called (language.md 12.1).
func (a *Atom) Reset(c Caller, v Value) error {
	if err := a.validate(c, v); err != nil {
		return err
	}
	a.v.Store(&v)
	return nil
}

// Swap sets the value to f of the current one, trying again when another goroutine was faster, and calls the watchers.
func (a *Atom) Swap(c Caller, f func(old Value) (Value, error)) (old, v Value, err error) {
	for {
		at := a.v.Load()
		v, err := f(*at)
		if err != nil {
			return Nil, Nil, err
		}
		if err := a.validate(c, v); err != nil {
			return Nil, Nil, err
		}
		if a.v.CompareAndSwap(at, &v) {
			return *at, v, a.Notify(c, a.Val(), *at, v)
		}
	}
}

// CompareAndSet sets the value if the current one is identical to expected, where scalars, strings, keywords and symbols
// are identical by value (decisions.md L12).
func (a *Atom) CompareAndSet(c Caller, expected, v Value) (bool, error) {
	if err := a.validate(c, v); err != nil {
		return false, err
	}
	for {
		at := a.v.Load()
		if !Identical(*at, expected) {
			return false, nil
		}
		if a.v.CompareAndSwap(at, &v) {
			return true, a.Notify(c, a.Val(), *at, v)
		}
	}
}

// Identical is identity: of numbers, chars, strings, keywords and symbols by type and value (decisions.md L12).
func Identical(a, b Value) bool {
	if a == b {
		return true
	}
	switch a.Ref().(type) {
	case *Str, *Keyword, *Symbol, *BigInt, *Decimal:
		return Equal(a, b)
	}
	return false
}

// Volatile is a shared reference without compare and swap; Just holds one value for ever.
type Volatile struct {
	Obj
	v atomic.Pointer[Value]
}
type Just struct {
	Obj
	V Value
}

// NewVolatile makes a volatile, NewJust a just.
func NewVolatile(v Value) *Volatile { r := New(&Volatile{}); r.v.Store(&v); return r }
func NewJust(v Value) *Just         { return New(&Just{V: v}) }

func (v *Volatile) Type() *Type   { return TypeVolatile }
func (v *Volatile) Deref() Value  { return *v.v.Load() }
func (v *Volatile) Reset(x Value) { v.v.Store(&x) }
func (j *Just) Type() *Type       { return TypeJust }
func (j *Just) Deref() Value      { return j.V }

// Delay computes once, on the goroutine that forces it; value or exception is kept.
type Delay struct {
	Obj
	once once
	body func(c Caller) (Value, error)
	v    Value
	err  error
}

// NewDelay makes a delay; body is called at most once, and once more for each time it was cut short by the end of the
// context of Force.
func NewDelay(body func(c Caller) (Value, error)) *Delay { return New(&Delay{body: body}) }
func (d *Delay) Type() *Type                             { return TypeDelay }

// Force returns the value, computing it if need be. Other goroutines wait until ctx is done.
func (d *Delay) Force(ctx context.Context, c Caller) (Value, error) {
	if !d.once.done.Load() {
		there, err := d.once.enter(ctx, c, "delay")
		if err != nil {
			return Nil, err
		}
		if !there {
			return d.compute(ctx, c)
		}
	}
	return d.v, d.err
}

func (d *Delay) compute(ctx context.Context, c Caller) (v Value, err error) {
	done := false
	defer func() { d.once.leave(done) }() // also when the body panics
	v, err = d.body(c)
	if err != nil && ctx.Err() != nil {
		return Nil, err // interrupted: no result of the body
	}
	d.v, d.err, d.body = v, err, nil
	done = true
	return v, err
}

// Realized returns the value or error if it is there.
func (d *Delay) Realized() (v Value, err error, ok bool) { //nolint:revive // the error is a result here
	if !d.once.done.Load() {
		return Nil, nil, false
	}
	return d.v, d.err, true
}
