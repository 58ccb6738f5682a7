// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"io"
)

// HeaderLen is the length of a frame header.
const HeaderLen = 16

// Sizes of the protocol, in bytes.
const (
	DefaultMaxMessage = 20 << 20
	MinMaxMessage     = 2048
	MaxMaxMessage     = 262144000
	MaxMetaLen        = 196689 // largest legal meta segment and its seal (O1)
	SealOverhead      = 28     // nonce and tag
)

// Sealer seals and opens one segment; security.Sealer implements it. Seal appends nonce, ciphertext and tag to dst, Open
// appends the plain text. A Sealer belongs to one connection; Seal is called by one goroutine at a time, and so is Open.
type Sealer interface {
	Seal(dst, plain, additional []byte) ([]byte, error)
	Open(dst, sealed, additional []byte) ([]byte, error)
}

// Limits are checked before memory is taken (O1, O2, O3, O5). The zero value is not usable; see DefaultLimits.
type Limits struct {
	MaxMeta    int  // metaLength as sent
	MaxData    int  // dataLength as sent
	MaxPayload int  // payload after inflating
	Compressed bool // whether compressed frames are accepted
	Drain      int  // a data segment beyond MaxData is read and discarded up to this many bytes, and Read returns *OversizeError; 0: close
}

// DefaultLimits are the limits for a connection whose largest message is max bytes.
func DefaultLimits(max int) Limits {
	return Limits{MaxMeta: MaxMetaLen, MaxData: max + max/1024 + 92, MaxPayload: max, Compressed: true, Drain: 64 << 20}
}

// ErrMalformed is wrapped by every error that means the peer broke the protocol: the connection has to be closed.
var ErrMalformed = errors.New("malformed frame")

// OversizeError reports a frame that was too large and has been skipped: the connection is still in step. Message has no
// payload; it is what the meta segment said.
type OversizeError struct {
	Message *Message
	Size    int // payload bytes as far as known
	Limit   int
}

func (e *OversizeError) Error() string { panic("not built yet") }

// AppendFrame appends the plain or compressed frame of m, sealed if sealer is not nil. It fails on a message that the format
// cannot carry: a string longer than 32,767 bytes, a subject or mimetype over 100 UTF-16 units, a charset over 50. The
// error names the field.
func AppendFrame(dst []byte, m *Message, compress bool, sealer Sealer) ([]byte, error) {
	panic("not built yet")
}

// ParseFrame decodes one whole frame; n is the number of bytes it took. io.ErrUnexpectedEOF means that b ends inside the
// frame. The message's payload aliases b when the frame is neither sealed nor compressed.
func ParseFrame(b []byte, limits Limits, sealer Sealer) (m *Message, n int, err error) {
	panic("not built yet")
}

// Reader reads frames. It is used by one goroutine at a time.
type Reader struct{}

// NewReader makes a reader. Its buffer is taken when the first byte arrives and grows from 4 to 64 KiB (O26).
func NewReader(r io.Reader, limits Limits) *Reader { panic("not built yet") }

// Read returns the next message; its payload is the caller's. io.EOF means the peer closed between two frames;
// io.ErrUnexpectedEOF inside one. An error that wraps ErrMalformed is final.
func (r *Reader) Read() (*Message, error) { panic("not built yet") }

// Started is called by Read, if set, when the first byte of a frame is there and again when its header is complete, with the
// number of bytes that are to follow (for the deadlines of O12). The header call has rest >= 0, the first one -1.
func (r *Reader) OnProgress(f func(rest int)) { panic("not built yet") }

// HasFrame reports whether a whole frame is buffered, so that Read will not block.
func (r *Reader) HasFrame() bool { panic("not built yet") }

// Wait blocks until at least one byte is readable and consumes nothing: how a parked poll notices that its peer has gone (P2).
func (r *Reader) Wait() error { panic("not built yet") }

// Buffered is the number of bytes read from the connection and not yet consumed.
func (r *Reader) Buffered() int { panic("not built yet") }

// SetSealer makes every later frame an encrypted one; SetLimits replaces the limits.
func (r *Reader) SetSealer(s Sealer) { panic("not built yet") }
func (r *Reader) SetLimits(l Limits) { panic("not built yet") }

// Writer writes frames, each with one write (wire-protocol.md 2.1); a payload of 16 KiB or more travels beside its header
// uncopied. It is used by one goroutine at a time.
type Writer struct{}

// NewWriter makes a writer without compression or encryption.
func NewWriter(w io.Writer) *Writer { panic("not built yet") }

// Write encodes m and writes it at once. ErrNotWritten is wrapped by an error after which not one byte of the frame has left.
func (w *Writer) Write(m *Message) error { panic("not built yet") }

// Queue encodes m into the buffer without writing; Flush writes what is queued. A large payload is referenced, not copied.
func (w *Writer) Queue(m *Message) error { panic("not built yet") }
func (w *Writer) Flush() error           { panic("not built yet") }

// Pending is the number of queued bytes.
func (w *Writer) Pending() int { panic("not built yet") }

// WritePlain writes m uncompressed and unsealed whatever has been set: the handshake frames of wire-protocol.md 6.4.
func (w *Writer) WritePlain(m *Message) error { panic("not built yet") }

// SetSealer makes every later frame an encrypted one; SetCutoff compresses payloads of at least n bytes, -1: none.
func (w *Writer) SetSealer(s Sealer) { panic("not built yet") }
func (w *Writer) SetCutoff(n int)    { panic("not built yet") }

// ErrNotWritten: see Writer.Write.
var ErrNotWritten = errors.New("nothing was written")
