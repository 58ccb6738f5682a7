// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"gondola/wal"
)

const seeds = 200

func create(t *testing.T, d wal.FS, name string) wal.File {
	t.Helper()
	f, err := d.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func writeAt(t *testing.T, f wal.File, at int64, text string) {
	t.Helper()
	if n, err := f.WriteAt([]byte(text), at); n != len(text) || err != nil {
		t.Fatal(n, err)
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// outcomes are the contents of a file after crashes with all seeds; "-" where it is not there.
func outcomes(d *CrashDisk, name string) map[string]int {
	out := map[string]int{}
	for seed := range uint64(seeds) {
		b, err := d.Crash(seed).ReadFile(name)
		if err != nil {
			b = []byte("-")
		}
		out[string(b)]++
	}
	return out
}

// requireOutcomes: crashes leave exactly these contents, each at least once.
func requireOutcomes(t *testing.T, d *CrashDisk, name string, want ...string) {
	t.Helper()
	got := outcomes(d, name)
	for _, w := range want {
		if got[w] == 0 {
			t.Errorf("%s is never %q", name, short(w))
		}
		delete(got, w)
	}
	for g, n := range got {
		t.Errorf("%s is %q after %d crashes", name, short(g), n)
	}
}

func short(s string) string { return strings.ReplaceAll(s, strings.Repeat("\x00", 256), "~") }

// A sync keeps contents and size whatever happens, and the sync of the directory keeps the name.
func TestSyncedIsKept(t *testing.T) {
	d := NewCrashDisk()
	f := create(t, d, "dir/a")
	writeAt(t, f, 0, "kept")
	must(t, f.Sync(), d.SyncDir("dir"))
	requireOutcomes(t, d, "dir/a", "kept")
}

// Without one of the two syncs it may be gone.
func TestUnsyncedMayBeGone(t *testing.T) {
	d := NewCrashDisk()
	f := create(t, d, "dir/a")
	writeAt(t, f, 0, "x")
	must(t, f.Sync(), d.SyncDir("elsewhere"))
	requireOutcomes(t, d, "dir/a", "x", "-")

	d = NewCrashDisk()
	f = create(t, d, "dir/a")
	must(t, d.SyncDir("dir"))
	writeAt(t, f, 0, "x")
	requireOutcomes(t, d, "dir/a", "", "x", "\x00")
}

// Sectors are kept or lost one by one, whatever the size is; a lost one has its synced content, or zeros.
func TestSectors(t *testing.T) {
	a, b, z := strings.Repeat("a", sector), strings.Repeat("b", sector), strings.Repeat("\x00", sector)
	d := NewCrashDisk()
	f := create(t, d, "f")
	writeAt(t, f, 0, a)
	must(t, f.Sync(), d.SyncDir("."))
	writeAt(t, f, 0, b+b)
	requireOutcomes(t, d, "f", a, b, a+z, a+b, b+z, b+b)
}

// A write inside a sector never tears it: what was synced beside it stays.
func TestSectorIsWhole(t *testing.T) {
	d := NewCrashDisk()
	f := create(t, d, "f")
	writeAt(t, f, 0, "old")
	must(t, f.Allocate(sector), f.Sync(), d.SyncDir("."))
	writeAt(t, f, 3, "1")
	writeAt(t, f, 4, "2")
	pad := func(s string) string { return s + strings.Repeat("\x00", sector-len(s)) }
	requireOutcomes(t, d, "f", pad("old"), pad("old1"), pad("old12"))
}

// A truncation that is not synced may come undone; a synced one does not, and what grows over it is zero.
func TestTruncation(t *testing.T) {
	d := NewCrashDisk()
	f := create(t, d, "f")
	writeAt(t, f, 0, "abcd")
	must(t, f.Sync(), d.SyncDir("."), f.Truncate(2))
	requireOutcomes(t, d, "f", "abcd", "ab\x00\x00", "ab")
	d = d.Kill()
	f, err := d.OpenFile("f", os.O_RDWR, 0)
	must(t, err, f.Sync())
	requireOutcomes(t, d, "f", "ab")
	d = d.Kill()
	f, err = d.OpenFile("f", os.O_RDWR, 0)
	must(t, err, f.Allocate(4), f.Sync())
	requireOutcomes(t, d, "f", "ab\x00\x00")
}

// Renames and removals happen or do not, until their directory is synced; a file is never lost by a rename.
func TestDirectory(t *testing.T) {
	d := NewCrashDisk()
	d.WriteFile("a", []byte("old"))
	f := create(t, d, "b")
	writeAt(t, f, 0, "new")
	must(t, f.Sync(), d.Rename("b", "a"))
	requireOutcomes(t, d, "a", "old", "new")
	must(t, d.Kill().SyncDir("."))
	requireOutcomes(t, d, "a", "old", "new") // another disk was synced

	d = d.Kill()
	must(t, d.SyncDir("."))
	requireOutcomes(t, d, "a", "new")
	requireOutcomes(t, d, "b", "-")
	d = d.Kill()
	must(t, d.Remove("a"))
	requireOutcomes(t, d, "a", "new", "-")
	d = d.Kill()
	must(t, d.SyncDir("."))
	requireOutcomes(t, d, "a", "-")
}

// The death of a process loses nothing, and syncs nothing.
func TestKill(t *testing.T) {
	d := NewCrashDisk()
	f := create(t, d, "a")
	writeAt(t, f, 0, "x")
	killed := d.Kill()
	if b, err := killed.ReadFile("a"); string(b) != "x" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	requireOutcomes(t, killed, "a", "-", "", "x", "\x00")
	if _, err := f.WriteAt([]byte("y"), 0); !errors.Is(err, ErrPower) {
		t.Errorf("a handle of before: %v", err)
	}
}

// What a failed sync did not write is not written by the next one, although it can be read.
func TestLoseUnsynced(t *testing.T) {
	d := NewCrashDisk()
	faults := NewFaultDisk(d, Fault{At: 1, Ops: OpSync, Err: syscall.EIO})
	f := create(t, faults, "a")
	must(t, d.SyncDir("."))
	writeAt(t, f, 0, "x")
	if err := f.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	must(t, f.Sync())
	if b, _ := d.ReadFile("a"); string(b) != "x" {
		t.Errorf("read %q", b)
	}
	requireOutcomes(t, d, "a", "\x00")
}

// The power fails in the nth operation, which may have happened; after it nothing works.
func TestStopAt(t *testing.T) {
	d := NewCrashDisk()
	d.StopAt(3)
	f := create(t, d, "a")
	must(t, d.SyncDir("."))
	if _, stopped := d.Stopped(); stopped || d.Ops() != 2 {
		t.Fatal(d.Ops())
	}
	if _, err := f.WriteAt([]byte("x"), 0); !errors.Is(err, ErrPower) {
		t.Fatal(err)
	}
	_, openErr := d.OpenFile("a", os.O_RDWR, 0)
	_, listErr := d.ReadDir(".")
	_, readErr := f.ReadAt(make([]byte, 1), 0)
	for _, err := range []error{openErr, listErr, readErr, f.Sync(), d.SyncDir("."), d.Remove("a")} {
		if !errors.Is(err, ErrPower) {
			t.Errorf("%v", err)
		}
	}
	if at, stopped := d.Stopped(); !stopped || at.IsZero() || d.Ops() != 3 || f.Close() != nil {
		t.Error(at, d.Ops())
	}
	requireOutcomes(t, d, "a", "", "\x00", "x")
}

// The same seed is the same loss.
func TestSeed(t *testing.T) {
	d := NewCrashDisk()
	f := create(t, d, "a")
	must(t, d.SyncDir("."))
	writeAt(t, f, 0, strings.Repeat("abcdefgh", 1000))
	for seed := range uint64(20) {
		one, _ := d.Crash(seed).ReadFile("a")
		two, _ := d.Crash(seed).ReadFile("a")
		if !bytes.Equal(one, two) {
			t.Fatalf("seed %d", seed)
		}
	}
}

// A full disk takes what fits.
func TestCapacity(t *testing.T) {
	d := NewCrashDisk()
	d.SetCapacity(3 * sector)
	a, b := create(t, d, "a"), create(t, d, "b")
	writeAt(t, a, 0, "x")
	if n, err := b.WriteAt(make([]byte, 5*sector), 0); n != 2*sector || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d, %v", n, err)
	}
	if err := a.Allocate(sector + 1); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	must(t, a.Allocate(sector), d.Remove("b"))
	if free, _ := d.Free("."); free != 0 {
		t.Errorf("%d bytes are free while the removed file is open", free)
	}
	must(t, b.Close())
	if free, _ := d.Free("."); free != 2*sector {
		t.Errorf("%d bytes are free", free)
	}
}

// Errors are those of a file system, and a directory has one owner.
func TestErrors(t *testing.T) {
	d := NewCrashDisk()
	must(t, create(t, d, "dir/a").Close())
	_, excl := d.OpenFile("dir/a", os.O_CREATE|os.O_EXCL, 0)
	_, missing := d.OpenFile("dir/b", os.O_RDWR, 0)
	if !errors.Is(excl, fs.ErrExist) || !errors.Is(missing, fs.ErrNotExist) || !os.IsNotExist(d.Remove("dir/b")) ||
		!os.IsNotExist(d.Rename("dir/b", "dir/c")) {
		t.Error(excl, missing)
	}
	if names, err := d.ReadDir("dir"); !slices.Equal(names, []string{"a"}) || err != nil {
		t.Error(names, err)
	}
	l, err := d.Lock("dir")
	must(t, err)
	if _, err := d.Lock("dir"); !errors.Is(err, wal.ErrLocked) {
		t.Error(err)
	}
	must(t, l.Close())
	if _, err = d.Lock("dir"); err != nil {
		t.Error(err)
	}
	if _, err = d.Kill().Lock("dir"); err != nil {
		t.Error("after the death of the owner:", err)
	}
}

// replace is the protocol that every change of a whole file follows; steps can be left out.
func replace(d wal.FS, syncFile, syncDir bool) error {
	f, err := d.OpenFile("new", os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		_, err = f.WriteAt([]byte("new"), 0)
	}
	if err == nil && syncFile {
		err = f.Sync()
	}
	if err == nil {
		err = d.Rename("new", "file")
	}
	if err == nil && syncDir {
		err = d.SyncDir(".")
	}
	return err
}

// The disk tells a right protocol from ones that leave out a sync.
func TestBrokenProtocols(t *testing.T) {
	for _, c := range []struct {
		name              string
		syncFile, syncDir bool
		right             bool
	}{
		{"right", true, true, true},
		{"no sync of the file", false, true, false},
		{"no sync of the directory", true, false, false},
	} {
		broken := 0
		for n := 1; ; n++ {
			d := NewCrashDisk()
			d.WriteFile("file", []byte("old"))
			d.StopAt(n)
			done := replace(d, c.syncFile, c.syncDir) == nil
			for got := range outcomes(d, "file") {
				if got != "new" && (done || got != "old") {
					broken++
				}
			}
			if _, stopped := d.Stopped(); !stopped {
				break
			}
		}
		if (broken == 0) != c.right {
			t.Errorf("%s: broken %d times", c.name, broken)
		}
	}
}
