// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package repl is the interactive interpreter: it reads forms from a terminal, evaluates them in one namespace and prints
// their values.
package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"

	"github.com/chzyer/readline"

	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/paint"
	"gondola/lisp/reader"
	"gondola/lisp/value"
)

const banner = "gondola %s (Venice %s). !help lists the commands, Ctrl-D leaves.\n"

// Options of a session.
type Options struct {
	Version, Venice string
	Theme           *paint.Theme // nil: no colours
	Dumb            bool         // the terminal has no bracketed paste
	HistoryFile     string       // keeps what is entered between sessions, mode 0600; "": it is forgotten
	InitFile        string       // is evaluated first, if it is there; "": none

	// Destinations are what !queues lists and Tab completes inside ipc/ calls: those of the open servers, and those of the
	// given names that the servers of open clients know. It may be nil, and takes at most a moment.
	Destinations func(names []string) []Destination
}

// A Destination is where messages go.
type Destination struct {
	Server, Kind, Name string // Kind: "queue", "durable queue", "topic", "function" …
	Size, Capacity     int    // of a queue
}

// Session is a REPL on one interpreter. It belongs to the goroutine that calls Run.
type Session struct {
	in      *lisp.Interp
	line    *readline.Instance
	out     *screen
	o       Options
	ns      *eval.Namespace
	results [3]value.Value // *1 *2 *3
	last    value.Value    // *e
	entries []string       // what has been entered; "" for what had a secret in it
	sources sync.Map       // what has been evaluated, by the name that it has in positions
	before  string         // the lines of the entry that is being typed; read by the completer while it is

	interrupts chan os.Signal // Ctrl-C while an evaluation runs
}

// New opens the terminal. The interpreter that attach makes writes to the session, so that output
// of handlers and futures appears above the prompt.
func New(o Options, attach func(out io.Writer, source func(name string) string) *lisp.Interp) (*Session, error) {
	s := &Session{o: o, interrupts: make(chan os.Signal, 1)}
	line, err := readline.NewEx(&readline.Config{
		Stdin: &pasteReader{ReadCloser: readline.NewCancelableStdin(os.Stdin)}, FuncGetWidth: width, AutoComplete: completer{s}, Painter: painter{s},
		HistoryFile: o.HistoryFile, HistoryLimit: 10_000, DisableAutoSaveHistory: true, HistorySearchFold: true,
		InterruptPrompt: "^C", EOFPrompt: " ",
	})
	if err != nil {
		return nil, fmt.Errorf("the terminal cannot be used: %w", err)
	}
	if o.HistoryFile != "" {
		if err := os.Chmod(o.HistoryFile, 0o600); err != nil {
			return nil, errors.Join(err, line.Close())
		}
	}
	s.line, s.out = line, &screen{line: line, out: os.Stdout}
	s.in = attach(s.out, s.text)
	return s, nil
}

// width is the terminal's; one that does not know has 80 columns.
func width() int {
	if w := readline.GetScreenWidth(); w > 0 {
		return w
	}
	return 80
}

// Interp is the session's interpreter.
func (s *Session) Interp() *lisp.Interp { return s.in }

// Run reads and evaluates until the user leaves.
func (s *Session) Run() error {
	defer s.line.Close()
	signal.Notify(s.interrupts, os.Interrupt)
	defer signal.Stop(s.interrupts)
	fmt.Fprintf(s.out, banner, s.o.Version, s.o.Venice)
	s.init()
	for leaving := false; ; {
		text, err := s.read()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			if leaving {
				return nil
			}
			if leaving = text == ""; leaving {
				fmt.Fprintln(s.out, s.o.Theme.Paint(paint.Dim, "Ctrl-C again, or Ctrl-D, leaves"))
			}
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		leaving = false
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		s.remember(text)
		if s.obey(text) {
			return nil
		}
	}
}

// init evaluates the init file, without its value.
func (s *Session) init() {
	if s.o.InitFile == "" {
		return
	}
	text, err := os.ReadFile(s.o.InitFile)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		fmt.Fprintf(s.out, "%v\n", err)
	default:
		s.evaluate(string(text), s.o.InitFile, false)
	}
}

// read reads lines until brackets and strings are closed, and a paste has come to its end.
func (s *Session) read() (string, error) {
	name := "user"
	if s.ns != nil {
		name = s.ns.Name()
	}
	s.prompt(name + "> ")
	s.before = ""
	for {
		line, err := s.readLine()
		line, pasting := strings.CutSuffix(line, pastedEnter)
		text := s.before + fromLine.Replace(strings.ReplaceAll(line, pastedEnter, ""))
		if err != nil {
			return text, err
		}
		if !pasting && !Unfinished(strings.TrimPrefix(text, "!")) {
			return text, nil
		}
		s.before = text + "\n"
		s.prompt(strings.Repeat(" ", len(name)) + "| ")
	}
}

func (s *Session) prompt(text string) { s.line.SetPrompt(s.o.Theme.Paint(paint.Prompt, text)) }

func (s *Session) readLine() (string, error) {
	if !s.o.Dumb {
		_, _ = io.WriteString(os.Stdout, pasteOn) // a terminal that fails is found by Readline
		defer func() { _, _ = io.WriteString(os.Stdout, pasteOff) }()
	}
	s.out.read(true)
	defer s.out.read(false)
	return s.line.Readline()
}

// Unfinished says whether a text ends inside a form.
func Unfinished(text string) bool {
	r := reader.NewReader(text, reader.Options{File: "repl"})
	for {
		_, ok, err := r.Next()
		var ex *value.Exception
		if errors.As(err, &ex) {
			return ex.Class == value.EofException || strings.Contains(ex.Message, "got EOF")
		}
		if err != nil || !ok {
			return false
		}
	}
}
