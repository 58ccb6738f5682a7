// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line of the host: its options, where scripts are read from, and the commands that need
// nothing but the language (doc, check, completion).
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gondola/lisp"
)

// Options is the command line, understood.
type Options struct {
	Quiet       bool // the value of the last form is not printed
	Serve       bool // stay after the script until a signal
	Version     bool
	Interactive bool // nothing to run, and standard input is a terminal
	LoadPath    []string
	Modules     string // a Venice jar or a folder
	LogLevel    slog.Level
	LogJSON     bool
	ErrorFormat lisp.ErrorFormat
	Box         Box
	Theme       string // of colours: "dark", "light", "none"; "": what the terminal says

	File string // the script's name in errors
	Text string // the script
	Args []string
}

// Source is the script's text, by its name.
func (o *Options) Source(name string) string {
	if name != o.File {
		return ""
	}
	return o.Text
}

// An option is a row of the table below. One without a value has no arg.
type option struct {
	names  []string
	arg    string
	values []string // all there are; nil: any
	help   string
	set    func(o *Options, text string) error
}

// options is the table that parsing, --help and completion share.
var options = slices.Concat(generalOptions, sandboxOptions)

var generalOptions = []option{
	{names: []string{"e"}, arg: "EXPR", help: "evaluate an expression; several are evaluated in order", set: func(o *Options, text string) error {
		if o.File != "" {
			text = o.Text + "\n" + text
		}
		o.File, o.Text = "command-line", text
		return nil
	}},
	{names: []string{"q", "quiet"}, help: "do not print the value of the last form", set: func(o *Options, _ string) error {
		o.Quiet = true
		return nil
	}},
	{names: []string{"load-path"}, arg: "A:B", help: "folders in which relative files are looked for after the working directory", set: func(o *Options, text string) error {
		o.LoadPath = filepath.SplitList(text)
		return nil
	}},
	{names: []string{"modules"}, arg: "PATH", help: "a Venice jar or a folder with modules for load-module (or GONDOLA_MODULES)", set: func(o *Options, text string) error {
		if _, err := os.Stat(text); err != nil {
			return err
		}
		o.Modules = text
		return nil
	}},
	{names: []string{"log-level"}, arg: "LEVEL", values: []string{"debug", "info", "warn", "error"}, help: "what goes to the log (warn)", set: func(o *Options, text string) error {
		return o.LogLevel.UnmarshalText([]byte(text))
	}},
	{names: []string{"log-format"}, arg: "FORMAT", values: []string{"text", "json"}, help: "of the log on standard error", set: func(o *Options, text string) error {
		o.LogJSON = text == "json"
		return nil
	}},
	{names: []string{"error-format"}, arg: "FORMAT", values: []string{"pretty", "venice", "json"}, help: "of an uncaught exception: for people, as Venice has it, an object a line", set: func(o *Options, text string) error {
		o.ErrorFormat = lisp.ErrorFormat(text)
		return nil
	}},
	{names: []string{"colors"}, arg: "THEME", values: []string{"dark", "light", "none"}, help: "of the terminal; NO_COLOR=1 is none", set: func(o *Options, text string) error {
		o.Theme = text
		return nil
	}},
	{names: []string{"version"}, help: "print the version", set: func(o *Options, _ string) error {
		o.Version = true
		return nil
	}},
}

// accept checks a value against those there are.
func (row *option) accept(o *Options, text string) error {
	if row.values != nil && !slices.Contains(row.values, text) {
		return fmt.Errorf("it must be one of %s", strings.Join(row.values, ", "))
	}
	return row.set(o, text)
}

// dashed is a name as it is written: -e, --quiet.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

const usageText = `Usage: gondola [options]                  start the interactive interpreter, on a terminal
       gondola [options] FILE [ARGS]     run a script, then print the value of its last form unless it is nil
       gondola [options] - [ARGS]        the same with the script from standard input, also when it is a pipe
       gondola [options] -e EXPR [ARGS]  evaluate an expression
       gondola serve [options] FILE      run a script that opens servers, stay until SIGINT or SIGTERM
%sOptions, before FILE; -- ends them:
%s
ARGS are the script's *ARGV*. The exit status is 0, what the script set with (system-exit-code n), 1 after an uncaught
exception, 2 after wrong usage, 130 or 143 after SIGINT or SIGTERM.
`

// Usage is the help on the command line; commands are lines of the host's own.
func Usage(commands string) string { return fmt.Sprintf(usageText, commands, optionsHelp()) }

// optionsHelp is the options, one a line.
func optionsHelp() string {
	var b strings.Builder
	for _, row := range append(slices.Clip(options), option{names: []string{"help"}, help: "print this"}) {
		var names []string
		for _, n := range row.names {
			names = append(names, dashed(n))
		}
		left := strings.TrimSpace(strings.Join(names, ", ") + " " + row.arg)
		help := row.help
		if row.values != nil {
			help = strings.Join(row.values, ", ") + ": " + help
		}
		fmt.Fprintf(&b, "  %-22s %s\n", left, help)
	}
	return b.String()
}

// Parse understands the arguments and reads the script, from stdin if that is where it is. Any error but flag.ErrHelp is
// wrong usage.
func Parse(args []string, stdin *os.File) (*Options, error) {
	o := &Options{Serve: len(args) > 0 && args[0] == "serve", LogLevel: slog.LevelWarn, Modules: os.Getenv("GONDOLA_MODULES")}
	if o.Serve {
		args = args[1:]
	}
	set := flag.NewFlagSet("gondola", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, row := range options {
		for _, name := range row.names {
			if row.arg == "" {
				set.BoolFunc(name, "", func(string) error { return row.set(o, "") })
			} else {
				set.Func(name, "", func(text string) error { return row.accept(o, text) })
			}
		}
	}
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	o.Args = set.Args()
	switch {
	case o.Serve && (o.File != "" || len(o.Args) == 0):
		return nil, errors.New("serve needs a FILE")
	case o.Version || o.File != "":
		return o, nil
	case len(o.Args) > 0:
		o.File, o.Args = o.Args[0], o.Args[1:]
	case IsTerminal(stdin):
		o.Interactive = true
		return o, nil
	default:
		o.File = "-"
	}
	return o, o.read(stdin)
}

// IsTerminal reports whether somebody sits at a file.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	null, noNull := os.Stat(os.DevNull)
	return err == nil && info.Mode()&fs.ModeCharDevice != 0 && (noNull != nil || !os.SameFile(info, null))
}

// read reads the script: standard input to its end, or the first file of that name in the working directory and the load
// path (H4).
func (o *Options) read(stdin io.Reader) error {
	if o.File == "-" {
		text, err := io.ReadAll(stdin)
		o.File, o.Text = "stdin", source(text)
		return err
	}
	text, err := ReadScript(o.File, o.LoadPath)
	o.Text = text
	return err
}

// ReadScript reads the first file of a name in the working directory and the folders of the load path (H4); the error of one
// that is nowhere names where it was looked for.
func ReadScript(name string, loadPath []string) (string, error) {
	folders := []string{""}
	if !filepath.IsAbs(name) {
		folders = append(folders, loadPath...)
	}
	for _, dir := range folders {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return source(text), err
		}
	}
	if filepath.IsAbs(name) {
		return "", fmt.Errorf("there is no file %s", name)
	}
	folders[0], _ = os.Getwd()
	return "", fmt.Errorf("there is no file %s; looked in %s", name, strings.Join(folders, ", "))
}

// source is the text of a script file without a byte order mark, so that columns are those of an editor.
func source(text []byte) string { return strings.TrimPrefix(string(text), "\ufeff") }
