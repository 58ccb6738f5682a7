// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"runtime/debug"

	"gondola/lisp/value"
)

// tryNode is (try body* (catch selector name expr*)* (finally expr*)?), language.md 10.3.
type tryNode struct {
	body    Node
	catches []*catchClause
	finally Node // nil without
}

type catchClause struct {
	selector Node
	slot     *local
	body     Node
}

func (n *tryNode) Eval(th *Thread, fr *Frame) (v value.Value, err error) {
	v, err = th.protect(n.body, fr)
	if err != nil {
		v, err = n.handle(th, fr, err)
	}
	if n.finally == nil {
		return v, err
	}
	if _, ferr := th.protect(n.finally, fr); ferr != nil {
		return value.Nil, ferr
	}
	return v, err
}

// handle runs the first clause that matches.
func (n *tryNode) handle(th *Thread, fr *Frame, err error) (value.Value, error) {
	if !catchable(err) {
		return value.Nil, err
	}
	ex := value.AsException(err)
	for _, c := range n.catches {
		sel, serr := th.protect(c.selector, fr)
		if serr != nil {
			return value.Nil, serr
		}
		ok, serr := th.matches(sel, ex)
		if serr != nil {
			return value.Nil, serr
		}
		if ok {
			if berr := (slotBinder{c.slot}).rebind(th, fr, ex.Val()); berr != nil {
				return value.Nil, berr
			}
			return th.protect(c.body, fr)
		}
	}
	return value.Nil, err
}

// catchable reports whether a script may catch err: our own signals and the end of the whole evaluation pass (E1).
func catchable(err error) bool {
	var u *Uncatchable
	var ex *value.Exception
	return !errors.As(err, &u) && !(errors.As(err, &ex) && ex.Final)
}

// Uncatchable ends an evaluation whatever the script tries; finally blocks and try-with still run. A host passes it to
// the context of an evaluation as its cause, for signals; an exception of a limit is Final.
type Uncatchable struct{ Reason string }

func (e *Uncatchable) Error() string { return e.Reason }

// protect evaluates a node; a Go panic in it becomes an error, and the thread is put back to where it was. An *Exception
// that was panicked (equality of lazy sequences, nesting too deep) is that exception; anything else is a bug of ours (X12).
func (th *Thread) protect(n Node, fr *Frame) (v value.Value, err error) {
	sp, depth, ns, binds, stack := th.sp, th.depth, th.ns, th.binds, th.stack
	done := false
	defer func() {
		if done {
			return
		}
		r := recover()
		if r == nil {
			return // runtime.Goexit
		}
		clear(stack[sp:])
		th.sp, th.depth, th.ns, th.binds, th.stack = sp, depth, ns, binds, stack
		v, err = value.Nil, th.rt.recovered(r)
	}()
	v, err = n.Eval(th, fr)
	done = true
	return v, err
}

// recovered turns a recovered panic into an exception.
func (rt *Runtime) recovered(r any) error {
	if ex, ok := r.(*value.Exception); ok {
		return ex
	}
	n := rt.incidents.Add(1)
	rt.Config.Logger.Error("internal error", "incident", n, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
	return value.Errorf("Internal error (incident %d): please report it with the log entry of this number.", n)
}

// Incidents counts recovered panics; it must be 0 in every test run (X12).
func (rt *Runtime) Incidents() int64 { return rt.incidents.Load() }

// Guard runs f on behalf of the host with the protection that try gives to scripts. When the evaluation has exceeded a limit,
// in whichever thread, that is its error.
func (th *Thread) Guard(f func() (value.Value, error)) (value.Value, error) {
	v, err := th.protect(goNode(f), nil)
	if b := th.budget; b != nil && catchable(err) {
		if failure := b.failure(); failure != nil {
			return value.Nil, failure
		}
	}
	return v, err
}

type goNode func() (value.Value, error)

func (g goNode) Eval(*Thread, *Frame) (value.Value, error) { return g() }

// matches decides whether a catch selector fits an exception (the table of language.md 10.3).
func (th *Thread) matches(sel value.Value, ex *value.Exception) (bool, error) {
	switch s := sel.Ref().(type) {
	case *value.Keyword:
		class, err := th.class(s.Name)
		if err != nil {
			return false, err
		}
		return ex.Class.IsA(class), nil
	case *value.Vector:
		return th.matchesEntries(s, ex)
	case *Fn, *Builtin:
		arg := value.Nil
		if ex.Class.IsA(value.ValueException) {
			arg = ex.Value
		}
		v, err := th.Call1(sel, arg)
		return v.Truthy(), err
	}
	return false, nil
}

func (th *Thread) class(name string) (*value.Class, error) {
	class := value.FindClass(name)
	if class == nil {
		class = th.imported(name)
	}
	if class == nil {
		return nil, value.Throwf(value.JavaMethodInvocation, "Failed to get class '%s'", name)
	}
	return class, nil
}

// imported resolves a short name that (import :full.Name) made known in the current namespace.
func (th *Thread) imported(name string) *value.Class {
	full := th.ClassName(name)
	if full == name {
		return nil
	}
	return value.FindClass(full)
}

// ClassName is the full name that a short one was imported as in the current namespace, or in user; else the name itself.
func (th *Thread) ClassName(name string) string {
	for _, ns := range []*Namespace{th.ns, th.rt.lookupNamespace("user")} {
		if ns == nil {
			continue
		}
		ns.mu.RLock()
		full, ok := ns.imports[name]
		ns.mu.RUnlock()
		if ok {
			return full
		}
	}
	return name
}

// ClassFor resolves an exception class keyword's name as (ex :Class) and catch do.
func (th *Thread) ClassFor(name string) (*value.Class, error) { return th.class(name) }

func (th *Thread) matchesEntries(sel *value.Vector, ex *value.Exception) (bool, error) {
	items := sel.Items()
	if len(items)%2 != 0 {
		return false, nil
	}
	for i := 0; i < len(items); i += 2 {
		if isKeyword(items[i], "cause-type") {
			k, ok := items[i+1].Ref().(*value.Keyword)
			if !ok {
				return false, nil
			}
			class, err := th.class(k.Name)
			if err != nil {
				return false, err
			}
			if ex.Cause == nil || !ex.Cause.Class.IsA(class) {
				return false, nil
			}
			continue
		}
		m, ok := ex.Value.Ref().(value.Map)
		if !ok || !ex.Class.IsA(value.ValueException) {
			return false, nil
		}
		got, ok := m.Get(items[i])
		if !ok || !value.Equal(got, items[i+1]) {
			return false, nil
		}
	}
	return true, nil
}

// tryParts is a try body taken apart.
type tryParts struct {
	body    []value.Value
	catches [][]value.Value
	finally []value.Value
	hasFin  bool
}

// splitTry: the body ends at the first catch or finally; forms behind it that are neither are ignored.
func splitTry(forms []value.Value) tryParts {
	var p tryParts
	body := true
	for _, f := range forms {
		if list, ok := f.Ref().(*value.List); ok && list.Count() > 0 {
			if isSymbol(list.First(), "catch") {
				body = false
				p.catches = append(p.catches, list.Items()[1:])
				continue
			}
			if isSymbol(list.First(), "finally") {
				body = false
				p.finally = append(p.finally, list.Items()[1:]...)
				p.hasFin = true
				continue
			}
		}
		if body {
			p.body = append(p.body, f)
		}
	}
	return p
}

func (c *compiler) try(forms []value.Value) (*tryNode, error) {
	p := splitTry(forms)
	n := &tryNode{}
	_, err := c.withoutTail(func() (Node, error) {
		var err error
		if n.body, err = c.body(p.body, false); err != nil {
			return nil, err
		}
		for _, clause := range p.catches {
			cc, err := c.catch(clause)
			if err != nil {
				return nil, err
			}
			n.catches = append(n.catches, cc)
		}
		if p.hasFin {
			n.finally, err = c.body(p.finally, false)
		}
		return nil, err
	})
	return n, err
}

func (c *compiler) catch(clause []value.Value) (*catchClause, error) {
	if len(clause) < 2 {
		return nil, value.Errorf("A catch clause needs a selector and a symbol: (catch :VncException e …)")
	}
	name, ok := clause[1].Ref().(*value.Symbol)
	if !ok {
		return nil, value.CoerceError(clause[1], "symbol")
	}
	cc := &catchClause{}
	_, err := c.inScope(func() (Node, error) {
		var err error
		if cc.selector, err = c.compile(clause[0], false); err != nil {
			return nil, err
		}
		if cc.slot, err = c.bindLocal(name.Name); err != nil {
			return nil, err
		}
		cc.body, err = c.body(clause[2:], false)
		return nil, err
	})
	return cc, err
}

func analyseTry(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	return c.try(args)
}

// tryWithNode opens resources, runs a try with all of them open, and closes them in reverse order (language.md 11).
type tryWithNode struct {
	names []string
	inits []Node
	slots []*local
	try   *tryNode
}

func (n *tryWithNode) Eval(th *Thread, fr *Frame) (v value.Value, err error) {
	var open []value.Value
	for i, init := range n.inits {
		x, err := th.protect(init, fr)
		if err != nil {
			n.close(th, open)
			return value.Nil, err
		}
		if err := (slotBinder{n.slots[i]}).rebind(th, fr, x); err != nil {
			return value.Nil, err
		}
		open = append(open, x)
	}
	v, err = th.protect(n.try, fr)
	if cerr := n.close(th, open); cerr != nil && err == nil {
		return value.Nil, cerr
	}
	return v, err
}

// close closes every resource, last first, and returns the first failure.
func (n *tryWithNode) close(th *Thread, open []value.Value) error {
	var first error
	for i := len(open) - 1; i >= 0; i-- {
		if err := CloseValue(open[i]); err != nil && first == nil {
			first = value.Errorf("'try-with' failed to close resource %s.", n.names[i]).Because(value.AsException(err))
		}
	}
	return first
}

// CloseValue closes what is closeable and ignores everything else.
func CloseValue(v value.Value) error {
	switch x := v.Ref().(type) {
	case value.Closer:
		return x.Close()
	case *value.Host:
		if c, ok := x.X.(value.Closer); ok {
			return c.Close()
		}
	}
	return nil
}

func analyseTryWith(c *compiler, _ *value.List, args []value.Value, _ bool) (Node, error) {
	pairs, err := bindingPairs("try-with", args[0])
	if err != nil {
		return nil, err
	}
	n := &tryWithNode{}
	_, err = c.inScope(func() (Node, error) {
		for _, p := range pairs {
			s, ok := p.pattern.Ref().(*value.Symbol)
			if !ok {
				return nil, value.Errorf("Invalid 'try-with' destructuring symbol value type %s. Expected symbol.", p.pattern.Type())
			}
			init, err := c.withoutTail(func() (Node, error) { return c.compile(p.init, false) })
			if err != nil {
				return nil, err
			}
			l, err := c.bindLocal(s.Name)
			if err != nil {
				return nil, err
			}
			n.names = append(n.names, s.Name)
			n.inits = append(n.inits, init)
			n.slots = append(n.slots, l)
		}
		var err error
		n.try, err = c.try(args[1:])
		return nil, err
	})
	return n, err
}
