// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"iter"
	"strings"
	"sync"
	"sync/atomic"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// customTypeTable: types that scripts define, language.md 15.
var customTypeTable = eval.Table{
	{Name: "deftype", Min: 2, Max: -1, Special: true, Macro: macroDeftype, Forms: "(deftype name fields)\n(deftype name fields validator)\n(deftype name fields validator? protocol (method [args] body)*)*", Doc: "Defines a record type: the constructor name. and the predicate name?; its type as a keyword."},
	{Name: "deftype-of", Min: 2, Max: -1, Special: true, Macro: macroDeftypeOf, Forms: "(deftype-of name base-type)\n(deftype-of name base-type predicate)", Doc: "Defines a type that wraps values of another."},
	{Name: "deftype-or", Min: 2, Max: -1, Special: true, Macro: macroDeftypeOr, Forms: "(deftype-or name & choices)", Doc: "Defines a type that is a choice of values and types."},
	{Name: ".:", Min: 1, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		t, err := findType(th, a[0])
		if err != nil {
			return value.Nil, err
		}
		return t.construct(th, a[1:])
	}, Forms: "(.: type & fields)", Doc: "Makes a value of a custom type."},
	{Name: "deftype?", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		switch v.Ref().(type) {
		case *record, *value.Wrapped:
			return value.True, nil
		case *value.Keyword:
			_, err := findType(th, v)
			return value.Bool(err == nil), nil
		}
		return value.False, nil
	}, Forms: "(deftype? type)", Doc: "Whether a keyword names a custom type, or a value is of one."},
	{Name: "deftype-describe", Min: 1, Max: 1, F1: func(th *eval.Thread, v value.Value) (value.Value, error) {
		t, err := findType(th, v)
		if err != nil {
			return value.Nil, err
		}
		return t.describe(), nil
	}, Forms: "(deftype-describe type)", Doc: "A map that describes a custom type."},
	{Name: "deftype*", Min: 4, Max: 4, FN: deftypeStar, Doc: "Internal to deftype."},
	{Name: "deftype-of*", Min: 3, Max: 3, FN: deftypeOfStar, Doc: "Internal to deftype-of."},
	{Name: "deftype-or*", Min: 2, Max: 2, FN: deftypeOrStar, Doc: "Internal to deftype-or."},
}

// customType is a record, wrapping or choice type. It is never changed once it is defined.
type customType struct {
	t         *value.Type
	kind      string // "record", "wrapping", "choice"
	fields    []field
	validator value.Value // nil without
	base      *fieldType  // of a wrapping type
	choices   []choice

	object atomic.Pointer[objectMethods] // the record's own toString and compareTo; nil without
}

// objectMethods are what a record type implements of Object; nil for what it leaves.
type objectMethods struct {
	text  value.Value
	order func(a, b *record) (int, error)
}

type field struct {
	name string
	ft   *fieldType
}

// fieldType is a type by name: "core/long", "user/point", "core/any".
type fieldType struct {
	name    string
	nilable bool
}

// choice is a value or a type of a choice type.
type choice struct {
	v  value.Value
	ft *fieldType // nil: the value
}

var typeCustom = &value.Type{Name: "core/custom-type", Supers: []*value.Type{value.TypeMap, value.TypeCollection}}

// customTypes are the custom types of an interpreter by name.
type customTypes struct {
	mu     sync.Mutex
	byName map[string]*customType
}

func typesOf(th *eval.Thread) *customTypes {
	x, _ := th.Runtime().State.LoadOrStore("custom types", &customTypes{byName: map[string]*customType{}})
	return x.(*customTypes)
}

func (ts *customTypes) find(name string) *customType {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.byName[name]
}

func findType(th *eval.Thread, v value.Value) (*customType, error) {
	k, ok := v.Ref().(*value.Keyword)
	if !ok {
		return nil, value.CoerceError(v, "keyword")
	}
	name := qualifyType(th, k.Name)
	if t := typesOf(th).find(name); t != nil {
		return t, nil
	}
	return nil, value.Errorf("The custom type :%s is not defined.", name)
}

// qualifyType gives a type's name the current namespace if it has none.
func qualifyType(th *eval.Thread, name string) string {
	if ns, _ := value.SplitName(name); ns == "" {
		return th.Namespace().Name() + "/" + name
	}
	return name
}

// fieldTypeOf reads :long, :string?, :user/point: an unqualified name means a type of core if there is one.
func fieldTypeOf(th *eval.Thread, v value.Value) (*fieldType, error) {
	k, ok := v.Ref().(*value.Keyword)
	if !ok {
		return nil, value.CoerceError(v, "keyword")
	}
	name, nilable := strings.CutSuffix(k.Name, "?")
	if ns, _ := value.SplitName(name); ns == "" {
		own := qualifyType(th, name)
		if typesOf(th).find(own) != nil {
			return &fieldType{own, nilable}, nil
		}
		name = "core/" + name
	}
	return &fieldType{name, nilable}, nil
}

func (ft *fieldType) accepts(v value.Value) bool {
	return ft.name == "core/any" || v.IsNil() && ft.nilable || !v.IsNil() && v.Type().Is(ft.name)
}

// newType registers a type and defines its constructor and predicate in the current namespace.
func newType(th *eval.Thread, form string, name value.Value, t *customType) (value.Value, error) {
	k, ok := name.Ref().(*value.Keyword)
	if !ok {
		return value.Nil, value.CoerceError(name, "keyword")
	}
	full := qualifyType(th, k.Name)
	supers := []*value.Type{typeCustom}
	if t.base != nil {
		supers = []*value.Type{{Name: t.base.name}}
	}
	t.t = &value.Type{Name: full, Supers: supers}
	ts := typesOf(th)
	ts.mu.Lock()
	_, exists := ts.byName[full]
	if !exists {
		ts.byName[full] = t
	}
	ts.mu.Unlock()
	if exists {
		return value.Nil, value.Errorf("%s: the type :%s already exists.", form, full)
	}
	_, short := value.SplitName(full)
	n := 1
	if t.kind == "record" {
		n = len(t.fields)
	}
	constructor := eval.NewBuiltin(full+".", 0, -1, func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) != n {
			return value.Nil, value.Throwf(value.ArityException, "Wrong number of args (%d) passed to function %s.. Expected %d arg%s.", len(a), full, n, plural(n))
		}
		return t.construct(th, a)
	})
	predicate := eval.NewBuiltin(full+"?", 1, 1, func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		return value.Bool(a[0].Type() == t.t), nil
	})
	if err := th.Define(short+".", constructor); err != nil {
		return value.Nil, err
	}
	if err := th.Define(short+"?", predicate); err != nil {
		return value.Nil, err
	}
	return value.Kw(full), nil
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// macroDeftype splits validator and protocols from the fields.
func macroDeftype(th *eval.Thread, a []value.Value) (value.Value, error) {
	validator, rest := value.Nil, a[2:]
	if len(rest) > 0 {
		if _, isSymbol := rest[0].Ref().(*value.Symbol); !isSymbol || len(rest) == 1 {
			validator, rest = rest[0], rest[1:]
		} else if _, isMethod := rest[1].Ref().(*value.List); !isMethod {
			validator, rest = rest[0], rest[1:]
		}
	}
	var object value.Value = value.EmptyHashMap.Val()
	var extensions []value.Value
	for len(rest) > 0 {
		protocol := rest[0]
		n := 1
		for n < len(rest) {
			if _, ok := rest[n].Ref().(*value.List); !ok {
				break
			}
			n++
		}
		methods := rest[1:n]
		if s, ok := protocol.Ref().(*value.Symbol); ok && (s.Name == "Object" || s.Name == "core/Object") {
			var err error
			if object, err = methodMap(methods); err != nil {
				return value.Nil, err
			}
		} else {
			extensions = append(extensions, listWith(methods, value.Sym("extend"), a[0], protocol))
		}
		rest = rest[n:]
	}
	define := list(th.Runtime().Core("deftype*"), a[0], list(symQuote, a[1]), validator, object)
	if len(extensions) == 0 {
		return define, nil
	}
	t := fresh(th, "type")
	return list(symLet, vec(t, define), listWith(append(extensions, t), symDo)), nil
}

// methodMap makes the form of a map from method names to functions.
func methodMap(methods []value.Value) (value.Value, error) {
	m := value.Map(value.EmptyHashMap)
	for _, method := range methods {
		l, ok := method.Ref().(*value.List)
		if !ok || l.Count() < 2 {
			return value.Nil, value.Errorf("A method must be like (name [args] body), got %s", value.PrStr(method))
		}
		name, ok := l.First().Ref().(*value.Symbol)
		if !ok {
			return value.Nil, value.CoerceError(l.First(), "symbol")
		}
		m = m.Assoc(value.Kw(name.Name), listWith(l.Items(), symFn))
	}
	return m.Val(), nil
}

func deftypeStar(th *eval.Thread, a []value.Value) (value.Value, error) {
	spec, ok := a[1].Ref().(value.Sequence)
	if !ok {
		return value.Nil, value.CoerceError(a[1], "vector")
	}
	if spec.Count()%2 != 0 {
		return value.Nil, value.Errorf("deftype invalid field definition (requires an even number of fields)")
	}
	t := &customType{kind: "record", validator: a[2]}
	items := spec.Items()
	for i := 0; i < len(items); i += 2 {
		name, ok := value.Text(items[i])
		if !ok {
			return value.Nil, value.CoerceError(items[i], "symbol")
		}
		ft, err := fieldTypeOf(th, items[i+1])
		if err != nil {
			return value.Nil, err
		}
		t.fields = append(t.fields, field{name, ft})
	}
	if m, ok := a[3].Ref().(value.Map); ok {
		t.implementObject(th, m)
	}
	return newType(th, "deftype", a[0], t)
}

// implementObject takes the record's own toString and compareTo. compareTo is called on a thread of its own, because sorting
// has none at hand.
func (t *customType) implementObject(th *eval.Thread, m value.Map) {
	origin := th.Fork()
	methods := &objectMethods{}
	if old := t.object.Load(); old != nil {
		*methods = *old
	}
	if f, ok := m.Get(value.Kw("toString")); ok {
		methods.text = f
	}
	if f, ok := m.Get(value.Kw("compareTo")); ok {
		methods.order = func(a, b *record) (int, error) {
			worker := origin.Fork()
			defer worker.Release()
			v, err := worker.Guard(func() (value.Value, error) { return worker.Call2(f, a.Val(), b.Val()) })
			n, _ := value.ToLong(v)
			return int(max(-1, min(1, n))), err
		}
	}
	t.object.Store(methods)
}

func macroDeftypeOf(th *eval.Thread, a []value.Value) (value.Value, error) {
	predicate := value.Nil
	if len(a) > 2 {
		predicate = a[2]
	}
	return list(th.Runtime().Core("deftype-of*"), a[0], a[1], predicate), nil
}

func deftypeOfStar(th *eval.Thread, a []value.Value) (value.Value, error) {
	base, err := fieldTypeOf(th, a[1])
	if err != nil {
		return value.Nil, err
	}
	return newType(th, "deftype-of", a[0], &customType{kind: "wrapping", base: base, validator: a[2]})
}

func macroDeftypeOr(th *eval.Thread, a []value.Value) (value.Value, error) {
	return list(th.Runtime().Core("deftype-or*"), a[0], vec(a[1:]...)), nil
}

func deftypeOrStar(th *eval.Thread, a []value.Value) (value.Value, error) {
	t := &customType{kind: "choice"}
	for _, v := range a[1].Ref().(value.Sequence).Items() {
		c := choice{v: v}
		if k, ok := v.Ref().(*value.Keyword); ok {
			ft, err := fieldTypeOf(th, v)
			if err != nil {
				return value.Nil, err
			}
			if typesOf(th).find(ft.name) != nil || value.IsCoreType(ft.name) || strings.HasPrefix(k.Name, "core/") {
				c.ft = ft
			}
		}
		t.choices = append(t.choices, c)
	}
	return newType(th, "deftype-or", a[0], t)
}

// construct makes a value; a holds the fields, or the one value of a wrapping or choice type.
func (t *customType) construct(th *eval.Thread, a []value.Value) (value.Value, error) {
	if t.kind == "record" {
		if len(a) != len(t.fields) {
			return value.Nil, value.Errorf("The custom type %s requires %d args. %d have been passed", t.t, len(t.fields), len(a))
		}
		r := &record{t: t, vals: append([]value.Value(nil), a...)}
		for i, v := range a {
			if err := t.check(i, v); err != nil {
				return value.Nil, err
			}
		}
		return t.validated(th, value.New(r).Val())
	}
	if len(a) != 1 {
		return value.Nil, value.Errorf("The custom type %s requires 1 args. %d have been passed", t.t, len(a))
	}
	v := a[0]
	if t.kind == "wrapping" {
		if !t.base.accepts(v) {
			return value.Nil, value.Errorf("The type %s requires an arg of type :%s instead of the passed %s", t.t, t.base.name, v.Type())
		}
		if _, err := t.validated(th, v); err != nil {
			return value.Nil, err
		}
		return value.NewWrapped(t.t, v).Val(), nil
	}
	for _, c := range t.choices {
		if c.ft == nil && value.Equal(c.v, v) || c.ft != nil && c.ft.accepts(v) {
			if k, ok := v.Ref().(*value.Keyword); ok {
				v = value.String(k.Name) // as the reference has it
			}
			return value.NewWrapped(t.t, v).Val(), nil
		}
	}
	return value.Nil, value.Errorf("The choice type %s is not compatible with a value of type %s", t.t, v.Type())
}

// check is the type of a field.
func (t *customType) check(i int, v value.Value) error {
	if t.fields[i].ft.accepts(v) {
		return nil
	}
	return value.Errorf("The type %s requires arg %d of type :%s instead of the passed %s", t.t, i+1, t.fields[i].ft.name, v.Type())
}

func (t *customType) validated(th *eval.Thread, v value.Value) (value.Value, error) {
	if t.validator.IsNil() {
		return v, nil
	}
	ok, err := th.Call1(t.validator, v)
	if err == nil && ok == value.False {
		err = value.Throwf(value.AssertionException, "Invalid value for custom type %s", t.t)
	}
	return v, err
}

func (t *customType) describe() value.Value {
	m := []value.Value{value.Kw("type"), value.Kw(t.t.Name), value.Kw("custom-type"), value.Kw(t.kind)}
	switch t.kind {
	case "record":
		var fields []value.Value
		for i, f := range t.fields {
			fields = append(fields, value.NewOrderedMap(
				value.Kw("name"), value.Kw(f.name), value.Kw("type"), value.Kw(f.ft.name),
				value.Kw("index"), value.Int(int32(i)), value.Kw("nillable"), value.Bool(f.ft.nilable)).Val())
		}
		m = append(m, value.Kw("field-defs"), value.ListOf(fields).Val(), value.Kw("validation-fn"), t.validator)
	case "wrapping":
		m = append(m, value.Kw("base-type"), value.Kw(t.base.name), value.Kw("validation-fn"), t.validator)
	case "choice":
		var types, values []value.Value
		for _, c := range t.choices {
			if c.ft != nil {
				types = append(types, value.Kw(c.ft.name))
			} else {
				values = append(values, c.v)
			}
		}
		m = append(m, value.Kw("choice-types"), value.ListOf(types).Val(), value.Kw("choice-values"), value.ListOf(values).Val())
	}
	return value.NewOrderedMap(m...).Val()
}

// record is a value of a record type: a map with the type's fields.
type record struct {
	value.Obj
	t    *customType
	vals []value.Value
}

var _ value.Map = (*record)(nil)

func (r *record) Type() *value.Type { return r.t.t }
func (r *record) Count() int        { return len(r.vals) }
func (r *record) Empty() value.Map  { return value.NewOrderedMap() }

func (r *record) find(k value.Value) int {
	if x, ok := k.Ref().(*value.Keyword); ok {
		for i, f := range r.t.fields {
			if f.name == x.Name {
				return i
			}
		}
	}
	return -1
}

func (r *record) Get(k value.Value) (value.Value, bool) {
	if i := r.find(k); i >= 0 {
		return r.vals[i], true
	}
	return value.Nil, false
}

// plain is the record as an ordered map.
func (r *record) plain() value.Map {
	var kv []value.Value
	for i, f := range r.t.fields {
		kv = append(kv, value.Kw(f.name), r.vals[i])
	}
	return value.NewOrderedMap(kv...)
}

func (r *record) Assoc(k, v value.Value) value.Map { return r.plain().Assoc(k, v) }
func (r *record) Dissoc(k value.Value) value.Map   { return r.plain().Dissoc(k) }

func (r *record) All() iter.Seq2[value.Value, value.Value] {
	return func(yield func(k, v value.Value) bool) {
		for i, f := range r.t.fields {
			if !yield(value.Kw(f.name), r.vals[i]) {
				return
			}
		}
	}
}

// with is the record with another value of a field.
func (r *record) with(th *eval.Thread, k, v value.Value) (value.Value, error) {
	i := r.find(k)
	if i < 0 {
		return value.Nil, value.Errorf("The custom type %s does not support the field %s", r.t.t, value.PrStr(k))
	}
	vals := append([]value.Value(nil), r.vals...)
	vals[i] = v
	return r.t.construct(th, vals)
}

// PrintTo prints the type and the fields, or what the type's toString says.
func (r *record) PrintTo(p *value.Printer) {
	if own := r.t.object.Load(); own != nil && !own.text.IsNil() && p.Caller != nil {
		v, err := p.Caller.Call(own.text, r.Val())
		p.Fail(err)
		p.WriteString(value.ToStr(v))
		return
	}
	p.WriteString("{:custom-type* " + r.t.t.String())
	for i, f := range r.t.fields {
		p.WriteString(" :" + f.name + " ")
		p.Print(r.vals[i])
	}
	p.WriteString("}")
}

// RelateCompare orders records by the type's compareTo.
func (r *record) RelateCompare(other value.Value) (int, bool) {
	o, ok := other.Ref().(*record)
	if !ok || r.t != o.t {
		return 0, false
	}
	own := r.t.object.Load()
	if own == nil || own.order == nil {
		return 0, false
	}
	n, err := own.order(r, o)
	return n, err == nil
}
