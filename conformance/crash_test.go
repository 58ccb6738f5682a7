// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"

	"gondola/conformance/cycles"
)

var (
	kills     = flag.Int("kills", 50, "how often TestKill kills the server that syncs always; half as often one with an interval")
	killsSeed = flag.Uint64("kills-seed", 0, "seed of TestKill; 0: another one each time")
)

// A server that is killed in the middle of offers and polls, of a compaction, of its start or its end loses nothing that it has
// answered, delivers nothing twice, and starts again (T1: D1, P1, R1). go run ./conformance/crash does it more often.
func TestKill(t *testing.T) {
	for policy, count := range map[string]int{":always": *kills, "50": *kills / 2} {
		t.Run(policy, func(t *testing.T) {
			if testing.Short() {
				count = min(count, 10)
			}
			runCycles(t, cycles.Config{Sync: policy, Cycles: count})
		})
	}
}

// With consumers that acknowledge, sometimes refuse and sometimes die, nothing that was answered is gone before one of them has
// acknowledged it or it is a dead letter, and what is acknowledged does not come again (T1, T10: A2, A3, A4).
func TestKillAcknowledged(t *testing.T) {
	report := runCycles(t, cycles.Config{Sync: ":always", Cycles: min(*kills, 10), Ack: true})
	if report.Acked == 0 {
		t.Error("nothing was acknowledged")
	}
}

// runCycles runs cycles with payloads of all sizes.
func runCycles(t *testing.T, c cycles.Config) *cycles.Report {
	t.Helper()
	if c.Seed = *killsSeed; c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	t.Logf("-kills-seed %d", c.Seed)
	dir, err := os.MkdirTemp("", "kill") // a socket in it: the test's own directory has too long a name for some systems
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	c.Binary, c.Dir, c.Sizes = gondola(t), dir, []int{100, 20 << 10, cycles.Big}
	report, err := cycles.Run(t.Context(), c)
	t.Log(report)
	if err != nil {
		t.Fatal(err)
	}
	if report.OK < c.Cycles {
		t.Errorf("only %d offers were answered", report.OK)
	}
	return report
}
