// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gondola/lisp"
	"gondola/lisp/value"
)

// Definitions are found where they were evaluated: in the script, a file that it loads, a module; what is built in shows its
// call forms.
func TestSource(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "lib.venice")
	if err := os.WriteFile(file, []byte("(ns lib)\n; half of it\n(defn half [x]\n  (/ x 2))\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "mine.venice"), []byte("(ns mine) (defn id [x] x)"), 0o600); err != nil {
		t.Fatal(err)
	}
	const script = "(defn twice [x] (* 2 x))\n(defmacro same [x] x) (def n 3)"
	for _, c := range []struct{ before, name, want string }{
		{"", "twice", "(defn twice [x] (* 2 x))\n"},
		{"", "same", "(defmacro same [x] x)\n"},
		{"(load-file " + value.PrStr(value.String(file)) + ")", "lib/half", "(defn half [x]\n  (/ x 2))\n"},
		{"(load-module :semver)", "semver/older?", "(defn\n  ^{ :arglists "},
		{"(load-module :mine)", "mine/id", "(defn id [x] x)\n"},
		{"", "nth", "; nth is built in\n(nth coll idx)\n"},
		{"", "let", "; let is built in\n(let [name value …] & body)\n"},
		{"", "cidr/parse", "; cidr/parse is built in\n(cidr/parse cidr)\n"},
		{"", "n", "! Nobody knows where n was defined."},
		{"(load-string \"(defn gone [] 1)\")", "gone", "! The definition of gone in load-string, line 1, is not there any more."},
		{"", "no-such-name", "! SymbolNotFoundException: Symbol 'no-such-name' not found."},
	} {
		var out strings.Builder
		in := lisp.New(lisp.Options{Stdout: &out, Modules: dir, Source: func(name string) string {
			return map[string]string{"main": script}[name]
		}})
		_, err := in.Eval(t.Context(), script, "main")
		if err == nil {
			_, err = in.Eval(t.Context(), c.before+" (source "+c.name+")", "test")
		}
		in.Close()
		got := out.String()
		if err != nil {
			got = "! " + strings.TrimPrefix(err.Error(), "VncException: ")
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("(source %s) prints %q, want %q", c.name, got, c.want)
		}
	}
}

// Names are found by a part of them, and by their namespace.
func TestAproposAndDir(t *testing.T) {
	in := lisp.New(lisp.Options{})
	defer in.Close()
	for expr, want := range map[string]string{
		`(apropos "interl")`:                          "(interleave)",
		`(apropos :no-such-thing)`:                    "()",
		`(do (ns deep) (defn low [] 1) (dir deep))`:   "(deep/low)",
		`(first (dir math))`:                          "math/E",
		`(nil? (some #{'source*} (apropos "ource")))`: "true",
	} {
		if v, err := in.Eval(t.Context(), expr, "test"); err != nil || value.PrStr(v) != want {
			t.Errorf("%s: %s, %v; want %s", expr, value.PrStr(v), err, want)
		}
	}
	for _, expr := range []string{"(dir nowhere)", "(apropos 1)"} {
		if v, err := in.Eval(t.Context(), expr, "test"); err == nil {
			t.Errorf("%s yields %s", expr, value.PrStr(v))
		}
	}
}
