// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package repl is the interactive interpreter: it reads forms from a terminal, evaluates them in one namespace and prints
// their values.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/chzyer/readline"

	"gondola/lisp"
	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/paint"
	"gondola/lisp/reader"
	"gondola/lisp/value"
)

const banner = "gondola %s (Venice %s). !help lists the commands, Ctrl-D leaves.\n"

const help = `!help             this text
!time FORM        evaluates and says how long it took
!macroexpand FORM prints the form with all macros expanded
!hist             prints what has been entered
!clear            clears the screen
!quit             leaves, as Ctrl-D does
(doc name)        help on a name; name? does the same
(apropos "text")  names that contain a text
(dir ns)          the names of a namespace
*1 *2 *3 *e       the last three values and the last exception
Ctrl-C stops an evaluation; twice at an empty prompt it leaves. Tab completes names.
`

// Options of a session.
type Options struct {
	Version, Venice string
	// HistoryFile keeps what is entered between sessions, mode 0600; "": it is forgotten. Entries with :password never go there.
	HistoryFile string
	Theme       *paint.Theme  // nil: no colours
	Stdin       io.ReadCloser // nil: the terminal
	Stdout      io.Writer     // nil: the terminal
}

// Session is a REPL on one interpreter.
type Session struct {
	in      *lisp.Interp
	line    *readline.Instance
	out     io.Writer
	o       Options
	ns      *eval.Namespace
	results [3]value.Value // *1 *2 *3
	last    value.Value    // *e
	entries []string

	reading atomic.Bool // the prompt is on the screen

	mu     sync.Mutex
	cancel context.CancelCauseFunc // of the evaluation that runs; nil: none
}

// screen is where a session and its scripts write: above the prompt while that is shown, else straight to the terminal.
type screen struct{ s *Session }

// Write writes to the terminal.
func (w screen) Write(b []byte) (int, error) {
	if w.s.reading.Load() {
		return w.s.line.Write(b)
	}
	return w.s.o.Stdout.Write(b)
}

// New opens the terminal. The interpreter that attach makes writes to the session, so that output of handlers and futures
// appears above the prompt.
func New(o Options, attach func(out io.Writer) *lisp.Interp) (*Session, error) {
	if o.Stdout == nil {
		o.Stdout = os.Stdout
	}
	s := &Session{o: o}
	line, err := readline.NewEx(&readline.Config{
		HistoryFile: o.HistoryFile, DisableAutoSaveHistory: true, HistorySearchFold: true, AutoComplete: completer{s},
		InterruptPrompt: "^C", EOFPrompt: " ", Stdin: o.Stdin, Stdout: o.Stdout, HistoryLimit: 10_000, FuncGetWidth: width,
	})
	if err != nil {
		return nil, fmt.Errorf("the terminal cannot be used: %w", err)
	}
	if o.HistoryFile != "" {
		if err := os.Chmod(o.HistoryFile, 0o600); err != nil {
			return nil, errors.Join(err, line.Close())
		}
	}
	s.line = line
	s.out = screen{s}
	s.in = attach(s.out)
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

// Tables are the functions that only a session has.
func Tables() []eval.Table {
	return []eval.Table{{
		{Name: "apropos", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
			text, ok := value.StringOrKeyword(v)
			if !ok {
				return value.Nil, value.CoerceError(v, "string")
			}
			return symbols(th.Runtime(), func(name string) bool { return strings.Contains(name, text) }), nil
		}, Forms: "(apropos text)", Doc: "The names that contain a text."},
		{Name: "dir", Min: 1, Max: 1, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
			ns := value.PrStr(a[0])
			quoted := []value.Value{value.Sym("quote"), symbols(th.Runtime(), func(name string) bool {
				of, _ := value.SplitName(name)
				return of == ns || of == "" && ns == "core"
			})}
			return value.ListOf(quoted).Val(), nil
		}, Forms: "(dir ns)", Doc: "The names of a namespace."},
	}}
}

// Run reads and evaluates until the user leaves.
func (s *Session) Run() error {
	defer s.line.Close()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	go func() {
		for range interrupts {
			s.interrupt()
		}
	}()
	fmt.Fprintf(s.out, banner, s.o.Version, s.o.Venice)
	for leaving := false; ; {
		text, err := s.read()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			if leaving {
				return nil
			}
			leaving = text == ""
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

// interrupt stops the evaluation that runs.
func (s *Session) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel(&eval.Uncatchable{Reason: "interrupted"})
	}
}

// read reads lines until brackets and strings are closed.
func (s *Session) read() (string, error) {
	name := "user"
	if s.ns != nil {
		name = s.ns.Name()
	}
	s.line.SetPrompt(name + "> ")
	text := ""
	for {
		s.reading.Store(true)
		line, err := s.line.Readline()
		s.reading.Store(false)
		if err != nil {
			return text + line, err
		}
		text += line
		if strings.HasPrefix(text, "!") || !Unfinished(text) {
			return text, nil
		}
		text += "\n"
		s.line.SetPrompt(strings.Repeat(" ", len(name)) + "| ")
	}
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

// remember keeps an entry. One of several lines becomes one line, unless a comment would swallow its end.
func (s *Session) remember(text string) {
	s.entries = append(s.entries, text)
	if strings.Contains(text, ":password") {
		return
	}
	if strings.Contains(text, "\n") {
		if strings.Contains(text, ";") || strings.Contains(text, `"""`) {
			return
		}
		text = strings.Join(strings.Fields(text), " ")
	}
	_ = s.line.SaveHistory(text) // a history that cannot be written costs nothing but the history
}

// obey evaluates an entry or does what a command says.
func (s *Session) obey(text string) (leave bool) {
	command, rest, _ := strings.Cut(text, " ")
	switch {
	case command == "!quit":
		return true
	case command == "!help":
		fmt.Fprint(s.out, help)
	case command == "!hist":
		for i, e := range s.entries {
			fmt.Fprintf(s.out, "%3d  %s\n", i+1, e)
		}
	case command == "!clear":
		fmt.Fprint(s.out, "\x1b[H\x1b[2J")
	case command == "!time":
		begun := time.Now()
		s.evaluate(rest)
		fmt.Fprintf(s.out, "%v\n", time.Since(begun).Round(time.Microsecond))
	case command == "!macroexpand":
		s.evaluate("(macroexpand-all '" + rest + ")")
	case strings.HasPrefix(text, "!"):
		fmt.Fprintf(s.out, "There is no command %s; !help lists them\n", command)
	case strings.HasSuffix(text, "?") && !strings.ContainsAny(text, " ()[]{}\"") && !s.isName(text):
		s.evaluate("(doc " + strings.TrimSuffix(text, "?") + ")")
	default:
		s.evaluate(text)
	}
	return false
}

func (s *Session) isName(text string) bool { return s.in.Runtime().Row(text) != nil }

// evaluate evaluates an entry and prints its value.
func (s *Session) evaluate(text string) {
	ctx, cancel := context.WithCancelCause(context.Background())
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.cancel = nil
		s.mu.Unlock()
		cancel(nil)
	}()
	th := s.in.Runtime().NewThread(ctx)
	defer th.Release()
	th.SetName("repl")
	v, err := th.Guard(func() (value.Value, error) {
		if err := s.publish(th); err != nil {
			return value.Nil, err
		}
		if s.ns != nil {
			th.SetNamespace(s.ns)
		}
		v, err := core.EvalText(th, text, "repl")
		s.ns = th.Namespace()
		return v, err
	})
	if err != nil {
		var ex *value.Exception
		if errors.As(err, &ex) {
			s.last = ex.Val()
		}
		s.in.WriteError(s.out, err, lisp.ErrorStyle{Theme: s.o.Theme, Sources: map[string]string{"repl": text}})
		return
	}
	s.results = [3]value.Value{v, s.results[0], s.results[1]}
	fmt.Fprintln(s.out, value.PrStr(v))
}

// publish defines *1, *2, *3 and *e in namespace user.
func (s *Session) publish(th *eval.Thread) error {
	for i, v := range s.results {
		if err := th.Define(fmt.Sprintf("*%d", i+1), v); err != nil {
			return err
		}
	}
	return th.Define("*e", s.last)
}
