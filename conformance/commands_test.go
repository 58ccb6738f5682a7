// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gondola check finds what a run would find, and runs nothing.
func TestCheck(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	for name, text := range map[string]string{
		"good.venice": "#!/usr/bin/env gondola\n(ns m)\n(defmacro twice [x] `(do ~x ~x))\n(io/spit \"ran\" \"x\")\n(defn a [] (b))\n(defn b [] (twice (a)))\n(binding [undefined 1] undefined)\n(ipc/server 33333)\n",
		"bad.venice":  "(defn f [x]\n  (prntln x) (if))\n(let [a 1 b] a)\n(ipc/clint 3)\n(ipc/poll 1 2)\n(defn first [] 1)\n(first)\n(f 1 2)\n",
		"open.venice": "(foo\n  [1 2",
		"load.venice": "(load-file \"other.venice\") (from-other)",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args, stdout, stderr string
		status               int
	}{
		{"good.venice load.venice", "", "", 0},
		{"bad.venice", "bad.venice:2:4: Symbol 'prntln' not found! Did you mean? println\n" +
			"bad.venice:2:14: Wrong number of args (0) passed to special form if.\n" +
			"bad.venice:3:1: let requires an even number of forms in the binding vector!\n" +
			"bad.venice:4:2: Symbol 'ipc/clint' not found. did you mean ipc/client?\n" +
			"bad.venice:5:2: Wrong number of args (2) passed to function ipc/poll. ipc/poll is called as (ipc/poll client queue-name queue-poll-timeout); (doc ipc/poll) explains it\n" +
			"bad.venice:8:2: Wrong number of args (2) passed to function user/f. Expected 1 arg.\n", "", 1},
		{"open.venice", "open.venice:2:3: Expected ']', got EOF. The '[' at (2,3) is not closed. File <open.venice> (2,7)\n", "", 1},
		{"nowhere.venice", "", "gondola: there is no file nowhere.venice; looked in " + dir + "\n", 2},
		{"", "", "Usage: gondola check FILE...\n", 2},
		{"-x", "", "Usage: gondola check FILE...\n", 2},
		{"--help", "Usage: gondola check FILE...\n", "", 0},
	} {
		got := runIn(binary, dir, false, "", append([]string{"check"}, strings.Fields(c.args)...)...)
		if got.err != nil || got.stdout != c.stdout || got.stderr != c.stderr || got.status != c.status {
			t.Errorf("check %s: %+v", c.args, got)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ran")); err == nil {
		t.Error("the script was run")
	}
}

// Every sample passes gondola check.
func TestSamplesPassCheck(t *testing.T) {
	paths, err := filepath.Glob("../scripts/*.venice")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	if got := runIn(gondola(t), ".", false, "", append([]string{"check"}, paths...)...); got.status != 0 || got.stdout != "" {
		t.Errorf("%+v", got)
	}
}

// gondola doc explains functions, special forms and namespaces without a network.
func TestDocCommand(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	for _, c := range []struct {
		args, stdout, stderr string // contained
		status               int
	}{
		{"ipc/poll", "(ipc/poll ", "", 0},
		{"let", "(let [name value …] & body)\n\nBinds names", "", 0},
		{"->>", "(->> ", "", 0},
		{"nth", "(nth coll idx)\n(nth coll idx default)\n\nThe element at an index.\n\n  (nth [10 20 30] 1)\n  => 20\n", "", 0},
		{"semver/older?", "(semver/older? a b)", "", 0},
		{"cidr", "cidr/parse                   An address range from text like 192.168.0.0/16.\n", "", 0},
		{"", "  ipc ", "", 0},
		{"--all", "\nipc/server  1 or more arguments\n    (ipc/server port & options)\n", "", 0},
		{"ipc/srver", "", "nothing is called ipc/srver; did you mean ipc/server?\n", 1},
		{"a b", "", "Usage: gondola doc", 2},
		{"--help", "Usage: gondola doc", "", 0},
	} {
		got := runIn(binary, dir, false, "", append([]string{"doc"}, strings.Fields(c.args)...)...)
		if got.err != nil || got.status != c.status || !strings.Contains(got.stdout, c.stdout) || !strings.Contains(got.stderr, c.stderr) ||
			(c.stderr == "") != (got.stderr == "") || (c.stdout == "") != (got.stdout == "") {
			t.Errorf("doc %s: %+v", c.args, got)
		}
	}
	got := runIn(binary, dir, false, "", "doc", "--all")
	for _, f := range functions(t) {
		if !strings.Contains(got.stdout, "\n\n"+f.name+"  ") && !strings.Contains(got.stdout, "\n\n"+f.name+"\n") {
			t.Errorf("the index lacks %s", f.name)
		}
	}
}

// The shells that this machine has accept what gondola completion prints; bash completes with it.
func TestCompletionCommand(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		got := runIn(binary, dir, false, "", "completion", shell)
		for _, word := range []string{"serve", "check", "doc", "completion", "load-path", "error-format", "pretty venice json"} {
			if got.status != 0 || !strings.Contains(got.stdout, word) {
				t.Errorf("%s: status %d, no %q in\n%s", shell, got.status, word, got.stdout)
			}
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		file := filepath.Join(dir, "completion."+shell)
		if err := os.WriteFile(file, []byte(got.stdout), 0o600); err != nil {
			t.Fatal(err)
		}
		if text, err := exec.Command(path, "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", shell, err, text)
		}
		if shell == "bash" {
			completeInBash(t, path, file)
		}
	}
	if got := runIn(binary, dir, false, "", "completion", "tcsh"); got.status != 2 || got.stderr != "Usage: gondola completion bash|fish|zsh\n" {
		t.Errorf("%+v", got)
	}
}

func completeInBash(t *testing.T, bash, file string) {
	t.Helper()
	for _, c := range []struct{ words, want string }{
		{"gondola che", "check"},
		{"gondola --load", "--load-path"},
		{"gondola --error-format j", "json"},
		{"gondola completion f", "fish"},
	} {
		script := `. "$1"; COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _gondola; echo "${COMPREPLY[*]}"`
		text, err := exec.Command(bash, "-c", script, "bash", file, c.words).CombinedOutput()
		if err != nil || strings.TrimSpace(string(text)) != c.want {
			t.Errorf("%s: %v, %q, want %s", c.words, err, text, c.want)
		}
	}
}

// gondola test runs what the module test defines, in files and folders, and says so in its exit status.
func TestTestCommand(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	for name, text := range map[string]string{
		"sums.venice":     "(ns sums)\n(load-module :test)\n(test/deftest adds (assert-eq 3 (+ 1 2)))\n(test/deftest fails (assert-eq 4 (+ 1 2)))\n(test/deftest breaks (throw (ex :VncException \"oops\")))\n",
		"own.venice":      "(ns own)\n(load-module :test)\n(test/deftest one (with-open-port))\n(defn with-open-port [] (try-with [s (ipc/server 0)] (assert true)))\n(test/run-tests *ns*)\n",
		"broken.venice":   "(load-module :test)\n(test/deftest never (assert true))\n(no-such-function)\n",
		"lib/mine.venice": "(ns mine)\n(defn three [] 3)\n",
		"uses.venice":     "(ns uses)\n(load-module :test)\n(load-module :mine)\n(test/deftest three (assert-eq 3 (mine/three)))\n",
		"plain.venice":    "(throw (ex :VncException \"a file without tests is not run\"))\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const form = "Usage: gondola test [--run REGEX] [--junit FILE] [--modules PATH] PATH...\n"
	for _, c := range []struct {
		args             string
		last, err, other string // last line of stdout, part of stderr, part of stdout
		status           int
	}{
		{"own.venice", "1 tests in 1 files: 1 passed, 0 failed, 0 errors\n", "", "PASS own/one\n", 0},
		{"--run adds|one sums.venice own.venice", "2 tests in 2 files: 2 passed, 0 failed, 0 errors\n", "", "PASS sums/adds\n", 0},
		{"--modules lib uses.venice", "1 tests in 1 files: 1 passed, 0 failed, 0 errors\n", "", "PASS uses/three\n", 0},
		{"--junit report.xml --modules lib .", "6 tests in 4 files: 3 passed, 1 failed, 2 errors\n", "Symbol 'no-such-function' not found", "AssertionException: Assert failed.\nExpected: 4\nActual:   3", 1},
		{"--run nothing own.venice", "0 tests in 1 files: 0 passed, 0 failed, 0 errors\n", "", "", 1},
		{"--run ( own.venice", "", "gondola: --run: ", "", 2},
		{"nowhere.venice", "", "nowhere.venice", "", 2},
		{"", "", form, "", 2},
		{"--help", form, "", "", 0},
	} {
		got := runIn(binary, dir, false, "", append([]string{"test"}, strings.Fields(c.args)...)...)
		if got.err != nil || !strings.HasSuffix(got.stdout, c.last) || !strings.Contains(got.stdout, c.other) || !strings.Contains(got.stderr, c.err) || got.status != c.status {
			t.Errorf("test %s: %+v", c.args, got)
		}
	}
	report, err := os.ReadFile(filepath.Join(dir, "report.xml"))
	for _, want := range []string{
		`<testsuite name="sums.venice" tests="3" failures="1" errors="1"`, `<testcase classname="sums" name="adds"`,
		`<failure message="AssertionException: Assert failed.">`, `<error message="VncException: oops">`, `<testsuite name="broken.venice" tests="1" failures="0" errors="1"`,
	} {
		if err != nil || !strings.Contains(string(report), want) {
			t.Errorf("%v; the report lacks %s:\n%s", err, want, report)
		}
	}
}

// gondola bench and gondola wal are wired to the binary; their rooms test them.
func TestBenchAndWalCommands(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	got := runIn(binary, dir, false, "", "bench", "queue", "--json", "--duration", "200ms")
	if got.status != 0 || got.stderr != "" || !strings.Contains(got.stdout, `"mode":"queue"`) {
		t.Errorf("bench: %+v", got)
	}
	for name, text := range map[string]string{
		"work.venice":  "(def c (ipc/client (first *ARGV*)))\n(fn [] (ipc/send c :echo (ipc/text-message \"1\" \"s\" \"text/plain\" :UTF-8 \"hello\")))",
		"fails.venice": "(defn f []\n  (/ 1 0))\nf",
		"none.venice":  "(fn [x] x)",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args, stdout, stderr string
		status               int
	}{
		{"work.venice --connections 2 --in-flight 2", "work.venice, 2 interpreters, 2 calls at a time each, server in this process\n", "", 0},
		{"fails.venice", "", "gondola: bench: VncException: / by zero", 1},
		{"none.venice", "", "the last value of none.venice is ", 1},
		{"nowhere.venice", "", "there is no file nowhere.venice", 1},
	} {
		got := runIn(binary, dir, false, "", append(strings.Fields("bench --duration 200ms script"), strings.Fields(c.args)...)...)
		if got.status != c.status || !strings.Contains(got.stdout, c.stdout) || !strings.Contains(got.stderr, c.stderr) || (c.stderr == "") != (got.stderr == "") {
			t.Errorf("bench script %s: %+v", c.args, got)
		}
	}
	script := freePorts()(`(try-with [s (ipc/server 33333 :write-ahead-log-dir (io/file ".")) c (ipc/client 33333)]
  (ipc/create-queue s :orders 10 :bounded :durable)
  (ipc/offer c :orders 1000 (ipc/text-message "1" "order" "text/plain" :UTF-8 "a book" true)))`)
	if got = runIn(binary, dir, false, "", "-q", "-e", script); got.status != 0 {
		t.Fatalf("%+v", got)
	}
	got = runIn(binary, dir, false, "", "wal", "dump", dir)
	if got.status != 0 || !strings.Contains(got.stdout, `"a book"`) || !strings.Contains(got.stdout, "orders: clean, ") {
		t.Errorf("wal: %+v", got)
	}
	log := filepath.Join(dir, "orders.wal")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	text[64] ^= 1 // the message's magic
	if err := os.WriteFile(log, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got = runIn(binary, dir, false, "", "wal", "repair", "--search", "--capacity", "10", dir)
	if got.status != 1 || !strings.Contains(got.stdout, "orders: record borders are lost behind byte 64; the search has found no other record\n") {
		t.Errorf("wal repair: %+v", got)
	}
}
