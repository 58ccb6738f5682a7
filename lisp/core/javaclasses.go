// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math"
	"math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"

	"gondola/lisp/eval"
	"gondola/lisp/temporal"
	"gondola/lisp/value"
)

var (
	typeArrayList = &value.Type{Name: "java.util.ArrayList", Supers: []*value.Type{value.TypeMutableList, value.TypeSequence, value.TypeCollection}}
	typeHashMap   = &value.Type{Name: "java.util.HashMap", Supers: []*value.Type{value.TypeMutableMap, value.TypeMap, value.TypeCollection}}
	typeLinkedMap = &value.Type{Name: "java.util.LinkedHashMap", Supers: typeHashMap.Supers}
	typeUUID      = &value.Type{Name: "java.util.UUID"}
	typeMonth     = &value.Type{Name: "java.time.Month"}
	typeDayOfWeek = &value.Type{Name: "java.time.DayOfWeek"}
	typeTimeUnit  = &value.Type{Name: "java.util.concurrent.TimeUnit"}
	typeDuration  = &value.Type{Name: "java.time.Duration"}
	typePeriod    = &value.Type{Name: "java.time.Period"}
)

// statics are the classes with their static members and, as "new", constructors.
var statics = map[string]map[string]member{
	"java.lang.Math": {
		"max": viaCore("max", 2), "min": viaCore("min", 2), "abs": viaCore("abs", 1), "pow": viaCore("pow", 2), "round": round1,
		"sqrt": double1(math.Sqrt), "floor": double1(math.Floor), "ceil": double1(math.Ceil), "sin": double1(math.Sin), "cos": double1(math.Cos),
		"tan": double1(math.Tan), "log": double1(math.Log), "log10": double1(math.Log10), "exp": double1(math.Exp),
		"floorMod": long2(func(a, b int64) int64 { return ((a % b) + b) % b }), "floorDiv": long2(func(a, b int64) int64 { return (a - ((a%b)+b)%b) / b }),
		"random": fixedArgs(0, func([]value.Value) (value.Value, error) { return value.Double(rand.Float64()), nil }),
		"PI":     constant(value.Double(math.Pi)), "E": constant(value.Double(math.E)),
	},
	"java.lang.System": {
		"currentTimeMillis": fixedArgs(0, func([]value.Value) (value.Value, error) { return value.Long(time.Now().UnixMilli()), nil }),
		"nanoTime":          fixedArgs(0, func([]value.Value) (value.Value, error) { return value.Long(int64(time.Since(processStart))), nil }),
		"lineSeparator":     constant(value.String("\n")),
		"getenv":            text1(func(name string) (value.Value, error) { return textOrNil(os.LookupEnv(name)) }),
		"getProperty":       text1(systemProperty),
	},
	"java.lang.Long":      {"MAX_VALUE": constant(value.Long(math.MaxInt64)), "MIN_VALUE": constant(value.Long(math.MinInt64)), "parseLong": viaCore("long", 1), "valueOf": viaCore("long", 1), "new": viaCore("long", 1)},
	"java.lang.Integer":   {"MAX_VALUE": constant(value.Int(math.MaxInt32)), "MIN_VALUE": constant(value.Int(math.MinInt32)), "parseInt": viaCore("int", 1), "valueOf": viaCore("int", 1), "new": viaCore("int", 1)},
	"java.lang.Double":    {"MAX_VALUE": constant(value.Double(math.MaxFloat64)), "MIN_VALUE": constant(value.Double(math.SmallestNonzeroFloat64)), "parseDouble": viaCore("double", 1), "valueOf": viaCore("double", 1), "new": viaCore("double", 1)},
	"java.lang.Thread":    {"sleep": viaCore("sleep", 1)},
	"java.lang.String":    {"valueOf": viaCore("str", 1)},
	"java.lang.Object":    {},
	"java.io.Closeable":   {},
	"java.io.File":        {"new": ioFile, "separator": constant(value.String(string(os.PathSeparator)))},
	"java.nio.file.Paths": {"get": ioFile},
	"java.util.UUID": {
		"randomUUID": fixedArgs(0, func([]value.Value) (value.Value, error) {
			return value.NewHost(typeUUID, javaUUID(uuid.New())).Val(), nil
		}),
		"fromString": text1(func(s string) (value.Value, error) {
			id, err := uuid.Parse(s)
			if err != nil {
				return value.Nil, value.Throwf(value.IllegalArgument, "Invalid UUID string: %s", s)
			}
			return value.NewHost(typeUUID, javaUUID(id)).Val(), nil
		}),
	},
	"java.util.Locale":                          localeMembers(),
	"java.time.Month":                           enumMembers(typeMonth, "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"),
	"java.time.DayOfWeek":                       enumMembers(typeDayOfWeek, "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"),
	"java.io.ByteArrayOutputStream":             {"new": func(th *eval.Thread, a []value.Value) (value.Value, error) { return captures(typeBytesOut)(th) }},
	"java.util.concurrent.CopyOnWriteArrayList": {"new": newJavaList},
	"java.util.ArrayList":                       {"new": newJavaList},
	"java.util.HashMap":                         {"new": newMap(typeHashMap, value.EmptyHashMap)},
	"java.util.LinkedHashMap":                   {"new": newMap(typeLinkedMap, value.NewOrderedMap())},
	"java.util.Date":                            {"new": timeDate},
	"java.util.concurrent.TimeUnit":             enumMembers(typeTimeUnit, "NANOSECONDS", "MICROSECONDS", "MILLISECONDS", "SECONDS", "MINUTES", "HOURS", "DAYS"),
	"java.time.LocalDate":                       {"now": timeOf(temporal.LocalDate), "of": timeOf(temporal.LocalDate), "parse": timeOf(temporal.LocalDate)},
	"java.time.LocalDateTime":                   {"now": timeOf(temporal.LocalDateTime), "of": localDateTimeOf, "parse": timeOf(temporal.LocalDateTime)},
	"java.time.ZonedDateTime":                   {"now": timeOf(temporal.Zoned), "parse": timeOf(temporal.Zoned)},
	"java.time.Duration": {
		"ofMillis": amount(typeDuration, "milli"), "ofSeconds": amount(typeDuration, "second"), "ofMinutes": amount(typeDuration, "minute"), "ofHours": amount(typeDuration, "hour"),
	},
	"java.time.Period":     {"ofDays": amount(typePeriod, "day"), "ofWeeks": amount(typePeriod, "week"), "ofMonths": amount(typePeriod, "month"), "ofYears": amount(typePeriod, "year")},
	"java.math.BigInteger": {"new": viaCore("bigint", 1), "valueOf": viaCore("bigint", 1)},
	"java.math.BigDecimal": {"new": viaCore("decimal", 1), "valueOf": viaCore("decimal", 1)},
}

// javaUUID prints as text and equals by content.
type javaUUID uuid.UUID

func (u javaUUID) String() string { return uuid.UUID(u).String() }

// RelateEqual and RelateHash are value.Relatable.
func (u javaUUID) RelateEqual(other value.Value, _ bool) bool {
	o, ok := value.HostOf[javaUUID](other)
	return ok && o == u
}
func (u javaUUID) RelateHash() uint32 { return uuid.UUID(u).ID() }

func constant(v value.Value) member {
	return fixedArgs(0, func([]value.Value) (value.Value, error) { return v, nil })
}

func fixedArgs(n int, f func(a []value.Value) (value.Value, error)) member {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) != n {
			return value.Nil, errNoMember
		}
		return f(a)
	}
}

// viaCore calls the function of the language that does the same.
func viaCore(name string, n int) member {
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if len(a) != n {
			return value.Nil, errNoMember
		}
		return th.Call(th.Runtime().Core(name), a...)
	}
}

func double1(f func(float64) float64) member {
	return fixedArgs(1, func(a []value.Value) (value.Value, error) {
		d, ok := value.ToDouble(a[0])
		if !ok {
			return value.Nil, errNoMember
		}
		return value.Double(f(d)), nil
	})
}

func round1(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) != 1 {
		return value.Nil, errNoMember
	}
	d, ok := value.ToDouble(a[0])
	if !ok {
		return value.Nil, errNoMember
	}
	return value.Long(int64(math.Floor(d + 0.5))), nil
}

func long2(f func(a, b int64) int64) member {
	return fixedArgs(2, func(a []value.Value) (value.Value, error) {
		x, ok := value.ToLong(a[0])
		y, ok2 := value.ToLong(a[1])
		if !ok || !ok2 {
			return value.Nil, errNoMember
		}
		if y == 0 {
			return value.Nil, value.Throwf(value.ArithmeticException, "/ by zero")
		}
		return value.Long(f(x, y)), nil
	})
}

func text1(f func(string) (value.Value, error)) member {
	return fixedArgs(1, func(a []value.Value) (value.Value, error) {
		s, ok := a[0].Str()
		if !ok {
			return value.Nil, errNoMember
		}
		return f(s)
	})
}

func textOrNil(s string, ok bool) (value.Value, error) {
	if !ok {
		return value.Nil, nil
	}
	return value.String(s), nil
}

// systemProperty answers the properties that describe the host; those of a Java machine are nil.
func systemProperty(name string) (value.Value, error) {
	home, _ := os.UserHomeDir() // nil if there is none
	dir, _ := os.Getwd()
	s, ok := map[string]string{
		"file.separator": string(os.PathSeparator), "path.separator": string(os.PathListSeparator), "line.separator": "\n", "file.encoding": "UTF-8",
		"java.io.tmpdir": os.TempDir(), "user.home": home, "user.dir": dir, "user.name": os.Getenv("USER"),
	}[name]
	return textOrNil(s, ok && s != "")
}

func newMap(t *value.Type, empty value.Map) member {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		m := value.NewMutableMapOf(t, empty)
		if len(a) == 1 {
			if from, ok := a[0].Ref().(value.Map); ok {
				for k, v := range from.All() {
					m.Put(k, v)
				}
			}
		}
		return m.Val(), nil
	}
}

// enumMembers are the constants of an enum class.
func enumMembers(t *value.Type, names ...string) map[string]member {
	members := map[string]member{}
	for i, name := range names {
		members[name] = constant(value.NewHost(t, enum{name, i}).Val())
	}
	return members
}

func newJavaList(th *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return javaList(th, value.Nil)
	}
	if _, size := value.ToLong(a[0]); size {
		return javaList(th, value.Nil)
	}
	return javaList(th, a[0])
}

func amount(t *value.Type, unit string) member {
	return fixedArgs(1, func(a []value.Value) (value.Value, error) {
		n, ok := value.ToLong(a[0])
		if !ok {
			return value.Nil, errNoMember
		}
		one, _ := temporal.Unit(unit)
		return value.NewHost(t, one.Times(n)).Val(), nil
	})
}

// localDateTimeOf takes 5 to 7 fields, the last one in nanoseconds.
func localDateTimeOf(_ *eval.Thread, a []value.Value) (value.Value, error) {
	at, ok := indexes(a)
	if !ok || len(at) < 5 || len(at) > 7 {
		return value.Nil, errNoMember
	}
	var f [7]int64
	for i, n := range at {
		f[i] = int64(n)
	}
	m, err := temporal.Build(temporal.LocalDateTime, f[0], f[1], f[2], f[3], f[4], f[5], f[6], time.UTC)
	return m.Val(), err
}
