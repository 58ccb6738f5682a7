// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"context"
	"errors"
	"time"

	"gondola/broker"
	"gondola/broker/wire"
	"gondola/lisp/eval"
	"gondola/lisp/value"
	"gondola/security"
)

func (m *module) functionTable() eval.Table {
	return eval.Table{
		{Name: "ipc/create-function", Min: 3, Max: 5, Fn: m.createFunction, Forms: "(ipc/create-function server name func)\n(ipc/create-function server name func :dedupe options)", Doc: "Makes a function of one message available to clients; it returns a message or nil. An existing function stays. :dedupe has it called once for each request id; its options are those of ipc/server."},
		{Name: "ipc/remove-function", Min: 2, Max: 2, Fn: removeFunction, Forms: "(ipc/remove-function server name)", Doc: "Removes a function; unknown names are fine."},
		{Name: "ipc/exists-function?", Min: 2, Max: 2, Fn: existsFunction, Forms: "(ipc/exists-function? node name)", Doc: "Whether the server has the function."},
	}
}

// onServer takes the server of the function functions.
func onServer(fn string, in *eval.Args) *server {
	v := in.Value()
	s, ok := value.HostOf[*server](v)
	if !ok {
		in.Fail(value.Errorf("%s: the first arg must be a server.", fn))
	}
	return s
}

func (m *module) createFunction(th *eval.Thread, in *eval.Args) (value.Value, error) {
	s, name, f := onServer("ipc/create-function", in), in.Str(), in.Function()
	dedupe, err := m.onlyDedupe(in, "ipc/create-function")
	if err != nil {
		return value.Nil, err
	}
	err = s.CreateFunction(name, handler(th, f, s.handlerTimeout))
	if err == nil && dedupe != nil {
		s.Dedupe(security.Function, name, *dedupe)
	}
	return value.Nil, exception(err)
}

// onlyDedupe takes the options of a destination, of which there is one.
func (m *module) onlyDedupe(in *eval.Args, fn string) (*broker.DedupeOptions, error) {
	o := m.options(in, fn, "dedupe")
	dedupe := o.dedupe(m)
	return dedupe, o.err
}

// handler runs a script function for the server. Every call has a thread of its own, with the bindings and the output that
// were current at create-function (ipc-api.md 5.3); an error is the server's to log and to answer (B6). A call that takes longer
// than the limit ends, and the script cannot catch that (O16).
func handler(th *eval.Thread, f value.Value, limit time.Duration) broker.Handler {
	origin, late := th.Fork(), &eval.Uncatchable{Reason: "the function took too long"}
	return func(ctx context.Context, m *wire.Message) (*wire.Message, error) {
		worker := origin.ForkWith(ctx)
		defer worker.Release()
		end := worker.Interrupter()
		defer time.AfterFunc(limit, func() { end(late) }).Stop()
		v, err := worker.Guard(func() (value.Value, error) { return worker.Call1(f, wrap(m)) })
		if errors.Is(err, late) {
			return nil, &broker.HandlerTimeoutError{After: limit}
		}
		if err != nil || v.IsNil() {
			return nil, err
		}
		answer, ok := value.HostOf[*message](v)
		if !ok {
			return nil, value.Errorf("The function returned a value of type %s: a message or nil is expected.", v.Type())
		}
		return answer.Message, nil
	}
}

func removeFunction(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	s, name := onServer("ipc/remove-function", in), in.Str()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	s.RemoveFunction(name)
	return value.Nil, nil
}

func existsFunction(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	s, name := onServer("ipc/exists-function?", in), in.Str()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return value.Bool(s.HasFunction(name)), nil
}
