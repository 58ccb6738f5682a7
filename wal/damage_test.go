// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gondola/wal"
	"gondola/wal/waltest"
)

// logOf30 is a log of 30 records: CONFIG, 22 messages of which three are compressed, 7 ACKs. live are the messages left, in
// order, by the number in their id.
func logOf30(t testing.TB) (log []byte, live []int) {
	t.Helper()
	messages := ledger{}
	var records []wal.Record
	for i := range 22 {
		size := 40 + i
		if i%8 == 3 {
			size = 400
		}
		records = append(records, messages.message(size).data())
		if i%3 == 2 {
			records = append(records, messages.msgs[i/3].ack())
		}
	}
	compressed := slices.Clone(config)
	compressed[11] = 1
	log = logWith(t, compressed, records...)
	if n := len(bordersOf(log)) - 1; n != 30 {
		t.Fatalf("%d records", n)
	}
	return log, numbersOf(7, 22)
}

// logWith is a log of a CONFIG and some records.
func logWith(t testing.TB, config []byte, records ...wal.Record) []byte {
	t.Helper()
	disk := waltest.NewCrashDisk()
	d, err := wal.OpenDir(dirName, wal.Options{FS: disk})
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Create(background, queueName, config)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		err = errors.Join(err, l.Append(r))
	}
	if err := errors.Join(err, l.Close(), d.Close()); err != nil {
		t.Fatal(err)
	}
	log, err := disk.ReadFile(logName)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func numbersOf(from, to int) (out []int) {
	for i := from; i < to; i++ {
		out = append(out, i)
	}
	return out
}

// bordersOf are the places where records start, and the end.
func bordersOf(log []byte) (borders []int) {
	for at := 0; at < len(log); {
		borders = append(borders, at)
		at += headerLen + int(binary.BigEndian.Uint32(log[at+44:]))
	}
	return append(borders, len(log))
}

// opened is what a start has made of a log.
type opened struct {
	live    []int // nil: the queue is not in service
	damage  *wal.DamageError
	noLog   bool
	dropped int // records, as the status says
	before  []byte
	disk    *waltest.CrashDisk
	after   []byte
}

func openBytes(log []byte, o wal.Options) (out opened, err error) {
	out.before, out.disk = log, waltest.NewCrashDisk()
	out.disk.WriteFile(logName, log)
	o.FS, o.Check = out.disk, checkID
	d, err := wal.OpenDir(dirName, o)
	if err != nil {
		return out, err
	}
	defer d.Close()
	l, err := d.Open(background, queueName)
	switch {
	case errors.As(err, &out.damage):
	case errors.Is(err, wal.ErrNoLog):
		out.noLog = true
		return out, nil
	case err != nil:
		return out, err
	default:
		out.live = []int{}
		err = l.Replay(func(r wal.Record) error {
			out.live = append(out.live, numberOf(r.ID))
			return nil
		})
		out.dropped = l.Status().Dropped
		if err = errors.Join(err, l.Close()); err != nil {
			return out, err
		}
	}
	out.after, err = out.disk.ReadFile(logName)
	return out, err
}

// kept is the content of the one file beside the log with a suffix.
func (o opened) kept(suffix string) []byte {
	for _, name := range o.disk.Names() {
		if strings.HasPrefix(name, logName+suffix) {
			b, _ := o.disk.ReadFile(name)
			return b
		}
	}
	return nil
}

// told says why nothing has been lost in silence: all messages are there, or the log is out of service and untouched, or its
// end was cut off, counted, and kept aside (R2, R3). Otherwise it is an error.
func (o opened) told(want []int) (string, error) {
	switch {
	case o.damage != nil && bytes.Equal(o.after, o.before):
		return "out of service", nil
	case o.damage != nil:
		return "", errors.New("the damaged log was changed")
	case o.noLog && bytes.Equal(o.kept(".torn-"), o.before):
		return "never finished", nil
	case o.noLog:
		return "", errors.New("the unfinished log is gone")
	}
	if contains(o.live, want) {
		return "all there", nil
	}
	if aside := o.kept(".torn-"); o.dropped == 0 || !bytes.Equal(append(bytes.Clone(o.after), aside...), o.before) {
		return "", fmt.Errorf("messages %v are left of %v, %d records dropped, %d bytes kept aside", o.live, want, o.dropped, len(aside))
	}
	if end := validPrefixChecked(o.before); end != len(o.after) {
		return "", fmt.Errorf("cut at byte %d, the valid records end at %d", len(o.after), end)
	}
	return "torn", nil
}

// contains says whether the messages are all there, in this order; others may be between.
func contains(live, want []int) bool {
	for _, n := range live {
		if len(want) > 0 && n == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// allocated is how many bytes the process has ever taken from its heap.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// Every damage to a log of 30 records: nothing is lost in silence, nothing is changed that is not kept, and no memory is taken
// because a length says so (T5: R2, R3, 3.1).
func TestDamageOfEveryKind(t *testing.T) {
	log, live := logOf30(t)
	borders := bordersOf(log)
	seen := map[string]int{}
	try := func(want []int, bad []byte, format string, args ...any) opened {
		t.Helper()
		before := allocated()
		o, err := openBytes(bad, wal.Options{})
		used := allocated() - before
		how := ""
		if err == nil {
			how, err = o.told(want)
		}
		if err == nil && used > 2*uint64(len(bad))+1<<20 { // a reader's buffer and a copier's, inflaters, the disk itself
			err = fmt.Errorf("%d bytes were allocated for a file of %d", used, len(bad))
		}
		if err != nil {
			t.Errorf("%s: %v", fmt.Sprintf(format, args...), err)
		}
		seen[how]++
		return o
	}
	for _, mask := range []byte{1, 0x80, 0xff} {
		for at := range log {
			bad := bytes.Clone(log)
			bad[at] ^= mask
			o := try(live, bad, "byte %d ^ %02x", at, mask)
			if o.live != nil && o.dropped == 0 && !slices.Equal(o.live, live) {
				t.Errorf("byte %d ^ %02x: %v is there in place of %v", at, mask, o.live, live)
			}
		}
	}
	for n := range log {
		try(liveIn(log[:n]), log[:n], "cut to %d bytes", n)
	}
	for at := 0; at < len(log); at += 512 {
		bad := bytes.Clone(log)
		clear(bad[at:min(at+512, len(bad))])
		try(live, bad, "the sector at %d is zero", at)
	}
	record := func(i int) []byte { return log[borders[i]:borders[i+1]] }
	for i := range borders[:len(borders)-1] {
		try(live, slices.Concat(log[:borders[i+1]], record(i), log[borders[i+1]:]), "record %d twice", i)
		try(live, slices.Concat(log, record(i)), "record %d again at the end", i)
		if i > 0 {
			try(swapped(live, log, i), slices.Concat(log[:borders[i-1]], record(i), record(i-1), log[borders[i+1]:]), "records %d and %d swapped", i-1, i)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 1500; n += 13 {
		garbage := make([]byte, n)
		for i := range garbage {
			garbage[i] = byte(r.Uint32())
		}
		try(live, slices.Concat(log, garbage), "%d bytes of garbage", n)
		try(live, slices.Concat(log, make([]byte, n)), "%d zeros", n)
		try(live, slices.Concat(log, make([]byte, n), garbage), "%d zeros and garbage", n)
	}
	t.Logf("%v", seen)
	for _, how := range []string{"all there", "out of service", "torn", "never finished"} {
		if seen[how] == 0 {
			t.Errorf("no log was %s", how)
		}
	}
}

// liveIn is what a log's valid records leave, by number.
func liveIn(log []byte) (live []int) {
	for _, id := range pendingIn(log) {
		live = append(live, numberOf(id))
	}
	slices.Sort(live)
	return live
}

func numberOf(id uuid.UUID) int { return int(binary.BigEndian.Uint32(id[12:])) }

// pendingIn is what a log's valid records leave, in the order of a replay (wal-format.md 6).
func pendingIn(log []byte) (order []uuid.UUID) {
	for r := range eachRecord(log, checkID) {
		switch r.Kind {
		case wal.Data:
			if !slices.Contains(order, r.ID) {
				order = append(order, r.ID)
			}
		case wal.Ack:
			order = slices.DeleteFunc(order, func(id uuid.UUID) bool { return id == uuid.UUID(r.Payload) })
		}
	}
	return order
}

// swapped is the order of the live messages when record i comes before the one in front of it.
func swapped(live []int, log []byte, i int) []int {
	b := bordersOf(log)
	one, two := log[b[i-1]:], log[b[i]:]
	out := slices.Clone(live)
	if one[15] != 2 || two[15] != 2 {
		return out
	}
	x, y := int(binary.BigEndian.Uint32(one[28:])), int(binary.BigEndian.Uint32(two[28:]))
	if k := slices.Index(out, x); k >= 0 && k+1 < len(out) && out[k+1] == y {
		out[k], out[k+1] = y, x
	}
	return out
}

// A length that no file can have takes no memory, in a small file and in a large one (3.1).
func TestClaimedLengths(t *testing.T) {
	for _, size := range []int{100, 4 << 20} {
		log, _ := logOf30(t)
		at := len(log)
		log = append(log, make([]byte, size)...)
		copy(log[at:], log[bordersOf(log[:at])[5]:][:headerLen])
		for i := range log[at+headerLen:] {
			log[at+headerLen+i] = byte(i) | 1
		}
		for _, claim := range []uint32{1<<31 - 1, 262_144_000, uint32(size), uint32(size - headerLen), 1 << 31, 1<<32 - 1} {
			binary.BigEndian.PutUint32(log[at+44:], claim)
			for _, flag := range []byte{0, 1} {
				log[at+43] = flag
				before := allocated()
				o, err := openBytes(log, wal.Options{})
				used := int64(allocated()-before) - 2*int64(len(log)) // the disk's own copy, in sectors, and what the test reads
				if err == nil {
					_, err = o.told(numbersOf(7, 22))
				}
				if err != nil || used > 2*int64(len(log))+1<<20 {
					t.Errorf("%d bytes, claimed %d, flag %d: %v, %d bytes allocated", size, claim, flag, err, used)
				}
			}
		}
	}
}

// A salvage keeps the damaged file and everything else that can be read, and opens as usual the next time (R3).
func TestSalvageOfEveryKind(t *testing.T) {
	log, live := logOf30(t)
	borders := bordersOf(log)
	for at := 0; at < len(log); at += 5 {
		bad := bytes.Clone(log)
		bad[at] ^= 0x80
		plain, err := openBytes(bad, wal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		o, err := openBytes(bad, wal.Options{Salvage: true})
		switch {
		case err != nil:
			t.Fatalf("byte %d: %v", at, err)
		case plain.damage == nil:
			continue
		case o.damage != nil: // nothing can be kept without the CONFIG record
			if at >= borders[1] {
				t.Errorf("byte %d: %v", at, o.damage)
			}
			continue
		case !bytes.Equal(o.kept(".corrupt-"), bad):
			t.Errorf("byte %d: the damaged log is not kept", at)
		}
		i, _ := slices.BinarySearch(borders, at+1)
		hit := log[borders[i-1]:]
		lost := []int{}
		if hit[15] == 2 {
			lost = append(lost, int(binary.BigEndian.Uint32(hit[28:])))
		}
		inPayload := at >= borders[i-1]+48
		if want := slices.DeleteFunc(slices.Clone(live), func(n int) bool { return slices.Contains(lost, n) }); inPayload && !contains(o.live, want) {
			t.Errorf("byte %d: %v was kept of %v", at, o.live, want)
		}
		again, err := openBytes(o.after, wal.Options{})
		if err != nil || !slices.Equal(again.live, o.live) {
			t.Errorf("byte %d: after the salvage %v, %v; before %v", at, again.live, err, o.live)
		}
	}
}

// With a search, any byte may be damaged, and only the record that it is in is missing, wherever the borders are (R4); the CONFIG
// is replaced by one that is given. What a preview has announced is what comes out, and a preview changes nothing.
func TestSearchOfEveryKind(t *testing.T) {
	log, live := logOf30(t)
	borders := bordersOf(log)
	path := filepath.Join(t.TempDir(), "q.wal")
	searched := 0
	for _, mask := range []byte{1, 0x80, 0xff} {
		for at := 0; at < len(log); at += 7 {
			bad := bytes.Clone(log)
			bad[at] ^= mask
			o := wal.Options{Salvage: true, Search: true, Config: config, Check: checkID}
			got, err := openBytes(bad, o)
			if err != nil || got.damage != nil || got.noLog {
				t.Fatalf("byte %d ^ %02x: %v, %v, no log %v", at, mask, err, got.damage, got.noLog)
			}
			i, _ := slices.BinarySearch(borders, at+1)
			hit := log[borders[i-1]:]
			want := slices.DeleteFunc(slices.Clone(live), func(n int) bool { return hit[15] == 2 && n == int(binary.BigEndian.Uint32(hit[28:])) })
			if !contains(got.live, want) {
				t.Errorf("byte %d ^ %02x: %v was kept of %v", at, mask, got.live, want)
			}
			for _, n := range got.live {
				if n >= 22 {
					t.Errorf("byte %d ^ %02x: message %d was never there", at, mask, n)
				}
			}
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := wal.Preview(background, path, o, func(h wal.Hole) error {
				searched++
				if h.Found >= 0 && !slices.Contains(borders, int(h.Found)) {
					t.Errorf("byte %d ^ %02x: found at byte %d", at, mask, h.Found)
				}
				return nil
			}, nil)
			switch {
			case err != nil:
				t.Fatal(err)
			case p != nil && (p.Kept != len(got.live) || !bytes.Equal(got.kept(".corrupt-"), bad)):
				t.Errorf("byte %d ^ %02x: %d messages were announced, %v are there, %d bytes are kept aside", at, mask, p.Kept, got.live, len(got.kept(".corrupt-")))
			case p == nil && got.kept(".corrupt-") != nil:
				t.Errorf("byte %d ^ %02x: salvaged without a word", at, mask)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, bad) {
				t.Fatal("a preview has changed the log", err)
			}
		}
	}
	t.Logf("%d searches", searched)
	if searched == 0 {
		t.Error("nothing was searched")
	}
}

// A search is of the damaged part of a log only (R4): what looks like a record in a valid payload is not looked at; in a damaged
// one it is found and told, as are the records behind it that no border leads to. Magic numbers without end take no time.
func TestSearchAndForgedRecords(t *testing.T) {
	forged := (&ledger{}).message(40)
	inside := logWith(t, config, forged.data())[headerLen+len(config):]
	messages := ledger{orders: 1} // numbers of their own
	first, second, third := messages.message(40), messages.message(40), messages.message(40)
	first.payload = slices.Concat(first.payload, inside)
	second.payload = slices.Concat(second.payload, inside, bytes.Repeat([]byte("\xca\xfe\xba\xbe"), 1<<20))
	log := logWith(t, config, first.data(), second.data(), third.data())
	borders := bordersOf(log)
	in := int64(borders[2] + headerLen + 16 + 40) // of the forged one
	for _, c := range []struct {
		name  string
		byte  int // that is damaged
		live  []uuid.UUID
		told  []uuid.UUID // there because of the search
		holes []wal.Hole
	}{
		{"payload of the first one", borders[1] + headerLen, []uuid.UUID{forged.id, second.id, third.id}, []uuid.UUID{forged.id},
			[]wal.Hole{{From: int64(borders[1]), Found: in - int64(borders[2]-borders[1]), Until: int64(borders[2])}}},
		{"magic", borders[2], []uuid.UUID{first.id, forged.id, third.id}, []uuid.UUID{forged.id, third.id},
			[]wal.Hole{{From: int64(borders[2]), Found: in, Until: -1}, {From: in + int64(len(inside)), Found: int64(borders[3]), Until: -1}}},
		{"magic of the last one", borders[3], []uuid.UUID{first.id, second.id}, nil,
			[]wal.Hole{{From: int64(borders[3]), Found: -1, Until: -1}}},
	} {
		bad := bytes.Clone(log)
		bad[c.byte] ^= 1
		path := filepath.Join(t.TempDir(), "q.wal")
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		var holes []wal.Hole
		var told []uuid.UUID
		o := wal.Options{Salvage: true, Search: true, Check: checkID}
		if _, err := wal.Preview(background, path, o, func(h wal.Hole) error {
			holes = append(holes, h)
			return nil
		}, func(e wal.Entry) error {
			told = append(told, e.ID)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		got := pendingIn(mustOpen(t, bad, o).after)
		if !slices.Equal(holes, c.holes) || !slices.Equal(got, c.live) {
			t.Errorf("%s: holes %v, live %v; want %v, %v", c.name, holes, got, c.holes, c.live)
		}
		if !slices.Equal(told, c.told) {
			t.Errorf("%s: told of %v", c.name, told)
		}
	}
}

func mustOpen(t *testing.T, log []byte, o wal.Options) opened {
	t.Helper()
	got, err := openBytes(log, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// What is kept of a log without its CONFIG has the one that is given, compressed if it was.
func TestSalvageWithoutConfig(t *testing.T) {
	log, live := logOf30(t) // a compressed one
	second := bordersOf(log)[1]
	o := wal.Options{Salvage: true}
	if got := mustOpen(t, log[second:], o); got.damage == nil || !bytes.Equal(got.after, log[second:]) {
		t.Errorf("without a CONFIG to give: %v", got.live)
	}
	o.Config = config
	got := mustOpen(t, log[second:], o)
	if !slices.Equal(got.live, live) || !bytes.Equal(got.kept(".corrupt-"), log[second:]) {
		t.Errorf("%v, want %v", got.live, live)
	}
	compressed := slices.Clone(config)
	compressed[11] = 1
	if !bytes.Equal(got.after[headerLen:headerLen+len(config)], compressed) || config[11] != 0 {
		t.Errorf("CONFIG %x", got.after[headerLen:headerLen+len(config)])
	}
}
