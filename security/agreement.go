// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

// KeyPair is one side's ephemeral Diffie-Hellman key of RFC 3526 group 14 (wire-protocol.md 6.1).
type KeyPair struct{}

// NewKeyPair draws a key from the system's generator.
func NewKeyPair() (*KeyPair, error) { panic("not built yet") }

// Public is the Base64 text of the X.509 SubjectPublicKeyInfo.
func (k *KeyPair) Public() string { panic("not built yet") }

// Agree takes the peer's public key text and derives the connection's key (6.2). A key that does not decode, is of another
// group or out of range is refused. The private exponent and the shared secret are cleared (S6).
func (k *KeyPair) Agree(peer string) (*Sealer, error) { panic("not built yet") }
