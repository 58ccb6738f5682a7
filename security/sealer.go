// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
)

// Layout of a sealed segment: nonce, ciphertext, tag (wire-protocol.md 6.3).
const (
	nonceBytes = 12
	tagBytes   = 16
)

// maxSegments is how many segments one key seals under random nonces (S3).
const maxSegments = 1 << 31

// Errors of a Sealer.
var (
	// ErrOpen: a segment was not sealed with this key, or not as it arrived. It says no more on purpose.
	ErrOpen = errors.New("sealed segment does not open")
	// ErrKeyUsedUp: the connection needs a new key, that is, it has to be closed and opened again (S3).
	ErrKeyUsedUp = errors.New("the connection's key has sealed as many segments as it may")
)

// Sealer seals and opens segments with AES-256-GCM under one connection key (wire-protocol.md 6.3). It implements
// wire.Sealer. Sealing and opening may run on two goroutines; neither on more than one.
type Sealer struct {
	aead     cipher.AEAD
	sealed   uint64         // segments so far
	broken   bool           // an Open has failed
	counters *counterNonces // S5; nil: random nonces
	window   *nonceWindow   // S4; nil with counters
}

// NewSealer takes a 32 byte key; it keeps nothing of the slice.
func NewSealer(key []byte) (*Sealer, error) {
	if len(key) != keyBytes {
		return nil, fmt.Errorf("key of %d bytes, want %d", len(key), keyBytes)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: aead, window: newNonceWindow()}, nil
}

// CountNonces makes the nonces counters (S5), when both peers have said that they do. client is the side that this one is.
// To be called before the first segment.
func (s *Sealer) CountNonces(client bool) {
	s.counters, s.window = &counterNonces{}, nil
	if !client {
		s.counters.direction = 1
	}
}

// Seal appends nonce, ciphertext and tag. The nonce comes from the system's generator, or is the next counter. plain may stand exactly where the
// ciphertext goes, at dst[len(dst)+12:]; it must not overlap the result in another way.
func (s *Sealer) Seal(dst, plain, additional []byte) ([]byte, error) {
	if s.sealed >= maxSegments {
		return dst, ErrKeyUsedUp
	}
	s.sealed++
	at := len(dst)
	dst = append(dst, make([]byte, nonceBytes)...)
	nonce := dst[at:]
	if s.counters != nil {
		n := s.counters.nextSealed()
		copy(nonce, n[:])
	} else {
		if _, err := rand.Read(nonce); err != nil {
			return dst[:at], err
		}
		s.window.note(nonce) // a frame that comes back to its sender is known (S4)
	}
	return s.aead.Seal(dst, nonce, plain, additional), nil
}

// Open appends the plain text; any failure is ErrOpen and final: every later Open fails too. dst may be sealed[12:12], so
// that the plain text takes the ciphertext's place.
func (s *Sealer) Open(dst, sealed, additional []byte) ([]byte, error) {
	if s.broken || len(sealed) < nonceBytes+tagBytes {
		s.broken = true
		return nil, ErrOpen
	}
	nonce := sealed[:nonceBytes]
	fresh := false
	if s.counters != nil {
		fresh = s.counters.nextOpened() == [nonceBytes]byte(nonce)
	} else {
		fresh = s.window.note(nonce)
	}
	if !fresh {
		s.broken = true
		return nil, ErrOpen
	}
	plain, err := s.aead.Open(dst, nonce, sealed[nonceBytes:], additional)
	if err != nil {
		s.broken = true
		return nil, ErrOpen
	}
	return plain, nil
}

// String hides the key.
func (s *Sealer) String() string { return "Sealer(" + masked + ")" }

// Format prints String for every verb.
func (s *Sealer) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }
