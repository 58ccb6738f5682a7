// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"maps"
	"sync"
	"sync/atomic"

	"gondola/lisp/value"
)

// Var is the cell of one name in one namespace (decisions.md L2). A cell without a root of its own reads through to the
// core cell of the name. Reads take no lock.
type Var struct {
	ns   *Namespace
	name string
	core *Var // nil in core itself, and for names core does not have

	root    atomic.Pointer[value.Value]
	fn      atomic.Pointer[Fn] // root, when that is a closure: one load a call
	dynamic atomic.Bool
	dyn     atomic.Pointer[value.Value] // the root of a dynamic variable; root stays nil, so that reads look at the bindings
	private atomic.Bool
	once    atomic.Bool // defonce
	meta    atomic.Pointer[value.Meta]
	row     *Row // of a builtin; set before the runtime is used
}

// Qualified is "ns/name".
func (v *Var) Qualified() string { return v.ns.name + "/" + v.name }

// bind sets the root.
func (v *Var) bind(x value.Value) {
	v.ns.mu.Lock()
	defer v.ns.mu.Unlock()
	v.markOwn()
	f, _ := x.Ref().(*Fn)
	v.fn.Store(f)
	v.root.Store(&x)
}

// markOwn tells the intrinsics of the namespace that they have to look at their cells (E12): one flag, so that the usual
// check is one load of a hot word.
func (v *Var) markOwn() {
	if v.core == nil || !v.core.isBound() {
		return
	}
	v.ns.ownCore.Store(true)
	if fusedNames[v.name] {
		v.ns.ownFused.Store(true)
	}
}

func (v *Var) makeDynamic(x value.Value) {
	v.ns.mu.Lock()
	defer v.ns.mu.Unlock()
	v.markOwn()
	v.dyn.Store(&x)
	v.dynamic.Store(true)
	v.root.Store(nil)
	v.fn.Store(nil)
}

// unbind forgets the root: ns-unmap.
func (v *Var) unbind() {
	v.ns.mu.Lock()
	defer v.ns.mu.Unlock()
	v.fn.Store(nil)
	v.dynamic.Store(false)
	v.dyn.Store(nil)
	v.once.Store(false)
	v.private.Store(false)
	v.root.Store(nil)
}

// load returns the current value without looking at dynamic bindings.
func (v *Var) load() (value.Value, bool) {
	if p := v.root.Load(); p != nil {
		return *p, true
	}
	if p := v.dyn.Load(); p != nil {
		return *p, true
	}
	if v.core != nil {
		return v.core.load()
	}
	return value.Nil, false
}

// isBound reports whether the namespace itself defines the name.
func (v *Var) isBound() bool { return v.root.Load() != nil || v.dynamic.Load() }

// Namespace is a flat set of names.
type Namespace struct {
	rt      *Runtime
	name    string
	system  bool // cannot be reopened
	mu      sync.RWMutex
	vars    map[string]*Var
	alias   map[string]string
	imports map[string]string // short class name to full name

	ownCore  atomic.Bool // defines a name that core has
	ownFused atomic.Bool // … that the compiler fuses: +, <, inc, …
	declared atomic.Bool // by ns; a namespace that is only mentioned exists for nobody
	meta     atomic.Pointer[value.Map]
}

// Name is the namespace's name.
func (ns *Namespace) Name() string { return ns.name }

// Names lists the names that the namespace defines, unsorted.
func (ns *Namespace) Names() []string {
	ns.mu.RLock()
	defer ns.mu.RUnlock()
	var out []string
	for n, v := range ns.vars {
		if v.isBound() {
			out = append(out, n)
		}
	}
	return out
}

// lookup finds the cell of a name; nil if there is none.
func (ns *Namespace) lookup(name string) *Var {
	ns.mu.RLock()
	defer ns.mu.RUnlock()
	return ns.vars[name]
}

// intern finds or makes the cell of a name.
func (ns *Namespace) intern(name string) *Var {
	if v := ns.lookup(name); v != nil {
		return v
	}
	var core *Var
	if ns.name != "core" {
		core = ns.rt.core.lookup(name)
		if core == nil {
			core = ns.rt.core.intern(name)
		}
	}
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if v := ns.vars[name]; v != nil {
		return v
	}
	v := &Var{ns: ns, name: name, core: core}
	ns.vars[name] = v
	return v
}

func (ns *Namespace) resolveAlias(name string) string {
	ns.mu.RLock()
	defer ns.mu.RUnlock()
	if full, ok := ns.alias[name]; ok {
		return full
	}
	return name
}

// SetAlias makes alias mean the namespace full in this one; an empty full removes the alias.
func (ns *Namespace) SetAlias(alias, full string) {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	if full == "" {
		delete(ns.alias, alias)
		return
	}
	if ns.alias == nil {
		ns.alias = map[string]string{}
	}
	ns.alias[alias] = full
}

// Aliases returns a copy of the aliases, alias to namespace.
func (ns *Namespace) Aliases() map[string]string {
	ns.mu.RLock()
	defer ns.mu.RUnlock()
	return maps.Clone(ns.alias)
}

// HasNamespace reports whether a namespace has been declared or belongs to the system.
func (rt *Runtime) HasNamespace(name string) bool {
	ns := rt.lookupNamespace(name)
	return ns != nil && (ns.system || ns.declared.Load())
}

// Namespaces lists the namespaces that define something, unsorted.
func (rt *Runtime) Namespaces() []*Namespace {
	rt.mu.RLock()
	defer rt.mu.RUnlock()
	var out []*Namespace
	for _, ns := range rt.spaces {
		if len(ns.Names()) > 0 {
			out = append(out, ns)
		}
	}
	return out
}

// Specials lists the names of the special forms, unsorted.
func (rt *Runtime) Specials() []string {
	var out []string
	for name := range rt.specials {
		out = append(out, name)
	}
	return out
}
