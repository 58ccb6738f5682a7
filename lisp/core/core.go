// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package core holds the functions and macros of the language's core namespace and of its small library namespaces, one
// topic a file. Everything is registered as rows (eval.Row); arity errors, help and the function index come from them.
package core

import "gondola/lisp/eval"

// Tables returns all tables of the package, for Runtime.Install.
func Tables() []eval.Table {
	return []eval.Table{
		controlTable, comprehensionTable, arithTable, predicateTable, seqTable, seqBuildTable, seqArrangeTable,
		collTable, mapFunctionTable, seqPartsTable, walkTable, hofTable, transducerTable, nameTable, mathTable, timeTextTable, timeTable,
		printTable, refTable, futureTable, promiseTable, agentTable, threadTable, scheduleTable, cronTable, exceptionTable, assertTable, customTypeTable, protocolTable, nsTable, moduleTable, docTable, sourceTable, systemTable, randomTable, profTable, hostTable, shellTable, csvTable, cidrTable, dagTable, cryptTable, encryptTable, xmlTable, fileTable, fileTreeTable, watchTable, downloadTable, slurpTable, globTable, streamTable, compressTable, zipTable, interopTable, mutableTable, queueTable, arrayTable,
		textTable, regexTable, formatTable, textSplitTable, jsonTable, bytesTable, bytesNumberTable, textCodeTable, textCharTable, textCutTable, textMiscTable, absentTable(),
	}
}
