// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode/utf16"
)

// Principal is an authenticated user.
type Principal struct {
	Name  string
	Admin bool
}

// Authenticator decides who a connection is and what it may do. Safe for concurrent use; changes count at once (B7, S11).
type Authenticator interface {
	// Verify checks a user and password; ok is false for an unknown user and for a wrong password alike. source is where
	// the attempt comes from, for the throttle (S10). It blocks: for its turn, for the hash, and when there have been too
	// many failures; ctx ends it.
	Verify(ctx context.Context, source, user, password string) (p Principal, ok bool)
	// Allowed decides on an action; admins are always allowed.
	Allowed(p Principal, action Action, kind Kind, destination string) bool
}

// Users is the Authenticator with users, roles and access lists in memory (ipc-api.md 12, 13). NewUsers makes it.
type Users struct {
	hasher   *hasher
	throttle throttle
	form     PasswordForm

	mu    sync.RWMutex
	users map[string]user
	names []string // as they were added, for files
	lists accessLists
	cost  int // rounds of the dearest stored form so far, at least what new ones cost (S9)
}

type user struct {
	stored string
	admin  bool
}

var _ Authenticator = (*Users)(nil)

// NewUsers makes an authenticator without users: nobody can log in. form is how new passwords are stored.
func NewUsers(form PasswordForm) *Users {
	return &Users{hasher: newHasher(), form: form, users: map[string]user{}, lists: newAccessLists(), cost: form.rounds()}
}

// Limits of wire-protocol.md 11, in UTF-16 code units.
const (
	maxPrincipal = 100
	maxPassword  = 50
)

// ArgumentError is the reference's IllegalArgumentException, LimitError its IpcException; the texts are its own.
type (
	ArgumentError struct{ Text string }
	LimitError    struct{ Text string }
)

func (e *ArgumentError) Error() string { return e.Text }
func (e *LimitError) Error() string    { return e.Text }

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// AddUser adds a user, or replaces one. It blocks for the hash. *LimitError, *ArgumentError.
func (u *Users) AddUser(name, password string, admin bool) error {
	switch {
	case units(name) > maxPrincipal:
		return &LimitError{"A principal name is limited to 100 characters"}
	case strings.TrimSpace(password) == "":
		return &ArgumentError{"A 'password' must not be blank"}
	case units(password) > maxPassword:
		return &LimitError{"A password is limited to 50 characters"}
	}
	stored, err := hashPassword(password, u.form)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.put(name, user{stored, admin})
	return nil
}

// put runs with mu held.
func (u *Users) put(name string, x user) {
	if _, known := u.users[name]; !known {
		u.names = append(u.names, name)
	}
	u.users[name] = x
	if s, ok := parseHash(x.stored); ok {
		u.cost = max(u.cost, s.rounds)
	}
	u.hasher.forget(name)
}

// RemoveUser forgets a user; unknown ones are fine. Connections that are logged in stay so.
func (u *Users) RemoveUser(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.users, name)
	u.names = without(u.names, name)
	u.hasher.forget(name)
}

func without(names []string, name string) []string {
	kept := names[:0:0]
	for _, n := range names {
		if n != name {
			kept = append(kept, n)
		}
	}
	return kept
}

// ClearUsers forgets all users.
func (u *Users) ClearUsers() {
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.users)
	u.names = nil
	u.hasher.forget("")
}

// SetAccess sets the one entry of a destination and a principal. *LimitError for a mode that the kind does not have.
func (u *Users) SetAccess(kind Kind, destination, principal string, a Access) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.lists.set(entry{kind, destination, principal}, a) {
		return &LimitError{fmt.Sprintf("Invalid access mode '%s' for '%s' ACL! ", a, kind)}
	}
	return nil
}

// SetDefaultAccess sets what counts for principals without an entry. The mode is not checked, as in the reference.
func (u *Users) SetDefaultAccess(kind Kind, a Access) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lists.defaults[kind] = a
}

// RemoveAccess removes entries; an empty destination or principal means all.
func (u *Users) RemoveAccess(kind Kind, destination, principal string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.lists.remove(kind, destination, principal)
}

// Verify checks a password (S9): an unknown user costs what a wrong password does.
func (u *Users) Verify(ctx context.Context, source, name, password string) (Principal, bool) {
	if units(name) > maxPrincipal || units(password) > maxPassword {
		u.throttle.failed(ctx, source, "")
		return Principal{}, false
	}
	u.mu.RLock()
	x, known := u.users[name]
	cost := u.cost
	u.mu.RUnlock()
	if !u.hasher.check(ctx, name, x.stored, password, known, cost) {
		u.throttle.failed(ctx, source, name)
		return Principal{}, false
	}
	return Principal{name, x.admin}, true
}

// Allowed decides with the lists of this moment.
func (u *Users) Allowed(p Principal, action Action, kind Kind, destination string) bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.lists.allowed(p, action, kind, destination)
}
