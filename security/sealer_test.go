// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func testSealer(t testing.TB) *Sealer {
	t.Helper()
	s, err := NewSealer(bytes.Repeat([]byte{7}, keyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealerRoundTrip(t *testing.T) {
	s, peer := testSealer(t), testSealer(t)
	seen := map[string]bool{}
	for _, size := range []int{0, 1, 15, 16, 17, 5120} {
		plain := bytes.Repeat([]byte{byte(size)}, size)
		segment, err := s.Seal(nil, plain, []byte{1, 1})
		if err != nil || len(segment) != size+28 {
			t.Fatalf("Seal of %d bytes: %d, %v", size, len(segment), err)
		}
		if seen[string(segment[:nonceBytes])] {
			t.Error("a nonce came twice")
		}
		seen[string(segment[:nonceBytes])] = true
		got, err := peer.Open(nil, segment, []byte{1, 1})
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("Open of %d bytes: %d, %v", size, len(got), err)
		}
	}
}

// The promise that wire.Sealer asks for: the text is sealed and opened where it stands.
func TestSealerInPlace(t *testing.T) {
	s := testSealer(t)
	buf := append(make([]byte, 0, 100), "head"...)
	plain := append(buf[:len(buf)+nonceBytes], "cargo"...)[len(buf)+nonceBytes:]
	segment, err := s.Seal(buf, plain, nil)
	if err != nil {
		t.Fatal(err)
	}
	if &segment[0] != &buf[0] || string(segment[:4]) != "head" {
		t.Error("sealing moved the buffer")
	}
	segment = segment[4:]
	got, err := testSealer(t).Open(segment[nonceBytes:nonceBytes], segment, nil)
	if err != nil || string(got) != "cargo" || &got[0] != &segment[nonceBytes] {
		t.Errorf("opened in place: %q, %v", got, err)
	}
}

// One wrong bit anywhere, other additional data, a shorter or another segment: nothing opens, and the failure is final.
func TestSealerRefuses(t *testing.T) {
	segment, err := testSealer(t).Seal(nil, []byte("cargo"), []byte{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, s *Sealer, segment, additional []byte) {
		t.Helper()
		plain, err := s.Open(nil, segment, additional)
		if !errors.Is(err, ErrOpen) || plain != nil {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
	}
	for bit := range 8 * len(segment) {
		bad := bytes.Clone(segment)
		bad[bit/8] ^= 1 << (bit % 8)
		refused(fmt.Sprintf("bit %d", bit), testSealer(t), bad, []byte{0, 1})
	}
	for n := range segment {
		refused(fmt.Sprintf("%d bytes", n), testSealer(t), segment[:n], []byte{0, 1})
	}
	refused("flags", testSealer(t), segment, []byte{1, 1})
	refused("no flags", testSealer(t), segment, nil)
	other, _ := NewSealer(make([]byte, keyBytes))
	refused("other key", other, segment, []byte{0, 1})
	refused("after a failure", other, segment, []byte{0, 1})

	broken := testSealer(t)
	refused("short", broken, segment[:20], nil)
	refused("a good one after a failure", broken, segment, []byte{0, 1})
}

func TestSealerLimit(t *testing.T) { // S3
	s := testSealer(t)
	s.sealed = maxSegments - 1
	if _, err := s.Seal(nil, nil, nil); err != nil {
		t.Errorf("the last segment: %v", err)
	}
	dst := []byte("kept")
	if got, err := s.Seal(dst, nil, nil); !errors.Is(err, ErrKeyUsedUp) || string(got) != "kept" {
		t.Errorf("one more: %q, %v", got, err)
	}
}

func TestNewSealerKeyLength(t *testing.T) {
	for _, n := range []int{0, 16, 24, 31, 33} {
		if _, err := NewSealer(make([]byte, n)); err == nil {
			t.Errorf("a key of %d bytes was taken", n)
		}
	}
}

// S6: no printed, logged or encoded form shows a secret.
func TestSecretsDoNotPrint(t *testing.T) {
	const clearText = "open-sesame"
	secret := NewSecret([]byte(clearText))
	k, err := newKeyPair([]byte(clearText), 224)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		S Secret
		s Secret
		K *KeyPair
	}
	h := holder{secret, secret, k}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{secret, &secret, h, &h, k, *k, testSealer(t)} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	j, err := json.Marshal(map[string]any{"s": secret, "h": h})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(j)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "s", secret, "h", h, "k", k)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "s", secret, "h", h)
	for _, form := range []string{clearText, fmt.Sprintf("%x", clearText), fmt.Sprint([]byte(clearText))[1:20], "b3Blbi1z"} {
		if strings.Contains(out.String(), form) {
			t.Errorf("%q is printed in\n%s", form, out.String())
		}
	}
	if got := fmt.Sprint(secret); got != "***" {
		t.Errorf("prints %q", got)
	}
	if string(j) == "" || !strings.Contains(string(j), `"s":"***"`) {
		t.Errorf("JSON %s", j)
	}
	shared := secret.Bytes()
	secret.Clear()
	if len(h.s.Bytes()) != 0 || !bytes.Equal(shared, make([]byte, len(shared))) {
		t.Error("cleared secret still there")
	}
	var zero Secret
	zero.Clear()
	if zero.Bytes() != nil {
		t.Error("zero Secret is not empty")
	}
}

// FuzzOpen (T22): nothing opens that was not sealed.
func FuzzOpen(f *testing.F) {
	// A fixed nonce: the fuzzer's worker processes must know the same segment as the one that adds the seeds.
	nonce := []byte("twelve bytes")
	segment := testSealer(f).aead.Seal(bytes.Clone(nonce), nonce, []byte("cargo"), []byte{0, 1})
	f.Add(segment)
	f.Add(segment[:28])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if plain, err := testSealer(t).Open(nil, b, []byte{0, 1}); err == nil && !bytes.Equal(b, segment) {
			t.Fatalf("%x opened as %q", b, plain)
		}
	})
}

func BenchmarkSealer(b *testing.B) {
	s := testSealer(b)
	plain := make([]byte, 5120)
	buf := make([]byte, 0, len(plain)+28)
	out := make([]byte, 0, len(plain))
	b.ReportAllocs()
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		segment, err := s.Seal(buf, plain, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Open(out, segment, nil); err != nil {
			b.Fatal(err)
		}
	}
}
