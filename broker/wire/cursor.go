// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"fmt"
)

// cursor reads big endian fields from a segment. The first read past the end sets failed; it and every later read
// answer zero, so that a decoder checks once at the end.
type cursor struct {
	b      []byte // what is left
	failed bool
}

func (c *cursor) take(n int) []byte {
	if c.failed || n < 0 || n > len(c.b) {
		c.failed = true
		return nil
	}
	s := c.b[:n:n]
	c.b = c.b[n:]
	return s
}

// flag is a bool: 1 is true, every other value false.
func (c *cursor) flag() bool {
	s := c.take(1)
	return s != nil && s[0] == 1
}

func (c *cursor) int16() int16 {
	if s := c.take(2); s != nil {
		return int16(binary.BigEndian.Uint16(s))
	}
	return 0
}

func (c *cursor) int64() int64 {
	if s := c.take(8); s != nil {
		return int64(binary.BigEndian.Uint64(s))
	}
	return 0
}

// text is a string's bytes; a negative length fails.
func (c *cursor) text() []byte { return c.take(int(c.int16())) }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
