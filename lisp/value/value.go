// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package value holds the data of the language: scalars, text, collections, references and exceptions, with the
// relations between them (equality, hash, order, printed form). Nothing in here evaluates code; what has to call
// script code takes a Caller.
//
// A Value is 16 bytes and comparable. The zero Value is the script's nil. Scalars live in the Value itself, everything
// else is a heap object that embeds Obj and whose constructor ends in New. Values are immutable, save the few types
// whose name says otherwise (Atom, Future, ByteBuf, the mutable collections); those may be shared between goroutines.
package value

import "math"

// Value is one script value. == between Values is identity (for scalars: same type and bits), not the language's =.
type Value struct {
	o *Obj   // nil for nil | a scalar tag | the header of a heap object
	n uint64 // the bits of a scalar; 0 for heap objects
}

// Obj is the header that every heap type embeds. It points back at its owner, so a Value can be asked what it holds.
type Obj struct{ self Object }

// Object is a heap value: *Str, *List, *Exception, …
type Object interface {
	header() *Obj // promoted from the embedded Obj
	Val() Value   // promoted from the embedded Obj
	Type() *Type
}

func (o *Obj) header() *Obj { return o }

// Val returns the Value that refers to the object. A nil object panics: a nil *Vector must never travel as a Value.
func (o *Obj) Val() Value { return Value{o: o} }

// New completes a heap object: every constructor ends in it.
func New[T Object](x T) T {
	x.header().self = x
	return x
}

var longTag, intTag, doubleTag, floatTag, boolTag, charTag Obj

// Nil is the script's nil, the zero Value.
var Nil Value

// True and False are the two booleans.
var (
	True  = Value{&boolTag, 1}
	False = Value{&boolTag, 0}
)

// Long makes a 64 bit integer (:core/long).
func Long(n int64) Value { return Value{&longTag, uint64(n)} }

// Int makes a 32 bit integer (:core/integer).
func Int(n int32) Value { return Value{&intTag, uint64(uint32(n))} }

// Double makes a 64 bit float (:core/double).
func Double(f float64) Value { return Value{&doubleTag, math.Float64bits(f)} }

// Float makes a 32 bit float (:core/float).
func Float(f float32) Value { return Value{&floatTag, uint64(math.Float32bits(f))} }

// Char makes a character, one UTF-16 code unit (:core/char).
func Char(c uint16) Value { return Value{&charTag, uint64(c)} }

// Bool makes a boolean.
func Bool(b bool) Value {
	if b {
		return True
	}
	return False
}

// Long returns the value of a :core/long.
func (v Value) Long() (int64, bool) { return int64(v.n), v.o == &longTag }

// Int returns the value of a :core/integer.
func (v Value) Int() (int32, bool) { return int32(v.n), v.o == &intTag }

// Double returns the value of a :core/double.
func (v Value) Double() (float64, bool) { return math.Float64frombits(v.n), v.o == &doubleTag }

// Float returns the value of a :core/float.
func (v Value) Float() (float32, bool) { return math.Float32frombits(uint32(v.n)), v.o == &floatTag }

// Bool returns the value of a boolean.
func (v Value) Bool() (bool, bool) { return v.n != 0, v.o == &boolTag }

// Char returns the value of a :core/char.
func (v Value) Char() (uint16, bool) { return uint16(v.n), v.o == &charTag }

// IsNil reports whether v is nil.
func (v Value) IsNil() bool { return v.o == nil }

// Truthy reports whether v counts as true: everything but nil and false does.
func (v Value) Truthy() bool { return v.o != nil && (v.o != &boolTag || v.n != 0) }

// Ref returns the heap object for `switch x := v.Ref().(type)`; nil for nil and for scalars.
func (v Value) Ref() Object {
	if v.o == nil {
		return nil
	}
	return v.o.self
}

// As returns the heap object of v if it is a T.
func As[T Object](v Value) (T, bool) {
	x, ok := v.Ref().(T)
	return x, ok
}

// Str returns the text of a :core/string; keywords and symbols are not strings here, see Text.
func (v Value) Str() (string, bool) {
	if s, ok := v.Ref().(*Str); ok {
		return s.S, true
	}
	return "", false
}

// IsNumber reports whether v is of one of the six number types.
func (v Value) IsNumber() bool {
	switch v.o {
	case &longTag, &intTag, &doubleTag, &floatTag:
		return true
	}
	switch v.Ref().(type) {
	case *Decimal, *BigInt:
		return true
	}
	return false
}

// Caller runs script functions; *eval.Thread implements it. Whatever realises a lazy sequence or a delay, updates an
// atom, or prints or compares records takes one.
type Caller interface {
	Call(f Value, args ...Value) (Value, error)
}
