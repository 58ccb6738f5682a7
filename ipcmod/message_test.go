// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"gondola/ipcmod"
	"gondola/lisp"
	"gondola/lisp/value"
)

// eval runs a script in an interpreter of its own and returns the readable value, or class and message of the exception.
func eval(t *testing.T, c ipcmod.Config, script string) string {
	t.Helper()
	in := lisp.New(lisp.Options{Tables: ipcmod.Module(c)})
	defer in.Close()
	v, err := in.Eval(context.Background(), script, "test")
	if n := in.Runtime().Incidents(); n != 0 {
		t.Errorf("X12: %d recovered panics", n)
	}
	var ex *value.Exception
	if errors.As(err, &ex) {
		return ex.Class.Simple() + ": " + ex.Message
	}
	if err != nil {
		return err.Error()
	}
	return value.PrStr(v)
}

func TestMessages(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"P1: :topic is the subject as a keyword", `(ipc/message-field (ipc/plain-text-message "1" :add "x") :topic)`, ":add"},
		{"an empty request id stays until the message travels", `(ipc/message-field (ipc/plain-text-message "" :s "x") :request-id)`, `""`},
		{"a nil one is nil", `(ipc/message-field (ipc/plain-text-message nil :s "x") :request-id)`, "nil"},
		{"a keyword with namespace is a name", `(ipc/message-field (ipc/plain-text-message :order/77 :s "x") :request-id)`, `"order/77"`},
		{"text is printed readably", `(ipc/message-field (ipc/plain-text-message "1" :s {:a "b"}) :payload-text)`, `"{:a \"b\"}"`},
		{"charset", `(ipc/message-field (ipc/text-message "1" :s "text/plain" :UTF-16 "hi") :payload-binary)`, "[254 255 0 104 0 105]"},
		{"charset back", `(ipc/message-field (ipc/text-message "1" :s "text/plain" :UTF-16LE "hï") :payload-text)`, `"hï"`},
		{"unknown charset", `(ipc/text-message "1" :s "text/plain" :KLINGON-1 "x")`, "UnsupportedCharsetException: KLINGON-1"},
		{"B13: a payload is a copy", `(let [b (bytebuf [1 2]) m (ipc/binary-message "1" :s "x/y" b)] [(ipc/message-field m :payload-binary)])`, "[[1 2]]"},
		{"subject rules of data messages", `(ipc/venice-message "1" "two words" 1)`, `IllegalArgumentException: The topic name "two words" must only contain the characters: 'a-z', 'A-Z', '0-9', '.', '_', '-', or '/'!`},
		{"subject length", `(ipc/plain-text-message "1" (str/repeat "s" 101) "x")`, "IllegalArgumentException: A subject is limited to 100characters!"},
		{"json order", `(ipc/message-field (ipc/venice-message "1" :s {:zeta 1 :beta 2 :omega 3 :gamma 4}) :payload-text)`, `"{\"zeta\":1,\"omega\":3,\"gamma\":4,\"beta\":2}"`},
		{"a function has no JSON", `(ipc/venice-message "1" :s {:f inc})`, "VncException: Json serialization error: the type :core/function can not be serialized"},
		{"not JSON", `(ipc/message-field (ipc/plain-text-message "1" :s "x") :payload-venice)`, `IpcException: A message with mimetype "text/plain" can not be converted to Venice data!`},
		{"broken JSON", `(ipc/message-field (ipc/text-message "1" :s "application/json" :UTF-8 "{") :payload-venice)`, "IpcException: Failed to parse JSON data to Venice data!"},
		{"unknown field", `(ipc/message-field (ipc/plain-text-message "1" :s "x") :payload)`, "VncException: Invalid message field name :payload"},
		{"no message", `(ipc/message-field "x" :id)`, "VncException: Cannot coerce value of type :core/string to java-object of type com.github.jlangch.venice.util.ipc.IMessage."},
		{"unit", `(ipc/plain-text-message "1" :s "x" false 3 :moons)`, "VncException: Function 'time/plus' invalid time unit moons"},
		{"size", `(ipc/message-size (ipc/plain-text-message "12345" :abc "0123456789"))`, "{:header 16 :payload-meta 82 :payload-data 10 :total 108}"},
		{"bean", `(:subject (ipc/plain-text-message "1" :abc "x"))`, `"abc"`},
		{"arity", `(ipc/send 1 2)`, "ArityException: Wrong number of args (2) passed to function ipc/send.\n\n[Arg List]\n    (ipc/send client fn-name message)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := eval(t, ipcmod.Config{}, c.script); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.script, got, c.want)
			}
		})
	}
}

// Options are checked before anything listens: class and text of ipc-api.md 5.1, 6.1.
func TestOptions(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{`(ipc/server nil)`, "VncException: Function 'ipc/server' expects either a port or a connection URI!"},
		{`(ipc/server 42095 :encrypt)`, "VncException: hash-map: create requires an even number of list items. Got 1 items."},
		{`(ipc/server 42097 :encrypt 1)`, "VncException: Cannot coerce value of type :core/long to boolean."},
		{`(ipc/server 42098 :max-message-size :1KB)`, "IllegalArgumentException: The maximum message size is limited to 2048 .. 262144000 bytes!"},
		{`(ipc/server 42101 :max-message-size :20kb)`, "VncException: Invalid unit value! Use 20000, 500KB, 10MB, ..."},
		{`(ipc/server 42104 :max-queues 51)`, "IllegalArgumentException: The max number of queues is limited to 1 .. 50!"},
		{`(ipc/server 42107 :authenticator {:u "p"})`, "VncException: Cannot coerce value of type :core/hash-map to java-object of type com.github.jlangch.venice.util.ipc.Authenticator."},
		{`(ipc/server 42108 :write-ahead-log-dir (io/file "no-such-dir"))`, "VncException: The 'write-ahead-log-dir' no-such-dir does not exist or is not writable!"},
		{`(ipc/client nil)`, "VncException: Function 'ipc/client' expects either a port a host/port or a connection URI!"},
		{`(ipc/client 1 2)`, "VncException: Cannot coerce value of type :core/long to string."},
		{`(ipc/client "localhost" "1")`, "VncException: Cannot coerce value of type :core/string to long."},
		{`(ipc/close nil)`, "VncException: Cannot coerce value of type :core/nil to java-object."},
		{`(ipc/create-function 1 :f identity)`, "VncException: ipc/create-function: the first arg must be a server."},
		{`(ipc/create-queue 1 :q 1)`, "VncException: ipc/create-queue: the first arg must be either a server or client."},
	} {
		if got := eval(t, ipcmod.Config{}, c.script); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.script, got, c.want)
		}
	}
}

// H7: an unknown option is one warning with the nearest known one.
func TestUnknownOption(t *testing.T) {
	var log bytes.Buffer
	c := ipcmod.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	eval(t, c, `(ipc/server 70000 :max-conections 3)`)
	if got := log.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "option=:max-conections nearest=:max-connections") {
		t.Errorf("log: %s", got)
	}
}
