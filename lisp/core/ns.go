// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"os"
	"path/filepath"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/reader"
	"gondola/lisp/value"
)

// nsTable: namespaces and loading, language.md 3.9, 16.
var nsTable = eval.Table{
	{Name: "ns-alias", Min: 2, Max: 2, F2: nsAlias, Forms: "(ns-alias alias namespace-sym)", Doc: "Adds an alias in the current namespace."},
	{Name: "ns-unalias", Min: 1, Max: 1, F1: func(th *eval.Thread, a value.Value) (value.Value, error) {
		s, err := asSymbol(a)
		if err != nil {
			return value.Nil, err
		}
		th.Namespace().SetAlias(s.Name, "")
		return value.Nil, nil
	}, Forms: "(ns-unalias alias)", Doc: "Removes an alias."},
	{Name: "ns-aliases", Min: 0, Max: 0, F0: func(th *eval.Thread) (value.Value, error) {
		var m value.Map = value.EmptyHashMap
		for k, v := range th.Namespace().Aliases() {
			m = m.Assoc(value.Sym(k), value.Sym(v))
		}
		return m.Val(), nil
	}, Forms: "(ns-aliases)", Doc: "The aliases of the current namespace."},
	{Name: "ns?", Min: 1, Max: 1, Macro: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		if _, ok := a[0].Ref().(*value.Symbol); ok {
			return list(th.Runtime().Core("ns-exists*"), list(value.Sym("quote"), a[0])), nil
		}
		return list(th.Runtime().Core("ns-exists*"), a[0]), nil
	}, Special: true, Forms: "(ns? n)", Doc: "Whether a namespace exists. A symbol stands for itself."},
	{Name: "ns-exists*", Min: 1, Max: 1, F1: func(th *eval.Thread, a value.Value) (value.Value, error) {
		s, ok := value.Text(a)
		return value.Bool(ok && th.Runtime().HasNamespace(s)), nil
	}, Doc: "Internal to ns?"},
	{Name: "load-classpath-file", Min: 1, Max: 3, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		name, ok := value.StringOrKeyword(a[0])
		if !ok {
			return value.Nil, value.CoerceError(a[0], "string")
		}
		return value.Nil, value.Errorf("Failed to load Venice classpath file '%s': this host has no classpath, use load-file", name)
	}, Forms: "(load-classpath-file name)", Doc: "Not available on this host: there is no classpath."},
	{Name: "read-string", Min: 1, Max: 2, FN: readString, Forms: "(read-string s)\n(read-string s origin)", Doc: "Reads the first form of a text; nil without one."},
	{Name: "load-string", Min: 1, Max: 1, F1: func(th *eval.Thread, a value.Value) (value.Value, error) {
		s, ok := a.Str()
		if !ok {
			return value.Nil, value.CoerceError(a, "string")
		}
		return load(th, s, "load-string")
	}, Forms: "(load-string s)", Doc: "Evaluates all forms of a text; the last value."},
	{Name: "load-file", Min: 1, Max: 2, FN: loadFile, Forms: "(load-file f)\n(load-file f force)", Doc: "Evaluates a file once."},
	{Name: "macroexpand-all", Min: 1, Max: 1, F1: func(th *eval.Thread, f value.Value) (value.Value, error) { return th.MacroexpandAll(f) }, Forms: "(macroexpand-all form)", Doc: "Expands all macros in a form."},
	{Name: "gensym", Min: 0, Max: 1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		prefix := "G__"
		if len(a) == 1 {
			s, ok := value.Text(a[0])
			if !ok {
				return value.Nil, value.CoerceError(a[0], "string")
			}
			prefix = s
		}
		return fresh(th, prefix), nil
	}, Forms: "(gensym)\n(gensym prefix)", Doc: "A symbol that nothing else has."},
}

func asSymbol(v value.Value) (*value.Symbol, error) {
	s, ok := v.Ref().(*value.Symbol)
	if !ok {
		return nil, value.CoerceError(v, "symbol")
	}
	return s, nil
}

func nsAlias(th *eval.Thread, alias, ns value.Value) (value.Value, error) {
	a, err := asSymbol(alias)
	if err != nil {
		return value.Nil, err
	}
	n, err := asSymbol(ns)
	if err != nil {
		return value.Nil, err
	}
	th.Namespace().SetAlias(a.Name, n.Name)
	return value.Nil, nil
}

func readerOptions(th *eval.Thread, file string) reader.Options {
	return reader.Options{File: file, StrFn: th.Runtime().Core("str"), Gensym: th.Runtime().NextGensym, Regex: th.Regex}
}

func readString(th *eval.Thread, a []value.Value) (value.Value, error) {
	file := ""
	if len(a) == 2 {
		origin, err := textOf(a[1])
		if err != nil {
			return value.Nil, err
		}
		file = origin
	}
	s, err := textOf(a[0])
	if err != nil {
		return value.Nil, err
	}
	if file == "" {
		file = "unknown"
	}
	if err := th.Charge(parsedSize * len(s)); err != nil {
		return value.Nil, err
	}
	v, err := reader.Read(s, readerOptions(th, file))
	if err != nil && value.AsException(err).Class.IsA(value.ContinueException) {
		return value.Nil, nil // there is no form
	}
	return v, err
}

// load evaluates all forms of a text one after the other and returns to the caller's namespace.
func load(th *eval.Thread, text, file string) (value.Value, error) {
	ns := th.Namespace()
	defer th.SetNamespace(ns)
	return EvalText(th, text, file)
}

// EvalText reads and evaluates the forms of a text, each before the next one is read (L1).
func EvalText(th *eval.Thread, text, file string) (value.Value, error) {
	r := reader.NewReader(text, readerOptions(th, file))
	v := value.Nil
	for {
		form, ok, err := r.Next()
		if err != nil || !ok {
			return v, err
		}
		if v, err = th.EvalForm(form); err != nil {
			return value.Nil, err
		}
	}
}

// CheckText reads and compiles the forms of a text without running them, and returns what is wrong; see eval.Checker. An
// error is of the reader or an interrupt.
func CheckText(th *eval.Thread, text, file string) ([]*value.Exception, error) {
	r := reader.NewReader(text, readerOptions(th, file))
	c := th.NewChecker()
	for {
		form, ok, err := r.Next()
		if err == nil {
			err = th.CheckInterrupt()
		}
		if err != nil || !ok {
			return c.Findings(), err
		}
		c.Form(form)
	}
}

// find looks for a file in the working directory, then along the load path (H4).
func find(th *eval.Thread, name string) (string, bool) {
	if _, err := os.Stat(name); err == nil {
		return name, true
	}
	if !filepath.IsAbs(name) {
		for _, dir := range th.Runtime().Config.LoadPath {
			p := filepath.Join(dir, name)
			if _, err := os.Stat(p); err == nil {
				return p, true
			}
		}
	}
	return "", false
}

func loadFile(th *eval.Thread, a []value.Value) (value.Value, error) {
	name, ok := pathOf(a[0])
	if !ok {
		return value.Nil, value.CoerceError(a[0], "string")
	}
	if !strings.HasSuffix(name, ".venice") {
		name += ".venice"
	}
	path, ok := find(th, name)
	if !ok {
		return value.Nil, value.Errorf("The file '%s' does not exist!", name)
	}
	force := len(a) == 2 && a[1].Truthy()
	if _, loaded := th.Runtime().Loaded.LoadOrStore("file:"+path, true); loaded && !force {
		return vec(value.String(name), value.Kw("already-loaded")), nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return value.Nil, value.Errorf("The file '%s' can not be read: %s", name, err)
	}
	loadedFiles(th.Runtime()).Put(value.String(name))
	if _, err := load(th, string(text), path); err != nil {
		return value.Nil, err
	}
	return vec(value.String(name), value.Kw("loaded")), nil
}
