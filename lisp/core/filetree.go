// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// fileTreeTable: making, listing, copying, moving and deleting files and folders, language.md 14.4.
var fileTreeTable = eval.Table{
	fileRow("io/mkdir", func(p string) (value.Value, error) {
		if err := os.Mkdir(p, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return value.Nil, ioError(err)
		}
		return value.True, nil
	}),
	fileRow("io/mkdirs", func(p string) (value.Value, error) { return value.True, ioError(os.MkdirAll(p, 0o777)) }),
	{Name: "io/delete-file-tree", Min: 1, Max: -1, FN: deleteEach("io/delete-file-tree", os.RemoveAll), Forms: "(io/delete-file-tree f & more)", Doc: "Deletes files and folders with all in them; missing ones are fine."},
	{Name: "io/delete-file", Min: 1, Max: -1, FN: deleteEach("io/delete-file", os.Remove), Forms: "(io/delete-file & files)", Doc: "Deletes files; missing ones are fine."},
	{Name: "io/temp-dir", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		prefix, ok := value.StringOrKeyword(v)
		if !ok {
			return value.Nil, value.CoerceError(v, "string")
		}
		dir, err := os.MkdirTemp("", prefix+"*")
		return value.NewFile(dir).Val(), ioError(err)
	}, Forms: "(io/temp-dir prefix)", Doc: "Makes an empty directory."},
	{Name: "io/temp-file", Min: 2, Max: 2, F2: func(_ *eval.Thread, p, s value.Value) (value.Value, error) {
		prefix, ok := value.StringOrKeyword(p)
		suffix, ok2 := value.StringOrKeyword(s)
		if !ok || !ok2 {
			return value.Nil, value.CoerceError(p, "string")
		}
		f, err := os.CreateTemp("", prefix+"*"+suffix)
		if err != nil {
			return value.Nil, ioError(err)
		}
		return value.NewFile(f.Name()).Val(), ioError(f.Close())
	}, Forms: "(io/temp-file prefix suffix)", Doc: "Makes an empty file."},
	{Name: "io/list-files", Min: 1, Max: 2, FN: listFiles, Forms: "(io/list-files dir)\n(io/list-files dir filter-fn)", Doc: "The files of a directory, sorted by name."},
	fileRow("io/touch-file", touchFile),
	{Name: "io/create-symbolic-link", Min: 2, Max: 2, F2: createSymbolicLink, Forms: "(io/create-symbolic-link link target)", Doc: "Makes a symbolic link."},
	{Name: "io/copy-file", Min: 2, Max: -1, Fn: copyFile, Forms: "(io/copy-file source dest & options)", Doc: "Copies a file to a file, into a folder or to an output stream. Option :replace."},
	{Name: "io/copy-file-tree", Min: 2, Max: -1, Fn: copyFileTree, Forms: "(io/copy-file-tree source dest & options)", Doc: "Copies a folder with all in it. Option :replace."},
	{Name: "io/move-file", Min: 2, Max: -1, Fn: moveFile, Forms: "(io/move-file source target & options)", Doc: "Renames or moves a file. Option :replace."},
	{Name: "io/list-file-tree", Min: 1, Max: 2, FN: listFileTree(true), Forms: "(io/list-file-tree dir)\n(io/list-file-tree dir filter-fn)", Doc: "A folder, and all files and folders below it."},
	{Name: "io/list-file-tree-lazy", Min: 1, Max: 2, FN: listFileTree(false), Forms: "(io/list-file-tree-lazy dir)\n(io/list-file-tree-lazy dir filter-fn)", Doc: "All files and folders below a folder."},
	{Name: "io/delete-file-on-exit", Min: 1, Max: -1, FN: deleteOnExit, Forms: "(io/delete-file-on-exit f & files)", Doc: "Deletes the files when the interpreter is closed."},
}

func listFiles(th *eval.Thread, a []value.Value) (value.Value, error) {
	dir, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/list-files' does not allow %s as dir", a[0].Type())
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return value.Nil, value.Errorf("'%s' is not a directory", dir)
	}
	var out []value.Value
	for _, e := range entries {
		f := value.NewFile(filepath.Join(dir, e.Name())).Val()
		if len(a) == 2 {
			keep, err := th.Call1(a[1], f)
			if err != nil {
				return value.Nil, err
			}
			if !keep.Truthy() {
				continue
			}
		}
		out = append(out, f)
	}
	return value.ListOf(out).Val(), nil
}

func deleteEach(name string, remove func(string) error) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		for _, v := range a {
			p, ok := pathOf(v)
			if !ok {
				return value.Nil, value.Errorf("Function '%s' does not allow %s as f", name, v.Type())
			}
			if err := remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return value.Nil, ioError(err)
			}
		}
		return value.Nil, nil
	}
}

func touchFile(p string) (value.Value, error) {
	f, err := os.OpenFile(p, os.O_CREATE|os.O_WRONLY, 0o666)
	if err == nil {
		now := time.Now()
		err = errors.Join(f.Close(), os.Chtimes(p, now, now))
	}
	if err != nil {
		return value.Nil, fileFailed(err, "Failed to touch file %s", p)
	}
	return value.NewFile(p).Val(), nil
}

func createSymbolicLink(_ *eval.Thread, link, target value.Value) (value.Value, error) {
	l, ok := pathOf(link)
	t, ok2 := pathOf(target)
	if !ok || !ok2 {
		return value.Nil, value.Errorf("Function 'io/create-symbolic-link' does not allow %s, %s", link.Type(), target.Type())
	}
	if err := os.Symlink(t, l); err != nil {
		return value.Nil, fileFailed(err, "Failed to create a symbolic link from %s to %s", l, t)
	}
	return value.NewFile(l).Val(), nil
}

// twoFiles reads the arguments of copying and moving.
func twoFiles(fn string, in *eval.Args) (from string, to value.Value, replace bool, err error) {
	a, b, opts := in.Value(), in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return "", value.Nil, false, err
	}
	from, ok := pathOf(a)
	if !ok {
		return "", value.Nil, false, value.Errorf("Function '%s' does not allow %s as source", fn, a.Type())
	}
	return from, b, opts["replace"].Truthy(), nil
}

func copyFile(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	from, dest, replace, err := twoFiles("io/copy-file", in)
	if err != nil {
		return value.Nil, err
	}
	if out, ok := dest.Ref().(*value.Stream); ok {
		f, err := os.Open(from)
		if err == nil {
			_, err = io.Copy(out, f)
			f.Close()
		}
		if err != nil {
			return value.Nil, fileFailed(err, "Failed to copy file %s to stream", from)
		}
		return value.Nil, nil
	}
	to, ok := pathOf(dest)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/copy-file' does not allow %s as dest", dest.Type())
	}
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, filepath.Base(from))
	}
	if err := copyContent(from, to, replace); err != nil {
		return value.Nil, fileFailed(err, "Failed to copy file %s to %s", from, to)
	}
	return value.Nil, nil
}

func copyContent(from, to string, replace bool) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	mode := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if !replace {
		mode |= os.O_EXCL
	}
	out, err := os.OpenFile(to, mode, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func copyFileTree(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	from, dest, replace, err := twoFiles("io/copy-file-tree", in)
	if err != nil {
		return value.Nil, err
	}
	to, ok := pathOf(dest)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/copy-file-tree' does not allow %s as dest", dest.Type())
	}
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o777)
		}
		return copyContent(path, filepath.Join(to, rel), replace)
	})
	if err != nil {
		return value.Nil, fileFailed(err, "Failed to copy file %s to %s", from, to)
	}
	return value.Nil, nil
}

func moveFile(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	from, dest, replace, err := twoFiles("io/move-file", in)
	if err != nil {
		return value.Nil, err
	}
	to, ok := pathOf(dest)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/move-file' does not allow %s as target", dest.Type())
	}
	if info, err := os.Stat(from); err != nil || info.IsDir() {
		return value.Nil, value.Errorf("Failed to move file %s to %s. The from file does not exists!", from, to)
	}
	if err := moveContent(from, to, replace); err != nil {
		return value.Nil, fileFailed(err, "Failed to move file %s to %s", from, to)
	}
	return value.Nil, nil
}

// moveContent renames, or copies and deletes between file systems.
func moveContent(from, to string, replace bool) error {
	if !replace {
		if _, err := os.Lstat(to); err == nil {
			return fs.ErrExist
		}
	}
	if os.Rename(from, to) == nil {
		return nil
	}
	if err := copyContent(from, to, replace); err != nil {
		return err
	}
	return os.Remove(from)
}

// listFileTree lists what is below a folder, and with itself the folder first.
func listFileTree(itself bool) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		dir, ok := pathOf(a[0])
		if !ok {
			return value.Nil, value.Errorf("Function 'io/list-file-tree' does not allow %s as dir", a[0].Type())
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return value.Nil, value.Errorf("'%s' is not a directory", dir)
		}
		var out []value.Value
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || path == dir && !itself {
				return err
			}
			f := value.NewFile(path).Val()
			if len(a) == 2 {
				keep, err := th.Call1(a[1], f)
				if err != nil || !keep.Truthy() {
					return err
				}
			}
			out = append(out, f)
			return nil
		})
		return value.ListOf(out).Val(), ioError(err)
	}
}

func deleteOnExit(th *eval.Thread, a []value.Value) (value.Value, error) {
	for _, v := range a {
		p, ok := pathOf(v)
		if !ok {
			return value.Nil, value.Errorf("Function 'io/delete-file-on-exit' does not allow %s as f", v.Type())
		}
		th.Runtime().AtClose(func() { _ = os.Remove(p) }) // nobody is there to hear of it any more
	}
	return value.Nil, nil
}
