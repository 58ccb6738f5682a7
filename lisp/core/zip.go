// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// zipTable: zip archives, language.md 14.4.
var zipTable = eval.Table{
	{Name: "io/zip", Min: 2, Max: -1, FN: zipBytes, Forms: "(io/zip name data & more)", Doc: "A zip archive of names and their data: bytebufs, files, input streams, nil for an empty one."},
	{Name: "io/zip?", Min: 1, Max: 1, F1: hasMagic("PK"), Forms: "(io/zip? x)", Doc: "Whether a file or bytebuf begins like a zip."},
	{Name: "io/zip-size", Min: 1, Max: 1, F1: zipSize, Forms: "(io/zip-size x)", Doc: "How many entries a zip has."},
	{Name: "io/zip-list-entry-names", Min: 1, Max: -1, FN: zipNames, Forms: "(io/zip-list-entry-names x)", Doc: "The names of a zip's entries."},
	{Name: "io/zip-append", Min: 3, Max: -1, FN: zipAppend, Forms: "(io/zip-append f name data & more)", Doc: "Adds entries to a zip file; those of the same name are replaced."},
	{Name: "io/zip-remove", Min: 2, Max: -1, FN: zipRemove, Forms: "(io/zip-remove f name & names)", Doc: "Removes entries from a zip file."},
	{Name: "io/zip-file", Min: 2, Max: -1, FN: zipFile, Forms: "(io/zip-file & options f & files)", Doc: "Zips files and folders into a file or output stream. Option :filter-fn (fn [dir name])."},
	{Name: "io/unzip", Min: 2, Max: 2, F2: unzip, Forms: "(io/unzip x name)", Doc: "The bytes of an entry, nil if there is none."},
	{Name: "io/unzip-first", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) { return unzipNth(th, v, value.Long(0)) }, Forms: "(io/unzip-first x)", Doc: "The bytes of the first entry."},
	{Name: "io/unzip-nth", Min: 2, Max: 2, F2: unzipNth, Forms: "(io/unzip-nth x n)", Doc: "The bytes of the nth entry."},
	{Name: "io/unzip-all", Min: 1, Max: 2, FN: unzipAll, Forms: "(io/unzip-all x)\n(io/unzip-all glob x)", Doc: "A map of entry names to bytes."},
	{Name: "io/unzip-to-dir", Min: 2, Max: 2, F2: unzipToDir, Forms: "(io/unzip-to-dir x dir)", Doc: "Extracts a zip; entries that would leave the folder are refused."},
}

// entry is a file of an archive.
type entry struct {
	name string
	data []byte
}

// entriesOf reads pairs of a name and its data.
func entriesOf(th *eval.Thread, fn string, a []value.Value) ([]entry, error) {
	if len(a)%2 == 1 {
		return nil, value.Errorf("Function '%s' requires an even number of arguments", fn)
	}
	var out []entry
	for i := 0; i < len(a); i += 2 {
		name, ok := a[i].Str()
		if !ok {
			return nil, value.CoerceError(a[i], "string")
		}
		if slices.ContainsFunc(out, func(e entry) bool { return e.name == name }) {
			return nil, value.Errorf("Function '%s' duplicate entry name %s", fn, name)
		}
		var data []byte
		if !a[i+1].IsNil() {
			var err error
			if data, err = contentOf(th, a[i+1]); err != nil {
				return nil, err
			}
		}
		out = append(out, entry{name, data})
	}
	return out, nil
}

func pack(entries []entry) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err == nil && !strings.HasSuffix(e.name, "/") {
			_, err = w.Write(e.data)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

func zipBytes(th *eval.Thread, a []value.Value) (value.Value, error) {
	entries, err := entriesOf(th, "io/zip", a)
	if err != nil {
		return value.Nil, err
	}
	return bytesValue(pack(entries))
}

func openZip(th *eval.Thread, v value.Value) (*zip.Reader, error) {
	b, err := contentOf(th, v)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	return z, ioError(err)
}

func zipSize(th *eval.Thread, v value.Value) (value.Value, error) {
	z, err := openZip(th, v)
	if err != nil {
		return value.Nil, err
	}
	return value.Long(int64(len(z.File))), nil
}

func zipNames(th *eval.Thread, a []value.Value) (value.Value, error) {
	z, err := openZip(th, a[0])
	if err != nil {
		return value.Nil, err
	}
	var out []value.Value
	for _, f := range z.File {
		out = append(out, value.String(f.Name))
	}
	return value.ListOf(out).Val(), nil
}

func readEntry(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return inflated(r, nil)
}

func unzip(th *eval.Thread, v, name value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	want, ok := name.Str()
	if !ok {
		return value.Nil, value.CoerceError(name, "string")
	}
	z, err := openZip(th, v)
	if err != nil {
		return value.Nil, err
	}
	for _, f := range z.File {
		if f.Name == want {
			return bytesValue(readEntry(f))
		}
	}
	return value.Nil, nil
}

func unzipNth(th *eval.Thread, v, nth value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	n, err := asLong(nth)
	if err != nil {
		return value.Nil, err
	}
	z, err := openZip(th, v)
	if err != nil || n < 0 || n >= int64(len(z.File)) {
		return value.Nil, err
	}
	return bytesValue(readEntry(z.File[n]))
}

func unzipAll(th *eval.Thread, a []value.Value) (value.Value, error) {
	v, match := a[len(a)-1], func(string) bool { return true }
	if len(a) == 2 {
		var err error
		if match, err = asGlob("io/unzip-all", a[0]); err != nil {
			return value.Nil, err
		}
	}
	if v.IsNil() {
		return v, nil
	}
	z, err := openZip(th, v)
	if err != nil {
		return value.Nil, err
	}
	var pairs []value.Value
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") || !match(f.Name) {
			continue
		}
		b, err := readEntry(f)
		if err != nil {
			return value.Nil, ioError(err)
		}
		pairs = append(pairs, value.String(f.Name), value.NewByteBuf(b).Val())
	}
	return value.NewHashMap(pairs...).Val(), nil
}

// unzipToDir extracts an archive. A name that would leave the folder is refused before anything is written.
func unzipToDir(th *eval.Thread, v, to value.Value) (value.Value, error) {
	dir, ok := pathOf(to)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/unzip-to-dir' does not allow %s as dir", to.Type())
	}
	z, err := openZip(th, v)
	if err != nil {
		return value.Nil, err
	}
	for _, f := range z.File {
		if !filepath.IsLocal(strings.TrimSuffix(f.Name, "/")) {
			return value.Nil, value.Errorf("The zip entry '%s' would be written outside of the directory %s: nothing is extracted", f.Name, dir)
		}
	}
	for _, f := range z.File {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if strings.HasSuffix(f.Name, "/") {
			err = os.MkdirAll(path, 0o777)
		} else if err = os.MkdirAll(filepath.Dir(path), 0o777); err == nil {
			var b []byte
			if b, err = readEntry(f); err == nil {
				err = os.WriteFile(path, b, 0o666)
			}
		}
		if err != nil {
			return value.Nil, ioError(err)
		}
	}
	return value.Nil, nil
}

// rewriteZip replaces a zip file by one with changed entries.
func rewriteZip(th *eval.Thread, path string, change func([]entry) []entry) error {
	z, err := openZip(th, value.NewFile(path).Val())
	if err != nil {
		return err
	}
	var entries []entry
	for _, f := range z.File {
		e := entry{name: f.Name}
		if !strings.HasSuffix(f.Name, "/") {
			if e.data, err = readEntry(f); err != nil {
				return ioError(err)
			}
		}
		entries = append(entries, e)
	}
	b, err := pack(change(entries))
	if err != nil {
		return ioError(err)
	}
	return ioError(replaceFile(path, b))
}

// replaceFile writes a file beside and renames it, so that a failure leaves the old one.
func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func zipAppend(th *eval.Thread, a []value.Value) (value.Value, error) {
	path, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/zip-append' does not allow %s as f", a[0].Type())
	}
	added, err := entriesOf(th, "io/zip-append", a[1:])
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, rewriteZip(th, path, func(entries []entry) []entry {
		entries = slices.DeleteFunc(entries, func(e entry) bool {
			return slices.ContainsFunc(added, func(n entry) bool { return n.name == e.name })
		})
		return append(entries, added...)
	})
}

func zipRemove(th *eval.Thread, a []value.Value) (value.Value, error) {
	path, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/zip-remove' does not allow %s as f", a[0].Type())
	}
	var names []string
	for _, v := range a[1:] {
		name, ok := v.Str()
		if !ok {
			return value.Nil, value.CoerceError(v, "string")
		}
		names = append(names, name)
	}
	return value.Nil, rewriteZip(th, path, func(entries []entry) []entry {
		return slices.DeleteFunc(entries, func(e entry) bool { return slices.Contains(names, e.name) })
	})
}

func zipFile(th *eval.Thread, a []value.Value) (value.Value, error) {
	filter := value.Nil
	for len(a) > 2 {
		k, ok := a[0].Ref().(*value.Keyword)
		if !ok {
			break
		}
		switch k.Name {
		case "filter-fn":
			filter = a[1]
		case "silent":
		default:
			return value.Nil, value.Errorf("The option :%s of io/zip-file is not available on this host", k.Name)
		}
		a = a[2:]
	}
	var entries []entry
	for _, v := range a[1:] {
		root, ok := pathOf(v)
		if !ok {
			return value.Nil, value.Errorf("Function 'io/zip-file' does not allow %s as file", v.Type())
		}
		if _, err := os.Stat(root); err != nil {
			return value.Nil, value.Errorf("'%s' is not a file or a directory", root)
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if !filter.IsNil() {
				keep, err := th.Call2(filter, value.NewFile(filepath.Dir(path)).Val(), value.String(d.Name()))
				if err != nil || !keep.Truthy() {
					return err
				}
			}
			name, err := filepath.Rel(filepath.Dir(root), path)
			if err != nil {
				return err
			}
			b, err := os.ReadFile(path)
			entries = append(entries, entry{filepath.ToSlash(name), b})
			return err
		})
		if err != nil {
			return value.Nil, ioError(err)
		}
	}
	b, err := pack(entries)
	if err != nil {
		return value.Nil, ioError(err)
	}
	if out, ok := a[0].Ref().(*value.Stream); ok {
		_, err = out.Write(b)
		return value.Nil, ioError(err)
	}
	path, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/zip-file' does not allow %s as zip-file", a[0].Type())
	}
	return value.Nil, ioError(replaceFile(path, b))
}
