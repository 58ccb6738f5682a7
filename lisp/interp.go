// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package lisp embeds the interpreter in a Go program: New, Eval, Close. An Interp shares nothing with another one (X11).
package lisp

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"

	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// Options is what a host gives an interpreter. The zero value reads nothing and discards output.
type Options struct {
	Stdin    io.Reader
	Stdout   io.Writer
	Stderr   io.Writer
	Args     []string // *ARGV*; nil for an embedded interpreter
	RunMode  string   // *run-mode*; "script" if empty
	Modules  string   // a Venice jar or a folder, where load-module looks for what is no module of this host
	LoadPath []string // where relative files are looked for after the working directory (H4)
	Logger   *slog.Logger
	MaxDepth int64                    // script calls; 0: 10,000 (L8)
	Source   func(name string) string // the text evaluated under a name, for (source f); nil: only files and modules have one
	Limits   eval.Limits              // what an evaluation may use; zero: no limits
	Sandbox  *eval.Sandbox            // what scripts may touch; nil: everything. It sets no limits: eval.SandboxLimits has those of reliability.md 10
	Tables   []eval.Table             // functions of the host beside those of the language: ipcmod.Module
}

// Interp is one interpreter. Safe for concurrent use: every Eval has a thread of its own.
type Interp struct {
	rt *eval.Runtime
}

// New makes an interpreter with the language's functions and the host's tables.
func New(o Options) *Interp {
	rt := eval.NewRuntime(eval.Config{
		Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Args: o.Args, RunMode: o.RunMode,
		LoadPath: o.LoadPath, Modules: o.Modules, Logger: o.Logger, MaxDepth: o.MaxDepth, Source: o.Source,
		Limits: o.Limits, Sandbox: o.Sandbox,
	})
	rt.Install(core.Tables()...)
	rt.Install(o.Tables...)
	return &Interp{rt: rt}
}

// Runtime is the evaluator's side of the interpreter.
func (i *Interp) Runtime() *eval.Runtime { return i.rt }

// Eval evaluates the forms of a text in namespace user and returns the last value. file names the text in positions. It
// blocks until the text has been evaluated or ctx is done; a done ctx interrupts the script: with
// context.Cause(ctx) if that is an exception or *eval.Uncatchable, else with an InterruptedException. Any other error is a
// *value.Exception.
func (i *Interp) Eval(ctx context.Context, text, file string) (value.Value, error) {
	th := i.rt.NewThread(ctx)
	th.SetName("main")
	defer th.Release()
	return th.Guard(func() (value.Value, error) { return core.EvalText(th, text, file) })
}

// Show is the readable printed form of a value, printed as an evaluation of its own.
func (i *Interp) Show(ctx context.Context, v value.Value) (string, error) {
	th := i.rt.NewThread(ctx)
	defer th.Release()
	text := ""
	_, err := th.Guard(func() (_ value.Value, err error) {
		p := value.Printer{Readable: true, Caller: th}
		p.Print(v)
		text, err = p.Text()
		return value.Nil, err
	})
	return text, err
}

// LoadedFiles are the files that scripts have loaded so far, sorted.
func (i *Interp) LoadedFiles() []string {
	var files []string
	i.rt.Loaded.Range(func(key, _ any) bool {
		name, _ := key.(string)
		if file, ok := strings.CutPrefix(name, "file:"); ok {
			files = append(files, file)
		}
		return true
	})
	slices.Sort(files)
	return files
}

// Close ends everything that still runs in the interpreter: futures and sleeps.
func (i *Interp) Close() { i.rt.Close() }
