// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stateful are the package-level variables of the interpreter that hold a lock, an atomic or the like, each with why that is no
// state that scripts could share.
var stateful = map[string]string{
	"lisp/eval.never":           "stays false",
	"lisp/core.tables":          "made once, then read",
	"lisp/core.examples":        "made once, then read",
	"lisp/temporal.DefaultZone": "found once, then read",
}

// X11: there is no package-level state in the interpreter that changes: two interpreters share nothing. No variable is assigned,
// counted or written into outside its declaration, and none is of a type made for changing.
func TestNoPackageState(t *testing.T) {
	packages := map[string][]*ast.File{}
	set := token.NewFileSet()
	for _, root := range []string{"../lisp", "../ipcmod"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			dir := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, ".."+string(filepath.Separator))))
			packages[dir] = append(packages[dir], f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	variables := 0
	for dir, files := range packages {
		vars := map[string]*ast.ValueSpec{}
		for _, f := range files {
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.VAR {
					continue
				}
				for _, s := range g.Specs {
					spec := s.(*ast.ValueSpec)
					for _, name := range spec.Names {
						vars[name.Name] = spec
						variables++
						if made := changeable(spec); made != "" && stateful[dir+"."+name.Name] == "" {
							t.Errorf("%s: %s is a package-level %s", set.Position(name.Pos()), name.Name, made)
						}
					}
				}
			}
		}
		for _, f := range files {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				local := locals(fn)
				ast.Inspect(fn, func(n ast.Node) bool {
					for _, target := range written(n) {
						if id := variable(target); id != nil && id.Name != "_" && vars[id.Name] != nil && !local[id.Name] {
							t.Errorf("%s: the package-level variable %s is changed", set.Position(id.Pos()), id.Name)
						}
					}
					return true
				})
			}
		}
	}
	if variables < 200 {
		t.Errorf("%d variables", variables)
	}
}

// changeable says which part of a variable's type is made for changing; "" if none is.
func changeable(spec *ast.ValueSpec) (found string) {
	look := func(n ast.Node) {
		if n == nil {
			return
		}
		ast.Inspect(n, func(n ast.Node) bool {
			if _, isFunc := n.(*ast.FuncLit); isFunc {
				return false
			}
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && (x.Name == "sync" || x.Name == "atomic") {
					found = x.Name + "." + s.Sel.Name
				}
			}
			if _, ok := n.(*ast.ChanType); ok {
				found = "channel"
			}
			return true
		})
	}
	if spec.Type != nil {
		look(spec.Type)
	}
	for _, v := range spec.Values {
		look(v)
	}
	return found
}

// written are the expressions that a statement writes to.
func written(n ast.Node) []ast.Expr {
	switch s := n.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			return s.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{s.X}
	case *ast.RangeStmt:
		if s.Tok == token.ASSIGN {
			return slices.DeleteFunc([]ast.Expr{s.Key, s.Value}, func(e ast.Expr) bool { return e == nil })
		}
	case *ast.CallExpr:
		if f, ok := s.Fun.(*ast.Ident); ok && (f.Name == "delete" || f.Name == "clear" || f.Name == "copy") && len(s.Args) > 0 {
			return s.Args[:1]
		}
	}
	return nil
}

// variable is what an expression is a part of.
func variable(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// locals are the names that a function declares anywhere.
func locals(fn *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	add := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok {
			names[id.Name] = true
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.Field:
			for _, id := range x.Names {
				names[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range x.Names {
				names[id.Name] = true
			}
		case *ast.AssignStmt:
			if x.Tok == token.DEFINE {
				for _, e := range x.Lhs {
					add(e)
				}
			}
		case *ast.RangeStmt:
			if x.Tok == token.DEFINE {
				add(x.Key)
				add(x.Value)
			}
		}
		return true
	})
	return names
}
