// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"errors"

	"gondola/broker"
	"gondola/lisp/value"
)

// exception turns an error of the broker into the script exception of its class (ipc-api.md 1.9), causes included.
func exception(err error) error {
	if err == nil {
		return nil
	}
	return toException(err)
}

func toException(err error) *value.Exception {
	var ex *value.Exception
	if errors.As(err, &ex) {
		return ex
	}
	class := value.IpcException
	var (
		argument *broker.ArgumentError
		timeout  *broker.TimeoutError
		eof      *broker.EOFError
	)
	switch {
	case errors.Is(err, broker.ErrClosed):
		class = value.IllegalState
	case errors.As(err, &argument) && err == error(argument):
		class = value.IllegalArgument
	case errors.As(err, &timeout) && err == error(timeout):
		class = value.TimeoutException
	case errors.As(err, &eof) && err == error(eof):
		class = value.EofException
	}
	out := value.NewException(class, err.Error())
	if cause := errors.Unwrap(err); cause != nil {
		out.Cause = toException(cause)
	}
	return out
}
