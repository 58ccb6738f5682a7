// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"gondola/wal"
	"gondola/wal/waltest"
)

var faults = []error{syscall.EIO, syscall.ENOSPC, io.ErrShortWrite, syscall.EINTR}

// Every operation of a workload fails once, or from then on, with every error: nothing is answered that does not survive a
// loss of power, nothing that was refused comes back, and after a single fault the log serves again when it has been opened
// anew (T3: D4, D5, D6, D7, C2).
func TestFaults(t *testing.T) {
	t.Parallel()
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

// The power fails soon after a fault, so that what the log does about the fault is cut short, too (T4).
func TestFaultThenPowerLoss(t *testing.T) {
	t.Parallel()
	for _, kind := range faults[:3] {
		t.Run(kind.Error(), func(t *testing.T) {
			seed := seedOf(t)
			step, n, runs := thin(3, 41), 0, 0
			for n = 1 + int(seed%uint64(step)); !t.Failed(); n += step {
				var hit []waltest.Op
				for after := 1; after <= 4; after++ {
					disk := waltest.NewCrashDisk()
					faulty := waltest.NewFaultDisk(disk, waltest.Fault{
						At: n, Ops: waltest.AllOps &^ waltest.OpSize &^ waltest.OpFree, Err: kind,
						Then: func() { disk.StopAt(disk.Ops() + after) },
					})
					c := newClient(faulty, wal.Always, seed, nil)
					c.run(120, 2)
					if hit = faulty.Hit(); len(hit) == 0 {
						break
					}
					runs++
					for crash := range uint64(2) {
						if err := c.l.check(disk.Crash(seed+crash), wal.Options{}, everything); err != nil {
							fail(t, err, "-wal-seed %d: operation %d (%v) failed, power lost %d changes later, crash %d", seed, n, hit[0], after, crash)
						}
					}
				}
				if len(hit) == 0 {
					break
				}
			}
			t.Logf("%d runs, every %d. of %d operations", runs, step, n)
		})
	}
}

// Recovery and the compaction at the start are cut short by faults, and by a loss of power after them, again and again: the
// next recovery keeps every promise all the same, and nothing is ever put out of service (T4: R1, R2, C2).
func TestFaultsInRecovery(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	step, runs := thin(19, 101), 0
	for n := 3 + int(seed%uint64(step)); !t.Failed(); n += step {
		first, stopped := waltest.NewCrashDisk(), false
		first.StopAt(n)
		c := newClient(first, wal.Always, seed, nil)
		c.run(120, 0)
		if _, stopped = first.Stopped(); !stopped {
			break
		}
		before := *c.l
		for i, kind := range faults {
			for m := 1; ; m++ {
				l := before.copy()
				disk := first.Crash(seed + uint64(m%5))
				faulty := waltest.NewFaultDisk(disk, waltest.Fault{At: m, Err: kind, Forever: m%2 == 0})
				second := newClient(faulty, wal.Always, seed+uint64(m), nil)
				second.l, second.o.Compact = l, m%3 > 0
				if i == 0 && m%4 == 3 { // and the power goes soon
					faulty.Arm(waltest.Fault{At: m, Err: kind, Then: func() { disk.StopAt(disk.Ops() + 1 + m%3) }})
				}
				second.run(4, 0)
				if len(faulty.Hit()) == 0 {
					break
				}
				runs++
				var damage *wal.DamageError
				if errors.As(second.failure, &damage) {
					fail(t, damage, "-wal-seed %d: crash in operation %d, then %v in operation %d of the recovery", seed, n, kind, m)
				}
				for crash := range uint64(2) {
					if err := second.l.check(disk.Crash(seed+crash), wal.Options{}, everything); err != nil {
						fail(t, err, "-wal-seed %d: crash in operation %d, then %v in operation %d (%v) of the recovery, crash %d",
							seed, n, kind, m, faulty.Hit()[0], crash)
					}
				}
			}
		}
	}
	t.Logf("%d recoveries with a fault", runs)
}

// A sync in the background that fails ends the log, and a note tells how many records were answered since the last one (D3, D5).
func TestRecordsAtRisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = time.Second
		disk := waltest.NewFaultDisk(waltest.NewCrashDisk(), waltest.Fault{})
		var failed []string
		d, err := wal.OpenDir(dirName, wal.Options{FS: disk, Sync: wal.Policy{Interval: interval}, Note: func(level wal.Level, _, text string) {
			if level == wal.Error {
				failed = append(failed, text)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		l, err := d.Create(background, queueName, config)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		messages := ledger{}
		add := func(n int) {
			for range n {
				if err := l.Append(messages.message(40).data()); err != nil {
					t.Fatal(err)
				}
			}
		}
		add(3)
		time.Sleep(interval) // these are synced
		synctest.Wait()
		add(4)
		if err := l.Append(messages.msgs[0].ack()); err != nil {
			t.Fatal(err)
		}
		disk.Arm(waltest.Fault{At: 1, Ops: waltest.OpSync, Err: syscall.EIO})
		time.Sleep(interval)
		synctest.Wait()
		if want := "sync: input/output error; records at risk, answered and not yet synced: 5"; len(failed) != 1 || failed[0] != want {
			t.Errorf("%q, want %q", failed, want)
		}
		var out *wal.FailedError
		if err := l.Append(messages.message(40).data()); !errors.As(err, &out) || out.Error() != "sync: input/output error" {
			t.Errorf("an append behind it: %v", err)
		}
	})
}
