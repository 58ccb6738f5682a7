// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltest

import (
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

// Rival is one of those that a benchmark compares. Turn does a fixed number of things and returns how long they took, without
// what it had to prepare.
type Rival struct {
	Name   string
	Turn   func() time.Duration
	Things int // that a turn does; 0: as many as ours
}

// spent is what a number of turns have taken: on the clock, and of the processors, which hardly moves with what else the machine
// does.
type spent struct{ time, cpu time.Duration }

func (s *spent) add(turn func() time.Duration) {
	before := cpuTime()
	s.time += turn()
	s.cpu += cpuTime() - before
}

// InTurns runs the rivals one after the other, again and again, so that all meet the same machine. It reports how many things
// (what) each of them does a second, n in a turn, and of the first, which is ours and has no name, the share of every other
// one and the microseconds of the processors for each thing. The heap may grow and the goroutines spread as in the binary.
func InTurns(b *testing.B, n int, what string, ours func() time.Duration, rivals ...Rival) {
	b.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(4, runtime.NumCPU())))
	own, all := spent{}, make([]spent, len(rivals))
	ours()
	for _, r := range rivals {
		r.Turn()
	}
	b.ReportAllocs()
	for b.Loop() {
		for i, r := range rivals {
			all[i].add(r.Turn)
		}
		own.add(ours)
	}
	rate := func(things int, d time.Duration) float64 { return float64(things*b.N) / d.Seconds() }
	b.ReportMetric(rate(n, own.time), what+"/s")
	b.ReportMetric(1e6/rate(n, own.cpu), "cpu-µs/"+what)
	for i, r := range rivals {
		things := r.Things
		if things == 0 {
			things = n
		}
		b.ReportMetric(rate(things, all[i].time), r.Name+"-"+what+"/s")
		b.ReportMetric(100*rate(n, own.time)/rate(things, all[i].time), "%"+r.Name)
		b.ReportMetric(100*rate(n, own.cpu)/rate(things, all[i].cpu), "cpu%"+r.Name)
	}
}

// Abreast does something n times on each of so many goroutines, and returns how long that took. The first error ends the
// benchmark.
func Abreast(b *testing.B, workers, n int, do func(worker int) error) time.Duration {
	b.Helper()
	begun := time.Now()
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for range n {
				if err := do(w); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(begun)
	if b.Failed() {
		b.FailNow()
	}
	return took
}
