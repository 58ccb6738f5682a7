// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gondola/lisp"
	"gondola/lisp/core"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// function is a row of the reference's function list.
type function struct {
	name, kind, tier, module string
	min, max                 int // of the arguments; max -1: any number; of values both are -1
}

// listed are all rows of the list.
func listed(t *testing.T) (all []function) {
	t.Helper()
	text, err := os.ReadFile("testdata/core-functions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		f := strings.Split(line, "\t")
		if len(f) != 8 {
			t.Fatalf("line %d has %d fields", i+2, len(f))
		}
		x := function{name: f[0], kind: f[2], tier: f[4], module: f[7], min: -1, max: -1}
		x.min, x.max = arities(f[3])
		all = append(all, x)
	}
	return all
}

// functions are those that have to be there.
func functions(t *testing.T) (out []function) {
	t.Helper()
	for _, x := range listed(t) {
		if (x.tier == "A" || x.tier == "B") && !strings.HasPrefix(x.name, "ipc/") {
			out = append(out, x)
		}
	}
	if len(out) != 903 {
		t.Fatalf("%d functions of tiers A and B outside ipc/, want 903 (858 and 45 of modules)", len(out))
	}
	return out
}

// arities reads "1|2", "3+" or "-".
func arities(s string) (low, high int) {
	if s == "-" {
		return -1, -1
	}
	if n, ok := strings.CutSuffix(s, "+"); ok {
		low, _ = strconv.Atoi(n)
		return low, -1
	}
	counts := strings.Split(s, "|")
	low, _ = strconv.Atoi(counts[0])
	high, _ = strconv.Atoi(counts[len(counts)-1])
	return low, high
}

// forms of a call that stand in help texts: "(f a & more)\n(f)".
var helpForm = regexp.MustCompile(`^\(\S+[ )]`)

// TestFunctions proves that every function of tiers A and B is registered, documented, takes as many arguments as the
// reference's, and stands in a recorded case.
func TestFunctions(t *testing.T) {
	mentioned := mentionedNames(t)
	in := lisp.New(lisp.Options{})
	defer in.Close()
	var verdicts []verdict
	for _, f := range functions(t) {
		row := core.RowOf(in.Runtime(), f.name)
		if row == nil && f.module != "-" {
			row = moduleRow(t, in, f)
		}
		failure := f.compare(row)
		switch want, ok := byText[f.name]; {
		case failure != "" || mentioned[f.name]:
		case !ok:
			failure = "no recorded case has it"
		default:
			if v, err := in.Eval(t.Context(), "("+f.name+")", "test"); err != nil || value.PrStr(v) != want {
				failure = fmt.Sprintf("yields %s, %v; want %s", value.PrStr(v), err, want)
			}
		}
		verdicts = append(verdicts, verdict{id: "function/" + f.name, group: f.tier, failure: failure})
	}
	judge(t, "function", verdicts)
}

// moduleRow describes a function that a module has.
func moduleRow(t *testing.T, in *lisp.Interp, f function) *eval.Row {
	t.Helper()
	if _, err := in.Eval(t.Context(), fmt.Sprintf("(load-module :%s)", f.module), "test"); err != nil {
		t.Error(err)
		return nil
	}
	th := in.Runtime().NewThread(t.Context())
	defer th.Release()
	row, err := core.Describe(th, f.name)
	if err != nil {
		return nil
	}
	return row
}

// byText are functions whose value language.md gives, which goes before what the reference yields.
var byText = map[string]string{"macroexpand-on-load?": "true"}

// ownArity are those for which the list has the arities of the help; the reference itself takes what ours takes.
var ownArity = map[string]bool{"cron/schedule-at": true, "cron/schedule-at-fixed-rate": true, "cron/schedule-at-round-times-in-day": true, "delay*": true, "test/use-fixtures": true}

func (f function) compare(row *eval.Row) string {
	switch {
	case row == nil:
		return "is not registered"
	case row.Doc == "":
		return "has no help"
	case f.kind != "value" && f.min >= 0 && !helpForm.MatchString(row.Forms):
		return fmt.Sprintf("the help does not say how it is called: %q", row.Forms)
	}
	if f.kind == "special" || f.kind == "value" || f.min < 0 || ownArity[f.name] {
		return ""
	}
	if row.Min > f.min || row.Max >= 0 && (f.max < 0 || row.Max < f.max) {
		return fmt.Sprintf("takes %d to %d arguments, the reference's %d to %d", row.Min, row.Max, f.min, f.max)
	}
	return ""
}

// TestExamples runs the examples of the help, one for every function: each yields and prints what it says.
func TestExamples(t *testing.T) {
	for _, f := range functions(t) {
		e, ok := core.ExampleOf(f.name)
		if !ok {
			t.Errorf("%s has no example", f.name)
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if !mentions(e.Expr, f.name) {
				t.Errorf("%s does not use it", e.Expr)
			}
			var out strings.Builder
			in := lisp.New(lisp.Options{Stdout: &out})
			defer in.Close()
			if f.module != "-" {
				if _, err := in.Eval(t.Context(), "(load-module :"+f.module+")", "example"); err != nil {
					t.Fatal(err)
				}
			}
			v, err := in.Eval(t.Context(), e.Expr, "example")
			if err != nil {
				t.Fatalf("%s: %v", e.Expr, err)
			}
			got := core.Example{Expr: e.Expr, Result: value.PrStr(v), Prints: strings.ReplaceAll(out.String(), "\n", "\\n")}
			if got != e {
				t.Errorf("%s\nin the help:\n%s", got, e)
			}
		})
	}
}

// symbol is what names may consist of.
var symbol = regexp.MustCompile("[^\\s()\\[\\]{}'`~@,^#\"]+")

// mentions reports whether a symbol stands in an expression.
func mentions(expr, name string) bool { return slices.Contains(symbol.FindAllString(expr, -1), name) }

// mentionedNames are the symbols in recorded cases.
func mentionedNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, file := range caseFiles {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		var cases []langCase
		if err := json.Unmarshal(text, &cases); err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			for _, s := range symbol.FindAllString(c.Expr, -1) {
				names[s] = true
			}
		}
	}
	return names
}

// TestTierC proves that every function of tier C that no module brings is there, or says that it is not available here and
// what to do instead.
func TestTierC(t *testing.T) {
	in := lisp.New(lisp.Options{})
	defer in.Close()
	absent := 0
	for _, f := range listed(t) {
		if f.tier != "C" || f.module != "-" || f.kind == "value" || strings.HasPrefix(f.name, "ipc/") {
			continue
		}
		row := core.RowOf(in.Runtime(), f.name)
		if row == nil {
			t.Errorf("%s is unknown", f.name)
			continue
		}
		if !strings.HasPrefix(row.Doc, "Not available on this host: ") {
			continue
		}
		absent++
		if f.name == "load-classpath-file" {
			continue // checks its argument first, as the reference does
		}
		if row.Min != f.min || row.Max != f.max {
			t.Errorf("%s takes %d to %d arguments, the reference's %d to %d", f.name, row.Min, row.Max, f.min, f.max)
		}
		_, err := in.Eval(t.Context(), "("+f.name+strings.Repeat(" 1", f.min)+")", "test")
		if want := "Function '" + f.name + "' is not available on this host: "; err == nil || !strings.HasPrefix(err.Error(), "VncException: "+want) && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v; want %s", f.name, err, want)
		}
	}
	t.Logf("%d functions of tier C are not available", absent)
}
