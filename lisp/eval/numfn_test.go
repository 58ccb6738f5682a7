// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

var header = regexp.MustCompile(`\(defn f \[[^]]*\]`)

// Each function runs as a numeric function and, held back by a precondition, as nodes: the results are the same.
func TestNumericFunctions(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"two calls", "(defn f [n] (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))) (f 20)", "6765"},
		{"three arguments, calls as arguments", "(defn f [x y z] (if (< y x) (f (f (- x 1) y z) (f (- y 1) z x) (f (- z 1) x y)) z)) (f 12 8 4)", "5"},
		{"a tail call loops", "(defn f [n acc] (if (== n 0) acc (f (dec n) (+ acc n)))) (f 100000 0)", "5000050000"},
		{"tail calls and others", "(defn f [m n] (cond (== m 0) (inc n) (== n 0) (f (- m 1) 1) :else (f (- m 1) (f m (- n 1))))) (f 2 9)", "21"},
		{"wrapping", "(defn f [n] (if (== n 0) 9223372036854775807 (* 3 (f (- n 1))))) (f 5)", "9223372036854775565"},
		{"let, and, or, not", "(defn f [n] (let [m (- n 1) k (* m m)] (if (or (and (> k 50) (not (< n 0))) (== n 100)) k (f (+ n 1))))) (f 1)", "64"},
		{"if as a number", "(defn f [n] (+ 1 (if (> n 5) 0 (f (+ n 1))))) (f 0)", "7"},
		{"a double", "(defn f [n] (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))) (f 5.5)", "9.0"},
		{"an integer", "(defn f [n] (if (< n 2I) n (f (- n 1I)))) (f 5I)", "1I"},
		{"a double constant", "(defn f [n] (if (< n 2) 0.5 (+ (f (- n 1)) n))) (f 5)", "14.5"},
		{"a string is an error at its place", `(defn f [n] (if (< n 2) n (f (- n 1)))) (try (f "a") (catch :VncException e (ex-message e)))`,
			`"Function '<' supports numbers only."`},
		{"too few arguments", "(defn f [a b] (if (< a b) (f 1) 2)) (try (f 0 1) (catch :VncException e (ex-message e)))", `"Wrong number of args (1) passed to function user/f. Expected 2 args."`},
		{"as a value", "(defn f [n] (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))) (map f [1 2 3 4 5])", "(1 1 2 3 5)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(newRuntime(t), c.text); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			nodes := header.ReplaceAllString(c.text, "$0 {:pre [true]}")
			if got := run(newRuntime(t), nodes); got != c.want || nodes == c.text {
				t.Errorf("as nodes: got %s, want %s (%s)", got, c.want, nodes)
			}
		})
	}
}

// E12: what is redefined before a call, or by another thread during one, is what counts.
func TestNumericFunctionRedefined(t *testing.T) {
	rt := newRuntime(t)
	for _, c := range []struct{ text, want string }{
		{"(defn f [n] (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))) (def old f) (defn f [n] :mine) (try (old 5) (catch :VncException e :no-number))", ":no-number"},
		{"(old 1)", "1"},
		{"(defn f [n] (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))) (f 10)", "55"},
		{"(defn - [a b] 0) (f 10)", "0"},
	} {
		if got := run(rt, c.text); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

// L8, E2, X1: the depth limit and an interrupt end a numeric function with the script's stack, and the thread can go on.
func TestNumericFunctionEnds(t *testing.T) {
	rt := newRuntime(t)
	got := run(rt, "(defn deep [n] (+ 1 (deep (+ n 1)))) (deep 0)")
	if !strings.HasPrefix(got, "VncException: Stack depth exceeded: 10000 nested calls.") {
		t.Error(got)
	}
	if got := run(rt, "(defn f [n] (if (== n 0) 0 (+ 1 (f (- n 1))))) (f 9000)"); got != "9000" {
		t.Error(got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	rt.Install(eval.Table{{Name: "test/cancel", F0: func(*eval.Thread) (value.Value, error) { cancel(); return value.Nil, nil }}})
	th := rt.NewThread(ctx)
	defer th.Release()
	got = runOn(th, "(defn slow [n] (if (< n 2) n (+ (slow (- n 1)) (slow (- n 2))))) (def seen (atom nil)) (try (test/cancel) (slow 90) (finally (reset! seen (slow 10))))")
	if !strings.Contains(got, "interrupted") {
		t.Error(got)
	}
	if got := run(rt, "@seen"); got != "55" {
		t.Error(got)
	}
}
