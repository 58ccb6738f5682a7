// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"fmt"
	"io"
	"syscall"
	"testing"

	"gondola/wal"
	"gondola/wal/waltest"
)

var faults = []error{syscall.EIO, syscall.ENOSPC, io.ErrShortWrite, syscall.EINTR}

// Every operation of a workload fails once, or from then on, with every error: nothing is answered that does not survive a
// loss of power, nothing that was refused comes back, and after a single fault the log serves again when it has been opened
// anew (T3: D4, D5, D6, D7, C2).
func TestFaults(t *testing.T) {
	const steps, patience = 120, 2
	for _, kind := range faults {
		for _, forever := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v, forever %v", kind, forever), func(t *testing.T) {
				seed := seedOf(t)
				step, n, runs := thin(1, 29), 0, 0
				for n = 1 + int(seed%uint64(step)); !t.Failed(); n += step {
					disk := waltest.NewCrashDisk()
					faulty := waltest.NewFaultDisk(disk, waltest.Fault{At: n, Err: kind, Forever: forever})
					c := newClient(faulty, wal.Always, seed, nil)
					left := c.r.IntN(12)
					c.ends = func() bool { // in every other run soon after the fault
						if n%2 == 0 && len(faulty.Hit()) > 0 {
							left--
						}
						return left < 0
					}
					c.run(steps, patience)
					hit := faulty.Hit()
					if len(hit) == 0 {
						break
					}
					runs++
					if !forever && c.failure != nil {
						fail(t, c.failure, "-wal-seed %d: operation %d (%v) failed once, and the log did not serve again", seed, n, hit[0])
					}
					killed := disk.Kill()
					for crash := range uint64(2) {
						if err := c.l.check(disk.Crash(seed+crash), wal.Options{}, everything); err != nil {
							fail(t, err, "-wal-seed %d: operation %d (%v) failed, crash %d", seed, n, hit[0], crash)
						}
					}
					if err := c.l.check(killed, wal.Options{}, everything); err != nil {
						fail(t, err, "-wal-seed %d: operation %d (%v) failed, then killed", seed, n, hit[0])
					}
				}
				t.Logf("%d runs, every %d. of %d operations", runs, step, n)
			})
		}
	}
}
