// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// vector is what the reference has recorded of one of its logs.
type vector struct {
	Name     string
	Queue    string `json:"queueName"`
	FileName string `json:"fileNameInWalDirectory"`
	Records  []struct {
		Offset int64
		LSN    int64
		Type   string
		UUID   uuid.UUID
		Hex    string
		Frame  string `json:"frameHex"`
		Valid  *bool
	}
	Pending []struct{ UUID uuid.UUID } `json:"pendingAfterReplay"`
}

func readVectors(t *testing.T) map[*vector][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/wal-*.json")
	if err != nil || len(paths) < 5 {
		t.Fatalf("vectors: %v, %v", paths, err)
	}
	out := map[*vector][]byte{}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		v := new(vector)
		if err := json.Unmarshal(text, v); err != nil {
			t.Fatal(p, err)
		}
		if out[v], err = os.ReadFile(strings.TrimSuffix(p, ".json") + ".wal"); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// The logs of the reference open, with its pending messages in its order, under its file names.
func TestReferenceLogs(t *testing.T) {
	for v, file := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, v.FileName), file)
			d := open(t, dir, Options{})
			if queues, err := d.List(); err != nil || !slices.Equal(queues, []string{v.Queue}) {
				t.Fatalf("queues %q, %v; want %q", queues, err, v.Queue)
			}
			l, err := d.Open(t.Context(), v.Queue)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			var want []string
			for _, p := range v.Pending {
				want = append(want, p.UUID.String())
			}
			var got []string
			if err := l.Replay(func(r Record) error {
				got = append(got, r.ID.String())
				for _, rec := range v.Records {
					if rec.Type == "DATA" && rec.UUID == r.ID && hex.EncodeToString(r.Payload) != rec.Frame {
						t.Errorf("frame of %v\ngot  %x\nwant %s", r.ID, r.Payload, rec.Frame)
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("pending\ngot  %q\nwant %q", got, want)
			}
		})
	}
}

// A record that is not compressed has the reference's bytes.
func TestRecordBytes(t *testing.T) {
	n := 0
	for v := range readVectors(t) {
		for _, rec := range v.Records {
			want, err := hex.DecodeString(rec.Hex)
			if err != nil || len(want) < headerLen {
				continue // the torn one
			}
			h := parseHeader(want)
			if h.compressed == 1 || h.length != int64(len(want)-headerLen) {
				continue
			}
			got, err := appendRecord(nil, h.lsn, Record{h.kind, h.id, want[headerLen:]}, false)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s at %d\ngot  %x, %v\nwant %x", v.Name, rec.Offset, got, err, want)
			}
			n++
		}
	}
	if n < 10 {
		t.Errorf("%d records compared", n)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string, o Options) *Dir {
	t.Helper()
	d, err := OpenDir(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

var plainConfig = []byte{0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0}

// message is DATA with a payload of its own number.
func message(n int) Record {
	var id uuid.UUID
	id[0], id[15] = 1, byte(n)
	return Record{Data, id, bytes.Repeat(fmt.Appendf(nil, "message %d ", n), 20)}
}

func ackFor(n int) Record {
	id := message(n).ID
	return Record{Ack, uuid.New(), id[:]}
}

// sample is a log of 22 records: CONFIG, 20 messages, an ACK of the first; 19 messages are live.
func sample(t *testing.T) (log []byte, borders []int64) {
	t.Helper()
	dir := t.TempDir()
	d := open(t, dir, Options{})
	l, err := d.Create(t.Context(), "q", plainConfig)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := l.Append(message(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(l.Append(ackFor(0)), l.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	log, err = os.ReadFile(filepath.Join(dir, "q.wal"))
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < int64(len(log)); {
		borders = append(borders, at)
		at += headerLen + parseHeader(log[at:]).length
	}
	return log, borders
}

// live opens a log file with these bytes and returns the numbers of the messages that are in it.
func (f logFile) live(t *testing.T, o Options) ([]int, error) {
	t.Helper()
	d := open(t, f.dir, o)
	defer d.Close()
	l, err := d.Open(t.Context(), "q")
	if err != nil {
		return nil, err
	}
	var out []int
	err = l.Replay(func(r Record) error {
		n := int(r.ID[15])
		if !bytes.Equal(r.Payload, message(n).Payload) {
			t.Errorf("message %d has the payload %q", n, r.Payload)
		}
		out = append(out, n)
		return nil
	})
	return out, errors.Join(err, l.Close())
}

type logFile struct{ dir, path string }

func logOf(t *testing.T, b []byte) logFile {
	f := logFile{dir: t.TempDir()}
	f.path = filepath.Join(f.dir, "q.wal")
	write(t, f.path, b)
	return f
}

func (f logFile) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(f.path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// aside is what is kept in files beside with a suffix.
func (f logFile) aside(t *testing.T, suffix string) []byte {
	t.Helper()
	paths, err := filepath.Glob(f.path + suffix + "*")
	if err != nil || len(paths) != 1 {
		t.Fatalf("files aside %q, %v; want one", paths, err)
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func numbers(from, to int) (out []int) {
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// Torn tails of every length: whatever ended whole is there, the rest is kept aside, the file ends at a record (3.2, R2, R8).
func TestTornTail(t *testing.T) {
	log, borders := sample(t)
	last := borders[len(borders)-2] // the last message; the ACK behind it is gone
	for cut := last + 1; cut < borders[len(borders)-1]; cut += 7 {
		f := logOf(t, log[:cut])
		got, err := f.live(t, Options{})
		if err != nil || !slices.Equal(got, numbers(0, 19)) {
			t.Fatalf("cut at %d: %v, %v", cut, got, err)
		}
		if b := f.bytes(t); !bytes.Equal(b, log[:last]) {
			t.Fatalf("cut at %d: the file has %d bytes, want %d", cut, len(b), last)
		}
		if kept := f.aside(t, tornSuffix); !bytes.Equal(kept, log[last:cut]) {
			t.Fatalf("cut at %d: %d bytes are kept aside", cut, len(kept))
		}
	}
}

// Zeros at the end are what preallocation and a crash leave, however many (3.2).
func TestZeroTail(t *testing.T) {
	log, _ := sample(t)
	for _, n := range []int{1, 37, 4096, 9 << 20} {
		f := logOf(t, append(slices.Clone(log), make([]byte, n)...))
		got, err := f.live(t, Options{})
		if err != nil || !slices.Equal(got, numbers(1, 20)) {
			t.Errorf("%d zeros: %v, %v", n, got, err)
		}
		if b := f.bytes(t); !bytes.Equal(b, log) {
			t.Errorf("%d zeros: the file has %d bytes, want %d", n, len(b), len(log))
		}
		if paths, _ := filepath.Glob(f.path + ".*"); len(paths) > 0 {
			t.Errorf("zeros are kept in %q", paths)
		}
	}
}

// Damage that no crash explains stops the queue, changes nothing, and salvage keeps all but the damaged record (3.2, R2, R3).
func TestDamage(t *testing.T) {
	log, borders := sample(t)
	at := borders[10] // the message 9
	for _, c := range []struct {
		name    string
		change  func(record []byte)
		salvage bool // the border behind can be found
	}{
		{"payload", func(r []byte) { r[headerLen+9] ^= 1 }, true},
		{"checksum", func(r []byte) { r[49] ^= 1 }, true},
		{"magic", func(r []byte) { r[1] ^= 1 }, false},
		{"type", func(r []byte) { r[15] = 7 }, false},
		{"length", func(r []byte) { r[47]-- }, false},
		{"length 2147483647", func(r []byte) { copy(r[44:], "\x7f\xff\xff\xff") }, false},
		{"negative length", func(r []byte) { copy(r[44:], "\xff\xff\xff\xff") }, false},
		{"compression flag", func(r []byte) { r[43] = 1 }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := slices.Clone(log)
			c.change(bad[at:])
			f := logOf(t, bad)
			_, err := f.live(t, Options{})
			var damage *DamageError
			if !errors.As(err, &damage) || damage.Offset != at {
				t.Fatalf("error %v, want damage at %d", err, at)
			}
			if !bytes.Equal(f.bytes(t), bad) {
				t.Error("the damaged file has been changed")
			}
			got, err := f.live(t, Options{Salvage: true})
			want := numbers(1, 9)
			if c.salvage {
				want = append(want, numbers(10, 20)...)
			} else {
				want = numbers(0, 9) // the ACK was in what cannot be reached
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("salvage %v, %v; want %v", got, err, want)
			}
			if !bytes.Equal(f.aside(t, damageSuffix), bad) {
				t.Error("the damaged file is not kept")
			}
			if again, err := f.live(t, Options{}); err != nil || !slices.Equal(again, want) {
				t.Errorf("after the salvage %v, %v", again, err)
			}
		})
	}
}

// What a process that was killed leaves is preallocated zeros behind its records. They do not make damage look like the torn end
// of a crash, which is followed by good records or has reached the disk whole; a header of which only a part did is one.
func TestDamageBeforePreallocation(t *testing.T) {
	log, borders := sample(t)
	tail := make([]byte, chunk)
	ninth, last := borders[9], borders[len(borders)-1]
	for name, c := range map[string]struct {
		change func(b []byte) []byte
		torn   bool
	}{
		"magic":                   {func(b []byte) []byte { b[ninth] ^= 1; return b }, false},
		"type":                    {func(b []byte) []byte { b[ninth+15] ^= 16; return b }, false},
		"payload":                 {func(b []byte) []byte { b[ninth+headerLen] ^= 1; return b }, false},
		"magic of the last one":   {func(b []byte) []byte { b[last] ^= 1; return b }, false},
		"payload of the last one": {func(b []byte) []byte { b[last+headerLen] ^= 1; return b }, false},
		"nothing":                 {func(b []byte) []byte { return b }, true},
		"a header that goes on in a sector that is missing": {func(b []byte) []byte {
			at := sector - int64(len(b))%sector - 20 // behind the last record, 20 bytes before a border
			if at < 0 {
				at += sector
			}
			filler := make([]byte, at-headerLen+sector)
			b = appendStored(b, 99, Data, uuid.New(), 0, bytes.Repeat([]byte{1}, len(filler)))
			return append(b, appendStored(nil, 100, Data, uuid.New(), 0, filler)[:20]...)
		}, true},
	} {
		f := logOf(t, append(c.change(slices.Clone(log)), tail...))
		d := open(t, f.dir, Options{})
		l, err := d.Open(t.Context(), "q")
		if err == nil {
			err = l.Close()
		}
		var damage *DamageError
		if errors.As(err, &damage) == c.torn || c.torn && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A record with a sector that never reached the disk, in front of ones that did, is all that is lost (3.2).
func TestTornInsideABatch(t *testing.T) {
	log, _ := sample(t)
	big := Record{Data, uuid.New(), bytes.Repeat([]byte{7}, 4*sector)}
	start := int64(len(log))
	log, err := appendRecord(log, 23, big, false)
	if err != nil {
		t.Fatal(err)
	}
	hole := (start + headerLen + sector) / sector * sector
	clear(log[hole : hole+sector])
	log, err = appendRecord(log, 24, message(30), false)
	if err != nil {
		t.Fatal(err)
	}
	f := logOf(t, log)
	got, err := f.live(t, Options{})
	if want := append(numbers(1, 20), 30); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}

// An empty file and a torn CONFIG are queues that were never answered: moved aside (3.2).
func TestUnfinishedLog(t *testing.T) {
	log, borders := sample(t)
	for _, n := range []int64{0, 1, 51, borders[1] - 1} {
		f := logOf(t, log[:n])
		if _, err := f.live(t, Options{}); !errors.Is(err, ErrNoLog) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if b := f.aside(t, tornSuffix); int64(len(b)) != n {
			t.Errorf("%d bytes: %d are kept", n, len(b))
		}
	}
}

// A log whose first record is no CONFIG is damaged (3.2).
func TestNoConfig(t *testing.T) {
	log, borders := sample(t)
	f := logOf(t, log[borders[1]:])
	var damage *DamageError
	if _, err := f.live(t, Options{}); !errors.As(err, &damage) {
		t.Errorf("%v, want damage", err)
	}
}

// What a stock server leaves when it dies between its renames, and what our own compaction leaves (R6).
func TestInterruptedCompaction(t *testing.T) {
	log, _ := sample(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "q.wal.bak"), log)
	write(t, filepath.Join(dir, "q.wal.compact"), log[:100])
	f := logFile{dir, filepath.Join(dir, "q.wal")}
	if got, err := f.live(t, Options{}); err != nil || !slices.Equal(got, numbers(1, 20)) {
		t.Errorf("%v, %v", got, err)
	}
	if paths, _ := filepath.Glob(f.path + ".*"); len(paths) > 0 {
		t.Errorf("left: %q", paths)
	}
}
