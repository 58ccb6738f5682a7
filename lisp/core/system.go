// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"github.com/google/uuid"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// venice is the version of the language that this host keeps to (H4).
const venice = "1.12.78"

// systemTable: the host, language.md 12.7, 18.
var systemTable = eval.Table{
	{Name: "*version*", Value: func(*eval.Runtime) value.Value { return value.String(venice) }, Doc: "The version of the language."},
	{Name: "*newline*", Value: func(*eval.Runtime) value.Value { return value.String("\n") }, Doc: "The line separator."},
	{Name: "*run-mode*", Value: func(rt *eval.Runtime) value.Value {
		if rt.Config.RunMode == "" {
			return value.Kw("script")
		}
		return value.Kw(rt.Config.RunMode)
	}, Doc: "How the interpreter runs: :script or :repl."},
	{Name: "*ARGV*", Value: func(rt *eval.Runtime) value.Value {
		if rt.Config.Args == nil {
			return value.Nil
		}
		var out []value.Value
		for _, a := range rt.Config.Args {
			out = append(out, value.String(a))
		}
		return value.ListOf(out).Val()
	}, Doc: "The script's command line arguments; nil for an embedded interpreter."},
	{Name: "current-time-millis", F0: func(*eval.Thread) (value.Value, error) { return value.Long(time.Now().UnixMilli()), nil }, Forms: "(current-time-millis)", Doc: "Milliseconds since the epoch."},
	{Name: "nano-time", F0: func(*eval.Thread) (value.Value, error) { return value.Long(int64(time.Since(processStart))), nil }, Forms: "(nano-time)", Doc: "A monotonic clock in nanoseconds."},
	{Name: "uuid", F0: func(*eval.Thread) (value.Value, error) { return value.String(uuid.NewString()), nil }, Forms: "(uuid)", Doc: "A random UUID, a string."},
	{Name: "sleep", Min: 1, Max: 2, Fn: sleep, Forms: "(sleep n)\n(sleep n time-unit)", Doc: "Waits; n in milliseconds unless a unit is given."},
	{Name: "time", Min: 1, Max: 1, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return list(th.Runtime().Core("time*"), list(symFn, vec(), a[0])), nil
	}, Forms: "(time expr)", Doc: "Evaluates expr, prints the time that it took, and returns its value."},
	{Name: "time*", Min: 1, Max: 1, F1: timed, Doc: "Internal to time."},
	{Name: "system-exit-code", Touches: eval.Exit, Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		n, err := asLong(v)
		if err == nil {
			th.Runtime().SetExitCode(int(n))
		}
		return value.Nil, err
	}, Forms: "(system-exit-code n)", Doc: "Sets the exit status of the process."},
	{Name: "sandboxed?", F0: func(th *eval.Thread) (value.Value, error) {
		return value.Bool(th.Runtime().Config.Sandbox != nil), nil
	}, Forms: "(sandboxed?)", Doc: "Whether the script runs in a sandbox."},
	{Name: "sandbox/type", F0: func(th *eval.Thread) (value.Value, error) { return value.Kw(th.Runtime().SandboxType()), nil }, Forms: "(sandbox/type)", Doc: "The kind of the sandbox: :AcceptAllInterceptor without one, :RejectAllInterceptor, or :SandboxInterceptor if something is allowed."},
}

// processStart is the zero of nano-time.
var processStart = time.Now()

func sleep(th *eval.Thread, in *eval.Args) (value.Value, error) {
	n, unit := in.Value(), value.Kw("milliseconds")
	if in.Left() > 0 {
		unit = in.Value()
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	d, err := duration(n, unit)
	if err != nil || d <= 0 {
		return value.Nil, err
	}
	return value.Nil, pause(th, d)
}

func timed(th *eval.Thread, f value.Value) (value.Value, error) {
	start := time.Now()
	v, err := th.Call(f)
	if err != nil {
		return value.Nil, err
	}
	out, _ := target(th, nil)
	return v, write(th, out, "Elapsed time: "+nanoText(time.Since(start), 2)+"\n")
}
