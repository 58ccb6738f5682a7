// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"io"
	"io/fs"
	"os"
)

// FS is the file system that logs live in. Names are paths.
type FS interface {
	// OpenFile opens a file for reading and writing, or creates it.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	// ReadDir returns the names in a directory, sorted.
	ReadDir(dir string) ([]string, error)
	// SyncDir makes creations, renames and removals in a directory durable.
	SyncDir(dir string) error
	// Free is the room for unprivileged writers, in bytes.
	Free(dir string) (uint64, error)
	// Lock takes the directory for this process (D8): ErrLocked.
	Lock(dir string) (io.Closer, error)
}

// File is an open file. ReadAt and WriteAt are those of os.File.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Sync makes the contents durable, fdatasync where there is one.
	Sync() error
	Truncate(size int64) error
	// Allocate makes the file end at size at least, with zeros, and the room for that really there.
	Allocate(size int64) error
	Size() (int64, error)
	// DropCache lets the next reads come from the medium: after a failed sync the system may take contents for written that
	// are not there (D5). What is still to be written stays. Best effort.
	DropCache()
	Close() error
}

// OS is the system's file system.
var OS FS = osFS{}

type osFS struct{}

type osFile struct{ *os.File }

func (osFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osFS) Rename(from, to string) error { return os.Rename(from, to) }
func (osFS) Remove(name string) error     { return os.Remove(name) }

func (osFS) ReadDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
