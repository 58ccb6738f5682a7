// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// Key derivation (wire-protocol.md 6.2).
const (
	kdfRounds = 3000
	keyBytes  = 32
	kdfSalt   = "\x45\x1A\x79\x67\xBA\xFA\x0D\x5E\x03\x71\x44\x2F\xC3\xA5\x6E\x4F"
)

// exponentBits is the length of a private exponent: twice the strength of the group and more.
const exponentBits = 256

// ErrBadKey is wrapped by every refusal of a peer's public key.
var ErrBadKey = errors.New("unacceptable key")

func badKey(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBadKey}, args...)...)
}

// KeyPair is one side's ephemeral Diffie-Hellman key of RFC 3526 group 14 (wire-protocol.md 6.1). It serves one
// agreement. It is not safe for concurrent use.
//
// The arithmetic is math/big, whose time depends on the numbers; an exponent is used twice, for one peer, and dropped.
type KeyPair struct {
	exponent Secret
	public   string
}

// NewKeyPair draws a key from the system's generator.
func NewKeyPair() (*KeyPair, error) {
	b := make([]byte, exponentBits/8)
	defer clear(b)
	if _, err := rand.Read(b); err != nil {
		return nil, err
	}
	b[0] |= 0x80 // exactly exponentBits long, as the length in the public key says
	return newKeyPair(b, exponentBits)
}

// newKeyPair makes the key of a given exponent, which it copies.
func newKeyPair(exponent []byte, bits int) (*KeyPair, error) {
	x := new(big.Int).SetBytes(exponent)
	defer clear(x.Bits())
	public, err := formatPublic(new(big.Int).Exp(big.NewInt(groupGenerator), x, groupPrime()), bits)
	if err != nil {
		return nil, err
	}
	return &KeyPair{exponent: NewSecret(exponent), public: public}, nil
}

// Public is the Base64 text of the X.509 SubjectPublicKeyInfo.
func (k *KeyPair) Public() string { return k.public }

// Agree takes the peer's public key text and derives the connection's key (6.2). A key that does not decode, is of another
// group or out of range is refused with ErrBadKey. The private exponent and the shared secret are cleared (S6), so a
// second call fails.
func (k *KeyPair) Agree(peer string) (*Sealer, error) {
	key, err := k.agree(peer)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return NewSealer(key)
}

func (k *KeyPair) agree(peer string) ([]byte, error) {
	defer k.exponent.Clear()
	if len(k.exponent.Bytes()) == 0 {
		return nil, errors.New("the key pair has been used")
	}
	y, err := parsePublic(peer)
	if err != nil {
		return nil, err
	}
	x := new(big.Int).SetBytes(k.exponent.Bytes())
	defer clear(x.Bits())
	z := y.Exp(y, x, groupPrime())
	defer clear(z.Bits())
	return deriveKey(z)
}

// deriveKey turns the shared secret into the key. The password is the Base64 text of the secret as exactly 256 bytes.
func deriveKey(z *big.Int) ([]byte, error) {
	secret := z.FillBytes(make([]byte, groupBytes))
	defer clear(secret)
	return pbkdf2.Key(sha256.New, base64.StdEncoding.EncodeToString(secret), []byte(kdfSalt), kdfRounds, keyBytes)
}

// String hides the key.
func (k *KeyPair) String() string { return "KeyPair(" + masked + ")" }

// Format prints String for every verb.
func (k *KeyPair) Format(f fmt.State, _ rune) { io.WriteString(f, k.String()) }
