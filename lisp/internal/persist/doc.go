// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package persist holds persistent containers without any language terms: an indexed sequence that grows and shrinks at
// both ends, a hash trie and a balanced tree. A container never changes once it is visible: every operation returns a new
// one that shares structure with the old one, so containers may be used from any number of goroutines. The builders are
// the exception; each belongs to one goroutine.
package persist
