// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// emptyProgram builds a Go program that does nothing: what a start costs at least.
func emptyProgram(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	source, binary := filepath.Join(dir, "empty.go"), filepath.Join(dir, "empty")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", binary, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	return binary
}

// BenchmarkStart prints the time from start to end of gondola -e 1, as a multiple of an empty Go program's started in
// turn with it, and the most memory it had.
func BenchmarkStart(b *testing.B) {
	ours, empty := gondola(b), emptyProgram(b)
	var oursBest, emptyBest = time.Hour, time.Hour
	var memory int64
	for b.Loop() {
		start := time.Now()
		cmd := exec.Command(ours, "-e", "1")
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
		oursBest = min(oursBest, time.Since(start))
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			memory = max(memory, residentBytes(usage.Maxrss))
		}
		start = time.Now()
		if err := exec.Command(empty).Run(); err != nil {
			b.Fatal(err)
		}
		emptyBest = min(emptyBest, time.Since(start))
	}
	b.ReportMetric(float64(oursBest)/float64(emptyBest), "x-empty")
	b.ReportMetric(oursBest.Seconds()*1e3, "start-ms")
	b.ReportMetric(float64(memory)/(1<<20), "MB")
}

// residentBytes is in bytes what the system counts in bytes on darwin and in KB elsewhere.
func residentBytes(n int64) int64 {
	if runtime.GOOS == "darwin" {
		return n
	}
	return n * 1024
}
