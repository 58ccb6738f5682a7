// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import "gondola/lisp/eval"

// specialDocs is the help on the special forms (language.md 3.4), which the compiler knows and no table registers.
var specialDocs = eval.Table{
	{Name: "do", Forms: "(do & body)", Doc: "Evaluates the forms in order; the value of the last one."},
	{Name: "if", Forms: "(if test then)\n(if test then else)", Doc: "Evaluates then if test is neither false nor nil, otherwise else, which is nil if it is left out."},
	{Name: "let", Forms: "(let [name value …] & body)", Doc: "Binds names one after the other, each visible to those behind it, and evaluates the body. A name may be a destructuring pattern."},
	{Name: "loop", Forms: "(loop [name value …] & body)", Doc: "Like let, and the place that recur goes back to."},
	{Name: "recur", Forms: "(recur & values)", Doc: "Goes back to the loop or function around with new values for its names. It must be the last thing that is evaluated there."},
	{Name: "fn", Forms: "(fn [params] & body)\n(fn name [params] & body)\n(fn ([params] & body)+)", Doc: "A function. It keeps the locals that it mentions."},
	{Name: "def", Forms: "(def name)\n(def name value)", Doc: "Binds a global of the current namespace."},
	{Name: "defonce", Forms: "(defonce name value)", Doc: "Binds a global that cannot be bound again."},
	{Name: "def-dynamic", Forms: "(def-dynamic name value)", Doc: "Binds a global that binding can change for a thread."},
	{Name: "defmacro", Forms: "(defmacro name [params] & body)", Doc: "Defines a macro: it gets its arguments unevaluated, and its value is evaluated in place of the call."},
	{Name: "set!", Forms: "(set! name value)", Doc: "Changes a global, or the innermost binding of a dynamic one."},
	{Name: "quote", Forms: "(quote form)\n'form", Doc: "The form itself, not evaluated."},
	{Name: "quasiquote", Forms: "(quasiquote form)\n`form", Doc: "The form with ~x replaced by the value of x and ~@x by the items of that value."},
	{Name: "eval", Forms: "(eval form)", Doc: "Evaluates the value of form. It sees the locals of its place."},
	{Name: "try", Forms: "(try & body (catch :Class name & handler) … (finally & cleanup))", Doc: "Evaluates the body; the first catch whose class fits handles an exception; finally is evaluated in any case."},
	{Name: "catch", Forms: "(catch :Class name & handler)\n(catch predicate name & handler)", Doc: "A clause of try: handles an exception of a class, or one that a predicate accepts."},
	{Name: "finally", Forms: "(finally & cleanup)", Doc: "The last clause of try: evaluated in any case; its value is not used."},
	{Name: "try-with", Forms: "(try-with [name resource …] & body (catch :Class name & handler) … (finally & cleanup))", Doc: "Like try, with resources that are closed at the end, the last one first."},
	{Name: "locking", Forms: "(locking object & body)", Doc: "Evaluates the body while no other thread holds the lock of the object."},
	{Name: "binding", Forms: "(binding [name value …] & body)", Doc: "Evaluates the body with other values for dynamic globals, in this thread and in those that it starts."},
	{Name: "ns", Forms: "(ns name)", Doc: "Switches to a namespace, and makes it if it is new."},
	{Name: "ns-unmap", Forms: "(ns-unmap ns name)", Doc: "Removes a name from a namespace."},
	{Name: "ns-remove", Forms: "(ns-remove ns)", Doc: "Removes a namespace."},
	{Name: "ns-list", Forms: "(ns-list)\n(ns-list ns)", Doc: "The namespaces, or what one of them defines."},
	{Name: "ns-meta", Forms: "(ns-meta ns)", Doc: "The metadata of a namespace; nil if there is no such namespace."},
	{Name: "alter-ns-meta!", Forms: "(alter-ns-meta! ns f & args)", Doc: "Sets the metadata of a namespace to (f metadata args…)."},
	{Name: "reset-ns-meta!", Forms: "(reset-ns-meta! ns map)", Doc: "Sets the metadata of a namespace."},
	{Name: "resolve", Forms: "(resolve name)", Doc: "The value of a global, nil if there is none."},
	{Name: "bound?", Forms: "(bound? name)", Doc: "Whether a name has a value here."},
	{Name: "var-get", Forms: "(var-get name)", Doc: "The value of a name."},
	{Name: "var-name", Forms: "(var-name name)", Doc: "A name without its namespace."},
	{Name: "var-sym", Forms: "(var-sym name)", Doc: "A name with the namespace that it belongs to."},
	{Name: "var-ns", Forms: "(var-ns name)", Doc: "The namespace that a name belongs to."},
	{Name: "var-global?", Forms: "(var-global? name)", Doc: "Whether a name is a global."},
	{Name: "var-local?", Forms: "(var-local? name)", Doc: "Whether a name is a local."},
	{Name: "var-thread-local?", Forms: "(var-thread-local? name)", Doc: "Whether a name is a dynamic global."},
	{Name: "macroexpand", Forms: "(macroexpand form)", Doc: "The form with its outermost macro call expanded until its head is no macro."},
	{Name: "macroexpand-all*", Forms: "(macroexpand-all* form)", Doc: "The form with all macro calls in it expanded."},
	{Name: "*ns*", Forms: "*ns*", Doc: "The symbol of the current namespace."},
	{Name: "tail-pos", Forms: "(tail-pos)\n(tail-pos name)", Doc: "Nil in tail position; elsewhere a NotInTailPositionException."},
	{Name: "dorun", Forms: "(dorun n expr)\n(dorun n name)", Doc: "Evaluates an expression n times, or calls a function, with the number of the turn if it takes one; the last value."},
	{Name: "macroexpand-on-load?", Forms: "(macroexpand-on-load?)", Doc: "Whether macros are expanded before code runs: true."},
	{Name: "import", Forms: "(import & classes)", Doc: "Lets the namespace write classes by their short names. (import :java.util.List :as :L) chooses another."},
}

// RowOf is the registration of a builtin or the help on a special form, by the name a script writes; nil if there is none.
func RowOf(rt *eval.Runtime, name string) *eval.Row {
	if row := rt.Row(name); row != nil {
		return row
	}
	for i := range specialDocs {
		if specialDocs[i].Name == name {
			return &specialDocs[i]
		}
	}
	return nil
}

// EachSpecial calls f with the name of every special form that has help, and of what is no global: catch, finally, *ns*.
func EachSpecial(f func(name string)) {
	for i := range specialDocs {
		f(specialDocs[i].Name)
	}
}
