// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package brokertest

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// leakPatience is how long goroutines and files may take to end after the last test: closing is not waited for everywhere.
const leakPatience = 10 * time.Second

// Main runs the tests of a package and returns the exit status for os.Exit. If they pass, a goroutine or an open file that
// was not there before is reported and fails the package (reliability.md T63). Files are seen where the system has
// /proc/self/fd.
func Main(m *testing.M) int {
	before := takeInventory()
	if status := m.Run(); status != 0 {
		return status
	}
	return report(os.Stderr, before.leaks(leakPatience))
}

// report prints what leaked and returns the exit status.
func report(w io.Writer, leaked []string) int {
	if len(leaked) == 0 {
		return 0
	}
	fmt.Fprintf(w, "%d goroutines and files are left after the tests:\n\n%s\n", len(leaked), strings.Join(leaked, "\n\n"))
	return 1
}

// inventory is what the process holds at a moment: goroutines by "goroutine N" to their stacks, files by descriptor to
// their names.
type inventory struct{ goroutines, files map[string]string }

func takeInventory() inventory {
	return inventory{goroutines: goroutines(), files: files()}
}

// leaks returns what has come since and is still there after patience.
func (before inventory) leaks(patience time.Duration) []string {
	deadline := time.Now().Add(patience)
	for {
		now := takeInventory()
		leaked := append(added(before.goroutines, now.goroutines), added(before.files, now.files)...)
		if len(leaked) == 0 || time.Now().After(deadline) {
			return leaked
		}
		time.Sleep(time.Millisecond) // the runtime tells nobody that a goroutine has ended
	}
}

// added returns the entries of now whose key was not there before.
func added(before, now map[string]string) []string {
	var texts []string
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if _, ok := before[key]; !ok {
			texts = append(texts, key+" "+now[key])
		}
	}
	return texts
}

// runtimeGoroutines start at their first use and stay for the life of the process.
var runtimeGoroutines = []string{"os/signal.signal_recv", "runtime.ensureSigM"}

func goroutines() map[string]string {
	stacks := make([]byte, 1<<20)
	for n := runtime.Stack(stacks, true); ; n = runtime.Stack(stacks, true) {
		if n < len(stacks) {
			stacks = stacks[:n]
			break
		}
		stacks = make([]byte, 2*len(stacks))
	}
	byID := map[string]string{}
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		id, rest, _ := strings.Cut(stack, " [")
		if !slices.ContainsFunc(runtimeGoroutines, func(f string) bool { return strings.Contains(rest, f) }) {
			byID[id] = "[" + rest
		}
	}
	return byID
}

// runtimeFiles belong to the runtime's poller, which opens them at the first socket.
var runtimeFiles = []string{"anon_inode:[eventpoll]", "anon_inode:[eventfd]"}

func files() map[string]string {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // not Linux
	}
	byDescriptor := map[string]string{}
	for _, e := range entries {
		name, err := os.Readlink(filepath.Join(dir, e.Name()))
		if err == nil && !slices.Contains(runtimeFiles, name) { // an error: the descriptor of dir itself
			byDescriptor["file "+e.Name()] = name
		}
	}
	return byDescriptor
}
