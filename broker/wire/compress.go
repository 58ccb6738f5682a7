// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// gzipLevel is the fastest one: a frame is compressed once and read once.
const gzipLevel = 1

// deflater appends a gzip stream to a slice; its state is worth keeping.
type deflater struct {
	z   *gzip.Writer
	out []byte
}

func (d *deflater) Write(p []byte) (int, error) {
	d.out = append(d.out, p...)
	return len(p), nil
}

var deflaters = sync.Pool{New: func() any {
	d := new(deflater)
	z, err := gzip.NewWriterLevel(d, gzipLevel)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	d.z = z
	return d
}}

// appendGzip appends payload as one gzip member; an empty payload becomes a stream too (wire-protocol.md 5).
func appendGzip(dst, payload []byte) ([]byte, error) {
	d := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	d.out = dst
	d.z.Reset(d)
	_, err := d.z.Write(payload)
	if e := d.z.Close(); err == nil {
		err = e
	}
	out := d.out
	d.out = nil
	return out, err
}

// inflater reads gzip streams from memory.
type inflater struct {
	z     gzip.Reader
	src   bytes.Reader
	probe [64]byte
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// errTooLarge: the stream inflates to more than the limit.
var errTooLarge = errors.New("payload too large")

// inflate returns the contents of the gzip members in b, in memory of its own. It stops at limit+1 bytes with errTooLarge
// (O5). What follows the last member is ignored, as the reference does; any other flaw is ErrMalformed.
func inflate(b []byte, limit int) ([]byte, error) {
	d := inflaters.Get().(*inflater)
	defer inflaters.Put(d)
	defer d.src.Reset(nil)
	d.src.Reset(b)
	if err := d.z.Reset(&d.src); err != nil {
		return nil, malformed("gzip header: %v", err)
	}
	out := make([]byte, 0, sizeHint(b, limit))
	for {
		d.z.Multistream(false)
		var err error
		if out, err = d.member(out, limit); err != nil {
			return nil, err
		}
		if d.z.Reset(&d.src) != nil {
			return out, nil // nothing more, or no gzip member
		}
	}
}

// member appends one member's contents to out.
func (d *inflater) member(out []byte, limit int) ([]byte, error) {
	for {
		var n int
		var err error
		if free := out[len(out):cap(out)]; len(free) > 0 {
			n, err = d.z.Read(free)
			out = out[:len(out)+n]
		} else { // the end of the stream is not known before a read beyond the hint
			n, err = d.z.Read(d.probe[:])
			out = append(out, d.probe[:n]...)
		}
		if len(out) > limit {
			return nil, errTooLarge
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, malformed("gzip: %v", err)
		}
	}
}

// sizeHint is the size that the last member claims, as far as the compressed bytes make it credible: nothing is
// allocated on a claim alone (O5).
func sizeHint(b []byte, limit int) int {
	const credible = 32 // usual text shrinks to less than this part only when it repeats itself
	if len(b) < 18 {
		return 0
	}
	claim := int(binary.LittleEndian.Uint32(b[len(b)-4:]))
	return min(claim, limit, len(b)*credible)
}
