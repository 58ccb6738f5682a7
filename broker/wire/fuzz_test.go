// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// pieces gives a stream in reads of the lengths that the fuzzer chose.
type pieces struct {
	b    []byte
	cuts []byte
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := len(p.b)
	if len(p.cuts) > 0 {
		n = min(n, 1+int(p.cuts[0]))
		p.cuts = p.cuts[1:]
	}
	n = copy(to, p.b[:n])
	p.b = p.b[n:]
	return n, nil
}

// FuzzFrame (T20): whatever decodes encodes again to a frame that decodes to the same message; reader and parser agree,
// however the bytes are cut; nothing panics; memory stays below 64 times the input and 1 MiB (reliability.md 13.2).
func FuzzFrame(f *testing.F) {
	for _, file := range vectors(f) {
		for i := range file.Frames {
			f.Add(file.Frames[i].bytes(f), []byte{0, 14, 3})
		}
	}
	for _, form := range frameForms {
		b := form.frame(f, testMessage([]byte("payload")))
		f.Add(append(b, b...), []byte{15})
	}
	limits := DefaultLimits(MinMaxMessage)
	f.Fuzz(func(t *testing.T, b, cuts []byte) {
		var sealer Sealer
		if len(b) > 7 && b[7] == 1 {
			sealer = newTestSealer(t, make([]byte, 32))
		}
		original := bytes.Clone(b)
		m, n, err := ParseFrame(b, limits, sealer)
		if !bytes.Equal(b, original) {
			t.Fatal("ParseFrame changed its argument")
		}
		r := NewReader(&pieces{b: b, cuts: cuts}, limits)
		r.SetSealer(sealer)
		read, rerr := r.Read()
		switch {
		case err == nil:
			if rerr != nil || !sameFuzzed(m, read) {
				t.Fatalf("parsed %+v, read %+v, %v", m, read, rerr)
			}
			if n < HeaderLen || n > len(b) {
				t.Fatalf("n = %d of %d", n, len(b))
			}
			roundTrip(t, m, sealer)
		case isOversize(err):
			if !isOversize(rerr) {
				t.Fatalf("parsed %v, read %v", err, rerr)
			}
		case errors.Is(err, ErrMalformed), err == io.EOF, err == io.ErrUnexpectedEOF:
			if read != nil || rerr == nil {
				t.Fatalf("parsed %v, read %+v, %v", err, read, rerr)
			}
		default:
			t.Fatalf("err = %v", err)
		}
		for err := rerr; err == nil || isOversize(err); { // the rest of the stream
			_, err = r.Read()
		}
	})
}

func roundTrip(t *testing.T, m *Message, sealer Sealer) {
	for _, compress := range []bool{false, true} {
		b, err := AppendFrame(nil, m, compress, sealer)
		if err != nil {
			// Replacing malformed bytes by U+FFFD makes a string up to three times as long.
			if max(len(m.RequestID), len(m.Destination), len(m.ReplyTo), len(m.Subject)) > maxString {
				return
			}
			t.Fatalf("%+v does not encode: %v", m, err)
		}
		again, n, err := ParseFrame(b, testLimits, sealer)
		if err != nil || n != len(b) || !sameMessage(m, again) {
			t.Fatalf("decoded %+v, again %+v, %v", m, again, err)
		}
	}
}

// sameFuzzed allows for the reader's clock, which stands in for a missing timestamp.
func sameFuzzed(a, b *Message) bool {
	x := *a
	x.Timestamp = b.Timestamp
	return sameMessage(&x, b)
}

func isOversize(err error) bool {
	_, ok := errors.AsType[*OversizeError](err)
	return ok
}
