// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

// Action is what somebody wants to do to a destination.
type Action int

const (
	Read    Action = iota // poll, subscribe
	Write                 // offer, publish
	Execute               // call a function
)

// Kind is the kind of a destination.
type Kind int

const (
	Queue Kind = iota
	Topic
	Function
)

var kindNames = [...]string{"queue", "topic", "function"}

func (k Kind) String() string { return kindNames[k] }

// Access is a mode of an access list entry.
type Access int

const (
	AccessRead Access = iota
	AccessWrite
	AccessReadWrite
	AccessExecute
	AccessDeny
)

var accessNames = [...]string{"READ", "WRITE", "READ_WRITE", "EXECUTE", "DENY"}

func (a Access) String() string { return accessNames[a] }

// ParseAccess reads the name of a mode as files have it: upper case.
func ParseAccess(name string) (Access, bool) {
	for i, n := range accessNames {
		if n == name {
			return Access(i), true
		}
	}
	return 0, false
}

// permits reports whether a mode includes an action.
func (a Access) permits(action Action) bool {
	switch action {
	case Read:
		return a == AccessRead || a == AccessReadWrite
	case Write:
		return a == AccessWrite || a == AccessReadWrite
	}
	return a == AccessExecute
}

// fits reports whether an entry for a kind of destination may have the mode.
func (a Access) fits(k Kind) bool {
	return a == AccessDeny || (a == AccessExecute) == (k == Function)
}

// entry is the key of an access list entry: exactly one destination and one principal, there are no patterns.
type entry struct {
	kind                   Kind
	destination, principal string
}

// accessLists are the entries and the defaults. The zero value is not usable; see newAccessLists.
type accessLists struct {
	entries  map[entry]Access
	order    []entry // as they were added, for files
	defaults [3]Access
}

func newAccessLists() accessLists {
	return accessLists{
		entries:  map[entry]Access{},
		defaults: [3]Access{Queue: AccessReadWrite, Topic: AccessReadWrite, Function: AccessExecute},
	}
}

// set returns false for a mode that the kind does not have.
func (l *accessLists) set(e entry, a Access) bool {
	if !a.fits(e.kind) {
		return false
	}
	if _, known := l.entries[e]; !known {
		l.order = append(l.order, e)
	}
	l.entries[e] = a
	return true
}

// remove drops the entries that match; an empty destination or principal matches any.
func (l *accessLists) remove(kind Kind, destination, principal string) {
	kept := l.order[:0:0]
	for _, e := range l.order {
		if e.kind == kind && (destination == "" || e.destination == destination) && (principal == "" || e.principal == principal) {
			delete(l.entries, e)
			continue
		}
		kept = append(kept, e)
	}
	l.order = kept
}

func (l *accessLists) allowed(p Principal, action Action, kind Kind, destination string) bool {
	if p.Admin {
		return true
	}
	a, ok := l.entries[entry{kind, destination, p.Name}]
	if !ok {
		a = l.defaults[kind]
	}
	return a.permits(action)
}
