// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltool_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gondola/broker/waltool"
	"gondola/wal"
)

const samples = "../../wal/testdata/" // logs that the reference has written

func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs strings.Builder
	status = waltool.Run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), status
}

// dirWith is a folder with one log.
func dirWith(t *testing.T, sample string, change func(b []byte) []byte) (dir, file string) {
	t.Helper()
	b, err := os.ReadFile(samples + sample)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	file = filepath.Join(dir, "orders$eu.wal")
	if err := os.WriteFile(file, change(b), 0o600); err != nil {
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
func flip(b []byte) []byte {
	b[350] ^= 1
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
