// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// Group 14 of RFC 3526: the only one accepted (reliability.md 8.2).
const (
	groupBits      = 2048
	groupBytes     = groupBits / 8
	groupGenerator = 2
	groupPrimeHex  = "" +
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
		"15728E5A8AACAA68FFFFFFFFFFFFFFFF"
)

// maxKeyText is far above the text of any key of the group: about 760 characters.
const maxKeyText = 4 << 10

func groupPrime() *big.Int {
	p, ok := new(big.Int).SetString(groupPrimeHex, 16)
	if !ok {
		panic("security: the group's prime is not a number")
	}
	return p
}

// oidKeyAgreement is PKCS #3 dhKeyAgreement.
func oidKeyAgreement() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 3, 1}
}

// formatPublic is the key text of the public value y: Base64 of a SubjectPublicKeyInfo (wire-protocol.md 6.1). l is the
// length of the private exponent, a hint for whoever draws a key in the same parameters.
func formatPublic(y *big.Int, l int) (string, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidKeyAgreement())
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1BigInt(groupPrime())
				b.AddASN1Int64(groupGenerator)
				b.AddASN1Int64(int64(l))
			})
		})
		b.AddASN1(tag.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(0) // unused bits
			b.AddASN1BigInt(y)
		})
	})
	der, err := b.Bytes()
	return base64.StdEncoding.EncodeToString(der), err
}

// parsePublic is the public value of a key text. It refuses whatever is not the DER of a key of group 14 with
// 2 <= y <= p-2.
func parsePublic(text string) (*big.Int, error) {
	if len(text) > maxKeyText {
		return nil, badKey("%d characters", len(text))
	}
	der, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // line breaks are skipped by the decoder, not by the protocol
		return nil, badKey("not Base64")
	}
	var (
		input                = cryptobyte.String(der)
		info, algorithm, key cryptobyte.String
		params               cryptobyte.String
		oid                  asn1.ObjectIdentifier
		bits                 []byte
		p, g, y              = new(big.Int), new(big.Int), new(big.Int)
	)
	if !input.ReadASN1(&info, tag.SEQUENCE) || !input.Empty() ||
		!info.ReadASN1(&algorithm, tag.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!algorithm.ReadASN1(&params, tag.SEQUENCE) || !algorithm.Empty() ||
		!info.ReadASN1BitStringAsBytes(&bits) || !info.Empty() {
		return nil, badKey("not a SubjectPublicKeyInfo")
	}
	if !oid.Equal(oidKeyAgreement()) {
		return nil, badKey("algorithm %v", oid)
	}
	if !params.ReadASN1Integer(p) || !params.ReadASN1Integer(g) || !readExponentLength(&params) {
		return nil, badKey("parameters")
	}
	prime := groupPrime()
	if p.Cmp(prime) != 0 || !g.IsInt64() || g.Int64() != groupGenerator {
		return nil, badKey("not of group 14")
	}
	if key = bits; !key.ReadASN1Integer(y) || !key.Empty() {
		return nil, badKey("public value")
	}
	one := big.NewInt(1)
	if y.Cmp(one) <= 0 || y.Cmp(new(big.Int).Sub(prime, one)) >= 0 {
		return nil, badKey("public value out of range")
	}
	return y, nil
}

// readExponentLength reads the optional last parameter; any plausible value is taken and none is used.
func readExponentLength(params *cryptobyte.String) bool {
	if params.Empty() {
		return true
	}
	var l int64
	return params.ReadASN1Integer(&l) && params.Empty() && l >= 0 && l <= groupBits
}
