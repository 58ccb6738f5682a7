// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/temporal"
	"gondola/lisp/value"
)

// interopTable: the common calls of language.md 17 and 21; every other class is reported as not available on this host.
// The classes are in javaclasses.go, the methods of values in javamethods.go.
var interopTable = eval.Table{
	{Name: ".", Min: 2, Max: -1, FN: dot, Forms: "(. class :member & args)\n(. object :member & args)", Doc: "Calls a member of a Java class or value that this host knows natively."},
	{Name: "class", Min: 1, Max: 1, F1: classOf, Forms: "(class name)", Doc: "The Java class of a name, if this host knows it."},
	{Name: "class-name", Min: 1, Max: 1, F1: className, Forms: "(class-name class)", Doc: "The name of a class."},
	{Name: "exists-class?", Min: 1, Max: 1, F1: existsClass, Forms: "(exists-class? name)", Doc: "Whether this host knows a Java class."},
	{Name: "cast", Min: 2, Max: 2, F2: cast, Forms: "(cast class object)", Doc: "Casts a Java object; there is nothing to do on this host."},
	is("java-obj?", isJavaObject),
	is("enum?", func(v value.Value) bool { _, ok := value.HostOf[enum](v); return ok }),
	{Name: "java-string-list", Min: 1, Max: 1, F1: javaStringList, Forms: "(java-string-list coll)", Doc: "A java.util.ArrayList of the elements as strings, which prints as Java does."},
}

var typeClass = &value.Type{Name: "java.lang.Class"}

// class is a value of java.lang.Class.
type class string

func (c class) String() string { return "class " + string(c) }

// enum is a constant of a Java enumeration.
type enum struct {
	name    string
	ordinal int
}

func (e enum) String() string { return e.name }

func isJavaObject(v value.Value) bool {
	return !strings.HasPrefix(v.Type().Name, "core/") && strings.HasPrefix(v.Type().Name, "java")
}

// errNoMember says that there is no such member, or none for such arguments.
var errNoMember = errors.New("no such member")

// member is a method or a constructor.
type member func(th *eval.Thread, a []value.Value) (value.Value, error)

func knownClass(name string) bool {
	if _, ok := statics[name]; ok {
		return true
	}
	return value.FindClass(name) != nil
}

func classKeyword(th *eval.Thread, v value.Value) (string, error) {
	if k, ok := v.Ref().(*value.Keyword); ok {
		return th.ClassName(k.Name), nil
	}
	if s, ok := v.Str(); ok {
		return th.ClassName(s), nil
	}
	return "", value.CoerceError(v, "string")
}

func classOf(th *eval.Thread, v value.Value) (value.Value, error) {
	name, err := classKeyword(th, v)
	if err != nil {
		return value.Nil, err
	}
	if !knownClass(name) {
		return value.Nil, loadFailure(name)
	}
	return value.NewHost(typeClass, class(name)).Val(), nil
}

func className(_ *eval.Thread, v value.Value) (value.Value, error) {
	c, ok := value.HostOf[class](v)
	if !ok {
		return value.Nil, value.Errorf("Function 'class-name' requires a Java class as argument. Got a '%s'.", v.Type())
	}
	return value.String(string(c)), nil
}

func existsClass(th *eval.Thread, v value.Value) (value.Value, error) {
	name, err := classKeyword(th, v)
	return value.Bool(err == nil && knownClass(name)), err
}

func cast(_ *eval.Thread, _, v value.Value) (value.Value, error) {
	if !isJavaObject(v) {
		return value.Nil, value.Errorf("Function 'cast' does not allow casting a non Java object (%s)", v.Type())
	}
	return v, nil
}

func javaList(th *eval.Thread, v value.Value) (value.Value, error) {
	items, err := iterable(th, v)
	return value.NewMutableListOf(typeArrayList, append([]value.Value(nil), items...)...).Val(), err
}

// javaStrings is a list that stays a Java object: it has Java's printed form and methods, and is no collection of scripts.
type javaStrings struct{ *value.MutableSeq }

func (s javaStrings) PrintTo(p *value.Printer) {
	texts := make([]string, 0, s.Count())
	for v := range s.All() {
		text := "null"
		if !v.IsNil() {
			text = value.ToStr(v)
		}
		texts = append(texts, text)
	}
	p.WriteString("[" + strings.Join(texts, ", ") + "]")
}

func javaStringList(_ *eval.Thread, v value.Value) (value.Value, error) {
	seq, ok := v.Ref().(value.Sequence)
	if !ok {
		return value.Nil, value.Errorf("Function 'java-string-list' does not allow %s as parameter", v.Type())
	}
	items := slices.Clone(seq.Items())
	for i, item := range items {
		if !item.IsNil() {
			items[i] = value.String(value.ToStr(item))
		}
	}
	return value.NewHost(typeArrayList, javaStrings{value.NewMutableListOf(typeArrayList, items...)}).Val(), nil
}

func interopFailure(cause string, args ...any) error {
	return value.NewException(value.JavaMethodInvocation, "JavaInterop failure.").Because(value.Errorf(cause, args...))
}

func loadFailure(name string) error {
	return interopFailure("Failed to load class '%s': this host has no Java classes", name)
}

func dot(th *eval.Thread, a []value.Value) (value.Value, error) {
	k, ok := a[1].Ref().(*value.Keyword)
	if !ok {
		return value.Nil, value.CoerceError(a[1], "keyword")
	}
	if c, ok := a[0].Ref().(*value.Keyword); ok {
		return callStatic(th, th.ClassName(c.Name), k.Name, a[2:])
	}
	if c, ok := value.HostOf[class](a[0]); ok {
		return callStatic(th, string(c), k.Name, a[2:])
	}
	if a[0].IsNil() {
		return value.Nil, value.NewException(value.JavaMethodInvocation, fmt.Sprintf("Failed to check for available instance method '%s' on <null> target.", k.Name))
	}
	if v, err := callMethod(th, a[0], k.Name, a[2:]); err == nil || !errors.Is(err, errNoMember) {
		return v, err
	}
	return value.Nil, interopFailure("Failed to invoke method '%s' on a value of type %s.", k.Name, a[0].Type())
}

func callStatic(th *eval.Thread, name, method string, a []value.Value) (value.Value, error) {
	members, ok := statics[name]
	if !ok {
		if c := value.FindClass(name); c != nil && method == "new" {
			return th.Call(th.Runtime().Core("ex"), append([]value.Value{value.NewKeyword(name).Val()}, a...)...)
		}
		return value.Nil, loadFailure(name)
	}
	if method == "class" && len(a) == 0 {
		return value.NewHost(typeClass, class(name)).Val(), nil
	}
	f := members[method]
	if f == nil {
		return value.Nil, interopFailure("Failed to invoke static method '%s' on class '%s'.", method, name)
	}
	v, err := f(th, a)
	switch {
	case err == nil:
		return v, nil
	case errors.Is(err, errNoMember):
		return value.Nil, interopFailure("Failed to invoke static method '%s' on class '%s'.", method, name)
	}
	types := make([]string, len(a))
	for i, v := range a {
		types[i] = javaType(v)
	}
	text := fmt.Sprintf("Failed to invoke static method %s(%s) on class %s.", method, strings.Join(types, ", "), name)
	return value.Nil, value.NewException(value.JavaMethodInvocation, text).Because(value.AsException(err))
}

// javaType is the class that a value has in Java.
func javaType(v value.Value) string {
	switch v.Type() {
	case value.TypeString:
		return "java.lang.String"
	case value.TypeLong:
		return "java.lang.Long"
	case value.TypeInteger:
		return "java.lang.Integer"
	case value.TypeDouble:
		return "java.lang.Double"
	case value.TypeBoolean:
		return "java.lang.Boolean"
	}
	return v.Type().Name
}

// callMethod calls a method of a value.
func callMethod(th *eval.Thread, target value.Value, name string, a []value.Value) (value.Value, error) {
	switch {
	case len(a) == 1 && name == "compareTo" && target.Type() == a[0].Type():
		return value.Int(int32(value.Compare(target, a[0]))), nil
	case len(a) == 0 && (name == "class" || name == "getClass"):
		return value.NewHost(typeClass, class(target.Type().Name)).Val(), nil
	}
	switch x := target.Ref().(type) {
	case *value.Str:
		return stringMethod(th, x, name, a)
	case *value.MutableSeq:
		return listMethod(x, name, a)
	case *value.MutableMap:
		return mapMethod(x, name, a)
	case *value.ByteBuf:
		if len(a) == 0 && (name == "capacity" || name == "limit") {
			return value.Int(int32(len(x.B))), nil
		}
	case *value.Stream:
		if len(a) == 0 && name == "toByteArray" && x.Type() == typeBytesOut {
			return value.NewByteBuf(x.Captured()).Val(), nil
		}
	case *value.Host:
		switch y := x.X.(type) {
		case temporal.Moment:
			return momentMethod(y, name, a)
		case enum:
			return enumMethod(y, name, a)
		case javaStrings:
			if name != "toString" {
				return listMethod(y.MutableSeq, name, a)
			}
		}
	}
	if len(a) == 0 && name == "toString" {
		return th.Call(th.Runtime().Core("str"), target)
	}
	if bean, ok := beanOf(target); ok && len(a) == 0 {
		return getter(bean, name, "get", "is", "")
	}
	return value.Nil, errNoMember
}

func enumMethod(e enum, name string, a []value.Value) (value.Value, error) {
	if len(a) > 0 {
		return value.Nil, errNoMember
	}
	switch name {
	case "name", "toString":
		return value.String(e.name), nil
	case "ordinal":
		return value.Int(int32(e.ordinal)), nil
	case "getValue": // of months and weekdays, which count from 1
		return value.Int(int32(e.ordinal + 1)), nil
	}
	return value.Nil, errNoMember
}

// getter reads the property of a bean that a method, one of the prefixes before its name, reads.
func getter(bean value.Bean, method string, prefixes ...string) (value.Value, error) {
	for _, prefix := range prefixes {
		if name, ok := strings.CutPrefix(method, prefix); ok && name != "" {
			if v, ok := bean.BeanProperty(strings.ToLower(name[:1]) + name[1:]); ok {
				return v, nil
			}
		}
	}
	return value.Nil, errNoMember
}

func beanOf(v value.Value) (value.Bean, bool) {
	if b, ok := v.Ref().(value.Bean); ok {
		return b, true
	}
	return value.HostOf[value.Bean](v)
}
