// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// BesideLen is the payload length from which a payload is written from where it is instead of being copied.
const BesideLen = 16 << 10

// ErrNotWritten: see Writer.Write.
var ErrNotWritten = errors.New("nothing was written")

// Writer writes frames, each with one write (wire-protocol.md 2.1); a payload of 16 KiB or more travels beside its header
// uncopied unless it is compressed or sealed. It is used by one goroutine at a time, and holds memory only between Queue
// and Flush (O26).
//
// After an error that leaves part of a frame written the stream is lost: every later call fails.
type Writer struct {
	w       io.Writer
	sealer  Sealer
	cutoff  int
	buf     *buffer   // encoded and not written; nil when there is nothing
	beside  []besides // payloads to be written between parts of buf, in order
	pending int       // bytes in buf and beside
	vec     net.Buffers
	store   [][]byte // vec's memory
	err     error
}

// besides is a payload that follows buf[:at].
type besides struct {
	at      int
	payload []byte
}

// NewWriter makes a writer without compression or encryption.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w, cutoff: -1} }

// SetSealer makes every later frame an encrypted one.
func (w *Writer) SetSealer(s Sealer) { w.sealer = s }

// SetCutoff compresses payloads of at least n bytes in later frames, -1: none.
func (w *Writer) SetCutoff(n int) { w.cutoff = n }

// Pending is the number of queued bytes.
func (w *Writer) Pending() int { return w.pending }

// Write encodes m and writes it at once, after what is queued. ErrNotWritten is wrapped by an error after which not one
// byte of the frame has left; it includes a message that cannot be encoded (AppendFrame), which leaves the queue as it was.
func (w *Writer) Write(m *Message) error {
	before := w.pending
	if err := w.Queue(m); err != nil {
		return err
	}
	return w.flush(before)
}

// WritePlain writes m uncompressed and unsealed whatever has been set: the handshake frames of wire-protocol.md 6.4.
func (w *Writer) WritePlain(m *Message) error {
	before := w.pending
	if err := w.queue(m, false, nil); err != nil {
		return err
	}
	return w.flush(before)
}

// Queue encodes m into the buffer without writing; Flush writes what is queued. A payload of BesideLen or more may be
// referenced, not copied.
// An error wraps ErrNotWritten; what was queued before stays.
func (w *Writer) Queue(m *Message) error {
	return w.queue(m, w.cutoff >= 0 && len(m.Payload) >= w.cutoff, w.sealer)
}

// Flush writes what is queued, with one write. When it fails the queue is dropped; the error wraps ErrNotWritten if
// nothing of it has left.
func (w *Writer) Flush() error { return w.flush(0) }

func (w *Writer) queue(m *Message, compress bool, sealer Sealer) error {
	if w.err != nil {
		return notWritten(w.err)
	}
	if err := checkMessage(m); err != nil {
		return notWritten(err)
	}
	byRef := len(m.Payload) >= BesideLen && !compress && sealer == nil
	if w.buf == nil {
		size := m.Size() + 2*SealOverhead
		if byRef {
			size -= len(m.Payload)
		}
		w.buf = newBuffer(size)
	}
	before := len(w.buf.b)
	if byRef {
		w.buf.b = appendHead(w.buf.b, m)
		w.beside = append(w.beside, besides{len(w.buf.b), m.Payload})
		w.pending += len(m.Payload)
	} else {
		var err error
		if w.buf.b, err = appendChecked(w.buf.b, m, compress, sealer); err != nil {
			return notWritten(err)
		}
	}
	w.pending += len(w.buf.b) - before
	return nil
}

// flush writes what is queued; before is how many of the bytes the caller does not ask about.
func (w *Writer) flush(before int) error {
	if w.err != nil {
		return notWritten(w.err)
	}
	if w.pending == 0 {
		return nil
	}
	n, err := w.writeOut()
	all := int64(w.pending)
	w.buf.release()
	clear(w.beside)
	w.buf, w.beside, w.pending = nil, w.beside[:0], 0
	if err == nil && n < all {
		err = io.ErrShortWrite
	}
	if err == nil {
		return nil
	}
	if n > 0 {
		w.err = err
	}
	if n <= int64(before) {
		return notWritten(err)
	}
	return err
}

// writeOut hands the queue to the connection in one call.
func (w *Writer) writeOut() (int64, error) {
	if len(w.beside) == 0 {
		n, err := w.w.Write(w.buf.b)
		return int64(n), err
	}
	w.vec, w.store = w.store[:0], nil
	from := 0
	for _, p := range w.beside {
		w.vec = append(w.vec, w.buf.b[from:p.at], p.payload)
		from = p.at
	}
	if from < len(w.buf.b) {
		w.vec = append(w.vec, w.buf.b[from:])
	}
	w.store = w.vec
	n, err := w.vec.WriteTo(w.w)
	clear(w.store)
	w.vec = nil
	return n, err
}

func notWritten(err error) error { return fmt.Errorf("%w: %w", ErrNotWritten, err) }

// buffer is memory for encoded frames. It goes back to a pool of its size after each flush, so that an idle connection
// holds none; larger ones than keepLarge are left to the collector.
type buffer struct{ b []byte }

const (
	keepSmall = 64 << 10
	keepLarge = 16 << 20
)

var (
	smallBuffers = sync.Pool{New: func() any { return new(buffer) }}
	largeBuffers = sync.Pool{New: func() any { return new(buffer) }}
)

func newBuffer(size int) *buffer {
	if size > keepSmall {
		return largeBuffers.Get().(*buffer)
	}
	return smallBuffers.Get().(*buffer)
}

func (b *buffer) release() {
	size := cap(b.b)
	b.b = b.b[:0]
	switch {
	case size <= keepSmall:
		smallBuffers.Put(b)
	case size <= keepLarge:
		largeBuffers.Put(b)
	}
}
