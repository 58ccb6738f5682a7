// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// maxInflated bounds what one call decompresses into memory.
const maxInflated = 1 << 30

// archiveTable: compression and zip archives, language.md 14.4.
var archiveTable = eval.Table{
	{Name: "io/gzip", Min: 1, Max: 1, F1: gzipBytes, Forms: "(io/gzip x)", Doc: "Compresses a file, bytebuf or input stream."},
	{Name: "io/ungzip", Min: 1, Max: 1, F1: ungzipBytes, Forms: "(io/ungzip x)", Doc: "Decompresses a file, bytebuf or input stream to a bytebuf."},
	{Name: "io/gzip?", Min: 1, Max: 1, F1: hasMagic("\x1f\x8b"), Forms: "(io/gzip? x)", Doc: "Whether a file or bytebuf begins like a gzip."},
	{Name: "io/gzip-to-stream", Min: 2, Max: 2, F2: gzipToStream, Forms: "(io/gzip-to-stream x os)", Doc: "Compresses into an output stream."},
	{Name: "io/ungzip-to-stream", Min: 1, Max: 1, F1: ungzipToStream, Forms: "(io/ungzip-to-stream x)", Doc: "An input stream of the decompressed content."},
	{Name: "io/deflate", Min: 1, Max: 1, F1: deflateBytes, Forms: "(io/deflate buf)", Doc: "Compresses a bytebuf in zlib format."},
	{Name: "io/inflate", Min: 1, Max: 1, F1: inflateBytes, Forms: "(io/inflate buf)", Doc: "Decompresses a bytebuf in zlib format."},
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

// contentOf are the bytes of a bytebuf, file, path or input stream.
func contentOf(v value.Value) ([]byte, error) {
	if b, ok := v.Ref().(*value.ByteBuf); ok {
		return b.B[:b.Lim], nil
	}
	if s, ok := value.HostOf[*source](v); ok {
		if err := s.usable(); err != nil {
			return nil, err
		}
		b, err := io.ReadAll(s.r)
		return b, ioError(err)
	}
	if p, ok := pathOf(v); ok {
		b, err := os.ReadFile(p)
		return b, ioError(err)
	}
	return nil, value.Errorf("The type %s is no data: use a bytebuf, a file or an input stream", v.Type())
}

func bytesValue(b []byte, err error) (value.Value, error) {
	if err != nil {
		return value.Nil, ioError(err)
	}
	return value.NewByteBuf(b).Val(), nil
}

// compressed runs a compressor over data.
func compressed[W io.WriteCloser](open func(io.Writer) W, data []byte) ([]byte, error) {
	var out bytes.Buffer
	w := open(&out)
	_, err := w.Write(data)
	err = errors.Join(err, w.Close())
	return out.Bytes(), err
}

// inflated reads a decompressor to its end.
func inflated(r io.Reader, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, maxInflated+1))
	if len(b) > maxInflated {
		return nil, value.Errorf("The content is larger than %d bytes: decompress it through a stream", maxInflated)
	}
	return b, err
}

func gzipBytes(_ *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	b, err := contentOf(v)
	if err != nil {
		return value.Nil, err
	}
	return bytesValue(compressed(gzip.NewWriter, b))
}

func ungzipBytes(_ *eval.Thread, v value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	b, err := contentOf(v)
	if err != nil {
		return value.Nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	return bytesValue(inflated(z, err))
}

func gzipToStream(_ *eval.Thread, v, to value.Value) (value.Value, error) {
	b, err := contentOf(v)
	if err != nil {
		return value.Nil, err
	}
	out, err := asSink("io/gzip-to-stream", to)
	if err == nil {
		b, err = compressed(gzip.NewWriter, b)
	}
	if err == nil {
		_, err = out.Write(b)
	}
	return value.Nil, ioError(err)
}

func ungzipToStream(_ *eval.Thread, v value.Value) (value.Value, error) {
	b, err := contentOf(v)
	if err != nil {
		return value.Nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return value.Nil, ioError(err)
	}
	return newSource(typeGzipIn, z, nil), nil
}

func deflateBytes(_ *eval.Thread, v value.Value) (value.Value, error) {
	b, err := asByteBuf(v)
	if err != nil {
		return value.Nil, err
	}
	return bytesValue(compressed(zlib.NewWriter, b.B[:b.Lim]))
}

func inflateBytes(_ *eval.Thread, v value.Value) (value.Value, error) {
	b, err := asByteBuf(v)
	if err != nil {
		return value.Nil, err
	}
	z, err := zlib.NewReader(bytes.NewReader(b.B[:b.Lim]))
	return bytesValue(inflated(z, err))
}

func hasMagic(magic string) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if p, ok := pathOf(v); ok {
			f, err := os.Open(p)
			if err != nil {
				return value.Nil, ioError(err)
			}
			defer f.Close()
			b := make([]byte, len(magic))
			_, err = io.ReadFull(f, b)
			return value.Bool(err == nil && string(b) == magic), nil
		}
		b, err := asByteBuf(v)
		if err != nil {
			return value.Nil, err
		}
		return value.Bool(strings.HasPrefix(string(b.B[:b.Lim]), magic)), nil
	}
}

// entry is a file of an archive.
type entry struct {
	name string
	data []byte
}

// entriesOf reads pairs of a name and its data.
func entriesOf(fn string, a []value.Value) ([]entry, error) {
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
			if data, err = contentOf(a[i+1]); err != nil {
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

func zipBytes(_ *eval.Thread, a []value.Value) (value.Value, error) {
	entries, err := entriesOf("io/zip", a)
	if err != nil {
		return value.Nil, err
	}
	return bytesValue(pack(entries))
}

func openZip(v value.Value) (*zip.Reader, error) {
	b, err := contentOf(v)
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	return z, ioError(err)
}

func zipSize(_ *eval.Thread, v value.Value) (value.Value, error) {
	z, err := openZip(v)
	if err != nil {
		return value.Nil, err
	}
	return value.Long(int64(len(z.File))), nil
}

func zipNames(_ *eval.Thread, a []value.Value) (value.Value, error) {
	z, err := openZip(a[0])
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

func unzip(_ *eval.Thread, v, name value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	want, ok := name.Str()
	if !ok {
		return value.Nil, value.CoerceError(name, "string")
	}
	z, err := openZip(v)
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

func unzipNth(_ *eval.Thread, v, nth value.Value) (value.Value, error) {
	if v.IsNil() {
		return v, nil
	}
	n, err := asLong(nth)
	if err != nil {
		return value.Nil, err
	}
	z, err := openZip(v)
	if err != nil || n < 0 || n >= int64(len(z.File)) {
		return value.Nil, err
	}
	return bytesValue(readEntry(z.File[n]))
}

func unzipAll(_ *eval.Thread, a []value.Value) (value.Value, error) {
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
	z, err := openZip(v)
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
func unzipToDir(_ *eval.Thread, v, to value.Value) (value.Value, error) {
	dir, ok := pathOf(to)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/unzip-to-dir' does not allow %s as dir", to.Type())
	}
	z, err := openZip(v)
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
func rewriteZip(path string, change func([]entry) []entry) error {
	z, err := openZip(value.NewFile(path).Val())
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

func zipAppend(_ *eval.Thread, a []value.Value) (value.Value, error) {
	path, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/zip-append' does not allow %s as f", a[0].Type())
	}
	added, err := entriesOf("io/zip-append", a[1:])
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, rewriteZip(path, func(entries []entry) []entry {
		entries = slices.DeleteFunc(entries, func(e entry) bool {
			return slices.ContainsFunc(added, func(n entry) bool { return n.name == e.name })
		})
		return append(entries, added...)
	})
}

func zipRemove(_ *eval.Thread, a []value.Value) (value.Value, error) {
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
	return value.Nil, rewriteZip(path, func(entries []entry) []entry {
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
