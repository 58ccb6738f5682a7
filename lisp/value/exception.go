// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"fmt"
	"sync/atomic"
)

// Class is an exception class of the host's class tree (language.md 10.1).
type Class struct {
	Name  string // full name, "com.github.jlangch.venice.VncException"
	Super *Class // nil for java.lang.Throwable
}

// Simple is the name without its package: "VncException".
func (c *Class) Simple() string { panic("not built yet") }

// IsA reports whether c is super or one of its descendants.
func (c *Class) IsA(super *Class) bool {
	for ; c != nil; c = c.Super {
		if c == super {
			return true
		}
	}
	return false
}

// The classes that code in this repository throws. FindClass knows the whole tree.
var (
	Throwable              = &Class{"java.lang.Throwable", nil}
	ExceptionClass         = &Class{"java.lang.Exception", Throwable}
	RuntimeException       = &Class{"java.lang.RuntimeException", ExceptionClass}
	IllegalArgument        = &Class{"java.lang.IllegalArgumentException", RuntimeException}
	IllegalState           = &Class{"java.lang.IllegalStateException", RuntimeException}
	NullPointer            = &Class{"java.lang.NullPointerException", RuntimeException}
	UnsupportedCharset     = &Class{"java.nio.charset.UnsupportedCharsetException", IllegalArgument}
	VncException           = &Class{"com.github.jlangch.venice.VncException", RuntimeException}
	ValueException         = &Class{"com.github.jlangch.venice.ValueException", VncException}
	AssertionException     = &Class{"com.github.jlangch.venice.AssertionException", VncException}
	ArityException         = &Class{"com.github.jlangch.venice.ArityException", VncException}
	SymbolNotFound         = &Class{"com.github.jlangch.venice.SymbolNotFoundException", VncException}
	ParseError             = &Class{"com.github.jlangch.venice.ParseError", VncException}
	EofException           = &Class{"com.github.jlangch.venice.EofException", ParseError}
	ContinueException      = &Class{"com.github.jlangch.venice.ContinueException", RuntimeException}
	NotInTailPosition      = &Class{"com.github.jlangch.venice.NotInTailPositionException", ParseError}
	SecurityException      = &Class{"com.github.jlangch.venice.SecurityException", VncException}
	JavaMethodInvocation   = &Class{"com.github.jlangch.venice.JavaMethodInvocationException", VncException}
	InterruptedException   = &Class{"com.github.jlangch.venice.InterruptedException", VncException}
	TimeoutException       = &Class{"com.github.jlangch.venice.TimeoutException", VncException}
	FileException          = &Class{"com.github.jlangch.venice.FileException", VncException}
	IpcException           = &Class{"com.github.jlangch.venice.util.ipc.IpcException", VncException}
	WriteAheadLogException = &Class{"com.github.jlangch.venice.util.ipc.WriteAheadLogException", IpcException}
)

// FindClass resolves a class keyword without its colon: the short names of language.md 10.1, or a full name of the
// built-in tree (17.4). Nil if unknown.
func FindClass(name string) *Class { panic("not built yet") }

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
	thrown    atomic.Bool
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
// becomes a VncException with the error's text.
func AsException(err error) *Exception { panic("not built yet") }

// CoerceError is "Cannot coerce value of type :core/nil to string."; to is the word behind "to" without the period.
func CoerceError(v Value, to string) *Exception {
	return Errorf("Cannot coerce value of type %s to %s.", v.Type(), to)
}
