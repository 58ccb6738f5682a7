// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// places are scripts without end, or as good as, one for each place where scripts spend steps. Each has to end by itself at
// any of the limits of an evaluation (X3 to X5).
var places = map[string]string{
	"loop":                   "(loop [i 0] (recur (inc i)))",
	"loop of doubles":        "(loop [x 0.5] (recur (* x 1.5)))",
	"loop of vectors":        "(loop [v [1]] (recur (assoc v 0 2)))",
	"loop with inner recur":  "(loop [i 0] (if (> i -1) (do (str i) (recur (inc i))) i))",
	"while":                  "(while true nil)",
	"dotimes":                "(dotimes [i 9223372036854775807] i)",
	"self tail call":         "(do (defn f [x] (f (inc x))) (f 0))",
	"numeric function":       "(do (defn fib [n] (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 90))",
	"trampoline":             "(do (defn f [] (fn [] (f))) (trampoline f))",
	"map over endless":       "(doall (map inc (range)))",
	"filter over endless":    "(first (filter neg? (range)))",
	"map":                    "(loop [] (doall (map (fn [x] (* x x)) (range 1000))) (recur))",
	"reduce":                 "(reduce + (range))",
	"reduce conj":            "(reduce conj [] (range))",
	"into":                   "(into [] (range))",
	"doseq":                  "(doseq [x (range)] x)",
	"list-comp":              "(loop [] (list-comp [x (range 100) y (range 100)] [x y]) (recur))",
	"cycle":                  "(doall (cycle [1 2 3]))",
	"lazy-seq":               "(doall (lazy-seq 1 inc))",
	"take of many":           "(doall (take 9223372036854775807 (range)))",
	"transduce":              "(transduce (comp (map inc) (filter odd?)) + (range))",
	"repeatedly":             "(repeatedly 9223372036854775807 (fn [] 1))",
	"range":                  "(range 0 9223372036854775807)",
	"repeat":                 "(repeat 9223372036854775807 :x)",
	"sort with comparison":   "(loop [] (sort (fn [a b] (compare a b)) (range 1000 0 -1)) (recur))",
	"sort-by":                "(loop [] (sort-by - (range 1000)) (recur))",
	"sort":                   "(loop [] (sort (map str (range 1000))) (recur))",
	"regex":                  `(while true (try (regex/find-all (regex/pattern "a+") (str/repeat "ab" 1000)) (catch :VncException e nil)))`,
	"replace-all":            `(while true (try (str/replace-all (str/repeat "ab" 1000) (regex/pattern "a") "cc") (catch :VncException e nil)))`,
	"split":                  `(loop [] (str/split (str/repeat "a," 1000) ",") (recur))`,
	"printing":               "(loop [] (println (range 100)) (recur))",
	"pr-str":                 "(loop [] (pr-str (range 1000)) (recur))",
	"json":                   "(loop [] (json/read-str (json/write-str {:a [1 2 3]})) (recur))",
	"csv":                    "(loop [] (csv/read \"a,b,c\\n1,2,3\") (recur))",
	"format":                 `(loop [] (str/format "%1000d" 1) (recur))`,
	"string that grows":      `(loop [s ""] (recur (str s "0123456789")))`,
	"vector that grows":      "(loop [v []] (recur (conj v 1)))",
	"map that grows":         "(loop [m {} i 0] (recur (assoc m i i) (inc i)))",
	"atom that grows":        "(do (def a (atom ())) (while true (swap! a conj 1)))",
	"mutable map that grows": "(do (def m (mutable-map)) (loop [i 0] (assoc! m i i) (recur (inc i))))",
	"queue that grows":       "(do (def q (queue)) (while true (offer! q 1)))",
	"memoize":                "(do (def f (memoize inc)) (loop [i 0] (f i) (recur (inc i))))",
	"definitions":            "(loop [] (eval (list 'def (gensym) 1)) (recur))",
	"load-string":            `(loop [] (load-string "(+ 1 2)") (recur))`,
	"macro":                  "(do (defmacro m [x] (while true nil)) (m 1))",
	"macroexpand":            "(do (defmacro m [x] `(m ~x)) (macroexpand '(m 1)))",
	"future":                 "@(future (fn [] (while true nil)))",
	"thread":                 "@(thread (fn [] (while true nil)))",
	"promise":                "@(promise (fn [] (while true nil)))",
	"then-apply":             "@(then-apply (promise (fn [] 1)) (fn [x] (while true nil)))",
	"pmap":                   "(pmap (fn [x] (while true nil)) (range 3))",
	"agent":                  "(let [a (agent 1)] (send a (fn [x] (while true nil))) (await a))",
	"schedule":               "@(schedule-delay (fn [] (while true nil)) 1 :milliseconds)",
	"watch":                  "(let [a (atom 1)] (add-watch a :w (fn [k r old new] (while true nil))) (swap! a inc))",
	"delay":                  "@(delay (while true nil))",
	"catch":                  "(while true (try (throw 1) (catch :VncException e nil)))",
	"catch of everything":    "(while true (try (while true nil) (catch :VncException e nil) (catch :java.lang.Exception e nil)))",
	"finally":                "(try (while true nil) (finally (while true nil)))",
	"nested finally":         "(try (try (while true nil) (finally (while true nil))) (finally (while true nil)))",
	"catch in finally":       "(try (while true nil) (finally (while true (try (while true nil) (catch :VncException e nil)))))",
	"apply":                  "(while true (apply + (range 100)))",
	"group-by":               "(while true (group-by even? (range 100)))",
	"postwalk":               "(while true (postwalk identity [1 [2 [3]]]))",
	"cartesian-product":      "(while true (cartesian-product (range 10) (range 10)))",
	"wide cartesian-product": "(apply cartesian-product (repeat 30 (range 30)))",
}

// waits are places where scripts only wait: the time ends them.
var waits = map[string]string{
	"sleep":              "(sleep 1 :hours)",
	"deref":              "@(promise)",
	"deref with timeout": "(deref (promise) 3600000 1)",
	"future":             "@(future (fn [] (sleep 1 :hours)))",
	"futures-wait":       "(futures-wait (future (fn [] (sleep 1 :hours))))",
	"queue":              "(take! (queue 1))",
	"full queue":         "(let [q (queue 1)] (put! q 1) (put! q 2))",
	"lock":               "(let [l (lock)] (acquire l) (acquire l))",
	"agent":              "(let [a (agent 1)] (send a (fn [x] (sleep 1 :hours))) (await a))",
	"schedule":           "@(schedule-delay (fn [] 1) 1 :hours)",
	"or-timeout":         "@(or-timeout (promise) 1 :hours)",
	"regex":              `(while true (try (regex/matches? (regex/matcher (regex/pattern "(a+)+b") (str/repeat "a" 3000))) (catch :VncException e nil)))`,
	"finally":            "(try (sleep 1 :hours) (finally (sleep 1 :hours)))",
	"finally with deref": "(try (sleep 1 :hours) (finally @(promise)))",
	"docoll of a queue":  "(docoll identity (queue 1))",
}

// limited evaluates a script in an interpreter of its own.
func limited(t *testing.T, l eval.Limits, script string) (value.Value, string, error) {
	t.Helper()
	var out bytes.Buffer
	in := lisp.New(lisp.Options{Stdout: &out, Limits: l, Sandbox: &eval.Sandbox{}})
	defer in.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, &eval.Uncatchable{Reason: "the limit ended nothing"})
	defer cancel()
	v, err := in.Eval(ctx, script, "script")
	if n := in.Runtime().Incidents(); n != 0 {
		t.Errorf("%s: %d internal errors: %v", script, n, err)
	}
	return v, out.String(), err
}

// exceeds checks that a script ended because of a limit, told in words.
func exceeds(t *testing.T, l eval.Limits, script, words string) {
	t.Helper()
	v, _, err := limited(t, l, script)
	var ex *value.Exception
	switch {
	case !errors.As(err, &ex) || !ex.Final || ex.Class != value.SecurityException:
		t.Errorf("%s: %s, %v", script, value.PrStr(v), err)
	case !strings.Contains(ex.Message, "limit exceeded: "+words):
		t.Errorf("%s: %s", script, ex.Message)
	}
}

// X3, X4, X5: each limit ends scripts at each place. finally runs, and not for ever.
func TestLimitsEndScripts(t *testing.T) {
	t.Parallel()
	for name, script := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exceeds(t, eval.Limits{Steps: 2_000, Time: time.Minute, Memory: 1 << 30}, script, "more than 2000 steps (max-steps)")
			exceeds(t, eval.Limits{Time: 20 * time.Millisecond, Memory: 1 << 30}, script, "")
		})
	}
	for name, script := range waits {
		t.Run("waiting: "+name, func(t *testing.T) {
			t.Parallel()
			exceeds(t, eval.Limits{Time: 20 * time.Millisecond}, script, "more than 20ms (max-time)")
		})
	}
}

// X5: what scripts keep is counted, wherever it is made.
func TestLimitOfMemory(t *testing.T) {
	t.Parallel()
	shared := "(loop [i 0 x 1] (if (< i 60) (recur (inc i) [x x]) %))" // small, and endless on paper
	in := func(form string) string { return strings.Replace(shared, "%", form, 1) }
	for _, script := range []string{
		places["reduce conj"], places["into"], places["string that grows"], places["vector that grows"], places["map that grows"],
		places["atom that grows"], places["mutable map that grows"], places["queue that grows"], places["memoize"], places["definitions"],
		places["map over endless"], places["range"], places["repeat"], places["repeatedly"], places["cycle"], places["wide cartesian-product"],
		"(loop [l nil] (recur (cons 1 l)))", "(loop [l nil] (recur [l]))", "(loop [l nil] (recur {:a l}))", "(loop [f nil] (recur (fn [] f)))",
		`(loop [l () s (str/repeat "x" 1000)] (recur (cons (str/upper-case s) l) (str s "x")))`,
		"(loop [l () n 1N] (recur (cons n l) (+ n 12345678901234567890N)))", "(loop [l ()] (recur (cons (gensym) l)))",
		"(loop [s (sorted-map) i 0] (recur (assoc s i i) (inc i)))", "(loop [s #{} i 0] (recur (conj s i) (inc i)))",
		in("(pr-str x)"), in("(str x)"), in("(println x)"), in("(json/write-str x)"), in("(str/join x)"), in(`(str/format "%s" x)`), in("(flatten x)"),
		`(str/repeat "x" 1000000000)`, "(bytebuf-allocate 1000000000)", "(int-array 60000000)", "(object-array 60000000)", `(str/expand "" 1000000000 "x")`,
		`(str/format "%16000000d%16000000d%16000000d%16000000d%16000000d" 1 1 1 1 1)`, `(str/lorem-ipsum :chars 1000000000)`,
		`(str/join (str/repeat "x" 100000) (range 1000))`, `(apply str (repeat 1000 (str/repeat "x" 100000)))`, `(str/replace-all (str/repeat "x" 1000) "x" (str/repeat "y" 10000))`,
		`(str/replace-all (str/repeat "x" 1000) (regex/pattern "x") (str/repeat "y" 10000))`,
		"(apply concat (repeat 1000 (range 10000)))", "(apply vector (range 9223372036854775807))", `(json/read-str (str "[" (str/repeat "[]," 200000) "1]"))`,
		"(loop [l ()] (recur (cons (long-array 100) l)))", `(with-out-str (while true (println "0123456789")))`,
		`(let [out (io/string-writer)] (while true (io/print out "0123456789")))`, "(let [b (bytebuf-allocate 0)] (loop [b b] (recur (bytebuf-merge b (bytebuf-allocate 1000)))))",
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			v, out, err := limited(t, eval.Limits{Memory: 2 << 20, Value: 1 << 20, Time: time.Minute, Output: 8 << 20}, script)
			var ex *value.Exception
			if !errors.As(err, &ex) || !ex.Final || !strings.Contains(ex.Message, " bytes") {
				t.Errorf("%s: %.100s %.100s %v", script, v.Type(), out, err)
			}
		})
	}
}
