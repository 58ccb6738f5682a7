// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// profTable: counting and timing of the script's functions, as long as it is on.
var profTable = eval.Table{
	{Name: "prof", Min: 1, Max: 3, FN: prof, Forms: "(prof :on)\n(prof :off)\n(prof :status)\n(prof :clear)\n(prof :clear-all-but names)\n(prof :data)\n(prof :data-formatted)\n(prof :data-formatted title)\n(prof :data-formatted title :anon-fn)", Doc: "Counts and times the calls of the script's functions while it is on. :data is a list of maps, :data-formatted a table, without anonymous functions unless :anon-fn is given."},
	{Name: "perf", Min: 3, Max: 3, Macro: macroPerf, Forms: "(perf expr warm-up n)", Doc: "Evaluates an expression warm-up times, collects garbage, and evaluates it n times with prof on. (println (prof :data-formatted)) shows the outcome."},
}

func prof(th *eval.Thread, a []value.Value) (value.Value, error) {
	m := th.Runtime().Meter()
	k, ok := a[0].Ref().(*value.Keyword)
	if !ok {
		return value.Nil, profUsage()
	}
	switch k.Name {
	case "on", "enable", "off", "disable":
		th.SetMetering(k.Name == "on" || k.Name == "enable")
	case "status":
	case "clear":
		m.Keep()
	case "clear-all-but":
		if len(a) < 2 {
			return value.Nil, profUsage()
		}
		names, err := iterable(th, a[1])
		if err != nil {
			return value.Nil, err
		}
		var keep []string
		for _, n := range names {
			keep = append(keep, value.ToStr(n))
		}
		m.Keep(keep...)
	case "data":
		var out []value.Value
		for _, t := range m.Times() {
			out = append(out, value.NewOrderedMap(value.Kw("name"), value.String(t.Name), value.Kw("count"), value.Long(t.Count), value.Kw("nanos"), value.Long(int64(t.Time))).Val())
		}
		return value.ListOf(out).Val(), nil
	case "data-formatted":
		return value.String(profText(m.Times(), a[1:])), nil
	default:
		return value.Nil, profUsage()
	}
	if m.On() {
		return value.Kw("on"), nil
	}
	return value.Kw("off"), nil
}

func profUsage() error {
	return value.Errorf("Function 'prof' expects a single keyword argument: :on, :off, :status, :clear, :clear-all-but, :data, or :data-formatted")
}

// profText is a table of names, counts, times, and times a call. The options are a title and :anon-fn.
func profText(times []eval.Metered, opts []value.Value) string {
	title, anonymous := "Metrics", false
	for _, o := range opts {
		if s, ok := o.Str(); ok {
			title = s
		}
		anonymous = anonymous || isKw(o, "anon-fn")
	}
	if !anonymous {
		times = slices.DeleteFunc(times, func(t eval.Metered) bool { return strings.Contains(t.Name, "anonymous-") })
	}
	nameWidth, most := 10, int64(10)
	if len(times) > 0 {
		nameWidth, most = 0, 0
	}
	for _, t := range times {
		nameWidth, most = max(nameWidth, value.CountUnits(t.Name)), max(most, t.Count)
	}
	countWidth := len(fmt.Sprint(most))
	var lines []string
	width := len(title)
	for _, t := range times {
		each := ""
		if t.Count > 1 {
			each = profTime(t.Time / time.Duration(t.Count))
		}
		l := fmt.Sprintf("%-*s  [%*d]: %11s %11s", nameWidth, t.Name, countWidth, t.Count, profTime(t.Time), each)
		lines, width = append(lines, l), max(width, len(l))
	}
	if len(lines) == 0 {
		lines, width = []string{"no meter data!"}, max(width, len("no meter data!"))
	}
	line := strings.Repeat("-", width)
	return strings.Join(append(append([]string{line, title, line}, lines...), line), "\n")
}

// profTime is a time with two digits behind the point, from microseconds up.
func profTime(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case d < time.Millisecond:
		return fmt.Sprintf("%.2f us", float64(d)/1e3)
	case d < time.Second:
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f s ", d.Seconds())
}

// macroPerf evaluates in functions with the names that the table shows.
func macroPerf(th *eval.Thread, a []value.Value) (value.Value, error) {
	core := th.Runtime().Core
	run := func(name string, n value.Value) value.Value {
		return list(list(symFn, value.Sym(name), vec(), list(value.Sym("dorun"), n, a[0])))
	}
	prof := func(k string) value.Value { return list(core("prof"), value.Kw(k)) }
	return list(symDo, run("_warmup", a[1]), list(core("gc")), prof("clear"), prof("on"),
		list(value.Sym("try"), run("_test", a[2]), list(value.Sym("finally"), prof("off"))), value.Nil), nil
}
