// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gondola/lisp"
	"gondola/lisp/paint"
)

// failing evaluates a text that fails and returns what is written about it.
func failing(t *testing.T, src string, style lisp.ErrorStyle) string {
	t.Helper()
	in := lisp.New(lisp.Options{})
	defer in.Close()
	_, err := in.Eval(context.Background(), src, "s.venice")
	if err == nil {
		t.Fatalf("%s does not fail", src)
	}
	var b bytes.Buffer
	style.Source = func(name string) string { return map[string]string{"s.venice": src}[name] }
	in.WriteError(&b, err, style)
	return b.String()
}

func TestWriteError(t *testing.T) {
	for _, c := range []struct {
		name, src string
		style     lisp.ErrorStyle
		want      string
	}{
		{"two lines and the caret", "(defn f []\n\t(/ 1 0))\r\n(f)", lisp.ErrorStyle{},
			"VncException: / by zero\n\n  s.venice:2:3\n  1 | (defn f []\n  2 | \t(/ 1 0))\n      \t ^\n\n  at /  s.venice:2:3\n  at f  s.venice:3:2\n"},
		{"as the reference (language.md 18)", "(defn f []\n  (/ 1 0))\n(f)", lisp.ErrorStyle{Format: lisp.Venice},
			"Exception in thread \"main\" VncException: / by zero\n\n[Callstack]\n    at: / (s.venice: line 2, col 4)\n    at: f (s.venice: line 3, col 2)\n"},
		{"an open bracket", "(def a\n  (+ 1 [2)", lisp.ErrorStyle{},
			"ParseError: Unexpected ')'. The '[' at (2,8) is closed by ']'. File <s.venice> (2,10)\n\n  s.venice:2:10\n  1 | (def a\n  2 |   (+ 1 [2)\n               ^\n"},
		{"a bracket never closed", "(def a\n  (+ 1 2)\n", lisp.ErrorStyle{},
			"EofException: Expected ')', got EOF. The '(' at (1,1) is not closed. File <s.venice> (3,1)\n\n  s.venice:1:1\n  1 | (def a\n      ^\n"},
		{"recursion", "(defn f [x] (if (== x 0) (/ 1 x)\n (+ 1 (f (- x 1))))) (f 5)", lisp.ErrorStyle{},
			"VncException: / by zero\n\n  s.venice:1:27\n  1 | (defn f [x] (if (== x 0) (/ 1 x)\n                                ^\n\n  at /  s.venice:1:27\n  at f  s.venice:2:8\n     … and 4 more times\n  at f  s.venice:2:23\n"},
		{"a thrown value", "(throw {:a 1})", lisp.ErrorStyle{},
			"ValueException: {:a 1}\n\n  s.venice:1:2\n  1 | (throw {:a 1})\n       ^\n\n  at throw  s.venice:1:2\n"},
		{"a cause", `(throw (ex :VncException "outer" (ex :RuntimeException "inner")))`, lisp.ErrorStyle{},
			"VncException: outer\n\n  s.venice:1:2\n  1 | (throw (ex :VncException \"outer\" (ex :RuntimeException \"inner\")))\n       ^\n\n  at throw  s.venice:1:2\ncaused by RuntimeException: inner\n"},
		{"an object a line", "(str/trimm \"a\")", lisp.ErrorStyle{Format: lisp.JSON},
			`{"class":"SymbolNotFoundException","message":"Symbol 'str/trimm' not found.","file":"s.venice","line":1,"column":2,"hint":"did you mean str/trim?","stack":[{"name":"str/trimm","file":"s.venice","line":1,"column":2}],"causes":[]}` + "\n"},
	} {
		if got := failing(t, c.src, c.style); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

// The lines of a loaded file are shown, those of a file that only lends its name are not.
func TestErrorInOtherFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other.venice")
	if err := os.WriteFile(file, []byte("(defn g []\n  (/ 1 0))"), 0o600); err != nil {
		t.Fatal(err)
	}
	for src, shown := range map[string]bool{
		`(load-file "` + file + `") (g)`:                                    true,
		`(eval (read-string "\n(/ 1 0)" "` + filepath.ToSlash(file) + `"))`: false,
	} {
		if text := failing(t, src, lisp.ErrorStyle{}); strings.Contains(text, "2 |") != shown || !strings.Contains(text, file+":2:") {
			t.Errorf("%s: %s", src, text)
		}
	}
}

// Functions that call each other in turn are folded too, and JSON counts what repeats.
func TestLongStacks(t *testing.T) {
	text := failing(t, "(defn b [n] nil) (defn a [n] (+ 1 (b n))) (defn b [n] (+ 1 (a n))) (a 1)", lisp.ErrorStyle{})
	if lines := strings.Count(text, "\n"); lines > 12 || !strings.Contains(text, "… and these 2, ") {
		t.Errorf("%d lines:\n%s", lines, text)
	}
	text = failing(t, "(defn f [n] (+ 1 (f n))) (f 1)", lisp.ErrorStyle{Format: lisp.JSON})
	var out struct{ Stack []struct{ Times int } }
	if err := json.Unmarshal([]byte(text), &out); err != nil || len(out.Stack) == 0 || len(out.Stack) > 3 || out.Stack[0].Times < 50 {
		t.Errorf("%v: %s", err, text)
	}
}

func TestColouredError(t *testing.T) {
	theme := paint.Select("dark", nil)
	text := failing(t, "(/ 1 0)", lisp.ErrorStyle{Theme: theme})
	if !strings.HasPrefix(text, theme.Paint(paint.Error, "VncException")+": ") || !strings.Contains(text, theme.Paint(paint.Error, "^")) {
		t.Errorf("%q", text)
	}
}

func TestHints(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"(prntln 1)", "Did you mean?\n   println"}, // the reference's own
		{"(prinntlnn 1)", "hint: did you mean println?"},
		{"(str/trimm 1)", "hint: did you mean str/trim?"},
		{"(jsonn/write-str 1)", "hint: did you mean json/write-str?"},
		{"(maath/foo-bar 1)", "hint: there is no namespace maath; did you mean math?"},
		{"(zzzzzz/foo 1)", "hint: there is no namespace zzzzzz\n"},
		{"(first 1 2)", "hint: first is called as (first coll); (doc first) explains it\n"},
		{"(defn g ([a] 1) ([a b & more] 2)) (g)", "hint: user/g is called as (g a) or (g a b & more)\n"},
		{"(defmacro m [x [y z]] x) (m 1)", "hint: user/m is called as (m x [y z])\n"},
		{"((fn [x] x))", "Expected 1 arg.\n\n"},
		{"(str/trim 3)", "hint: str/trim is called as (str/trim s); (doc str/trim) explains it\n"},
	} {
		if got := failing(t, c.src, lisp.ErrorStyle{}); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s\nwant %q in it", c.src, got, c.want)
		}
	}
}
