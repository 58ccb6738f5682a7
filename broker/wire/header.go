// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"math"
)

const (
	magic      = 0x766E // "vn"
	version    = 1
	minMetaLen = 59 // all strings empty
)

// header is a frame's header (wire-protocol.md 2). The lengths are those of the segments as transmitted.
type header struct {
	compressed bool
	encrypted  bool
	meta       int
	data       int
}

// The flag bytes of an encrypted frame, which are the additional data of its sealed meta segment. Never written to.
var (
	sealedFlags           = []byte{0, 1}
	sealedCompressedFlags = []byte{1, 1}
)

// metaBinding is the additional data of a sealed meta segment (wire-protocol.md 6.3). A data segment has none.
func metaBinding(compressed bool) []byte {
	if compressed {
		return sealedCompressedFlags
	}
	return sealedFlags
}

// appendHeader never fails on a header whose lengths fit into 31 bits.
func appendHeader(dst []byte, h header) []byte {
	dst = binary.BigEndian.AppendUint16(dst, magic)
	dst = binary.BigEndian.AppendUint32(dst, version)
	dst = appendFlag(dst, h.compressed)
	dst = appendFlag(dst, h.encrypted)
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.meta))
	return binary.BigEndian.AppendUint32(dst, uint32(h.data))
}

// parseHeader reads the first 16 bytes of b and rejects whatever can be rejected before memory is taken (O1, O2).
func parseHeader(b []byte, limits *Limits, sealed bool) (header, error) {
	b = b[:HeaderLen]
	if m := binary.BigEndian.Uint16(b); m != magic {
		return header{}, malformed("magic %04x", m)
	}
	if v := binary.BigEndian.Uint32(b[2:]); v != version {
		return header{}, malformed("version %d", int32(v))
	}
	if b[6] > 1 || b[7] > 1 {
		return header{}, malformed("flags %02x %02x", b[6], b[7])
	}
	meta, data := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	if meta > math.MaxInt32 || data > math.MaxInt32 {
		return header{}, malformed("negative length: meta %d, data %d", int32(meta), int32(data))
	}
	h := header{compressed: b[6] == 1, encrypted: b[7] == 1, meta: int(meta), data: int(data)}
	switch {
	case h.encrypted && !sealed:
		return header{}, malformed("encrypted frame on a plain connection")
	case !h.encrypted && sealed:
		return header{}, malformed("plain frame on an encrypted connection")
	case h.compressed && !limits.Compressed:
		return header{}, malformed("compressed frame where none is allowed")
	case h.meta > limits.MaxMeta:
		return header{}, malformed("meta segment of %d bytes, the limit is %d", h.meta, limits.MaxMeta)
	case h.meta < minMetaLen+h.overhead():
		return header{}, malformed("meta segment of %d bytes", h.meta)
	case h.data < h.overhead():
		return header{}, malformed("sealed data segment of %d bytes", h.data)
	case h.data > limits.MaxData && h.data > limits.Drain:
		return header{}, malformed("data segment of %d bytes, the limit is %d", h.data, limits.MaxData)
	}
	return h, nil
}

// overhead is what sealing adds to each segment.
func (h header) overhead() int {
	if h.encrypted {
		return SealOverhead
	}
	return 0
}

// oversize reports whether the data segment is too large to be read, so that it has to be skipped: the claim is over
// its limit, or the payload is, as far as the header tells.
func (h header) oversize(limits *Limits) bool {
	return h.data > limits.MaxData || !h.compressed && h.data-h.overhead() > limits.MaxPayload
}
