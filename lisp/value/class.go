// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import "strings"

// Class is an exception class of the host's class tree (language.md 10.1).
type Class struct {
	Name  string // full name, "com.github.jlangch.venice.VncException"
	Super *Class // nil for java.lang.Throwable
}

// Simple is the name without its package: "VncException".
func (c *Class) Simple() string { return c.Name[strings.LastIndexByte(c.Name, '.')+1:] }

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
	ShellException         = &Class{"com.github.jlangch.venice.ShellException", VncException}
	ArithmeticException    = &Class{"java.lang.ArithmeticException", RuntimeException}
	NumberFormatException  = &Class{"java.lang.NumberFormatException", IllegalArgument}
	NegativeArraySize      = &Class{"java.lang.NegativeArraySizeException", RuntimeException}
	IndexOutOfBounds       = &Class{"java.lang.IndexOutOfBoundsException", RuntimeException}
	DateTimeException      = &Class{"java.time.DateTimeException", RuntimeException}
	DateTimeParse          = &Class{"java.time.format.DateTimeParseException", DateTimeException}
	UnsupportedTemporal    = &Class{"java.time.temporal.UnsupportedTemporalTypeException", DateTimeException}
	IOException            = &Class{"java.io.IOException", ExceptionClass}
	FileNotFound           = &Class{"java.io.FileNotFoundException", IOException}
	ClassCastException     = &Class{"java.lang.ClassCastException", RuntimeException}
	ExecutionException     = &Class{"java.util.concurrent.ExecutionException", ExceptionClass}
)

var thrownClasses = []*Class{
	Throwable,
	ExceptionClass,
	RuntimeException,
	IllegalArgument,
	IllegalState,
	NullPointer,
	UnsupportedCharset,
	VncException,
	ValueException,
	AssertionException,
	ArityException,
	SymbolNotFound,
	ParseError,
	EofException,
	ContinueException,
	NotInTailPosition,
	SecurityException,
	JavaMethodInvocation,
	InterruptedException,
	TimeoutException,
	FileException,
	IpcException,
	WriteAheadLogException,
	ShellException,
	ArithmeticException,
	NumberFormatException,
	NegativeArraySize,
	IndexOutOfBounds,
	DateTimeException,
	DateTimeParse,
	UnsupportedTemporal,
	IOException,
	FileNotFound,
	ClassCastException,
	ExecutionException,
}

// otherClasses are those of the tree that scripts name and nothing here throws.
var otherClasses = []*Class{
	{"java.lang.Error", Throwable},
	{"java.lang.ClassNotFoundException", ExceptionClass},
	{"java.lang.CloneNotSupportedException", ExceptionClass},
	{"java.lang.InterruptedException", ExceptionClass},
	{"java.lang.NegativeArraySizeException", RuntimeException},
	{"java.lang.NoSuchFieldException", ExceptionClass},
	{"java.lang.NoSuchMethodException", ExceptionClass},
	{"java.lang.ArrayIndexOutOfBoundsException", IndexOutOfBounds},
	{"java.lang.StringIndexOutOfBoundsException", IndexOutOfBounds},
	{"java.lang.UnsupportedOperationException", RuntimeException},
	{"java.io.EOFException", IOException},
	{"java.io.UncheckedIOException", RuntimeException},
	{"java.io.UnsupportedEncodingException", IOException},
	{"java.net.ConnectException", IOException},
	{"java.net.MalformedURLException", IOException},
	{"java.net.SocketException", IOException},
	{"java.net.SocketTimeoutException", IOException},
	{"java.net.UnknownHostException", IOException},
	{"java.net.URISyntaxException", ExceptionClass},
	{"java.nio.file.FileSystemException", IOException},
	{"java.nio.file.NoSuchFileException", IOException},
	{"java.text.ParseException", ExceptionClass},
	{"java.util.ConcurrentModificationException", RuntimeException},
	{"java.util.MissingResourceException", RuntimeException},
	{"java.util.NoSuchElementException", RuntimeException},
	{"java.util.concurrent.BrokenBarrierException", ExceptionClass},
	{"java.util.concurrent.CancellationException", IllegalState},
	{"java.util.concurrent.CompletionException", RuntimeException},
	{"java.util.concurrent.RejectedExecutionException", RuntimeException},
	{"java.util.concurrent.TimeoutException", ExceptionClass},
	{"java.util.regex.PatternSyntaxException", IllegalArgument},
}

// FindClass resolves a class keyword without its colon: the short names of language.md 10.1, or a full name of the
// built-in tree (17.4). Nil if unknown.
func FindClass(name string) *Class {
	switch name {
	case "Throwable":
		return Throwable
	case "Exception":
		return ExceptionClass
	case "RuntimeException":
		return RuntimeException
	case "NullPointerException":
		return NullPointer
	case "IllegalArgumentException":
		return IllegalArgument
	case "VncException":
		return VncException
	case "ValueException":
		return ValueException
	case "AssertionException":
		return AssertionException
	case "SecurityException":
		return SecurityException
	}
	for _, c := range thrownClasses {
		if c.Name == name {
			return c
		}
	}
	for _, c := range otherClasses {
		if c.Name == name {
			return c
		}
	}
	return nil
}
