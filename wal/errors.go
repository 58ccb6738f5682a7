// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"fmt"
	"io"
)

// Errors that callers branch on.
var (
	// ErrClosed is returned by every call after Close, and by calls that Close interrupted.
	ErrClosed = errors.New("the log is closed")
	// ErrLocked: another process owns the directory (D8).
	ErrLocked = errors.New("the log directory is in use by another process")
	// ErrNoRoom: the disk has no room for a record; nothing has been written (D9).
	ErrNoRoom = errors.New("the disk is full")
)

// FailedError: the log has failed for good (D5); it has to be closed, and is read again when it is opened.
type FailedError struct {
	Cause   error
	Unknown bool // this call's records may be in the log all the same (D6)
}

func (e *FailedError) Error() string {
	if e.Unknown {
		return fmt.Sprintf("%v; whether the record is in the log is not known", e.Cause)
	}
	return e.Cause.Error()
}
func (e *FailedError) Unwrap() error { return e.Cause }

// DamageError: the log has bytes that a crash does not explain. It has not been opened or changed (R3).
type DamageError struct {
	Path   string
	Offset int64
	Cause  error
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("the log %s is damaged at byte %d: %v", e.Path, e.Offset, e.Cause)
}
func (e *DamageError) Unwrap() error { return e.Cause }

// writeZeros extends a file that has no other way to reserve room.
func writeZeros(f File, size int64) error {
	at, err := f.Size()
	if err != nil {
		return err
	}
	zeros := make([]byte, 64<<10)
	for at < size {
		n, err := f.WriteAt(zeros[:min(int64(len(zeros)), size-at)], at)
		if err != nil {
			return err
		}
		if n == 0 {
			return io.ErrShortWrite
		}
		at += int64(n)
	}
	return nil
}
