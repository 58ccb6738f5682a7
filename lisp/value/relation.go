// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// Equal is the language's strict =, EqualLoose its tolerant == (language.md 6.1). Both may panic with an *Exception (a
// lazy sequence compared, nesting too deep): try nodes and the top of every evaluation turn such a panic into the script
// exception that it is.
func Equal(a, b Value) bool      { panic("not built yet") }
func EqualLoose(a, b Value) bool { panic("not built yet") }

// Hash is the 32 bit hash of language.md 2.5; it fixes the printing order of maps and sets.
func Hash(v Value) uint32 { panic("not built yet") }

// Compare is the language's compare (language.md 6.2): negative, zero or positive, defined for every pair of values. It
// panics like Equal on nesting that is too deep.
func Compare(a, b Value) int { panic("not built yet") }
