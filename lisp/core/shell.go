// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// shellTable: other programs, language.md 14.5.
var shellTable = eval.Table{
	{Name: "*sh-dir*", Dynamic: true, Value: func(*eval.Runtime) value.Value { return value.Nil }, Doc: "The working directory of sh; see with-sh-dir."},
	{Name: "*sh-env*", Dynamic: true, Value: func(*eval.Runtime) value.Value { return value.Nil }, Doc: "The environment of sh; see with-sh-env."},
	{Name: "*sh-throw-ex*", Dynamic: true, Value: func(*eval.Runtime) value.Value { return value.False }, Doc: "Whether sh throws after a failure; see with-sh-throw."},
	{Name: "sh", Min: 1, Max: -1, FN: sh, Forms: "(sh program & args)\n(sh program & args options)", Doc: "Runs a program and waits for its end: {:exit n :out text :err text}. Options behind the arguments: :in text or bytes, :dir, :env map, :throw-ex true, :timeout ms, :out-enc :bytes or a charset, :out-fn and :err-fn for each line."},
	shBinding("with-sh-dir", "*sh-dir*", "Runs the body with a working directory for sh."),
	shBinding("with-sh-env", "*sh-env*", "Runs the body with additional environment variables for sh."),
	{Name: "with-sh-throw", Min: 0, Max: -1, Macro: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		return list(value.Sym("binding"), vec(value.Sym("*sh-throw-ex*"), value.True), listWith(a, symDo)), nil
	}, Forms: "(with-sh-throw & body)", Doc: "Runs the body; sh throws a ShellException if a program fails."},
	{Name: "sh/which", Min: 1, Max: 1, Fn: func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
		name := in.Str()
		if err := in.Done(); err != nil {
			return value.Nil, err
		}
		path, err := exec.LookPath(name)
		if err != nil {
			return value.Nil, nil
		}
		return value.String(path), nil
	}, Forms: "(sh/which program)", Doc: "The path of a program on the path; nil if there is none."},
	{Name: "sh/pwd", F0: func(*eval.Thread) (value.Value, error) {
		dir, err := os.Getwd()
		if err != nil {
			return value.Nil, value.Errorf("sh/pwd: %v", err)
		}
		return value.NewFile(dir).Val(), nil
	}, Forms: "(sh/pwd)", Doc: "The working directory."},
	{Name: "sh/pgrep", Min: 1, Max: 1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		r, err := sh(th, []value.Value{value.String("pgrep"), value.String("-x"), a[0]})
		if err != nil {
			return value.Nil, err
		}
		out, _ := r.Ref().(value.Map).Get(value.Kw("out"))
		var pids []value.Value
		text, _ := out.Str()
		for line := range strings.Lines(text) {
			pids = append(pids, value.String(strings.TrimSpace(line)))
		}
		return value.ListOf(pids).Val(), nil
	}, Forms: "(sh/pgrep program)", Doc: "The ids of the processes of a program, as strings."},
	{Name: "sh/alive?", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		pid, err := processID(v)
		if err != nil {
			return value.Nil, err
		}
		err = signalTo(pid, syscall.Signal(0))
		return value.Bool(err == nil || errors.Is(err, os.ErrPermission)), nil
	}, Forms: "(sh/alive? pid)", Doc: "Whether a process runs."},
	{Name: "sh/kill", Min: 1, Max: 2, FN: shKill, Forms: "(sh/kill pid)\n(sh/kill pid signal)", Doc: "Sends a signal to a process: :sigterm, :sigkill, :sigint or :sighup."},
	{Name: "sh/open", Min: 1, Max: 1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return sh(th, []value.Value{value.String("xdg-open"), a[0]})
	}, Forms: "(sh/open file-or-url)", Doc: "Opens a file or URL with the desktop's program for it."},
}

func shBinding(name, variable, doc string) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: -1, Forms: "(" + name + " value & body)", Doc: doc,
		Macro: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			return list(value.Sym("binding"), vec(value.Sym(variable), a[0]), listWith(a[1:], symDo)), nil
		}}
}

var signals = map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": syscall.SIGKILL, "SIGINT": syscall.SIGINT, "SIGHUP": syscall.SIGHUP}

func shKill(_ *eval.Thread, a []value.Value) (value.Value, error) {
	signal := "SIGTERM"
	if len(a) == 2 {
		text, _ := value.Text(a[1])
		signal = strings.ToUpper(text)
	}
	s, ok := signals[signal]
	if !ok {
		return value.Nil, value.Errorf("sh/kill: signal %s not supported: use :sigterm, :sigkill, :sigint or :sighup", value.PrStr(a[1]))
	}
	pid, err := processID(a[0])
	if err == nil {
		err = signalTo(pid, s)
	}
	if err != nil {
		return value.Nil, value.Throwf(value.RuntimeException, "Failed to kill process (%s), signal=%s.\n\n%s", value.ToStr(a[0]), signal, err)
	}
	return value.Nil, nil
}

func signalTo(pid int, s os.Signal) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err = p.Signal(s); errors.Is(err, os.ErrProcessDone) {
		return errors.New("there is no process of this number")
	}
	return err
}

func processID(v value.Value) (int, error) {
	s, ok := v.Str()
	if !ok {
		return 0, value.CoerceError(v, "string")
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 {
		return 0, value.Errorf("%s is no process id", value.PrStr(v))
	}
	return n, nil
}

// shell is a call of sh, understood.
type shell struct {
	words    []string
	in       io.Reader
	dir      string
	env      []string
	throws   bool
	timeout  time.Duration
	outBytes bool
	charset  string
	outFn    value.Value
	errFn    value.Value
}

// parseShell splits the program and its arguments from the options, which begin at the first keyword.
func parseShell(th *eval.Thread, a []value.Value) (*shell, error) {
	n := slices.IndexFunc(a, func(v value.Value) bool { _, ok := v.Ref().(*value.Keyword); return ok })
	if n < 0 {
		n = len(a)
	}
	s := &shell{charset: "UTF-8"}
	for _, v := range a[:n] {
		if !v.IsNil() {
			s.words = append(s.words, value.ToStr(v))
		}
	}
	if len(s.words) == 0 {
		return nil, value.Errorf("sh: a program is expected")
	}
	opts := map[string]value.Value{"dir": th.CoreValue("*sh-dir*"), "throw-ex": th.CoreValue("*sh-throw-ex*")}
	for i := n; i < len(a); i += 2 {
		k, ok := a[i].Ref().(*value.Keyword)
		if !ok || i+1 == len(a) {
			return nil, value.Errorf("sh: the options behind the arguments must be keys and values, got %s", value.PrStr(a[i]))
		}
		opts[k.Name] = a[i+1]
	}
	if err := s.addEnv(th.CoreValue("*sh-env*")); err != nil {
		return nil, err
	}
	if err := s.addEnv(opts["env"]); err != nil {
		return nil, err
	}
	return s, s.options(opts)
}

func (s *shell) addEnv(v value.Value) error {
	if v.IsNil() {
		return nil
	}
	m, err := asMap(v)
	if err != nil {
		return err
	}
	for k, v := range m.All() {
		s.env = append(s.env, value.ToStr(k)+"="+value.ToStr(v))
	}
	return nil
}

func (s *shell) options(opts map[string]value.Value) error {
	if d := opts["dir"]; !d.IsNil() {
		s.dir = value.ToStr(d)
		if info, err := os.Stat(s.dir); err != nil || !info.IsDir() {
			return value.Throwf(value.ShellException, "Shell execution failed: The process directory '%s' does not exist!", s.dir)
		}
	}
	switch in := opts["in"]; x := in.Ref().(type) {
	case nil:
	case *value.ByteBuf:
		s.in = bytes.NewReader(slices.Clone(x.B[:x.Lim]))
	case *value.File:
		text, err := os.ReadFile(x.Path)
		if err != nil {
			return value.Throwf(value.ShellException, "sh: %v", err)
		}
		s.in = bytes.NewReader(text)
	default:
		s.in = strings.NewReader(value.ToUTF8(value.ToStr(in)))
	}
	s.throws = opts["throw-ex"].Truthy()
	if ms, ok := opts["timeout"].Long(); ok {
		s.timeout = time.Duration(ms) * time.Millisecond
	}
	if e := opts["out-enc"]; !e.IsNil() {
		s.charset, _ = value.Text(e)
		s.outBytes = s.charset == "bytes"
	}
	s.outFn, s.errFn = opts["out-fn"], opts["err-fn"]
	return nil
}

// sh runs a program. The program ends with the thread (E11).
func sh(th *eval.Thread, a []value.Value) (value.Value, error) {
	s, err := parseShell(th, a)
	if err != nil {
		return value.Nil, err
	}
	ctx, cancel := context.WithCancel(th.Context())
	defer cancel()
	if s.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, s.timeout)
		defer cancel()
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, s.words[0], s.words[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.dir, s.in, &out, &errs
	cmd.Env = append(os.Environ(), s.env...)
	cmd.WaitDelay = time.Second // for grandchildren that keep the pipes open
	if s.dir != "" && strings.Contains(s.words[0], "/") && !filepath.IsAbs(s.words[0]) {
		cmd.Path = filepath.Join(s.dir, s.words[0])
	}
	err = cmd.Run()
	if stop := th.Interrupted(); stop != nil {
		return value.Nil, stop
	}
	var exit *exec.ExitError
	switch {
	case s.timeout > 0 && ctx.Err() != nil:
		return value.Nil, value.Throwf(value.ShellException, "Shell execution timeout after %dms: (sh %s)", s.timeout.Milliseconds(), strings.Join(s.words, " "))
	case err != nil && !errors.As(err, &exit):
		cause := value.NewException(value.FindClass("java.io.IOException"), err.Error())
		return value.Nil, value.NewException(value.ShellException, "Shell execution processing failed: (sh "+strings.Join(s.words, " ")+")").Because(cause)
	}
	return s.result(th, cmd.ProcessState.ExitCode(), out.Bytes(), errs.Bytes())
}

func (s *shell) result(th *eval.Thread, exit int, out, errs []byte) (value.Value, error) {
	if s.throws && exit != 0 {
		return value.Nil, value.Throwf(value.ShellException, "Shell execution failed: (sh %s). Exit code: %d\n%s", strings.Join(s.words, " "), exit, errs)
	}
	stdout := value.NewByteBuf(out).Val()
	if !s.outBytes {
		text, ok := value.DecodeText(s.charset, out)
		if !ok {
			return value.Nil, value.Errorf("sh: unknown charset %s", s.charset)
		}
		stdout = value.String(text)
	}
	text, _ := value.DecodeText("UTF-8", errs)
	stderr := value.String(text)
	var err error
	if stdout, err = eachLine(th, s.outFn, out, stdout); err != nil {
		return value.Nil, err
	}
	if stderr, err = eachLine(th, s.errFn, errs, stderr); err != nil {
		return value.Nil, err
	}
	return value.NewHashMap(value.Kw("exit"), value.Long(int64(exit)), value.Kw("out"), stdout, value.Kw("err"), stderr).Val(), nil
}

// eachLine hands the lines to f, if there is one: the result has no text then.
func eachLine(th *eval.Thread, f value.Value, text []byte, otherwise value.Value) (value.Value, error) {
	if f.IsNil() {
		return otherwise, nil
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for lines.Scan() {
		line, _ := value.DecodeText("UTF-8", lines.Bytes())
		if _, err := th.Call1(f, value.String(line)); err != nil {
			return value.Nil, err
		}
	}
	return value.String(""), nil
}
