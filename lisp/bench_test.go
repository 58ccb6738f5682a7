// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"gondola/lisp"
	"gondola/lisp/value"
)

// The programs of scripts/bench as plain Go: the ceiling that each row is a multiple of.

//go:noinline
func nativeFib(n int64) int64 {
	if n < 2 {
		return n
	}
	return nativeFib(n-1) + nativeFib(n-2)
}

//go:noinline
func nativeTak(x, y, z int64) int64 {
	if y < x {
		return nativeTak(nativeTak(x-1, y, z), nativeTak(y-1, z, x), nativeTak(z-1, x, y))
	}
	return z
}

//go:noinline
func nativeLoop(n int64) int64 {
	var sum int64
	for i := range n {
		sum += i
	}
	return sum
}

//go:noinline
func nativeIterations(cx, cy float64) int64 {
	x, y, n := 0.0, 0.0, int64(0)
	for n < 100 && x*x+y*y <= 4 {
		x, y = x*x-y*y+cx, 2*x*y+cy
		n++
	}
	return n
}

//go:noinline
func nativeMandelbrot() int64 {
	var sum int64
	for j := range 100 {
		for i := range 100 {
			sum += nativeIterations(0.03*float64(i)-2, 0.03*float64(j)-1.5)
		}
	}
	return sum
}

var programs = []struct {
	name   string
	native func() int64
}{
	{"fib", func() int64 { return nativeFib(30) }},
	{"tak", func() int64 { return nativeTak(18, 12, 6) }},
	{"loop", func() int64 { return nativeLoop(10_000_000) }},
	{"mandelbrot", nativeMandelbrot},
}

func program(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "scripts", "bench", name+".venice"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The script and the Go function compute the same.
func TestBenchmarkProgramsAgree(t *testing.T) {
	for _, p := range programs {
		in := lisp.New(lisp.Options{})
		v, err := in.Eval(context.Background(), program(t, p.name), p.name)
		in.Close()
		if want := value.Long(p.native()); err != nil || !value.Equal(v, want) {
			t.Errorf("%s: %s, %v, want %s", p.name, value.PrStr(v), err, value.PrStr(want))
		}
	}
}

// The programs without a ceiling in Go. reference is the milliseconds that Venice took on the machine of the recorded figures:
// good for an order of magnitude only.
var collectionPrograms = []struct {
	name      string
	value     string
	reference float64
}{
	{"closures", "1000000", 623},
	{"conj", "1000000", 425},
	{"assoc", "1000000", 1114},
	{"get", "4999950000", 67},
	{"pipeline", "250000500000", 290},
	{"sort", "1000000", 665},
	{"string", "1088890", 24},
}

// BenchmarkCollections prints how many times faster than the reference's recorded time each program is. The heap may grow
// as in the binary.
func BenchmarkCollections(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	for _, p := range collectionPrograms {
		b.Run(p.name, func(b *testing.B) {
			text := program(b, p.name)
			in := lisp.New(lisp.Options{})
			defer in.Close()
			if setUp := strings.LastIndex(text, "\n\n"); setUp > 0 {
				if _, err := in.Eval(context.Background(), text[:setUp], p.name); err != nil {
					b.Fatal(err)
				}
				text = text[setUp:]
			}
			best := time.Hour
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				v, err := in.Eval(context.Background(), text, p.name)
				if got := value.PrStr(v); err != nil || got != p.value {
					b.Fatalf("%s, %v; want %s", got, err, p.value)
				}
				best = min(best, time.Since(start))
			}
			b.ReportMetric(p.reference/(best.Seconds()*1e3), "x-recorded-reference")
		})
	}
}

// BenchmarkPrograms prints how many times slower than native Go each program is, the best time of each in the same run.
func BenchmarkPrograms(b *testing.B) {
	for _, p := range programs {
		b.Run(p.name, func(b *testing.B) {
			text := program(b, p.name)
			in := lisp.New(lisp.Options{})
			defer in.Close()
			native := fastest(p.native)
			best := time.Hour
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if _, err := in.Eval(context.Background(), text, p.name); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(start))
			}
			native = min(native, fastest(p.native))
			b.ReportMetric(float64(best)/float64(native), "x-native")
			b.ReportMetric(native.Seconds()*1e3, "native-ms")
		})
	}
}

// fastest is the shortest of several runs.
func fastest(f func() int64) time.Duration {
	best := time.Hour
	for range 5 {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	return best
}
