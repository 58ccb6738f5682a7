// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a key, an exponent or a password. Every printed, logged and encoded form of it is "***" (S6). Copies share
// the bytes. The zero Secret is empty.
type Secret struct {
	// Inside a struct around it fmt does not ask Format, and for a wrong verb it even follows one pointer; at two it
	// prints an address.
	p **[]byte
}

const masked = "***"

// NewSecret copies b.
func NewSecret(b []byte) Secret {
	own := append([]byte(nil), b...)
	p := &own
	return Secret{p: &p}
}

// Bytes are the secret's own bytes, valid until Clear.
func (s Secret) Bytes() []byte {
	if s.p == nil {
		return nil
	}
	return **s.p
}

// Clear overwrites the bytes and makes this secret and its copies empty. Best effort: Go may have moved a stack or
// copied a string before.
func (s Secret) Clear() {
	if s.p != nil {
		clear(**s.p)
		**s.p = nil
	}
}

// String is "***".
func (s Secret) String() string { return masked }

// Format prints "***" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, masked) }

// MarshalText encodes "***", in JSON too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// LogValue is "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }
