// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core_test

import (
	"strings"
	"testing"

	"gondola/lisp"
	"gondola/lisp/value"
)

// What is no XML yields what the reference yields, and says on *err* what is wrong and where.
func TestMalformedXML(t *testing.T) {
	for _, c := range []struct{ text, want, warning string }{
		{`<a><b></a>`, "nil", "line 1, column 11: nothing that is open ends with </a>"},
		{"<a>\n<b>", "nil", "line 2, column 4: element b does not end"},
		{"", "nil", "there is no element"},
		{"<a/><b/>", `{:tag "a"}`, "line 1, column 9: a second root element b"},
		{"<a x='1' x='2'/>", "nil", "attribute x is there twice"},
		{"text <a/>", "nil", "text outside of the root element"},
		{"<a>&foo;</a>", "nil", "invalid character entity &foo;"},
		{`<!DOCTYPE a [<!ENTITY b "&c;"><!ENTITY c "x">]><a>&b;</a>`, "nil", "invalid character entity &b;"}, // entities of entities have no bound
	} {
		var warnings strings.Builder
		in := lisp.New(lisp.Options{Stderr: &warnings})
		v, err := in.Eval(t.Context(), "(do (load-module :xml) (xml/parse-str "+value.PrStr(value.String(c.text))+"))", "test")
		in.Close()
		if got := value.PrStr(v); err != nil || got != c.want {
			t.Errorf("%q: %s, %v; want %s", c.text, got, err, c.want)
		}
		if !strings.Contains(warnings.String(), c.warning) {
			t.Errorf("%q warns %q, want %q", c.text, warnings.String(), c.warning)
		}
	}
}
