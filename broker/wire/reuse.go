// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "weak"

// spares are memory for payloads that has come back. It is held weakly: a connection that rests holds none (O26).
type spares [4]spare

// spare is memory that has come back, or one of whom nobody knows whether it will.
type spare struct {
	weak weak.Pointer[[]byte]
	lent bool
}

// Reuse takes back the memory of a payload that Read has returned. Nobody may use the payload any more, which only he can know
// who has read the message and not handed it on.
func (r *Reader) Reuse(payload []byte) { r.spares.put(payload) }

func (s *spares) put(b []byte) {
	if cap(b) < minBuffer { // not worth it
		return
	}
	free := 0
	for i := range s {
		switch known := s[i].weak.Value(); {
		case known == nil:
			free = i
		case s[i].lent && &(*known)[:1][0] == &b[:1][0]:
			s[i].lent = false
			return
		}
	}
	header := new([]byte)
	*header = b[:0]
	s[free] = spare{weak: weak.Make(header)}
}

// take is memory for n bytes, or nil. At most an eighth of it is left over, so that what holds it counts about as much as there
// is.
func (s *spares) take(n int) []byte {
	if s == nil || n < minBuffer {
		return nil
	}
	for i := range s {
		if s[i].lent {
			continue
		}
		if b := s[i].weak.Value(); b != nil && n <= cap(*b) && cap(*b) <= n+n/8 {
			s[i].lent = true
			return *b
		}
	}
	return nil
}

// memory is n bytes of whatever content.
func (s *spares) memory(n int) []byte {
	if b := s.take(n); b != nil {
		return b[:n]
	}
	return make([]byte, n)
}

// clone is a copy of b.
func (s *spares) clone(b []byte) []byte {
	if spare := s.take(len(b)); spare != nil {
		return append(spare, b...)
	}
	to := make([]byte, len(b)) // not slices.Clone, which clears what its result has beyond the length
	copy(to, b)
	return to
}
