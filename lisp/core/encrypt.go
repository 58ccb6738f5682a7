// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/crypto/chacha20"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// encryptTable: the encryptors of the module crypt, whose bytes the reference reads and writes.
var encryptTable = eval.Table{
	encryptorRow("aes-256-gcm", "Encryptor_AES256_GCM", newGCM, "AES-256-GCM: a random IV of 12 bytes, the data, a tag of 16 bytes. Data that was changed does not decrypt."),
	encryptorRow("aes-256-cbc", "Encryptor_AES256_CBC", newCBC, "AES-256-CBC with PKCS #5 padding: a random IV of 16 bytes, the data. Nothing guards the data against changes: prefer crypt/encryptor-aes-256-gcm."),
	encryptorRow("chacha20", "Encryptor_ChaCha20", newChaCha, "ChaCha20: a random nonce of 12 bytes, a counter of 4 bytes, the data. Nothing guards the data against changes: prefer crypt/encryptor-aes-256-gcm."),
}

const (
	keyBytes      = 32
	keyIterations = 3000
	mostKeyRounds = 10_000_000 // some seconds
)

// keySalt is the reference's own, which its files are encrypted with unless :key-salt says otherwise.
var keySalt = []byte{0x45, 0x1a, 0x79, 0x67, 0xba, 0xfa, 0x0d, 0x5e, 0x03, 0x71, 0x44, 0x2f, 0xc3, 0xa5, 0x6e, 0x4f}

// A sealer encrypts and decrypts; neither changes its input.
type sealer interface {
	seal(plain []byte) ([]byte, error)
	open(sealed []byte) ([]byte, error)
}

func encryptorRow(name, class string, newSealer func(key []byte) (sealer, error), doc string) eval.Row {
	name = "crypt/encryptor-" + name
	return eval.Row{Name: name, Min: 1, Max: -1, Fn: func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
		key, err := passphraseKey(in, class)
		if err != nil {
			return value.Nil, err
		}
		s, err := newSealer(key)
		if err != nil {
			return value.Nil, value.Errorf("%s: %s", name, err)
		}
		e := &encryptor{sealer: s, class: class}
		return eval.NewBuiltin("encryptor", 2, 4, e.call), nil
	}, Forms: "(" + name + " passphrase & options)", Doc: "A function that encrypts and decrypts with " + doc + " It is called with :encrypt or :decrypt and a bytebuf, or a string and :Standard or :UrlSafe for its base64, or two files and whether the second may be overwritten. The key is PBKDF2 with HMAC-SHA-256 of the passphrase. Options: :key-salt, a bytebuf; :key-iterations, 3000."}
}

// passphraseKey derives the key of an encryptor from its arguments.
func passphraseKey(in *eval.Args, class string) ([]byte, error) {
	v, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return nil, err
	}
	pass, ok := v.Str()
	if !ok {
		return nil, value.NewException(value.JavaMethodInvocation, "Failed to invoke static method create(java.lang.String, boolean) on class com.github.jlangch.venice.util.crypt."+class+".").
			Because(value.Errorf("The passphrase must be a string, not a %s", v.Type()))
	}
	salt, iterations := keySalt, int64(keyIterations)
	for name, v := range opts {
		switch name {
		case "key-salt":
			b, err := asByteBuf(v)
			if err != nil {
				return nil, err
			}
			salt = b.B[:b.Lim]
		case "key-iterations":
			if iterations, ok = value.ToLong(v); !ok || iterations < 1 || iterations > mostKeyRounds {
				return nil, value.Errorf("Option :key-iterations: %s is not a number from 1 to %d", value.PrStr(v), mostKeyRounds)
			}
		}
	}
	return pbkdf2.Key(sha256.New, value.ToUTF8(pass), salt, int(iterations), keyBytes)
}

// encryptor is what a script's encryptor does.
type encryptor struct {
	sealer
	class string
}

// call takes mode and bytebuf; mode, string and base64 scheme; mode, file, file and whether to overwrite.
func (e *encryptor) call(th *eval.Thread, a []value.Value) (value.Value, error) {
	encrypt := isKw(a[0], "encrypt")
	if !encrypt && !isKw(a[0], "decrypt") {
		return value.Nil, assertion("mode arg must be :encrypt or :decrypt", "(get #{:encrypt :decrypt} mode)")
	}
	switch len(a) {
	case 2:
		b, ok := a[1].Ref().(*value.ByteBuf)
		if !ok {
			return value.Nil, assertion("in arg must be a bytebuf", "(bytebuf? in)")
		}
		out, err := e.run(encrypt, b.B[:b.Lim], "[B")
		return bytesValue(out, err)
	case 3:
		return e.text(encrypt, a[1], a[2])
	}
	if err := th.Permit("encryptor", eval.Files); err != nil {
		return value.Nil, err
	}
	return value.Nil, e.file(encrypt, a[1], a[2], a[3])
}

// run encrypts or decrypts; params are those of the reference's method, which its message has.
func (e *encryptor) run(encrypt bool, in []byte, params string) (out []byte, err error) {
	if encrypt {
		out, err = e.seal(in)
	} else {
		out, err = e.open(in)
	}
	return out, e.failed(encrypt, params, err)
}

func (e *encryptor) failed(encrypt bool, params string, cause error) error {
	if cause == nil {
		return nil
	}
	method := "decrypt"
	if encrypt {
		method = "encrypt"
	}
	text := fmt.Sprintf("Failed to invoke instance method %s(%s) on target com.github.jlangch.venice.util.crypt.%s.", method, params, e.class)
	return value.NewException(value.JavaMethodInvocation, text).Because(value.Errorf("%s", cause))
}

func (e *encryptor) text(encrypt bool, text, scheme value.Value) (value.Value, error) {
	s, ok := text.Str()
	if !ok {
		return value.Nil, assertion("in arg must be a bytebuf", "(string? in)")
	}
	enc := base64.StdEncoding
	if isKw(scheme, "UrlSafe") {
		enc = base64.URLEncoding
	} else if !isKw(scheme, "Standard") {
		return value.Nil, assertion("base64 schema arg must be a :Standard or :UrlSafe}", "(get #{:UrlSafe :Standard} base64-schema)")
	}
	const params = "java.lang.String, java.lang.String"
	if encrypt {
		out, err := e.run(true, []byte(value.ToUTF8(s)), params)
		return value.String(enc.EncodeToString(out)), err
	}
	in, err := enc.DecodeString(s)
	if err != nil {
		return value.Nil, e.failed(false, params, err)
	}
	out, err := e.run(false, in, params)
	return value.String(decodeText("UTF-8", out)), err
}

// file reads all of the input before it writes: what does not decrypt overwrites nothing.
func (e *encryptor) file(encrypt bool, in, out, overwrite value.Value) error {
	from, ok := in.Ref().(*value.File)
	if !ok {
		return assertion("in arg must be a io/file", "(io/file? in)")
	}
	to, ok := out.Ref().(*value.File)
	if !ok {
		return assertion("out arg must be a io/file", "(io/file? out)")
	}
	if overwrite != value.True && overwrite != value.False {
		return assertion("overwrite? arg must be a boolean", "(boolean? overwrite?)")
	}
	const params = "java.io.File, java.io.File, boolean"
	data, err := os.ReadFile(from.Path)
	if err != nil {
		return e.failed(encrypt, params, err)
	}
	if data, err = e.run(encrypt, data, params); err != nil {
		return err
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if overwrite == value.False {
		mode = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(to.Path, mode, 0o644)
	if err != nil {
		return e.failed(encrypt, params, err)
	}
	_, err = f.Write(data)
	return e.failed(encrypt, params, errors.Join(err, f.Close()))
}

// tooShort is data that does not even have what stands before it.
func tooShort(have, need int) error {
	return fmt.Errorf("%d bytes are too short for encrypted data, which has %d or more", have, need)
}

type gcm struct{ aead cipher.AEAD }

func newGCM(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return gcm{aead}, err
}

func (g gcm) seal(plain []byte) ([]byte, error) {
	iv := make([]byte, g.aead.NonceSize(), g.aead.NonceSize()+len(plain)+g.aead.Overhead())
	rand.Read(iv)
	return g.aead.Seal(iv, iv, plain, nil), nil
}

func (g gcm) open(sealed []byte) ([]byte, error) {
	n := g.aead.NonceSize()
	if len(sealed) < n+g.aead.Overhead() {
		return nil, tooShort(len(sealed), n+g.aead.Overhead())
	}
	return g.aead.Open(nil, sealed[:n], sealed[n:], nil)
}

type cbc struct{ block cipher.Block }

func newCBC(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	return cbc{block}, err
}

func (c cbc) seal(plain []byte) ([]byte, error) {
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	out := make([]byte, aes.BlockSize+len(plain)+pad)
	iv, body := out[:aes.BlockSize], out[aes.BlockSize:]
	rand.Read(iv)
	for i := copy(body, plain); i < len(body); i++ {
		body[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(c.block, iv).CryptBlocks(body, body)
	return out, nil
}

func (c cbc) open(sealed []byte) ([]byte, error) {
	if len(sealed) < 2*aes.BlockSize {
		return nil, tooShort(len(sealed), 2*aes.BlockSize)
	}
	iv, body := sealed[:aes.BlockSize], sealed[aes.BlockSize:]
	if len(body)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%d bytes of encrypted data are not a multiple of %d", len(body), aes.BlockSize)
	}
	out := make([]byte, len(body))
	cipher.NewCBCDecrypter(c.block, iv).CryptBlocks(out, body)
	pad := int(out[len(out)-1])
	if pad < 1 || pad > aes.BlockSize {
		return nil, errors.New("the padding is wrong: another key, or data that was changed")
	}
	for _, b := range out[len(out)-pad:] {
		if int(b) != pad {
			return nil, errors.New("the padding is wrong: another key, or data that was changed")
		}
	}
	return out[:len(out)-pad], nil
}

type chaCha struct{ key []byte }

func newChaCha(key []byte) (sealer, error) { return chaCha{key}, nil }

const (
	chaChaHead  = chacha20.NonceSize + 4
	chaChaBlock = 64
)

func (c chaCha) seal(plain []byte) ([]byte, error) {
	out := make([]byte, chaChaHead+len(plain))
	rand.Read(out[:chacha20.NonceSize])
	binary.BigEndian.PutUint32(out[chacha20.NonceSize:], 1)
	return out, c.xor(out[chaChaHead:], out[:chaChaHead], plain)
}

func (c chaCha) open(sealed []byte) ([]byte, error) {
	if len(sealed) < chaChaHead {
		return nil, tooShort(len(sealed), chaChaHead)
	}
	out := make([]byte, len(sealed)-chaChaHead)
	return out, c.xor(out, sealed[:chaChaHead], sealed[chaChaHead:])
}

func (c chaCha) xor(dst, head, src []byte) error {
	stream, err := chacha20.NewUnauthenticatedCipher(c.key, head[:chacha20.NonceSize])
	if err != nil {
		return err
	}
	counter := binary.BigEndian.Uint32(head[chacha20.NonceSize:])
	if blocks := (uint64(len(src)) + chaChaBlock - 1) / chaChaBlock; uint64(counter)+blocks > 1<<32 {
		return fmt.Errorf("%d bytes from block %d are more than one nonce is good for", len(src), counter)
	}
	stream.SetCounter(counter)
	stream.XORKeyStream(dst, src)
	return nil
}
