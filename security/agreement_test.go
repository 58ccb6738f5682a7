// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"
)

// agreementCase is one recorded agreement: of key-derivation.json (sides a and b) or key-exchange-json.json (client and
// server).
type agreementCase struct {
	Case                                    string
	APrivateXHex, ClientPrivateXHex         string
	APublicKeyBase64, ClientPublicKeyBase64 string
	BPrivateXHex, ServerPrivateXHex         string
	BPublicKeyBase64, ServerPublicKeyBase64 string
	RequestPayload, AnswerPayload           string
	SharedSecretHex, KDFPassword, AESKeyHex string
	Samples                                 []struct{ AADHex, PlainHex, SegmentHex string }
}

func agreementCases(t *testing.T) []agreementCase {
	t.Helper()
	var all []agreementCase
	for _, path := range []string{"testdata/key-derivation.json", "testdata/key-exchange-json.json"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f struct{ Cases []agreementCase }
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatal(err)
		}
		if len(f.Cases) != 3 {
			t.Fatalf("%s: %d cases", path, len(f.Cases))
		}
		for _, c := range f.Cases {
			c.APrivateXHex += c.ClientPrivateXHex
			c.APublicKeyBase64 += c.ClientPublicKeyBase64
			c.BPrivateXHex += c.ServerPrivateXHex
			c.BPublicKeyBase64 += c.ServerPublicKeyBase64
			all = append(all, c)
		}
	}
	return all
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Both sides of every recorded agreement: the key texts come out as the reference wrote them, and the derived key is its
// key, also for a secret with a leading zero byte and a short public value.
func TestAgreementVectors(t *testing.T) {
	for _, c := range agreementCases(t) {
		t.Run(c.Case, func(t *testing.T) {
			for _, side := range []struct{ x, public, peer string }{
				{c.APrivateXHex, c.APublicKeyBase64, c.BPublicKeyBase64},
				{c.BPrivateXHex, c.BPublicKeyBase64, c.APublicKeyBase64},
			} {
				k, err := newKeyPair(unhex(t, side.x), 224)
				if err != nil {
					t.Fatal(err)
				}
				if k.Public() != side.public {
					t.Errorf("public key\n got %s\nwant %s", k.Public(), side.public)
				}
				key, err := k.agree(side.peer)
				if err != nil || hex.EncodeToString(key) != c.AESKeyHex {
					t.Errorf("key %x, %v, want %s", key, err, c.AESKeyHex)
				}
			}
			secret := unhex(t, c.SharedSecretHex)
			if got := base64.StdEncoding.EncodeToString(secret); got != c.KDFPassword {
				t.Errorf("password %s, want %s", got, c.KDFPassword)
			}
			key, err := deriveKey(new(big.Int).SetBytes(secret))
			if err != nil || hex.EncodeToString(key) != c.AESKeyHex {
				t.Errorf("derived %x, %v, want %s", key, err, c.AESKeyHex)
			}
			s, err := NewSealer(key)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range c.Samples {
				segment := unhex(t, v.SegmentHex)
				plain, err := s.Open(nil, segment, unhex(t, v.AADHex))
				if err != nil || hex.EncodeToString(plain) != v.PlainHex {
					t.Errorf("Open: %x, %v, want %s", plain, err, v.PlainHex)
				}
				again := s.aead.Seal(segment[:12:12], segment[:12], plain, unhex(t, v.AADHex))
				if !bytes.Equal(again, segment) {
					t.Errorf("sealed again: %x, want %s", again, v.SegmentHex)
				}
			}
			for payload, public := range map[string]string{c.RequestPayload: c.APublicKeyBase64, c.AnswerPayload: c.BPublicKeyBase64} {
				if payload != "" && !strings.Contains(payload, public) {
					t.Errorf("the recorded exchange does not carry the recorded key")
				}
			}
		})
	}
}

func TestAgreementFresh(t *testing.T) {
	a, err := NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	if a.Public() == b.Public() {
		t.Fatal("two key pairs are the same")
	}
	if x := new(big.Int).SetBytes(a.exponent.Bytes()); x.BitLen() != exponentBits {
		t.Errorf("exponent of %d bits, want %d", x.BitLen(), exponentBits)
	}
	exponent := a.exponent.Bytes()
	one, err := a.Agree(b.Public())
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Agree(a.Public())
	if err != nil {
		t.Fatal(err)
	}
	segment, err := one.Seal([]byte("frame:"), []byte("cargo"), []byte{0, 1})
	if err != nil || !bytes.HasPrefix(segment, []byte("frame:")) {
		t.Fatalf("Seal: %q, %v", segment, err)
	}
	if plain, err := two.Open([]byte("> "), segment[len("frame:"):], []byte{0, 1}); err != nil || string(plain) != "> cargo" {
		t.Errorf("Open: %q, %v", plain, err)
	}
	// S6: the exponent is gone, and with it the pair.
	if !bytes.Equal(exponent, make([]byte, len(exponent))) {
		t.Errorf("the exponent is still there: %x", exponent)
	}
	if _, err := a.Agree(b.Public()); err == nil {
		t.Error("a key pair agreed twice")
	}
}

// keyInfo is the DER layout of wire-protocol.md 6.1, encoded by another package than the one under test.
type keyInfo struct {
	Algorithm struct {
		OID    asn1.ObjectIdentifier
		Params struct {
			P, G *big.Int
			L    int `asn1:"optional"`
		}
	}
	Y asn1.BitString
}

func keyText(t *testing.T, y *big.Int, change func(*keyInfo)) string {
	t.Helper()
	der, err := asn1.Marshal(y)
	if err != nil {
		t.Fatal(err)
	}
	var k keyInfo
	k.Algorithm.OID = oidKeyAgreement()
	k.Algorithm.Params.P, k.Algorithm.Params.G = groupPrime(), big.NewInt(2)
	k.Y = asn1.BitString{Bytes: der, BitLength: 8 * len(der)}
	if change != nil {
		change(&k)
	}
	if der, err = asn1.Marshal(k); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func TestPublicKeyRange(t *testing.T) {
	p := groupPrime()
	near := func(d int64) *big.Int { return new(big.Int).Add(p, big.NewInt(d)) }
	for name, c := range map[string]struct {
		y  *big.Int
		ok bool
	}{
		"-1": {big.NewInt(-1), false}, "0": {big.NewInt(0), false}, "1": {big.NewInt(1), false}, "2": {big.NewInt(2), true},
		"p-2": {near(-2), true}, "p-1": {near(-1), false}, "p": {near(0), false}, "p+2": {near(2), false},
		"2^2048": {new(big.Int).Lsh(big.NewInt(1), 2048), false},
	} {
		y, err := parsePublic(keyText(t, c.y, nil))
		if c.ok && (err != nil || y.Cmp(c.y) != 0) {
			t.Errorf("y = %s: %v, %v", name, y, err)
		}
		if !c.ok && !errors.Is(err, ErrBadKey) {
			t.Errorf("y = %s: err = %v, want ErrBadKey", name, err)
		}
	}
}

func TestPublicKeyForms(t *testing.T) {
	y := big.NewInt(4)
	length := func(l int) func(*keyInfo) { return func(k *keyInfo) { k.Algorithm.Params.L = l } }
	good := keyText(t, y, nil)
	der, _ := base64.StdEncoding.DecodeString(good)
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"no length":      {good, true},
		"length 224":     {keyText(t, y, length(224)), true},
		"length 256":     {keyText(t, y, length(256)), true},
		"length 2040":    {keyText(t, y, length(2040)), true},
		"length -1":      {keyText(t, y, length(-1)), false},
		"length 2049":    {keyText(t, y, length(2049)), false},
		"generator 5":    {keyText(t, y, func(k *keyInfo) { k.Algorithm.Params.G = big.NewInt(5) }), false},
		"other prime":    {keyText(t, y, func(k *keyInfo) { k.Algorithm.Params.P.Sub(k.Algorithm.Params.P, big.NewInt(2)) }), false},
		"small prime":    {keyText(t, y, func(k *keyInfo) { k.Algorithm.Params.P = big.NewInt(23) }), false},
		"negative prime": {keyText(t, y, func(k *keyInfo) { k.Algorithm.Params.P.Neg(k.Algorithm.Params.P) }), false},
		"other OID":      {keyText(t, y, func(k *keyInfo) { k.Algorithm.OID = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1} }), false},
		"unused bits":    {keyText(t, y, func(k *keyInfo) { k.Y.BitLength-- }), false},
		"empty":          {"", false},
		"not Base64":     {"MIIC*", false},
		"line break":     {good[:76] + "\n" + good[76:], false},
		"no padding":     {strings.TrimRight(keyText(t, big.NewInt(1000000), nil), "="), false},
		"trailing bytes": {base64.StdEncoding.EncodeToString(append(der, 0)), false},
		"very long":      {strings.Repeat("A", maxKeyText+4), false},
	} {
		k, err := newKeyPair([]byte{5}, 224)
		if err != nil {
			t.Fatal(err)
		}
		s, err := k.Agree(c.text)
		if c.ok && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !c.ok && (s != nil || !errors.Is(err, ErrBadKey)) {
			t.Errorf("%s: %v, err = %v, want ErrBadKey", name, s, err)
		}
		if len(k.exponent.Bytes()) != 0 {
			t.Errorf("%s: the exponent outlives the agreement (S6)", name)
		}
	}
	for n := range der {
		if _, err := parsePublic(base64.StdEncoding.EncodeToString(der[:n])); !errors.Is(err, ErrBadKey) {
			t.Errorf("the first %d bytes of a key are taken: %v", n, err)
		}
	}
}

// FuzzPublicKey (T22): what is accepted is in the group, and its own text is accepted again as the same value.
func FuzzPublicKey(f *testing.F) {
	k, err := newKeyPair([]byte{3}, 224)
	if err != nil {
		f.Fatal(err)
	}
	der, _ := base64.StdEncoding.DecodeString(k.Public())
	f.Add(der)
	f.Add(der[:40])
	f.Fuzz(func(t *testing.T, der []byte) {
		y, err := parsePublic(base64.StdEncoding.EncodeToString(der))
		if err != nil {
			if !errors.Is(err, ErrBadKey) {
				t.Fatalf("err = %v", err)
			}
			return
		}
		if y.Cmp(big.NewInt(2)) < 0 || y.Cmp(new(big.Int).Sub(groupPrime(), big.NewInt(2))) > 0 {
			t.Fatalf("y = %v", y)
		}
		text, err := formatPublic(y, 224)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parsePublic(text); err != nil || again.Cmp(y) != 0 {
			t.Fatalf("again %v, %v", again, err)
		}
	})
}

func BenchmarkAgree(b *testing.B) {
	peer, err := NewKeyPair()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		k, err := NewKeyPair()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := k.Agree(peer.Public()); err != nil {
			b.Fatal(err)
		}
	}
}
