// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

	"gondola/lisp"
	"gondola/lisp/value"
)

// X1, E2: whatever is nested ends in a value or in a script exception, never in an overflow of the native stack, which would
// end the process. The form behind FORM: stands for itself 100,000 times around x, from 1 on; behind FUNCTION: from inc on. The
// stack is bounded, so that a recursion that nobody counts is found with little memory.
func TestDeep(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(64 << 20))
	for _, script := range []string{
		"(do (defmacro m [x] `(m ~x)) (m 1))", "(do (defmacro m [x] `(do (m ~x))) (m 1))", "(do (defn f [] (m 1)) (defmacro m [x] `(m ~x)) (f))",
		"(eval (list 'quasiquote FORM:(list x)))",
		"(eval (list 'quasiquote FORM:(list 'unquote x)))",
		"(macroexpand-all FORM:(list 'do x))",
		"(macroexpand-all FORM:(list 'when x))",
		"(eval (list 'let (vector FORM:[x] 1) 1))",
		"(eval (list 'let (vector FORM:(list x) 1) 1))",
		"(eval (list 'let (vector FORM:{x :a} 1) 1))",
		"(eval (list 'fn (vector FORM:[x]) 1))",
		"(eval FORM:[x])", "(eval FORM:{:a x})", "(eval FORM:#{x})",
		"(eval FORM:(list 'inc x))", "(eval FORM:(list x 1))", "(eval FORM:(list 'do x))", "(eval FORM:(list 'if x x))",
		"(eval FORM:(list 'let [] x))", "(eval FORM:(list 'fn [] x))", "(eval FORM:(list 'when true x))", "(eval FORM:(list 'try x))",
		"(eval FORM:(list 'try x (list 'catch :VncException 'e x)))", "(eval FORM:(list 'quote x))", "(eval FORM:(list 'def 'a x))",
		"(eval FORM:(list 'loop [] x))", "(eval FORM:(list 'locking 1 x))", "(eval FORM:(list '-> x 'inc))", "(eval FORM:(list 'and x 1))",
		"(eval FORM:(list 'binding [] x))", "(eval FORM:(list 'case 1 1 x))", "(eval FORM:(list 'dotimes ['i 1] x))",
		"(eval FORM:(list (quote (fn [x] x)) x))", "(eval FORM:(list '+ x 1))", "(eval FORM:(list 'quasiquote x))",
		"(FUNCTION:(comp x inc) 1)", "(FUNCTION:(comp inc x) 1)", "(FUNCTION:(partial x) 1)", "(FUNCTION:(complement x) 1)", "(FUNCTION:(memoize x) 1)",
		"(FUNCTION:(fnil x 1) 1)", "(FUNCTION:(constantly x) 1)", "(FUNCTION:(juxt x) 1)", "(FUNCTION:(every-pred x) 1)", "(FUNCTION:(any-pred x) 1)",
		"((apply comp (repeat 100000 inc)) 1)", "(transduce (apply comp (repeat 100000 (map inc))) + 0 [1])",
		"(first FORM:(concat [1] x))", "(first FORM:(lazy-seq x))", "(first FORM:(concat x [1]))",
		"(first (loop [i 0 x (lazy-seq [1 2])] (if (< i 100000) (recur (inc i) (map inc x)) x)))",
		"(first (loop [i 0 x (lazy-seq [1 2])] (if (< i 100000) (recur (inc i) (filter pos? x)) x)))",
		"(first (loop [i 0 x (lazy-seq [1 2])] (if (< i 100000) (recur (inc i) (drop 1 (cons 1 x))) x)))",
		"(first (loop [i 0 x (lazy-seq [1 2])] (if (< i 100000) (recur (inc i) (lazy-seq #(first x))) x)))",
		"@FORM:(delay x)", "(loop [i 0 x 1] (if (< i 100000) (recur (inc i) (delay (if (delay? x) @x x))) @x))",
		"(throw (loop [i 0 x nil] (if (< i 100000) (recur (inc i) (ex :VncException \"a\" x)) x)))",
		"(pr-str (loop [i 0 x nil] (if (< i 100000) (recur (inc i) (ex :VncException \"a\" x)) x)))",
		"(ex-venice-stacktrace (loop [i 0 x nil] (if (< i 100000) (recur (inc i) (ex :VncException \"a\" x)) x)) :string)",
		"(pr-str FORM:(atom x))", "(pr-str FORM:(just x))", "(pr-str FORM:(volatile x))", "(pr-str FORM:(delay x))", "(pr-str FORM:(mutable-list x))",
		"(pr-str FORM:(mutable-map :a x))", "(pr-str FORM:(map-entry x 1))", "(pr-str FORM:(object-array [x]))", "(pr-str FORM:(list x))",
		"(= FORM:(just x) FORM:(just x))", "(= FORM:(map-entry 1 x) FORM:(map-entry 1 x))", "(== FORM:(mutable-map :a x) FORM:(mutable-map :a x))",
		"(hash-map FORM:[x] 1)", "(set [FORM:{x 1} FORM:{x 1}])", "(compare FORM:[x] FORM:[x])", "(sort [FORM:[x] FORM:[x]])", "(sort-by identity [FORM:(list x) FORM:(list x)])",
		"(distinct [FORM:[x] FORM:[x]])", "(flatten FORM:[x])", "(postwalk identity FORM:[x])", "(prewalk identity FORM:[x])", "(hash FORM:[x])",
		"(pr-str (meta FORM:(with-meta [1] {:a x})))", "(json/write-str FORM:[x])", "(json/write-str FORM:{:a x})", "(json/write-str FORM:(atom x))",
		"(json/read-str (str/repeat \"[\" 100000))", "(json/read-str (str/repeat \"{\\\"a\\\":\" 100000))",
		"(read-string (str (str/repeat \"^:a \" 100000) \"x\"))", "(read-string (str (str/repeat \"'\" 100000) \"x\"))", "(read-string (str (str/repeat \"@\" 100000) \"x\"))",
		"(read-string (str (str/repeat \"#(\" 100000) \"x\"))", "(read-string (str (str/repeat \"`~\" 100000) \"x\"))", "(read-string (str/repeat \"#{\" 100000))",
		"(read-string (str (str/repeat \"\\\"~(\" 100000) \"x\"))",
		"(regex/matches? (regex/matcher (str (str/repeat \"(\" 4000) \"a\" (str/repeat \")\" 4000)) \"a\"))",
		"(merge-deep FORM:{:a x} FORM:{:a x})", "(str FORM:[x])", "(str/format \"%s\" FORM:[x])", "(str/join \",\" [FORM:[x]])",
		"@(loop [i 0 p (promise)] (if (< i 100000) (recur (inc i) (let [q (promise)] (deliver q p) q)) p))",
		"(get-in FORM:{:a x} (repeat 100000 :a))", "(assoc-in {} (repeat 100000 :a) 1)", "(update-in {} (repeat 100000 :a) identity)",
		"(csv/write-str [[FORM:[x]]])", "(trampoline FORM:(fn [] x))", "(apply + FORM:(list x))", "(do (defmulti m identity) (m FORM:[x]))",
		"(case FORM:[x] 1 2)", "(do (deftype :p [x :any]) (pr-str FORM:(p. x)))", "(do (deftype :p [x :any]) (= FORM:(p. x) FORM:(p. x)))",
		"(type FORM:(doto (queue) (put! x)))", "(pr-str FORM:(doto (queue) (put! x)))", "(pr-str FORM:(doto (stack) (push! x)))",
		"(coalesce FORM:[x])", "(into {} FORM:[x])", "(every? true? FORM:[x])", "(pr-str (ex-value (try (throw FORM:[x]) (catch :ValueException e e))))", "(throw FORM:[x])",
		"(assert (= 1 FORM:[x]))", "(do (defn f {:pre [(= 1 x)]} [x] x) (f FORM:[x]))",
	} {
		script = wrapped(wrapped(script, "FORM:", "1"), "FUNCTION:", "inc")
		in := lisp.New(lisp.Options{})
		_, err := in.Eval(context.Background(), script, "deep")
		var ex *value.Exception
		if err != nil && !errors.As(err, &ex) {
			t.Errorf("%s: %v", script, err)
		}
		if n := in.Runtime().Incidents(); n != 0 {
			t.Errorf("%s: %d internal errors (X12)", script, n)
		}
		in.Close()
	}
}

// The depth of calls counts what the forms of a function add to the native stack.
func TestDeepFunction(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(512 << 20))
	in := lisp.New(lisp.Options{})
	defer in.Close()
	for _, form := range []string{"(list '+ 1 x)", "(list 'do x 1)", "(list 'if true x 1)", "(list 'vector x 1 2)", "(list 'try x)", "(list 'let ['y x] 'y)"} {
		script := fmt.Sprintf("(do (eval (list 'defn 'f '[n] (loop [i 0 x '(f (inc n))] (if (< i 240) (recur (inc i) %s) (list 'inc x))))) (f 1))", form)
		if _, err := in.Eval(context.Background(), script, "deep"); err == nil || !strings.Contains(err.Error(), "Stack depth exceeded") {
			t.Errorf("%s: %v", form, err)
		}
	}
}

// wrapped replaces the forms behind the mark by what wraps them around themselves, from start on.
func wrapped(script, mark, start string) string {
	for {
		before, form, ok := strings.Cut(script, mark)
		if !ok {
			return script
		}
		end := formEnd(form)
		script = fmt.Sprintf("%s(loop [i 0 x %s] (if (< i 100000) (recur (inc i) %s) x))%s", before, start, form[:end], form[end:])
	}
}

// formEnd is the length of the form that text begins with.
func formEnd(text string) int {
	depth := 0
	for i, c := range text {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}
