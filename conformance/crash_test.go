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
			seed := *killsSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("-kills-seed %d", seed)
			if testing.Short() {
				count = min(count, 10)
			}
			dir, err := os.MkdirTemp("", "kill") // a socket in it: the test's own directory has too long a name for some systems
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			report, err := cycles.Run(t.Context(), cycles.Config{
				Binary: gondola(t), Dir: dir, Sync: policy, Cycles: count, Seed: seed, Sizes: []int{100, 20 << 10, cycles.Big},
			})
			t.Log(report)
			if err != nil {
				t.Fatal(err)
			}
			if report.OK < count {
				t.Errorf("only %d offers were answered", report.OK)
			}
		})
	}
}
