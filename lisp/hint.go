// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp

import (
	"regexp"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// hints say what may help, by the text of a message; the first that has something to say does. The texts are the
// reference's, which is why they do not carry it themselves.
var hints = []struct {
	message *regexp.Regexp
	hint    func(rt *eval.Runtime, ex *value.Exception, groups []string) string
}{
	{regexp.MustCompile(`^Symbol '(.+)' not found\.$`), didYouMean},
	{regexp.MustCompile(`(?s)^Wrong number of args .* passed to (?:function|macro|special form|the variadic macro) (\S+?)(?:\.| that )`), seeDoc},
	{regexp.MustCompile(`^Cannot coerce value `), callForm},
	{regexp.MustCompile(`connection refused$`), func(*eval.Runtime, *value.Exception, []string) string {
		return "nothing listens there: is the server running, and is it the right port?"
	}},
	{regexp.MustCompile(`^Address already in use$`), func(*eval.Runtime, *value.Exception, []string) string {
		return "another server listens there; end it, or take another port (0 takes any that is free)"
	}},
}

// Hint is what may help with an exception or its causes; "" if nothing is known.
func (i *Interp) Hint(ex *value.Exception) string {
	rt := i.rt
	for c := ex; c != nil; c = c.Cause {
		for _, h := range hints {
			if groups := h.message.FindStringSubmatch(c.Message); groups != nil {
				if text := h.hint(rt, ex, groups); text != "" {
					return text
				}
			}
		}
	}
	return ""
}

// didYouMean names what is written most like an unknown symbol: names of the same namespace, else a namespace.
func didYouMean(rt *eval.Runtime, _ *value.Exception, groups []string) string {
	name := groups[1]
	within := max(1, min(3, len(name)/3))
	var names []string
	rt.EachName(func(n string) { names = append(names, n) })
	if near := eval.Nearest(name, names, within); len(near) > 0 {
		return "did you mean " + strings.Join(near[:min(3, len(near))], " or ") + "?"
	}
	space, _ := value.SplitName(name)
	if space == "" || rt.HasNamespace(space) {
		return ""
	}
	var spaces []string
	for _, ns := range rt.Namespaces() {
		spaces = append(spaces, ns.Name())
	}
	if near := eval.Nearest(space, spaces, 2); len(near) > 0 {
		return "there is no namespace " + space + "; did you mean " + near[0] + "?"
	}
	return "there is no namespace " + space
}

// seeDoc points at the help on a builtin.
func seeDoc(rt *eval.Runtime, _ *value.Exception, groups []string) string {
	if rt.Row(groups[1]) == nil {
		return ""
	}
	return "(doc " + groups[1] + ") explains the arguments"
}

// callForm shows how the builtin that failed is called.
func callForm(rt *eval.Runtime, ex *value.Exception, _ []string) string {
	if len(ex.Stack) == 0 {
		return ""
	}
	row := rt.Row(ex.Stack[0].Name)
	if row == nil || row.Forms == "" {
		return ""
	}
	return row.Name + " is called as " + strings.ReplaceAll(row.Forms, "\n", " or ")
}
