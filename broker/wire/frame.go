// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
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

const nonceLen = 12 // the part of SealOverhead that stands before the ciphertext

// Sealer seals and opens one segment; security.Sealer implements it. Seal appends nonce, ciphertext and tag to dst, Open
// appends the plain text. A Sealer belongs to one connection; Seal is called by one goroutine at a time, and so is Open.
//
// Both work in place when the text stands exactly where the result puts it: plain at dst[len(dst)+12:] for Seal,
// dst = sealed[12:12] for Open.
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

// OversizeError reports a frame that was too large and has been skipped: the connection is still in step (B3, O2, O5).
type OversizeError struct {
	Message *Message // what the meta segment said; no payload
	Size    int      // payload bytes as far as known: of a compressed payload the bytes sent, or Limit+1 if inflating was cut off there
	Limit   int      // the largest payload accepted
}

func (e *OversizeError) Error() string {
	return fmt.Sprintf("message of %d bytes is too large, the limit is %d", e.Size, e.Limit)
}

// AppendFrame appends the plain or compressed frame of m, sealed if sealer is not nil. It fails on a message that the format
// cannot carry: an undefined type or status, a string longer than 32,767 bytes, a subject or mimetype over 100 UTF-16
// units, a charset over 50. The error names the field; dst is then returned as it was.
//
// An empty mimetype is written as it is. Our reader takes it; a stock peer closes the connection (wire-protocol.md 3).
func AppendFrame(dst []byte, m *Message, compress bool, sealer Sealer) ([]byte, error) {
	if err := checkMessage(m); err != nil {
		return dst, err
	}
	return appendChecked(dst, m, compress, sealer)
}

// appendChecked is AppendFrame for a message that checkMessage has passed.
func appendChecked(dst []byte, m *Message, compress bool, sealer Sealer) ([]byte, error) {
	if sealer != nil {
		return appendSealed(dst, m, compress, sealer)
	}
	if !compress {
		dst = slices.Grow(dst, m.Size())
		return append(appendHead(dst, m), m.Payload...), nil
	}
	at := len(dst)
	dst = slices.Grow(dst, HeaderLen+m.MetaLen()+len(m.Payload)/2)
	dst = append(dst, make([]byte, HeaderLen)...)
	dst = appendMeta(dst, m)
	body := len(dst)
	dst, err := appendGzip(dst, m.Payload)
	if err != nil {
		return dst[:at], err
	}
	appendHeader(dst[:at], header{compressed: true, meta: body - at - HeaderLen, data: len(dst) - body})
	return dst, nil
}

func checkMessage(m *Message) error {
	if len(m.Payload) > math.MaxInt32-SealOverhead {
		return fmt.Errorf("payload of %d bytes does not fit into a frame", len(m.Payload))
	}
	return checkMeta(m)
}

// appendHead appends header and meta segment of a plain frame whose payload follows as it is.
func appendHead(dst []byte, m *Message) []byte {
	return appendMeta(appendHeader(dst, header{meta: m.MetaLen(), data: len(m.Payload)}), m)
}

// appendSealed appends an encrypted frame. What is made here (the meta segment, a gzip stream) is sealed where it stands;
// a payload that goes out as it is is sealed from where the caller has it.
func appendSealed(dst []byte, m *Message, compress bool, sealer Sealer) ([]byte, error) {
	before, at := dst, len(dst)
	dst = slices.Grow(dst, m.Size()+2*SealOverhead)
	dst = append(dst, make([]byte, HeaderLen)...)
	plain := appendMeta(dst[:len(dst)+nonceLen], m)[len(dst)+nonceLen:]
	dst, err := sealer.Seal(dst, plain, metaBinding(compress))
	if err != nil {
		return before, err
	}
	body := len(dst)
	plain = m.Payload
	if compress {
		gz, err := appendGzip(dst[:body+nonceLen], m.Payload)
		if err != nil {
			return before, err
		}
		gz = slices.Grow(gz, SealOverhead-nonceLen)
		dst, plain = gz[:body], gz[body+nonceLen:]
	}
	if dst, err = sealer.Seal(dst, plain, nil); err != nil {
		return before, err
	}
	appendHeader(dst[:at], header{compressed: compress, encrypted: true, meta: body - at - HeaderLen, data: len(dst) - body})
	return dst, nil
}

// ParseFrame decodes one whole frame; n is the number of bytes it took, also beside an *OversizeError. io.EOF means that b
// is empty, io.ErrUnexpectedEOF that it ends inside the frame. The message's payload aliases b when the frame is neither
// sealed nor compressed; b is not changed.
func ParseFrame(b []byte, limits Limits, sealer Sealer) (m *Message, n int, err error) {
	if len(b) == 0 {
		return nil, 0, io.EOF
	}
	if len(b) < HeaderLen {
		return nil, 0, io.ErrUnexpectedEOF
	}
	h, err := parseHeader(b, &limits, sealer != nil)
	if err != nil {
		return nil, 0, err
	}
	n = HeaderLen + h.meta + h.data
	if n > len(b) {
		return nil, 0, io.ErrUnexpectedEOF
	}
	if m, err = openMeta(h, b[HeaderLen:HeaderLen+h.meta], sealer, borrowed); err != nil {
		return nil, 0, err
	}
	if h.oversize(&limits) {
		return nil, n, &OversizeError{Message: m, Size: h.data - h.overhead(), Limit: limits.MaxPayload}
	}
	if err = m.openData(h, b[HeaderLen+h.meta:n:n], &limits, sealer, borrowed, nil); err != nil {
		if _, skipped := err.(*OversizeError); !skipped {
			n = 0
		}
		return nil, n, err
	}
	return m, n, nil
}

// custody says what a decoder may do with the bytes of a segment.
type custody int

const (
	borrowed custody = iota // read them; a payload may alias them
	scratch                 // overwrite them; a payload must be a copy
	owned                   // overwrite and keep them
)

// openMeta decodes a meta segment as transmitted.
func openMeta(h header, segment []byte, sealer Sealer, c custody) (*Message, error) {
	if h.encrypted {
		var err error
		if segment, err = open(segment, metaBinding(h.compressed), sealer, c, nil); err != nil {
			return nil, err
		}
	}
	return parseMeta(segment)
}

// openData decodes a data segment as transmitted into m.Payload, which is nil for an empty payload. s may be nil.
func (m *Message) openData(h header, segment []byte, limits *Limits, sealer Sealer, c custody, s *spares) error {
	if h.encrypted {
		to := c
		if !h.compressed && c == scratch {
			to = borrowed // the plain text is the payload: straight into memory of its own
		}
		var err error
		if segment, err = open(segment, nil, sealer, to, s); err != nil {
			return err
		}
	}
	switch {
	case h.compressed:
		payload, err := inflate(segment, limits.MaxPayload)
		if err == errTooLarge {
			return &OversizeError{Message: m, Size: limits.MaxPayload + 1, Limit: limits.MaxPayload}
		}
		if err != nil {
			return err
		}
		segment = payload
	case c == scratch && !h.encrypted:
		segment = s.clone(segment)
	}
	if len(segment) > 0 {
		m.Payload = segment
	}
	return nil
}

// open opens one sealed segment, in place if custody allows.
func open(segment, additional []byte, sealer Sealer, c custody, s *spares) ([]byte, error) {
	var dst []byte
	if c == borrowed {
		dst = s.memory(len(segment) - SealOverhead)[:0]
	} else {
		dst = segment[nonceLen:nonceLen]
	}
	plain, err := sealer.Open(dst, segment, additional)
	if err != nil {
		return nil, malformed("%v", err)
	}
	return plain, nil
}
