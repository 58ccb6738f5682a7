// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// binder takes a value apart into locals (language.md 4).
type binder interface {
	bind(th *Thread, fr *Frame, v value.Value) error
	rebind(th *Thread, fr *Frame, v value.Value) error // for recur: cells are made anew (E3)
}

// slotBinder binds one name.
type slotBinder struct{ l *local }

func (b slotBinder) bind(_ *Thread, fr *Frame, v value.Value) error {
	if b.l.cell {
		c, ok := fr[b.l.slot].Ref().(*cell)
		if !ok {
			fr[b.l.slot] = newCell()
			c = fr[b.l.slot].Ref().(*cell)
		}
		c.v.Store(&v)
		return nil
	}
	fr[b.l.slot] = v
	return nil
}

func (b slotBinder) rebind(th *Thread, fr *Frame, v value.Value) error {
	if b.l.cell {
		fr[b.l.slot] = newCell()
	}
	return b.bind(th, fr, v)
}

// skipBinder is _ inside a pattern.
type skipBinder struct{}

func (skipBinder) bind(*Thread, *Frame, value.Value) error   { return nil }
func (skipBinder) rebind(*Thread, *Frame, value.Value) error { return nil }

// seqBinder is [a b & rest :as all].
type seqBinder struct {
	items []binder
	rest  binder // nil without
	all   binder // nil without
}

func (b *seqBinder) bind(th *Thread, fr *Frame, v value.Value) error {
	return b.each(th, fr, v, binder.bind)
}
func (b *seqBinder) rebind(th *Thread, fr *Frame, v value.Value) error {
	return b.each(th, fr, v, binder.rebind)
}

func (b *seqBinder) each(th *Thread, fr *Frame, v value.Value, bind func(binder, *Thread, *Frame, value.Value) error) error {
	if b.all != nil {
		if err := bind(b.all, th, fr, v); err != nil {
			return err
		}
	}
	if lazy, ok := v.Ref().(*value.LazySeq); ok {
		return b.lazy(th, fr, lazy, bind)
	}
	var at func(i int) value.Value
	n := 0
	var rest func(i int) value.Value
	switch x := v.Ref().(type) {
	case nil:
		if !v.IsNil() {
			return invalidSeqBind(v)
		}
	case value.Sequence:
		n, at = x.Count(), x.Nth
		rest = func(i int) value.Value { return x.Slice(i, n).Val() }
	case *value.Str:
		n = x.CodeUnits()
		at = func(i int) value.Value { return value.Char(x.CharAt(i)) }
		rest = func(i int) value.Value {
			var out []value.Value
			for ; i < n; i++ {
				out = append(out, at(i))
			}
			return value.ListOf(out).Val()
		}
	case *value.MapEntry:
		kv := value.NewVector(x.Key, x.Value)
		n, at = 2, kv.Nth
		rest = func(i int) value.Value { return kv.Slice(i, 2).Val() }
	default:
		return invalidSeqBind(v)
	}
	for i, item := range b.items {
		x := value.Nil
		if i < n {
			x = at(i)
		}
		if err := bind(item, th, fr, x); err != nil {
			return err
		}
	}
	if b.rest == nil {
		return nil
	}
	r := value.Nil
	if len(b.items) < n {
		r = rest(len(b.items))
	}
	return bind(b.rest, th, fr, r)
}

func (b *seqBinder) lazy(th *Thread, fr *Frame, l *value.LazySeq, bind func(binder, *Thread, *Frame, value.Value) error) error {
	for _, item := range b.items {
		x := value.Nil
		if l != nil {
			first, rest, ok, err := l.Next(th)
			if err != nil {
				return err
			}
			if ok {
				x, l = first, rest
			} else {
				l = nil
			}
		}
		if err := bind(item, th, fr, x); err != nil {
			return err
		}
	}
	if b.rest == nil {
		return nil
	}
	r := value.Nil
	if l != nil {
		r = l.Val()
	}
	return bind(b.rest, th, fr, r)
}

func invalidSeqBind(v value.Value) error {
	return value.Errorf("Invalid sequential destructuring bind value type %s. Expected list, vector, or string.", v.Type())
}

// mapBinder is {x :a, :keys [b] :as m :or {b 5}}.
type mapBinder struct {
	entries []mapBinding
	all     binder
}

type mapBinding struct {
	key    value.Value
	binder binder
	def    value.Value // used when the value is nil; not evaluated
}

func (b *mapBinder) bind(th *Thread, fr *Frame, v value.Value) error {
	return b.each(th, fr, v, binder.bind)
}
func (b *mapBinder) rebind(th *Thread, fr *Frame, v value.Value) error {
	return b.each(th, fr, v, binder.rebind)
}

func (b *mapBinder) each(th *Thread, fr *Frame, v value.Value, bind func(binder, *Thread, *Frame, value.Value) error) error {
	m, ok := v.Ref().(value.Map)
	if !ok && !v.IsNil() {
		if _, isVector := v.Ref().(*value.Vector); isVector {
			return value.Errorf("Associative destructuring on vector is not yet implemented.")
		}
		return value.Errorf("Invalid associative destructuring bind value type %s. Expected map.", v.Type())
	}
	for _, e := range b.entries {
		x := value.Nil
		if m != nil {
			x, _ = m.Get(e.key)
		}
		if x.IsNil() {
			x = e.def
		}
		if err := bind(e.binder, th, fr, x); err != nil {
			return err
		}
	}
	if b.all != nil {
		return bind(b.all, th, fr, v)
	}
	return nil
}

// bindNode evaluates and takes apart.
type bindNode struct {
	b    binder
	init Node
}

func (n *bindNode) Eval(th *Thread, fr *Frame) (value.Value, error) {
	v, err := n.init.Eval(th, fr)
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, n.b.bind(th, fr, v)
}

// patternNames lists the names that a pattern binds.
func patternNames(p value.Value, names []string) []string {
	switch x := p.Ref().(type) {
	case *value.Symbol:
		if x.Name != "&" && x.Name != "_" {
			names = append(names, x.Name)
		}
	case value.Sequence:
		for i := range x.Items() {
			names = patternNames(x.Nth(i), names)
		}
	case value.Map:
		for k, v := range x.All() {
			if kw, ok := k.Ref().(*value.Keyword); ok {
				if kw.Name == "or" {
					continue
				}
				names = patternNames(v, names)
				continue
			}
			names = patternNames(k, names)
		}
	}
	return names
}

// pattern compiles a binding pattern; local yields the local of a name.
func (c *compiler) pattern(p value.Value, local func(name string) (*local, error), top bool) (binder, error) {
	if err := c.th.deepen(); err != nil {
		return nil, err
	}
	defer func() { c.th.depth-- }()
	switch x := p.Ref().(type) {
	case *value.Symbol:
		if x.Name == "_" && !top {
			return skipBinder{}, nil
		}
		l, err := local(x.Name)
		if err != nil {
			return nil, err
		}
		return slotBinder{l}, nil
	case value.Sequence:
		return c.seqPattern(x, local)
	case value.Map:
		return c.mapPattern(x, local)
	}
	return nil, value.Errorf("Invalid destructuring sym value type %s. Expected symbol.", p.Type())
}

func (c *compiler) seqPattern(seq value.Sequence, local func(string) (*local, error)) (binder, error) {
	b := &seqBinder{}
	items := seq.Items()
	for i := 0; i < len(items); i++ {
		switch {
		case isSymbol(items[i], "&"):
			i++
			if i >= len(items) {
				return nil, value.Errorf("Invalid sequential destructuring: a symbol must follow '&'.")
			}
			s, ok := items[i].Ref().(*value.Symbol)
			if !ok {
				return nil, value.Errorf("Invalid sequential destructuring: only a symbol may follow '&', got %s.", items[i].Type())
			}
			rest, err := c.pattern(s.Val(), local, false)
			if err != nil {
				return nil, err
			}
			b.rest = rest
		case isKeyword(items[i], "as"):
			i++
			if i >= len(items) {
				return nil, value.Errorf("Invalid sequential destructuring: a symbol must follow ':as'.")
			}
			all, err := c.pattern(items[i], local, false)
			if err != nil {
				return nil, err
			}
			b.all = all
		default:
			item, err := c.pattern(items[i], local, false)
			if err != nil {
				return nil, err
			}
			b.items = append(b.items, item)
		}
	}
	return b, nil
}

func isKeyword(v value.Value, name string) bool {
	k, ok := v.Ref().(*value.Keyword)
	return ok && k.Name == name
}

func (c *compiler) mapPattern(m value.Map, local func(string) (*local, error)) (binder, error) {
	b := &mapBinder{}
	var defaults value.Map
	if or, ok := m.Get(value.Kw("or")); ok {
		if defaults, ok = or.Ref().(value.Map); !ok {
			return nil, value.Errorf("Invalid associative destructuring: ':or' expects a map, got %s.", or.Type())
		}
	}
	add := func(key, target value.Value) error {
		item, err := c.pattern(target, local, false)
		if err != nil {
			return err
		}
		e := mapBinding{key: key, binder: item}
		if s, ok := target.Ref().(*value.Symbol); ok && defaults != nil {
			e.def, _ = defaults.Get(value.Sym(s.Name))
		}
		b.entries = append(b.entries, e)
		return nil
	}
	for k, v := range m.All() {
		kw, ok := k.Ref().(*value.Keyword)
		if !ok {
			if err := add(v, k); err != nil {
				return nil, err
			}
			continue
		}
		switch kw.Name {
		case "or":
		case "as":
			all, err := c.pattern(v, local, false)
			if err != nil {
				return nil, err
			}
			b.all = all
		case "keys", "strs", "syms":
			seq, ok := v.Ref().(value.Sequence)
			if !ok {
				return nil, value.Errorf("Invalid associative destructuring: ':%s' expects a vector, got %s.", kw.Name, v.Type())
			}
			for s := range seq.All() {
				name, ok := s.Ref().(*value.Symbol)
				if !ok {
					return nil, value.Errorf("Invalid associative destructuring: ':%s' expects symbols, got %s.", kw.Name, s.Type())
				}
				key := value.Kw(name.Name)
				switch kw.Name {
				case "strs":
					key = value.String(name.Name)
				case "syms":
					key = value.Sym(name.Name)
				}
				if err := add(key, s); err != nil {
					return nil, err
				}
			}
		default:
			return nil, value.Errorf("Invalid associative destructuring: unknown key :%s.", kw.Name)
		}
	}
	return b, nil
}

// bindingPair is one name and its expression.
type bindingPair struct {
	pattern value.Value
	init    value.Value
}

// bindingPairs checks a binding vector; a list is accepted too.
func bindingPairs(form string, v value.Value) ([]bindingPair, error) {
	seq, ok := v.Ref().(value.Sequence)
	if !ok {
		return nil, value.CoerceError(v, "a sequential collection")
	}
	if seq.Count()%2 != 0 {
		return nil, value.Errorf("%s requires an even number of forms in the binding vector!", form)
	}
	items := seq.Items()
	pairs := make([]bindingPair, 0, len(items)/2)
	for i := 0; i < len(items); i += 2 {
		pairs = append(pairs, bindingPair{items[i], items[i+1]})
	}
	return pairs, nil
}

// letBindings is a compiled binding vector.
type letBindings struct {
	locals  []*local
	binders []binder
	stores  []Node
}

// cells lists the slots whose locals turned out to be cells; ask after the body is compiled.
func (b *letBindings) cells() []uint8 {
	var out []uint8
	for _, l := range b.locals {
		if l.cell {
			out = append(out, l.slot)
		}
	}
	return out
}

// bindings compiles a let or loop vector. All names are visible from the start to the closures in it (L4); a name that is
// bound twice gets a second local, which earlier closures do not see (L5).
func (c *compiler) bindings(pairs []bindingPair) (*letBindings, error) {
	lb := &letBindings{}
	pending := map[string]*local{}
	for _, p := range pairs {
		if s, ok := p.pattern.Ref().(*value.Symbol); ok && !isUnqualified(s) {
			return nil, value.Errorf("Can't use qualified symbols with let!")
		}
		for _, name := range patternNames(p.pattern, nil) {
			if pending[name] != nil {
				continue
			}
			l, err := c.declareBinding(name)
			if err != nil {
				return nil, err
			}
			pending[name] = l
			lb.locals = append(lb.locals, l)
		}
	}
	for _, p := range pairs {
		init, err := c.compile(p.init, false)
		if err != nil {
			return nil, err
		}
		var bound []*local
		b, err := c.pattern(p.pattern, func(name string) (*local, error) {
			l := pending[name]
			if l == nil {
				var err error
				if l, err = c.declareBinding(name); err != nil {
					return nil, err
				}
				lb.locals = append(lb.locals, l)
			} else {
				delete(pending, name)
				pending[name] = nil
			}
			bound = append(bound, l)
			return l, nil
		}, true)
		if err != nil {
			return nil, err
		}
		for _, l := range bound {
			l.bound = true
		}
		lb.binders = append(lb.binders, b)
		if s, ok := b.(slotBinder); ok && !s.l.cell {
			lb.stores = append(lb.stores, &storeNode{s.l.slot, init})
		} else {
			lb.stores = append(lb.stores, &bindNode{b, init})
		}
	}
	return lb, nil
}

func (c *compiler) declareBinding(name string) (*local, error) {
	return c.declare(name)
}
