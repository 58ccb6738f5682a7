// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Gondola runs Venice scripts. This file chooses the parts, wires them, and turns what happens into output and an exit
// status (decisions.md H1 to H7); everything else lives in the rooms that README.md maps.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

const (
	version = "0.1.0"
	venice  = "1.12.78" // whose language and protocol ours are

	statusOK     = 0
	statusFailed = 1 // an uncaught exception
	statusUsage  = 2
	statusSignal = 128 // plus the signal's number

	drainTime = 5 * time.Second // after a signal (H3)
)

const usage = `Usage: gondola [options] FILE [ARGS]     run a script, then print the value of its last form unless it is nil
       gondola [options] - [ARGS]        the same with the script from standard input, also when it is a pipe
       gondola [options] -e EXPR [ARGS]  evaluate an expression
       gondola serve [options] FILE [ARGS]
                                         evaluate a script that opens servers, stay until SIGINT or SIGTERM
Options:
  -q, --quiet          do not print the value of the last form
  --load-path A:B      folders in which relative files are looked for after the working directory
  --version            print the version
  --help               print this

ARGS are the script's *ARGV*. The exit status is 0, what the script set with (system-exit-code n), 1 after an uncaught
exception, 2 after wrong usage, 130 or 143 after SIGINT or SIGTERM.
`

func main() {
	tune()
	os.Exit(run(os.Args[1:]))
}

// tune sets what belongs to the process and never to a library: a few more Ps than cores on a small machine, because
// goroutines in system calls hold one, and a heap that may grow further before it is collected, within the memory there is.
func tune() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(4, runtime.NumCPU()))
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if limit := memory(); limit > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 4 * 3)
	}
}

// memory is what this process may use, in bytes; 0 if the system does not say.
func memory() int64 {
	var total int64
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &total); err == nil {
			total *= 1024
		}
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && (total == 0 || n < total) {
			total = n
		}
	}
	return total
}

// options is the command line, understood.
type options struct {
	quiet    bool
	serve    bool
	expr     bool
	loadPath []string
	file     string // as errors name it
	text     string // the script
	args     []string
}

// errDone says that the command line has been answered.
var errDone = errors.New("done")

// usageError is a wrong command line.
type usageError string

func (e usageError) Error() string { return string(e) }

func parse(args []string) (*options, error) {
	o := &options{}
	o.serve = len(args) > 0 && args[0] == "serve"
	if o.serve {
		args = args[1:]
	}
	var help, showVersion bool
	var loadPath string
	set := flag.NewFlagSet("gondola", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.BoolVar(&o.quiet, "q", false, "")
	set.BoolVar(&o.quiet, "quiet", false, "")
	set.BoolVar(&help, "help", false, "")
	set.BoolVar(&help, "h", false, "")
	set.BoolVar(&showVersion, "version", false, "")
	set.StringVar(&loadPath, "load-path", "", "")
	set.StringVar(&o.text, "e", "", "")
	if err := set.Parse(args); err != nil {
		return nil, usageError(err.Error())
	}
	set.Visit(func(f *flag.Flag) { o.expr = o.expr || f.Name == "e" })
	o.args = set.Args()
	o.loadPath = filepath.SplitList(loadPath)
	switch {
	case help:
		fmt.Print(usage)
		return nil, errDone
	case showVersion:
		fmt.Printf("gondola %s (Venice %s)\n", version, venice)
		return nil, errDone
	case o.expr && o.serve:
		return nil, usageError("serve takes a FILE, not -e")
	case o.expr:
		o.file = "command-line"
		return o, nil
	case len(o.args) > 0:
		o.file, o.args = o.args[0], o.args[1:]
	case o.serve:
		return nil, usageError("serve needs a FILE")
	case isTerminal(os.Stdin):
		return nil, usageError("a FILE, - or -e EXPR is needed")
	default:
		o.file = "-"
	}
	return o, o.read()
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&fs.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// read reads the script: standard input to its end, or the first file of that name in the working directory and the load
// path (H4).
func (o *options) read() error {
	if o.file == "-" {
		text, err := io.ReadAll(os.Stdin)
		o.file, o.text = "stdin", string(text)
		return err
	}
	candidates := []string{o.file}
	if !filepath.IsAbs(o.file) {
		for _, dir := range o.loadPath {
			candidates = append(candidates, filepath.Join(dir, o.file))
		}
	}
	for _, path := range candidates {
		text, err := os.ReadFile(path)
		if err == nil {
			o.text = string(text)
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return usageError(err.Error())
		}
	}
	return usageError(fmt.Sprintf("there is no file %s in the working directory or on the load path", o.file))
}

func run(args []string) int {
	o, err := parse(args)
	var wrong usageError
	switch {
	case errors.Is(err, errDone):
		return statusOK
	case errors.As(err, &wrong):
		fmt.Fprintf(os.Stderr, "gondola: %s\nTry: gondola --help\n", wrong)
		return statusUsage
	case err != nil:
		fmt.Fprintf(os.Stderr, "gondola: %v\n", err)
		return statusFailed
	}
	ctx, ended := untilSignal()
	out := &stdout{end: ended}
	in := lisp.New(lisp.Options{
		Stdin:    os.Stdin,
		Stdout:   out,
		Stderr:   os.Stderr,
		Args:     append([]string{}, o.args...), // never nil: nil is an embedded interpreter's
		RunMode:  "script",
		LoadPath: o.loadPath,
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	defer in.Close()
	v, err := in.Eval(ctx, o.text, o.file)
	if err == nil && !o.quiet && !v.IsNil() {
		fmt.Fprintln(out, value.PrStr(v))
	}
	if err == nil && o.serve {
		<-ctx.Done()
	}
	var end *ending
	switch {
	case errors.As(context.Cause(ctx), &end):
		return statusSignal + int(end.signal)
	case err != nil:
		lisp.WriteError(os.Stderr, err, o.file, o.text)
		return statusFailed
	}
	if code, ok := in.Runtime().ExitCode(); ok {
		return code
	}
	return statusOK
}

// ending is why the process ends before the script does. No script catches it; finally and try-with run.
type ending struct {
	eval.Uncatchable
	signal syscall.Signal
}

func (e *ending) Unwrap() error { return &e.Uncatchable }

// untilSignal returns a context that SIGINT, SIGTERM or the returned function ends. From then on the process has drainTime
// to clean up; a second signal ends it at once.
func untilSignal() (context.Context, func(syscall.Signal)) {
	ctx, cancel := context.WithCancelCause(context.Background())
	var once atomic.Bool
	end := func(s syscall.Signal) {
		status := statusSignal + int(s)
		if once.Swap(true) {
			os.Exit(status)
		}
		time.AfterFunc(drainTime, func() { os.Exit(status) })
		cancel(&ending{eval.Uncatchable{Reason: s.String()}, s})
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for s := range signals {
			end(s.(syscall.Signal))
		}
	}()
	// with a receiver for SIGPIPE, a write to a closed pipe or socket fails instead of ending the process
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return ctx, end
}

// stdout is standard output; when nobody reads it any more the process ends quietly, as after a signal.
type stdout struct {
	end  func(syscall.Signal)
	told atomic.Bool
}

func (o *stdout) Write(p []byte) (int, error) {
	n, err := os.Stdout.Write(p)
	if errors.Is(err, syscall.EPIPE) && !o.told.Swap(true) {
		o.end(syscall.SIGPIPE)
	}
	return n, err
}
