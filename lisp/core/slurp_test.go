// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"testing"

	"gondola/lisp"
	"gondola/lisp/value"
)

// What takes "a file, a bytebuf or a stream" reads all of them, with the encoding that the options name.
func TestContent(t *testing.T) {
	t.Chdir(t.TempDir())
	in := lisp.New(lisp.Options{})
	defer in.Close()
	for _, c := range []struct{ expr, want string }{
		{`(io/spit "a.csv" "1,\"é\"\n2,b" :encoding :ISO-8859-1)`, `nil`},
		{`(csv/read (io/file "a.csv") :encoding :ISO-8859-1)`, `(("1" "é") ("2" "b"))`},
		{`(csv/read (io/string-in-stream "1,é" :encoding "UTF-16") :encoding "UTF-16")`, `(("1" "é"))`},
		{`(csv/read (io/string-reader "1,é"))`, `(("1" "é"))`},
		{`(csv/read "1,é")`, `(("1" "é"))`},
		{`(try (csv/read (io/file "none.csv")) (catch :VncException e (ex-message e)))`, `"'none.csv' is not a file"`},
		{`(try (csv/read 1) (catch :VncException e (ex-message e)))`, `"Function 'csv/read' does not allow :core/long as source"`},
		{`(io/slurp "a.csv" :encoding :ISO-8859-1)`, `"1,\"é\"\n2,b"`},
		{`(try (io/slurp-reader 1) (catch :VncException e (ex-message e)))`, `"Function 'io/slurp-reader' does not allow :core/long as stream"`},
		{`(str (io/ungzip (io/gzip (io/string-in-stream "abc"))))`, `"[97 98 99]"`},
	} {
		v, err := in.Eval(t.Context(), c.expr, "test")
		if got := value.PrStr(v); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.expr, got, err, c.want)
		}
	}
}
