// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/temporal"
	"gondola/lisp/value"
)

// fileTable: what files are, language.md 14.4.
var fileTable = eval.Table{
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
		if err != nil || st.IsDir() {
			return value.Nil, value.Errorf("'%s' is not a file", p)
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
	isA[*value.File]("io/file?"),
	{Name: "io/tmp-dir", Min: 0, Max: 0, F0: func(*eval.Thread) (value.Value, error) { return value.NewFile(filepath.Clean(os.TempDir())).Val(), nil }, Forms: "(io/tmp-dir)", Doc: "The folder for temporary files."},
	{Name: "io/user-dir", Min: 0, Max: 0, F0: dirOf(os.Getwd), Forms: "(io/user-dir)", Doc: "The working directory."},
	{Name: "io/user-home-dir", Min: 0, Max: 0, F0: dirOf(os.UserHomeDir), Forms: "(io/user-home-dir)", Doc: "The user's home."},
	{Name: "io/default-charset", Min: 0, Max: 0, F0: func(*eval.Thread) (value.Value, error) { return value.String("UTF-8"), nil }, Forms: "(io/default-charset)", Doc: "The name of the default charset."},
	fileRow("io/file-basename", func(p string) (value.Value, error) {
		name := filepath.Base(p)
		if i := strings.LastIndexByte(name, '.'); i > 0 {
			name = name[:i]
		}
		return value.String(name), nil
	}),
	{Name: "io/file-ext?", Min: 2, Max: -1, FN: fileExtIs, Forms: "(io/file-ext? f ext)", Doc: "Whether the file has an extension."},
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
			return value.Nil, nil
		}
		return temporal.Moment{Kind: temporal.Zoned, T: info.ModTime()}.To(temporal.LocalDateTime, temporal.DefaultZone()).Val(), nil
	}),
	fileRow("io/symbolic-link?", func(p string) (value.Value, error) {
		info, err := os.Lstat(p)
		return value.Bool(err == nil && info.Mode()&fs.ModeSymlink != 0), nil
	}),
	{Name: "io/file-within-dir?", Min: 2, Max: 2, F2: fileWithinDir, Forms: "(io/file-within-dir? dir file)", Doc: "Whether an absolute path lies in an absolute folder."},
	{Name: "io/mime-type", Min: 1, Max: -1, FN: mimeType, Forms: "(io/mime-type file)", Doc: "The media type that a file's name suggests."},
	{Name: "io/->uri", Min: 1, Max: 7, FN: toURL("io/->uri", "java.net.URI", partsOfURI), Forms: "(io/->uri x)\n(io/->uri scheme user-info host port path query fragment)", Doc: "A URI of a text, file or URL, or of its parts, nil for what is not there."},
	{Name: "io/->url", Min: 1, Max: 4, FN: toURL("io/->url", "java.net.URL", partsOfURL), Forms: "(io/->url x)\n(io/->url protocol host port file)", Doc: "A URL of a text, file or URI, or of its parts."},
	{Name: "io/->path", Min: 1, Max: -1, FN: ioFile, Forms: "(io/->path p & more)", Doc: "A path; on this host it is a file."},
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
	ext, ok := a[1].Str() // the first one alone, as in the reference
	if !ok {
		return value.Nil, value.CoerceError(a[1], "string")
	}
	return value.Bool(strings.HasSuffix(p, "."+strings.TrimPrefix(ext, "."))), nil
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

// fileFailed is a script exception with the system's reason as its cause.
func fileFailed(cause error, text string, args ...any) error {
	return value.Errorf(text, args...).Because(value.Throwf(value.IOException, "%s", cause))
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

// javaURL is a URI or URL, printed as Java does.
type javaURL struct{ *url.URL }

func (u javaURL) String() string {
	if u.Scheme == "file" && u.Host == "" {
		return "file:" + u.EscapedPath()
	}
	return u.URL.String()
}

// toURL makes a URI or URL of a text, a file, the other of both, or of its parts.
func toURL(name, class string, parts func([]value.Value) (*url.URL, bool)) func(*eval.Thread, []value.Value) (value.Value, error) {
	t := &value.Type{Name: class}
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) > 1 {
			u, ok := parts(a)
			if !ok {
				return value.Nil, value.Errorf("Function '%s' does not allow these %d parts", name, len(a))
			}
			return value.NewHost(t, javaURL{u}).Val(), nil
		}
		v := a[0]
		if u, ok := value.HostOf[javaURL](v); ok {
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
		switch {
		case err != nil:
			return value.Nil, value.Errorf("'%s' is no URI: %s", text, err)
		case u.Scheme == "" && class == "java.net.URL":
			return value.Nil, value.Errorf("Malformed URL: no protocol: %s", text)
		}
		return value.NewHost(t, javaURL{u}).Val(), nil
	}
}

// partsOfURI are scheme, user info, host, port, path, query and fragment; nil for what is not there.
func partsOfURI(a []value.Value) (*url.URL, bool) {
	var text [7]string
	if len(a) != len(text) {
		return nil, false
	}
	for i, v := range a {
		if !v.IsNil() && i != 3 {
			var ok bool
			if text[i], ok = v.Str(); !ok {
				return nil, false
			}
		}
	}
	u := &url.URL{Scheme: text[0], Host: text[2], Path: text[4], RawQuery: text[5], Fragment: text[6]}
	if port, ok := value.ToLong(a[3]); ok && port >= 0 {
		u.Host = fmt.Sprintf("%s:%d", text[2], port)
	}
	if user, password, some := strings.Cut(text[1], ":"); some {
		u.User = url.UserPassword(user, password)
	} else if user != "" {
		u.User = url.User(user)
	}
	return u, true
}

// partsOfURL are scheme, host, port and file.
func partsOfURL(a []value.Value) (*url.URL, bool) {
	if len(a) != 4 {
		return nil, false
	}
	return partsOfURI([]value.Value{a[0], value.Nil, a[1], a[2], a[3], value.Nil, value.Nil})
}
