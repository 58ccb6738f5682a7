// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// globTable: files by patterns such as *.txt, **/*.{log,out}.
var globTable = eval.Table{
	{Name: "io/file-matches-glob?", Min: 2, Max: 2, F2: matchesGlob, Forms: "(io/file-matches-glob? glob f)", Doc: "Whether the path as it is written matches."},
	{Name: "io/list-files-glob", Min: 2, Max: 2, F2: listGlob, Forms: "(io/list-files-glob dir glob)", Doc: "The files of a folder whose names match."},
	{Name: "io/delete-files-glob", Min: 2, Max: 2, F2: deleteGlob, Forms: "(io/delete-files-glob dir glob)", Doc: "Deletes the files of a folder whose names match; a list of them."},
	{Name: "io/copy-files-glob", Min: 3, Max: -1, Fn: eachToDir("io/copy-files-glob", copyContent), Forms: "(io/copy-files-glob from-dir to-dir glob & options)", Doc: "Copies the files of a folder whose names match. Option :replace."},
	{Name: "io/move-files-glob", Min: 3, Max: -1, Fn: eachToDir("io/move-files-glob", moveContent), Forms: "(io/move-files-glob from-dir to-dir glob & options)", Doc: "Moves the files of a folder whose names match. Option :replace."},
}

// globPattern translates a pattern: * and ? stop at a slash, ** does not, {a,b} and [a-z] are alternatives.
func globPattern(glob string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`^(?s:`)
	braces := 0
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case c == '*' && strings.HasPrefix(glob[i:], "**"):
			b.WriteString(`.*`)
			i++
		case c == '*':
			b.WriteString(`[^/]*`)
		case c == '?':
			b.WriteString(`[^/]`)
		case c == '\\' && i+1 < len(glob):
			i++
			b.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		case c == '[':
			end := strings.IndexByte(glob[i+1:], ']')
			if end < 0 {
				return nil, value.Errorf("The glob '%s' has a [ without a ]", glob)
			}
			set := glob[i+1 : i+1+end]
			if strings.HasPrefix(set, "!") {
				set = "^" + set[1:]
			}
			b.WriteString("[" + strings.ReplaceAll(set, `\`, `\\`) + "]")
			i += end + 1
		case c == '{':
			braces++
			b.WriteString(`(?:`)
		case c == '}' && braces > 0:
			braces--
			b.WriteByte(')')
		case c == ',' && braces > 0:
			b.WriteByte('|')
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	b.WriteString(`)$`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, value.Errorf("The glob '%s' cannot be read: %s", glob, err)
	}
	return re, nil
}

func asGlob(fn string, v value.Value) (func(string) bool, error) {
	text, ok := v.Str()
	if !ok {
		return nil, value.Errorf("Function '%s' does not allow %s as argument one", fn, v.Type())
	}
	re, err := globPattern(text)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

func matchesGlob(_ *eval.Thread, glob, f value.Value) (value.Value, error) {
	match, err := asGlob("io/file-matches-glob?", glob)
	if err != nil {
		return value.Nil, err
	}
	p, ok := pathOf(f)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/file-matches-glob?' does not allow %s as f", f.Type())
	}
	return value.Bool(match(p)), nil
}

// inDir lists the entries of a folder whose names match, as paths.
func inDir(fn string, dir, glob value.Value) ([]string, error) {
	d, ok := pathOf(dir)
	if !ok {
		return nil, value.Errorf("Function '%s' does not allow %s as dir", fn, dir.Type())
	}
	match, err := asGlob(fn, glob)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d)
	if err != nil {
		return nil, fileFailed(err, "'%s' is not a directory", d)
	}
	var out []string
	for _, e := range entries {
		if match(e.Name()) {
			out = append(out, filepath.Join(d, e.Name()))
		}
	}
	return out, nil
}

func listGlob(_ *eval.Thread, dir, glob value.Value) (value.Value, error) {
	paths, err := inDir("io/list-files-glob", dir, glob)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for _, p := range paths {
		out = append(out, value.NewFile(p).Val())
	}
	return value.ListOf(out).Val(), nil
}

func deleteGlob(_ *eval.Thread, dir, glob value.Value) (value.Value, error) {
	paths, err := inDir("io/delete-files-glob", dir, glob)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for _, p := range paths {
		if err := os.Remove(p); err != nil {
			return value.Nil, fileFailed(err, "Failed to delete file %s", p)
		}
		out = append(out, value.NewFile(p).Val())
	}
	return value.ListOf(out).Val(), nil
}

func eachToDir(name string, do func(from, to string, replace bool) error) func(*eval.Thread, *eval.Args) (value.Value, error) {
	return func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
		from, to, glob, opts := in.Value(), in.Value(), in.Value(), in.Options()
		if err := in.Done(); err != nil {
			return value.Nil, err
		}
		paths, err := inDir(name, from, glob)
		if err != nil {
			return value.Nil, err
		}
		dir, ok := pathOf(to)
		if !ok {
			return value.Nil, value.Errorf("Function '%s' does not allow %s as to", name, to.Type())
		}
		for _, p := range paths {
			if err := do(p, filepath.Join(dir, filepath.Base(p)), opts["replace"].Truthy()); err != nil {
				return value.Nil, fileFailed(err, "Failed to process file %s", p)
			}
		}
		return value.Nil, nil
	}
}
