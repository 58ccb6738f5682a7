// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gondola/lisp"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// atoms are what generated programs are made of: borders of the numbers, empty and odd collections, what is not a number.
var atoms = strings.Split(`nil
true
-1
0
1
2
3
63
64
1000
9223372036854775807
-9223372036854775808
2147483647I
-2147483648I
0.0
-0.5
1.0E300
0.1M
1.0E-40M
12345678901234567890N
""
"a"
"äé😀"
"a,b;c"
"2024-02-29"
"[0-9]+"
"%s %d"
#\a
:a
:b
'x
'a/b
[]
[1 2 3]
["a" "b"]
[[1 2] [3 4]]
()
'(3 1 2)
#{}
#{1 2}
{}
{:a 1 :b 2}
(ordered-map :a 1)
(sorted-map 3 1 1 2)
(sorted-set 3 1 2)
(mutable-map :a 1)
(mutable-list 1 2)
(lazy-seq (range 5))
(range 10)
(range)
(atom 1)
(delay 1)
(bytebuf [1 2 3])
(queue 2)
(stack)
(int-array 3)
inc
+
str
identity
first
(fn [x] x)
(fn [x y] [x y])
(partial + 1)
(regex/pattern "(a)b")
(time/local-date 2024 2 29)
(volatile 1)
(promise)`, "\n")

// functionsToCall are those that a sandbox allows; those with a star belong to macros, which call them right.
func functionsToCall(rt *eval.Runtime) (rows []*eval.Row) {
	rt.EachName(func(name string) {
		row := rt.Row(name)
		if row != nil && row.Value == nil && row.Macro == nil && row.Touches == eval.Nothing && !strings.HasSuffix(name, "*") && name != "gc" {
			rows = append(rows, row)
		}
	})
	slices.SortFunc(rows, func(a, b *eval.Row) int { return strings.Compare(a.Name, b.Name) })
	return slices.Compact(rows)
}

// generated is a form that bytes stand for: two of them choose a function, an atom or a number of arguments.
func generated(data []byte, rows []*eval.Row) string {
	next := func(n int) int {
		if len(data) < 2 {
			return 0
		}
		i := int(data[0])<<8 | int(data[1])
		data = data[2:]
		return i % n
	}
	var form func(depth int) string
	form = func(depth int) string {
		if depth == 0 || len(data) < 2 || next(3) == 0 {
			return atoms[next(len(atoms))]
		}
		row := rows[next(len(rows))]
		parts := []string{row.Name}
		most := row.Max
		if most < 0 {
			most = row.Min + 3
		}
		for range row.Min + next(most-row.Min+1) {
			parts = append(parts, form(depth-1))
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	return form(4)
}

// FuzzEval: generated calls of all functions that a sandbox allows end in a value, an exception or at a limit, never in an
// internal error (X12), and leave no goroutine behind.
func FuzzEval(f *testing.F) {
	in := lisp.New(lisp.Options{})
	rows := functionsToCall(in.Runtime())
	in.Close()
	for i := range rows {
		f.Add([]byte{0, 1, byte(i >> 8), byte(i), 0, 2, 0, 1, 0, 5, 0, 1, 0, 9})
	}
	limits := eval.SandboxLimits()
	limits.Time, limits.Memory, limits.Value = 200*time.Millisecond, 64<<20, 16<<20
	f.Fuzz(func(t *testing.T, data []byte) {
		before := runtime.NumGoroutine()
		in := lisp.New(lisp.Options{MaxDepth: 2000, Limits: limits, Sandbox: &eval.Sandbox{}})
		text := generated(data, rows)
		_, err := in.Eval(t.Context(), text, "generated")
		in.Close()
		if in.Runtime().Incidents() != 0 {
			t.Fatalf("%s: %v", text, err)
		}
		var ex *value.Exception
		if err != nil && !errors.As(err, &ex) {
			t.Fatalf("%s: %T %v", text, err, err)
		}
		const clock = 1 // of regular expressions; it ends by itself
		for start := time.Now(); runtime.NumGoroutine() > before+clock; runtime.Gosched() {
			if time.Since(start) > 20*time.Second {
				t.Fatalf("%s: %d goroutines, %d before", text, runtime.NumGoroutine(), before)
			}
		}
	})
}
