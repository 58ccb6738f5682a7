// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"context"
	"errors"
	"fmt"

	"gondola/lisp"
	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/paint"
	"gondola/lisp/value"
)

// outcome is what an evaluation leaves.
type outcome struct {
	v     value.Value
	shown string
	ns    *eval.Namespace
	err   error
}

// evaluate evaluates a text and prints its value if show is set. Ctrl-C interrupts it; a second one, because something does
// not listen, leaves it behind.
func (s *Session) evaluate(text, file string, show bool) {
	select {
	case <-s.interrupts: // one that came too late for the last evaluation
	default:
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	s.sources.Store(file, text)
	done := make(chan outcome, 1)
	work := s.work(text, file, show)
	go func() { done <- work(ctx) }()
	for interrupted := false; ; interrupted = true {
		select {
		case out := <-done:
			s.finish(out, show)
			return
		case <-s.interrupts:
			if interrupted {
				fmt.Fprintln(s.out, "left behind: it does not listen and goes on until the end of the session")
				return
			}
			cancel(&eval.Uncatchable{Reason: "interrupted"})
		}
	}
}

// work is the evaluation, for a goroutine of its own: it touches nothing of the session.
func (s *Session) work(text, file string, show bool) func(context.Context) outcome {
	rt, ns, results, last := s.in.Runtime(), s.ns, s.results, s.last
	printer := shower{theme: s.o.Theme, width: width()}
	return func(ctx context.Context) (out outcome) {
		th := rt.NewThread(ctx)
		defer th.Release()
		th.SetName("repl")
		if ns != nil {
			th.SetNamespace(ns)
		}
		out.v, out.err = th.Guard(func() (value.Value, error) {
			if err := publish(th, results, last); err != nil {
				return value.Nil, err
			}
			v, err := core.EvalText(th, text, file)
			out.ns = th.Namespace()
			if err == nil && show {
				printer.caller = th
				out.shown, err = printer.show(v)
			}
			return v, err
		})
		return out
	}
}

// publish defines *1, *2, *3 and *e.
func publish(th *eval.Thread, results [3]value.Value, last value.Value) error {
	for i, v := range results {
		if err := th.Define(fmt.Sprintf("*%d", i+1), v); err != nil {
			return err
		}
	}
	return th.Define("*e", last)
}

// finish prints what came out and keeps it.
func (s *Session) finish(out outcome, show bool) {
	if out.ns != nil {
		s.ns = out.ns
	}
	s.out.startLine()
	var ex *value.Exception
	switch {
	case errors.As(out.err, &ex):
		s.last = ex.Val()
		s.in.WriteError(s.out, out.err, lisp.ErrorStyle{Theme: s.o.Theme, Source: s.text})
	case out.err != nil:
		fmt.Fprintln(s.out, s.o.Theme.Paint(paint.Dim, out.err.Error()))
	case show:
		s.results = [3]value.Value{out.v, s.results[0], s.results[1]}
		fmt.Fprintln(s.out, out.shown)
	}
}

// text is what has been evaluated under a name.
func (s *Session) text(name string) string {
	text, _ := s.sources.Load(name)
	found, _ := text.(string)
	return found
}
