// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"sync"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// protocolTable: protocols and multimethods, language.md 15.
var protocolTable = eval.Table{
	{Name: "defprotocol", Min: 2, Max: -1, Special: true, Macro: macroDefprotocol, Forms: "(defprotocol name (method [args] default?)+)", Doc: "Defines functions that dispatch on the type of their first argument."},
	{Name: "extend", Min: 2, Max: -1, Special: true, Macro: macroExtend, Forms: "(extend type protocol (method [args] body)*)", Doc: "Implements a protocol's functions for a type."},
	{Name: "extends?", Min: 2, Max: 2, F2: func(th *eval.Thread, t, p value.Value) (value.Value, error) {
		name, err := implementedType(th, t)
		if err != nil {
			return value.Nil, err
		}
		pr, err := asProtocol(p)
		if err != nil {
			return value.Nil, err
		}
		return value.Bool(pr.extends(name)), nil
	}, Forms: "(extends? type protocol)", Doc: "Whether a type implements a protocol."},
	{Name: "Object", Value: func(*eval.Runtime) value.Value {
		return value.New(&protocol{name: objectProtocol, methods: map[string]map[string]value.Value{"toString": {}, "compareTo": {}}}).Val()
	}, Doc: "The protocol of toString and compareTo, which decide how records of a deftype print and sort."},
	{Name: "protocol*", Min: 2, Max: 2, F2: protocolStar, Doc: "Internal to defprotocol."},
	{Name: "extend*", Min: 3, Max: 3, F3: extendStar, Doc: "Internal to extend."},
	{Name: "defmulti", Min: 2, Max: 2, Special: true, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		return list(symDef, a[0], list(th.Runtime().Core("multi*"), list(symQuote, a[0]), a[1])), nil
	}, Forms: "(defmulti name dispatch-fn)", Doc: "Defines a function that dispatches on the value of dispatch-fn."},
	{Name: "defmethod", Min: 2, Max: -1, Special: true, Macro: macroDefmethod, Forms: "(defmethod multi value [args] & body)", Doc: "Implements a multimethod for a dispatch value, or for :default."},
	{Name: "multi*", Min: 2, Max: 2, F2: multiStar, Doc: "Internal to defmulti."},
	{Name: "method*", Min: 4, Max: 4, FN: methodStar, Doc: "Internal to defmethod."},
}

const objectProtocol = "Object"

// protocol is a group of functions with their implementations.
type protocol struct {
	value.Obj
	name string

	mu      sync.RWMutex
	methods map[string]map[string]value.Value // name → type → implementation
}

var typeProtocol = &value.Type{Name: "core/protocol"}

func (*protocol) Type() *value.Type          { return typeProtocol }
func (p *protocol) PrintTo(w *value.Printer) { w.WriteString(p.name) }

func asProtocol(v value.Value) (*protocol, error) {
	p, ok := v.Ref().(*protocol)
	if !ok {
		return nil, value.CoerceError(v, "protocol")
	}
	return p, nil
}

func (p *protocol) extends(t string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, impls := range p.methods {
		if _, ok := impls[t]; ok {
			return true
		}
	}
	return false
}

func (p *protocol) implementation(method, t string) (value.Value, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	f, ok := p.methods[method][t]
	return f, ok
}

// macroDefprotocol makes the default body of a method a function of all its parameter lists.
func macroDefprotocol(th *eval.Thread, a []value.Value) (value.Value, error) {
	if _, ok := a[0].Ref().(*value.Symbol); !ok {
		return value.Nil, value.CoerceError(a[0], "symbol")
	}
	defaults := value.Map(value.NewOrderedMap())
	for _, spec := range a[1:] {
		l, ok := spec.Ref().(*value.List)
		if !ok || l.Count() < 2 {
			return value.Nil, value.Errorf("A protocol's function must be like (name [args] default?), got %s", value.PrStr(spec))
		}
		items := l.Items()
		name, ok := items[0].Ref().(*value.Symbol)
		if !ok {
			return value.Nil, value.CoerceError(items[0], "symbol")
		}
		n := 1
		for n < len(items) {
			if _, ok := items[n].Ref().(*value.Vector); !ok {
				break
			}
			n++
		}
		var arities []value.Value
		for _, params := range items[1:n] {
			arities = append(arities, listWith(items[n:], params))
		}
		defaults = defaults.Assoc(value.Kw(name.Name), listWith(arities, symFn, name.Val()))
	}
	return list(symDo, list(symDef, a[0], list(th.Runtime().Core("protocol*"), list(symQuote, a[0]), defaults.Val()))), nil
}

func protocolStar(th *eval.Thread, name, defaults value.Value) (value.Value, error) {
	sym, ok := name.Ref().(*value.Symbol)
	if !ok {
		return value.Nil, value.CoerceError(name, "symbol")
	}
	p := value.New(&protocol{name: qualifyType(th, sym.Name), methods: map[string]map[string]value.Value{}})
	for k, def := range defaults.Ref().(value.Map).All() {
		method := k.Ref().(*value.Keyword).Name
		p.methods[method] = map[string]value.Value{}
		f := eval.NewBuiltin(qualifyType(th, method), 1, -1, func(th *eval.Thread, a []value.Value) (value.Value, error) {
			if impl, ok := p.implementation(method, a[0].Type().Name); ok {
				return th.Apply(impl, a)
			}
			return th.Apply(def, a)
		})
		if err := th.Define(method, f); err != nil {
			return value.Nil, err
		}
	}
	return p.Val(), nil
}

func macroExtend(th *eval.Thread, a []value.Value) (value.Value, error) {
	methods, err := methodMap(a[2:])
	return list(th.Runtime().Core("extend*"), a[0], a[1], methods), err
}

// implementedType is the name of the type that a protocol is extended to.
func implementedType(th *eval.Thread, t value.Value) (string, error) {
	ft, err := fieldTypeOf(th, t)
	if err != nil {
		return "", err
	}
	return ft.name, nil
}

func extendStar(th *eval.Thread, t, p, methods value.Value) (value.Value, error) {
	name, err := implementedType(th, t)
	if err != nil {
		return value.Nil, err
	}
	pr, err := asProtocol(p)
	if err != nil {
		return value.Nil, err
	}
	if t := typesOf(th).find(name); t != nil && pr.name == objectProtocol {
		t.implementObject(th, methods.Ref().(value.Map))
	}
	pr.mu.Lock()
	defer pr.mu.Unlock()
	for k, f := range methods.Ref().(value.Map).All() {
		method := k.Ref().(*value.Keyword).Name
		if pr.methods[method] == nil {
			return value.Nil, value.Errorf("The protocol '%s' does not have a function '%s'", pr.name, method)
		}
		pr.methods[method][name] = f
	}
	return value.Nil, nil
}

// multimethod is a function by dispatch value.
type multimethod struct {
	name     string
	dispatch value.Value

	mu      sync.RWMutex
	methods value.Map
}

// multimethodOf finds the multimethod behind a function.
func multimethodOf(th *eval.Thread, v value.Value) (*multimethod, bool) {
	b, ok := v.Ref().(*eval.Builtin)
	if !ok {
		return nil, false
	}
	m, ok := th.Runtime().State.Load(b.Row)
	if !ok {
		return nil, false
	}
	return m.(*multimethod), true
}

func multiStar(th *eval.Thread, name, dispatch value.Value) (value.Value, error) {
	sym, ok := name.Ref().(*value.Symbol)
	if !ok {
		return value.Nil, value.CoerceError(name, "symbol")
	}
	if !eval.IsCallable(dispatch) {
		return value.Nil, value.CoerceError(dispatch, "function")
	}
	m := &multimethod{name: qualifyType(th, sym.Name), dispatch: dispatch, methods: value.EmptyHashMap}
	f := eval.NewBuiltin(m.name, 0, -1, m.call)
	th.Runtime().State.Store(f.Ref().(*eval.Builtin).Row, m)
	return f, nil
}

func (m *multimethod) call(th *eval.Thread, a []value.Value) (value.Value, error) {
	args := append([]value.Value(nil), a...)
	v, err := th.Apply(m.dispatch, args)
	if err != nil {
		return value.Nil, err
	}
	m.mu.RLock()
	f, ok := m.methods.Get(v)
	if !ok {
		f, ok = m.bySupertype(v, args)
	}
	if !ok {
		f, ok = m.methods.Get(value.Kw("default"))
	}
	m.mu.RUnlock()
	if !ok {
		return value.Nil, value.Errorf("No matching '%s' multi-function method defined for dispatch value %s", m.name, value.PrStr(v))
	}
	return th.Apply(f, args)
}

// bySupertype finds the method of the nearest supertype, if the dispatch value is the type of an argument.
func (m *multimethod) bySupertype(v value.Value, args []value.Value) (value.Value, bool) {
	k, ok := v.Ref().(*value.Keyword)
	if !ok {
		return value.Nil, false
	}
	for _, a := range args {
		if a.Type().Name != k.Name {
			continue
		}
		for _, s := range a.Type().Supers {
			if f, ok := m.methods.Get(value.Kw(s.Name)); ok {
				return f, true
			}
		}
	}
	return value.Nil, false
}

func macroDefmethod(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) < 3 {
		return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (%d) passed to special form defmethod.", len(a))
	}
	params, ok := a[2].Ref().(*value.Vector)
	if !ok {
		return value.Nil, value.CoerceError(a[2], "vector")
	}
	return list(th.Runtime().Core("method*"), a[0], a[1], list(symQuote, params.Val()), listWith(a[2:], symFn)), nil
}

func methodStar(th *eval.Thread, a []value.Value) (value.Value, error) {
	m, ok := multimethodOf(th, a[0])
	if !ok {
		return value.Nil, value.Errorf("defmethod: %s is no multi-function", value.PrStr(a[0]))
	}
	if n, known := parameters(m.dispatch); known && n != a[2].Ref().(value.Sequence).Count() {
		return value.Nil, value.Errorf("A method definition for the multifunction '%s' must have %d parameters", m.name, n)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.methods = m.methods.Assoc(a[1], a[3])
	return a[0], nil
}

// parameters is how many parameters a dispatch function has. The reference takes none for its native functions; identity
// is not among them.
func parameters(f value.Value) (n int, known bool) {
	switch x := f.Ref().(type) {
	case *eval.Fn:
		return x.Parameters()
	case *eval.Builtin:
		return 0, x.Name != "identity"
	}
	return 0, false
}
