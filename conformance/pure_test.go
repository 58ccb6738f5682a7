// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// outside are what leads out of the interpreter: packages, and the functions of lisp/core that open files.
var outside = strings.Fields("os os/exec os/user net net/http io/fs io/ioutil path/filepath syscall archive/zip github.com/fsnotify/fsnotify " +
	"openForReading readPath readFile spitTo contentOf")

// guarded are files of pure tables that lead out all the same, each with what keeps a sandbox shut.
var guarded = map[string]string{
	"csv.go":     "csv/write touches files, csv/read asks for the permission",
	"crypt.go":   "crypt/hash-file and crypt/verify-file-hash touch files",
	"encrypt.go": "an encryptor asks for the permission when it gets files",
}

// X9: the tables whose functions all touch nothing stand in files that cannot reach anything.
func TestPureTablesReachNothing(t *testing.T) {
	set := token.NewFileSet()
	paths, err := filepath.Glob("../lisp/core/*.go")
	if err != nil {
		t.Fatal(err)
	}
	pure := map[string]bool{} // names of tables
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "pureTables" {
				ast.Inspect(fn, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok && strings.HasSuffix(id.Name, "Table") {
						pure[id.Name] = true
					}
					return true
				})
			}
		}
	}
	seen := 0
	for _, f := range files {
		name := filepath.Base(set.Position(f.Pos()).Filename)
		if name == "core.go" || !declaresTable(f, pure) {
			continue
		}
		seen++
		var found []string
		for _, i := range f.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); slices.Contains(outside, path) {
				found = append(found, path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if id, ok := c.Fun.(*ast.Ident); ok && slices.Contains(outside, id.Name) {
					found = append(found, id.Name)
				}
			}
			return true
		})
		switch {
		case found != nil && guarded[name] == "":
			t.Errorf("%s is of a pure table and uses %s", name, strings.Join(found, ", "))
		case found == nil && guarded[name] != "":
			t.Errorf("%s needs no guard any more", name)
		}
	}
	if seen < 40 || len(pure) < 45 {
		t.Errorf("%d files, %d tables", seen, len(pure))
	}
}

// declaresTable reports whether a file has one of the tables.
func declaresTable(f *ast.File, names map[string]bool) bool {
	for _, d := range f.Decls {
		switch x := d.(type) {
		case *ast.GenDecl:
			for _, s := range x.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && len(v.Names) == 1 && names[v.Names[0].Name] {
					return true
				}
			}
		case *ast.FuncDecl:
			if names[x.Name.Name] {
				return true
			}
		}
	}
	return false
}
