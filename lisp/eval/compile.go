// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"strings"

	"gondola/lisp/value"
)

func nameSet(names string) map[string]bool {
	set := map[string]bool{}
	for n := range strings.FieldsSeq(names) {
		set[n] = true
	}
	return set
}

// EvalForm compiles and runs one top-level form in the thread's current namespace. The forms of an outermost do are
// compiled and run one after the other (L1).
func (th *Thread) EvalForm(form value.Value) (value.Value, error) {
	if list, ok := form.Ref().(*value.List); ok && list.Count() > 0 {
		if s, ok := list.First().Ref().(*value.Symbol); ok && s.Name == "do" {
			v := value.Nil
			for i := 1; i < list.Count(); i++ {
				var err error
				if v, err = th.EvalForm(list.Nth(i)); err != nil {
					return value.Nil, err
				}
			}
			return v, nil
		}
	}
	p, err := th.compileTop(form, nil, nil)
	if err != nil {
		return value.Nil, err
	}
	return th.runTop(p, nil)
}

// compileTop compiles a form as the body of a function without parameters. With an env it is a late compilation: the
// form sees the locals of its place, in the frame of parent (E4).
func (th *Thread) compileTop(form value.Value, parent *fnScope, visible *env) (*Fn, error) {
	if err := th.Charge(codeSize); err != nil {
		return nil, err
	}
	code := &codeScope{parent: parent}
	c := &compiler{rt: th.rt, th: th, ns: th.ns, fs: newFnScope(code), env: visible}
	body, err := c.compile(form, parent == nil)
	if err != nil {
		return nil, err
	}
	c.fs.frozen = true
	fc := &fnCode{}
	p := &proto{code: fc, nslots: c.fs.max, caps: c.fs.capList, body: c.fs.weighed(body)}
	fc.protos = []*proto{p}
	for _, l := range code.caps {
		from := l.slot
		if l.fs != parent {
			from = parent.capSlots[l]
		}
		fc.caps = append(fc.caps, capture{from: from})
	}
	return value.New(&Fn{code: fc, one: p, name: "user/top-level"}), nil
}

// runTop runs what compileTop made; fr is the frame of the enclosing function of a late compilation.
func (th *Thread) runTop(f *Fn, fr *Frame) (value.Value, error) {
	if n := len(f.code.caps); n > 0 {
		g := *f
		g.caps = make([]value.Value, n)
		for i, c := range f.code.caps {
			g.caps[i] = fr[c.from]
		}
		f = value.New(&g)
	}
	return th.callFn0(f)
}

// capture says where a closure takes a value from: a slot of the frame in which the fn form runs.
type capture struct{ from uint8 }

// compile turns a form into a node. tail says that the form's value is the value of the function or loop body.
func (c *compiler) compile(form value.Value, tail bool) (Node, error) {
	if err := c.th.deepen(); err != nil {
		return nil, err
	}
	c.fs.nesting++
	c.fs.deepest = max(c.fs.deepest, c.fs.nesting)
	n, err := c.compileForm(form, tail)
	c.fs.nesting--
	c.th.depth--
	return n, err
}

func (c *compiler) compileForm(form value.Value, tail bool) (Node, error) {
	switch x := form.Ref().(type) {
	case *value.Symbol:
		return c.symbol(x)
	case *value.List:
		if x.Count() == 0 {
			return &constNode{form}, nil
		}
		return c.call(x, tail)
	case *value.Vector:
		return c.vector(x)
	case value.Map:
		return c.mapLiteral(x)
	case value.Set:
		return c.setLiteral(x)
	}
	return &constNode{form}, nil
}

// symbol compiles a reference.
func (c *compiler) symbol(s *value.Symbol) (Node, error) {
	if l := c.lookup(s.Name); l != nil {
		if !l.fs.frozen {
			l.uses++
		}
		slot, err := c.slot(l)
		if err != nil {
			return nil, err
		}
		if l.cell {
			return &cellNode{slot: slot, sym: s, global: c.globalVar(s.Name)}, nil
		}
		return &localNode{slot}, nil
	}
	if c.rt.specials[s.Name] != nil {
		return &constNode{value.New(&Special{Name: s.Name}).Val()}, nil
	}
	if s.Name == "*ns*" {
		return nsNode{}, nil
	}
	v := c.globalVar(s.Name)
	c.th.checks.global(v, s)
	return &globalNode{v: v, sym: s, ns: c.ns}, nil
}

// globalVar finds the cell that a global name means in the namespace that is being compiled.
func (c *compiler) globalVar(name string) *Var { return c.rt.globalVar(c.ns, name) }

func (rt *Runtime) globalVar(from *Namespace, name string) *Var {
	ns, n := value.SplitName(name)
	if ns == "" {
		return from.intern(n)
	}
	return rt.namespace(from.resolveAlias(ns)).intern(n)
}

// current is the value of a global at this moment; only an unqualified name reads through to core.
func (v *Var) current(sym *value.Symbol) (value.Value, bool) {
	if v.isBound() || isUnqualified(sym) {
		return v.load()
	}
	return value.Nil, false
}

func (c *compiler) all(items []value.Value) ([]Node, error) {
	nodes := make([]Node, len(items))
	for i, f := range items {
		n, err := c.compile(f, false)
		if err != nil {
			return nil, err
		}
		nodes[i] = n
	}
	return nodes, nil
}

// body compiles forms of which the last one is the value.
func (c *compiler) body(forms []value.Value, tail bool) (Node, error) {
	switch len(forms) {
	case 0:
		return &constNode{}, nil
	case 1:
		return c.compile(forms[0], tail)
	}
	init, err := c.all(forms[:len(forms)-1])
	if err != nil {
		return nil, err
	}
	last, err := c.compile(forms[len(forms)-1], tail)
	if err != nil {
		return nil, err
	}
	return &doNode{init: init, last: last}, nil
}

func (c *compiler) vector(v *value.Vector) (Node, error) {
	items, err := c.all(v.Items())
	if err != nil {
		return nil, err
	}
	if allConst(items) {
		vals := make([]value.Value, len(items)) // not v itself: an item may be the expansion of a macro
		for i, n := range items {
			vals[i] = n.(*constNode).v
		}
		return &constNode{value.VectorOf(vals).Val()}, nil
	}
	return &vectorNode{items: items}, nil
}

func (c *compiler) mapLiteral(m value.Map) (Node, error) {
	var forms []value.Value
	for k, v := range m.All() {
		forms = append(forms, k, v)
	}
	items, err := c.all(forms)
	if err != nil {
		return nil, err
	}
	// not folded even if constant: evaluation rebuilds the literal, which reverses keys of equal hash (language.md 2.5)
	return &mapNode{items: items, konst: allConst(items), empty: m.Empty()}, nil
}

func (c *compiler) setLiteral(s value.Set) (Node, error) {
	var forms []value.Value
	for v := range s.All() {
		forms = append(forms, v)
	}
	items, err := c.all(forms)
	if err != nil {
		return nil, err
	}
	return &setNode{items: items, empty: s.Empty()}, nil
}

func allConst(nodes []Node) bool {
	for _, n := range nodes {
		if _, ok := n.(*constNode); !ok {
			return false
		}
	}
	return true
}

// call compiles a non-empty list (language.md 3.1).
func (c *compiler) call(form *value.List, tail bool) (Node, error) {
	head := form.First()
	args := form.Items()[1:]
	switch h := head.Ref().(type) {
	case *value.Symbol:
		if byName[h.Name] {
			return c.special(h.Name, form, args, tail)
		}
		if c.lookup(h.Name) == nil {
			if c.rt.specials[h.Name] != nil {
				return c.special(h.Name, form, args, tail)
			}
			if h.Name != "*ns*" {
				return c.globalCall(h, form, args, tail)
			}
		}
	case *Special:
		return c.special(h.Name, form, args, tail)
	case *Macro:
		return c.macroCall(h, form, args, tail)
	case *Builtin:
		return c.builtinCall(h, nil, form, args, tail)
	}
	f, err := c.compile(head, false)
	if err != nil {
		return nil, err
	}
	nodes, err := c.all(args)
	if err != nil {
		return nil, err
	}
	return &callNode{f: f, args: nodes, site: siteOf(head, form)}, nil
}

// macroCall expands now and compiles the expansion, which takes the position of the call where it has none.
func (c *compiler) macroCall(m *Macro, form *value.List, args []value.Value, tail bool) (Node, error) {
	expansion, err := c.th.expand(m, args)
	if err != nil {
		return c.fails(c.at(err, m.Name, form)), nil
	}
	if value.MetaOf(expansion) == nil {
		expansion = withMetaOf(expansion, form.Val())
	}
	return c.compile(expansion, tail)
}

// byName are the forms that are matched by name before any lookup.
var byName = nameSet("do if let loop recur quasiquote macroexpand macroexpand-all* tail-pos")

func (c *compiler) special(name string, form *value.List, args []value.Value, tail bool) (Node, error) {
	sf := c.rt.specials[name]
	c.th.checks.special(name)
	if n := len(args); n < sf.min || (sf.max >= 0 && n > sf.max) {
		err := value.Throwf(value.ArityException, "Wrong number of args (%d) passed to special form %s.", n, name)
		return c.fails(c.at(err, name, form)), nil
	}
	n, err := sf.analyse(c, form, args, tail)
	if err != nil {
		return nil, c.at(err, name, form)
	}
	return n, nil
}

// globalCall compiles a call whose head is a global name: a macro known now is expanded, a core function that the
// namespace has not redefined becomes an intrinsic that re-checks the cell, anything else is decided when it runs (L3).
func (c *compiler) globalCall(h *value.Symbol, form *value.List, args []value.Value, tail bool) (Node, error) {
	v := c.globalVar(h.Name)
	c.th.checks.global(v, h)
	if cur, ok := v.current(h); ok {
		switch x := cur.Ref().(type) {
		case *Macro:
			if err := v.checkAccess(c.ns); err != nil {
				return nil, err
			}
			return c.macroCall(x, form, args, tail)
		case *Builtin:
			if x.Name == "meta" && len(args) == 1 {
				if s, ok := args[0].Ref().(*value.Symbol); ok && c.lookup(s.Name) == nil {
					return &metaNode{x, &globalNode{c.globalVar(s.Name), s, c.ns}}, nil
				}
			}
			if v.core != nil && !v.isBound() || v.ns == c.rt.core || v.ns.system {
				return c.builtinCall(x, v, form, args, tail)
			}
		}
	}
	late := &lateForm{form: form, fs: c.fs, env: c.env, ns: c.ns}
	nodes, err := c.all(args)
	if err != nil {
		// the arguments may be those of a macro that is defined later: the error waits until the first run (E4)
		return &lateNode{v: v, sym: h, late: late, err: err}, nil
	}
	site := &callSite{name: h.Name, meta: h.Meta(), late: late}
	c.th.checks.call(v, nil, len(args), site)
	if tail && !c.fs.noTail && c.fs.loop == nil && c.fs.code.v == v && v != nil {
		return &selfTailNode{v: v, args: nodes, code: c.fs.code, general: c.globalCallNode(v, h, nodes, site)}, nil
	}
	return c.globalCallNode(v, h, nodes, site), nil
}

func (c *compiler) globalCallNode(v *Var, h *value.Symbol, nodes []Node, site *callSite) Node {
	switch len(nodes) {
	case 0:
		return &call0Node{c.globalHead(v, h, site)}
	case 1:
		return &call1Node{c.globalHead(v, h, site), nodes[0]}
	case 2:
		return &call2Node{c.globalHead(v, h, site), nodes[0], nodes[1]}
	case 3:
		return &call3Node{c.globalHead(v, h, site), nodes[0], nodes[1], nodes[2]}
	}
	return &callGlobalNode{c.globalHead(v, h, site), nodes}
}

// fails is what a form becomes whose error the script meets when it gets there.
func (c *compiler) fails(err error) Node {
	c.th.checks.failure(err)
	return &failNode{err}
}

// at adds the frame of a form to an exception that arose while compiling it.
func (c *compiler) at(err error, name string, form *value.List) error {
	return trace(err, siteOf(value.Sym(name), form))
}

func siteOf(head value.Value, form *value.List) *callSite {
	s := &callSite{name: "anonymous", meta: value.MetaOf(head)}
	switch h := head.Ref().(type) {
	case *value.Symbol:
		s.name = h.Name
	case *value.Keyword:
		s.name = ":" + h.Name
	case *Builtin:
		s.name = h.Name
	}
	if s.meta == nil {
		s.meta = form.Meta()
	}
	return s
}

// callSite names a call for the script's call stack and keeps what a late macro needs.
type callSite struct {
	name string
	meta *value.Meta
	late *lateForm
}

// trace adds the call to the stack of a passing exception and returns it.
func trace(err error, site *callSite) error {
	ex, ok := err.(*value.Exception)
	if !ok {
		return err
	}
	if len(ex.Stack) < 200 {
		f := value.StackFrame{Name: site.name}
		if site.meta != nil {
			f.File, f.Line, f.Col = site.meta.File, site.meta.Line, site.meta.Col
		}
		ex.Stack = append(ex.Stack, f)
	}
	return ex
}
