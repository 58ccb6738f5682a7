// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
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

// Stream is an output stream value: *out*, *err*, or the buffer of with-out-str. Each Write is one guarded write.
type Stream struct {
	Obj
	mu  sync.Mutex
	w   io.Writer
	buf []byte // for a capturing stream
}

// NewStream wraps a writer; NewCapture makes a stream that keeps what is written.
func NewStream(w io.Writer) *Stream { return New(&Stream{w: w}) }
func NewCapture() *Stream           { return New(&Stream{}) }
func (s *Stream) Type() *Type       { return TypeStream }

// WriteString writes text in one call, also when other goroutines write.
func (s *Stream) WriteString(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		s.buf = append(s.buf, text...)
		return nil
	}
	if _, err := io.WriteString(s.w, text); err != nil {
		return fmt.Errorf("writing output: %w", err)
	}
	return nil
}

// Captured returns what a capturing stream holds.
func (s *Stream) Captured() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.buf)
}

// Flush flushes a buffered writer, if there is one.
func (s *Stream) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.w.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}
