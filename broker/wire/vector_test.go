// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
)

// vectorFile is a recording of the reference (spec/vectors, spec/vectors-1.13).
type vectorFile struct {
	path           string
	ConnectionKeys map[string]struct{ AESKeyHex string }
	Frames         []vectorFrame
}

type vectorFrame struct {
	Seq          int
	Connection   int
	Direction    string
	Hex          string
	MetaPlainHex string
	DataPlainHex string
	Decoded      vectorMessage
}

type vectorMessage struct {
	Oneway, Durable, SubscriptionReply bool
	Type, Status                       string
	Timestamp, ExpiresAt, Timeout      int64
	RequestID, Destination, ReplyTo    *string
	Subject                            string
	Mimetype, Charset                  *string
	ID, DataHex                        string
	Text                               *string
}

func vectors(t testing.TB) []vectorFile {
	t.Helper()
	var files []vectorFile
	for _, dir := range []string{"vectors", "vectors-1.13"} {
		paths, err := filepath.Glob(filepath.Join("testdata", dir, "*.json"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no vectors in %s: %v", dir, err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f := vectorFile{path: path}
			if err := json.Unmarshal(b, &f); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if len(f.Frames) == 0 {
				t.Fatalf("%s holds no frames", path)
			}
			files = append(files, f)
		}
	}
	return files
}

func (f *vectorFile) sealer(t testing.TB, v *vectorFrame) *testSealer {
	t.Helper()
	if !v.encrypted(t) {
		return nil
	}
	return newTestSealer(t, unhex(t, f.ConnectionKeys[strconv.Itoa(v.Connection)].AESKeyHex))
}

func (v *vectorFrame) bytes(t testing.TB) []byte    { return unhex(t, v.Hex) }
func (v *vectorFrame) compressed(t testing.TB) bool { return v.bytes(t)[6] == 1 }
func (v *vectorFrame) encrypted(t testing.TB) bool  { return v.bytes(t)[7] == 1 }

func (v *vectorFrame) message(t testing.TB) *Message {
	t.Helper()
	d := &v.Decoded
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	m := &Message{
		ID:     uuid.MustParse(d.ID),
		Oneway: d.Oneway, Durable: d.Durable, SubscriptionReply: d.SubscriptionReply,
		Timestamp: d.Timestamp, ExpiresAt: d.ExpiresAt, Timeout: d.Timeout,
		RequestID: text(d.RequestID), Destination: text(d.Destination), ReplyTo: text(d.ReplyTo),
		Subject: d.Subject, Mimetype: text(d.Mimetype), Charset: text(d.Charset),
		Payload: unhex(t, d.DataHex),
	}
	if d.Text != nil && *d.Text != string(m.Payload) {
		t.Fatalf("frame %d: text and dataHex differ", v.Seq)
	}
	m.Type = typeNamed(t, d.Type)
	m.Status = statusNamed(t, d.Status)
	return m
}

func typeNamed(t testing.TB, name string) Type {
	t.Helper()
	for c := Type(0); c < 100; c++ {
		if c.Valid() && c.String() == name {
			return c
		}
	}
	t.Fatalf("no type is named %q", name)
	return 0
}

func statusNamed(t testing.TB, name string) Status {
	t.Helper()
	for c := Status(0); c < 100; c++ {
		if c.Valid() && c.String() == name {
			return c
		}
	}
	t.Fatalf("no status is named %q", name)
	return 0
}

// testSealer is AES-256-GCM with nonces given by the test.
type testSealer struct {
	aead   cipher.AEAD
	nonces [][]byte // used up by Seal; none left: a constant one
}

func newTestSealer(t testing.TB, key []byte) *testSealer {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return &testSealer{aead: aead}
}

func (s *testSealer) Seal(dst, plain, additional []byte) ([]byte, error) {
	at := len(dst)
	if len(s.nonces) > 0 {
		dst = append(dst, s.nonces[0]...)
		s.nonces = s.nonces[1:]
	} else {
		dst = append(dst, "twelve bytes"...)
	}
	return s.aead.Seal(dst, dst[at:], plain, additional), nil
}

func (s *testSealer) Open(dst, sealed, additional []byte) ([]byte, error) {
	return s.aead.Open(dst, sealed[:12], sealed[12:], additional)
}

func asSealer(s *testSealer) Sealer {
	if s == nil {
		return nil
	}
	return s
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func sameMessage(a, b *Message) bool {
	x, y := *a, *b
	x.Payload, y.Payload = nil, nil
	return bytes.Equal(a.Payload, b.Payload) && x.equal(&y)
}

func (m *Message) equal(o *Message) bool {
	type fields struct {
		ID                                                          uuid.UUID
		Type                                                        Type
		Status                                                      Status
		Oneway, Durable, SubscriptionReply                          bool
		Timestamp, ExpiresAt, Timeout                               int64
		RequestID, Destination, ReplyTo, Subject, Mimetype, Charset string
	}
	f := func(m *Message) fields {
		return fields{m.ID, m.Type, m.Status, m.Oneway, m.Durable, m.SubscriptionReply, m.Timestamp, m.ExpiresAt, m.Timeout,
			m.RequestID, m.Destination, m.ReplyTo, m.Subject, m.Mimetype, m.Charset}
	}
	return f(m) == f(o)
}

func TestVectorsDecode(t *testing.T) {
	count := 0
	for _, f := range vectors(t) {
		for i := range f.Frames {
			v := &f.Frames[i]
			count++
			frame := v.bytes(t)
			m, n, err := ParseFrame(frame, DefaultLimits(DefaultMaxMessage), asSealer(f.sealer(t, v)))
			if err != nil || n != len(frame) {
				t.Errorf("%s %d: n = %d of %d, err = %v", f.path, v.Seq, n, len(frame), err)
				continue
			}
			if want := v.message(t); !sameMessage(m, want) {
				t.Errorf("%s %d:\n got %+v\nwant %+v", f.path, v.Seq, m, want)
			}
			if !bytes.Equal(frame, v.bytes(t)) {
				t.Errorf("%s %d: ParseFrame changed its argument", f.path, v.Seq)
			}
		}
	}
	t.Logf("%d frames", count)
}

// Whatever has only one form on the wire must come out as the reference wrote it; gzip streams may differ.
func TestVectorsEncode(t *testing.T) {
	for _, f := range vectors(t) {
		for i := range f.Frames {
			v := &f.Frames[i]
			frame, m, s := v.bytes(t), v.message(t), f.sealer(t, v)
			if s != nil {
				meta := HeaderLen + 28 + len(unhex(t, v.MetaPlainHex))
				s.nonces = [][]byte{frame[HeaderLen : HeaderLen+12], frame[meta : meta+12]}
			}
			prefix := []byte("before")
			got, err := AppendFrame(prefix, m, v.compressed(t), asSealer(s))
			if err != nil || !bytes.HasPrefix(got, prefix) {
				t.Errorf("%s %d: %v", f.path, v.Seq, err)
				continue
			}
			got = got[len(prefix):]
			if !v.compressed(t) {
				if !bytes.Equal(got, frame) {
					t.Errorf("%s %d:\n got %x\nwant %x", f.path, v.Seq, got, frame)
				}
				continue
			}
			// A compressed frame: meta segment as recorded, payload as recorded after inflating.
			meta := HeaderLen + m.MetaLen()
			if s != nil {
				meta += SealOverhead
			}
			if !bytes.Equal(got[:12], frame[:12]) || !bytes.Equal(got[HeaderLen:meta], frame[HeaderLen:meta]) {
				t.Errorf("%s %d: header or meta segment differ", f.path, v.Seq)
			}
			back, _, err := ParseFrame(got, DefaultLimits(DefaultMaxMessage), asSealer(s))
			if err != nil || !sameMessage(back, m) {
				t.Errorf("%s %d: decoded again: %+v, %v", f.path, v.Seq, back, err)
			}
		}
	}
}

// The plain text of the recorded data segment, gunzipped, is the payload: both directions of compression.
func TestVectorsInflate(t *testing.T) {
	for _, f := range vectors(t) {
		for i := range f.Frames {
			v := &f.Frames[i]
			if !v.compressed(t) {
				continue
			}
			segment := v.bytes(t)[HeaderLen+v.message(t).MetaLen():]
			if v.encrypted(t) {
				segment = unhex(t, v.DataPlainHex)
			}
			got, err := inflate(segment, DefaultMaxMessage)
			if want := v.message(t).Payload; err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s %d: %q, %v, want %q", f.path, v.Seq, got, err, want)
			}
		}
	}
}

// One direction of a connection is a stream; however it is cut, the reader gives the recorded messages, changing to
// encrypted frames where the recording does.
func TestVectorsStream(t *testing.T) {
	cuts := map[string]func(io.Reader) io.Reader{
		"whole":    func(r io.Reader) io.Reader { return r },
		"one byte": iotest.OneByteReader,
		"half":     iotest.HalfReader,
		"data err": iotest.DataErrReader,
	}
	for _, f := range vectors(t) {
		type flow struct {
			connection int
			direction  string
		}
		flows := map[flow][]*vectorFrame{}
		for i := range f.Frames {
			v := &f.Frames[i]
			k := flow{v.Connection, v.Direction}
			flows[k] = append(flows[k], v)
		}
		for k, frames := range flows {
			var stream []byte
			for _, v := range frames {
				stream = append(stream, v.bytes(t)...)
			}
			for name, cut := range cuts {
				r := NewReader(cut(bytes.NewReader(stream)), DefaultLimits(DefaultMaxMessage))
				var got []*Message
				for _, v := range frames {
					r.SetSealer(asSealer(f.sealer(t, v)))
					m, err := r.Read()
					if err != nil {
						t.Fatalf("%s %v %s: frame %d: %v", f.path, k, name, v.Seq, err)
					}
					got = append(got, m)
				}
				// Compared at the end: a message must not share memory with what is read after it.
				for i, v := range frames {
					if !sameMessage(got[i], v.message(t)) {
						t.Errorf("%s %v %s: frame %d:\n got %+v\nwant %+v", f.path, k, name, v.Seq, got[i], v.message(t))
					}
				}
				if _, err := r.Read(); err != io.EOF {
					t.Errorf("%s %v %s: at the end: %v", f.path, k, name, err)
				}
			}
		}
	}
}

// The requests that the recorded servers (largest message 2048 bytes) answered with BAD_REQUEST "too large" are exactly
// those that are reported as oversize here, with the size of the answer's text.
func TestVectorsOversize(t *testing.T) {
	found := 0
	for _, f := range vectors(t) {
		if !strings.HasSuffix(f.path, "protocol-errors.json") {
			continue
		}
		for i := range f.Frames {
			v := &f.Frames[i]
			if v.Direction != "client->server" {
				continue
			}
			_, n, err := ParseFrame(v.bytes(t), DefaultLimits(2048), nil)
			big, isBig := errors.AsType[*OversizeError](err)
			if !isBig {
				if err != nil {
					t.Errorf("%s %d: %v", f.path, v.Seq, err)
				}
				continue
			}
			found++
			want := "The message (" + strconv.Itoa(big.Size) + " bytes) is too large! The limit is at " + strconv.Itoa(big.Limit) + " bytes."
			if answer := f.Frames[i+1].Decoded.Text; answer == nil || *answer != want {
				t.Errorf("%s %d: %v, but the recorded answer is %v", f.path, v.Seq, want, answer)
			}
			if n != len(v.bytes(t)) || big.Message.ID != v.message(t).ID {
				t.Errorf("%s %d: n = %d, message %+v", f.path, v.Seq, n, big.Message)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d oversized requests found, want one in each recording", found)
	}
}
