// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
)

// Kind is a record type; the codes are those of wal-format.md 3.
type Kind int32

const (
	Ack    Kind = 0 // a message left the queue; the payload is its id
	Config Kind = 1 // first record of a log
	Data   Kind = 2 // a message; the payload is its frame
)

// Record is one record of a log. Payload is borrowed for the call in Enqueue and owned by the receiver in a replay.
type Record struct {
	Kind    Kind
	ID      uuid.UUID
	Payload []byte
}

const (
	magic        = 0xCAFEBABE
	headerLen    = 52
	configLen    = 12                         // of our CONFIG payloads
	compressedAt = 11                         // the last byte of the flag in one
	noExpiry     = -1                         // what the reference writes
	maxPayload   = 262_144_000 + 196_661 + 16 // reliability.md 3.1
	compressFrom = 300                        // plain bytes of a DATA payload (wal-format.md 4)
	maxInflated  = maxPayload
)

// appendRecord encodes a record; lsn is its number. compress asks for gzip where the format has it.
func appendRecord(dst []byte, lsn int64, r Record, compress bool) ([]byte, error) {
	payload, compressed := r.Payload, uint32(0)
	if compress && r.Kind == Data && len(payload) >= compressFrom {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(payload); err != nil {
			return dst, err
		}
		if err := z.Close(); err != nil {
			return dst, err
		}
		payload, compressed = b.Bytes(), 1
	}
	return appendStored(dst, lsn, r.Kind, r.ID, compressed, payload), nil
}

// appendStored encodes a record whose payload is as it is to be stored.
func appendStored(dst []byte, lsn int64, kind Kind, id uuid.UUID, compressed uint32, payload []byte) []byte {
	b := binary.BigEndian
	dst = b.AppendUint32(dst, magic)
	dst = b.AppendUint64(dst, uint64(lsn))
	dst = b.AppendUint32(dst, uint32(kind))
	dst = append(dst, id[:]...)
	dst = b.AppendUint64(dst, uint64(1<<64+noExpiry))
	dst = b.AppendUint32(dst, compressed)
	dst = b.AppendUint32(dst, uint32(len(payload)))
	dst = b.AppendUint32(dst, crc32.ChecksumIEEE(payload))
	return append(dst, payload...)
}

// header is a record's header, not checked.
type header struct {
	lsn        int64
	kind       Kind
	id         uuid.UUID
	compressed uint32
	length     int64
	crc        uint32
	magic      uint32
}

func parseHeader(b []byte) (h header) {
	e := binary.BigEndian
	h.magic = e.Uint32(b)
	h.lsn = int64(e.Uint64(b[4:]))
	h.kind = Kind(int32(e.Uint32(b[12:])))
	copy(h.id[:], b[16:32])
	h.compressed = e.Uint32(b[40:])
	h.length = int64(int32(e.Uint32(b[44:])))
	h.crc = e.Uint32(b[48:])
	return h
}

// plausible is what can be said of a header before its payload is looked at (reliability.md 3.1).
func (h header) plausible() error {
	switch {
	case h.magic != magic:
		return fmt.Errorf("bad magic %08x", h.magic)
	case h.kind < Ack || h.kind > Data:
		return fmt.Errorf("unknown type %d", h.kind)
	case h.compressed > 1:
		return fmt.Errorf("bad compression flag %d", h.compressed)
	case h.length < 0 || h.length > maxPayload:
		return fmt.Errorf("bad length %d", h.length)
	case h.kind == Ack && h.length != 16 && h.compressed == 0:
		return fmt.Errorf("an ACK of %d bytes", h.length)
	}
	return nil
}

var errChecksum = errors.New("bad checksum")

// open checks a payload as stored and returns it inflated.
func (h header) open(stored []byte) ([]byte, error) {
	if crc32.ChecksumIEEE(stored) != h.crc {
		return nil, errChecksum
	}
	payload := stored
	if h.compressed == 1 {
		z, err := gzip.NewReader(bytes.NewReader(stored))
		if err != nil {
			return nil, fmt.Errorf("the payload does not inflate: %w", err)
		}
		if payload, err = io.ReadAll(io.LimitReader(z, maxInflated+1)); err != nil {
			return nil, fmt.Errorf("the payload does not inflate: %w", err)
		}
		if len(payload) > maxInflated {
			return nil, errors.New("the payload inflates beyond the limit")
		}
	}
	switch {
	case h.kind == Config && len(payload) < configLen:
		return nil, fmt.Errorf("a CONFIG of %d bytes", len(payload))
	case h.kind == Ack && len(payload) != 16:
		return nil, fmt.Errorf("an ACK of %d bytes", len(payload))
	}
	return payload, nil
}
