// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// mayImport lists, for each package, the packages of ours that it may import; tests may import more. Arrows point down
// (style: six ideas, 1). A package that is not listed fails, so a new room states its place here.
var mayImport = map[string][]string{
	".":                         {"broker/bench", "broker/waltool", "ipcmod", "lisp", "lisp/cli", "lisp/eval", "lisp/paint", "lisp/repl", "lisp/value"},
	"lisp":                      {"lisp/core", "lisp/eval", "lisp/paint", "lisp/reader", "lisp/value"},
	"lisp/cli":                  {"lisp", "lisp/core", "lisp/eval", "lisp/modules", "lisp/reader", "lisp/value"},
	"lisp/paint":                {},
	"lisp/repl":                 {"lisp", "lisp/core", "lisp/eval", "lisp/paint", "lisp/reader", "lisp/value"},
	"lisp/core":                 {"lisp/eval", "lisp/json", "lisp/modules", "lisp/reader", "lisp/temporal", "lisp/value"},
	"lisp/eval":                 {"lisp/value"},
	"lisp/json":                 {"lisp/value"},
	"lisp/modules":              {},
	"lisp/reader":               {"lisp/value"},
	"lisp/temporal":             {"lisp/value"},
	"lisp/value":                {"lisp/internal/persist"},
	"lisp/internal/persist":     {},
	"ipcmod":                    {"broker", "broker/engine", "broker/wire", "lisp/eval", "lisp/json", "lisp/value", "security"},
	"broker":                    {"broker/engine", "broker/engine/embedded", "broker/wire", "security"},
	"broker/brokertest":         {},
	"broker/brokertest/history": {},
	"broker/wire":               {},
	"broker/bench":              {"broker", "broker/engine", "broker/internal/framed", "broker/wire"},
	"broker/internal/framed":    {},
	"broker/waltool":            {"broker/engine/embedded", "broker/wire", "wal"},
	"broker/engine":             {"broker/wire"},
	"broker/engine/embedded":    {"broker/engine", "broker/wire", "wal"},
	"broker/engine/enginetest":  {"broker/engine", "broker/wire"},
	"wal":                       {},
	"wal/waltest":               {"wal"},
	"security":                  {},
	"conformance":               {},
	"conformance/crash":         {"conformance/cycles"},
	"conformance/cycles":        {"broker", "broker/brokertest", "broker/brokertest/history", "broker/engine/embedded", "broker/wire", "wal"},
	"conformance/bugs":          {},
	"broker/simulation":         {},
}

// onlyIn lists, for a module that is not ours, the packages that may import it.
var onlyIn = map[string][]string{
	"github.com/dlclark/regexp2":    {"lisp/value", "lisp/core"},
	"github.com/klauspost/compress": {"broker/wire", "broker/internal/framed", "wal"},
	"github.com/chzyer/readline":    {"lisp/repl"},
	"github.com/fsnotify/fsnotify":  {"lisp/core"},
	"golang.org/x/crypto":           {"security", "lisp/core"},
}

// packages returns the folders with Go files, as slash paths from the root.
func packages(t *testing.T) []string {
	t.Helper()
	var dirs []string
	walk(t, func(path string, d fs.DirEntry) {
		if dir := filepath.ToSlash(filepath.Dir(path)); strings.HasSuffix(path, ".go") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	})
	return dirs
}

// walk visits the files of the tree, without those of version control, by their path from the root.
func walk(t *testing.T, visit func(path string, d fs.DirEntry)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case !d.IsDir():
			visit(path, d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsPointDown(t *testing.T) {
	for _, dir := range packages(t) {
		allowed, ok := mayImport[dir]
		if !ok {
			t.Errorf("%s: mayImport does not say what it may import", dir)
			continue
		}
		p, err := build.ImportDir(filepath.Join(root, dir), 0)
		if _, none := err.(*build.NoGoError); none {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		for _, path := range p.Imports {
			ours, isOurs := strings.CutPrefix(path, "gondola/")
			if isOurs && !slices.Contains(allowed, ours) {
				t.Errorf("%s must not import %s", dir, path)
			}
			for module, users := range onlyIn {
				if strings.HasPrefix(path, module) && !slices.Contains(users, dir) {
					t.Errorf("%s must not import %s", dir, path)
				}
			}
		}
		if slices.Contains(p.Imports, "unsafe") || slices.Contains(p.Imports, "C") {
			t.Errorf("%s uses unsafe or cgo", dir)
		}
	}
}

const header = "// Copyright 2026 The Gondola Authors\n// SPDX-License-Identifier: Apache-2.0\n\n"

func TestEveryFileHasTheHeader(t *testing.T) {
	walk(t, func(path string, _ fs.DirEntry) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), header) {
			t.Errorf("%s does not start with the two header lines and an empty line", path)
		}
	})
}

// The top level is the drawn one: rooms, a main, and what a Go repository needs.
func TestTopLevel(t *testing.T) {
	want := []string{"LICENSE", "README.md", "broker", "conformance", "go.mod", "go.sum", "ipcmod", "lisp", "main.go", "scripts", "security", "wal"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, ".") && !slices.Contains(want, name) && !ignored(name) {
			t.Errorf("%s has no place at the top level", name)
		}
	}
	for _, name := range want {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
}

// ignored says whether .gitignore names what a build or a profile leaves at the top level.
func ignored(name string) bool {
	text, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		return false
	}
	for pattern := range strings.Lines(string(text)) {
		if ok, _ := filepath.Match(strings.TrimPrefix(strings.TrimSpace(pattern), "/"), name); ok {
			return true
		}
	}
	return false
}
