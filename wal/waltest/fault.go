// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"syscall"

	"gondola/wal"
)

// Op is a set of kinds of operations.
type Op uint

// The kinds of operations that a FaultDisk counts. OpClose fails after it has closed.
const (
	OpOpen Op = 1 << iota
	OpRead
	OpWrite
	OpSync
	OpTruncate
	OpAllocate
	OpSize
	OpClose
	OpRename
	OpRemove
	OpList
	OpSyncDir
	OpFree
	OpLock
	AllOps = 1<<iota - 1
)

var opNames = []string{"open", "read", "write", "sync", "truncate", "allocate", "size", "close", "rename", "remove", "list",
	"sync directory", "free", "lock"}

// String names a single kind.
func (o Op) String() string {
	for i, name := range opNames {
		if o == 1<<i {
			return name
		}
	}
	return fmt.Sprintf("operations %b", uint(o))
}

// Fault says what fails.
type Fault struct {
	At      int    // which operation, from 1 on; 0: none
	Ops     Op     // of these kinds; 0: AllOps
	Err     error  // syscall.EIO and the like; io.ErrShortWrite fails writes only
	Forever bool   // and all of these kinds after it
	Then    func() // is called when the first one fails, before anything is done; may be nil
}

// FaultDisk is a file system whose operations fail on order. A write that fails has written half, inside a file up to the last
// border of a sector before, and nothing if it was interrupted (EINTR); an allocation that fails has got half of the room; a
// sync that fails loses what was not synced, if the file system below can do that. Everything else that fails has done nothing.
// Safe for concurrent use.
type FaultDisk struct {
	inner wal.FS

	mu    sync.Mutex
	fault Fault
	count int
	hit   []Op
}

var _ wal.FS = (*FaultDisk)(nil)

// NewFaultDisk stands in front of a file system.
func NewFaultDisk(inner wal.FS, f Fault) *FaultDisk {
	d := &FaultDisk{inner: inner}
	d.Arm(f)
	return d
}

// Arm orders another fault and counts anew. The zero Fault ends all faults.
func (d *FaultDisk) Arm(f Fault) {
	if f.Ops == 0 {
		f.Ops = AllOps
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.count, d.hit = f, 0, nil
}

// Hit lists the operations that have failed since the last Arm.
func (d *FaultDisk) Hit() []Op {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hit
}

// fails counts an operation and returns the error it has to return, if any.
func (d *FaultDisk) fails(op Op) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	f := d.fault
	if f.At == 0 || f.Ops&op == 0 || f.Err == io.ErrShortWrite && op != OpWrite {
		return nil
	}
	d.count++
	if d.count < f.At || d.count > f.At && !f.Forever {
		return nil
	}
	d.hit = append(d.hit, op)
	if d.count == f.At && f.Then != nil {
		f.Then()
	}
	return f.Err
}

func (d *FaultDisk) OpenFile(name string, flag int, perm fs.FileMode) (wal.File, error) {
	if err := d.fails(OpOpen); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := d.inner.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultFile{f, d}, nil
}

func (d *FaultDisk) Rename(from, to string) error {
	if err := d.fails(OpRename); err != nil {
		return &fs.PathError{Op: "rename", Path: from, Err: err}
	}
	return d.inner.Rename(from, to)
}

func (d *FaultDisk) Remove(name string) error {
	if err := d.fails(OpRemove); err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	return d.inner.Remove(name)
}

func (d *FaultDisk) ReadDir(dir string) ([]string, error) {
	if err := d.fails(OpList); err != nil {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: err}
	}
	return d.inner.ReadDir(dir)
}

func (d *FaultDisk) SyncDir(dir string) error {
	if err := d.fails(OpSyncDir); err != nil {
		return &fs.PathError{Op: "sync", Path: dir, Err: err}
	}
	return d.inner.SyncDir(dir)
}

func (d *FaultDisk) Free(dir string) (uint64, error) {
	if err := d.fails(OpFree); err != nil {
		return 0, err
	}
	return d.inner.Free(dir)
}

func (d *FaultDisk) Lock(dir string) (io.Closer, error) {
	if err := d.fails(OpLock); err != nil {
		return nil, err
	}
	return d.inner.Lock(dir)
}

func interrupted(err error) bool { return errors.Is(err, syscall.EINTR) }

type faultFile struct {
	wal.File
	d *FaultDisk
}

func (f *faultFile) ReadAt(b []byte, at int64) (int, error) {
	if err := f.d.fails(OpRead); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, at)
}

func (f *faultFile) WriteAt(b []byte, at int64) (int, error) {
	err := f.d.fails(OpWrite)
	switch {
	case err == nil:
		return f.File.WriteAt(b, at)
	case interrupted(err):
		return 0, err
	}
	half := int64(len(b) / 2)
	if size, serr := f.File.Size(); serr == nil && at+int64(len(b)) <= size {
		half = max((at+half)/sector*sector-at, 0)
	}
	n, werr := f.File.WriteAt(b[:half], at)
	if werr != nil {
		err = werr
	}
	return n, err
}

func (f *faultFile) Sync() error {
	err := f.d.fails(OpSync)
	if err == nil {
		return f.File.Sync()
	}
	if l, ok := f.File.(interface{ LoseUnsynced() }); ok && !interrupted(err) {
		l.LoseUnsynced()
	}
	return err
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.d.fails(OpTruncate); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultFile) Allocate(size int64) error {
	err := f.d.fails(OpAllocate)
	if err == nil {
		return f.File.Allocate(size)
	}
	if now, serr := f.File.Size(); serr == nil && size > now && !interrupted(err) {
		_ = f.File.Allocate(now + (size-now)/2)
	}
	return err
}

func (f *faultFile) Size() (int64, error) {
	if err := f.d.fails(OpSize); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *faultFile) Close() error {
	err := f.d.fails(OpClose)
	if cerr := f.File.Close(); err == nil {
		err = cerr
	}
	return err
}
