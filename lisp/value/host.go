// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// Host is a Go value carried through a script. Equality is identity; it prints as class name, "@", and a hex hash, unless X
// is a fmt.Stringer.
type Host struct {
	Obj
	T *Type
	X any
}

// NewHost wraps x.
func NewHost(t *Type, x any) *Host { return New(&Host{T: t, X: x}) }
func (h *Host) Type() *Type        { return h.T }

// HostOf returns the Go value of type T that v carries.
func HostOf[T any](v Value) (x T, ok bool) {
	if h, isHost := v.Ref().(*Host); isHost {
		x, ok = h.X.(T)
	}
	return x, ok
}

// Bean is implemented by the X of a Host (and by heap types) whose properties scripts read by keyword: (:subject m).
type Bean interface {
	BeanProperty(name string) (Value, bool)
}

// Closer is what try-with closes: servers, clients, streams. Values that are not closeable are ignored.
type Closer interface{ Close() error }

// ByteBuf is the mutable byte buffer of language.md 8.2. It has no lock of its own: sharing it is the script's business.
type ByteBuf struct {
	Obj
	B            []byte
	Pos          int
	Lim          int // number of usable bytes, len(B) for most
	LittleEndian bool
}

// NewByteBuf takes ownership of b.
func NewByteBuf(b []byte) *ByteBuf { return New(&ByteBuf{B: b, Lim: len(b)}) }
func (b *ByteBuf) Type() *Type     { return TypeByteBuf }

// File is a path, java.io.File to scripts.
type File struct {
	Obj
	Path string
}

func NewFile(path string) *File { return New(&File{Path: path}) }
func (f *File) Type() *Type     { return TypeFile }

// Stream is what scripts write to: *out*, *err*, the buffer of with-out-str, output streams and writers. Each write is one
// guarded write.
type Stream struct {
	Obj
	t      *Type
	mu     sync.Mutex
	w      io.Writer
	buf    []byte // for a capturing stream
	close  func() error
	closed bool
}

// NewStream wraps a writer; NewCapture makes a stream that keeps what is written; NewTypedStream is of a type of its own,
// captures if w is nil, and is closed with close, which may be nil.
func NewStream(w io.Writer) *Stream { return NewTypedStream(TypeStream, w, nil) }
func NewCapture() *Stream           { return NewTypedStream(TypeStream, nil, nil) }
func NewTypedStream(t *Type, w io.Writer, close func() error) *Stream {
	return New(&Stream{t: t, w: w, close: close})
}
func (s *Stream) Type() *Type { return s.t }

// Write writes bytes in one call, also when other goroutines write.
func (s *Stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, errors.New("stream closed")
	}
	if s.w == nil {
		s.buf = append(s.buf, b...)
		return len(b), nil
	}
	n, err := s.w.Write(b)
	if err != nil {
		return n, fmt.Errorf("writing output: %w", err)
	}
	return n, nil
}

// WriteString writes text in one call.
func (s *Stream) WriteString(text string) error {
	_, err := s.Write([]byte(text))
	return err
}

// Captured returns what a capturing stream holds.
func (s *Stream) Captured() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte(nil), s.buf...)
}

// Flush flushes a buffered writer, if there is one.
func (s *Stream) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.w.(interface{ Flush() error }); ok && !s.closed {
		return f.Flush()
	}
	return nil
}

// Close flushes and closes what can be closed. What has been captured stays readable.
func (s *Stream) Close() error {
	err := s.Flush()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.close == nil || s.closed {
		return err
	}
	s.closed = true
	return errors.Join(err, s.close())
}
