// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"maps"
	"os"
	"os/user"
	"runtime"
	"strings"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// hostTable: the process and the machine it runs on, language.md 12.
var hostTable = eval.Table{
	{Name: "system-prop", Min: 0, Max: 2, FN: lookedUp("system-prop", systemProperties), Forms: "(system-prop)\n(system-prop name)\n(system-prop name default)", Doc: "A property of the host: os.name, os.arch, user.name, user.home, user.dir, java.io.tmpdir, file.separator, path.separator, line.separator; all of them without a name."},
	{Name: "system-env", Min: 0, Max: 2, FN: lookedUp("system-env", environment), Forms: "(system-env)\n(system-env name)\n(system-env name default)", Doc: "An environment variable; all of them without a name."},
	{Name: "pid", F0: func(*eval.Thread) (value.Value, error) { return value.Long(int64(os.Getpid())), nil }, Forms: "(pid)", Doc: "The id of this process."},
	{Name: "host-name", F0: func(*eval.Thread) (value.Value, error) {
		name, err := os.Hostname()
		if err != nil {
			return value.Nil, value.Errorf("(host-name) failed: %v", err)
		}
		return value.String(name), nil
	}, Forms: "(host-name)", Doc: "The name of the host."},
	{Name: "user-name", F0: func(*eval.Thread) (value.Value, error) { return value.String(userName()), nil }, Forms: "(user-name)", Doc: "The name of the user."},
	{Name: "os-name", F0: func(*eval.Thread) (value.Value, error) { return value.String(systemProperties()["os.name"]), nil }, Forms: "(os-name)", Doc: "The name of the operating system."},
	{Name: "os-type", F0: func(*eval.Thread) (value.Value, error) { return value.Kw(osType()), nil }, Forms: "(os-type)", Doc: ":linux, :mac-osx, :windows or :unknown."},
	{Name: "os-type?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		k, ok := v.Ref().(*value.Keyword)
		if !ok {
			return value.Nil, value.CoerceError(v, "keyword")
		}
		return value.Bool(k.Name == osType()), nil
	}, Forms: "(os-type? type)", Doc: "Whether the operating system is :linux, :mac-osx or :windows."},
	{Name: "version", Touches: eval.Nothing, F0: func(th *eval.Thread) (value.Value, error) { return th.CoreValue("*version*"), nil }, Forms: "(version)", Doc: "The version of Venice that the language is of."},
	{Name: "repl?", Touches: eval.Nothing, F0: func(th *eval.Thread) (value.Value, error) {
		return value.Bool(isKw(th.CoreValue("*run-mode*"), "repl")), nil
	}, Forms: "(repl?)", Doc: "Whether the script runs in the REPL."},
	{Name: "charset-default-encoding", Touches: eval.Nothing, F0: func(*eval.Thread) (value.Value, error) { return value.Kw("UTF-8"), nil }, Forms: "(charset-default-encoding)", Doc: "The default charset."},
	{Name: "total-memory", F0: func(*eval.Thread) (value.Value, error) {
		return memoryText(func(m *runtime.MemStats) uint64 { return m.Sys })
	}, Forms: "(total-memory)", Doc: "The memory that the process has from the system, as text in MB."},
	{Name: "used-memory", F0: func(*eval.Thread) (value.Value, error) {
		return memoryText(func(m *runtime.MemStats) uint64 { return m.HeapAlloc })
	}, Forms: "(used-memory)", Doc: "The memory of live objects, as text in MB."},
	{Name: "shutdown-hook", Touches: eval.Exit, Min: 1, Max: 1, F1: func(th *eval.Thread, f value.Value) (value.Value, error) {
		if !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
		worker := th.Fork()
		th.Runtime().AtClose(func() {
			defer worker.Release()
			_, _ = worker.Guard(func() (value.Value, error) { return worker.Apply(f, nil) })
		})
		return value.Nil, nil
	}, Forms: "(shutdown-hook f)", Doc: "Calls a function of no arguments when the interpreter is closed."},
	{Name: "callstack", Touches: eval.Nothing, F0: func(th *eval.Thread) (value.Value, error) { return value.EmptyVector.Val(), nil }, Forms: "(callstack)", Doc: "The callers of the running function; calls are only recorded in exceptions, so it is empty."},
}

// lookedUp makes a function over a set of named texts.
func lookedUp(fn string, all func() map[string]string) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) == 0 {
			b := value.EmptyHashMap.Builder()
			for k, v := range all() {
				b.Put(value.String(k), value.String(v))
			}
			return b.Map().Val(), nil
		}
		name, ok := value.Text(a[0])
		if !ok {
			return value.Nil, value.CoerceError(a[0], "string")
		}
		if v, ok := all()[name]; ok {
			return value.String(v), nil
		}
		if len(a) == 2 {
			return a[1], nil
		}
		return value.Nil, nil
	}
}

func environment() map[string]string {
	m := map[string]string{}
	for _, e := range os.Environ() {
		k, v, _ := strings.Cut(e, "=")
		m[k] = v
	}
	return m
}

func systemProperties() map[string]string {
	home, _ := os.UserHomeDir()
	dir, _ := os.Getwd()
	m := map[string]string{
		"os.arch": runtime.GOARCH, "user.name": userName(), "user.home": home, "user.dir": dir, "java.io.tmpdir": os.TempDir(),
		"file.separator": string(os.PathSeparator), "path.separator": string(os.PathListSeparator), "line.separator": "\n",
		"file.encoding": "UTF-8", "user.timezone": time.Local.String(),
	}
	m["os.name"] = map[string]string{"linux": "Linux", "darwin": "Mac OS X", "windows": "Windows"}[runtime.GOOS]
	if m["os.name"] == "" {
		m["os.name"] = runtime.GOOS
	}
	return maps.Clone(m)
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

func osType() string {
	t, ok := map[string]string{"linux": "linux", "darwin": "mac-osx", "windows": "windows"}[runtime.GOOS]
	if !ok {
		return "unknown"
	}
	return t
}

func memoryText(part func(*runtime.MemStats) uint64) (value.Value, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return value.String(fmt.Sprintf("%.1fMB", float64(part(&m))/(1<<20))), nil
}
