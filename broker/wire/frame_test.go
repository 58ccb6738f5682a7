// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func testMessage(payload []byte) *Message {
	return &Message{
		ID: uuid.UUID{0xA0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, Type: Offer, Status: NullStatus, Durable: true,
		Timestamp: 1795404542337, ExpiresAt: Never, Timeout: 300,
		RequestID: "r-1", Destination: "orders/new", ReplyTo: "answers", Subject: " add ", Mimetype: "text/plain", Charset: "UTF-8",
		Payload: payload,
	}
}

// frameForm is one of the four ways a message travels.
type frameForm struct {
	name     string
	compress bool
	sealed   bool
}

var frameForms = []frameForm{
	{"plain", false, false}, {"compressed", true, false}, {"sealed", false, true}, {"compressed and sealed", true, true},
}

func (f frameForm) sealer(t testing.TB) Sealer {
	t.Helper()
	if !f.sealed {
		return nil
	}
	return newTestSealer(t, make([]byte, 32))
}

func (f frameForm) frame(t testing.TB, m *Message) []byte {
	t.Helper()
	b, err := AppendFrame(nil, m, f.compress, f.sealer(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var testLimits = DefaultLimits(DefaultMaxMessage)

func TestRoundTripRandom(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var types []Type
	var statuses []Status
	for c := range int16(100) {
		if Type(c).Valid() {
			types = append(types, Type(c))
		}
		if Status(c).Valid() {
			statuses = append(statuses, Status(c))
		}
	}
	text := func(limit int) string { // what survives trimming
		runes := []rune("abcxyz019._-/äß漢\U0001F6F6")
		s := make([]rune, rnd.IntN(limit/2+1)) // two UTF-16 units each at most
		for i := range s {
			s[i] = runes[rnd.IntN(len(runes))]
		}
		return string(s)
	}
	for i := range 2000 {
		m := &Message{
			Type: types[rnd.IntN(len(types))], Status: statuses[rnd.IntN(len(statuses))],
			Oneway: rnd.IntN(2) == 0, Durable: rnd.IntN(2) == 0, SubscriptionReply: rnd.IntN(2) == 0,
			Timestamp: 1 + rnd.Int64(), ExpiresAt: rnd.Int64N(1<<40) - 1, Timeout: rnd.Int64N(1000) - 1,
			RequestID: text(300), Destination: text(100), ReplyTo: text(100),
			Subject: text(100), Mimetype: text(100), Charset: text(50),
		}
		for i := range m.ID {
			m.ID[i] = byte(rnd.Uint32())
		}
		if n := rnd.IntN(3000); n > 100 {
			m.Payload = make([]byte, n)
			for i := range m.Payload {
				m.Payload[i] = byte(rnd.Uint32N(1 + rnd.Uint32N(256)))
			}
		}
		f := frameForms[i%len(frameForms)]
		b := f.frame(t, m)
		if !f.compress && !f.sealed && len(b) != m.Size() {
			t.Fatalf("frame of %d bytes, Size is %d", len(b), m.Size())
		}
		got, n, err := ParseFrame(append(b, "the next frame"...), testLimits, f.sealer(t))
		if err != nil || n != len(b) || !sameMessage(got, m) {
			t.Fatalf("%s: n = %d of %d, %v\n got %+v\nwant %+v", f.name, n, len(b), err, got, m)
		}
	}
}

func TestRoundTripSizes(t *testing.T) {
	for _, size := range []int{0, 1, 100, BesideLen - 1, BesideLen, maxBuffer - 200, maxBuffer, maxBuffer + 1, 1 << 20, 3<<20 + 17} {
		payload := make([]byte, size)
		rnd := rand.NewPCG(3, 4)
		for i := range payload {
			payload[i] = byte(rnd.Uint64())
		}
		m := testMessage(payload)
		for _, f := range frameForms {
			b := f.frame(t, m)
			if got, n, err := ParseFrame(b, testLimits, f.sealer(t)); err != nil || n != len(b) || !sameMessage(got, m) {
				t.Errorf("ParseFrame: %s, %d bytes: n = %d, %v", f.name, size, n, err)
			}
			r := NewReader(bytes.NewReader(slices.Concat(b, b)), testLimits)
			r.SetSealer(f.sealer(t))
			for range 2 {
				if got, err := r.Read(); err != nil || !sameMessage(got, m) {
					t.Errorf("Read: %s, %d bytes: %v", f.name, size, err)
				}
			}
			if _, err := r.Read(); err != io.EOF {
				t.Errorf("Read: %s, %d bytes: at the end %v", f.name, size, err)
			}
		}
	}
}

// The payload of a plain frame is a view of the argument, of any other frame it is not.
func TestParseFrameAliases(t *testing.T) {
	m := testMessage([]byte("payload"))
	for _, f := range frameForms {
		b := f.frame(t, m)
		got, _, err := ParseFrame(b, testLimits, f.sealer(t))
		if err != nil {
			t.Fatal(err)
		}
		clear(b)
		aliases := !bytes.Equal(got.Payload, m.Payload)
		if aliases != (!f.compress && !f.sealed) {
			t.Errorf("%s: payload aliases the frame: %v", f.name, aliases)
		}
		if got.RequestID != "r-1" || got.Subject != " add " {
			t.Errorf("%s: a string aliases the frame", f.name)
		}
	}
}

func TestEveryPrefixFails(t *testing.T) {
	for _, f := range frameForms {
		b := f.frame(t, testMessage([]byte("a payload of some length")))
		for n := range b {
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF
			}
			if m, k, err := ParseFrame(b[:n], testLimits, f.sealer(t)); m != nil || k != 0 || err != want {
				t.Errorf("%s: ParseFrame of %d bytes: %v, %d, %v", f.name, n, m, k, err)
			}
			r := NewReader(bytes.NewReader(b[:n]), testLimits)
			r.SetSealer(f.sealer(t))
			if m, err := r.Read(); m != nil || err != want {
				t.Errorf("%s: Read of %d bytes: %v, %v", f.name, n, m, err)
			}
		}
	}
}

// Whatever a header can say wrong is refused before a byte of the segments is looked at (O1, O2, wire-protocol.md 2).
func TestHeaderRefused(t *testing.T) {
	type refusal struct {
		name   string
		change func(h []byte)
	}
	put := func(at int, v uint32) func([]byte) { return func(h []byte) { binary.BigEndian.PutUint32(h[at:], v) } }
	cases := []refusal{
		{"magic", func(h []byte) { h[0] = 'V' }},
		{"magic 2", func(h []byte) { h[1] = 'N' }},
		{"version 0", put(2, 0)}, {"version 2", put(2, 2)}, {"version -1", put(2, 0xFFFFFFFF)},
		{"meta -1", put(8, 0xFFFFFFFF)}, {"meta -2^31", put(8, 1<<31)}, {"meta 2^31-1", put(8, 1<<31-1)},
		{"meta over its limit", put(8, MaxMetaLen+1)}, {"meta too short", put(8, minMetaLen-1)}, {"meta 0", put(8, 0)},
		{"data -1", put(12, 0xFFFFFFFF)}, {"data 2^31-1", put(12, 1<<31-1)}, {"data over the drain", put(12, 64<<20+1)},
		{"encrypted without a key", func(h []byte) { h[7] = 1 }},
	}
	for at := 6; at <= 7; at++ {
		for v := 2; v < 256; v++ {
			cases = append(cases, refusal{fmt.Sprintf("flag %d is %d", at, v), func(h []byte) { h[at] = byte(v) }})
		}
	}
	for _, c := range cases {
		b := frameForms[0].frame(t, testMessage([]byte("payload")))
		c.change(b)
		if m, n, err := ParseFrame(b[:HeaderLen], testLimits, nil); m != nil || n != 0 || !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: ParseFrame: %v, %d, %v", c.name, m, n, err)
		}
		r := NewReader(bytes.NewReader(b), testLimits)
		if _, err := r.Read(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: Read: %v", c.name, err)
		}
		if _, err := r.Read(); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: the error is not final: %v", c.name, err)
		}
	}
}

// Section 2: with a key every frame is encrypted, without one none is.
func TestEncryptionState(t *testing.T) {
	m := testMessage(nil)
	for _, f := range frameForms {
		b := f.frame(t, m)
		other := frameForm{sealed: !f.sealed}
		if _, _, err := ParseFrame(b, testLimits, other.sealer(t)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: err = %v", f.name, err)
		}
	}
	// Empty data is sealed too, so a sealed frame has no segment shorter than a seal.
	b := frameForms[2].frame(t, m)
	if got := binary.BigEndian.Uint32(b[12:]); got != SealOverhead {
		t.Errorf("empty data takes %d bytes", got)
	}
	for _, n := range []uint32{0, SealOverhead - 1} {
		binary.BigEndian.PutUint32(b[12:], n)
		if _, _, err := ParseFrame(b, testLimits, frameForms[2].sealer(t)); !errors.Is(err, ErrMalformed) {
			t.Errorf("sealed data of %d bytes: %v", n, err)
		}
	}
	b = frameForms[2].frame(t, m)
	binary.BigEndian.PutUint32(b[8:], minMetaLen+SealOverhead-1)
	if _, _, err := ParseFrame(b, testLimits, frameForms[2].sealer(t)); !errors.Is(err, ErrMalformed) {
		t.Errorf("sealed meta of %d bytes: %v", minMetaLen+SealOverhead-1, err)
	}
}

// O3: a connection that is not logged in sends nothing compressed and nothing large.
func TestLimitsBeforeLogin(t *testing.T) {
	limits := Limits{MaxMeta: 4 << 10, MaxData: 16 << 10, MaxPayload: 16 << 10}
	small, large := testMessage([]byte("small")), testMessage(make([]byte, 16<<10+1))
	if _, _, err := ParseFrame(frameForms[1].frame(t, small), limits, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("compressed: %v", err)
	}
	if _, _, err := ParseFrame(frameForms[0].frame(t, large), limits, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("large data: %v", err)
	}
	small.RequestID = strings.Repeat("r", 4<<10)
	if _, _, err := ParseFrame(frameForms[0].frame(t, small), limits, nil); !errors.Is(err, ErrMalformed) {
		t.Errorf("large meta: %v", err)
	}
}

// The flag bytes are part of the meta segment's seal: flipping "compressed" is noticed.
func TestSealBindsFlags(t *testing.T) {
	for _, f := range frameForms[2:] {
		b := f.frame(t, testMessage([]byte("payload")))
		for bit := range 8 * len(b) {
			bad := bytes.Clone(b)
			bad[bit/8] ^= 1 << (bit % 8)
			m, _, err := ParseFrame(bad, testLimits, f.sealer(t))
			if m != nil || err == nil {
				t.Errorf("%s: bit %d flipped: %+v, %v", f.name, bit, m, err)
			}
		}
	}
}

func TestAppendFrameRefuses(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	astral := func(n int) string { return strings.Repeat("\U0001F6F6", n) } // two UTF-16 units, four bytes
	for name, c := range map[string]struct {
		change func(m *Message)
		field  string // in the error; "" is no error
	}{
		"type":                  {func(m *Message) { m.Type = 1 }, "type"},
		"negative type":         {func(m *Message) { m.Type = -1 }, "type"},
		"status":                {func(m *Message) { m.Status = 14 }, "status"},
		"request id":            {func(m *Message) { m.RequestID = long(32768) }, "request id"},
		"longest request id":    {func(m *Message) { m.RequestID = long(32767) }, ""},
		"destination":           {func(m *Message) { m.Destination = long(32768) }, "destination"},
		"longest destination":   {func(m *Message) { m.Destination = long(32767) }, ""},
		"reply-to":              {func(m *Message) { m.ReplyTo = long(32768) }, "reply-to"},
		"longest reply-to":      {func(m *Message) { m.ReplyTo = long(32767) }, ""},
		"subject":               {func(m *Message) { m.Subject = long(101) }, "subject"},
		"astral subject":        {func(m *Message) { m.Subject = astral(51) }, "subject"},
		"longest subject":       {func(m *Message) { m.Subject = long(100) }, ""},
		"longest astral":        {func(m *Message) { m.Subject = astral(50) }, ""},
		"mimetype":              {func(m *Message) { m.Mimetype = long(101) }, "mimetype"},
		"longest mimetype":      {func(m *Message) { m.Mimetype = long(100) }, ""},
		"empty mimetype":        {func(m *Message) { m.Mimetype = "" }, ""},
		"charset":               {func(m *Message) { m.Charset = long(51) }, "charset"},
		"charset with no other": {func(m *Message) { *m = Message{Charset: long(51)} }, "charset"},
		"longest charset":       {func(m *Message) { m.Charset = long(50) }, ""},
		"very long subject":     {func(m *Message) { m.Subject = long(40000) }, "subject"},
	} {
		for _, f := range frameForms {
			m := testMessage([]byte("payload"))
			c.change(m)
			dst := []byte("before")
			got, err := AppendFrame(dst, m, f.compress, f.sealer(t))
			if c.field == "" {
				back, _, perr := ParseFrame(got[len(dst):], testLimits, f.sealer(t))
				if err != nil || perr != nil || !sameMessage(back, m) {
					t.Errorf("%s, %s: %v, %v", name, f.name, err, perr)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), c.field) || string(got) != "before" {
				t.Errorf("%s, %s: %q, %v", name, f.name, got, err)
			}
		}
	}
}

type failingSealer struct{ Sealer }

var errSeal = errors.New("no more segments")

func (failingSealer) Seal([]byte, []byte, []byte) ([]byte, error) { return nil, errSeal }

func TestAppendFrameSealFails(t *testing.T) {
	got, err := AppendFrame([]byte("before"), testMessage(nil), true, failingSealer{})
	if err != errSeal || string(got) != "before" {
		t.Errorf("%q, %v", got, err)
	}
}

// rawFrame is a plain frame around a meta segment that the encoder would not make.
func rawFrame(meta []byte) []byte {
	return append(appendHeader(nil, header{meta: len(meta)}), meta...)
}

// rawMeta has the given strings (request id, destination, reply-to, subject, mimetype, charset).
func rawMeta(texts ...string) []byte {
	m := testMessage(nil)
	m.RequestID, m.Destination, m.ReplyTo, m.Subject, m.Mimetype, m.Charset = texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]
	return appendMeta(nil, m)
}

// Section 3: what the reading side does with what is not quite regular.
func TestMetaNormalised(t *testing.T) {
	parse := func(meta []byte) *Message {
		t.Helper()
		m, _, err := ParseFrame(rawFrame(meta), testLimits, nil)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := parse(rawMeta(" \t\r\nr 1\x00", "\x01 orders ", " answers", " \tsubject\n ", " text/plain\x1f", " UTF-8 "))
	if m.RequestID != "r 1" || m.Destination != "orders" || m.ReplyTo != "answers" || m.Subject != " \tsubject\n " ||
		m.Mimetype != "text/plain" || m.Charset != "UTF-8" {
		t.Errorf("trimmed: %+v", m)
	}
	m = parse(rawMeta("  ", "\x00", "\n", "  ", " ", "\t"))
	if m.RequestID != "" || m.Destination != "" || m.ReplyTo != "" || m.Subject != "  " || m.Mimetype != "" || m.Charset != "" {
		t.Errorf("blank is null: %+v", m)
	}
	m = parse(rawMeta("\u00a0r\u2003", "", "", "", "text/plain", ""))
	if m.RequestID != "\u00a0r\u2003" {
		t.Errorf("a space above U+0020 is no space: %q", m.RequestID)
	}
	// ipc-api.md 3.1: an empty mimetype arrives as the empty string.
	if m = parse(rawMeta("", "", "", "", "", "")); m.Mimetype != "" || m.Subject != "" {
		t.Errorf("all empty: %+v", m)
	}
	m = parse(rawMeta("a\xff\xfeb", "\xe2\x82", "ok", "s\xc3", "text/\x80", "\xf0\x9f\x9b"))
	if m.RequestID != "a\ufffd\ufffdb" || m.Destination != "\ufffd" || m.ReplyTo != "ok" || m.Subject != "s\ufffd" ||
		m.Mimetype != "text/\ufffd" || m.Charset != "\ufffd" {
		t.Errorf("malformed UTF-8: %+v", m)
	}

	base := rawMeta("r", "", "", "", "text/plain", "")
	const timestampAt, expiresAt, timeoutAt = 5, 13, 21
	put := func(at int, v int64) []byte {
		b := bytes.Clone(base)
		binary.BigEndian.PutUint64(b[at:], uint64(v))
		return b
	}
	for _, v := range []int64{0, -1, -1 << 63} {
		before := time.Now().UnixMilli()
		if m := parse(put(timestampAt, v)); m.Timestamp < before || m.Timestamp > time.Now().UnixMilli() {
			t.Errorf("timestamp %d became %d", v, m.Timestamp)
		}
	}
	if m := parse(put(timestampAt, 1)); m.Timestamp != 1 {
		t.Errorf("timestamp 1 became %d", m.Timestamp)
	}
	for v, want := range map[int64]int64{-1 << 63: -1, -2: -1, -1: -1, 0: 0, 1: 1, 1<<63 - 1: 1<<63 - 1} {
		if m := parse(put(expiresAt, v)); m.ExpiresAt != want {
			t.Errorf("expiresAt %d became %d", v, m.ExpiresAt)
		}
		if m := parse(put(timeoutAt, v)); m.Timeout != want {
			t.Errorf("timeout %d became %d", v, m.Timeout)
		}
	}
	for at := range 3 {
		for _, v := range []byte{0, 1, 2, 255} {
			b := bytes.Clone(base)
			clear(b[:3])
			b[at] = v
			m := parse(b)
			if got := [3]bool{m.Oneway, m.Durable, m.SubscriptionReply}; got[at] != (v == 1) {
				t.Errorf("flag %d = %d: %v", at, v, got)
			}
		}
	}
	if m := parse(append(bytes.Clone(base), "bytes of a later version"...)); m.RequestID != "r" {
		t.Errorf("bytes after the last field: %+v", m)
	}
}

func TestMetaRefused(t *testing.T) {
	refused := func(name string, meta []byte) {
		t.Helper()
		if m, n, err := ParseFrame(rawFrame(meta), testLimits, nil); m != nil || n != 0 || !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %d, %v", name, m, n, err)
		}
	}
	base := rawMeta("r", "d", "a", "s", "text/plain", "UTF-8")
	for n := range base {
		refused(fmt.Sprintf("meta cut at %d", n), base[:n])
	}
	const typeAt, statusAt, textsAt = 3, 29, 31
	put := func(at int, v int) []byte {
		b := bytes.Clone(base)
		binary.BigEndian.PutUint16(b[at:], uint16(v))
		return b
	}
	for v := -200; v < 300; v++ {
		if !Type(v).Valid() {
			refused(fmt.Sprintf("type %d", v), put(typeAt, v))
		}
		if !Status(v).Valid() {
			refused(fmt.Sprintf("status %d", v), put(statusAt, v))
		}
	}
	at := textsAt
	for _, s := range []string{"r", "d", "a", "s", "text/plain", "UTF-8"} {
		for _, n := range []int{-1, -32768, 32767, len(base) - at - 1} {
			refused(fmt.Sprintf("string at %d has length %d", at, n), put(at, n))
		}
		at += 2 + len(s)
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	refused("subject", rawMeta("", "", "", long(101), "text/plain", ""))
	refused("mimetype", rawMeta("", "", "", "", long(101), ""))
	refused("charset", rawMeta("", "", "", "", "text/plain", long(51)))
	refused("astral subject", rawMeta("", "", "", strings.Repeat("\U0001F6F6", 51), "text/plain", ""))
	if _, _, err := ParseFrame(rawFrame(rawMeta("", "", "", "", " "+long(100)+" ", " "+long(50))), testLimits, nil); err != nil {
		t.Errorf("lengths count after trimming: %v", err)
	}
	// 100 UTF-16 units, however many bytes
	for _, s := range []string{strings.Repeat("漢", 100), strings.Repeat("\U0001F6F6", 50), strings.Repeat("\xff", 100)} {
		if _, _, err := ParseFrame(rawFrame(rawMeta("", "", "", s, "text/plain", "")), testLimits, nil); err != nil {
			t.Errorf("subject of 100 units: %v", err)
		}
	}
}

// B3, O2, O5: a message that is too large is reported with what its meta segment says, and the stream goes on.
func TestOversize(t *testing.T) {
	const max = 4096
	limits := DefaultLimits(max)
	random := make([]byte, 200<<10)
	for i, rnd := 0, rand.NewPCG(5, 6); i < len(random); i++ {
		random[i] = byte(rnd.Uint64())
	}
	next := testMessage([]byte("the next one"))
	for _, f := range frameForms {
		for _, size := range []int{max - 1, max, max + 1, max + 4, 2 * max, len(random)} {
			for kind, payload := range map[string][]byte{"random": random[:size], "zeros": make([]byte, size)} {
				m := testMessage(payload)
				b := f.frame(t, m)
				r := NewReader(bytes.NewReader(append(bytes.Clone(b), f.frame(t, next)...)), limits)
				r.SetSealer(f.sealer(t))
				got, err := r.Read()
				_, n, perr := ParseFrame(b, limits, f.sealer(t))
				if size <= max {
					if err != nil || perr != nil || !sameMessage(got, m) {
						t.Errorf("%s, %d %s: %v, %v", f.name, size, kind, err, perr)
					}
				} else {
					for _, err := range []error{err, perr} {
						big, ok := errors.AsType[*OversizeError](err)
						if !ok || errors.Is(err, ErrMalformed) || got != nil || n != len(b) {
							t.Fatalf("%s, %d %s: %v, %v", f.name, size, kind, got, err)
						}
						if big.Message.ID != m.ID || big.Message.Destination != m.Destination || big.Message.Payload != nil ||
							big.Limit != max || big.Size <= 0 || !f.compress && big.Size != size {
							t.Errorf("%s, %d %s: %+v", f.name, size, kind, big)
						}
						if big.Error() == "" {
							t.Error("no text")
						}
					}
				}
				if got, err := r.Read(); err != nil || !sameMessage(got, next) {
					t.Errorf("%s, %d %s: next message %+v, %v", f.name, size, kind, got, err)
				}
			}
		}
	}
	limits.Drain = 0
	if _, err := NewReader(bytes.NewReader(frameForms[0].frame(t, testMessage(random))), limits).Read(); !errors.Is(err, ErrMalformed) {
		t.Errorf("without draining: %v", err)
	}
}

func TestNames(t *testing.T) {
	for c, want := range map[fmt.Stringer]string{
		KeyExchange: "DIFFIE_HELLMAN_KEY_REQUEST", ServerThreadPool: "SERVER_THREAD_POOL_STAT", Request: "REQUEST",
		CreateTempQueue: "CREATE_TEMP_QUEUE", NullType: "NULL", Type(1): "Type(1)", Type(-7): "Type(-7)",
		KeyExchangeACK: "DIFFIE_HELLMAN_ACK", KeyExchangeNAK: "DIFFIE_HELLMAN_NAK", QueueAccessInterrupted: "QUEUE_ACCESS_INTERRUPTED",
		OK: "OK", NullStatus: "NULL", Status(5): "Status(5)",
	} {
		if c.String() != want {
			t.Errorf("%T %d prints %s, want %s", c, c, c, want)
		}
	}
	types, statuses := 0, 0
	for c := -32768; c <= 32767; c++ {
		if Type(c).Valid() {
			types++
		}
		if Status(c).Valid() {
			statuses++
		}
	}
	if types != 22 || statuses != 14 {
		t.Errorf("%d types and %d statuses, the specification has 22 and 14", types, statuses)
	}
}

func TestExpired(t *testing.T) {
	for _, c := range []struct {
		at, now int64
		want    bool
	}{{Never, 5, false}, {0, 5, true}, {4, 5, true}, {5, 5, false}, {6, 5, false}} {
		if got := (&Message{ExpiresAt: c.at}).Expired(c.now); got != c.want {
			t.Errorf("expires %d, now %d: %v", c.at, c.now, got)
		}
	}
}
