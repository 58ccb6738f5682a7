// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

// allocated is the memory that f takes, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// script is a connection that gives its pieces one a read; a nil piece is a time-out, the end is io.EOF.
type script struct {
	pieces [][]byte
	reads  int
}

func (s *script) Read(p []byte) (int, error) {
	s.reads++
	if len(s.pieces) == 0 {
		return 0, io.EOF
	}
	piece := s.pieces[0]
	if piece == nil {
		s.pieces = s.pieces[1:]
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p, piece)
	if s.pieces[0] = piece[n:]; n == len(piece) {
		s.pieces = s.pieces[1:]
	}
	return n, nil
}

// O1, O2, O4: a header that claims the largest lengths costs nothing before bytes arrive, and then in proportion.
func TestClaimsTakeNoMemory(t *testing.T) {
	limits := DefaultLimits(MaxMaxMessage)
	limits.MaxMeta = 1 << 30
	claim := func(meta, data int) []byte {
		return appendHeader(nil, header{meta: meta, data: data})
	}
	meta := rawMeta("r", "d", "", "", "text/plain", "")
	for name, c := range map[string]struct {
		in   []byte
		most uint64
	}{
		"2 GiB of data refused":     {claim(len(meta), 1<<31-1), 8 << 10},
		"2 GiB of meta refused":     {claim(1<<31-1, 0), 8 << 10},
		"1 GiB of meta":             {claim(1<<30, 0), 8 << 10},
		"250 MB of data":            {append(claim(len(meta), MaxMaxMessage), meta...), 8 << 10},
		"250 MB, 4000 bytes came":   {slices.Concat(claim(len(meta), MaxMaxMessage), meta, make([]byte, 3900)), 16 << 10},
		"250 MB, 10000 bytes came":  {slices.Concat(claim(len(meta), MaxMaxMessage), meta, make([]byte, 10000)), 100 << 10},
		"250 MB, 100000 bytes came": {slices.Concat(claim(len(meta), MaxMaxMessage), meta, make([]byte, 100000)), 1 << 20},
		"62 KB, 100 bytes came":     {slices.Concat(claim(len(meta), 62<<10), meta, make([]byte, 100)), 8 << 10},
	} {
		src := &script{pieces: [][]byte{c.in}}
		taken := allocated(func() {
			if _, err := NewReader(src, limits).Read(); err != io.ErrUnexpectedEOF && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: %v", name, err)
			}
		})
		if taken > c.most {
			t.Errorf("%s: %d bytes allocated, want at most %d", name, taken, c.most)
		}
	}
}

// A draining reader keeps its buffer's size (O2).
func TestDrainTakesNoMemory(t *testing.T) {
	meta := rawMeta("r", "d", "", "", "text/plain", "")
	in := slices.Concat(appendHeader(nil, header{meta: len(meta), data: 30 << 20}), meta, make([]byte, 30<<20))
	src := bytes.NewReader(in)
	taken := allocated(func() {
		_, err := NewReader(src, DefaultLimits(MinMaxMessage)).Read()
		if big, ok := errors.AsType[*OversizeError](err); !ok || big.Size != 30<<20 {
			t.Errorf("err = %v", err)
		}
	})
	if taken > 200<<10 {
		t.Errorf("%d bytes allocated", taken)
	}
}

// O26: no buffer before the first read, 4 KiB for small frames, 64 KiB at most.
func TestReaderBuffer(t *testing.T) {
	small := frameForms[0].frame(t, testMessage([]byte("small")))
	r := NewReader(&script{pieces: [][]byte{small}}, testLimits)
	if r.buf != nil {
		t.Error("a new reader has a buffer")
	}
	if _, err := r.Read(); err != nil || len(r.buf) != minBuffer {
		t.Errorf("after a small frame: %d bytes, %v", len(r.buf), err)
	}
	r = NewReader(bytes.NewReader(bytes.Repeat(small, 10000)), testLimits)
	for range 10000 {
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.buf) != maxBuffer {
		t.Errorf("after a flood: %d bytes", len(r.buf))
	}
}

// One read for a frame that is there as a whole, once the buffer is large enough.
func TestReaderReads(t *testing.T) {
	b := frameForms[0].frame(t, testMessage(make([]byte, 5120)))
	src := &script{pieces: [][]byte{b, b, b, b}}
	r := NewReader(src, testLimits)
	for i, most := range []int{2, 3, 4, 5} {
		if _, err := r.Read(); err != nil || src.reads > most {
			t.Errorf("frame %d: %d reads, %v", i, src.reads, err)
		}
	}
}

func TestHasFrameWaitBuffered(t *testing.T) {
	b := frameForms[0].frame(t, testMessage([]byte("payload")))
	src := &script{pieces: [][]byte{b[:1], b[1:20], b[20 : len(b)-1], slices.Concat(b[len(b)-1:], b, b[:3])}}
	r := NewReader(src, testLimits)
	if r.HasFrame() || r.Buffered() != 0 {
		t.Error("something is buffered before the first read")
	}
	for range 2 { // the second one does not read
		if err := r.Wait(); err != nil || r.Buffered() != 1 || src.reads != 1 || r.HasFrame() {
			t.Errorf("Wait: %v, %d buffered, %d reads", err, r.Buffered(), src.reads)
		}
	}
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	if !r.HasFrame() || r.Buffered() != len(b)+3 {
		t.Errorf("a whole frame is buffered: %v, %d bytes", r.HasFrame(), r.Buffered())
	}
	if _, err := r.Read(); err != nil || r.HasFrame() || r.Buffered() != 3 {
		t.Errorf("%v, %v, %d buffered", err, r.HasFrame(), r.Buffered())
	}
	if _, err := r.Read(); err != io.ErrUnexpectedEOF {
		t.Errorf("%v", err)
	}
	if err := NewReader(&script{}, testLimits).Wait(); err != io.EOF {
		t.Errorf("Wait at the end: %v", err)
	}

	// Read will not block either when the header is refused or the reader has failed.
	bad := NewReader(&script{pieces: [][]byte{make([]byte, 40)}}, testLimits)
	if err := bad.Wait(); err != nil || !bad.HasFrame() {
		t.Errorf("a bad header: %v, %v", err, bad.HasFrame())
	}
	if _, err := bad.Read(); !errors.Is(err, ErrMalformed) {
		t.Errorf("%v", err)
	}
	if err := bad.Wait(); !errors.Is(err, ErrMalformed) || !bad.HasFrame() {
		t.Errorf("after the failure: %v", err)
	}
}

// A deadline may fire at any byte of a frame up to 64 KiB: nothing is lost. Inside a larger one it is final.
func TestReaderTimeout(t *testing.T) {
	for _, f := range frameForms {
		m := testMessage([]byte("payload"))
		b := f.frame(t, m)
		for cut := range b {
			src := &script{pieces: [][]byte{nil, b[:cut], nil, nil, b[cut:], nil, b}}
			if cut == 0 {
				src.pieces = [][]byte{nil, nil, nil, b, nil, b}
			}
			r := NewReader(src, testLimits)
			r.SetSealer(f.sealer(t))
			if err := r.Wait(); err != os.ErrDeadlineExceeded {
				t.Fatalf("Wait: %v", err)
			}
			timeouts := 0
			for got := 0; got < 2; {
				switch back, err := r.Read(); {
				case errors.Is(err, os.ErrDeadlineExceeded):
					timeouts++
				case err != nil || !sameMessage(back, m):
					t.Fatalf("%s, cut at %d: %+v, %v", f.name, cut, back, err)
				default:
					got++
				}
			}
			if timeouts != 3 {
				t.Errorf("%s, cut at %d: %d time-outs", f.name, cut, timeouts)
			}
		}
	}
	b := frameForms[0].frame(t, testMessage(make([]byte, 100<<10)))
	r := NewReader(&script{pieces: [][]byte{b[:50<<10], nil, b[50<<10:]}}, testLimits)
	for range 2 {
		if _, err := r.Read(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("inside a large frame: %v", err)
		}
	}
}

func TestOnProgress(t *testing.T) {
	b := frameForms[0].frame(t, testMessage([]byte("payload")))
	src := &script{pieces: [][]byte{b[:1], b[1:15], b[15:30], slices.Concat(b[30:], b)}}
	r := NewReader(src, testLimits)
	var calls []int
	r.OnProgress(func(rest int) { calls = append(calls, rest, r.Buffered()) })
	for range 2 {
		if _, err := r.Read(); err != nil {
			t.Fatal(err)
		}
	}
	rest := len(b) - HeaderLen
	if want := []int{-1, 1, rest, 30, -1, len(b), rest, len(b)}; !slices.Equal(calls, want) {
		t.Errorf("calls (rest, buffered) %v, want %v", calls, want)
	}
	if _, err := r.Read(); err != io.EOF || len(calls) != 8 {
		t.Errorf("at the end: %v, calls %v", err, calls)
	}
}

// The key and the limits may change while later frames are already buffered (the handshake).
func TestReaderChanges(t *testing.T) {
	m := testMessage(bytes.Repeat([]byte("x"), 3000))
	plain, sealed := frameForms[0].frame(t, m), frameForms[3].frame(t, m)
	limits := testLimits
	limits.Compressed = false
	r := NewReader(bytes.NewReader(slices.Concat(plain, sealed, sealed)), limits)
	if _, err := r.Read(); err != nil || r.Buffered() == 0 {
		t.Fatalf("%v, %d buffered", err, r.Buffered())
	}
	r.SetSealer(frameForms[3].sealer(t))
	r.SetLimits(testLimits)
	if got, err := r.Read(); err != nil || !sameMessage(got, m) {
		t.Errorf("%v", err)
	}
	r.SetLimits(DefaultLimits(MinMaxMessage))
	if _, err := r.Read(); err == nil {
		t.Error("the old limits are still in force")
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("connection reset")
	b := frameForms[0].frame(t, testMessage(make([]byte, 5000)))
	for _, n := range []int{0, 5, 16, 100, 4500} {
		r := NewReader(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken)), testLimits)
		if _, err := r.Read(); err != broken {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
	if _, err := NewReader(silent{}, testLimits).Read(); err != io.ErrNoProgress {
		t.Errorf("a source without bytes and error: %v", err)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// A large body arrives in whatever pieces; the message owns exactly its memory.
func TestLargeBodies(t *testing.T) {
	for _, size := range []int{maxBuffer + 1, 2 * maxBuffer, 1<<20 + 1, 9 << 20} {
		m := testMessage(make([]byte, size))
		for i := range m.Payload {
			m.Payload[i] = byte(i * i >> 7)
		}
		b := frameForms[0].frame(t, m)
		taken := allocated(func() {
			r := NewReader(iotest.HalfReader(bytes.NewReader(b)), testLimits)
			got, err := r.Read()
			if err != nil || !sameMessage(got, m) || cap(got.Payload) != size {
				t.Errorf("%d bytes: %v", size, err)
			}
		})
		if most := uint64(size+size/2) + 256<<10; taken > most {
			t.Errorf("%d bytes: %d allocated", size, taken)
		}
	}
	// The largest legal meta segment does not fit into the buffer.
	m := testMessage([]byte("payload"))
	long := bytes.Repeat([]byte("n"), 32767)
	m.RequestID, m.Destination, m.ReplyTo = string(long), string(long), string(long)
	for _, f := range frameForms {
		r := NewReader(iotest.HalfReader(bytes.NewReader(f.frame(t, m))), testLimits)
		r.SetSealer(f.sealer(t))
		if got, err := r.Read(); err != nil || !sameMessage(got, m) {
			t.Errorf("%s, large meta: %v", f.name, err)
		}
	}
	// Garbage in a large frame is malformed, not a panic: type 5 is no type.
	b := make([]byte, 200<<10)
	binary.BigEndian.PutUint16(b, magic)
	b[5] = version
	binary.BigEndian.PutUint32(b[8:], 100<<10)
	b[HeaderLen+4] = 5
	if _, err := NewReader(bytes.NewReader(b), testLimits).Read(); !errors.Is(err, ErrMalformed) {
		t.Errorf("undefined type: %v", err)
	}
}

// A real connection, both directions of it: deadline, large and small, writev.
func TestOverTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sizes := []int{0, 10, 5120, 20 << 10, 100 << 10, 3 << 20}
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		w := NewWriter(c)
		for _, f := range frameForms {
			w.SetSealer(f.sealer(t))
			w.SetCutoff(map[bool]int{true: 0, false: -1}[f.compress])
			for _, size := range sizes {
				if err := w.Queue(testMessage(make([]byte, size))); err != nil {
					t.Error(err)
				}
			}
			if err := w.Flush(); err != nil {
				t.Error(err)
			}
		}
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(30 * time.Second))
	r := NewReader(c, testLimits)
	for _, f := range frameForms {
		r.SetSealer(f.sealer(t))
		for _, size := range sizes {
			if m, err := r.Read(); err != nil || !sameMessage(m, testMessage(make([]byte, size))) {
				t.Fatalf("%s, %d bytes: %v", f.name, size, err)
			}
		}
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}
