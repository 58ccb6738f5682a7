// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gondola/lisp/eval"
)

// Box is the sandbox on the command line.
type Box struct {
	On     bool
	Allow  []string
	limits []func(*eval.Limits) // in the order of the options
}

// Sandbox is what scripts may touch; nil: everything.
func (b *Box) Sandbox() *eval.Sandbox {
	if !b.On {
		return nil
	}
	return &eval.Sandbox{Allow: b.Allow}
}

// Limits are what an evaluation may use: those of a sandbox if there is one, and those of the options.
func (b *Box) Limits() (l eval.Limits) {
	if b.On {
		l = eval.SandboxLimits()
	}
	for _, set := range b.limits {
		set(&l)
	}
	return l
}

// sandboxOptions are rows of the table of options. The limits work without --sandbox, too.
var sandboxOptions = []option{
	{names: []string{"sandbox"}, help: "deny files, processes, environment, network, interop, exit; limit what an evaluation uses", set: func(o *Options, _ string) error {
		o.Box.On = true
		return nil
	}},
	{names: []string{"allow"}, arg: "LIST", help: "in a sandbox: " + strings.Join(eval.GroupNames(), ", ") + ", functions, patterns like 'io/*'", set: func(o *Options, text string) error {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				o.Box.Allow = append(o.Box.Allow, name)
			}
		}
		return nil
	}},
	limitOption("max-steps", "N", "calls, turns of loops, elements (100000000 in a sandbox; 0: no limit)", func(l *eval.Limits, n int64) { l.Steps = n }),
	limitOption("max-time", "MS", "milliseconds of an evaluation (5000)", func(l *eval.Limits, n int64) { l.Time = time.Duration(n) * time.Millisecond }),
	limitOption("max-memory", "BYTES", "allocated by an evaluation (256MB)", func(l *eval.Limits, n int64) { l.Memory = n }),
	limitOption("max-value", "BYTES", "of one string or collection (64MB)", func(l *eval.Limits, n int64) { l.Value = n }),
	limitOption("max-output", "BYTES", "written to standard output and error (16MB)", func(l *eval.Limits, n int64) { l.Output = n }),
	limitOption("max-handles", "N", "streams, servers and clients open at a time (16)", func(l *eval.Limits, n int64) { l.Handles = int(n) }),
	limitOption("max-futures", "N", "futures and threads at a time (20)", func(l *eval.Limits, n int64) { l.Futures = int(n) }),
	limitOption("max-timers", "N", "schedules at a time (20)", func(l *eval.Limits, n int64) { l.Timers = int(n) }),
	limitOption("max-digits", "N", "of bigints and decimals (10000)", func(l *eval.Limits, n int64) { l.Digits = int(n) }),
	limitOption("max-pattern", "BYTES", "of a regular expression (10KB)", func(l *eval.Limits, n int64) { l.Pattern = int(n) }),
}

func limitOption(name, arg, help string, set func(l *eval.Limits, n int64)) option {
	return option{names: []string{name}, arg: arg, help: help, set: func(o *Options, text string) error {
		n, err := amount(text)
		if err == nil {
			o.Box.limits = append(o.Box.limits, func(l *eval.Limits) { set(l, n) })
		}
		return err
	}}
}

const mostAmount = 1 << 40

// amount reads a number, also with KB, MB or GB behind it.
func amount(text string) (int64, error) {
	unit := int64(1)
	for i, suffix := range []string{"KB", "MB", "GB"} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = rest, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return 0, errors.New("it must be a number, like 1000 or 64MB")
	case n < 0 || n > mostAmount/unit:
		return 0, fmt.Errorf("it must be from 0 to %d", int64(mostAmount))
	}
	return n * unit, nil
}
