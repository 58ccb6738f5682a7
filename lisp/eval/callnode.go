// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"sync"
	"sync/atomic"

	"gondola/lisp/value"
)

// globalHead is the head of a call by a global name.
type globalHead struct {
	v       *Var
	sym     *value.Symbol
	ns      *Namespace
	site    *callSite
	foreign bool // a name of another namespace: it may be private
}

func (c *compiler) globalHead(v *Var, h *value.Symbol, site *callSite) globalHead {
	return globalHead{v, h, c.ns, site, v != nil && v.ns != c.ns}
}

// fn is the closure that the name means now, in one load; nil sends the call to slow.
func (h *globalHead) fn() *Fn {
	if h.foreign && h.v.private.Load() {
		return nil
	}
	return h.v.fn.Load()
}

// slow calls whatever the name means when it is not a plain closure.
func (h *globalHead) slow(th *Thread, fr *Frame, nodes ...Node) (value.Value, error) {
	f, err := th.global(h.v, h.sym, h.ns)
	if err != nil {
		return value.Nil, trace(err, h.site)
	}
	if m, ok := f.Ref().(*Macro); ok {
		return h.site.late.run(th, fr, m)
	}
	args, err := evalAll(th, fr, nodes)
	if err != nil {
		return value.Nil, err
	}
	v, err := th.Apply(f, args)
	if err != nil {
		return value.Nil, trace(err, h.site)
	}
	return v, nil
}

type call0Node struct{ globalHead }

func (n *call0Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f := n.fn()
	if f == nil {
		return n.slow(th, fr)
	}
	v, err := th.callFn0(f)
	if err != nil {
		return value.Nil, trace(err, n.site)
	}
	return v, nil
}

type call1Node struct {
	globalHead
	a Node
}

func (n *call1Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f := n.fn()
	if f == nil {
		return n.slow(th, fr, n.a)
	}
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v, err := th.callFn1(f, a)
	if err != nil {
		return value.Nil, trace(err, n.site)
	}
	return v, nil
}

type call2Node struct {
	globalHead
	a, b Node
}

func (n *call2Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f := n.fn()
	if f == nil {
		return n.slow(th, fr, n.a, n.b)
	}
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	b, err := n.b.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v, err := th.callFn2(f, a, b)
	if err != nil {
		return value.Nil, trace(err, n.site)
	}
	return v, nil
}

type call3Node struct {
	globalHead
	a, b, c Node
}

func (n *call3Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f := n.fn()
	if f == nil {
		return n.slow(th, fr, n.a, n.b, n.c)
	}
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	b, err := n.b.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	c, err := n.c.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v, err := th.callFn3(f, a, b, c)
	if err != nil {
		return value.Nil, trace(err, n.site)
	}
	return v, nil
}

type callGlobalNode struct {
	globalHead
	args []Node
}

func (n *callGlobalNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f := n.fn()
	if f == nil {
		return n.slow(th, fr, n.args...)
	}
	args, err := evalAll(th, fr, n.args)
	if err != nil {
		return value.Nil, err
	}
	v, err := th.callFnN(f, args)
	if err != nil {
		return value.Nil, trace(err, n.site)
	}
	return v, nil
}

// callNode calls the value of any expression.
type callNode struct {
	f    Node
	args []Node
	site *callSite
}

func (n *callNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f, err := n.f.Eval(th, fr)
	if err != nil {
		return value.Nil, trace(err, n.site)
	}
	var v value.Value
	if c, ok := f.Ref().(*Fn); ok && len(n.args) <= 2 {
		v, err = n.callFn(th, fr, c)
	} else {
		var args []value.Value
		if _, ok := f.Ref().(*Macro); !ok {
			if args, err = evalAll(th, fr, n.args); err != nil {
				return value.Nil, err
			}
		}
		v, err = th.Apply(f, args)
	}
	if err != nil {
		return value.Nil, trace(err, n.site)
	}
	return v, nil
}

func (n *callNode) callFn(th *Thread, fr *Frame, f *Fn) (value.Value, error) {
	switch len(n.args) {
	case 0:
		return th.callFn0(f)
	case 1:
		a, err := n.args[0].Eval(th, fr)
		if err != nil {
			return value.Nil, err
		}
		return th.callFn1(f, a)
	}
	a, err := n.args[0].Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	b, err := n.args[1].Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	return th.callFn2(f, a, b)
}

// builtinCall compiles the call of a core function. v is the cell to re-check, nil when the function stands in the
// form itself.
func (c *compiler) builtinCall(b *Builtin, v *Var, form *value.List, args []value.Value, tail bool) (Node, error) {
	nodes, err := c.all(args)
	if err != nil {
		return nil, err
	}
	site := siteOf(form.First(), form)
	h, _ := form.First().Ref().(*value.Symbol)
	if h != nil {
		site.late = &lateForm{form: form, fs: c.fs, env: c.env, ns: c.ns}
	}
	c.th.checks.call(v, b, len(args), site)
	head := builtinHead{b: b, v: v, own: &never, global: c.globalHead(v, h, site)}
	if v == nil || v.core == nil || v.ns.system {
		head.v = nil // cannot be redefined
	} else {
		head.own = &v.ns.ownCore
		if fusedNames[v.name] {
			head.own = &v.ns.ownFused
		}
	}
	if n := fuse(&head, nodes); n != nil {
		return n, nil
	}
	switch {
	case len(nodes) == 1 && b.F1 != nil:
		return &builtin1Node{head, nodes[0]}, nil
	case len(nodes) == 2 && b.F2 != nil:
		return &builtin2Node{head, nodes[0], nodes[1]}, nil
	case len(nodes) == 3 && b.F3 != nil:
		return &builtin3Node{head, nodes[0], nodes[1], nodes[2]}, nil
	}
	return &builtinNode{head, nodes}, nil
}

// builtinHead is the head of a call of a core function: an intrinsic as long as the namespace has no function of its own
// under the name (E12).
type builtinHead struct {
	b      *Builtin
	v      *Var         // the cell to re-check; nil if it cannot be redefined
	own    *atomic.Bool // whether the cell needs to be looked at
	global globalHead
}

// shadowed reports whether the namespace has defined the name since.
func (h *builtinHead) shadowed() bool { return h.own.Load() && h.v.isBound() }

// unwrapped handles a failure: values of wrapping types behave as what they wrap, so a function that does not know the type
// of one gets what is in it.
func (h *builtinHead) unwrapped(th *Thread, err error, args ...value.Value) (value.Value, error) {
	any := false
	for i, v := range args {
		if w := value.Unwrap(v); w != v {
			args[i], any = w, true
		}
	}
	if !any {
		return value.Nil, h.trace(err)
	}
	v, err := th.callBuiltin(h.b, args)
	if err != nil {
		return value.Nil, h.trace(err)
	}
	return v, nil
}

// never is the flag of what cannot be redefined.
var never atomic.Bool

func (h *builtinHead) trace(err error) error { return trace(err, h.global.site) }

type builtin1Node struct {
	builtinHead
	a Node
}

func (n *builtin1Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a)
	}
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v, err := n.b.F1(th, a)
	if err != nil {
		return n.unwrapped(th, err, a)
	}
	return v, nil
}

type builtin2Node struct {
	builtinHead
	a, b2 Node
}

func (n *builtin2Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a, n.b2)
	}
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	b, err := n.b2.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v, err := n.b.F2(th, a, b)
	if err != nil {
		return n.unwrapped(th, err, a, b)
	}
	return v, nil
}

type builtin3Node struct {
	builtinHead
	a, b2, c Node
}

func (n *builtin3Node) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.a, n.b2, n.c)
	}
	a, err := n.a.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	b, err := n.b2.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	c, err := n.c.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	v, err := n.b.F3(th, a, b, c)
	if err != nil {
		return n.unwrapped(th, err, a, b, c)
	}
	return v, nil
}

type builtinNode struct {
	builtinHead
	args []Node
}

func (n *builtinNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	if n.shadowed() {
		return n.global.slow(th, fr, n.args...)
	}
	args, base, err := th.pushArgs(fr, n.args)
	if err != nil {
		return value.Nil, err
	}
	v, err := th.callBuiltin(n.b, args)
	th.popArgs(args, base)
	if err != nil {
		return value.Nil, n.trace(err)
	}
	return v, nil
}

// pushArgs evaluates arguments into a window of the value stack, or into a slice when there are many (E6). The caller
// calls popArgs when the callee has returned.
func (th *Thread) pushArgs(fr *Frame, nodes []Node) (args []value.Value, base int, err error) {
	base = th.sp
	if len(nodes) > 8 || base+len(nodes)+frameLen > len(th.stack) {
		args, err = evalAll(th, fr, nodes)
		return args, -1, err
	}
	window := th.stack[base : base+len(nodes) : base+len(nodes)]
	for i, n := range nodes {
		v, err := n.Eval(th, fr)
		if err != nil {
			th.popArgs(window, base)
			return nil, -1, err
		}
		window[i] = v
		th.sp = base + i + 1
	}
	return window, base, nil
}

func (th *Thread) popArgs(args []value.Value, base int) {
	if base < 0 {
		return
	}
	for i := range args {
		args[i] = value.Value{}
	}
	th.sp = base
}

// selfTailNode is a call in tail position whose head names the function being compiled. It reuses the frame while the
// name still means this function (E5).
type selfTailNode struct {
	v       *Var
	args    []Node
	code    *codeScope
	general Node
}

func (n *selfTailNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f := n.v.fn.Load()
	if f == nil || f.code.scope != n.code {
		return n.general.Eval(th, fr)
	}
	var buf [4]value.Value
	args := buf[:0]
	for _, a := range n.args {
		v, err := a.Eval(th, fr)
		if err != nil {
			return value.Nil, err
		}
		args = append(args, v)
	}
	th.tail.fn = f
	th.tail.args = append(th.tail.args[:0], args...)
	return value.Nil, errTail
}

// lateForm keeps a call whose head may turn out to be a macro when it runs (L3, E4), and the place it stands at.
type lateForm struct {
	form *value.List
	fs   *fnScope
	env  *env
	ns   *Namespace

	mu    sync.Mutex
	macro *Macro // what fn is the expansion of
	fn    *Fn
}

// run expands and compiles the form for m, once, and runs the expansion in the frame of the function it stands in.
func (l *lateForm) run(th *Thread, fr *Frame, m *Macro) (value.Value, error) {
	f, err := l.compiled(th, m)
	if err != nil {
		return value.Nil, err
	}
	return th.runTop(f, fr)
}

func (l *lateForm) compiled(th *Thread, m *Macro) (*Fn, error) {
	l.mu.Lock()
	f, same := l.fn, l.macro == m
	l.mu.Unlock()
	if f != nil && same {
		return f, nil
	}
	saved := th.ns
	th.ns = l.ns
	defer func() { th.ns = saved }()
	expansion, err := th.expand(m, l.form.Items()[1:])
	if err != nil {
		return nil, err
	}
	if f, err = th.compileTop(expansion, l.fs, l.env); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.macro, l.fn = m, f
	l.mu.Unlock()
	return f, nil
}

// lateNode is a call whose arguments do not compile as function arguments: its head must be a macro when it runs.
type lateNode struct {
	v    *Var
	sym  *value.Symbol
	late *lateForm
	err  error
}

func (n *lateNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	f, err := th.global(n.v, n.sym, n.late.ns)
	if err != nil {
		return value.Nil, err
	}
	if m, ok := f.Ref().(*Macro); ok {
		return n.late.run(th, fr, m)
	}
	return value.Nil, n.err
}

// callKeyword is (:k m) and (:k m default), language.md 3.8.
func (th *Thread) callKeyword(k *value.Keyword, args []value.Value) (value.Value, error) {
	if len(args) < 1 || len(args) > 2 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (%d) passed to keyword (as function) :%s.", len(args), k.Name)
	}
	var def value.Value
	if len(args) == 2 {
		def = args[1]
	}
	if args[0].IsNil() {
		return def, nil
	}
	switch x := args[0].Ref().(type) {
	case value.Map:
		if v, ok := x.Get(k.Val()); ok {
			return v, nil
		}
		return def, nil
	case value.Set:
		if x.Has(k.Val()) {
			return k.Val(), nil
		}
		return def, nil
	case value.Bean:
		if v, ok := x.BeanProperty(k.Name); ok {
			return v, nil
		}
		return value.Nil, value.Errorf("No bean get property '%s' on target '%s'", k.Name, args[0].Type().Name)
	case *value.Host:
		if b, ok := x.X.(value.Bean); ok {
			if v, ok := b.BeanProperty(k.Name); ok {
				return v, nil
			}
			return value.Nil, value.Errorf("No bean get property '%s' on target '%s'", k.Name, args[0].Type().Name)
		}
	}
	return value.Nil, value.Errorf("keyword as function does not allow arg %s.", args[0].Type())
}

func collectionWord(o value.Object) string {
	switch o.(type) {
	case value.Map:
		return "map"
	case value.Set:
		return "set"
	}
	return "vector"
}

// callData is (m k), (s x) and (v i).
func (th *Thread) callData(o value.Object, args []value.Value) (value.Value, error) {
	if len(args) < 1 || len(args) > 2 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (%d) passed to collection (as function) %s.", len(args), collectionWord(o))
	}
	var def value.Value
	if len(args) == 2 {
		def = args[1]
	}
	switch x := o.(type) {
	case value.Map:
		if v, ok := x.Get(args[0]); ok {
			return v, nil
		}
	case value.Set:
		if x.Has(args[0]) {
			return args[0], nil
		}
	case *value.Vector:
		i, ok := args[0].Long()
		if !ok {
			n, isInt := args[0].Int()
			if !isInt {
				return value.Nil, value.CoerceError(args[0], "long")
			}
			i = int64(n)
		}
		if i >= 0 && i < int64(x.Count()) {
			return x.Nth(int(i)), nil
		}
		if len(args) == 1 {
			return value.Nil, value.Errorf("nth: index %d out of range for a vector of size %d.", i, x.Count())
		}
	}
	return def, nil
}
