// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltool_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"gondola/broker/engine"
	"gondola/broker/engine/embedded"
	"gondola/broker/waltool"
	"gondola/broker/wire"
	"gondola/wal"
)

const samples = "../../wal/testdata/" // logs that the reference has written

func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs strings.Builder
	status = waltool.Run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), status
}

// sampleOf is one of the reference's logs.
func sampleOf(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(samples + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dirWith is a folder with one log.
func dirWith(t *testing.T, sample string, change func(b []byte) []byte) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "orders$eu.wal")
	if err := os.WriteFile(file, change(sampleOf(t, sample)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

func same(b []byte) []byte { return b }

// files are the contents of a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(b)
	}
	return all
}

// flip changes a bit in the payload of the second message of wal-plain.wal.
func flip(b []byte) []byte { return flipped(b, 350) }

// flipped is b with a bit changed in one byte.
func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func TestReadingChangesNothing(t *testing.T) {
	for _, c := range []struct {
		sample string
		change func([]byte) []byte
		want   string
		status int
	}{
		{"wal-plain.wal", same, "orders/eu: clean, 1458 bytes, 8 records, 2 live messages of 831 bytes\n", 0},
		{"wal-compressed.wal", same, "orders/eu: clean, 988 bytes, 8 records, 2 live messages of 361 bytes\n", 0},
		{"wal-torn-tail.wal", same, "orders/eu: torn, 1451 bytes, 7 records, 1 live messages of 643 bytes; a crash has left 181 bytes behind byte 1270: ", 0},
		{"wal-plain.wal", flip, "orders/eu: damaged, 1458 bytes, 2 records, 1 live messages of 191 bytes before byte 255: bad checksum; ", 1},
		{"wal-plain.wal", func([]byte) []byte { return nil }, "orders/eu: unfinished, 0 bytes, 0 records, 0 live messages of 0 bytes; ", 0},
	} {
		dir, file := dirWith(t, c.sample, c.change)
		before := files(t, dir)
		for _, args := range [][]string{{"verify", dir}, {"verify", file}, {"dump", file}, {"compact", dir}, {"repair", dir}} {
			stdout, stderr, status := run(t, args...)
			if !strings.Contains(stdout, c.want) || stderr != "" || status != c.status {
				t.Errorf("%v of %s: %d, %q, %q; want %d, %q", args, c.sample, status, stdout, stderr, c.status, c.want)
			}
		}
		if !maps.Equal(before, files(t, dir)) {
			t.Errorf("%s: reading has changed the folder", c.sample)
		}
	}
}

func TestDump(t *testing.T) {
	stdout, _, status := run(t, "dump", samples+"wal-plain.wal")
	lines := strings.Split(stdout, "\n")
	for i, want := range []string{
		"         0  lsn 1      CONFIG ba4235af-315a-4e80-a4f7-4cf64091e2ed  capacity 4, bounded, plain",
		`        64  lsn 2      DATA   3d7ed940-2647-4f08-b08d-66fff9fcdfc7  21 bytes of text/plain, subject "order", 2026-11-23T03:29:16Z, expires never, "first durable message"`,
		`       255  lsn 3      DATA   861beead-d09c-4fa1-9b19-0e4b1c4256cb  4 bytes of application/octet-stream, subject "", 2026-11-23T03:29:16Z, expires never, 000102ff`,
		"       423  lsn 4      ACK    7d113f0a-ffe0-4abb-85bf-8aef57ac34db  of 3d7ed94026474f08b08d66fff9fcdfc7",
	} {
		if lines[i] != want {
			t.Errorf("line %d: %s\nwant %s", i, lines[i], want)
		}
	}
	if status != 0 || len(lines) != 10 { // 8 records, the verdict, the end
		t.Errorf("status %d, %d lines", status, len(lines))
	}
}

// R3, R2: a repair keeps every record but the damaged one, and the damaged file.
func TestRepair(t *testing.T) {
	dir, file := dirWith(t, "wal-plain.wal", flip)
	damaged, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, status := run(t, "repair", "--write", dir)
	if status != 0 || stderr != "" || !strings.Contains(stdout, "orders/eu: clean") || !strings.Contains(stdout, "2 live messages of 831 bytes") {
		t.Errorf("%d, %q, %q", status, stdout, stderr)
	}
	kept := false
	for _, content := range files(t, dir) {
		kept = kept || content == string(damaged)
	}
	if !kept {
		t.Error("the damaged file is gone")
	}
}

// R4: behind a length that is wrong in the middle, a search finds all other records; each is printed before anything is
// written, and nothing is without --write.
func TestSearch(t *testing.T) {
	ours, borders := logged(t, []byte("one"), []byte("two"), []byte("three"), []byte("four"))
	for _, c := range []struct {
		name, log  string
		hit, found int // records
		behind     []string
		kept       string
	}{
		{"theirs", string(sampleOf(t, "wal-plain.wal")), 255, 423, []string{
			"       423  lsn 4      ACK    7d113f0a-ffe0-4abb-85bf-8aef57ac34db  of 3d7ed94026474f08b08d66fff9fcdfc7",
			"       491  lsn 5      DATA   ",
		}, "2 live messages; records that cannot be read: 1"},
		{"ours", string(ours), borders[2], borders[3], []string{fmt.Sprintf("%10d  lsn 4      DATA   ", borders[3])}, "3 live messages; records that cannot be read: 1"},
	} {
		for _, length := range []string{"\x00\x00\x00\x01", "\x00\x01\x00\x00", "\x7f\xff\xff\xff", "\xff\xff\xff\xff"} {
			bad := c.log[:c.hit+44] + length + c.log[c.hit+48:]
			dir, _ := dirWith(t, "wal-plain.wal", func([]byte) []byte { return []byte(bad) })
			before := files(t, dir)
			dry, stderr, status := run(t, "repair", "--search", dir)
			if status != 1 || stderr != "" || !maps.Equal(before, files(t, dir)) {
				t.Errorf("%s, dry: %d, %q", c.name, status, stderr)
			}
			report := fmt.Sprintf("orders/eu: record borders are lost behind byte %d; the search has found a record at byte %d. A payload can contain forged records: look at each record from there on\n", c.hit, c.found)
			if !strings.Contains(dry, report) || !strings.Contains(dry, "orders/eu: a repair keeps "+c.kept) {
				t.Errorf("%s, dry: %s", c.name, dry)
			}
			stdout, stderr, status := run(t, "repair", "--search", "--write", dir)
			_, planned, _ := strings.Cut(dry, report)
			if status != 0 || stderr != "" || !strings.HasPrefix(stdout, report+planned) || !strings.Contains(stdout, "orders/eu: clean") {
				t.Errorf("%s: %d, %q, %s", c.name, status, stderr, stdout)
			}
			for _, line := range c.behind {
				if !strings.Contains(planned, line) {
					t.Errorf("%s: no %q in\n%s", c.name, line, planned)
				}
			}
			if !slices.Contains(slices.Collect(maps.Values(files(t, dir))), bad) {
				t.Errorf("%s: the damaged file is gone", c.name)
			}
		}
	}
}

// R4: in each of the reference's logs the length of any one record may be wrong; everything else is kept.
func TestSearchInSamples(t *testing.T) {
	paths, err := filepath.Glob(samples + "*.wal")
	if err != nil || len(paths) < 5 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		log := sampleOf(t, filepath.Base(path))
		records := recordsOf(t, path)
		for hit, r := range records {
			for _, length := range []string{"\x00\x00\x00\x01", "\x7f\xff\xff\xff"} {
				dir, file := dirWith(t, "wal-plain.wal", func([]byte) []byte {
					return slices.Concat(log[:r.Offset+44], []byte(length), log[r.Offset+48:])
				})
				_, stderr, status := run(t, "repair", "--search", "--capacity", "100", "--write", dir)
				var want, got []uuid.UUID
				for i, r := range records {
					switch {
					case i == hit:
					case r.Kind == wal.Data:
						want = append(want, r.ID)
					case r.Kind == wal.Ack:
						want = slices.DeleteFunc(want, func(id uuid.UUID) bool { return id == uuid.UUID(r.Payload) })
					}
				}
				for _, r := range recordsOf(t, file)[1:] {
					got = append(got, r.ID)
				}
				if status != 0 || stderr != "" || !slices.Equal(got, want) {
					t.Errorf("%s, record %d, length %x: %d, %q, %v, want %v", path, hit, length, status, stderr, got, want)
				}
			}
		}
	}
}

// recordsOf are the valid records of a log.
func recordsOf(t *testing.T, file string) (all []wal.Entry) {
	t.Helper()
	if _, err := wal.Inspect(file, embedded.CheckRecord, func(e wal.Entry) error {
		e.Payload = bytes.Clone(e.Payload)
		all = append(all, e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// logged is a log of ours with messages of these payloads, and where its records are.
func logged(t *testing.T, payloads ...[]byte) (log []byte, borders []int) {
	t.Helper()
	dir := t.TempDir()
	e, err := embedded.Open(t.Context(), embedded.LogOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	q, _, err := e.CreateQueue(t.Context(), engine.QueueSpec{Name: "q", Capacity: 10, Durable: true})
	for _, payload := range payloads {
		if err == nil {
			err = q.Offer(t.Context(), &wire.Message{
				ID: uuid.New(), Destination: "q", Durable: true, Mimetype: "application/octet-stream", Status: wire.NullStatus,
				ExpiresAt: wire.Never, Timeout: wire.NoTimeout, Payload: payload,
			})
		}
	}
	if err = errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "q.wal")
	for _, r := range recordsOf(t, file) {
		borders = append(borders, int(r.Offset))
	}
	if log, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	return log, borders
}

// R4: a record in a valid payload is not looked at; one in the payload of a damaged record is told with its place.
func TestForgedRecord(t *testing.T) {
	forged := sampleOf(t, "wal-plain.wal")[64:255] // "first durable message"
	payload := slices.Concat([]byte("before"), forged, []byte("behind"))
	log, borders := logged(t, payload, payload, payload)
	in := borders[2] + bytes.Index(log[borders[2]:], forged)
	for at, want := range map[int]string{
		borders[2]: fmt.Sprintf("record borders are lost behind byte %d; the search has found a record at byte %d.", borders[2], in),
		in - 3: fmt.Sprintf("the record at byte %d is damaged, the next one begins at byte %d; the search has found a record at byte %d.",
			borders[2], borders[3], in),
	} {
		dir, _ := dirWith(t, "wal-plain.wal", func([]byte) []byte { return flipped(log, at) })
		stdout, _, _ := run(t, "repair", "--search", dir)
		if !strings.Contains(stdout, "orders/eu: "+want+" A payload can contain forged records: ") || strings.Count(stdout, "3d7ed940-2647-4f08-b08d-66fff9fcdfc7") != 1 ||
			!strings.Contains(stdout, fmt.Sprintf("\n%10d  lsn 2      DATA   3d7ed940-2647-4f08-b08d-66fff9fcdfc7  21 bytes of text/plain", in)) {
			t.Errorf("byte %d: %s", at, stdout)
		}
		plain, _, _ := run(t, "repair", dir)
		if strings.Contains(plain, "3d7ed940") {
			t.Errorf("byte %d, without a search: %s", at, plain)
		}
	}
}

// Without its CONFIG a log has no capacity: a repair asks for it, and changes nothing before it has one.
func TestRepairWithoutConfig(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"missing":       func(b []byte) []byte { return b[64:] },
		"damaged":       func(b []byte) []byte { return flipped(b, 60) },
		"a bad magic":   func(b []byte) []byte { return flipped(b, 0) },
		"not the first": func(b []byte) []byte { return slices.Concat([]byte("what is this?"), b) },
	} {
		dir, file := dirWith(t, "wal-plain.wal", change)
		before := files(t, dir)
		const remedy = "gondola: orders/eu: the CONFIG record, which has the capacity of the queue, is missing or damaged: give it with --capacity N\n"
		for _, args := range []string{"repair", "repair --search", "repair --search --capacity 7"} {
			stdout, stderr, status := run(t, append(strings.Fields(args), dir)...)
			want := remedy
			if strings.Contains(args, "capacity") {
				want = ""
			}
			if status != 1 || stderr != want || !maps.Equal(before, files(t, dir)) {
				t.Errorf("%s, %s: %d, %q, %q", name, args, status, stdout, stderr)
			}
			if args == "repair" && strings.HasPrefix(name, "a bad") && !strings.Contains(stdout, "orders/eu: record borders are lost behind byte 0; --search looks further\n") {
				t.Errorf("%s, %s: %q", name, args, stdout)
			}
			if strings.Contains(args, "search") && !strings.Contains(stdout, "orders/eu: a repair keeps 2 live messages; ") {
				t.Errorf("%s, %s: %q", name, args, stdout)
			}
		}
		if _, stderr, status := run(t, "repair", "--search", "--write", dir); status != 1 || stderr != remedy || files(t, dir)[filepath.Base(file)] != before[filepath.Base(file)] {
			t.Errorf("%s, without a capacity: %d, %q", name, status, stderr)
		}
		stdout, stderr, status := run(t, "repair", "--search", "--capacity", "7", "--write", dir)
		if status != 0 || stderr != "" || !strings.Contains(stdout, "orders/eu: clean, 895 bytes, 3 records, 2 live messages of 831 bytes\n") {
			t.Errorf("%s: %d, %q, %q", name, status, stdout, stderr)
		}
		if stdout, _, _ = run(t, "dump", file); !strings.Contains(stdout, "capacity 7, bounded, plain") {
			t.Errorf("%s: %s", name, stdout)
		}
		if !slices.Contains(slices.Collect(maps.Values(files(t, dir))), before[filepath.Base(file)]) {
			t.Errorf("%s: the damaged file is gone", name)
		}
	}
	for _, capacity := range []string{"0", "-1", "2147483648", "many"} {
		if _, stderr, status := run(t, "repair", "--capacity", capacity, t.TempDir()); status != 2 || !strings.Contains(stderr, "--capacity "+capacity+": ") {
			t.Errorf("%s: %d, %q", capacity, status, stderr)
		}
	}
}

// Nothing is written, not even a note, when the report cannot be printed.
func TestReportThatCannotBePrinted(t *testing.T) {
	dir, _ := dirWith(t, "wal-plain.wal", func(b []byte) []byte { return flipped(b, 255) })
	before := files(t, dir)
	var errs strings.Builder
	status := waltool.Run(t.Context(), []string{"repair", "--search", "--write", dir}, strings.NewReader(""), full{}, &errs)
	if status != 1 || !strings.Contains(errs.String(), "no space") || !maps.Equal(before, files(t, dir)) {
		t.Errorf("%d, %q", status, errs.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestCompact(t *testing.T) {
	dir, _ := dirWith(t, "wal-plain.wal", same)
	stdout, stderr, status := run(t, "compact", "--write", dir)
	if status != 0 || stderr != "" || !strings.HasSuffix(stdout, "orders/eu: clean, 895 bytes, 3 records, 2 live messages of 831 bytes\n") {
		t.Errorf("%d, %q, %q", status, stdout, stderr)
	}
}

// D8: the logs of a running server stay as they are.
func TestDirectoryInUse(t *testing.T) {
	dir, _ := dirWith(t, "wal-plain.wal", same)
	d, err := wal.OpenDir(dir, wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if stdout, stderr, status := run(t, "compact", "--write", dir); status != 1 || !strings.Contains(stderr, "in use by another process") {
		t.Errorf("%d, %q, %q", status, stdout, stderr)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"", "verify", "shrink x", "dump --write x", "compact a b", "repair --force a"} {
		if stdout, stderr, status := run(t, strings.Fields(args)...); status != 2 || !strings.HasPrefix(stderr, "Usage: gondola wal ") || stdout != "" {
			t.Errorf("wal %s: %d, %q, %q", args, status, stdout, stderr)
		}
	}
	if stdout, _, status := run(t, "--help"); status != 0 || !strings.HasPrefix(stdout, "Usage: gondola wal ") {
		t.Errorf("--help: %d, %q", status, stdout)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none.wal"), t.TempDir()} {
		if _, stderr, status := run(t, "verify", path); status != 1 || !strings.Contains(stderr, path) {
			t.Errorf("%s: %d, %q", path, status, stderr)
		}
	}
}
