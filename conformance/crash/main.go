// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Crash does by hand, and more often, what TestKill does in CI: it kills servers (reliability.md T1).
//
//	go run ./conformance/crash -cycles 1000 -policy always
//	go run ./conformance/crash -cycles 1000 -policy 50
//	go run ./conformance/crash -cycles 1000 -ack
//
// It ends with status 1 when a promise was not kept.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"gondola/conformance/cycles"
)

var (
	count  = flag.Int("cycles", 1000, "how often the server is killed")
	policy = flag.String("policy", "always", "when the log is synced: always, or an interval in milliseconds")
	ack    = flag.Bool("ack", false, "consumers acknowledge: at least once, and no removal that nobody has acknowledged")
	seed   = flag.Uint64("seed", 0, "seed; 0: another one each time")
	binary = flag.String("binary", "", "the gondola to kill, instead of one built from the working directory")
	quiet  = flag.Bool("q", false, "only tell the end")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "crash")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := cycles.Config{
		Binary: *binary, Dir: dir, Sync: *policy, Cycles: *count, Seed: *seed, Ack: *ack, Sizes: []int{100, 20 << 10, cycles.Big},
	}
	if c.Sync == "always" {
		c.Sync = ":always"
	}
	if c.Seed == 0 {
		c.Seed = rand.Uint64()
	}
	if c.Binary == "" {
		c.Binary = filepath.Join(dir, "gondola")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", c.Binary, "gondola").CombinedOutput(); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	if !*quiet {
		c.Note = func(text string) { fmt.Println(text) }
	}
	fmt.Printf("-policy %s -ack=%t -seed %d\n", *policy, *ack, c.Seed)
	report, err := cycles.Run(ctx, c)
	if report != nil {
		fmt.Println(report)
	}
	return err
}
