// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"

	"gondola/lisp/eval"
	"gondola/lisp/modules"
	"gondola/lisp/value"
)

// moduleTable: loading modules (language.md 16, 21).
var moduleTable = eval.Table{
	{Name: "load-module", Min: 1, Max: 3, FN: loadModule, Forms: "(load-module m)\n(load-module m force)\n(load-module m nsalias)\n(load-module m force nsalias)", Doc: "Loads a module once, or again if force is true: of this host, else of the Venice jar or folder that --modules names. An alias is a vector like ['semver :as 's]. Yields [m :loaded] or [m :already-loaded]."},
	{Name: "modules", Min: 0, Max: 0, F0: func(*eval.Thread) (value.Value, error) {
		names := slices.Concat(systemModules, nativeModules, modules.Names())
		slices.Sort(names)
		var out []value.Value
		for _, n := range names {
			out = append(out, value.Kw(n))
		}
		return value.ListOf(out).Val(), nil
	}, Forms: "(modules)", Doc: "The modules of this host, sorted."},
	{Name: "loaded-modules", Min: 0, Max: 0, F0: func(th *eval.Thread) (value.Value, error) { return loadedModules(th.Runtime()).Val(), nil }, Forms: "(loaded-modules)", Doc: "*loaded-modules*."},
	{Name: "*loaded-modules*", Value: func(rt *eval.Runtime) value.Value { return loadedModules(rt).Val() }, Doc: "A mutable set of the modules that are loaded."},
	{Name: "*loaded-files*", Value: func(rt *eval.Runtime) value.Value { return loadedFiles(rt).Val() }, Doc: "A mutable set of the files that load-file has loaded."},
}

// systemModules are namespaces that are there from the start and that scripts load all the same.
var systemModules = []string{"cidr", "core", "cron", "csv", "dag", "inet", "io", "ipc", "json", "math", "regex", "sandbox", "sh", "str", "time"}

// nativeModules have functions of the host, which are there from the start.
var nativeModules = []string{"crypt"}

func loadedModules(rt *eval.Runtime) *value.MutableSet {
	set, found := rt.State.Load("loaded modules")
	if !found {
		first := value.NewMutableSet()
		for _, m := range systemModules {
			first.Put(value.Kw(m))
		}
		set, _ = rt.State.LoadOrStore("loaded modules", first)
	}
	return set.(*value.MutableSet)
}

func loadedFiles(rt *eval.Runtime) *value.MutableSet {
	set, _ := rt.State.LoadOrStore("loaded files", value.NewMutableSet())
	return set.(*value.MutableSet)
}

func loadModule(th *eval.Thread, a []value.Value) (value.Value, error) {
	k, ok := a[0].Ref().(*value.Keyword)
	if !ok {
		return value.Nil, value.CoerceError(a[0], "keyword")
	}
	force := false
	for _, option := range a[1:] {
		if alias, ok := option.Ref().(value.Sequence); ok {
			if err := aliasOf(th, alias); err != nil {
				return value.Nil, err
			}
			continue
		}
		force = option.Truthy()
	}
	loaded := loadedModules(th.Runtime())
	if slices.Contains(systemModules, k.Name) || loaded.Has(a[0]) && !force {
		return vec(a[0], value.Kw("already-loaded")), nil
	}
	if slices.Contains(nativeModules, k.Name) {
		loaded.Put(a[0])
		return vec(a[0], value.Kw("loaded")), nil
	}
	folder := th.Runtime().Config.Modules
	if !slices.Contains(modules.Names(), k.Name) && folder != "" {
		if err := th.Permit("load-module", eval.Modules); err != nil {
			return value.Nil, err
		}
	}
	text, file, ok, err := modules.Source(k.Name, folder)
	switch {
	case err != nil:
		return value.Nil, value.Errorf("The Venice module '%s' cannot be read: %s", k.Name, err)
	case !ok:
		return value.Nil, value.Errorf("The Venice module '%s' does not exist", k.Name)
	}
	if _, err := load(th, text, file); err != nil {
		return value.Nil, err
	}
	loaded.Put(a[0])
	return vec(a[0], value.Kw("loaded")), nil
}

// aliasOf sets an alias like ['semver :as 's] in the current namespace.
func aliasOf(th *eval.Thread, v value.Sequence) error {
	if v.Count() != 3 || !isKw(v.Nth(1), "as") {
		return value.Errorf("load-module: the alias %s is not of the form ['ns :as 'alias]", value.PrStr(v.Val()))
	}
	ns, err := asSymbol(v.Nth(0))
	if err != nil {
		return err
	}
	alias, err := asSymbol(v.Nth(2))
	if err != nil {
		return err
	}
	th.Namespace().SetAlias(alias.Name, ns.Name)
	return nil
}
