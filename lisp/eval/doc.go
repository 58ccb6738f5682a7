// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package eval turns forms into running nodes: special forms, macros, destructuring, calls, exceptions, namespaces and
// threads. It knows no builtin; lisp/core and others install tables of them.
//
// A form is compiled to small node structs with locals resolved to slots (evaluator.md). A Runtime is one interpreter; a
// Thread evaluates on one goroutine. There is no lock around evaluation and no package state.
package eval
