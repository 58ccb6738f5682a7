// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// cryptTable: digests of the module crypt. MD5 and SHA-1 are for data of others that has them; they protect nothing.
var cryptTable = eval.Table{
	{Name: "crypt/hash-file", Touches: eval.Files, Min: 3, Max: 3, FN: hashFile, Forms: "(crypt/hash-file algorithm salt file)", Doc: "The digest of a salt and a file's content as base64, to see later whether the file was changed. The algorithm is \"MD5\", \"SHA-1\", \"SHA-256\" or \"SHA-512\"; the file is whatever io/slurp takes."},
	{Name: "crypt/verify-file-hash", Touches: eval.Files, Min: 4, Max: 4, FN: verifyFileHash, Forms: "(crypt/verify-file-hash algorithm salt file hash)", Doc: "Whether a file still has the digest that crypt/hash-file gave."},
	digestRow("crypt/md5-hash", md5.New), digestRow("crypt/sha1-hash", sha1.New), digestRow("crypt/sha512-hash", sha512.New),
	{Name: "crypt/pbkdf2-hash", Min: 2, Max: 4, FN: pbkdf2Hash, Forms: "(crypt/pbkdf2-hash text salt)\n(crypt/pbkdf2-hash text salt iterations key-length)", Doc: "PBKDF2 with HMAC-SHA-512: 1000 iterations and a key of 256 bits, unless given. A bytebuf."},
}

func assertion(text string, form string) error {
	return value.Throwf(value.AssertionException, "Assert failed.\n%s\nExpression:\n%s", text, form)
}

func digestRow(name string, open func() hash.Hash) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 2, Forms: "(" + name + " data)\n(" + name + " data salt)", Doc: "The digest of a string or bytebuf as a bytebuf; the salt goes first.",
		FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			data, ok := textOrBytes(a[0])
			if !ok {
				return value.Nil, assertion("The passed data must be either a string or a bytebuf", "(or (string? data) (bytebuf? data))")
			}
			h := open()
			if len(a) == 2 && !a[1].IsNil() {
				salt, ok := textOrBytes(a[1])
				if !ok {
					return value.Nil, assertion("The passed salt must be either a string, a bytebuf or nil", "(or (string? salt) (bytebuf? salt) (nil? salt))")
				}
				h.Write(salt)
			}
			h.Write(data)
			return value.NewByteBuf(h.Sum(nil)).Val(), nil
		}}
}

// textOrBytes are the bytes of a string, as UTF-8, or of a bytebuf.
func textOrBytes(v value.Value) ([]byte, bool) {
	if b, ok := v.Ref().(*value.ByteBuf); ok {
		return b.B[:b.Lim], true
	}
	s, ok := v.Str()
	return []byte(value.ToUTF8(s)), ok
}

func pbkdf2Hash(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 3 {
		return value.Nil, th.Runtime().Row("crypt/pbkdf2-hash").ArityError(len(a))
	}
	text, ok := a[0].Str()
	if !ok {
		return value.Nil, assertion("The passed text must be a string", "(string? text)")
	}
	salt, ok := a[1].Str()
	if !ok && !a[1].IsNil() {
		return value.Nil, assertion("The passed salt must be either a string or nil", "(or (string? salt) (nil? salt))")
	}
	iterations, bits := int64(1000), int64(256)
	if len(a) == 4 {
		var ok, ok2 bool
		iterations, ok = value.ToLong(a[2])
		bits, ok2 = value.ToLong(a[3])
		if !ok || !ok2 {
			return value.Nil, assertion("The passed iterations and key-length must be either a long or an integer", "(or (long? iterations) (int? iterations))")
		}
	}
	const most = 1 << 20
	if iterations < 1 || iterations > 10*most || bits < 8 || bits > most {
		return value.Nil, value.Errorf("Failed to compute PBKDF2 hash: %d iterations and a key of %d bits are out of range", iterations, bits)
	}
	key, err := pbkdf2.Key(sha512.New, value.ToUTF8(text), []byte(value.ToUTF8(salt)), int(iterations), int(bits/8))
	return bytesValue(key, err)
}

// fileDigests are those of crypt/hash-file.
var fileDigests = map[string]func() hash.Hash{"MD5": md5.New, "SHA-1": sha1.New, "SHA-256": sha256.New, "SHA-512": sha512.New}

func hashFile(th *eval.Thread, a []value.Value) (value.Value, error) {
	s, err := fileHash(th, a)
	return value.String(s), err
}

func verifyFileHash(th *eval.Thread, a []value.Value) (value.Value, error) {
	want, ok := a[3].Str()
	if !ok {
		return value.Nil, assertion("The hash must be a string", "(string? hash)")
	}
	s, err := fileHash(th, a[:3])
	return value.Bool(err == nil && subtle.ConstantTimeCompare([]byte(s), []byte(want)) == 1), err
}

// fileHash is the base64 of the digest of a salt and the content of a file; a is algorithm, salt and file.
func fileHash(th *eval.Thread, a []value.Value) (string, error) {
	algorithm, ok := a[0].Str()
	if !ok {
		return "", assertion("The algorithm must be a string", "(string? algorithm)")
	}
	salt, ok := a[1].Str()
	if !ok {
		return "", assertion("The salt must be a string", "(string? salt)")
	}
	open := fileDigests[algorithm]
	if open == nil {
		return "", value.Errorf("crypt/hash-file: there is no algorithm '%s'; use MD5, SHA-1, SHA-256 or SHA-512", algorithm)
	}
	data, err := contentOf(th, a[2])
	if err != nil {
		return "", err
	}
	h := open()
	h.Write([]byte(value.ToUTF8(salt)))
	h.Write(data)
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}
