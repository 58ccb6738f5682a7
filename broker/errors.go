// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"fmt"
	"time"

	"gondola/broker/wire"
)

// text is an error that is only its text. The texts of this package are those of the reference (ipc-api.md), so they do
// not follow Go's habits.
type text string

func (t text) Error() string { return string(t) }

// ErrClosed: the client has been closed (ipc-api.md 6.3).
const ErrClosed = text("The client is not open!")

// ErrServerClosed: the server has been closed and cannot be started again.
const ErrServerClosed = text("The server is closed!")

// Error is a refusal or failure that has nothing but a text and perhaps a cause: the reference's IpcException.
type Error struct {
	Text  string
	Cause error // may be nil
}

func (e *Error) Error() string { return e.Text }
func (e *Error) Unwrap() error { return e.Cause }

func failure(format string, args ...any) error { return &Error{Text: fmt.Sprintf(format, args...)} }

// ArgumentError reports an argument or option that is not acceptable: the reference's IllegalArgumentException.
type ArgumentError struct{ Text string }

func (e *ArgumentError) Error() string { return e.Text }

func badArgument(format string, args ...any) error {
	return &ArgumentError{Text: fmt.Sprintf(format, args...)}
}

// TimeoutError: a call was not answered in time. Its outcome is unknown; a late answer is dropped.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("Timeout after %dms on receiving IPC message response.", e.After.Milliseconds())
}

// Timeout is true: the net.Error convention.
func (e *TimeoutError) Timeout() bool { return true }

// EOFError: the connection ended while a call waited for its answer. The outcome of the call is unknown.
type EOFError struct{ Cause error } // what the socket said

func (e *EOFError) Error() string { return "EOF while receiving IPC message response." }
func (e *EOFError) Unwrap() error { return e.Cause }

// LostError: the connection had ended before the call, so nothing of it was sent.
type LostError struct{ Cause error } // what the socket said

func (e *LostError) Error() string {
	return "EOF on server connection (err: false, irq: false)! Cannot send the message!"
}
func (e *LostError) Unwrap() error { return e.Cause }

// SizeError: a message was over the limit and has not been sent (ipc-api.md 9). All figures are bytes.
type SizeError struct {
	Limit   int
	Meta    int // 0: the data alone is over the limit
	Payload int
}

func (e *SizeError) Error() string {
	if e.Meta == 0 {
		return fmt.Sprintf("The message (%dB) is too large! The limit is at %dB", e.Payload, e.Limit)
	}
	return fmt.Sprintf("The message size exceeds the configured limit!\n"+
		"Limit:                %d\n"+
		"Message total:        %d\n"+
		"Message header:       %d\n"+
		"Message payload meta: %d\n"+
		"Message payload data: %d",
		e.Limit, wire.HeaderLen+e.Meta+e.Payload, wire.HeaderLen, e.Meta, e.Payload)
}

// checkSize is the size limit before sending: nil or *SizeError.
func checkSize(m *wire.Message, limit int) error {
	if len(m.Payload) > limit {
		return &SizeError{Limit: limit, Payload: len(m.Payload)}
	}
	if m.Size() > limit {
		return &SizeError{Limit: limit, Meta: m.MetaLen(), Payload: len(m.Payload)}
	}
	return nil
}

// OpenError: a client could not be opened. Cause has one of the texts of ipc-api.md 6.2.
type OpenError struct {
	Address string
	Cause   error
}

func (e *OpenError) Error() string { return "Failed to open client for server " + e.Address + "!" }
func (e *OpenError) Unwrap() error { return e.Cause }

// The causes of an OpenError that have no data.
const (
	errNoConfig     = text("Failed to get client config from server!")
	errNeedsLogin   = text("The IPC server requires authentication! Please pass a user name and a password for opening an IPC client!")
	errNoLogin      = text("Authentication is not enabled! User credentials are not required!")
	errBadLogin     = text("Authentication failure! Bad user credentials!")
	errKeyExchange  = text("Failed on Diffie-Hellman key exchange!")
	errHalfLogin    = text("Authentication requires both a user name and a password!")
	errAddressInUse = text("Address already in use")
)

// StartError: a server could not be started (ipc-api.md 5.2).
type StartError struct {
	Address string
	InUse   bool // somebody else serves the address
	Cause   error
}

func (e *StartError) Error() string {
	if e.InUse {
		return "Already running! Failed to start server on " + e.Address + "!"
	}
	return "Failed to start server on " + e.Address + "!"
}
func (e *StartError) Unwrap() error { return e.Cause }

// HandlerTimeoutError: a function was ended because it took too long (O16). A Handler returns it so that the answer says so, which
// other errors of handlers do not; a duplicate of the request runs the function again (I3).
type HandlerTimeoutError struct{ After time.Duration }

func (e *HandlerTimeoutError) Error() string {
	return fmt.Sprintf("The function was ended: it took longer than %dms (handler-timeout).", e.After.Milliseconds())
}

// Timeout is true: the net.Error convention.
func (e *HandlerTimeoutError) Timeout() bool { return true }

// StatusError: the server refused a request that has no response message of its own, such as CreateTemporaryQueue.
type StatusError struct {
	Status wire.Status
	What   string // "Failed to create temporary queue!"
	Reason string // the server's text
}

func (e *StatusError) Error() string { return e.What + " Reason: " + e.Reason }
