// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package waltest has file systems that misbehave, for tests of whatever keeps promises about a disk (reliability.md 13.1):
// CrashDisk loses power or its process, FaultDisk lets operations fail. They can be stacked, faults above crashes.
//
// A test of power loss runs its workload once for every n, with StopAt(n), until the workload gets through:
//
//	for n := 1; ; n++ {
//		disk := waltest.NewCrashDisk()
//		disk.StopAt(n)
//		promised := workload(disk)
//		for seed := range seeds {
//			requireKept(t, disk.Crash(seed), promised)
//		}
//		if _, stopped := disk.Stopped(); !stopped {
//			break
//		}
//	}
//
// For benchmarks it has the ceiling of a log, and InTurns, which measures something beside its ceilings.
package waltest
