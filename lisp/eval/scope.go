// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// maxSlots is the largest number of slots that a function may use; the rest of the 256 belongs to nobody.
const maxSlots = 250

// local is one binding of a name. A closure that mentions it before or while it is bound makes it a cell (L4).
type local struct {
	name  string
	fs    *fnScope
	slot  uint8
	cell  bool
	bound bool
	uses  int // references to it that have been compiled with its function
}

// env is the chain of visible locals, innermost first. It is never changed, so that a call site can keep it for late
// macros and eval (E4, L6).
type env struct {
	up *env
	l  *local
}

// codeScope belongs to one fn form: the captures that its arities share.
type codeScope struct {
	parent *fnScope // where the fn form stands; nil at top level
	caps   []*local // local of an enclosing function, by capture index
	name   string   // of the function, for self tail calls: "user/f"; "" if anonymous
	v      *Var     // the global that defn is about to bind; nil for other functions
}

// fnScope belongs to one arity that is being compiled.
type fnScope struct {
	code     *codeScope
	next     int // the next free slot
	max      int // slots ever used
	reserved [maxSlots + 1]bool
	capSlots map[*local]uint8
	capList  []capSlot
	frozen   bool // compiled already: a late compilation may use its captures but not add any
	noTail   bool // inside try and its like: neither recur nor self tail calls cross it
	open     bool // code that is not known yet may mention any local: there is an eval
	nesting  int  // of the form that is being compiled
	deepest  int  // that it has been
	loop     *loopScope
}

// loopScope is the recur target in reach.
type loopScope struct {
	binders []binder
}

// compiler compiles one top-level form.
type compiler struct {
	rt  *Runtime
	th  *Thread // expands macros
	ns  *Namespace
	fs  *fnScope
	env *env
}

func newFnScope(code *codeScope) *fnScope {
	return &fnScope{code: code, capSlots: map[*local]uint8{}}
}

// alloc takes a slot for a local of the current scope.
func (fs *fnScope) alloc() (uint8, error) {
	for fs.next < maxSlots && fs.reserved[fs.next] {
		fs.next++
	}
	if fs.next >= maxSlots {
		return 0, value.Errorf("A function may use at most %d local variables. Move a part of it into a function of its own.", maxSlots)
	}
	s := fs.next
	fs.next++
	fs.max = max(fs.max, fs.next)
	return uint8(s), nil
}

// capture makes a local of an enclosing function readable in this one and returns the slot of the copy. The slot has
// never been used before and is not reused: the copy is made on entry.
func (fs *fnScope) capture(l *local) (uint8, error) {
	if s, ok := fs.capSlots[l]; ok {
		return s, nil
	}
	if fs.frozen {
		return 0, value.Errorf("The local '%s' is not captured by the function around this call: it appears only in the expansion of a macro that was unknown when the function was compiled. Define the macro first, or mention '%s' in the function.", l.name, l.name)
	}
	parent := fs.code.parent
	if l.fs != parent {
		if _, err := parent.capture(l); err != nil {
			return 0, err
		}
	}
	idx := -1
	for i, c := range fs.code.caps {
		if c == l {
			idx = i
		}
	}
	if idx < 0 {
		idx = len(fs.code.caps)
		fs.code.caps = append(fs.code.caps, l)
	}
	if fs.max >= maxSlots || idx > 255 {
		return 0, value.Errorf("A function may use at most %d local variables. Move a part of it into a function of its own.", maxSlots)
	}
	s := uint8(fs.max)
	fs.reserved[s] = true
	fs.max++
	fs.capSlots[l] = s
	fs.capList = append(fs.capList, capSlot{from: uint8(idx), to: s})
	return s, nil
}

// lookup finds the local that a name means at this point. A local whose binding has not been reached yet counts only for
// a closure that mentions it (L4).
func (c *compiler) lookup(name string) *local {
	for e := c.env; e != nil; e = e.up {
		if e.l.name != name {
			continue
		}
		if e.l.bound {
			return e.l
		}
		if e.l.fs != c.fs {
			e.l.cell = true
			return e.l
		}
	}
	return nil
}

// slot returns where the current function finds l.
func (c *compiler) slot(l *local) (uint8, error) {
	if l.fs == c.fs {
		return l.slot, nil
	}
	return c.fs.capture(l)
}

// declare makes a local that is visible, but not bound yet.
func (c *compiler) declare(name string) (*local, error) {
	if err := checkLocalName(name); err != nil {
		return nil, err
	}
	s, err := c.fs.alloc()
	if err != nil {
		return nil, err
	}
	l := &local{name: name, fs: c.fs, slot: s}
	c.env = &env{up: c.env, l: l}
	return l, nil
}

// bindLocal makes a local that is bound at once: a parameter.
func (c *compiler) bindLocal(name string) (*local, error) {
	l, err := c.declare(name)
	if err == nil {
		l.bound = true
	}
	return l, err
}

// inScope runs f and forgets the locals that it made; their slots are free again.
func (c *compiler) inScope(f func() (Node, error)) (Node, error) {
	saved, next := c.env, c.fs.next
	n, err := f()
	c.env, c.fs.next = saved, next
	return n, err
}

// withoutTail compiles something that neither recur nor a self tail call may leave.
func (c *compiler) withoutTail(f func() (Node, error)) (Node, error) {
	loop, noTail := c.fs.loop, c.fs.noTail
	c.fs.loop, c.fs.noTail = nil, true
	n, err := f()
	c.fs.loop, c.fs.noTail = loop, noTail
	return n, err
}

// reservedNames are the special form names of language.md 3.2 that nothing may define or bind, and the system variables
// that no local may hide.
var reservedNames, reservedLocals = nameSet("do if let loop recur quasiquote macroexpand macroexpand-all* tail-pos .: binding bound? def def-dynamic " +
	"defmacro defmethod defmulti defonce defprotocol deftype deftype-describe deftype-of deftype-or deftype? dobench doc " +
	"dorun eval extend extends? fn import imports inspect load-classpath-file load-file load-module load-string locking " +
	"macroexpand-on-load? modules ns ns-list ns-remove ns-unmap print-highlight prof quote resolve set! try try-with var-get " +
	"var-global? var-local? var-name var-ns var-thread-local? catch finally"),
	nameSet(". proxify *in* *out* *err* *version* *newline* *ns* *ARGV* *run-mode* *assertions* *load-path*")

func checkLocalName(name string) error {
	if reservedNames[name] {
		return value.Errorf("Rejected setting local var with special form name '%s'. Use another name, please.", name)
	}
	if reservedLocals[name] {
		return value.Errorf("Rejected setting local var with rerved name '%s'. Use another name, please.", name)
	}
	return nil
}
