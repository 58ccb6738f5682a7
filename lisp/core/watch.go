// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// watchTable: changes of files and folders, language.md 14.4.
var watchTable = eval.Table{
	{Name: "io/watch-dir", Min: 1, Max: -1, Fn: watchDir, Forms: "(io/watch-dir dir & options)", Doc: "Watches a folder until the watcher is closed. Options :file-fn (fn [path dir? file? action]) with the action :created, :modified or :deleted, :error-fn (fn [path exception]), :termination-fn (fn [path]), :include-all-subdirs."},
	{Name: "io/registered-watch-dirs", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		w, err := asWatcher(v)
		if err != nil {
			return value.Nil, err
		}
		dirs := w.fs.WatchList()
		slices.Sort(dirs)
		var out []value.Value
		for _, d := range dirs {
			out = append(out, value.NewFile(d).Val())
		}
		return value.ListOf(out).Val(), nil
	}, Forms: "(io/registered-watch-dirs watcher)", Doc: "The folders that are watched."},
	{Name: "io/close-watcher", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		w, err := asWatcher(v)
		if err != nil {
			return value.Nil, err
		}
		return value.Nil, ioError(w.Close())
	}, Forms: "(io/close-watcher watcher)", Doc: "Ends watching."},
	{Name: "io/await-for", Min: 3, Max: -1, FN: awaitFile, Forms: "(io/await-for time unit file & modes)", Doc: "Waits until a file is :created, :deleted or :modified; whether it was within the time."},
}

var typeWatcher = &value.Type{Name: "com.github.jlangch.venice.impl.util.aviron.filewatcher.Aviron_FileWatcher_JavaWatchService"}

// watcher tells a script of changes. Its goroutine owns the thread, and ends when the watcher is closed.
type watcher struct {
	dir     string
	subDirs bool
	fs      *fsnotify.Watcher
	th      *eval.Thread

	onFile, onError, onEnd value.Value

	close func() error
}

// Close ends watching. A function that is being called goes on.
func (w *watcher) Close() error { return w.close() }

func asWatcher(v value.Value) (*watcher, error) {
	w, ok := value.HostOf[*watcher](v)
	if !ok {
		return nil, value.CoerceError(v, "java-object of type com.github.jlangch.aviron.filewatcher.IFileWatcher")
	}
	return w, nil
}

func watchDir(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	p, ok := pathOf(v)
	if !ok {
		return value.Nil, value.Errorf("Function 'io/watch-dir' does not allow %s as file", v.Type())
	}
	dir, err := filepath.Abs(p)
	if err != nil {
		return value.Nil, ioError(err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return value.Nil, value.Errorf("Function 'io/watch-dir': dir '%s' is not a directory", dir)
	}
	w := &watcher{dir: dir, subDirs: opts["include-all-subdirs"].Truthy()}
	for name, to := range map[string]*value.Value{"file-fn": &w.onFile, "error-fn": &w.onError, "termination-fn": &w.onEnd} {
		if *to = opts[name]; !to.IsNil() && !eval.IsFunction(*to) {
			return value.Nil, value.CoerceError(*to, "function")
		}
	}
	if w.fs, err = fsnotify.NewWatcher(); err == nil {
		err = w.add(dir)
	}
	if err != nil {
		return value.Nil, fileFailed(err, "Function 'io/watch-dir' failed to watching dir '%s'", dir)
	}
	w.close = sync.OnceValue(w.fs.Close)
	w.th = th.Fork()
	th.Runtime().AtClose(func() { _ = w.Close() })
	go w.run()
	return value.NewHost(typeWatcher, w).Val(), nil
}

// add watches a folder and perhaps those in it.
func (w *watcher) add(dir string) error {
	if !w.subDirs {
		return w.fs.Add(dir)
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return w.fs.Add(path)
	})
}

func (w *watcher) run() {
	defer w.th.Release()
	errs := w.fs.Errors
	for {
		select {
		case e, ok := <-w.fs.Events:
			if !ok {
				w.call(w.onEnd, value.String(w.dir))
				return
			}
			w.changed(e)
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			w.call(w.onError, value.String(w.dir), value.Throwf(value.IOException, "%s", err).Val())
		}
	}
}

func (w *watcher) changed(e fsnotify.Event) {
	action := ""
	switch {
	case e.Has(fsnotify.Create):
		action = "created"
	case e.Has(fsnotify.Write):
		action = "modified"
	case e.Has(fsnotify.Remove), e.Has(fsnotify.Rename):
		action = "deleted"
	default:
		return
	}
	info, err := os.Stat(e.Name)
	isDir := err == nil && info.IsDir()
	if isDir && w.subDirs && action == "created" {
		if err := w.add(e.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			w.call(w.onError, value.String(e.Name), value.Throwf(value.IOException, "%s", err).Val())
		}
	}
	w.call(w.onFile, value.String(e.Name), value.Bool(isDir), value.Bool(err == nil && !isDir), value.Kw(action))
}

// call calls a function of the script; what it raises is the script's business, and the next change comes all the same.
func (w *watcher) call(f value.Value, args ...value.Value) {
	if f.IsNil() {
		return
	}
	if _, err := w.th.Guard(func() (value.Value, error) { return w.th.Apply(f, args) }); err != nil {
		w.th.Runtime().Config.Logger.Warn("a function of io/watch-dir failed", "error", err)
	}
}

func awaitFile(th *eval.Thread, a []value.Value) (value.Value, error) {
	limit, err := duration(a[0], a[1])
	if err != nil {
		return value.Nil, err
	}
	p, ok := pathOf(a[2])
	if !ok {
		return value.Nil, value.Errorf("Function 'io/await-for' does not allow %s as file", a[2].Type())
	}
	file, err := filepath.Abs(p)
	if err != nil {
		return value.Nil, ioError(err)
	}
	modes := map[string]bool{}
	for _, m := range a[3:] {
		k, ok := m.Ref().(*value.Keyword)
		if !ok {
			return value.Nil, value.CoerceError(m, "keyword")
		}
		if k.Name != "created" && k.Name != "deleted" && k.Name != "modified" {
			return value.Nil, value.Errorf("Function 'io/await-for' invalid mode ':%s'. Use one or multiple of {:created, :deleted, :modified}", k.Name)
		}
		modes[k.Name] = true
	}
	if len(modes) == 0 {
		return value.Nil, value.Errorf("Function 'io/await-for' missing a mode. Pass one or multiple of {:created, :deleted, :modified}")
	}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		defer w.Close()
		err = w.Add(filepath.Dir(file))
	}
	if err != nil {
		return value.Nil, fileFailed(err, "Function 'io/await-for' failed to await for file '%s'", file)
	}
	_, statErr := os.Stat(file) // after the watcher has started: nothing is missed in between
	if modes["created"] && statErr == nil || !modes["created"] && modes["deleted"] && statErr != nil {
		return value.True, nil
	}
	return awaitEvent(th, w, file, modes, limit)
}

func awaitEvent(th *eval.Thread, w *fsnotify.Watcher, file string, modes map[string]bool, limit time.Duration) (value.Value, error) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case e := <-w.Events:
			gone := e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)
			if e.Name == file && (modes["created"] && e.Has(fsnotify.Create) || modes["deleted"] && gone || modes["modified"] && e.Has(fsnotify.Write)) {
				return value.True, nil
			}
		case err := <-w.Errors:
			return value.Nil, fileFailed(err, "Function 'io/await-for' failed to await for file '%s'", file)
		case <-timer.C:
			return value.False, nil
		case <-th.Done():
			return value.Nil, th.Interrupted()
		}
	}
}
