// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltest

import (
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"
)

// The nth operation of a kind fails, once or from then on.
func TestNthFails(t *testing.T) {
	for _, forever := range []bool{false, true} {
		thens := 0
		d := NewFaultDisk(NewCrashDisk(), Fault{
			At: 3, Ops: OpSync | OpSyncDir, Err: syscall.EIO, Forever: forever, Then: func() { thens++ },
		})
		f := create(t, d, "a")
		var got []bool
		for range 3 {
			writeAt(t, f, 0, "x")
			got = append(got, f.Sync() != nil, errors.Is(d.SyncDir("."), syscall.EIO))
		}
		if want := []bool{false, false, true, forever, forever, forever}; !slices.Equal(got, want) {
			t.Errorf("forever %v: %v", forever, got)
		}
		want := []Op{OpSync}
		if forever {
			want = []Op{OpSync, OpSyncDir, OpSync, OpSyncDir}
		}
		if !slices.Equal(d.Hit(), want) || thens != 1 {
			t.Errorf("forever %v: hit %v, %d times then", forever, d.Hit(), thens)
		}
		d.Arm(Fault{})
		must(t, f.Sync(), d.SyncDir("."))
	}
}

// Each kind can fail, with its error.
func TestEveryKind(t *testing.T) {
	for op := OpOpen; op < AllOps; op <<= 1 {
		inner := NewCrashDisk()
		inner.WriteFile("b", nil)
		d := NewFaultDisk(inner, Fault{})
		f := create(t, d, "a")
		d.Arm(Fault{At: 1, Ops: op, Err: syscall.EIO})
		failed := 0
		_, openErr := d.OpenFile("b", 0, 0)
		_, readErr := f.ReadAt(nil, 0)
		_, writeErr := f.WriteAt([]byte("xy"), 0)
		_, sizeErr := f.Size()
		_, listErr := d.ReadDir(".")
		_, freeErr := d.Free(".")
		_, lockErr := d.Lock(".")
		for _, err := range []error{openErr, readErr, writeErr, sizeErr, listErr, freeErr, lockErr, f.Sync(), f.Truncate(0),
			f.Allocate(9), f.Close(), d.Rename("b", "c"), d.Remove("a"), d.SyncDir(".")} {
			if errors.Is(err, syscall.EIO) {
				failed++
			} else if err != nil && op != OpRename && op != OpRemove {
				t.Errorf("%v: %v", op, err)
			}
		}
		if failed != 1 || len(d.Hit()) != 1 || d.Hit()[0] != op {
			t.Errorf("%v: %d failed, hit %v", op, failed, d.Hit())
		}
	}
}

// What a failed write leaves behind.
func TestFailedWrites(t *testing.T) {
	for _, c := range []struct {
		err  error
		left string
	}{{syscall.EIO, "ab"}, {syscall.ENOSPC, "ab"}, {io.ErrShortWrite, "ab"}, {syscall.EINTR, ""}} {
		inner := NewCrashDisk()
		d := NewFaultDisk(inner, Fault{At: 1, Ops: OpWrite, Err: c.err})
		n, err := create(t, d, "a").WriteAt([]byte("abcd"), 0)
		if b, _ := inner.ReadFile("a"); string(b) != c.left || n != len(c.left) || !errors.Is(err, c.err) {
			t.Errorf("%v: %d, %v, %q", c.err, n, err, b)
		}
	}
}

// A failed write inside a file leaves whole sectors: nothing else tears one.
func TestFailedWriteInside(t *testing.T) {
	inner := NewCrashDisk()
	d := NewFaultDisk(inner, Fault{At: 1, Ops: OpWrite, Err: syscall.EIO, Forever: true})
	f := create(t, d, "a")
	must(t, f.Allocate(8*sector))
	for _, c := range []struct{ at, length, written int }{{10, 100, 0}, {400, 400, 112}, {sector, 4 * sector, 2 * sector}} {
		if n, err := f.WriteAt(make([]byte, c.length), int64(c.at)); n != c.written || !errors.Is(err, syscall.EIO) {
			t.Errorf("%d bytes at %d: %d, %v", c.length, c.at, n, err)
		}
	}
}

// A short write is a failure of writes only, whatever is asked for.
func TestShortWriteFailsWritesOnly(t *testing.T) {
	d := NewFaultDisk(NewCrashDisk(), Fault{At: 1, Err: io.ErrShortWrite})
	f := create(t, d, "a")
	must(t, f.Sync(), d.SyncDir("."))
	if _, err := f.WriteAt([]byte("ab"), 0); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}
