// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import "context"

// CompactNow compacts a log that serves, however little is to be gained.
func (l *Log) CompactNow(ctx context.Context) error {
	l.mu.Lock()
	for l.committing || len(l.queue) > 0 {
		l.idle.Wait()
	}
	if err := l.usable(); err != nil {
		l.mu.Unlock()
		return err
	}
	l.committing = true
	l.mu.Unlock()
	err := l.compact(ctx)
	l.mu.Lock()
	l.committing = false
	l.passTurn()
	l.mu.Unlock()
	return err
}
