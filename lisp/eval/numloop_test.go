// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// Each body runs as a numeric loop and, held back by a call of identity in an exit that is never taken and in the start
// values, as nodes: the results are the same.
func TestNumericLoops(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"longs", "(loop [i 0 sum 0] (if (< i 10) (recur (inc i) (+ sum i)) [i sum]))", "[10 45]"},
		{"wrapping", "(loop [i 0 n 9223372036854775807] (if (== i 1) n (recur (inc i) (+ n 1))))", "-9223372036854775808"},
		{"doubles", "(loop [i 0 x 1.0] (if (>= i 3) x (recur (+ i 1) (* x 1.5))))", "3.375"},
		{"a long becomes a double in the first turn", "(loop [i 0 sum 0] (if (< i 4) (recur (inc i) (+ sum 0.5)) sum))", "2.0"},
		{"a local changes its type late", "(loop [i 0 x 1 y 2.5] (if (< i 3) (recur (inc i) y (- y 1)) [x y]))", "[0.5 -0.5]"},
		{"locals need each other", "(loop [a 0 b 1 n 10] (if (> n 0) (recur b (+ a b) (dec n)) a))", "55"},
		{"three in a ring", "(loop [a 1 b 2 c 3 n 4] (if (> n 0) (recur b c a (dec n)) [a b c]))", "[2 3 1]"},
		{"a local of outside", "(let [k 3 limit 5.0] (loop [i 0 x 0.5] (if (< x limit) (recur (+ i k) (+ x 1)) [i x])))", "[15 5.5]"},
		{"or, and, not", "(loop [i 0 j 20] (if (or (and (> i 3) (not (> j 14))) (== i 100)) [i j] (recur (inc i) (dec j))))", "[6 14]"},
		{"let and several exits", "(loop [i 0] (let [d (* i i) e (- d 1)] (cond (> d 50) [:big i e] (== i 100) :never :else (recur (+ i 1)))))", "[:big 8 63]"},
		{"a let whose name hides a local", "(loop [i 0 x 1] (if (> i 3) x (let [x (* 2 x)] (recur (inc i) x))))", "16"},
		{"NaN is in no order", "(loop [i 0 x (/ 0.0 0.0)] (if (not (< x 1.0)) (if (not (>= x 1.0)) [:none i] :ge) (recur (inc i) x)))", "[:none 0]"},
		{"NaN appears on the way", "(loop [i 0 x 1.0E308] (if (or (<= x 0.0) (> i 5)) i (recur (inc i) (- (* x 10.0) (* x 10.0)))))", "6"},
		{"negative zero", "(loop [i 0 x 0.0] (if (== i 1) x (recur 1 (* x -1.0))))", "-0.0"},
		{"inc of a double", "(loop [x 0.5] (if (> x 3.0) x (recur (inc x))))", "3.5"},
		{"a decimal stays with the nodes", "(loop [i 0 x 0.5M] (if (== i 2) x (recur (inc i) (+ x 1.0M))))", "2.5M"},
		{"an int stays with the nodes", "(loop [i 0I] (if (>= i 3I) i (recur (+ i 1I))))", "3I"},
		{"a string is an error at its place", `(try (loop [i 0 s ""] (if (> i 1) s (recur (inc i) (+ s 1)))) (catch :VncException e (ex-message e)))`,
			`"Function + operand of type :core/string is not a numeric type"`},
		{"long and double compare exactly", "(loop [i 9007199254740993] (if (> i 9007199254740992.0) :greater (recur (inc i))))", ":greater"},
		{"an empty recur", "(loop [i 3] (if (< i 2) i (recur (- i 1))))", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(newRuntime(t), c.text); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			nodes := strings.ReplaceAll(c.text, "(loop [", "(loop [held (identity nil) ")
			nodes = strings.ReplaceAll(nodes, "(recur ", "(recur held ")
			if got := run(newRuntime(t), nodes); got != c.want {
				t.Errorf("as nodes: got %s, want %s", got, c.want)
			}
		})
	}
}

// L2, E12: a function of the loop that is redefined before, or by another thread while it runs, is the one that counts.
func TestNumericLoopRedefined(t *testing.T) {
	if got := run(newRuntime(t), "(defn - [a b] 0) (loop [i 9] (if (> i 0) (recur (- i 1)) [:mine i]))"); got != "[:mine 0]" {
		t.Error(got)
	}
	rt := newRuntime(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		if got := run(rt, "(defn turn [] (loop [i 0] (if (< i 1) (recur (* i 1)) i))) (turn)"); got != "7" {
			t.Error(got)
		}
	})
	th := rt.NewThread(context.Background())
	defer th.Release()
	for runOn(th, "(try (do turn true) (catch :VncException e false))") != "true" {
	}
	if got := runOn(th, "(defn * [a b] 7)"); strings.Contains(got, "Exception") {
		t.Fatal(got)
	}
	wg.Wait()
}

// E1: an endless numeric loop ends when its thread is interrupted, and finally blocks run.
func TestNumericLoopInterrupt(t *testing.T) {
	rt := newRuntime(t)
	ctx, cancel := context.WithCancel(context.Background())
	rt.Install(eval.Table{{Name: "test/cancel", F0: func(*eval.Thread) (value.Value, error) { cancel(); return value.Nil, nil }}})
	th := rt.NewThread(ctx)
	defer th.Release()
	got := runOn(th, "(def seen (atom nil)) (try (test/cancel) (loop [i 0 x 0.5] (if (< i 0) x (recur (* i 1) (+ x 1.0)))) (finally (reset! seen :finally)))")
	if !strings.Contains(got, "interrupted") {
		t.Error(got)
	}
	if got := run(rt, "@seen"); got != ":finally" {
		t.Error(got)
	}
}

// A loop of plain sums allocates nothing, however many turns it takes.
func TestNumericLoopAllocates(t *testing.T) {
	rt := newRuntime(t)
	th := rt.NewThread(context.Background())
	defer th.Release()
	runOn(th, "(defn sum [n] (loop [i 0 sum 0] (if (< i n) (recur (+ i 1) (+ sum i)) sum)))")
	few := testing.AllocsPerRun(5, func() { runOn(th, "(sum 10)") })
	many := testing.AllocsPerRun(5, func() { runOn(th, "(sum 100000)") })
	// another goroutine of the process may allocate a little meanwhile; a turn that did would show 99,990 times
	if many > few+1000 {
		t.Errorf("%v allocations for 10 turns, %v for 100,000", few, many)
	}
}
