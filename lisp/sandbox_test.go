// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// X4, X5: no script catches the end of its evaluation; finally runs.
func TestLimitsAreNotCaught(t *testing.T) {
	t.Parallel()
	_, out, err := limited(t, eval.Limits{Steps: 10_000}, `
		(try
		  (try (while true nil) (catch :VncException e (println "caught")) (finally (println "inner")))
		  (catch :SecurityException e (println "caught"))
		  (catch :java.lang.Exception e (println "caught"))
		  (finally (println "outer" (reduce + (range 0 10)))))`)
	var ex *value.Exception
	if !errors.As(err, &ex) || !ex.Final || out != "inner\nouter 45\n" {
		t.Errorf("%v, output %q", err, out)
	}
}

// A limit names its value and the place.
func TestLimitNamesThePlace(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]value.StackFrame{
		"(defn f []\n  (loop [i 0] (recur (inc i))))\n(f)":               {Name: "loop", File: "script", Line: 2, Col: 4},
		"\n(map (fn [x] (while true\n x)) [1])":                          {Name: "loop", File: "script", Line: 2, Col: 14},
		"(defn f [x] (if x (f x) 1))\n (f 1)":                            {Name: "f", File: "script", Line: 2, Col: 3},
		"(defn f [x]\n (reduce + (range)))(f 1)":                         {Name: "reduce", File: "script", Line: 2, Col: 3},
		"(let [x 1.5]\n  (loop [y x] (if (< y 0.5) y (recur (* y x)))))": {Name: "loop", File: "script", Line: 2, Col: 4},
	} {
		_, _, err := limited(t, eval.Limits{Steps: 10_000}, script)
		var ex *value.Exception
		if !errors.As(err, &ex) || lisp.Place(ex) != want {
			t.Errorf("%s: %v at %+v", script, err, ex.Stack)
		}
	}
}

// X6, X7, X8: exceptions that a script may catch.
func TestLimitsThatRaise(t *testing.T) {
	t.Parallel()
	l := eval.SandboxLimits()
	l.Output, l.Time = 1000, time.Minute
	for script, want := range map[string]string{
		`(dotimes [i 1000] (println "0123456789"))`:                            "limit exceeded: more than 1000 bytes of output (max-output)",
		`(print (str/repeat "x" 1001))`:                                        "limit exceeded: more than 1000 bytes of output (max-output)",
		"(do (def p (promise)) (dotimes [i 21] (future (fn [] @p))))":          "limit exceeded: more than 20 futures and threads at a time",
		"(do (def p (promise)) (dotimes [i 21] (thread (fn [] @p))))":          "limit exceeded: more than 20 futures and threads at a time",
		"(do (def p (promise)) (dotimes [i 21] (then-apply p identity)))":      "limit exceeded: more than 20 futures and threads at a time",
		"(do (def p (promise)) (dotimes [i 21] (send (agent 1) (fn [x] @p))))": "limit exceeded: more than 20 futures and threads at a time",
		"(dotimes [i 21] (schedule-delay (fn [] 1) 1 :hours))":                 "limit exceeded: more than 20 schedules at a time",
		"(dotimes [i 21] (schedule-at-fixed-rate (fn [] 1) 1 1 :hours))":       "limit exceeded: more than 20 schedules at a time",
		"(reduce * (range 1N 10000N))":                                         "A number of more than 10000 digits",
		"(loop [n 3N] (recur (* n n)))":                                        "A number of more than 10000 digits",
		"(loop [n 3.5M] (recur (* n n)))":                                      "A number of more than 10000 digits",
		"(+ 1M 1E-20000M)":                                                     "A number of more than 10000 digits",
		"(dec/scale 1M 20000 :HALF_UP)":                                        "A number of more than 10000 digits",
		`(bigint (str/repeat "9" 10001))`:                                      "A number of more than 10000 digits",
		`(decimal (str/repeat "9" 10001))`:                                     "A number of more than 10000 digits",
		`(read-string (str (str/repeat "9" 10001) "N"))`:                       "A number of more than 10000 digits",
		"(rand-bigint 65536)":                                                  "A number of more than 10000 digits",
		`(regex/pattern (str/repeat "a" 10241))`:                               "A regular expression of more than 10240 bytes",
		`(str/split "a" (str "[b]" (str/repeat "a" 10241)))`:                   "A regular expression of more than 10240 bytes",
		fmt.Sprintf("(defn f [] #\"%s\")", strings.Repeat("a", 10241)):         "A regular expression of more than 10240 bytes",
		"(do (defn f [x] (+ 1 (f x))) (f 1))":                                  "Stack depth exceeded", // X2
		`(read-string (str (str/repeat "(" 20000) (str/repeat ")" 20000)))`:    "nested too deeply",    // X1
		`(json/read-str (str (str/repeat "[" 20000) (str/repeat "]" 20000)))`:  "Failed to read JSON",  // X1
		"(pr-str (loop [i 0 x []] (if (< i 20000) (recur (inc i) [x]) x)))":    "nested too deeply",    // X1
		"(= (loop [i 0 x []] (if (< i 20000) (recur (inc i) [x]) x)) (loop [i 0 x []] (if (< i 20000) (recur (inc i) [x]) x)))": "nested too deeply", // X1
	} {
		_, _, err := limited(t, l, script)
		ex, ok := err.(*value.Exception)
		if !ok || ex.Final || !strings.Contains(ex.Message, want) {
			t.Errorf("%.100s: %v", script, err)
		}
		v, _, err := limited(t, l, "(try (eval (read-string "+value.QuoteString(script)+")) (catch :VncException e :caught) (catch :java.lang.Exception e :caught))")
		if err != nil || value.PrStr(v) != ":caught" {
			t.Errorf("%.100s: %s %v", script, value.PrStr(v), err)
		}
	}
	// what has ended may begin again
	v, _, err := limited(t, l, "(do (dotimes [i 100] @(future (fn [] i))) (dotimes [i 100] @(schedule-delay (fn [] i) 1 :milliseconds)) :done)")
	if err != nil || value.PrStr(v) != ":done" {
		t.Errorf("%s, %v", value.PrStr(v), err)
	}
}

// X4: the time is that of one evaluation, not of the interpreter.
func TestLimitsAreOfAnEvaluation(t *testing.T) {
	t.Parallel()
	in := lisp.New(lisp.Options{Limits: eval.Limits{Steps: 50_000}})
	defer in.Close()
	for i := range 10 {
		if _, err := in.Eval(t.Context(), "(loop [i 0] (if (< i 20000) (recur (inc i)) i))", "script"); err != nil {
			t.Fatalf("evaluation %d: %v", i, err)
		}
		if _, err := in.Eval(t.Context(), "(while true nil)", "script"); err == nil {
			t.Fatalf("evaluation %d goes on", i)
		}
	}
}

// X9: a function that touches something is denied, whatever its arguments; those that say nothing about it are, too.
func TestSandboxDenies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.venice")
	if err := os.WriteFile(secret, []byte(`"content"`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, script := range []string{
		"(io/slurp %s)", "(io/spit %s 1)", "(io/file %s)", "(io/delete-file %s)", "(load-file %s)", "(io/list-files %s)", "(json/slurp %s)",
		"(csv/write %s [[1]])", "(csv/read (io/file %s))", "(io/file-in-stream %s)", "(io/buffered-reader %s)", "(crypt/hash-file \"MD5\" \"x\" %s)",
		"(io/gzip %s)", "(io/zip-file %s %[1]s)", "(io/unzip-to-dir %s %[1]s)", "(io/download %s)", "(sh \"cat\" %s)", "(sh/open %s)", "(io/watch-dir %s)",
		"(system-env \"HOME\")", "(system-prop \"user.home\")", "(user-name)", "(host-name)", "(pid)", "(io/user-dir)", "(io/tmp-dir)",
		"(. :java.lang.System :getenv \"HOME\")", "(. :java.io.File :new %s)", "(class :java.lang.System)", "(system-exit-code 3)", "(shutdown-hook (fn [] 1))",
		"(do (def f io/slurp) (f %s))", "(apply io/slurp [%s])", "(map io/slurp [%s])", "((partial io/slurp) %s)", "@(future (fn [] (io/slurp %s)))",
	} {
		if strings.Contains(script, "%") {
			script = fmt.Sprintf(script, value.QuoteString(secret))
		}
		_, _, err := limited(t, eval.SandboxLimits(), script)
		var ex *value.Exception
		if !errors.As(err, &ex) || ex.Class != value.SecurityException || !strings.HasPrefix(ex.Message, "Venice Sandbox (RejectAllInterceptor): Access denied to Venice function '") ||
			!strings.Contains(ex.Message, "Permit it with --allow ") {
			t.Errorf("%s: %v", script, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	in := lisp.New(lisp.Options{Sandbox: &eval.Sandbox{}, Tables: []eval.Table{{{Name: "new", F0: func(*eval.Thread) (value.Value, error) { return value.Nil, nil }}}}})
	defer in.Close()
	if _, err := in.Eval(t.Context(), "(new)", "script"); err == nil || !strings.Contains(err.Error(), "Access denied to Venice function 'new'! Permit it with --allow new") {
		t.Errorf("a function that does not say what it touches: %v", err)
	}
}

// X9: what is allowed, by group, name and pattern.
func TestSandboxAllows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		allow, script, want string // want: the value, or the start of the exception
	}{
		{"", "[(sandboxed?) (sandbox/type)]", "[true :RejectAllInterceptor]"},
		{"env", "[(sandboxed?) (sandbox/type) (string? (os-name))]", "[true :SandboxInterceptor true]"},
		{"env", `(io/slurp "x")`, "SecurityException: Venice Sandbox (SandboxInterceptor): Access denied to Venice function 'io/slurp'! Permit it with --allow files or --allow io/slurp"},
		{"files", `(io/exists-file? "/nowhere")`, "false"},
		{"io/exists-*", `(io/exists-file? "/nowhere")`, "false"},
		{"io/exists-*", `(io/slurp "x")`, "SecurityException: "},
		{"files", `(sh "true")`, "SecurityException: "},
		{"processes,files", `(:exit (sh "true"))`, "0"},
		{"interop", "(. :java.lang.Math :max 1 2)", "2"},
		{"exit", "(system-exit-code 3)", "nil"},
		{"", `(load-module :semver)`, "[:semver :loaded]"},
		{"", `(do (load-module :xml) (first (:content (xml/parse-str "<a>b</a>"))))`, `"b"`},
		{"", `(csv/read "a,b")`, `(("a" "b"))`},
		{"", `(with-out-str (print 1))`, `"1"`},
		{"", `(io/slurp-stream (io/string-in-stream "x"))`, `"x"`},
	} {
		in := lisp.New(lisp.Options{Sandbox: &eval.Sandbox{Allow: strings.Split(c.allow, ",")}})
		if c.allow == "" {
			in = lisp.New(lisp.Options{Sandbox: &eval.Sandbox{}})
		}
		v, err := in.Eval(t.Context(), c.script, "script")
		if got := value.PrStr(v); err == nil && got != c.want || err != nil && (!strings.HasPrefix(err.Error(), c.want) || !strings.HasPrefix(c.want, "Sec")) {
			t.Errorf("%s with %q: %s %v", c.script, c.allow, got, err)
		}
		in.Close()
	}
	in := lisp.New(lisp.Options{Sandbox: &eval.Sandbox{Allow: []string{"files", "io/slurp", "io/*", "fils", "io/slrp", "sock/*"}}})
	defer in.Close()
	if got := strings.Join(in.Runtime().UnknownAllowed(), " "); got != "fils io/slrp sock/*" {
		t.Errorf("unknown: %s", got)
	}
}

// X9: every function says what it touches.
func TestFunctionsSayWhatTheyTouch(t *testing.T) {
	in := lisp.New(lisp.Options{})
	defer in.Close()
	rt, rows := in.Runtime(), 0
	rt.EachName(func(name string) {
		if row := rt.Row(name); row != nil && row.Value == nil {
			rows++
			if row.Touches == 0 {
				t.Errorf("%s does not say what it touches", name)
			}
		}
	})
	if rows < 800 {
		t.Errorf("%d functions", rows)
	}
}

// The functions that are not denied do not read or write files, whatever they get.
func TestAllowedFunctionsLeaveFilesAlone(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	const content = "the content of the file"
	if err := os.WriteFile("file.txt", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	in := lisp.New(lisp.Options{Sandbox: &eval.Sandbox{}, Limits: eval.Limits{Time: 200 * time.Millisecond, Futures: 20, Timers: 20}})
	defer in.Close()
	rt, calls := in.Runtime(), 0
	rt.EachName(func(name string) {
		row := rt.Row(name)
		if row == nil || row.Value != nil || row.Macro != nil || row.Touches != eval.Nothing || strings.Contains(name, "sleep") {
			return
		}
		for _, args := range []string{`"file.txt"`, `"file.txt" "file.txt"`, `"new.txt" "text"`, `"MD5" "x" "file.txt"`, `"new.txt" [["x"]]`, `"file.txt" :binary true`, `"x" "file.txt" "new.txt"`, `identity "file.txt"`} {
			calls++
			v, err := in.Eval(t.Context(), "("+name+" "+args+")", "script")
			if shown, _ := in.Show(t.Context(), v); strings.Contains(shown, content) || err != nil && strings.Contains(err.Error(), content) {
				t.Errorf("(%s %s): %s %v", name, args, shown, err)
			}
		}
	})
	if calls < 4000 {
		t.Errorf("%d calls", calls)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	if b, err := os.ReadFile("file.txt"); err != nil || string(b) != content {
		t.Errorf("%q, %v", b, err)
	}
}
