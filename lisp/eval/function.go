// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"github.com/google/uuid"

	"gondola/lisp/value"
)

// analyseFn compiles (fn name? [params] body*) and (fn name? ([params] body*)+), language.md 5.1.
func analyseFn(c *compiler, form *value.List, args []value.Value, _ bool) (Node, error) {
	return c.function(form, args, nil, false)
}

// function compiles a function form. v is the global that a def around it is about to bind: the target of self tail calls.
func (c *compiler) function(form *value.List, args []value.Value, v *Var, macro bool) (*fnNode, error) {
	name := ""
	if s, ok := args[0].Ref().(*value.Symbol); ok {
		name = s.Name
		args = args[1:]
	}
	qualified := c.ns.name + "/" + name
	if name == "" {
		qualified = c.ns.name + "/anonymous-" + uuid.NewString()
	}
	code := &codeScope{parent: c.fs, name: qualified, v: v}
	fc := &fnCode{name: name, ns: c.ns, scope: code, meta: form.Meta()}
	if macro {
		fc.ns = nil // an expander runs in the caller's namespace (language.md 3.7)
	}
	if len(args) == 0 {
		return nil, value.Errorf("The function %s has no parameter vector.", qualified)
	}
	arities := [][]value.Value{args}
	if _, ok := args[0].Ref().(*value.Vector); !ok {
		arities = nil
		for _, a := range args {
			list, ok := a.Ref().(*value.List)
			if !ok {
				return nil, value.CoerceError(a, "a sequential collection")
			}
			if list.Count() == 0 {
				return nil, value.Errorf("The function %s has an arity without parameter vector.", qualified)
			}
			arities = append(arities, list.Items())
		}
	}
	for _, a := range arities {
		p, err := c.arity(fc, code, a)
		if err != nil {
			return nil, err
		}
		fc.protos = append(fc.protos, p)
	}
	for _, l := range code.caps {
		from, err := c.slot(l)
		if err != nil {
			return nil, err
		}
		fc.caps = append(fc.caps, capture{from: from})
	}
	n := &fnNode{code: fc, name: qualified}
	if len(fc.protos) == 1 && !fc.protos[0].variadic {
		n.one = fc.protos[0]
	}
	return n, nil
}

// arity compiles [params] pre? body*.
func (c *compiler) arity(fc *fnCode, code *codeScope, forms []value.Value) (*proto, error) {
	params, ok := forms[0].Ref().(*value.Vector)
	if !ok {
		return nil, value.CoerceError(forms[0], "a sequential collection")
	}
	fs := newFnScope(code)
	sub := &compiler{rt: c.rt, th: c.th, ns: c.ns, fs: fs, env: c.env}
	p := &proto{code: fc, params: params.Val()}
	var prologue []Node
	var first *local
	var patterns []value.Value
	items := params.Items()
	for i := 0; i < len(items); i++ {
		if isSymbol(items[i], "&") {
			if i != len(items)-2 {
				return nil, value.Errorf("Exactly one parameter must follow '&' in %s.", value.PrStr(params.Val()))
			}
			p.variadic = true
			continue
		}
		patterns = append(patterns, items[i])
	}
	p.arity = len(patterns)
	if p.variadic {
		p.arity--
	}
	slots := make([]uint8, len(patterns))
	for i := range patterns { // parameters come first, whatever their patterns need
		s, err := fs.alloc()
		if err != nil {
			return nil, err
		}
		slots[i] = s
	}
	for i, pat := range patterns {
		if s, ok := pat.Ref().(*value.Symbol); ok {
			if err := checkLocalName(s.Name); err != nil {
				return nil, err
			}
			if hint := hintOf(s); hint != "" {
				prologue = append(prologue, &hintNode{slot: slots[i], name: s.Name, hint: hint})
			}
			if s.Name == "_" {
				continue // binds nothing (language.md 4)
			}
			l := &local{name: s.Name, fs: fs, slot: slots[i], bound: true}
			if i == 0 {
				first = l
			}
			sub.env = &env{up: sub.env, l: l}
			continue
		}
		b, err := sub.pattern(pat, sub.bindLocal, false)
		if err != nil {
			return nil, err
		}
		prologue = append(prologue, &bindNode{b, &localNode{slots[i]}})
	}
	body := forms[1:]
	if len(body) > 0 {
		if pre := preconditions(body[0]); pre != nil {
			body = body[1:]
			for x := range pre.All() {
				test, err := sub.compile(x, false)
				if err != nil {
					return nil, err
				}
				prologue = append(prologue, &preNode{test, x})
			}
		}
	}
	n, err := sub.body(body, true)
	if err != nil {
		return nil, err
	}
	if len(prologue) > 0 {
		n = &doNode{prologue, n}
	}
	p.body, p.nslots, p.caps = fs.weighed(n), fs.max, fs.capList
	p.numeric = newNumFn(p)
	if first != nil && first.uses == 1 && !first.cell && !fs.open {
		p.grows = growsOf(p)
	}
	fs.frozen = true
	return p, nil
}

// formsPerCall is how many nested forms weigh as much as a call: they take about as much of the native stack.
const formsPerCall = 64

// weighed is the body of the function, which counts as several calls if its forms are nested so deeply that 10,000 calls of it
// would overflow the native stack (E2).
func (fs *fnScope) weighed(body Node) Node {
	if fs.deepest < formsPerCall {
		return body
	}
	return &deepNode{body, int64(fs.deepest / formsPerCall)}
}

type deepNode struct {
	body   Node
	weight int64
}

func (n *deepNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	th.depth += n.weight
	defer func() { th.depth -= n.weight }()
	if err := th.CheckInterrupt(); err != nil {
		return value.Nil, err
	}
	return n.body.Eval(th, fr)
}

// preconditions returns the :pre vector, if form is a precondition map (language.md 5.1).
func preconditions(form value.Value) *value.Vector {
	m, ok := form.Ref().(value.Map)
	if !ok {
		return nil
	}
	x, ok := m.Get(value.Kw("pre"))
	if !ok {
		return nil
	}
	pre, _ := x.Ref().(*value.Vector)
	return pre
}

// preNode checks one precondition; of a sequence result the first element counts (language.md 5.2).
type preNode struct {
	test Node
	form value.Value
}

func (n *preNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	v, err := n.test.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	if s, ok := v.Ref().(value.Sequence); ok {
		v = s.First()
	}
	if !v.Truthy() {
		return value.Nil, value.Throwf(value.AssertionException, "precondition assert failed: %s", value.PrStr(n.form))
	}
	return value.Nil, nil
}

// hintOf returns the type hint of a parameter, without colon; "" if there is none or if the name is no known type, which
// is ignored (language.md 5.4).
func hintOf(s *value.Symbol) string {
	m := s.Meta()
	if m == nil || m.Map == nil {
		return ""
	}
	t, ok := m.Map.Get(value.Kw("type"))
	if !ok {
		return ""
	}
	k, ok := t.Ref().(*value.Keyword)
	if !ok {
		return ""
	}
	ns, name := value.SplitName(k.Name)
	if ns != "" && ns != "core" {
		return k.Name
	}
	if coreTypeNames[name] {
		return "core/" + name
	}
	return ""
}

var coreTypeNames = nameSet("nil boolean number long integer double float decimal bigint char string keyword symbol collection " +
	"sequence map set list vector lazyseq hash-map ordered-map sorted-map map-entry hash-set sorted-set mutable-list " +
	"mutable-vector mutable-map mutable-set stack queue deque delay-queue bytebuf function macro atom volatile just delay " +
	"thread-local")

// hintNode checks a parameter's type.
type hintNode struct {
	slot uint8
	name string
	hint string
}

func (n *hintNode) Eval(_ *Thread, fr *Frame) (value.Value, error) {
	if t := fr[n.slot].Type(); !t.Is(n.hint) {
		return value.Nil, value.Throwf(value.AssertionException, "function argument type not compatible: arg-name=%s, arg-type=%s, expected-type=:%s ", n.name, t, n.hint)
	}
	return value.Nil, nil
}
