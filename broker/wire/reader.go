// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "io"

// Sizes of a reader's memory.
const (
	minBuffer = 4 << 10
	maxBuffer = 64 << 10 // a segment up to this size is read through the buffer
	bodyStep  = 64 << 10 // first piece of a larger one (O4)
)

// Reader reads frames. It is used by one goroutine at a time, except that a deadline on the connection may interrupt it:
// after an error of the connection that leaves the frame unread (a time-out before or inside a frame up to 64 KiB) Read
// and Wait can be called again and nothing is lost. Every other error is final.
type Reader struct {
	r        io.Reader
	limits   Limits
	sealer   Sealer
	progress func(rest int)
	buf      []byte
	start    int // buf[start:end] has been read and not consumed
	end      int
	full     bool // the last read filled the buffer: more is waiting, a larger one pays
	spares   spares
	err      error
}

// NewReader makes a reader. Its buffer is taken when the first byte is asked for and grows from 4 to 64 KiB (O26).
func NewReader(r io.Reader, limits Limits) *Reader { return &Reader{r: r, limits: limits} }

// OnProgress sets a function that Read calls when the first byte of a frame is there (rest is -1) and again when its header
// is complete, with the length of the two segments that follow: for the deadlines of O12 and the memory budget of O7. It
// is called for buffered frames too; HasFrame, asked before Read, tells whether Read is going to wait.
func (r *Reader) OnProgress(f func(rest int)) { r.progress = f }

// SetSealer makes every later frame an encrypted one.
func (r *Reader) SetSealer(s Sealer) { r.sealer = s }

// SetLimits replaces the limits for later frames.
func (r *Reader) SetLimits(l Limits) { r.limits = l }

// Buffered is the number of bytes read from the connection and not yet consumed.
func (r *Reader) Buffered() int { return r.end - r.start }

// HasFrame reports whether a whole frame is buffered, so that Read will not block. That holds too for a header that Read
// is going to refuse.
func (r *Reader) HasFrame() bool {
	if r.err != nil {
		return true
	}
	if r.Buffered() < HeaderLen {
		return false
	}
	h, err := parseHeader(r.buf[r.start:], &r.limits, r.sealer != nil)
	return err != nil || r.Buffered()-HeaderLen >= h.meta+h.data
}

// Wait blocks until at least one byte is readable and consumes nothing: how a parked poll notices that its peer has gone (P2).
// It returns io.EOF when the peer has closed.
func (r *Reader) Wait() error {
	if r.err != nil {
		return r.err
	}
	if r.Buffered() > 0 {
		return nil
	}
	return r.fill()
}

// Read returns the next message; its payload is the caller's. io.EOF means the peer closed between two frames;
// io.ErrUnexpectedEOF inside one. An error that wraps ErrMalformed is final. After an *OversizeError the next frame can be
// read.
func (r *Reader) Read() (*Message, error) {
	if r.err != nil {
		return nil, r.err
	}
	h, err := r.header()
	if err != nil {
		return nil, err
	}
	if size := HeaderLen + h.meta + h.data; size <= maxBuffer {
		// Nothing is consumed before all of it is there, so a time-out can be survived.
		if err := r.need(size); err != nil {
			return nil, inside(err)
		}
	}
	r.start += HeaderLen
	m, err := r.body(h)
	if err != nil {
		if _, skipped := err.(*OversizeError); !skipped {
			r.err = inside(err)
			return nil, r.err
		}
		return nil, err
	}
	return m, nil
}

// header waits for a header and checks it; the header stays in the buffer.
func (r *Reader) header() (header, error) {
	if r.Buffered() == 0 {
		if err := r.fill(); err != nil {
			return header{}, err
		}
	}
	if r.progress != nil {
		r.progress(-1)
	}
	if err := r.need(HeaderLen); err != nil {
		return header{}, inside(err)
	}
	h, err := parseHeader(r.buf[r.start:], &r.limits, r.sealer != nil)
	if err != nil {
		r.err = err
		return header{}, err
	}
	if r.progress != nil {
		r.progress(h.meta + h.data)
	}
	return h, nil
}

// body reads and decodes the two segments.
func (r *Reader) body(h header) (*Message, error) {
	segment, c, err := r.segment(h.meta)
	if err != nil {
		return nil, err
	}
	m, err := openMeta(h, segment, r.sealer, c)
	if err != nil {
		return nil, err
	}
	if h.oversize(&r.limits) {
		if err := r.discard(h.data); err != nil {
			return nil, err
		}
		return nil, &OversizeError{Message: m, Size: h.data - h.overhead(), Limit: r.limits.MaxPayload}
	}
	if segment, c, err = r.segment(h.data); err != nil {
		return nil, err
	}
	if err := m.openData(h, segment, &r.limits, r.sealer, c, &r.spares); err != nil {
		return nil, err
	}
	return m, nil
}

// segment consumes n bytes. They stand in the buffer until the next read (scratch), or are the caller's (owned).
func (r *Reader) segment(n int) ([]byte, custody, error) {
	if n > maxBuffer {
		b, err := r.large(n)
		return b, owned, err
	}
	if err := r.need(n); err != nil {
		return nil, scratch, err
	}
	b := r.buf[r.start : r.start+n : r.start+n]
	r.start += n
	return b, scratch, nil
}

// large consumes n bytes into memory of their own, straight from the connection. The memory grows with what has arrived
// (O4): 4 KiB must be there before the first 64 KiB are taken, and from then on at most 16 times what is there.
func (r *Reader) large(n int) ([]byte, error) {
	if err := r.need(minBuffer); err != nil {
		return nil, err
	}
	b := r.spares.memory(bodyStep)
	have := copy(b, r.buf[r.start:r.end])
	r.start += have
	for {
		for have < len(b) {
			k, err := r.read(b[have:])
			if err != nil {
				return nil, err
			}
			have += k
		}
		if have == n {
			return b, nil
		}
		size := 8 * have
		if 2*size >= n {
			size = n
		}
		grown := r.spares.memory(size)
		copy(grown, b)
		r.spares.put(b)
		b = grown
	}
}

// discard consumes n bytes.
func (r *Reader) discard(n int) error {
	for {
		k := min(n, r.Buffered())
		r.start += k
		if n -= k; n == 0 {
			return nil
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// need waits until n bytes are buffered; n is at most maxBuffer.
func (r *Reader) need(n int) error {
	for r.Buffered() < n {
		if err := r.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill makes room and reads once. The buffer grows only when it has been full, so it follows what arrives and not what
// a header claims (O4).
func (r *Reader) fill() error {
	if r.start == r.end {
		r.start, r.end = 0, 0
	}
	switch {
	case r.buf == nil:
		r.buf = make([]byte, minBuffer)
	case r.full && len(r.buf) < maxBuffer, r.end == len(r.buf) && r.start == 0:
		grown := make([]byte, 2*len(r.buf))
		r.end = copy(grown, r.buf[r.start:r.end])
		r.buf, r.start = grown, 0
	case r.end == len(r.buf):
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	n, err := r.read(r.buf[r.end:])
	r.end += n
	r.full = n > 0 && r.end == len(r.buf)
	return err
}

// read reads at least one byte or fails.
func (r *Reader) read(b []byte) (int, error) {
	for range 100 {
		// A source that gives bytes and an error together gives the error again.
		if n, err := r.r.Read(b); n > 0 {
			return n, nil
		} else if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrNoProgress
}

// inside is an error inside a frame.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
