// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/reader"
	"gondola/lisp/value"
)

func newRuntime(t *testing.T) *eval.Runtime {
	t.Helper()
	rt := eval.NewRuntime(eval.Config{})
	rt.Install(core.Tables()...)
	t.Cleanup(func() {
		rt.Close()
		if n := rt.Incidents(); n != 0 {
			t.Errorf("X12: %d recovered panics", n)
		}
	})
	return rt
}

// run evaluates all forms of a text and returns the last value, printed readably, or the error's text.
func run(rt *eval.Runtime, text string) string {
	th := rt.NewThread(context.Background())
	defer th.Release()
	return runOn(th, text)
}

func runOn(th *eval.Thread, text string) string {
	forms, err := reader.ReadAll(text, reader.Options{File: "test"})
	if err != nil {
		return err.Error()
	}
	v := value.Nil
	for _, f := range forms {
		v, err = th.Guard(func() (value.Value, error) { return th.EvalForm(f) })
		if err != nil {
			return err.Error()
		}
	}
	return value.PrStr(v)
}

func TestForms(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"L1: a macro is known to the next form of a do", "(do (defmacro m [x] `(inc ~x)) (m 1))", "2"},
		{"L2: code compiled earlier sees a later definition", "(defn f [] (inc 1)) (defn inc [x] :mine) (f)", ":mine"},
		{"L2: intrinsics too", "(defn f [a b] (+ a b)) (defn + [a b] :mine) (f 1 2)", ":mine"},
		{"L2: conditions too", "(defn f [a] (if (< a 2) :lt :ge)) (defn < [a b] false) (f 1)", ":ge"},
		{"L3: a macro defined after the function that uses it", "(defn f [x] (late x)) (defmacro late [x] `(if ~x :yes :no)) [(f true) (f false)]", "[:yes :no]"},
		{"L3: a late macro binds and captures", "(defn f [x] (let [y 2] (late z (+ x y)))) (defmacro late [n e] `(let [~n ~e] (fn [] ~n))) ((f 1))", "3"},
		{"E4: arguments that are no expressions wait for the macro", "(defn f [] (late [a b] (recur))) (defmacro late [v x] :fine) (f)", ":fine"},
		{"L4: a local function sees itself", "(let [fact (fn [n] (if (< n 2) 1 (* n (fact (dec n)))))] (fact 5))", "120"},
		{"L4: and its later siblings", "(let [ev (fn [n] (if (== n 0) true (od (dec n)))) od (fn [n] (if (== n 0) false (ev (dec n))))] (ev 10))", "true"},
		{"L4: three levels deep", "(let [f (fn [] (fn [] (fn [] g))) g 7] (((f))))", "7"},
		{"E3: an unbound cell is the global", "(def g :global) (let [f (fn [] g) x (f) g 1] [x (f)])", "[:global 1]"},
		{"L5: a closure keeps the binding it saw", "(let [x 1 f (fn [] x) x 2] [(f) x])", "[1 2]"},
		{"L5: each turn its own", "(loop [i 0 fs []] (if (< i 3) (recur (inc i) (conj fs (fn [] i))) (map (fn [f] (f)) fs)))", "(0 1 2)"},
		{"L6: eval sees locals", "(let [x 10 y 5] (eval '(+ x y)))", "15"},
		{"L6: eval sees captured locals", "(defn f [x] (fn [] [x (eval 'x)])) ((f 3))", "[3 3]"},
		{"E5: self tail call", "(do (defn sumto [n acc] (if (== n 0) acc (sumto (dec n) (+ acc n)))) (sumto 100000 0))", "5000050000"},
		{"E5: into another arity", "(do (defn f ([n] (f n 0)) ([n acc] (if (== n 0) acc (f (dec n) (inc acc))))) (f 50000))", "50000"},
		{"E5: variadic", "(do (defn f [n & r] (if (== n 0) r (f (dec n) n r))) (f 2 9))", "(1 (2 (9)))"},
		{"E5: not when the name means another function", "(do (defn f [n] (if (== n 0) :old (f (dec n)))) (def g f) (defn f [n] :new) (g 5))", ":new"},
		{"recur computes before it binds", "(loop [a 1 b 2 n 0] (if (< n 3) (recur b a (inc n)) [a b]))", "[2 1]"},
		{"recur with destructuring", "(loop [[a b] [1 2] n 0] (if (< n 2) (recur [b a] (inc n)) [a b]))", "[1 2]"},
		{"recur through let", "(loop [i 0] (let [j (inc i)] (if (< j 5) (recur j) j)))", "5"},
		{"recur inside try", "(loop [i 0] (try (if (< i 3) (recur (inc i)) i)))", "NotInTailPositionException: The recur expression is not in tail position!"},
		{"slots of closed scopes are reused, captures are not", "(let [a (let [x 1 y 2] (+ x y)) f (let [z 10] (fn [] (+ a z)))] (let [p 100 q 200] [(f) p q]))", "[13 100 200]"},
		{"interplay of captures and late slots", "(defn f [k] (fn [] (let [a 1] (let [b 2] [a b k])))) ((f :k))", "[1 2 :k]"},
		{"late namespace", "(ns foo) (defn f [] *ns*) (ns bar) [(foo/f) *ns*]", "[foo bar]"},
		{"private", "(ns foo) (defn- p [] 1) (ns bar) (foo/p)", "VncException: Illegal access of private symbol 'foo/p' accessed from namespace 'bar'."},
		{"dynamic", "(def-dynamic d 1) (defn f [] d) [(binding [d 2] (f)) (f)]", "[2 1]"},
		{"quasiquote", "(let [x 5 xs [1 2]] `(a ~x ~@xs b))", "(a 5 1 2 b)"},
		{"finally order", "(let [log (atom [])] (try (try (throw 1) (finally (swap! log conj :f))) (catch :ValueException e (swap! log conj (ex-value e)))) @log)", "[:f 1]"},
		{"a pattern over a string", "(let [[a & r] \"xyz\"] [a r])", `[#\x (#\y #\z)]`},
		{"X12: a comparison that panics is an exception", "(try (= (lazy-seq 1 inc) (lazy-seq 2 inc)) (catch :VncException e :caught))", ":caught"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run(newRuntime(t), c.text); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
			}
		})
	}
}

// L8: deep recursion is a catchable exception, never a stack overflow, and 2,000 levels always work.
func TestStackDepth(t *testing.T) {
	rt := newRuntime(t)
	if got := run(rt, "(do (defn deep [n] (if (== n 0) 0 (+ 1 (deep (dec n))))) (deep 2000))"); got != "2000" {
		t.Errorf("2000 levels: %s", got)
	}
	got := run(rt, "(do (defn inf [n] (+ 1 (inf n))) (try (inf 1) (catch :VncException e (ex-message e))))")
	if !strings.Contains(got, "Stack depth exceeded") {
		t.Errorf("endless recursion: %s", got)
	}
	if got := run(rt, "(deep 3000)"); got != "3000" {
		t.Errorf("afterwards: %s", got)
	}
}

// An interrupt that comes too late does not reach who uses the thread next.
func TestLateInterrupt(t *testing.T) {
	rt := newRuntime(t)
	for range 100 {
		th := rt.NewThread(context.Background())
		interrupt := th.Interrupter()
		th.Release()
		next := rt.NewThread(context.Background())
		interrupt(&eval.Uncatchable{Reason: "late"})
		if got := runOn(next, "(+ 1 2)"); got != "3" || next.Context().Err() != nil {
			t.Errorf("%s, %v", got, next.Context().Err())
		}
		next.Release()
	}
}

// E1: an interrupt ends the evaluation, finally blocks run undisturbed, and the script cannot catch what must end it.
func TestInterrupt(t *testing.T) {
	rt := newRuntime(t)
	th := rt.NewThread(context.Background())
	defer th.Release()
	started := make(chan struct{})
	var finally value.Value
	rt.Install(eval.Table{ // before the runtime is used by anybody
		{Name: "started", F0: func(*eval.Thread) (value.Value, error) { close(started); return value.Nil, nil }},
		{Name: "note", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { finally = v; return v, nil }},
	})
	interrupt := th.Interrupter()
	go func() {
		<-started
		interrupt(&eval.Uncatchable{Reason: "signal"})
	}()
	forms, err := reader.ReadAll("(do (defn sum [a b] (+ a b)) (try (started) (while true (sum 1 2)) (catch :Throwable e (note :caught)) (finally (note (sum 3 4)))))", reader.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = th.EvalForm(forms[0])
	var u *eval.Uncatchable
	if !errors.As(err, &u) {
		t.Fatalf("got %v, want the cause of the interrupt", err)
	}
	if finally != value.Long(7) {
		t.Errorf("finally saw %s, want 7", value.PrStr(finally))
	}
}

// Any number of interpreters and goroutines, sharing atoms and monitors within one interpreter.
func TestParallel(t *testing.T) {
	rt := newRuntime(t)
	if got := run(rt, "(def n (atom 0)) (def m (atom [])) (defn work [k] (dotimes [i 200] (swap! n inc) (locking m (reset! m (conj @m k)))))"); !strings.Contains(got, "user/work") {
		t.Fatal(got)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := run(rt, "(work 1)"); got != "nil" {
				t.Error(got)
			}
		})
	}
	wg.Wait()
	if got := run(rt, "[@n (count @m)]"); got != "[1600 1600]" {
		t.Error(got)
	}
}

// The script call stack, innermost first, with the positions of the heads (language.md 18).
func TestCallStack(t *testing.T) {
	rt := newRuntime(t)
	th := rt.NewThread(context.Background())
	defer th.Release()
	forms, err := reader.ReadAll("(do (defn f [] (/ 1 0))\n(defn g [] (+ 1 (f)))\n(g))", reader.Options{File: "s.venice"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = th.EvalForm(forms[0])
	var ex *value.Exception
	if !errors.As(err, &ex) {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, f := range ex.Stack {
		got = append(got, f.Name)
	}
	if want := "/ f + g"; !strings.HasPrefix(strings.Join(got, " "), "/ f") || got[len(got)-1] != "g" {
		t.Errorf("frames %v, want %s", got, want)
	}
	if f := ex.Stack[0]; f.File != "s.venice" || f.Line != 1 || f.Col != 17 {
		t.Errorf("innermost frame %+v, want s.venice:1:17", f)
	}
}
