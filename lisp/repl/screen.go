// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"bytes"
	"io"
	"sync"

	"github.com/chzyer/readline"
)

// screen is where a session and its scripts write. While the prompt is shown, whole lines go above it and it is drawn again
// below them; the beginning of a line waits for its end, or for the end of the prompt. Safe for concurrent use.
type screen struct {
	line *readline.Instance
	out  io.Writer

	mu      sync.Mutex
	reading bool   // the prompt is shown
	partial []byte // of a line, while reading
}

// Write writes to the terminal.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reading {
		return s.out.Write(b)
	}
	s.partial = append(s.partial, b...)
	end := bytes.LastIndexByte(s.partial, '\n') + 1
	if end == 0 {
		return len(b), nil
	}
	_, err := s.line.Write(s.partial[:end])
	s.partial = append([]byte{}, s.partial[end:]...)
	return len(b), err
}

// read says whether the prompt is shown from now on.
func (s *screen) read(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = on
	if !on && len(s.partial) > 0 {
		_, _ = s.out.Write(s.partial) // the terminal has no other way to fail
		s.partial = nil
	}
}
