// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// files are what the table's runs find in their working directory.
var files = map[string]string{
	"hello.venice":       "(println \"hello\" (pr-str *ARGV*))\n:done\n",
	"comment.venice":     "(println 1)\n;; the end, without a line end",
	"broken.venice":      "(do\n  (println 1)\n  (println [1 2)\n",
	"fail.venice":        "(defn f [x]\n  (/ 1 x))\n(f 0)\n",
	"lib/module.venice":  "(println \"from the load path\")",
	"lib/hello.venice":   "(println \"never\")",
	"exit.venice":        "(system-exit-code 3) nil",
	"exit-failed.venice": "(system-exit-code 3) (throw \"x\")",
	"-dash.venice":       ":dash",
	"shebang.venice":     "#!/usr/bin/env gondola\n(/ 1 0)",
	"bom.venice":         "\ufeff#!/usr/bin/env gondola\n(+ 1 2)",
	"crlf.venice":        ";; windows\r\n(defn f [x]\r\n  (* 2 x))\r\n(f 21)\r\n",
}

// TestCommandLine is H1, H2 and H4 of decisions.md, a line each.
func TestCommandLine(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args   string // fields; with a leading -e the rest is the expression
		stdin  string
		stdout string
		stderr string // contained in it; "" means empty
		status int
	}{
		// H1: the value of the last form, unless nil or quiet
		{"-e (+ 1 2)", "", "3\n", "", 0},
		{`-e "a" nil "b\n"`, "", "\"b\\n\"\n", "", 0},
		{"-e nil", "", "", "", 0},
		{"-e (println 1) nil", "", "1\n", "", 0},
		{"-q -e (+ 1 2)", "", "", "", 0},
		{"hello.venice", "", "hello ()\n:done\n", "", 0},
		{"-q hello.venice", "", "hello ()\n", "", 0},
		{"--quiet hello.venice a -q --x", "", "hello (\"a\" \"-q\" \"--x\")\n", "", 0},
		{"comment.venice", "", "1\n", "", 0},
		{"", "(+ 1\n2)", "3\n", "", 0},
		{"- a b", "(println *ARGV*) :piped", "(a b)\n:piped\n", "", 0},
		{"-q - a", "(println *ARGV*) :piped", "(a)\n", "", 0},
		{"shebang.venice", "", "", "shebang.venice:2:2\n  1 | #!/usr/bin/env gondola\n  2 | (/ 1 0)\n", 1},
		{"bom.venice", "", "3\n", "", 0},
		{"crlf.venice", "", "42\n", "", 0},
		{"-- -dash.venice --x", "", ":dash\n", "", 0},

		// H2: exit status
		{"exit.venice", "", "", "", 3},
		{"exit-failed.venice", "", "", "ValueException", 1},
		{"-e (throw (ex :VncException \"no\"))", "", "", "VncException: no", 1},
		{"fail.venice", "", "", "/ by zero", 1},
		{"fail.venice", "", "", "  fail.venice:2:4\n  1 | (defn f [x]\n  2 |   (/ 1 x))\n         ^\n", 1},
		{"fail.venice", "", "", "  at f  fail.venice:3:2\n", 1},
		{"--error-format venice fail.venice", "", "", "Exception in thread \"main\" VncException: / by zero\n\n[Callstack]\n    at: / (fail.venice: line 2, col 4)\n", 1},
		{"--error-format json fail.venice", "", "", `{"class":"VncException","message":"/ by zero","file":"fail.venice","line":2,"column":4,`, 1},
		{"--error-format xml fail.venice", "", "", "it must be one of pretty, venice, json", 2},
		{"broken.venice", "", "", "broken.venice", 1},
		{"", "(foo", "", "stdin", 1},
		{"-x", "", "", "-x", 2},
		{"-e", "", "", "needs an argument", 2},
		{"nowhere.venice", "", "", "no file nowhere.venice; looked in " + dir + "\n", 2},
		{"--load-path lib:nowhere nowhere.venice", "", "", "no file nowhere.venice; looked in " + dir + ", lib, nowhere\n", 2},
		{"/nowhere.venice", "", "", "no file /nowhere.venice\n", 2},
		{"lib", "", "", "is a directory", 2},
		{"serve", "", "", "serve needs a FILE", 2},
		{"serve -e 1", "", "", "serve needs a FILE", 2},
		{"serve fail.venice", "", "", "/ by zero", 1},

		// H4: what scripts see
		{"-e *version*", "", "\"1.12.78\"\n", "", 0},
		{"-e *run-mode*", "", ":script\n", "", 0},
		{"--load-path lib module.venice", "", "from the load path\n", "", 0},
		{"--load-path lib hello.venice", "", "hello ()\n:done\n", "", 0},
		{"--load-path nowhere:lib module.venice", "", "from the load path\n", "", 0},
	} {
		args := strings.Fields(c.args)
		if before, expr, ok := strings.Cut(c.args, "-e "); ok && !strings.Contains(c.args, "serve") {
			args = append(strings.Fields(before), "-e", expr)
		}
		got := runIn(binary, dir, false, c.stdin, args...)
		if got.err != nil || got.status != c.status || got.stdout != c.stdout ||
			!strings.Contains(got.stderr, c.stderr) || (c.stderr == "") != (got.stderr == "") {
			t.Errorf("gondola %s: status %d, %v, output %q, error:\n%s\nwant %d, %q, %q", c.args, got.status, got.err,
				got.stdout, got.stderr, c.status, c.stdout, c.stderr)
		}
	}
}

// -e may come several times; the expressions see each other, and what follows -- are arguments.
func TestExpressions(t *testing.T) {
	got := runIn(gondola(t), scratch(t), false, "", "-e", "(def a 40)", "-e", "(println *ARGV*)", "-e", "(+ a 2)", "--", "-x", "y")
	if got.err != nil || got.status != 0 || got.stderr != "" || got.stdout != "(-x y)\n42\n" {
		t.Errorf("%+v", got)
	}
}

// TestLog is --log-level and --log-format: H6 by default, an object a line on request.
func TestLog(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	script := freePorts()(`(try-with [s (ipc/server 33333 :max-queue 3)] nil)`)
	if got := runIn(binary, dir, false, "", "--log-level", "error", "-e", script); got.status != 0 || got.stderr != "" {
		t.Errorf("above warnings: %+v", got)
	}
	got := runIn(binary, dir, false, "", "--log-format", "json", "-e", script)
	var line struct{ Level, Nearest string }
	if err := json.Unmarshal([]byte(got.stderr), &line); err != nil || line.Level != "WARN" || line.Nearest != ":max-queues" {
		t.Errorf("%v: %+v", err, got)
	}
}

func TestHelpAndVersion(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	for _, arg := range []string{"--help", "-h"} {
		got := runIn(binary, dir, false, "", arg)
		for _, word := range []string{"FILE", "-e EXPR", "serve", "--quiet", "--load-path", "--version", "--log-level", "--error-format", "completion", "doc", "check"} {
			if got.status != 0 || got.stderr != "" || !strings.Contains(got.stdout, word) {
				t.Errorf("%s: %+v, want %q in it", arg, got, word)
			}
		}
	}
	got := runIn(binary, dir, false, "", "--version")
	if fields := strings.Fields(got.stdout); len(fields) < 4 || fields[0] != "gondola" || fields[3] != "1.12.78)" {
		t.Errorf("--version: %+v", got)
	}
}

// TestSignals is H3: the evaluation is interrupted whatever it catches, finally runs, the status tells the signal.
func TestSignals(t *testing.T) {
	binary := gondola(t)
	const catchAll = ` (catch :java.lang.Throwable e (println "caught")) (finally (println "finally")))`
	for _, c := range []struct {
		name, script string
		signal       syscall.Signal
		status       int
	}{
		{"sleep", `(try (println "ready") (sleep 600000)` + catchAll, syscall.SIGINT, 130},
		{"busy loop", `(try (println "ready") (while true nil)` + catchAll, syscall.SIGTERM, 143},
		{"deref", `(try (println "ready") (deref (promise))` + catchAll, syscall.SIGTERM, 143},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, binary, scratch(t), "-e", c.script)
			p.expect(t, "ready")
			p.signal(t, c.signal)
			if got := p.wait(t); got.status != c.status || got.stdout != "finally\n" || got.stderr != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A second signal does not wait for finally.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	p := start(t, gondola(t), scratch(t), "-e",
		`(try (println "ready") (sleep 600000) (finally (println "cleaning") (sleep 600000) (println "never")))`)
	p.expect(t, "ready")
	p.signal(t, syscall.SIGINT)
	p.expect(t, "cleaning")
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(t); got.status != 143 || got.stdout != "" {
		t.Errorf("%+v", got)
	}
}

// When nobody reads the output any more, the script ends quietly, with finally (H3).
func TestBrokenPipe(t *testing.T) {
	dir := scratch(t)
	p := start(t, gondola(t), dir, "-e",
		`(try (while true (println "line")) (finally (io/spit "done" "yes")))`)
	p.expect(t, "line")
	if err := p.stdout.Close(); err != nil {
		t.Fatal(err)
	}
	if got := p.wait(t); got.status != 141 || got.stderr != "" {
		t.Errorf("%+v", got)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "done")); err != nil || string(text) != "yes" {
		t.Errorf("finally did not run: %q, %v", text, err)
	}
}
