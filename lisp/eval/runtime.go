// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"gondola/lisp/value"
)

// Config is what a host gives an interpreter. The zero value reads nothing and discards output.
type Config struct {
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Args     []string // *ARGV*; nil for an embedded interpreter
	RunMode  string   // *run-mode*, without colon; "script" if empty
	LoadPath []string // where load-file and io/slurp look for relative files after the working directory
	Modules  string   // a Venice jar or a folder with modules; "": none
	Version  string   // *version*
	Logger   *slog.Logger
	MaxDepth int64                    // script calls; 0: 10,000 (L8)
	Source   func(name string) string // the evaluated text of a name in positions, "" if the host has none; nil: it has none
	Limits   Limits
	Sandbox  *Sandbox // what scripts may touch; nil: everything
}

// Runtime is the state of one interpreter: its namespaces, and nothing outside it (X11). Safe for concurrent use once its
// tables are installed.
type Runtime struct {
	Config  Config
	Strings func(text, file string) ([]value.Value, error) // the reader, set by the host: language.md 16

	mu     sync.RWMutex // guards spaces
	spaces map[string]*Namespace
	core   *Namespace

	gensym    atomic.Int64
	threadIDs atomic.Int64
	incidents atomic.Int64
	monitors  monitors
	meter     Meter
	regexes   regexCache
	threads   sync.Pool
	specials  map[string]*specialForm
	exit      atomic.Pointer[int] // what system-exit-code asked for
	held      [heldKinds]atomic.Int64
	Loaded    sync.Map // modules and files that have been loaded
	State     sync.Map // what tables keep of an interpreter, each under a key of its own

	ctx     context.Context
	cancel  context.CancelFunc
	atClose []func() // guarded by mu
}

// NewRuntime makes an interpreter without any function; see Install.
func NewRuntime(cfg Config) *Runtime {
	if cfg.Stdin == nil {
		cfg.Stdin = eofReader{}
	}
	if cfg.Stdout == nil {
		cfg.Stdout = io.Discard
	}
	if cfg.Stderr == nil {
		cfg.Stderr = io.Discard
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.limitOutput()
	if cfg.MaxDepth == 0 {
		cfg.MaxDepth = 10_000
	}
	cfg.MaxDepth = max(cfg.MaxDepth, 2_000)
	rt := &Runtime{Config: cfg, spaces: map[string]*Namespace{}, specials: specialForms()}
	rt.ctx, rt.cancel = context.WithCancel(context.Background())
	rt.core = rt.namespace("core")
	rt.core.system = true
	for _, name := range systemNamespaces {
		rt.namespace(name).system = true
	}
	rt.namespace("user").declared.Store(true)
	return rt
}

// systemNamespaces cannot be reopened (language.md 3.9).
var systemNamespaces = []string{"cidr", "csv", "dag", "inet", "io", "json", "math", "sandbox", "sh", "str", "regex", "repl", "time"}

type eofReader struct{}

func (eofReader) Read([]byte) (int, error) { return 0, io.EOF }

// Close cancels everything that still runs in the interpreter: futures, threads, sleeps. It does not wait.
func (rt *Runtime) Close() {
	rt.mu.Lock()
	hooks := rt.atClose
	rt.atClose = nil
	rt.mu.Unlock()
	for _, h := range hooks {
		h()
	}
	rt.cancel()
}

// AtClose registers a function that Close calls before anything ends.
func (rt *Runtime) AtClose(f func()) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.atClose = append(rt.atClose, f)
}

// namespace finds or makes a namespace.
func (rt *Runtime) namespace(name string) *Namespace {
	if ns := rt.lookupNamespace(name); ns != nil {
		return ns
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if ns := rt.spaces[name]; ns != nil {
		return ns
	}
	ns := &Namespace{rt: rt, name: name, vars: map[string]*Var{}}
	rt.spaces[name] = ns
	return ns
}

func (rt *Runtime) lookupNamespace(name string) *Namespace {
	rt.mu.RLock()
	defer rt.mu.RUnlock()
	return rt.spaces[name]
}

// SetExitCode is system-exit-code; ExitCode returns what was asked for last.
func (rt *Runtime) SetExitCode(n int) { rt.exit.Store(&n) }

// ExitCode returns the status that the script asked for, and whether it did.
func (rt *Runtime) ExitCode() (int, bool) {
	if p := rt.exit.Load(); p != nil {
		return *p, true
	}
	return 0, false
}

// NextGensym numbers generated symbols.
func (rt *Runtime) NextGensym() int64 { return rt.gensym.Add(1) }

// Core returns the value that core binds to a name; macros put function objects into their expansions, so that a script's
// own function of the name does not disturb them (E12). It panics if core has no such name: a bug in a table.
func (rt *Runtime) Core(name string) value.Value {
	if v := rt.core.lookup(name); v != nil {
		if x, ok := v.load(); ok {
			return x
		}
	}
	panic("eval: core has no " + name)
}
