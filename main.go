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
	"log/slog"
	"math"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gondola/broker/bench"
	"gondola/broker/waltool"
	"gondola/ipcmod"
	"gondola/lisp"
	"gondola/lisp/cli"
	"gondola/lisp/eval"
	"gondola/lisp/paint"
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

// command is a subcommand. The room that it belongs to exports its function, which gets what follows the name, ends early
// when ctx does, and returns the exit status.
type command struct {
	name, args, help string
	run              func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// commands come before files: a script of such a name is run as ./name.
var commands = []command{
	{"check", "FILE...", "read and compile scripts without running them", cli.Check(ipcTables)},
	{"doc", "[NAME | --all]", "explain a function, list a namespace, or print everything", cli.Doc(ipcTables)},
	{"test", "[options] PATH...", "run the tests of files and folders", cli.Test(testHost)},
	{"bench", "[options] MODE [URI]", "load a server or call a script, and report rates and times", bench.Command(benchScript)},
	{"wal", "COMMAND PATH...", "verify, dump, compact or repair the logs of durable queues", waltool.Run},
}

// ipcTables are the host's functions for commands that run no script.
func ipcTables() []eval.Table { return ipcmod.Module(ipcmod.Config{}) }

// testHost are the functions for a file of tests, and what closes its servers and clients.
func testHost() (tables []eval.Table, closeAll func()) {
	open := &ipcmod.Register{}
	return ipcmod.Module(ipcmod.Config{Open: open}), func() {
		ctx, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		if err := open.CloseAll(ctx); err != nil {
			fmt.Fprintf(os.Stderr, "gondola: closing: %v\n", err)
		}
	}
}

// benchScript opens a script for gondola bench.
func benchScript(ctx context.Context, file, uri string, stdout, stderr io.Writer) (func(context.Context) error, func() error, error) {
	tables, closeAll := testHost()
	call, end, err := cli.Worker(ctx, file, lisp.Options{Stdout: stdout, Stderr: stderr, Args: []string{uri}, Tables: tables})
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	return call, func() error {
		closeAll()
		end()
		return nil
	}, nil
}

// allCommands are the commands and the one that has to know them.
func allCommands() []command {
	names := []string{"serve", "completion"}
	for _, c := range commands {
		names = append(names, c.name)
	}
	return append(commands, command{"completion", "bash|fish|zsh", "print what makes a shell complete all this", cli.Completion(names)})
}

func main() {
	tune()
	args := os.Args[1:]
	for _, c := range allCommands() {
		if len(args) > 0 && args[0] == c.name {
			p := watchSignals()
			status := c.run(p.ctx, args[1:], os.Stdin, p, os.Stderr)
			os.Exit(p.status(status))
		}
	}
	os.Exit(run(args))
}

// help is what --help prints.
func help() string {
	var lines strings.Builder
	for _, c := range allCommands() {
		fmt.Fprintf(&lines, "       %-33s %s\n", "gondola "+c.name+" "+c.args, c.help)
	}
	return cli.Usage(lines.String())
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

func run(args []string) int {
	o, err := cli.Parse(args, os.Stdin)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(help())
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "gondola: %v\nTry: gondola --help\n", err)
		return statusUsage
	case o.Version:
		fmt.Printf("gondola %s (Venice %s)\n", version, venice)
		return 0
	case o.Interactive:
		return interact(o)
	}
	p := watchSignals()
	logger := newLogger(o, os.Stderr)
	open := &ipcmod.Register{}
	config := ipcmod.Config{Logger: logger, Open: open, LogFailed: p.logFailed}
	if o.Serve {
		config.Listen = announce
	}
	in := lisp.New(lisp.Options{
		Stdin: os.Stdin, Stdout: p, Stderr: os.Stderr, Logger: logger, LoadPath: o.LoadPath, Modules: o.Modules,
		Args:   append([]string{}, o.Args...), // never nil: nil is an embedded interpreter's
		Limits: o.Box.Limits(), Sandbox: o.Box.Sandbox(), Source: o.Source, Tables: ipcmod.Module(config),
	})
	if unknown := in.Runtime().UnknownAllowed(); unknown != nil {
		return unknownAllowed(unknown)
	}
	if o.Serve {
		watchHangup(in, o.File)
	}
	watch := watchLimit(o.Box.Limits().Time)
	v, err := in.Eval(p.ctx, o.Text, o.File)
	if err == nil && !o.Quiet && !v.IsNil() {
		err = printValue(p.ctx, in, p, v)
	}
	watch.Stop()
	if err == nil && o.Serve {
		<-p.ctx.Done()
	}
	status, _ := in.Runtime().ExitCode()
	signalled := p.ended.Load() != 0
	if err != nil && !signalled {
		status = statusFailed
		style := lisp.ErrorStyle{Format: o.ErrorFormat, Source: o.Source}
		if cli.IsTerminal(os.Stderr) {
			style.Theme = paint.Select(o.Theme, os.Getenv)
		}
		in.WriteError(os.Stderr, err, style)
	}
	shut(in, open, signalled)
	return p.status(status)
}

// watchLimit ends the process if a script, which has a limit of time, does not end: host functions look at the limits where they
// loop, and one that forgot to must not defeat them. 0: no limit.
func watchLimit(limit time.Duration) *time.Timer {
	if limit == 0 {
		return time.NewTimer(math.MaxInt64)
	}
	return time.AfterFunc(limit+limit/10+drainTime, func() {
		fmt.Fprintf(os.Stderr, "gondola: the script goes on after more than %s (max-time); the process ends\n", limit)
		os.Exit(statusFailed)
	})
}

// printValue prints the value of the last form (H1), within the limits.
func printValue(ctx context.Context, in *lisp.Interp, w io.Writer, v value.Value) error {
	text, err := in.Show(ctx, v)
	if err == nil {
		fmt.Fprintln(w, text)
	}
	return err
}

// unknownAllowed is wrong usage of --allow.
func unknownAllowed(names []string) int {
	fmt.Fprintf(os.Stderr, "gondola: --allow: there is no function or group %s; the groups are %s\n",
		strings.Join(names, ", "), strings.Join(eval.GroupNames(), ", "))
	return statusUsage
}

// newLogger is the log of H6: by default warnings on standard error, one line each.
func newLogger(o *cli.Options, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: o.LogLevel}
	if o.LogJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// announce listens for gondola serve and says where.
func announce(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err == nil {
		scheme := map[string]string{"tcp": "af-inet", "unix": "af-unix"}[network]
		fmt.Fprintf(os.Stderr, "listening on %s://%s\n", scheme, l.Addr())
	}
	return l, err
}

// watchHangup answers SIGHUP of a serving process with what a restart would read again: nothing is reloaded, because open
// servers hold queues and functions that a second run of the script would meet.
func watchHangup(in *lisp.Interp, file string) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for range hangup {
			files := append([]string{file}, in.LoadedFiles()...)
			fmt.Fprintf(os.Stderr, "SIGHUP: nothing is reloaded; a restart would read %s\n", strings.Join(files, ", "))
		}
	}()
}

// interact runs the REPL. Servers stay open until it ends.
func interact(o *cli.Options) int {
	open := &ipcmod.Register{}
	var unknown []string
	session, err := repl.New(repl.Options{
		Version: version, Venice: venice, Theme: paint.Select(o.Theme, os.Getenv), Dumb: os.Getenv("TERM") == "dumb",
		HistoryFile: cli.StateFile("history"), InitFile: cli.ConfigFile("init.venice"),
		Destinations: func(names []string) (all []repl.Destination) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			for _, d := range open.Destinations(ctx, names) {
				all = append(all, repl.Destination(d))
			}
			return all
		},
	}, func(out io.Writer, source func(name string) string) *lisp.Interp {
		logger := newLogger(o, out)
		in := lisp.New(lisp.Options{
			Stdout: out, Stderr: out, Logger: logger, LoadPath: o.LoadPath, Modules: o.Modules, RunMode: "repl", Args: []string{},
			Limits: o.Box.Limits(), Sandbox: o.Box.Sandbox(), Source: source, Tables: ipcmod.Module(ipcmod.Config{Logger: logger, Open: open}),
		})
		unknown = in.Runtime().UnknownAllowed()
		return in
	})
	if unknown != nil {
		return unknownAllowed(unknown)
	}
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

// process is the way this process ends early: at a signal, when nobody reads its output any more, or when a log has failed. The
// script is then interrupted, no script catches that, finally and try-with run; after drainTime, or at a second signal, it ends
// at once.
type process struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  atomic.Int32 // the exit status, once something has ended it early
}

func watchSignals() *process {
	p := &process{}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for s := range signals {
			p.signalled(s.(syscall.Signal))
		}
	}()
	// with a receiver for SIGPIPE, a write to a closed pipe or socket fails instead of ending the process
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return p
}

func (p *process) signalled(s syscall.Signal) {
	if status := statusSignal + int(s); !p.end(status, s.String()) && s != syscall.SIGPIPE {
		os.Exit(status)
	}
}

// logFailed ends a process whose server has :on-log-failure :exit (D5).
func (p *process) logFailed(file string, cause error) {
	if p.ended.Load() == 0 {
		fmt.Fprintf(os.Stderr, "gondola: the write-ahead log %s is out of service, the process ends (:on-log-failure :exit): %v\n", file, cause)
		p.end(statusFailed, "a write-ahead log failed")
	}
}

// end begins the end, unless it has begun.
func (p *process) end(status int, reason string) bool {
	if !p.ended.CompareAndSwap(0, int32(status)) {
		return false
	}
	time.AfterFunc(drainTime, func() { os.Exit(status) })
	p.cancel(&eval.Uncatchable{Reason: reason})
	return true
}

// status is the exit status: what the work says, unless something else ended it.
func (p *process) status(work int) int {
	if status := p.ended.Load(); status != 0 {
		return int(status)
	}
	return work
}

// Write writes to standard output.
func (p *process) Write(b []byte) (int, error) {
	n, err := os.Stdout.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		p.signalled(syscall.SIGPIPE)
	}
	return n, err
}
