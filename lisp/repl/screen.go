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
	inLine  bool   // the last byte was no line end
}

// Write writes to the terminal.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reading {
		return s.write(b)
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
		_, _ = s.write(s.partial) // a terminal that fails is found by the next read
		s.partial = nil
	}
}

func (s *screen) write(b []byte) (int, error) {
	if len(b) > 0 {
		s.inLine = b[len(b)-1] != '\n'
	}
	return s.out.Write(b)
}

// startLine ends a line that a script has begun.
func (s *screen) startLine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inLine {
		_, _ = s.write([]byte("\n"))
	}
}
