// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"gondola/lisp/value"
)

// Touches is what a function reaches beside values and the interpreter itself. Each row says it; one that does not is denied in
// every sandbox (X9), unless it is allowed by name.
type Touches uint16

const (
	Nothing Touches = 1 << iota
	Files
	Processes
	Environment // variables, properties, names of the host, the user and the process
	Network
	Interop // classes and objects of the Java VM that this host imitates
	Modules // modules that are not of this host
	Exit    // the end of the process
)

// groups are the names under which a sandbox allows what functions touch.
var groups = []struct {
	name    string
	touches Touches
}{{"files", Files}, {"processes", Processes}, {"env", Environment}, {"network", Network}, {"interop", Interop}, {"modules", Modules}, {"exit", Exit}}

// GroupNames are the names of all that a sandbox can allow, functions aside.
func GroupNames() (names []string) {
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}

// Sandbox confines scripts: a function runs if it touches nothing, or if it is allowed. The zero value allows no more.
type Sandbox struct {
	Allow []string // groups (GroupNames), names of functions, patterns of names ("io/*")
}

// allows reports whether a function may run that touches all this. A nil Sandbox allows everything.
func (s *Sandbox) allows(name string, t Touches) bool {
	if s == nil || t == Nothing {
		return true
	}
	var granted Touches
	for _, a := range s.Allow {
		if ok, _ := path.Match(a, name); ok {
			return true
		}
		for _, g := range groups {
			if a == g.name {
				granted |= g.touches
			}
		}
	}
	return t != 0 && t&^granted == 0
}

// refusal is the reference's exception (SecurityException), with what would help.
func (s *Sandbox) refusal(what, name string, t Touches) error {
	kind := "RejectAllInterceptor"
	if len(s.Allow) > 0 {
		kind = "SandboxInterceptor"
	}
	var help []string
	for _, g := range groups {
		if t&g.touches != 0 {
			help = append(help, g.name)
		}
	}
	remedy := "--allow " + name
	if len(help) > 0 {
		remedy = "--allow " + strings.Join(help, ",") + " or " + remedy
	}
	return value.Throwf(value.SecurityException, "Venice Sandbox (%s): Access denied to Venice %s '%s'! Permit it with %s", kind, what, name, remedy)
}

// denial is the row of a function that the sandbox denies; nil if it is allowed.
func (s *Sandbox) denial(r *Row) *Row {
	if r.Value != nil || s.allows(r.Name, r.Touches) {
		return nil
	}
	d := *r
	d.F0, d.F1, d.F2, d.F3, d.Fn, d.FN, d.Macro = nil, nil, nil, nil, nil, nil, nil
	refuse := func(*Thread, []value.Value) (value.Value, error) {
		return value.Nil, s.refusal("function", r.Name, r.Touches)
	}
	if r.Macro != nil {
		d.Macro = refuse
	} else {
		d.FN = refuse
	}
	return &d
}

// Permit is for functions of which a part only touches something: nil, or the exception of a function that the sandbox denies.
func (th *Thread) Permit(name string, t Touches) error {
	if s := th.rt.Config.Sandbox; !s.allows(name, t) {
		return s.refusal("function", name, t)
	}
	return nil
}

// SandboxType is how (sandbox/type) calls the interpreter's.
func (rt *Runtime) SandboxType() string {
	switch s := rt.Config.Sandbox; {
	case s == nil:
		return "AcceptAllInterceptor"
	case len(s.Allow) > 0:
		return "SandboxInterceptor"
	}
	return "RejectAllInterceptor"
}

// UnknownAllowed are the entries of the sandbox's list that are no group and match no function.
func (rt *Runtime) UnknownAllowed() (unknown []string) {
	if rt.Config.Sandbox == nil {
		return nil
	}
	for _, a := range rt.Config.Sandbox.Allow {
		known := slices.Contains(GroupNames(), a)
		rt.EachName(func(name string) {
			ok, _ := path.Match(a, name)
			known = known || ok && rt.Row(name) != nil
		})
		if !known {
			unknown = append(unknown, a)
		}
	}
	return unknown
}

// limitedOutput fails when more has been written than a limit allows (X6).
type limitedOutput struct {
	w    io.Writer
	left *atomic.Int64 // of all outputs of the interpreter
	most int64
}

func (o *limitedOutput) Write(b []byte) (int, error) {
	if o.left.Add(-int64(len(b))) < 0 {
		return 0, fmt.Errorf("limit exceeded: more than %d bytes of output (max-output)", o.most)
	}
	return o.w.Write(b)
}

// limitOutput puts the output under its limit.
func (c *Config) limitOutput() {
	if most := c.Limits.Output; most > 0 {
		left := &atomic.Int64{}
		left.Store(most)
		c.Stdout, c.Stderr = &limitedOutput{c.Stdout, left, most}, &limitedOutput{c.Stderr, left, most}
	}
}

// Touching returns the table with this for each row that does not say what it touches.
func (t Table) Touching(what Touches) Table {
	t = slices.Clone(t)
	for i := range t {
		if t[i].Touches == 0 {
			t[i].Touches = what
		}
	}
	return t
}
