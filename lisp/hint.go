// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp

import (
	"regexp"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// A hint says what may help, by the text of a message: the texts are the reference's, which is why they do not carry it
// themselves.
type hint struct {
	message string // a regular expression
	text    func(rt *eval.Runtime, ex *value.Exception, groups []string) string
}

// hints: the first that has something to say does. They are compiled when an error is written, not at every start.
var hints = []hint{
	{`^Symbol '(.+)' not found\.$`, didYouMean},
	{`(?s)^Wrong number of args .* passed to (?:function|macro|the variadic macro) (\S+?)(?:\.\s|\.$| that )`, arities},
	{`^No matching '(.+)' multi-arity function for arity `, arities},
	{`^Cannot coerce value `, callForm},
	{`^The Venice module '.+' does not exist$`, always("(modules) lists those of this host; --modules PATH loads others out of a Venice jar or a folder")},
	{`connection refused$`, always("nothing listens there: is the server running, and is it the right port?")},
	{`^Address already in use$`, always("another server listens there; end it, or take another port (0 takes any that is free)")},
}

func always(text string) func(*eval.Runtime, *value.Exception, []string) string {
	return func(*eval.Runtime, *value.Exception, []string) string { return text }
}

// Hint is what may help with an exception or its causes; "" if nothing is known.
func (i *Interp) Hint(ex *value.Exception) string {
	rt := i.rt
	for c := ex; c != nil; c = c.Cause {
		for _, h := range hints {
			if groups := regexp.MustCompile(h.message).FindStringSubmatch(c.Message); groups != nil {
				if text := h.text(rt, ex, groups); text != "" {
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

// arities says how what was called is called.
func arities(rt *eval.Runtime, _ *value.Exception, groups []string) string {
	return calledAs(rt, groups[1])
}

// callForm shows how the builtin that failed is called.
func callForm(rt *eval.Runtime, ex *value.Exception, _ []string) string {
	if len(ex.Stack) == 0 || rt.Row(ex.Stack[0].Name) == nil {
		return ""
	}
	return calledAs(rt, ex.Stack[0].Name)
}

// calledAs is "str/trim is called as (str/trim s); (doc str/trim) explains it".
func calledAs(rt *eval.Runtime, name string) string {
	forms := rt.CallForms(name)
	if len(forms) == 0 {
		return ""
	}
	text := name + " is called as " + strings.Join(forms, " or ")
	if rt.Row(name) != nil {
		text += "; (doc " + name + ") explains it"
	}
	return text
}
