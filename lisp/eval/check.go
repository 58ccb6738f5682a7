// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"slices"

	"gondola/lisp/value"
)

// Checker compiles the forms of a script without running them, and gathers what is wrong with them: forms that cannot be
// compiled, and names that nobody defines. It is used by one goroutine, that of its thread.
type Checker struct {
	th      *Thread
	errs    []*value.Exception
	uses    []use
	calls   []call
	defined map[*Var][]definition
	open    bool // something may define names while the script runs
}

// definition is how a form defines a global: as a function, or as something that only a run can tell.
type definition struct{ fn *fnNode }

// use is a global that a form mentions.
type use struct {
	v   *Var
	sym *value.Symbol
}

// call is a call of a global.
type call struct {
	v       *Var     // nil if it cannot be defined by scripts
	builtin *Builtin // that it means unless the script defines it; nil: none
	args    int
	site    *callSite
}

// misuse is the error of a call with a wrong number of arguments; nil if there is no such error for certain.
func (c *Checker) misuse(l call) error {
	defined := c.defined[l.v]
	if len(defined) == 0 && l.builtin != nil && (l.args < l.builtin.Min || l.builtin.Max >= 0 && l.args > l.builtin.Max) {
		return l.builtin.ArityError(l.args)
	}
	for _, d := range defined {
		if d.fn == nil || d.fn.code.pick(l.args) != nil {
			return nil
		}
	}
	if len(defined) == 0 {
		return nil
	}
	f := defined[len(defined)-1].fn
	return (&Fn{code: f.code, name: f.name}).arityError("function", l.args)
}

// NewChecker makes the Checker of a thread, which must not run scripts any more.
func (th *Thread) NewChecker() *Checker {
	th.checks = &Checker{th: th, defined: map[*Var][]definition{}}
	return th.checks
}

// declarations are the forms that run, because what follows cannot be compiled without them; they do nothing else.
var declarations = nameSet("ns import defmacro deftype deftype-of deftype-or defprotocol load-module")

// definers may define any name.
var definers = nameSet("load-file load-string load-classpath-file eval intern ns-alias")

// Form checks one top-level form.
func (c *Checker) Form(form value.Value) {
	head := ""
	list, ok := form.Ref().(*value.List)
	if ok && list.Count() > 0 {
		if s, isSymbol := list.First().Ref().(*value.Symbol); isSymbol {
			head = s.Name
		}
	}
	var err error
	switch {
	case head == "do":
		for _, f := range list.Items()[1:] {
			c.Form(f)
		}
	case declarations[head]:
		_, err = c.th.EvalForm(form)
	default:
		_, err = c.th.compileTop(form, nil, nil)
	}
	if err == nil {
		return
	}
	ex := value.AsException(err)
	if m := value.MetaOf(form); m != nil && len(ex.Stack) == 0 {
		ex.Stack = []value.StackFrame{{Name: head, File: m.File, Line: m.Line, Col: m.Col}}
	}
	c.errs = append(c.errs, ex)
}

// Findings are the errors of all forms so far, in the order of the text. The innermost frame of each says where it is.
func (c *Checker) Findings() []*value.Exception {
	all := slices.Clone(c.errs)
	for _, u := range c.uses {
		if _, bound := u.v.current(u.sym); bound || c.defined[u.v] != nil || c.open {
			continue
		}
		ex := value.AsException(c.th.rt.notFound(u.sym))
		if m := u.sym.Meta(); m != nil {
			ex.Stack = []value.StackFrame{{Name: u.sym.Name, File: m.File, Line: m.Line, Col: m.Col}}
		}
		all = append(all, ex)
	}
	for _, l := range c.calls {
		if err := c.misuse(l); err != nil {
			all = append(all, value.AsException(trace(err, l.site)))
		}
	}
	slices.SortStableFunc(all, func(a, b *value.Exception) int {
		p, q := firstFrame(a), firstFrame(b)
		return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
	})
	return slices.CompactFunc(all, func(a, b *value.Exception) bool {
		return firstFrame(a) == firstFrame(b) && a.Message == b.Message
	})
}

func firstFrame(e *value.Exception) value.StackFrame {
	if len(e.Stack) == 0 {
		return value.StackFrame{}
	}
	return e.Stack[0]
}

func (c *Checker) global(v *Var, sym *value.Symbol) {
	if c == nil {
		return
	}
	c.uses = append(c.uses, use{v, sym})
	c.open = c.open || definers[sym.Name]
}

func (c *Checker) call(v *Var, b *Builtin, args int, site *callSite) {
	if c != nil {
		c.calls = append(c.calls, call{v, b, args, site})
	}
}

func (c *Checker) special(name string) {
	if c != nil {
		c.open = c.open || definers[name]
	}
}

// define notes that a form defines a global, as fn if that is not nil.
func (c *Checker) define(v *Var, fn *fnNode) {
	if c != nil {
		c.defined[v] = append(c.defined[v], definition{fn})
	}
}

func (c *Checker) failure(err error) {
	if c != nil {
		c.errs = append(c.errs, value.AsException(err))
	}
}
