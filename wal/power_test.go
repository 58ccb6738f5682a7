// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"flag"
	"io/fs"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"gondola/wal"
	"gondola/wal/waltest"
)

var seedFlag = flag.Uint64("wal-seed", 0, "seed of the tests with crashes and faults; 0: another one each time")

// seedOf is the seed of a run. It is told, so that a failure can be seen again.
func seedOf(t *testing.T) uint64 {
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-wal-seed %d", seed)
	return seed
}

var policies = []struct {
	name string
	sync wal.Policy
}{
	{"always", wal.Always},
	{"interval", wal.Policy{Interval: 50 * time.Millisecond}},
	{"none", wal.Policy{Never: true}},
}

// thin is a step through the numbers of a test that would take too long otherwise.
func thin(whole, short int) int {
	if testing.Short() || raceEnabled {
		return short
	}
	return whole
}

// stopped runs the workload until the power fails in operation n, and returns the disk, what was promised, and when.
func stopped(t *testing.T, policy wal.Policy, seed uint64, steps, n int) (disk *waltest.CrashDisk, c *client, at time.Time) {
	disk = waltest.NewCrashDisk()
	disk.StopAt(n)
	synctest.Test(t, func(*testing.T) { // the timer of an interval runs on the bubble's clock
		c = newClient(disk, policy, seed, nil)
		c.run(steps, 0)
		at = time.Now()
	})
	if when, ok := disk.Stopped(); ok {
		at = when
	}
	return disk, c, at
}

// Power is lost in every operation of a workload of 300 offers and polls: what was answered is kept, as the policy says, and
// no log is put out of service (T2: D1, D3, D4, D7, C1, R1, R7, R8). The death of the process alone loses nothing.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	const steps, crashes = 300, 3
	for _, p := range policies {
		t.Run(p.name, func(t *testing.T) {
			seed := seedOf(t)
			step := thin(1, 23)
			checks := 0
			for n := 1 + int(seed%uint64(step)); ; n += step {
				disk, c, at := stopped(t, p.sync, seed, steps, n)
				killed := disk.Kill()
				for crash := range uint64(crashes) {
					o := wal.Options{Sync: p.sync, Compact: crash == 1}
					if err := c.l.check(disk.Crash(seed+crash), o, certainty(p.sync, at)); err != nil {
						fail(t, err, "-wal-seed %d: power lost in operation %d, crash %d", seed, n, crash)
					}
					checks++
				}
				if err := c.l.check(killed, wal.Options{Sync: p.sync}, everything); err != nil {
					fail(t, err, "-wal-seed %d: killed in operation %d", seed, n)
				}
				if t.Failed() {
					return
				}
				if _, stopped := disk.Stopped(); !stopped {
					if c.failure != nil || c.served < steps/2 {
						t.Fatalf("the workload without a crash: %v, %d answers", c.failure, c.served)
					}
					t.Logf("%d crashes, every %d. of %d operations, %d seeds each", checks, step, disk.Ops(), crashes)
					return
				}
			}
		})
	}
}

// A process dies in every operation, another one goes on with the directory, and then the power fails: what the second one
// found and told is kept, although the first one had not synced it (T2: D1, D7, D11).
func TestDeathThenPowerLoss(t *testing.T) {
	seed := seedOf(t)
	step := thin(1, 11)
	for n := 1 + int(seed%uint64(step)); ; n += step {
		disk := waltest.NewCrashDisk()
		disk.StopAt(n)
		first := newClient(disk, wal.Always, seed, nil)
		first.run(100, 0)
		_, stopped := disk.Stopped()
		disk = disk.Kill()
		second := newClient(disk, wal.Always, seed, nil)
		second.l = first.l
		if err := second.open(); err != nil {
			t.Fatalf("-wal-seed %d: started again after operation %d: %v", seed, n, err)
		}
		found := second.adopt()
		if n%2 == 0 {
			if err := second.offer(1); err != nil {
				t.Fatal(err)
			}
		}
		crashes := uint64(4)
		if n <= 30 {
			crashes = 64 // few operations make a file, and a name is lost by chance
		}
		for crash := range crashes {
			if err := second.l.check(disk.Crash(seed+crash), wal.Options{}, everything); err != nil {
				fail(t, err, "-wal-seed %d: killed in operation %d, %d messages found, crash %d", seed, n, found, crash)
			}
		}
		_ = second.close()
		if !stopped || t.Failed() {
			return
		}
	}
}

// A disk that ignores one kind of sync breaks promises, and the test of power loss sees it.
func TestPowerLossSeesMissingSyncs(t *testing.T) {
	for name, weaken := range map[string]func(*waltest.CrashDisk) wal.FS{
		"of files":       func(d *waltest.CrashDisk) wal.FS { return lazyFiles{d} },
		"of directories": func(d *waltest.CrashDisk) wal.FS { return lazyDirs{d} },
	} {
		t.Run(name, func(t *testing.T) {
			seed := seedOf(t)
			for n := 1; ; n += 3 {
				disk := waltest.NewCrashDisk()
				disk.StopAt(n)
				c := newClient(weaken(disk), wal.Always, seed, nil)
				c.run(150, 0)
				for crash := range uint64(8) {
					if c.l.check(disk.Crash(seed+crash), wal.Options{}, everything) != nil {
						return
					}
				}
				if _, stopped := disk.Stopped(); !stopped {
					t.Fatal("no broken promise was seen")
				}
			}
		})
	}
}

// lazyDirs does not sync directories.
type lazyDirs struct{ *waltest.CrashDisk }

func (lazyDirs) SyncDir(string) error { return nil }

// lazyFiles does not sync files.
type lazyFiles struct{ *waltest.CrashDisk }

func (d lazyFiles) OpenFile(name string, flag int, perm fs.FileMode) (wal.File, error) {
	f, err := d.CrashDisk.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return lazyFile{f}, nil
}

type lazyFile struct{ wal.File }

func (lazyFile) Sync() error { return nil }
