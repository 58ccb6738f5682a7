// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"errors"
	"io/fs"
	"sync"
)

// faulty is the system's file system with failures on order.
type faulty struct {
	osFS

	mu       sync.Mutex
	room     int64 // bytes that may still be written; < 0: any
	sync     error // of every file sync
	truncate error
	floor    uint64 // what Free reports; 0: the truth
	syncs    int
}

var errDisk = errors.New("input/output error")

func (f *faulty) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	inner, err := f.osFS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultyFile{inner, f}, nil
}

func (f *faulty) Free(dir string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.floor > 0 {
		return f.floor, nil
	}
	return f.osFS.Free(dir)
}

func (f *faulty) set(change func(*faulty)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

type faultyFile struct {
	File
	fs *faulty
}

// WriteAt writes what there is room for, as a full disk does.
func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	f.fs.mu.Lock()
	n := int64(len(b))
	short := f.fs.room >= 0 && f.fs.room < n
	if short {
		n = f.fs.room
	}
	if f.fs.room >= 0 {
		f.fs.room -= n
	}
	f.fs.mu.Unlock()
	w, err := f.File.WriteAt(b[:n], at)
	if err == nil && short {
		err = errDisk
	}
	return w, err
}

func (f *faultyFile) Sync() error {
	f.fs.mu.Lock()
	f.fs.syncs++
	err := f.fs.sync
	f.fs.mu.Unlock()
	if err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	err := f.fs.truncate
	f.fs.mu.Unlock()
	if err != nil {
		return err
	}
	return f.File.Truncate(size)
}
