// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// gzipped is b compressed by the standard library, with optional header fields.
func gzipped(t testing.TB, b []byte, h gzip.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Header = h
	w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What the writer makes is gzip to others too, in particular an empty payload (cutoff 0).
func TestGzipIsGzip(t *testing.T) {
	for _, payload := range []string{"", "a", strings.Repeat("gondola ", 5000)} {
		b, err := appendGzip([]byte("before"), []byte(payload))
		if err != nil || !bytes.HasPrefix(b, []byte("before\x1f\x8b")) {
			t.Fatalf("%d bytes: %x, %v", len(payload), b[:min(20, len(b))], err)
		}
		r, err := gzip.NewReader(bytes.NewReader(b[len("before"):]))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != payload {
			t.Errorf("%d bytes: %d, %v", len(payload), len(got), err)
		}
	}
}

// Section 5, "reader tolerance".
func TestInflateTolerance(t *testing.T) {
	one, two := gzipped(t, []byte("one "), gzip.Header{}), gzipped(t, []byte("two"), gzip.Header{})
	named := gzipped(t, []byte("named"), gzip.Header{Name: "n", Comment: "c", Extra: []byte("extra")})
	wrongCRC := bytes.Clone(one)
	wrongCRC[len(wrongCRC)-5] ^= 1
	wrongSize := bytes.Clone(one)
	wrongSize[len(wrongSize)-1] ^= 1
	for name, c := range map[string]struct {
		in   []byte
		want string
		ok   bool
	}{
		"one member":              {one, "one ", true},
		"two members":             {slices.Concat(one, two), "one two", true},
		"optional header fields":  {named, "named", true},
		"garbage behind":          {append(bytes.Clone(two), "garbage of a sort"...), "two", true},
		"zeros behind":            {append(bytes.Clone(two), make([]byte, 40)...), "two", true},
		"cut header behind":       {slices.Concat(one, two[:7]), "one ", true},
		"empty payload":           {gzipped(t, nil, gzip.Header{}), "", true},
		"empty segment":           {nil, "", false},
		"garbage":                 {[]byte("this is not a gzip stream"), "", false},
		"wrong CRC":               {wrongCRC, "", false},
		"wrong size":              {wrongSize, "", false},
		"wrong CRC in the second": {slices.Concat(two, wrongCRC), "", false},
		"second member cut":       {slices.Concat(one, two[:len(two)-9]), "", false},
	} {
		got, err := inflate(c.in, 1000)
		if c.ok && (err != nil || string(got) != c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if !c.ok && !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %q, %v, want ErrMalformed", name, got, err)
		}
	}
	for n := range one {
		if got, err := inflate(one[:n], 1000); !errors.Is(err, ErrMalformed) {
			t.Errorf("cut at %d: %q, %v", n, got, err)
		}
	}
}

// O5: at most limit bytes come out, whatever the stream and its claim of a size say.
func TestInflateLimit(t *testing.T) {
	rnd := rand.NewPCG(7, 8)
	random := make([]byte, 10000)
	for i := range random {
		random[i] = byte(rnd.Uint64())
	}
	for name, plain := range map[string][]byte{"zeros": make([]byte, 10000), "random": random} {
		b := gzipped(t, plain, gzip.Header{})
		for _, limit := range []int{0, 1, 63, 64, 65, 5000, 9999} {
			if got, err := inflate(b, limit); err != errTooLarge || got != nil {
				t.Errorf("%s, limit %d: %d bytes, %v", name, limit, len(got), err)
			}
		}
		for _, limit := range []int{10000, 10001, 1 << 20} {
			if got, err := inflate(b, limit); err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%s, limit %d: %d bytes, %v", name, limit, len(got), err)
			}
		}
		// Many members each below the limit.
		if _, err := inflate(slices.Concat(b, b, b), 20000); err != errTooLarge {
			t.Errorf("%s: members together over the limit: %v", name, err)
		}
	}
}

// T33: a bomb of 1 GB costs memory of the order of the limit.
func TestInflateBomb(t *testing.T) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	zeros := make([]byte, 1<<20)
	for range 1024 {
		w.Write(zeros)
	}
	w.Close()
	const limit = 4 << 20
	taken := allocated(func() {
		if _, err := inflate(out.Bytes(), limit); err != errTooLarge {
			t.Errorf("err = %v", err)
		}
	})
	if taken > 8*limit { // growing by a quarter takes about five times the end in all
		t.Errorf("%d bytes allocated for a limit of %d", taken, limit)
	}
}

// FuzzInflate (T23): output at most the limit, and the same as the standard library's for one clean member.
func FuzzInflate(f *testing.F) {
	f.Add(gzipped(f, []byte("payload"), gzip.Header{}))
	f.Add(gzipped(f, make([]byte, 5000), gzip.Header{Name: "n"}))
	f.Add(slices.Concat(gzipped(f, []byte("a"), gzip.Header{}), gzipped(f, []byte("b"), gzip.Header{})))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 4096
		got, err := inflate(b, limit)
		if len(got) > limit {
			t.Fatalf("%d bytes", len(got))
		}
		if err != nil && err != errTooLarge && !errors.Is(err, ErrMalformed) {
			t.Fatalf("err = %v", err)
		}
		src := bytes.NewReader(b)
		z, zerr := gzip.NewReader(src)
		if zerr != nil {
			return
		}
		z.Multistream(false)
		want, zerr := io.ReadAll(io.LimitReader(z, limit+1))
		if zerr == nil && len(want) <= limit && src.Len() == 0 && (err != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%x, %v, want %x", got, err, want)
		}
	})
}
