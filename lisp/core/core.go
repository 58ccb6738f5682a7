// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package core holds the functions and macros of the language's core namespace and of its small library namespaces, one
// topic a file. Everything is registered as rows (eval.Row); arity errors, help and the function index come from them.
package core

import (
	"strings"
	"sync"

	"gondola/lisp/eval"
)

// Tables returns all tables of the package, for Runtime.Install. They are shared and must not be changed.
func Tables() []eval.Table { return tables() }

var tables = sync.OnceValue(func() []eval.Table {
	var all []eval.Table
	for _, t := range pureTables() {
		all = append(all, shared(t.Touching(eval.Nothing)))
	}
	for _, t := range outsideTables() {
		all = append(all, shared(t))
	}
	return all
})

// pureTables are the topics whose functions touch nothing outside the interpreter, unless a row says so; a test looks at what
// their files import.
func pureTables() []eval.Table {
	return []eval.Table{
		controlTable, comprehensionTable, arithTable, predicateTable, seqTable, seqBuildTable, seqArrangeTable,
		collTable, mapFunctionTable, seqPartsTable, walkTable, hofTable, transducerTable, nameTable, mathTable, timeTextTable, timeTable,
		printTable, refTable, futureTable, promiseTable, agentTable, threadTable, scheduleTable, cronTable, exceptionTable, assertTable,
		customTypeTable, protocolTable, moduleTable, docTable, systemTable, randomTable, profTable, csvTable, cidrTable, dagTable,
		cryptTable, encryptTable, xmlTable, mutableTable, queueTable, arrayTable, textTable, regexTable, formatTable, textSplitTable,
		bytesTable, bytesNumberTable, textCodeTable, textCharTable, textCutTable, textMiscTable, absentTable(),
	}
}

// outsideTables are the topics about what is outside: each row says what it touches.
func outsideTables() []eval.Table {
	return []eval.Table{
		inMemory(nsTable).Touching(eval.Files), inMemory(sourceTable).Touching(eval.Files), inMemory(jsonTable).Touching(eval.Files), inMemory(streamTable).Touching(eval.Files),
		inMemory(fileTable).Touching(eval.Files), inMemory(slurpTable).Touching(eval.Files), fileTreeTable.Touching(eval.Files),
		watchTable.Touching(eval.Files), globTable.Touching(eval.Files), compressTable.Touching(eval.Files), zipTable.Touching(eval.Files),
		hostTable.Touching(eval.Environment), shellTable.Touching(eval.Processes), downloadTable.Touching(eval.Network),
		interopTable.Touching(eval.Interop),
	}
}

// inMemory marks the functions of a table of streams and files that work on what is there already, or on memory.
func inMemory(t eval.Table) eval.Table {
	t = append(eval.Table(nil), t...)
	for i := range t {
		if memoryNames[t[i].Name] || t[i].Value != nil || t[i].Touches == 0 && strings.HasSuffix(t[i].Name, "stream?") {
			t[i].Touches = eval.Nothing
		}
	}
	return t
}

var memoryNames = wordSet(`read-line read-char io/read-line io/read-char io/string-reader io/string-in-stream io/bytebuf-in-stream
	io/string-writer io/bytebuf-out-stream io/capturing-print-stream io/slurp-stream io/slurp-reader io/spit-stream io/spit-writer
	io/print io/print-line io/flush io/close io/reader? io/writer? io/default-charset
	json/write-str json/read-str json/pretty-print
	ns-alias ns-unalias ns-aliases ns? ns-exists* read-string load-string macroexpand-all gensym apropos dir`)

// shared says how the results of functions are paid for, in a copy: limits count as new whatever is not in these lists.
func shared(t eval.Table) eval.Table {
	t = append(eval.Table(nil), t...)
	for i := range t {
		switch {
		case givenNames[t[i].Name]:
			t[i].Sharing = eval.Given
		case grownNames[t[i].Name]:
			t[i].Sharing = eval.Grown
		case addedNames[t[i].Name]:
			t[i].Sharing = eval.Added
		}
	}
	return t
}

// givenNames are functions that return an argument, or something in one.
var givenNames = wordSet(`first second third fourth last nth get get-in peek find key val identity deref force swap! reset! swap-vals!
	compare-and-set! max min apply reduce reduce-kv transduce trampoline some throw pop! pop poll! poll-tail! take! take-tail!
	aget meta ex-value ex-cause ex-message reduced deliver dissoc! aset acquire empty-to-nil with-meta vary-meta rest subvec seq
	nfirst nlast take drop take-last drop-last butlast type doall load-string load-file load-module capture* clamp`)

// addedNames are functions that put their arguments into the first one.
var addedNames = wordSet(`assoc! conj! cons! update! into! put! put-head! offer! offer-head! push! add-watch thread-local send send-off`)

// grownNames are functions whose result shares what it does not add.
var grownNames = wordSet(`conj cons into assoc assoc-in dissoc dissoc-in disj update update-in merge merge-with union select-keys difference
	intersection`)

func wordSet(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		set[w] = true
	}
	return set
}
