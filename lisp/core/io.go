// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// ioTable: files, language.md 14.4.
var ioTable = eval.Table{
	{Name: "io/file", Min: 1, Max: -1, FN: ioFile, Forms: "(io/file path)\n(io/file parent child & children)", Doc: "A file: the joined path."},
	fileRow("io/file-name", func(p string) (value.Value, error) { return value.String(filepath.Base(p)), nil }),
	fileRow("io/file-path", func(p string) (value.Value, error) { return value.String(p), nil }),
	fileRow("io/file-absolute", func(p string) (value.Value, error) {
		abs, err := filepath.Abs(p)
		return value.NewFile(abs).Val(), err
	}),
	fileRow("io/file-parent", func(p string) (value.Value, error) {
		if dir := filepath.Dir(p); dir != "." {
			return value.NewFile(dir).Val(), nil
		}
		return value.Nil, nil
	}),
	fileRow("io/file-ext", func(p string) (value.Value, error) {
		ext := strings.TrimPrefix(filepath.Ext(p), ".")
		if ext == "" {
			return value.Nil, nil
		}
		return value.String(ext), nil
	}),
	fileRow("io/file-size", func(p string) (value.Value, error) {
		st, err := os.Stat(p)
		if err != nil {
			return value.Long(0), nil
		}
		return value.Long(st.Size()), nil
	}),
	fileRow("io/exists-file?", func(p string) (value.Value, error) {
		st, err := os.Stat(p)
		return value.Bool(err == nil && st.Mode().IsRegular()), nil
	}),
	fileRow("io/exists-dir?", func(p string) (value.Value, error) {
		st, err := os.Stat(p)
		return value.Bool(err == nil && st.IsDir()), nil
	}),
	fileRow("io/exists?", func(p string) (value.Value, error) { _, err := os.Stat(p); return value.Bool(err == nil), nil }),
	fileRow("io/mkdir", func(p string) (value.Value, error) {
		if err := os.Mkdir(p, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return value.Nil, ioError(err)
		}
		return value.True, nil
	}),
	fileRow("io/mkdirs", func(p string) (value.Value, error) { return value.True, ioError(os.MkdirAll(p, 0o777)) }),
	fileRow("io/delete-file-tree", func(p string) (value.Value, error) { return value.Nil, ioError(os.RemoveAll(p)) }),
	{Name: "io/delete-file", Min: 1, Max: -1, FN: deleteFiles, Forms: "(io/delete-file & files)", Doc: "Deletes files; missing ones are fine."},
	isA[*value.File]("io/file?"),
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
	{Name: "io/slurp", Min: 1, Max: -1, Fn: slurp, Forms: "(io/slurp f & options)", Doc: "The content of a file: a string, or with :binary true a bytebuf."},
	{Name: "io/slurp-lines", Min: 1, Max: -1, Fn: slurpLines, Forms: "(io/slurp-lines f & options)", Doc: "The lines of a file."},
	{Name: "io/spit", Min: 2, Max: -1, Fn: spit, Forms: "(io/spit f content & options)", Doc: "Writes a string or bytebuf; :append true appends."},
	{Name: "io/close", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) { return value.Nil, eval.CloseValue(v) }, Forms: "(io/close s)", Doc: "Closes a stream or another closeable."},
}

// pathOf takes a file or a string.
func pathOf(v value.Value) (string, bool) {
	if f, ok := v.Ref().(*value.File); ok {
		return f.Path, true
	}
	return v.Str()
}

func fileRow(name string, f func(path string) (value.Value, error)) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " f)", Doc: "Works on a file or a path string.",
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			p, ok := pathOf(v)
			if !ok {
				return value.Nil, value.Errorf("Function '%s' does not allow %s as f", name, v.Type())
			}
			return f(p)
		}}
}

// ioError makes a script exception of a file system error.
func ioError(err error) error {
	if err == nil {
		return nil
	}
	var known *value.Exception
	if errors.As(err, &known) {
		return known
	}
	return value.Errorf("%s", err)
}

func ioFile(_ *eval.Thread, a []value.Value) (value.Value, error) {
	var parts []string
	for _, v := range a {
		p, ok := pathOf(v)
		if !ok {
			return value.Nil, value.Errorf("Function 'io/file' does not allow %s as path", v.Type())
		}
		parts = append(parts, p)
	}
	path := parts[0]
	for _, p := range parts[1:] {
		path = strings.TrimSuffix(path, "/") + "/" + strings.TrimPrefix(p, "/")
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return value.NewFile(path).Val(), nil
}

func deleteFiles(_ *eval.Thread, a []value.Value) (value.Value, error) {
	for _, v := range a {
		p, ok := pathOf(v)
		if !ok {
			return value.Nil, value.Errorf("Function 'io/delete-file' does not allow %s as f", v.Type())
		}
		if err := os.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return value.Nil, ioError(err)
		}
	}
	return value.Nil, nil
}

func listFiles(th *eval.Thread, a []value.Value) (value.Value, error) {
	dir, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/list-files' does not allow %s as dir", a[0].Type())
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return value.Nil, value.Errorf("Function 'io/list-files' dir '%s' is not a directory", dir)
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

func readFile(th *eval.Thread, in *eval.Args) ([]byte, map[string]value.Value, error) {
	v, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return nil, nil, err
	}
	p, ok := pathOf(v)
	if !ok {
		return nil, nil, value.Errorf("Function 'io/slurp' does not allow %s as f", v.Type())
	}
	path, ok := find(th, p)
	if !ok {
		return nil, nil, value.Errorf("No such file: '%s'", p)
	}
	b, err := os.ReadFile(path)
	return b, opts, ioError(err)
}

func slurp(th *eval.Thread, in *eval.Args) (value.Value, error) {
	b, opts, err := readFile(th, in)
	if err != nil {
		return value.Nil, err
	}
	if opts["binary"].Truthy() {
		return value.NewByteBuf(b).Val(), nil
	}
	charset, err := encodingOf(opts)
	if err != nil {
		return value.Nil, err
	}
	return value.String(decodeText(charset, b)), nil
}

func slurpLines(th *eval.Thread, in *eval.Args) (value.Value, error) {
	b, _, err := readFile(th, in)
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for l := range strings.Lines(string(b)) {
		out = append(out, value.String(strings.TrimRight(l, "\r\n")))
	}
	return value.ListOf(slices.Clip(out)).Val(), nil
}

func spit(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	f, content, opts := in.Value(), in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return value.Nil, spitTo(f, content, opts)
}

// spitTo writes a string or bytebuf to a file; the options are those of io/spit.
func spitTo(f, content value.Value, opts map[string]value.Value) error {
	p, ok := pathOf(f)
	if !ok {
		return value.Errorf("Function 'io/spit' does not allow %s as f", f.Type())
	}
	charset, err := encodingOf(opts)
	if err != nil {
		return err
	}
	var data []byte
	switch x := content.Ref().(type) {
	case *value.Str:
		data = encodeText(charset, x.S)
	case *value.ByteBuf:
		data = x.B[:x.Lim]
	default:
		return value.Errorf("Function 'io/spit' does not allow %s as content", content.Type())
	}
	out, err := os.OpenFile(p, writeMode(opts), 0o666)
	if err != nil {
		return outputFailed(p, err)
	}
	_, err = out.Write(data)
	return ioError(errors.Join(err, out.Close()))
}
