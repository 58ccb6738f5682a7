// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

// Principal is an authenticated user.
type Principal struct {
	Name  string
	Admin bool
}

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

// Authenticator decides who a connection is and what it may do. Safe for concurrent use; changes count at once (B7, S11).
// The full implementation belongs to the issue "The whole broker".
type Authenticator interface {
	// Verify checks a user and password; ok is false for an unknown user and for a wrong password alike.
	Verify(user, password string) (p Principal, ok bool)
	// Allowed decides on an action; admins are always allowed.
	Allowed(p Principal, action Action, kind Kind, destination string) bool
}
