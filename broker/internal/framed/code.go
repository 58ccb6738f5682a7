// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package framed

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"io"

	"github.com/klauspost/compress/gzip"
)

const sealLen = 12 + 16 // nonce and tag

// code is what one end does to the segments. All memory is used again.
type code struct {
	aead   cipher.AEAD // nil: nothing is sealed
	nonces uint64
	z      *gzip.Writer // nil: nothing is compressed
	unz    gzip.Reader
	src    bytes.Reader
	zipped bytes.Buffer
	plain  bytes.Buffer
}

// newCode is nil if there is nothing to do.
func newCode(o Options) *code {
	if !o.Seal && !o.Gzip {
		return nil
	}
	c := &code{}
	if o.Seal {
		block, err := aes.NewCipher(make([]byte, 32))
		if err == nil {
			c.aead, err = cipher.NewGCM(block)
		}
		if err != nil {
			panic(err) // only for another length
		}
	}
	if o.Gzip {
		z, err := gzip.NewWriterLevel(nil, 1)
		if err != nil {
			panic(err) // only for a level that does not exist
		}
		c.z = z
	}
	return c
}

// segment appends a segment.
func (c *code) segment(dst, plain []byte, zip bool) []byte {
	if zip {
		c.zipped.Reset()
		c.z.Reset(&c.zipped)
		c.z.Write(plain) // to memory, as Close does
		c.z.Close()
		plain = c.zipped.Bytes()
	}
	if c.aead == nil {
		return append(dst, plain...)
	}
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, c.nonces)
	c.nonces++
	return c.aead.Seal(dst, dst[at:], plain, nil)
}

// open opens both segments in place, and returns the payload.
func (c *code) open(meta, data []byte) ([]byte, error) {
	if c.aead != nil {
		var err error
		if _, err = c.aead.Open(meta[12:12], meta[:12], meta[12:], nil); err == nil {
			data, err = c.aead.Open(data[12:12], data[:12], data[12:], nil)
		}
		if err != nil {
			return nil, err
		}
	}
	if c.z == nil || len(data) == 0 {
		return data, nil
	}
	c.src.Reset(data)
	if err := c.unz.Reset(&c.src); err != nil {
		return nil, err
	}
	c.plain.Reset()
	_, err := io.Copy(&c.plain, &c.unz)
	return c.plain.Bytes(), err
}
