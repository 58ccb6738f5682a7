// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package modules finds the modules that load-module loads: those of this host, written in the language itself, and those
// of the user's own Venice jar or folder (language.md 21). It reads texts and knows nothing of the language.
package modules

import (
	"archive/zip"
	"embed"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed *.venice
var builtin embed.FS

const (
	jarFolder  = "com/github/jlangch/venice/" // where a Venice jar keeps its modules
	suffix     = ".venice"
	maxSource  = 16 << 20 // bytes of a module's text
	notAModule = "core"   // a file of the jar that the host has itself
)

// Names are the modules of this host, sorted.
func Names() []string {
	files, err := fs.Glob(builtin, "*"+suffix)
	if err != nil {
		panic(err) // a bad pattern
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, suffix)
	}
	slices.Sort(files)
	return files
}

// Source returns the text of a module and the name that positions in it have: of this host's, else of the jar or folder.
// ok is false if there is none of that name; an error is of reading.
func Source(name, jarOrFolder string) (text, file string, ok bool, err error) {
	if !fs.ValidPath(name) || strings.ContainsAny(name, `/\`) || name == notAModule {
		return "", "", false, nil
	}
	if b, err := builtin.ReadFile(name + suffix); err == nil {
		return string(b), "module:" + name, true, nil
	}
	if jarOrFolder == "" {
		return "", "", false, nil
	}
	info, err := os.Stat(jarOrFolder)
	if err != nil {
		return "", "", false, err
	}
	var f fs.File
	if info.IsDir() {
		f, err = os.Open(filepath.Join(jarOrFolder, name+suffix))
	} else {
		var jar *zip.ReadCloser
		if jar, err = zip.OpenReader(jarOrFolder); err != nil {
			return "", "", false, err
		}
		defer jar.Close()
		f, err = jar.Open(path.Join(jarFolder, name+suffix))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", "", false, nil
	}
	if err != nil {
		return "", "", false, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	if err == nil && len(b) > maxSource {
		err = errors.New("the module " + name + " is larger than 16 MiB")
	}
	return string(b), filepath.Join(jarOrFolder, name+suffix), err == nil, err
}
