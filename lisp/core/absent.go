// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strconv"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// absences: functions of tier C that this host does not have, by what stands in their way and what to do instead. Each has
// the argument counts of the reference, "f=1|2" or "f=2+"; a ! behind them marks a form whose arguments are not evaluated.
var absences = []struct{ why, names string }{
	{"it is about classes of a Java VM, and this host has none", "auto-run-jar=4 bases=1 class-of=1 class-version=1 classloader=0|1 classloader-of=1 describe-class=1 formal-type=1 imports=0|1|2! io/classpath-resource?=1 jansi-version=0 jar-maven-manifest-version=2 java-major-version=0 java-package-version=1 java-source-location=1 java-unwrap=1 java-unwrap-optional=1 java-version=0 java-version-info=0 java-wrap=1 load-jar=1 proxify=2 remove-formal-type=1 supers=1"},
	{"it is about the beans of a Java VM; (ipc/server-status client) is what a server here tells about itself", "mbean/attribute=2 mbean/attribute!=3 mbean/create-jmx-connection=3 mbean/info=1 mbean/invoke=3|4 mbean/jmx-connector-server-alive?=1 mbean/jmx-connector-server-start=1 mbean/jmx-connector-server-stop=1 mbean/memory-mxbean=0 mbean/object-name=1|3 mbean/operating-system-mxbean=0 mbean/platform-mbean-server=0 mbean/query-mbean-object-names=0 mbean/register=2 mbean/register-dynamic=2 mbean/runtime-mxbean=0 mbean/unregister=1 with-jmx-connection=2+!"},
	{"collections here need no conversion for Java; pass the list itself", "java-double-list=1 java-enumeration-to-list=1 java-float-list=1 java-int-list=1 java-iterator-to-list=1 java-long-list=1"},
	{"gondola --load-path says where files are looked for", "loadpath/normalize=1 loadpath/paths=0 loadpath/unrestricted?=0"},
	{"gondola --version and the file LICENSE tell it", "license=0 license-all=0 logo=0"},
	{"agents and futures run on goroutines, there are no thread pools to ask or to end", "agent-send-off-thread-pool-info=0 agent-send-thread-pool-info=0 await-termination-agents=1 await-termination-agents?=0 futures-thread-pool-info=0 shutdown-agents=0 shutdown-agents?=0"},
	{"functions here do not keep their forms; (doc f) has the arguments, (source f) the text", "fn-about=1 fn-args=1|2 fn-body=1|2 fn-pre-conditions=1|2"},
	{"use (doc x), (source x), (apropos text)", "finder=0+! highlight=1 inspect=1! module-name=1 print-highlight=1!"},
	{"gondola --help lists what --allow takes", "sandbox/functions=1|2"},
	{"use add-watch, or a function of your own", "add-tap=1 clear-taps=0 remove-tap=1 tap>=1"},
	{"keep services in an atom of your own", "service=2+ service?=1"},
	{"use vary-meta and with-meta on the value, alter-ns-meta! on a namespace", "alter-meta!=2+ reset-meta!=2 var-sym-meta=1! var-val-meta=1!"},
	{"a caught exception has (ex-message e) and (ex-venice-stacktrace e)", "ex-java-stacktrace=1|2 stacktrace=1"},
	{"use (sh \"pkill\" name), (sh \"ps\" \"-p\" pid) and their like", "sh/killall=1|2 sh/load-pid=1 sh/pargs=1|2 sh/pkill=1|2"},
	{"use (io/download uri)", "io/uri-stream=1+"},
	{"use (sh \"chmod\" mode file)", "io/file-set-executable=3 io/file-set-readable=3 io/file-set-writable=3"},
	{"use (sh \"ln\" target link)", "io/create-hard-link=2"},
	{"use io/deflate and io/inflate on byte buffers", "io/wrap-is-with-inflater-input-stream=1 io/wrap-os-with-deflater-output-stream=1"},
	{"use (sh \"df\" dir)", "io/filesystem-total-space=0|1 io/filesystem-usable-space=0|1"},
	{"use io/zip-list-entry-names", "io/zip-list=1+"},
	{"print to *err*, or redirect it to a file", "io/log=3|4 io/log-filehandler=2|3|4|5"},
	{"use the time macro", "dobench=2|4|5!"},
	{"use (sh \"ping\" \"-c\" \"1\" host)", "inet/reachable?=2"},
	{"use str and compare", "compareTo=0 toString=0"},
	{"it is not built", "byte-order=0 char-escaped=1 char-literals=0 delay-queue?=1 host-address=0 inet/inet-addr-from-bytes=1 interrupt-hook=1|2 io/file-normalize-utf=1|2 io/file-path-slashify=1 io/glob-path-matcher=1 io/make-venice-filename=1 io/path?=1 io/truncate-from-start-keep-lines=2 ip-private?=1 math/softmax=1 objid=1 os-arch=0 os-version=0 str/markdown-to-text=2 thread-interrupted=0 thread-local-map=0 time/zone-ids=0"},
}

// absentTable makes their calls fail with a text that helps, instead of a symbol that is not found.
func absentTable() eval.Table {
	var t eval.Table
	for _, a := range absences {
		for _, entry := range strings.Fields(a.names) {
			name, counts, _ := strings.Cut(entry, "=")
			counts, special := strings.CutSuffix(counts, "!")
			row := eval.Row{Name: name, Doc: "Not available on this host: " + a.why + "."}
			row.Min, row.Max = argumentCounts(counts)
			fail := func(*eval.Thread, []value.Value) (value.Value, error) {
				return value.Nil, value.Errorf("Function '%s' is not available on this host: %s", name, a.why)
			}
			if special {
				row.Macro = fail
			} else {
				row.FN = fail
			}
			t = append(t, row)
		}
	}
	return t
}

// argumentCounts reads "1|2" or "2+".
func argumentCounts(s string) (low, high int) {
	first, _, _ := strings.Cut(s, "|")
	least, open := strings.CutSuffix(first, "+")
	low, _ = strconv.Atoi(least)
	high = -1
	if !open {
		high, _ = strconv.Atoi(s[strings.LastIndex(s, "|")+1:])
	}
	return low, high
}
