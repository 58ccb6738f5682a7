// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package conformance holds the tests of the whole program: the examples of the IPC document, the recorded behaviour and
// language cases, the sample scripts, the command line, sessions on a pseudo terminal, what the README shows, and the rules
// that the source tree keeps.
//
// Where the goldens come from. testdata/source/document.md is the document of the reference implementation;
// document-cases.json beside it holds what the reference printed for each of its examples. Extract joins the two into
// testdata/document/NN-title.txtar, and a test proves that the files are what Extract yields. The behaviour cases
// (ipc-behaviour-cases.json) and the language cases (lang-cases.json) were recorded from the reference as well; a field
// that starts with "product-" says what ours gives where that differs on purpose, and wins. No golden is ever edited so
// that a test passes.
//
// What does not pass yet stands in pending.txt, one case a line. A case that starts to pass fails the run until its line
// is gone. The list as it would be now is printed by
//
//	go test ./conformance -run 'TestDocument|TestBehaviour|TestLang' -pending
//
// Document blocks and behaviour cases run through the real binary, each in a network namespace of its own where the
// system allows it, so that all of them can use the ports that are written in them at the same time.
package conformance
