// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// interopTable: the common calls of language.md 17; every other class is reported as not available on this host.
var interopTable = eval.Table{
	{Name: ".", Min: 2, Max: -1, FN: dot, Forms: "(. class :member & args)\n(. object :member & args)", Doc: "Calls a member of a Java class or value that this host knows natively."},
}

type staticCall func(a []value.Value) (value.Value, bool)

// double1 makes a static call of a function of one double.
func double1(f func(float64) float64) staticCall {
	return func(a []value.Value) (value.Value, bool) {
		if len(a) != 1 {
			return value.Nil, false
		}
		d, ok := value.ToDouble(a[0])
		return value.Double(f(d)), ok
	}
}

func extremeCall(dir int) staticCall {
	pick := extreme(dir)
	return func(a []value.Value) (value.Value, bool) {
		if len(a) != 2 {
			return value.Nil, false
		}
		v, err := pick(nil, a)
		return v, err == nil
	}
}

var statics = map[string]map[string]staticCall{
	"java.lang.Math": {
		"max": extremeCall(1), "min": extremeCall(-1), "sqrt": double1(math.Sqrt), "floor": double1(math.Floor), "ceil": double1(math.Ceil),
		"sin": double1(math.Sin), "cos": double1(math.Cos), "tan": double1(math.Tan), "log": double1(math.Log), "log10": double1(math.Log10), "exp": double1(math.Exp),
		"abs": func(a []value.Value) (value.Value, bool) {
			if len(a) != 1 {
				return value.Nil, false
			}
			v, err := abs(nil, a[0])
			return v, err == nil
		},
		"pow": func(a []value.Value) (value.Value, bool) {
			if len(a) != 2 {
				return value.Nil, false
			}
			v, err := pow(nil, a[0], a[1])
			return v, err == nil
		},
		"PI": func([]value.Value) (value.Value, bool) { return value.Double(math.Pi), true },
		"E":  func([]value.Value) (value.Value, bool) { return value.Double(math.E), true },
	},
	"java.lang.System": {
		"currentTimeMillis": func([]value.Value) (value.Value, bool) { return value.Long(time.Now().UnixMilli()), true },
		"nanoTime":          func([]value.Value) (value.Value, bool) { return value.Long(int64(time.Since(processStart))), true },
		"lineSeparator":     func([]value.Value) (value.Value, bool) { return value.String("\n"), true },
		"getenv": func(a []value.Value) (value.Value, bool) {
			if len(a) != 1 {
				return value.Nil, false
			}
			name, ok := a[0].Str()
			if v, set := os.LookupEnv(name); set && ok {
				return value.String(v), true
			}
			return value.Nil, ok
		},
	},
	"java.lang.Long":    {"MAX_VALUE": constant(value.Long(math.MaxInt64)), "MIN_VALUE": constant(value.Long(math.MinInt64)), "parseLong": parseAs(toLong)},
	"java.lang.Integer": {"MAX_VALUE": constant(value.Int(math.MaxInt32)), "MIN_VALUE": constant(value.Int(math.MinInt32)), "parseInt": parseAs(toInt)},
	"java.lang.Double":  {"MAX_VALUE": constant(value.Double(math.MaxFloat64)), "parseDouble": parseAs(toDouble)},
	"java.util.UUID":    {"randomUUID": func([]value.Value) (value.Value, bool) { return value.String(uuid.NewString()), true }},
}

func constant(v value.Value) staticCall {
	return func([]value.Value) (value.Value, bool) { return v, true }
}

func parseAs(f func(*eval.Thread, value.Value) (value.Value, error)) staticCall {
	return func(a []value.Value) (value.Value, bool) {
		if len(a) != 1 {
			return value.Nil, false
		}
		v, err := f(nil, a[0])
		return v, err == nil
	}
}

func interopFailure(cause string, args ...any) error {
	return value.NewException(value.JavaMethodInvocation, "JavaInterop failure.").Because(value.Errorf(cause, args...))
}

func dot(th *eval.Thread, a []value.Value) (value.Value, error) {
	member, ok := a[1].Ref().(*value.Keyword)
	if !ok {
		return value.Nil, value.CoerceError(a[1], "keyword")
	}
	if class, ok := a[0].Ref().(*value.Keyword); ok {
		if class.Name == "java.lang.Thread" && member.Name == "sleep" && len(a) == 3 {
			return th.Call(th.Runtime().Core("sleep"), a[2])
		}
		calls, ok := statics[class.Name]
		if !ok {
			return value.Nil, interopFailure("Failed to load class '%s': this host has no Java classes", class.Name)
		}
		if f := calls[member.Name]; f != nil {
			if v, ok := f(a[2:]); ok {
				return v, nil
			}
		}
		return value.Nil, interopFailure("Failed to invoke static method '%s' on class '%s'.", member.Name, class.Name)
	}
	if s, ok := a[0].Ref().(*value.Str); ok {
		if v, ok := stringMember(s, member.Name, a[2:]); ok {
			return v, nil
		}
	}
	return value.Nil, interopFailure("Failed to invoke method '%s' on a value of type %s.", member.Name, a[0].Type())
}

func stringMember(s *value.Str, member string, a []value.Value) (value.Value, bool) {
	switch {
	case member == "length" && len(a) == 0:
		return value.Int(int32(s.CodeUnits())), true
	case member == "toUpperCase" && len(a) == 0:
		return value.String(strings.ToUpper(s.S)), true
	case member == "toLowerCase" && len(a) == 0:
		return value.String(strings.ToLower(s.S)), true
	case member == "trim" && len(a) == 0:
		return value.String(strings.TrimFunc(s.S, func(r rune) bool { return r <= ' ' })), true
	}
	if len(a) != 1 {
		return value.Nil, false
	}
	t, ok := a[0].Str()
	if !ok {
		return value.Nil, false
	}
	switch member {
	case "contains":
		return value.Bool(strings.Contains(s.S, t)), true
	case "startsWith":
		return value.Bool(strings.HasPrefix(s.S, t)), true
	case "endsWith":
		return value.Bool(strings.HasSuffix(s.S, t)), true
	}
	return value.Nil, false
}
