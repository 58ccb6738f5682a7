// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

// Sealer seals and opens segments with AES-256-GCM under one connection key (wire-protocol.md 6.3). It implements
// wire.Sealer. Sealing and opening may run on two goroutines; neither on more than one.
type Sealer struct{}

// NewSealer takes a 32 byte key; it copies it.
func NewSealer(key []byte) (*Sealer, error) { panic("not built yet") }

// Seal appends nonce, ciphertext and tag.
func (s *Sealer) Seal(dst, plain, additional []byte) ([]byte, error) { panic("not built yet") }

// Open appends the plain text; any failure is final for the connection.
func (s *Sealer) Open(dst, sealed, additional []byte) ([]byte, error) { panic("not built yet") }
