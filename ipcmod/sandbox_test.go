// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"gondola/broker/brokertest"
	"gondola/ipcmod"
	"gondola/lisp"
	lispeval "gondola/lisp/eval"
	"gondola/lisp/value"
)

// X9: every function that opens a socket or a file is denied, the benchmark too.
func TestSandboxDeniesSockets(t *testing.T) {
	refuse := func() error { t.Error("a socket was to be opened"); return errors.New("refused") }
	in := lisp.New(lisp.Options{Sandbox: &lispeval.Sandbox{}, Tables: ipcmod.Module(ipcmod.Config{
		Listen: func(string, string) (net.Listener, error) { return nil, refuse() },
		Dial:   func(context.Context, string, string) (net.Conn, error) { return nil, refuse() },
	})})
	defer in.Close()
	for _, script := range []string{
		"(ipc/server 33333)", `(ipc/server "af-unix:///tmp/none.sock")`, "(ipc/client 33333)", `(ipc/client "localhost" 33333)`, "(ipc/clone nil)",
		`(ipc/benchmark "af-inet://localhost:33333" :5KB 1)`, `(ipc/load-authenticator "x")`, `(ipc/store-authenticator (ipc/authenticator) "x")`,
		"(apply ipc/server [33333])",
	} {
		_, err := in.Eval(t.Context(), script, "script")
		var ex *value.Exception
		if !errors.As(err, &ex) || ex.Class != value.SecurityException || !strings.Contains(ex.Message, "Access denied to Venice function 'ipc/") {
			t.Errorf("%s: %v", script, err)
		}
	}
	if _, err := in.Eval(t.Context(), `(ipc/message-field (ipc/plain-text-message nil :a "b") :payload-text)`, "script"); err != nil {
		t.Error(err)
	}
	allowed := lisp.New(lisp.Options{Sandbox: &lispeval.Sandbox{Allow: []string{"network"}}, Tables: ipcmod.Module(ipcmod.Config{})})
	defer allowed.Close()
	if _, err := allowed.Eval(t.Context(), `(ipc/server 0 :write-ahead-log-dir ".")`, "script"); err == nil || !strings.Contains(err.Error(), "Permit it with --allow files or --allow ipc/server") {
		t.Errorf("a log: %v", err)
	}
}

// X10: the limits follow the script into the functions that a server calls, into handlers of subscriptions and into blocking
// calls; each call of a handler is an evaluation of its own. The broker goes on. X6: a handle that is closed is free again.
func TestLimitsFollowHandlers(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log brokertest.Buffer
	config := ipcmod.Config{Logger: slog.New(slog.NewTextHandler(&log, nil)), Open: &ipcmod.Register{},
		Listen: func(string, string) (net.Listener, error) { return listener, nil },
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String())
		}}
	in := lisp.New(lisp.Options{Sandbox: &lispeval.Sandbox{Allow: []string{"network"}}, Tables: ipcmod.Module(config),
		Limits: lispeval.Limits{Steps: 20_000, Time: time.Minute, Handles: 3, Memory: 64 << 20}})
	defer in.Close()
	defer func() { _ = config.Open.CloseAll(context.Background()) }()
	run := func(script string) (string, error) {
		v, err := in.Eval(t.Context(), script, "script")
		return value.PrStr(v), err
	}
	expect := func(script, want string) {
		t.Helper()
		if got, err := run(script); got != want || err != nil {
			t.Errorf("%s: %s, %v", script, got, err)
		}
	}
	expect(`(do (def server (ipc/server "af-inet://127.0.0.1:33333"))
	            (def client (ipc/client 33333))
	            (def heard (promise))
	            (defn message [text] (ipc/plain-text-message nil :n text))
	            (defn ask [text] (ipc/message-field (ipc/send client :f (message text)) :response-status))
	            (ipc/create-topic server :t) (ipc/create-queue server :q 10)
	            (ipc/create-function server :f (fn [m] (case (ipc/message-field m :payload-text)
	              "loop"   (while true nil)
	              "memory" (reduce conj [] (range))
	              "some"   (do (loop [i 0] (if (< i 15000) (recur (inc i)) nil)) m)
	              m)))
	            (ipc/subscribe client :t (fn [m] (if (= "loop" (ipc/message-field m :payload-text)) (while true nil) (deliver heard :here))))
	            nil)`, "nil")
	expect(`(ask "fine")`, ":OK")
	expect(`(ask "loop")`, ":HANDLER_ERROR")
	expect(`(ask "memory")`, ":HANDLER_ERROR")
	for range 5 {
		expect(`(ask "some")`, ":OK")
	}
	expect(`(do (ipc/publish client :t (message "loop")) (ipc/publish client :t (message "fine")) @heard)`, ":here")
	for _, line := range []string{"a subscription handler failed", "more than 20000 steps (max-steps)"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("the log does not say %q: %s", line, log.String())
		}
	}
	expect("(try (do (def c2 (ipc/client 33333)) (ipc/client 33333)) (catch :SecurityException e (ex-message e)))",
		`"Venice Sandbox: limit exceeded: more than 3 streams, servers and clients at a time"`)
	expect("(do (dotimes [i 10] (ipc/close c2) (def c2 (ipc/client 33333))) (ipc/running? c2))", "true")
}

// X4 ends a poll.
func TestLimitEndsPoll(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := ipcmod.Config{Open: &ipcmod.Register{},
		Listen: func(string, string) (net.Listener, error) { return listener, nil },
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String())
		}}
	in := lisp.New(lisp.Options{Tables: ipcmod.Module(config), Limits: lispeval.Limits{Time: 2 * time.Second}})
	defer in.Close()
	defer func() { _ = config.Open.CloseAll(context.Background()) }()
	_, err = in.Eval(t.Context(), `(do (def server (ipc/server 33333)) (ipc/create-queue server :q 10) (def client (ipc/client 33333)) (ipc/poll client :q 3600000))`, "script")
	if err == nil || !strings.Contains(err.Error(), "limit exceeded: more than 2s (max-time)") {
		t.Errorf("%v", err)
	}
}

// X9: every function says what it touches; these are all that open a socket or a file.
func TestFunctionsSayWhatTheyTouch(t *testing.T) {
	var opening []string
	for _, table := range ipcmod.Module(ipcmod.Config{}) {
		for _, row := range table {
			switch row.Touches {
			case 0:
				t.Errorf("%s does not say what it touches", row.Name)
			case lispeval.Nothing:
			default:
				opening = append(opening, row.Name)
			}
		}
	}
	slices.Sort(opening)
	want := "ipc/benchmark ipc/client ipc/clone ipc/load-authenticator ipc/server ipc/store-authenticator"
	if got := strings.Join(opening, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
