// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package wal

import (
	"io"
	"math"
	"os"
)

// Allocate writes zeros.
func (f osFile) Allocate(size int64) error { return writeZeros(f, size) }

// DropCache does nothing: this system has no such call that we use.
func (f osFile) DropCache() {}

// Free is not known here.
func (osFS) Free(string) (uint64, error) { return math.MaxUint64, nil }

// Lock only opens the directory: this system has no lock that we use (D8 holds on Linux).
func (osFS) Lock(dir string) (io.Closer, error) { return os.Open(dir) }
