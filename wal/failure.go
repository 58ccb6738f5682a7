// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import "fmt"

// failAll ends every waiting batch. It runs with mu held.
func (l *Log) failAll() {
	for _, b := range l.queue {
		b.led, b.err = true, l.failed
		close(b.done)
	}
	l.queue = nil
	l.idle.Broadcast()
}

// usable runs with mu held.
func (l *Log) usable() error {
	if l.closed {
		return ErrClosed
	}
	return l.failed
}

// fail ends the log (D5). The note tells how many records were answered before they were synced, as the policy allows: a crash
// may take them now (D3).
func (l *Log) fail(cause error, unknown bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = &FailedError{Cause: cause}
		text := cause.Error()
		if l.unsynced > 0 {
			text += fmt.Sprintf("; records at risk, answered and not yet synced: %d", l.unsynced)
		}
		l.dir.note(Error, l.path, text)
		if l.dir.o.Failed != nil {
			l.dir.o.Failed(l.path, cause)
		}
	}
	return &FailedError{Cause: cause, Unknown: unknown}
}

func (l *Log) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// undo cuts the log back to its last good record after a failed write, and checks that it is so (D4). The cut is synced: a
// refused record must not come back, whole or in parts behind a later one.
func (l *Log) undo(cause error) error {
	err := l.f.Truncate(l.end)
	if err == nil {
		var size int64
		if size, err = l.f.Size(); err == nil && size != l.end {
			err = fmt.Errorf("the file has %d bytes after it has been cut to %d", size, l.end)
		}
	}
	if err == nil {
		err = l.f.Sync()
	}
	if err != nil {
		return l.fail(fmt.Errorf("%w, and the write could not be undone: %w", cause, err), true)
	}
	l.allocated = l.end
	return fmt.Errorf("%w: %w", ErrNoRoom, cause)
}
