// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/temporal"
	"gondola/lisp/value"
)

// fileTable: what files are, and moving them about (language.md 14.4).
var fileTable = eval.Table{
	{Name: "io/tmp-dir", Min: 0, Max: 0, F0: func(*eval.Thread) (value.Value, error) { return value.NewFile(filepath.Clean(os.TempDir())).Val(), nil }, Doc: "The folder for temporary files."},
	{Name: "io/user-dir", Min: 0, Max: 0, F0: dirOf(os.Getwd), Doc: "The working directory."},
	{Name: "io/user-home-dir", Min: 0, Max: 0, F0: dirOf(os.UserHomeDir), Doc: "The user's home."},
	{Name: "io/default-charset", Min: 0, Max: 0, F0: func(*eval.Thread) (value.Value, error) { return value.String("UTF-8"), nil }, Doc: "The name of the default charset."},
	fileRow("io/file-basename", func(p string) (value.Value, error) {
		name := filepath.Base(p)
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			name = name[:i]
		}
		return value.String(name), nil
	}),
	{Name: "io/file-ext?", Min: 2, Max: -1, FN: fileExtIs, Forms: "(io/file-ext? f ext & exts)", Doc: "Whether the file has one of the extensions."},
	fileRow("io/file-absolute?", func(p string) (value.Value, error) { return value.Bool(filepath.IsAbs(p)), nil }),
	fileRow("io/file-canonical", func(p string) (value.Value, error) {
		abs, err := filepath.Abs(p)
		if err != nil {
			return value.Nil, ioError(err)
		}
		if real, err := filepath.EvalSymlinks(abs); err == nil {
			abs = real
		}
		return value.NewFile(abs).Val(), nil
	}),
	fileRow("io/file-hidden?", func(p string) (value.Value, error) {
		_, err := os.Stat(p)
		return value.Bool(err == nil && strings.HasPrefix(filepath.Base(p), ".")), nil
	}),
	fileRow("io/file-can-read?", permission(0o444, os.O_RDONLY)),
	fileRow("io/file-can-write?", permission(0o222, os.O_WRONLY)),
	fileRow("io/file-can-execute?", permission(0o111, -1)),
	fileRow("io/file-last-modified", func(p string) (value.Value, error) {
		info, err := os.Stat(p)
		if err != nil {
			return value.Nil, ioError(err)
		}
		return temporal.Moment{Kind: temporal.Zoned, T: info.ModTime()}.To(temporal.LocalDateTime, temporal.DefaultZone).Val(), nil
	}),
	fileRow("io/symbolic-link?", func(p string) (value.Value, error) {
		info, err := os.Lstat(p)
		return value.Bool(err == nil && info.Mode()&fs.ModeSymlink != 0), nil
	}),
	fileRow("io/touch-file", touchFile),
	{Name: "io/create-symbolic-link", Min: 2, Max: 2, F2: createSymbolicLink, Forms: "(io/create-symbolic-link link target)", Doc: "Makes a symbolic link."},
	{Name: "io/file-within-dir?", Min: 2, Max: 2, F2: fileWithinDir, Forms: "(io/file-within-dir? dir file)", Doc: "Whether an absolute path lies in an absolute folder."},
	{Name: "io/copy-file", Min: 2, Max: -1, Fn: copyFile, Forms: "(io/copy-file source dest & options)", Doc: "Copies a file to a file, into a folder or to an output stream. Option :replace."},
	{Name: "io/copy-file-tree", Min: 2, Max: -1, Fn: copyFileTree, Forms: "(io/copy-file-tree source dest & options)", Doc: "Copies a folder with all in it. Option :replace."},
	{Name: "io/move-file", Min: 2, Max: -1, Fn: moveFile, Forms: "(io/move-file source target & options)", Doc: "Renames or moves a file. Option :replace."},
	{Name: "io/list-file-tree", Min: 1, Max: 2, FN: listFileTree, Forms: "(io/list-file-tree dir)\n(io/list-file-tree dir filter-fn)", Doc: "All files and folders below a folder."},
	{Name: "io/list-file-tree-lazy", Min: 1, Max: 2, FN: listFileTree, Forms: "(io/list-file-tree-lazy dir)\n(io/list-file-tree-lazy dir filter-fn)", Doc: "All files and folders below a folder."},
	{Name: "io/delete-file-on-exit", Min: 1, Max: -1, FN: deleteOnExit, Forms: "(io/delete-file-on-exit f & files)", Doc: "Deletes the files when the interpreter is closed."},
	{Name: "io/mime-type", Min: 1, Max: -1, FN: mimeType, Forms: "(io/mime-type file)", Doc: "The media type that a file's name suggests."},
	{Name: "io/->uri", Min: 1, Max: 1, F1: toURL("io/->uri", "java.net.URI"), Forms: "(io/->uri s)", Doc: "A URI of a text or file."},
	{Name: "io/->url", Min: 1, Max: 1, F1: toURL("io/->url", "java.net.URL"), Forms: "(io/->url s)", Doc: "A URL of a text or file."},
	{Name: "io/->path", Min: 1, Max: -1, FN: ioFile, Forms: "(io/->path p & more)", Doc: "A path; on this host it is a file."},
}

func dirOf(get func() (string, error)) func(*eval.Thread) (value.Value, error) {
	return func(*eval.Thread) (value.Value, error) {
		dir, err := get()
		return value.NewFile(dir).Val(), ioError(err)
	}
}

func fileExtIs(_ *eval.Thread, a []value.Value) (value.Value, error) {
	p, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/file-ext?' does not allow %s as f", a[0].Type())
	}
	for _, v := range a[1:] {
		ext, ok := v.Str()
		if !ok {
			return value.Nil, value.CoerceError(v, "string")
		}
		if strings.HasSuffix(p, "."+strings.TrimPrefix(ext, ".")) {
			return value.True, nil
		}
	}
	return value.False, nil
}

// permission asks the system by opening; a flag of -1 looks at the mode.
func permission(mode fs.FileMode, flag int) func(string) (value.Value, error) {
	return func(p string) (value.Value, error) {
		info, err := os.Stat(p)
		if err != nil {
			return value.False, nil
		}
		if flag < 0 || info.IsDir() {
			return value.Bool(info.Mode()&mode != 0), nil
		}
		f, err := os.OpenFile(p, flag, 0)
		if err == nil {
			f.Close()
		}
		return value.Bool(err == nil), nil
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

// fileFailed is a script exception with the system's reason as its cause.
func fileFailed(cause error, text string, args ...any) error {
	return value.Errorf(text, args...).Because(value.Throwf(value.IOException, "%s", cause))
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

func fileWithinDir(_ *eval.Thread, dir, file value.Value) (value.Value, error) {
	d, ok := pathOf(dir)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/file-within-dir?' does not allow %s as dir arg", dir.Type())
	}
	f, ok := pathOf(file)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/file-within-dir?' does not allow %s as file arg", file.Type())
	}
	if !filepath.IsAbs(f) {
		return value.Nil, value.Errorf("Function 'io/file-within-dir?' required an absolute path for file")
	}
	if !filepath.IsAbs(d) {
		return value.Nil, value.Errorf("Function 'io/file-within-dir?' required an absolute path for dir")
	}
	rel, err := filepath.Rel(d, f)
	return value.Bool(err == nil && filepath.IsLocal(rel)), nil
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

func listFileTree(th *eval.Thread, a []value.Value) (value.Value, error) {
	dir, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/list-file-tree' does not allow %s as dir", a[0].Type())
	}
	var out []value.Value
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
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

// mediaTypes are those that scripts meet and that the system's tables may not have.
var mediaTypes = map[string]string{
	".pdf": "application/pdf", ".json": "application/json", ".txt": "text/plain", ".csv": "text/csv", ".html": "text/html", ".xml": "application/xml",
	".md": "text/markdown", ".zip": "application/zip", ".gz": "application/gzip", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".gif": "image/gif", ".svg": "image/svg+xml", ".css": "text/css", ".js": "text/javascript",
}

func mimeType(_ *eval.Thread, a []value.Value) (value.Value, error) {
	p, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/mime-type' does not allow %s as f", a[0].Type())
	}
	ext := strings.ToLower(filepath.Ext(p))
	t, known := mediaTypes[ext]
	if !known {
		t, _, _ = strings.Cut(mime.TypeByExtension(ext), ";")
	}
	if t == "" {
		t = "application/octet-stream"
	}
	return value.String(t), nil
}

func toURL(name, class string) func(*eval.Thread, value.Value) (value.Value, error) {
	t := &value.Type{Name: class}
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if u, ok := value.HostOf[*url.URL](v); ok {
			return value.NewHost(t, u).Val(), nil
		}
		text, ok := v.Str()
		if f, isFile := v.Ref().(*value.File); isFile {
			abs, err := filepath.Abs(f.Path)
			if err != nil {
				return value.Nil, ioError(err)
			}
			text, ok = (&url.URL{Scheme: "file", Path: abs}).String(), true
		}
		if !ok {
			return value.Nil, value.Errorf("Function '%s' does not allow %s as argument", name, v.Type())
		}
		u, err := url.Parse(text)
		if err != nil {
			return value.Nil, value.Errorf("'%s' is no URI: %s", text, err)
		}
		return value.NewHost(t, u).Val(), nil
	}
}
