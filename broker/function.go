// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"gondola/broker/wire"
)

// maxRunning is how many handlers run at a time (O16); further ones wait.
const maxRunning = 256

// functions are the handlers of a server by name. Calls read a map that is never changed; whoever changes it makes a new one.
type functions struct {
	limit  int
	mu     sync.Mutex // writers only
	byName atomic.Pointer[map[string]Handler]
}

func (f *functions) all() map[string]Handler {
	if m := f.byName.Load(); m != nil {
		return *m
	}
	return nil
}

func (f *functions) change(edit func(m map[string]Handler)) {
	m := maps.Clone(f.all())
	if m == nil {
		m = make(map[string]Handler)
	}
	edit(m)
	f.byName.Store(&m)
}

// CreateFunction registers a handler. An existing function keeps its handler; at the limit even that fails
// (ipc-api.md 7). *ArgumentError for the name, *Error for the limit.
func (s *Server) CreateFunction(name string, h Handler) error {
	if err := ValidateName(FunctionName, name); err != nil {
		return err
	}
	f := &s.functions
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all()) >= f.limit {
		return failure("Cannot create function! Reached the limit of %d functions.", f.limit)
	}
	f.change(func(m map[string]Handler) {
		if m[name] == nil {
			m[name] = h
		}
	})
	return nil
}

// RemoveFunction forgets a function; unknown names are fine. Calls that run go on.
func (s *Server) RemoveFunction(name string) {
	f := &s.functions
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change(func(m map[string]Handler) { delete(m, name) })
}

// HasFunction reports whether a function exists.
func (s *Server) HasFunction(name string) bool { return s.functions.all()[name] != nil }

// panicError is a panic of a handler as an error.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// call runs a handler in a slot of its own (O16). A panic comes back as an error (O23).
func (s *Server) call(h Handler, m *wire.Message) (r *wire.Message, err error) {
	select {
	case s.running <- struct{}{}:
	default:
		select {
		case s.running <- struct{}{}:
		case <-s.base.Done():
			return nil, s.base.Err()
		}
	}
	defer func() {
		<-s.running
		if p := recover(); p != nil {
			r, err = nil, &panicError{p}
		}
	}()
	return h(s.base, m)
}
