// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package wal is the durable log: one file a queue, in the format of the reference (wal-format.md). Payloads are opaque; a
// check that the engine passes in does the cross-checks of reliability.md 3.1.
//
// A record is on stable storage when Ticket.Wait returns without an error, under the log's sync policy: with Always it
// survives the loss of power, with an interval or Never the death of the process. Whoever waits first writes and syncs for
// all who wait (D2). A write that fails leaves nothing behind (D4), a sync that fails ends the log (D5). The file is
// preallocated beyond its last record while it is open, and cut there by a clean close and by every recovery (R8).
//
// Opening a log reads it. A torn end, which a crash leaves, is kept in a file beside and cut off; anything else that does not
// belong is damage: the log is not opened (R3). Bytes are never destroyed (R2).
package wal
