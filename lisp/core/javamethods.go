// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/temporal"
	"gondola/lisp/value"
)

// texts are arguments that are all strings.
func texts(a []value.Value) ([]string, bool) {
	out := make([]string, len(a))
	for i, v := range a {
		s, ok := v.Str()
		if !ok {
			return nil, false
		}
		out[i] = s
	}
	return out, true
}

// indexes are arguments that are all whole numbers.
func indexes(a []value.Value) ([]int, bool) {
	out := make([]int, len(a))
	for i, v := range a {
		n, ok := value.ToLong(v)
		if !ok {
			return nil, false
		}
		out[i] = int(n)
	}
	return out, true
}

// stringMethod is a method of java.lang.String; positions are UTF-16 code units.
func stringMethod(th *eval.Thread, s *value.Str, name string, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		switch name {
		case "length":
			return value.Int(int32(s.CodeUnits())), nil
		case "toUpperCase":
			return value.String(strings.ToUpper(s.S)), nil
		case "toLowerCase":
			return value.String(strings.ToLower(s.S)), nil
		case "trim":
			return value.String(strings.TrimFunc(s.S, func(r rune) bool { return r <= ' ' })), nil
		case "isEmpty":
			return value.Bool(s.S == ""), nil
		}
		return value.Nil, errNoMember
	}
	if at, ok := indexes(a); ok {
		return stringPart(s, name, at)
	}
	t, ok := texts(a)
	if !ok {
		return value.Nil, errNoMember
	}
	switch {
	case name == "replace" && len(t) == 2:
		return value.String(strings.ReplaceAll(s.S, t[0], t[1])), nil
	case len(t) != 1:
		return value.Nil, errNoMember
	}
	switch name {
	case "contains":
		return value.Bool(strings.Contains(s.S, t[0])), nil
	case "startsWith":
		return value.Bool(strings.HasPrefix(s.S, t[0])), nil
	case "endsWith":
		return value.Bool(strings.HasSuffix(s.S, t[0])), nil
	case "concat":
		return value.String(s.S + t[0]), nil
	case "equals":
		return value.Bool(s.S == t[0]), nil
	case "equalsIgnoreCase":
		return value.Bool(strings.EqualFold(s.S, t[0])), nil
	case "indexOf", "lastIndexOf":
		i := strings.Index(s.S, t[0])
		if name == "lastIndexOf" {
			i = strings.LastIndex(s.S, t[0])
		}
		if i > 0 {
			before, _ := value.String(s.S[:i]).Ref().(*value.Str)
			i = before.CodeUnits()
		}
		return value.Int(int32(i)), nil
	case "split":
		parts, err := splitText(th, []value.Value{s.Val(), a[0]})
		if err != nil {
			return value.Nil, err
		}
		items, err := iterable(th, parts)
		if err != nil {
			return value.Nil, err
		}
		return value.VectorOf(slices.Clone(items)).Val(), nil
	}
	return value.Nil, errNoMember
}

func stringPart(s *value.Str, name string, at []int) (value.Value, error) {
	length := s.CodeUnits()
	for _, i := range at {
		if i < 0 || i > length {
			return value.Nil, value.Throwf(value.IndexOutOfBounds, "String index out of range: %d", i)
		}
	}
	switch {
	case name == "charAt" && len(at) == 1 && at[0] < length:
		return value.Char(s.CharAt(at[0])), nil
	case name == "substring" && len(at) == 1:
		return value.String(s.Substring(at[0], length)), nil
	case name == "substring" && len(at) == 2 && at[0] <= at[1]:
		return value.String(s.Substring(at[0], at[1])), nil
	}
	return value.Nil, errNoMember
}

// listMethod is a method of java.util.ArrayList.
func listMethod(l *value.MutableSeq, name string, a []value.Value) (value.Value, error) {
	change := func(f func([]value.Value) []value.Value) {
		l.Change(func(s value.Sequence) value.Sequence { return s.Of(f(slices.Clone(s.Items()))) })
	}
	n := l.Count()
	at := func() (int, error) {
		i, ok := value.ToLong(a[0])
		if !ok {
			return 0, errNoMember
		}
		if i < 0 || i >= int64(n) {
			return 0, value.Throwf(value.IndexOutOfBounds, "Index %d out of bounds for length %d", i, n)
		}
		return int(i), nil
	}
	switch {
	case name == "add" && len(a) == 1:
		change(func(items []value.Value) []value.Value { return append(items, a[0]) })
		return value.True, nil
	case name == "get" && len(a) == 1:
		i, err := at()
		if err != nil {
			return value.Nil, err
		}
		return l.Nth(i), nil
	case name == "set" && len(a) == 2:
		i, err := at()
		if err != nil {
			return value.Nil, err
		}
		old := l.Nth(i)
		change(func(items []value.Value) []value.Value { items[i] = a[1]; return items })
		return old, nil
	case name == "remove" && len(a) == 1:
		i, err := at()
		if err != nil {
			return value.Nil, err
		}
		old := l.Nth(i)
		change(func(items []value.Value) []value.Value { return slices.Delete(items, i, i+1) })
		return old, nil
	case name == "contains" && len(a) == 1:
		return value.Bool(slices.ContainsFunc(l.Items(), func(v value.Value) bool { return value.Equal(v, a[0]) })), nil
	case name == "size" && len(a) == 0:
		return value.Int(int32(n)), nil
	case name == "isEmpty" && len(a) == 0:
		return value.Bool(n == 0), nil
	case name == "clear" && len(a) == 0:
		change(func([]value.Value) []value.Value { return nil })
		return value.Nil, nil
	}
	return value.Nil, errNoMember
}

// mapMethod is a method of java.util.HashMap.
func mapMethod(m *value.MutableMap, name string, a []value.Value) (value.Value, error) {
	switch {
	case len(a) == 0 && name == "size":
		return value.Int(int32(m.Count())), nil
	case len(a) == 0 && name == "isEmpty":
		return value.Bool(m.Count() == 0), nil
	case len(a) == 0 && name == "clear":
		for k := range m.All() {
			m.Delete(k)
		}
		return value.Nil, nil
	case len(a) == 0 || len(a) > 2:
		return value.Nil, errNoMember
	}
	old, there := m.Get(a[0])
	switch {
	case name == "put" && len(a) == 2:
		m.Put(a[0], a[1])
		return old, nil
	case name == "getOrDefault" && len(a) == 2:
		if !there {
			return a[1], nil
		}
		return old, nil
	case len(a) != 1:
		return value.Nil, errNoMember
	case name == "get":
		return old, nil
	case name == "remove":
		m.Delete(a[0])
		return old, nil
	case name == "containsKey":
		return value.Bool(there), nil
	}
	return value.Nil, errNoMember
}

// momentMethod is a method of the java.time classes: plusDays, minusMonths, getYear, isBefore and the like.
func momentMethod(m temporal.Moment, name string, a []value.Value) (value.Value, error) {
	for prefix, sign := range map[string]int64{"plus": 1, "minus": -1} {
		unit, ok := strings.CutPrefix(name, prefix)
		if !ok || len(a) != 1 {
			continue
		}
		amount, ok := temporal.Unit(strings.ToLower(unit))
		n, whole := value.ToLong(a[0])
		if ok && whole && unit != "" {
			sum, err := m.Plus(amount.Times(sign * n))
			return sum.Val(), err
		}
	}
	if len(a) == 1 {
		if other, ok := temporal.Of(a[0]); ok && other.Kind == m.Kind {
			switch name {
			case "isBefore":
				return value.Bool(m.T.Before(other.T)), nil
			case "isAfter":
				return value.Bool(m.T.After(other.T)), nil
			case "isEqual", "equals":
				return value.Bool(m.T.Equal(other.T)), nil
			}
		}
		return value.Nil, errNoMember
	}
	if len(a) > 0 {
		return value.Nil, errNoMember
	}
	switch name {
	case "toLocalDate":
		return m.To(temporal.LocalDate, temporal.DefaultZone()).Val(), nil
	case "toLocalDateTime":
		return m.To(temporal.LocalDateTime, temporal.DefaultZone()).Val(), nil
	case "toString":
		return value.String(m.String()), nil
	case "lengthOfMonth":
		return value.Int(int32(m.DaysInMonth())), nil
	case "lengthOfYear":
		return value.Int(int32(m.DaysInYear())), nil
	}
	return getter(m, name, "get", "is")
}
