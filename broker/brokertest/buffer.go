// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package brokertest

import (
	"bytes"
	"sync"
)

// Buffer takes what several goroutines write, as a log or the output of a program. The zero Buffer is empty and ready.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write never fails.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String is all that has been written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
