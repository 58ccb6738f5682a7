// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"sync"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// agentTable: agents, language.md 11.
var agentTable = eval.Table{
	{Name: "agent", Min: 1, Max: -1, Fn: newAgent, Forms: "(agent state & options)", Doc: "A reference that is changed by functions sent to it, one after the other, on another goroutine. Options :error-mode (:continue, :fail), :error-handler, :validator."},
	{Name: "send", Min: 2, Max: -1, FN: sendAction("send"), Forms: "(send agent f & args)", Doc: "Sets the agent's state to (f state args…) on another goroutine; the agent."},
	{Name: "send-off", Min: 2, Max: -1, FN: sendAction("send-off"), Forms: "(send-off agent f & args)", Doc: "send, for functions that block."},
	{Name: "await", Min: 1, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) { return awaitAgents(th, nil, a) },
		Forms: "(await & agents)", Doc: "Waits until what this thread has sent to the agents is done; true."},
	{Name: "await-for", Min: 2, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		wait, stop, err := waiting(a[:1])
		if err != nil {
			return value.Nil, err
		}
		defer stop()
		return awaitAgents(th, wait, a[1:])
	}, Forms: "(await-for timeout-ms & agents)", Doc: "await for at most a time; whether all was done."},
	{Name: "agent-error", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		a, err := asAgent("agent-error", v)
		if err != nil {
			return value.Nil, err
		}
		if failure := a.failed(); failure != nil {
			return failure.Val(), nil
		}
		return value.Nil, nil
	}, Forms: "(agent-error agent)", Doc: "The exception of a failed agent; nil otherwise."},
	{Name: "agent-error-mode", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		a, err := asAgent("agent-error-mode", v)
		if err != nil {
			return value.Nil, err
		}
		if a.fails {
			return value.Kw("fail"), nil
		}
		return value.Kw("continue"), nil
	}, Forms: "(agent-error-mode agent)", Doc: ":continue or :fail."},
	{Name: "restart-agent", Min: 2, Max: 2, F2: func(th *eval.Thread, v, state value.Value) (value.Value, error) {
		a, err := asAgent("restart-agent", v)
		if err == nil {
			err = a.validate(th, state)
		}
		if err == nil {
			a.set(state, nil)
		}
		return v, err
	}, Forms: "(restart-agent agent state)", Doc: "Gives a failed agent a new state; the agent."},
	{Name: "set-error-handler!", Min: 2, Max: 2, F2: func(_ *eval.Thread, v, f value.Value) (value.Value, error) {
		a, err := asAgent("set-error-handler!", v)
		if err == nil && !eval.IsFunction(f) {
			err = value.CoerceError(f, "function")
		}
		if err == nil {
			a.mu.Lock()
			a.handler = f
			a.mu.Unlock()
		}
		return v, err
	}, Forms: "(set-error-handler! agent f)", Doc: "Sets the function (f agent exception) that is called when an action fails; the agent."},
}

var typeAgent = &value.Type{Name: "com.github.jlangch.venice.impl.util.concurrent.Agent"}

// agent is a state and the actions that wait for it. A goroutine runs them as long as there are any.
type agent struct {
	value.Obj
	value.Watched
	fails     bool // :error-mode :fail
	validator value.Value

	mu      sync.Mutex
	state   value.Value
	failure *value.Exception
	handler value.Value
	actions []agentAction
	running bool
}

type agentAction struct {
	th   *eval.Thread // forked by the sender
	f    value.Value
	args []value.Value
	done chan struct{} // of await: closed instead of calling anything
}

func (*agent) Type() *value.Type { return typeAgent }

// Deref is the state.
func (a *agent) Deref() value.Value {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

func (a *agent) PrintTo(p *value.Printer) {
	a.mu.Lock()
	state, failure := a.state, a.failure
	a.mu.Unlock()
	p.WriteString("(agent ")
	if failure != nil {
		p.WriteString(":error " + failure.Class.Name)
	}
	p.WriteString(":value ")
	p.Print(state)
	p.WriteString(")")
}

func (a *agent) failed() *value.Exception {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failure
}

func (a *agent) set(state value.Value, failure *value.Exception) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.state, a.failure = state, failure
}

func newAgent(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	state, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	for _, name := range []string{"validator", "error-handler"} {
		if f := opts[name]; !f.IsNil() && !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
	}
	return value.New(&agent{
		state: state, validator: opts["validator"], handler: opts["error-handler"], fails: isKw(opts["error-mode"], "fail"),
	}).Val(), nil
}

func asAgent(fn string, v value.Value) (*agent, error) {
	a, ok := v.Ref().(*agent)
	if !ok {
		return nil, value.Errorf("Function '%s' does not allow type %s as agent parameter", fn, v.Type())
	}
	return a, nil
}

func sendAction(name string) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(th *eval.Thread, args []value.Value) (value.Value, error) {
		a, err := asAgent(name, args[0])
		if err != nil {
			return value.Nil, err
		}
		if !eval.IsFunction(args[1]) {
			return value.Nil, value.CoerceError(args[1], "function")
		}
		if err := th.Charge(actionSize); err != nil {
			return value.Nil, err
		}
		return args[0], a.enqueue(th, agentAction{th: th.Fork(), f: args[1], args: append([]value.Value(nil), args[2:]...)})
	}
}

// actionSize is what limits count for an action that waits, in bytes: it has a thread.
const actionSize = 20 << 10

// enqueue adds an action; a goroutine for it counts as a future of th.
func (a *agent) enqueue(th *eval.Thread, action agentAction) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.running {
		release, err := th.Hold(eval.Futures)
		if err != nil {
			if action.th != nil {
				action.th.Release()
			}
			return err
		}
		a.running = true
		go a.run(release)
	}
	a.actions = append(a.actions, action)
	return nil
}

func (a *agent) run(release func()) {
	defer release()
	for {
		a.mu.Lock()
		if len(a.actions) == 0 {
			a.running, a.actions = false, nil
			a.mu.Unlock()
			return
		}
		next := a.actions[0]
		a.actions = a.actions[1:]
		a.mu.Unlock()
		if next.done != nil {
			close(next.done)
			continue
		}
		a.perform(next)
	}
}

// perform runs one action. A failed agent that does not go on skips it.
func (a *agent) perform(action agentAction) {
	defer action.th.Release()
	if a.fails && a.failed() != nil {
		return
	}
	old := a.Deref()
	state, err := action.th.Guard(func() (value.Value, error) {
		v, err := action.th.Apply(action.f, append([]value.Value{old}, action.args...))
		if err != nil {
			return value.Nil, err
		}
		return v, a.validate(action.th, v)
	})
	if err == nil {
		a.set(state, nil)
		_, err = action.th.Guard(func() (value.Value, error) { return value.Nil, a.Notify(action.th, a.Val(), old, state) })
	}
	if err == nil {
		return
	}
	failure := value.AsException(err)
	a.mu.Lock()
	handler := a.handler
	if a.fails {
		a.failure = failure
	}
	a.mu.Unlock()
	if !handler.IsNil() {
		_, _ = action.th.Guard(func() (value.Value, error) { return action.th.Call2(handler, a.Val(), failure.Val()) })
	}
}

func (a *agent) validate(th *eval.Thread, state value.Value) error {
	if a.validator.IsNil() {
		return nil
	}
	ok, err := th.Call1(a.validator, state)
	if err == nil && !ok.Truthy() {
		err = value.Errorf("Invalid agent state")
	}
	return err
}

func awaitAgents(th *eval.Thread, wait <-chan time.Time, agents []value.Value) (value.Value, error) {
	done := make([]chan struct{}, len(agents))
	for i, v := range agents {
		a, err := asAgent("await", v)
		if err != nil {
			return value.Nil, err
		}
		done[i] = make(chan struct{})
		if err := a.enqueue(th, agentAction{done: done[i]}); err != nil {
			return value.Nil, err
		}
	}
	for _, d := range done {
		select {
		case <-d:
		case <-wait:
			return value.False, nil
		case <-th.Done():
			return value.Nil, th.Interrupted()
		}
	}
	return value.True, nil
}
