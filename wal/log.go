// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package wal is the durable log: one file a queue, in the format of the reference (wal-format.md). It is built by the
// issue "Nothing acknowledged is ever lost"; so far it fixes the interface that the embedded engine writes against.
package wal

import (
	"context"
	"errors"

	"github.com/google/uuid"
)

// Kind is a record type; the codes are those of wal-format.md 3.
type Kind int32

const (
	Ack    Kind = 0 // a message left the queue; the payload is its id
	Config Kind = 1 // first record of a log
	Data   Kind = 2 // a message; the payload is its frame
)

// Record is one record of a log. Payload is borrowed for the call in Append and owned by the receiver in Replay.
type Record struct {
	Kind    Kind
	ID      uuid.UUID
	Payload []byte
}

// ErrClosed is returned by every call after Close, and by calls that Close interrupted.
var ErrClosed = errors.New("the log is closed")

// Log is one append-only log. Safe for concurrent use. The first write or sync error is final (D5).
type Log interface {
	// Append returns when the records are on stable storage under the log's sync policy (D1, D3). Order in the log is
	// the order of the calls' starts.
	Append(ctx context.Context, records ...Record) error
	// Replay yields the live records in log order; it is called once, before the first Append.
	Replay(yield func(Record) error) error
	// Close syncs, cuts the file at its last record (R8) and releases it.
	Close() error
}

// Dir is a directory of logs that this process owns (D8).
type Dir interface {
	// Open opens or creates the log of a queue; config is the CONFIG payload of a new one.
	Open(queue string, config []byte) (Log, error)
	// List returns the queues that have a log.
	List() ([]string, error)
	// Remove deletes a queue's log; it does not come back after a crash (D7).
	Remove(queue string) error
	Close() error
}
