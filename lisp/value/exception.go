// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"context"
	"errors"
	"fmt"
)

// Exception is a script exception: a value that scripts catch and inspect, and the Go error that travels while it is
// thrown. Construction is complete before it is thrown; only Stack grows, on the goroutine that unwinds.
type Exception struct {
	Obj
	Class     *Class
	Message   string
	NoMessage bool       // the message is nil in the script's eyes
	Cause     *Exception // nil without
	Value     Value      // what (throw v) carried, for ValueException
	Stack     []StackFrame
	Final     bool // it ends the evaluation: no script catches it
}

// StackFrame is one line of the script's call stack: the called name and the position of the call's head symbol.
type StackFrame struct {
	Name      string
	File      string
	Line, Col int
}

// NewException makes an exception.
func NewException(class *Class, message string) *Exception {
	return New(&Exception{Class: class, Message: message})
}

// Errorf makes a VncException.
func Errorf(format string, args ...any) *Exception {
	return NewException(VncException, fmt.Sprintf(format, args...))
}

// Throwf makes an exception of the given class.
func Throwf(class *Class, format string, args ...any) *Exception {
	return NewException(class, fmt.Sprintf(format, args...))
}

// Because sets the cause and returns e.
func (e *Exception) Because(cause *Exception) *Exception { e.Cause = cause; return e }

// Error is "VncException: message".
func (e *Exception) Error() string { return e.Class.Simple() + ": " + e.Message }

// Unwrap returns the cause.
func (e *Exception) Unwrap() error {
	if e.Cause == nil {
		return nil
	}
	return e.Cause
}

// Type is the class, as a host type.
func (e *Exception) Type() *Type { return &Type{Name: e.Class.Name} }

// AsException turns any error into an exception: an *Exception is returned as it is (also when wrapped), anything else
// becomes a VncException with the error's text. A nil error gives nil.
func AsException(err error) *Exception {
	if err == nil {
		return nil
	}
	var e *Exception
	if errors.As(err, &e) {
		return e
	}
	switch {
	case errors.Is(err, context.Canceled):
		return NewException(InterruptedException, "Interrupted")
	case errors.Is(err, context.DeadlineExceeded):
		return NewException(TimeoutException, "Timeout")
	}
	return NewException(VncException, err.Error())
}

// CoerceError is "Cannot coerce value of type :core/nil to string."; to is the word behind "to" without the period.
func CoerceError(v Value, to string) *Exception {
	return Errorf("Cannot coerce value of type %s to %s.", v.Type(), to)
}

// BeanProperty answers keyword access: (:message e), (:value e), (:cause e) and the like (language.md 3.8).
func (e *Exception) BeanProperty(name string) (Value, bool) {
	switch name {
	case "message", "localizedMessage":
		return e.MessageValue(), true
	case "cause":
		if e.Cause == nil {
			return Nil, true
		}
		return e.Cause.Val(), true
	case "value":
		if e.Class.IsA(ValueException) {
			return e.Value, true
		}
	}
	return Nil, false
}

// MessageValue is what ex-message answers: nil without a message, "" for a ValueException.
func (e *Exception) MessageValue() Value {
	if e.NoMessage {
		return Nil
	}
	return String(e.Message)
}

// Thrown makes the exception that (throw v) raises for a value that is not an exception.
func Thrown(v Value) *Exception {
	e := NewException(ValueException, "")
	e.Value = v
	return e
}
