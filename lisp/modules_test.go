// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gondola/lisp"
	"gondola/lisp/value"
)

const greeting = `(ns greeting) (defn hello [name] (str "Hello, " name "!"))`

// jarWith makes a jar that has modules where Venice's has them.
func jarWith(t *testing.T, modules map[string]string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "venice.jar")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	jar := zip.NewWriter(f)
	for name, text := range modules {
		w, err := jar.Create("com/github/jlangch/venice/" + name + ".venice")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := jar.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// written is an error as its user sees it.
func written(in *lisp.Interp, err error) string {
	var out strings.Builder
	in.WriteError(&out, err, lisp.ErrorStyle{})
	return out.String()
}

// Modules that this host lacks come from the user's own jar or folder (language.md 21); what this host has goes first.
func TestModulesOfJarAndFolder(t *testing.T) {
	modules := map[string]string{
		"greeting": greeting,
		"semver":   `(ns semver) (defn version [v] :another)`,
		"java":     `(import :javax.swing.JFrame) (. :JFrame :new)`,
		"broken":   `(ns broken) (defn f [`,
	}
	folder := t.TempDir()
	for name, text := range modules {
		if err := os.WriteFile(filepath.Join(folder, name+".venice"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for kind, path := range map[string]string{"jar": jarWith(t, modules), "folder": folder} {
		in := lisp.New(lisp.Options{Modules: path})
		for _, c := range []struct{ expr, want, failure string }{
			{expr: `[(load-module :greeting) (load-module :greeting) (greeting/hello "Ada")]`, want: `[[:greeting :loaded] [:greeting :already-loaded] "Hello, Ada!"]`},
			{expr: `(do (load-module :semver) (:major (semver/version "1.2.3")))`, want: `1`},
			{expr: `(load-module :none)`, failure: "The Venice module 'none' does not exist"},
			{expr: `(load-module :none)`, failure: "--modules PATH"},
			{expr: `(load-module :../secret)`, failure: "The Venice module '../secret' does not exist"},
			{expr: `(load-module :java)`, failure: "javax.swing.JFrame"},
			{expr: `(load-module :broken)`, failure: "broken.venice"},
		} {
			v, err := in.Eval(t.Context(), c.expr, "test")
			switch {
			case c.failure == "" && (err != nil || value.PrStr(v) != c.want):
				t.Errorf("%s: %s: %s, %v; want %s", kind, c.expr, value.PrStr(v), err, c.want)
			case c.failure != "" && (err == nil || !strings.Contains(written(in, err), c.failure)):
				t.Errorf("%s: %s: %v; want an error with %q", kind, c.expr, err, c.failure)
			}
		}
		in.Close()
	}
}

// A path that is none is named when a module is asked for.
func TestModulesPathIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.jar")
	in := lisp.New(lisp.Options{Modules: path})
	defer in.Close()
	if _, err := in.Eval(t.Context(), `(load-module :excel)`, "test"); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v; want an error with %s", err, path)
	}
	if v, err := in.Eval(t.Context(), `(load-module :semver)`, "test"); err != nil || value.PrStr(v) != "[:semver :loaded]" {
		t.Errorf("a module of this host: %s, %v", value.PrStr(v), err)
	}
}
