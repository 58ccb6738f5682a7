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
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gondola/ipcmod"
	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/repl"
	"gondola/lisp/value"
)

const (
	version      = "0.1.0"
	venice       = "1.12.78"       // whose language and protocol ours are
	drainTime    = 5 * time.Second // after a signal (H3)
	statusFailed = 1               // an uncaught exception (H2)
	statusUsage  = 2
	statusSignal = 128 // plus the signal's number
)

const usage = `Usage: gondola [options]                  start the interactive interpreter, on a terminal
       gondola [options] FILE [ARGS]     run a script, then print the value of its last form unless it is nil
       gondola [options] - [ARGS]        the same with the script from standard input, also when it is a pipe
       gondola [options] -e EXPR [ARGS]  evaluate an expression
       gondola serve [options] FILE      run a script that opens servers, stay until SIGINT or SIGTERM
%sOptions:
  -q, --quiet          do not print the value of the last form
  --load-path A:B      folders in which relative files are looked for after the working directory
  --version            print the version
  --help               print this

ARGS are the script's *ARGV*. The exit status is 0, what the script set with (system-exit-code n), 1 after an uncaught
exception, 2 after wrong usage, 130 or 143 after SIGINT or SIGTERM.
`

// command is a subcommand. The room that it belongs to exports its function, which gets what follows the name, ends early
// when ctx does, and returns the exit status.
type command struct {
	name, args, help string
	run              func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// commands come before files: a script of such a name is run as ./name.
var commands = []command{}

func main() {
	tune()
	args := os.Args[1:]
	for _, c := range commands {
		if len(args) > 0 && args[0] == c.name {
			p := watchSignals()
			status := c.run(p.ctx, args[1:], os.Stdin, p, os.Stderr)
			os.Exit(p.status(status))
		}
	}
	os.Exit(run(args))
}

// help is the usage with a line for each command.
func help() string {
	var lines strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&lines, "       %-33s %s\n", "gondola "+c.name+" "+c.args, c.help)
	}
	return fmt.Sprintf(usage, lines.String())
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
func memory() (total int64) {
	text, _ := os.ReadFile("/proc/meminfo")
	_, _ = fmt.Sscanf(string(text), "MemTotal: %d kB", &total)
	total *= 1024
	text, _ = os.ReadFile("/sys/fs/cgroup/memory.max")
	group := total
	_, _ = fmt.Sscan(string(text), &group) // "max" leaves it
	return min(total, group)
}

// options is the command line, understood.
type options struct {
	quiet, serve, version bool
	interactive           bool
	loadPath              []string
	file, text            string // the script and its name in errors
	args                  []string
}

// parse understands the command line and reads the script. Any error but flag.ErrHelp is wrong usage.
func parse(args []string) (*options, error) {
	o := &options{serve: len(args) > 0 && args[0] == "serve"}
	if o.serve {
		args = args[1:]
	}
	set := flag.NewFlagSet("gondola", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.BoolVar(&o.quiet, "q", false, "")
	set.BoolVar(&o.quiet, "quiet", false, "")
	set.BoolVar(&o.version, "version", false, "")
	loadPath := set.String("load-path", "", "")
	set.Func("e", "", func(text string) error { o.text, o.file = text, "command-line"; return nil })
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	o.args, o.loadPath = set.Args(), filepath.SplitList(*loadPath)
	switch {
	case o.serve && (o.file != "" || len(o.args) == 0):
		return nil, errors.New("serve needs a FILE")
	case o.version || o.file != "":
		return o, nil
	case len(o.args) > 0:
		o.file, o.args = o.args[0], o.args[1:]
	case isTerminal(os.Stdin):
		o.interactive = true
		return o, nil
	default:
		o.file = "-"
	}
	return o, o.read()
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	null, noNull := os.Stat(os.DevNull)
	return err == nil && info.Mode()&fs.ModeCharDevice != 0 && (noNull != nil || !os.SameFile(info, null))
}

// read reads the script: standard input to its end, or the first file of that name in the working directory and the load
// path (H4).
func (o *options) read() error {
	if o.file == "-" {
		text, err := io.ReadAll(os.Stdin)
		o.file, o.text = "stdin", string(text)
		return err
	}
	paths := []string{o.file}
	for _, dir := range o.loadPath {
		if !filepath.IsAbs(o.file) {
			paths = append(paths, filepath.Join(dir, o.file))
		}
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			o.text = string(text)
			return err
		}
	}
	return fmt.Errorf("there is no file %s in the working directory or on the load path", o.file)
}

func run(args []string) int {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(help())
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "gondola: %v\nTry: gondola --help\n", err)
		return statusUsage
	case o.version:
		fmt.Printf("gondola %s (Venice %s)\n", version, venice)
		return 0
	case o.interactive:
		return interact(o)
	}
	p := watchSignals()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})) // H6
	open := &ipcmod.Register{}
	in := lisp.New(lisp.Options{
		Stdin: os.Stdin, Stdout: p, Stderr: os.Stderr, Logger: logger, LoadPath: o.loadPath,
		Args:   append([]string{}, o.args...), // never nil: nil is an embedded interpreter's
		Tables: ipcmod.Module(ipcmod.Config{Logger: logger, Open: open}),
	})
	v, err := in.Eval(p.ctx, o.text, o.file)
	if err == nil && !o.quiet && !v.IsNil() {
		fmt.Fprintln(p, value.PrStr(v))
	}
	if err == nil && o.serve {
		<-p.ctx.Done()
	}
	status, _ := in.Runtime().ExitCode()
	signalled := p.signal.Load() != 0
	if err != nil && !signalled {
		status = statusFailed
		lisp.WriteError(os.Stderr, err, o.file, o.text)
	}
	shut(in, open, signalled)
	return p.status(status)
}

// interact runs the REPL. Servers stay open until it ends.
func interact(o *options) int {
	open := &ipcmod.Register{}
	session, err := repl.New(repl.Options{Version: version, Venice: venice, HistoryFile: historyFile()}, func(out io.Writer) *lisp.Interp {
		logger := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
		return lisp.New(lisp.Options{
			Stdout: out, Stderr: out, Logger: logger, LoadPath: o.loadPath, RunMode: "repl", Args: []string{},
			Tables: append(ipcmod.Module(ipcmod.Config{Logger: logger, Open: open}), repl.Tables()...),
		})
	})
	if err == nil {
		defer shut(session.Interp(), open, true)
		err = session.Run()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "gondola: %v\n", err)
		return statusFailed
	}
	return 0
}

// historyFile is where the REPL keeps what has been entered; "" if there is no place for it.
func historyFile() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	dir = filepath.Join(dir, "gondola")
	if os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	return filepath.Join(dir, "history")
}

// shut ends what the script left behind; a server that the script's end closes is worth a line (H5).
func shut(in *lisp.Interp, open *ipcmod.Register, signalled bool) {
	if !signalled {
		for _, address := range open.Servers() {
			fmt.Fprintf(os.Stderr, "server on %s closed: the script ended; gondola serve FILE keeps it open\n", address)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := open.CloseAll(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "gondola: closing: %v\n", err)
	}
	in.Close()
}

// process is the way this process ends early: at a signal, or when nobody reads its output any more. The script is then
// interrupted, no script catches that, finally and try-with run; after drainTime, or at a second signal, it ends at once.
type process struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	signal atomic.Int32 // the first one; 0: none yet
}

func watchSignals() *process {
	p := &process{}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for s := range signals {
			p.end(s.(syscall.Signal))
		}
	}()
	// with a receiver for SIGPIPE, a write to a closed pipe or socket fails instead of ending the process
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return p
}

func (p *process) end(s syscall.Signal) {
	if p.signal.CompareAndSwap(0, int32(s)) {
		time.AfterFunc(drainTime, func() { os.Exit(statusSignal + int(s)) })
		p.cancel(&eval.Uncatchable{Reason: s.String()})
	} else if s != syscall.SIGPIPE {
		os.Exit(statusSignal + int(s))
	}
}

// status is the exit status: what the work says, unless a signal ended it.
func (p *process) status(work int) int {
	if s := p.signal.Load(); s != 0 {
		return statusSignal + int(s)
	}
	return work
}

// Write writes to standard output.
func (p *process) Write(b []byte) (int, error) {
	n, err := os.Stdout.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		p.end(syscall.SIGPIPE)
	}
	return n, err
}
