// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval_test

import (
	"context"
	"testing"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// What reduce builds in place is what it would build step by step, and nobody sees it before.
func TestGrowth(t *testing.T) {
	for script, want := range map[string]string{
		"(reduce (fn [m i] (assoc m i (* i i))) {} (range 4))":                                                                             "{0 0 1 1 2 4 3 9}",
		"(reduce (fn [v i] (conj v (* i i))) [] (range 4))":                                                                                "[0 1 4 9]",
		"(reduce (fn [m i] (assoc m (mod i 2) i)) {:a 1} [1 2 3])":                                                                         "{0 2 :a 1 1 3}",
		"(let [m {:a 1} v [1]] [(reduce (fn [m i] (assoc m :a i)) m [2 3]) m (reduce conj v [2]) (reduce (fn [v i] (conj v i)) v [3]) v])": "[{:a 3} {:a 1} [1 2] [1 3] [1]]",
		"(let [k 10] (reduce (fn [m i] (assoc m (+ i k) k)) {} [1 2]))":                                                                    "{11 10 12 10}",
		"(meta (reduce (fn [m i] (assoc m i i)) (with-meta {} {:x 1}) [1]))":                                                               "{:x 1}",
		"(reduce (fn [m i] (assoc m i i)) {} [])":                                                                                          "{}",
		"(reduce (fn [m i] (assoc m i i)) [7 8 9] [0 1])":                                                                                  "[0 1 9]",
		"(reduce (fn [v i] (conj v i)) '(1) [2 3])":                                                                                        "'(1 2 3)",
		"(reduce (fn [m i] (assoc m i i)) nil [1])":                                                                                        "{1 1}",
		"(reduce (fn [m i] (assoc m i (count m))) {} [5 6 7])":                                                                             "{5 0 6 1 7 2}",
		"(map (fn [f] (count (f))) (vals (reduce (fn [m i] (assoc m i (fn [] m))) {} [5 6 7])))":                                           "'(0 1 2)",
		"(reduce (fn [m i] (assoc m i (count (eval 'm)))) {} [5 6 7])":                                                                     "{5 0 6 1 7 2}",
		"(reduce (fn [m i] (assoc m i (let [m 3] m))) {} [5])":                                                                             "{5 3}",
		"(reduce (fn [_ i] (assoc {} i i)) {} [5 6])":                                                                                      "{6 6}",
		"(reduce (fn [m & more] (assoc m (first more) 1)) {} [5])":                                                                         "{5 1}",
		"(try (reduce (fn [m i] (assoc m i (/ 6 i))) {} [2 0]) (catch :VncException e :caught))":                                           ":caught",
		"(try (reduce (fn [m i] (assoc m i (throw (ex :VncException \"no\")))) {} [2 0]) (catch :VncException e (ex-message e)))":          `"no"`,
		"(do (ns own) (defn f [m i] (assoc m i (if (= i 2) (do (defn assoc [m & _] :own) i) i))) (reduce f {} [1 2 3]))":                   ":own",
		"(do (ns other) (defn assoc [m k v] :own) (reduce (fn [m i] (assoc m i i)) {} [1]))":                                               ":own",
		"(do (defn grow [n] (reduce (fn [m i] (assoc m i (if (pos? i) (grow (dec i)) i))) {} (range n))) (grow 3))":                        "{0 0 1 {} 2 {0 0}}",
		"(do (defn g [m x] (assoc m x 1)) [(g {} 2) (reduce g {} [2 3]) (g {} 4)])":                                                        "[{2 1} {3 1 2 1} {4 1}]",
	} {
		rt := newRuntime(t)
		want := run(newRuntime(t), want) // as printed: hash maps have their own order
		if got := run(rt, script); got != want {
			t.Errorf("%s: got %s, want %s", script, got, want)
		}
	}
}

// A growth can be interrupted as other calls can.
func TestGrowthInterrupted(t *testing.T) {
	rt := newRuntime(t)
	ctx, cancel := context.WithCancel(context.Background())
	rt.Install(eval.Table{{Name: "test/cancel", F0: func(*eval.Thread) (value.Value, error) { cancel(); return value.Nil, nil }}})
	th := rt.NewThread(ctx)
	defer th.Release()
	if got := runOn(th, "(reduce (fn [m i] (assoc m (mod i 7) (if (= i 1000) (test/cancel) i))) {} (range))"); got != "InterruptedException: The evaluation was interrupted." {
		t.Error(got)
	}
}
