// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"gondola/lisp"
	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// Run is a command: it gets what follows its name, ends early when ctx does, and returns the exit status.
type Run = func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int

const (
	statusFound = 1 // something is wrong with a script, or there is no such name
	statusUsage = 2
)

// usage answers a command line that asks for help or does not fit the command.
func usage(text string, args []string, fits bool, stdout, stderr io.Writer) (status int, done bool) {
	switch {
	case len(args) > 0 && (args[0] == "-h" || args[0] == "--help"):
		fmt.Fprintln(stdout, "Usage: gondola "+text)
		return 0, true
	case !fits:
		fmt.Fprintln(stderr, "Usage: gondola "+text)
		return statusUsage, true
	}
	return 0, false
}

// Check is the command that reads and compiles scripts without running them: a line for each finding, as compilers write
// them. tables are the functions of the host.
func Check(tables func() []eval.Table) Run {
	return func(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
		if status, done := usage("check FILE...", args, len(args) > 0 && !strings.HasPrefix(args[0], "-"), stdout, stderr); done {
			return status
		}
		status := 0
		for _, file := range args {
			text, err := ReadScript(file, nil)
			if err != nil {
				fmt.Fprintf(stderr, "gondola: %v\n", err)
				return statusUsage
			}
			for _, line := range check(ctx, tables(), text, file) {
				status = statusFound
				fmt.Fprintln(stdout, line)
			}
		}
		return status
	}
}

func check(ctx context.Context, tables []eval.Table, text, file string) (lines []string) {
	in := lisp.New(lisp.Options{Tables: tables})
	defer in.Close()
	th := in.Runtime().NewThread(ctx)
	defer th.Release()
	var found []*value.Exception
	_, err := th.Guard(func() (value.Value, error) {
		var err error
		found, err = core.CheckText(th, text, file)
		return value.Nil, err
	})
	if err != nil {
		found = append(found, value.AsException(err))
	}
	for _, ex := range found {
		lines = append(lines, finding(in, ex, file))
	}
	return lines
}

// finding is "script.venice:3:2: Symbol 'str/trimm' not found. did you mean str/trim?": the hint stands for what the message
// says in further paragraphs.
func finding(in *lisp.Interp, ex *value.Exception, file string) string {
	place := file
	if at := lisp.Place(ex); at.File != "" {
		place = fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Col)
	}
	text := ex.Message
	if hint := in.Hint(ex); hint != "" {
		text, _, _ = strings.Cut(text, "\n\n")
		text += " " + hint
	}
	return place + ": " + strings.Join(strings.Fields(text), " ")
}
