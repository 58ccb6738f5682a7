// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// Test is the command that runs tests written with the module test: each file in an interpreter of its own, in the order of
// their names. A file may run its tests itself; what it leaves is run behind it. open makes the functions of the host for
// one file and what closes their servers and clients.
func Test(open func() (tables []eval.Table, close func())) Run {
	return func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
		const form = "test [--run REGEX] [--junit FILE] [--modules PATH] PATH..."
		flags := flag.NewFlagSet("test", flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		run := flags.String("run", "", "")
		junit := flags.String("junit", "", "")
		modules := flags.String("modules", os.Getenv("GONDOLA_MODULES"), "")
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			args = []string{"--help"}
		}
		if status, done := usage(form, args, err == nil && flags.NArg() > 0, stdout, stderr); done {
			return status
		}
		pattern, err := regexp.Compile(*run)
		if err != nil {
			fmt.Fprintf(stderr, "gondola: --run: %v\n", err)
			return statusUsage
		}
		files, err := testFiles(flags.Args())
		if err != nil {
			fmt.Fprintf(stderr, "gondola: %v\n", err)
			return statusUsage
		}
		var suites []*suite
		for _, file := range files {
			s := &suite{file: file, pattern: pattern}
			tables, closeAll := open()
			s.run(ctx, lisp.Options{Stdin: stdin, Stdout: stdout, Stderr: stderr, LoadPath: []string{filepath.Dir(file)}, Modules: *modules, Tables: tables}, stderr)
			closeAll()
			suites = append(suites, s)
			if ctx.Err() != nil {
				return statusFound
			}
		}
		if *junit != "" {
			if err := os.WriteFile(*junit, junitXML(suites), 0o644); err != nil {
				fmt.Fprintf(stderr, "gondola: %v\n", err)
				return statusUsage
			}
		}
		return summarize(suites, stdout)
	}
}

// testFiles are the files named, and those of the folders named that define tests.
func testFiles(paths []string) (files []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		err = filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(file, ".venice") {
				return err
			}
			text, err := os.ReadFile(file)
			if bytes.Contains(text, []byte("deftest ")) {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// summarize prints the last line and returns the exit status; nothing tested is a failure.
func summarize(suites []*suite, stdout io.Writer) int {
	counts := map[string]int{}
	tests := 0
	for _, s := range suites {
		for _, r := range s.results {
			counts[r.kind]++
			tests++
		}
	}
	fmt.Fprintf(stdout, "%d tests in %d files: %d passed, %d failed, %d errors\n", tests, len(suites), counts["pass"], counts["fail"], counts["error"])
	if tests == 0 || counts["pass"] < tests {
		return statusFound
	}
	return 0
}

// suite is a file of tests and what came of them.
type suite struct {
	file    string
	pattern *regexp.Regexp
	defined []string // qualified names, in the order of definition
	results []result
}

type result struct {
	name, kind string // kind is pass, fail or error
	text       string // of a failure: message and stack
	took       time.Duration
}

// run loads the file and runs its tests. An exception of the file itself is a result too.
func (s *suite) run(ctx context.Context, o lisp.Options, stderr io.Writer) {
	in := lisp.New(o)
	defer in.Close()
	err := s.watch(ctx, in)
	if err == nil {
		var text string
		if text, err = ReadScript(s.file, nil); err == nil {
			_, err = in.Eval(ctx, text, s.file)
		}
	}
	for _, ns := range s.namespaces() {
		if err == nil {
			_, err = in.Eval(ctx, "(test/run-tests '"+ns+")", s.file)
		}
	}
	if err != nil {
		text := errorText(in, err)
		_, _ = io.WriteString(stderr, text)
		s.results = append(s.results, result{name: s.file, kind: "error", text: text})
	}
}

// watch makes the module test report to the suite.
func (s *suite) watch(ctx context.Context, in *lisp.Interp) error {
	setRunner, err := in.Eval(ctx, "(do (load-module :test) (fn [runner] (set! test/*runner* runner)))", "gondola test")
	if err != nil {
		return err
	}
	th := in.Runtime().NewThread(ctx)
	defer th.Release()
	_, err = th.Call(setRunner, value.NewHashMap(
		value.Kw("defined"), eval.NewBuiltin("defined", 1, 1, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			name, _ := a[0].Str()
			s.defined = append(s.defined, name)
			return value.Nil, nil
		}),
		value.Kw("selected?"), eval.NewBuiltin("selected?", 1, 1, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			name, _ := a[0].Str()
			return value.Bool(s.pattern.MatchString(name)), nil
		}),
		value.Kw("report"), eval.NewBuiltin("report", 4, 4, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			r := result{}
			r.name, _ = a[0].Str()
			r.kind, _ = value.StringOrKeyword(a[1])
			r.text, _ = a[2].Str()
			nanos, _ := value.ToLong(a[3])
			r.took = time.Duration(nanos)
			s.results = append(s.results, r)
			return value.Nil, nil
		}),
	).Val())
	return err
}

// namespaces are those with selected tests of which none has run.
func (s *suite) namespaces() (out []string) {
	var ran []string
	for _, r := range s.results {
		ns, _ := value.SplitName(r.name)
		ran = append(ran, ns)
	}
	for _, name := range s.defined {
		ns, _ := value.SplitName(name)
		if s.pattern.MatchString(name) && !slices.Contains(ran, ns) && !slices.Contains(out, ns) {
			out = append(out, ns)
		}
	}
	return out
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"` // seconds
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junitXML is the report that build servers read.
func junitXML(suites []*suite) []byte {
	report := struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}{}
	for _, s := range suites {
		out := junitSuite{Name: s.file, Tests: len(s.results)}
		var total time.Duration
		for _, r := range s.results {
			total += r.took
			c := junitCase{Name: r.name, Time: seconds(r.took)}
			if ns, name := value.SplitName(r.name); ns != "" && r.name != s.file {
				c.Class, c.Name = ns, name
			}
			message, _, _ := strings.Cut(strings.TrimSpace(r.text), "\n")
			switch r.kind {
			case "fail":
				out.Failures++
				c.Failure = &junitFailure{message, r.text}
			case "error":
				out.Errors++
				c.Error = &junitFailure{message, r.text}
			}
			out.Cases = append(out.Cases, c)
		}
		out.Time = seconds(total)
		report.Suites = append(report.Suites, out)
	}
	text, err := xml.MarshalIndent(report, "", "  ")
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append([]byte(xml.Header), append(text, '\n')...)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
