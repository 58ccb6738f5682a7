// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"

	"gondola/ipcmod"
)

// loopback lets one server listen on a port that the system chooses, whatever port its script names.
func loopback(t *testing.T) ipcmod.Config {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var dialer net.Dialer
	return ipcmod.Config{
		Listen: func(string, string) (net.Listener, error) { return listener, nil },
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", listener.Addr().String())
		},
	}
}

func TestAcknowledge(t *testing.T) {
	const setUp = `
		(defn text [m] (ipc/message-field m :payload-text))
		(defn fill [client & texts]
		  (docoll #(ipc/offer client :q 0 (ipc/plain-text-message % :s %)) texts))
		(defn take-one [client queue]
		  (let [m (ipc/poll client queue 0)] (if (ipc/response-ok? m) (text m) (ipc/message-field m :response-status))))`
	for _, c := range []struct{ name, options, script, want string }{
		{"ack", ":ack :client", `
			(fill client "a" "b" "c")
			(let [a (ipc/poll client :q 0) b (ipc/poll client :q 0)]
			  [(ipc/ack client a b) (= [(ipc/message-field a :id)] (ipc/ack client a)) (take-one client :q)])`, `[[] true "c"]`},
		{"nack", ":ack :client", `
			(fill client "a" "b")
			[(ipc/nack client (ipc/poll client :q 0)) (take-one client :q) (take-one client :q) (take-one client :q)]`,
			`[[] "a" "b" :QUEUE_EMPTY]`},
		{"too many deliveries", ":ack :client", `
			(fill client "a")
			(ipc/nack client (ipc/poll client :q 0))
			(ipc/nack client (ipc/poll client :q 0))
			[(take-one client :q) (take-one client "ipc.dlq")]`, `[:QUEUE_EMPTY "a"]`},
		{"reject", ":ack :client", `
			(fill client "a")
			[(ipc/reject client (ipc/poll client :q 0)) (take-one client :q) (take-one client :ipc.dlq)]`, `[[] :QUEUE_EMPTY "a"]`},
		{"another client gets what is not acknowledged", ":ack :client", `
			(fill client "a")
			(try-with [other (ipc/client 33333 :ack :client)] (ipc/poll other :q 0))
			(text (ipc/poll client :q 5000))`, `"a"`},
		{"auto", ":ack :auto", `
			(fill client "a" "b")
			(let [a (ipc/poll client :q 0)
			      b (ipc/poll client :q 0)]
			  [(ipc/nack client b) (= [(ipc/message-field a :id)] (ipc/ack client a)) (take-one client :q)])`, `[[] true "b"]`},
		{"preferred", ":ack :preferred", `
			(fill client "a")
			(ipc/ack client (ipc/poll client :q 0))`, "[]"},
		{"limit of a connection", ":ack :client", `
			(fill client "a" "b" "c" "d")
			(take-one client :q) (take-one client :q) (take-one client :q)
			(take-one client :q)`, ":BAD_REQUEST"},
		{"a client without :ack", "", `
			(fill client "a")
			(ipc/ack client (ipc/poll client :q 0))`,
			"IpcException: The client was opened without an acknowledge mode, so its deliveries are complete at once!"},
		{"a message of one's own", ":ack :client", `(ipc/ack client (ipc/plain-text-message "1" :s "x"))`,
			"IllegalArgumentException: Only a polled message can be acknowledged, not a NULL with the status NULL!"},
		{"no message", ":ack :client", `(ipc/ack client)`, "ArityException: "},
		{"what is no message", ":ack :client", `(ipc/reject client "x")`, "VncException: "},
		{"an unknown mode", ":ack :always", `nil`, "IpcException: The option :ack must be :client, :auto or :preferred, got :always"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := eval(t, loopback(t), setUp+`
				(try-with [server (ipc/server 33333 :max-deliveries 2 :max-unacknowledged 3 :ack-deadline 3600000)]
				  (ipc/create-queue server :q 10)
				  (try-with [client (ipc/client 33333 `+c.options+`)] (do `+c.script+`)))`)
			if got != c.want && !(strings.HasSuffix(c.want, ": ") && strings.HasPrefix(got, c.want)) {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDeliveryOptions(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{":ack-deadline 999", "IllegalArgumentException: The acknowledge deadline is limited to 1s .. 1h0m0s, got 999ms!"},
		{":ack-deadline 0", "IpcException: The option :ack-deadline must be at least 1, got 0"},
		{`:ack-deadline "x"`, "VncException: "},
		{":max-deliveries 0", "IpcException: The option :max-deliveries must be at least 1, got 0"},
		{":max-unacknowledged 1001", "IllegalArgumentException: The max number of unacknowledged deliveries is limited to 1 .. 1000, got 1001!"},
		{":dead-letter-durable true", "IllegalArgumentException: Durable dead letters need a write-ahead log!"},
		{":dead-letter-writable 1", "VncException: "},
	} {
		got := eval(t, loopback(t), "(ipc/close (ipc/server 33333 "+c.options+"))")
		if got != c.want && !(strings.HasSuffix(c.want, ": ") && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %s\nwant %s", c.options, got, c.want)
		}
	}
	var out bytes.Buffer
	config := loopback(t)
	config.Logger = slog.New(slog.NewTextHandler(&out, nil))
	eval(t, config, "(ipc/close (ipc/server 33333 :ack-dedline 5000 :max-delivery 3))")
	for _, hint := range []string{"option=:ack-dedline nearest=:ack-deadline", "option=:max-delivery nearest=:max-deliveries"} {
		if !strings.Contains(out.String(), hint) {
			t.Errorf("no %q in %s", hint, out.String())
		}
	}
}

// What went to the dead letters outlives the server that has it in its log; clients may offer to them if they are to.
func TestDeadLetterOptions(t *testing.T) {
	got := eval(t, loopback(t), `
		(try-with [server (ipc/server 33333 :dead-letter-writable true)
		           client (ipc/client 33333)]
		  [(ipc/response-ok? (ipc/offer client "ipc.dlq" 0 (ipc/plain-text-message "1" :s "x")))
		   (ipc/message-field (ipc/poll client "ipc.qld" 0) :payload-text)])`)
	if got != `[true "x"]` {
		t.Error(got)
	}
	dir := t.TempDir()
	server := `(ipc/server 33333 :write-ahead-log-dir (io/file "` + dir + `") :dead-letter-durable true)`
	got = eval(t, loopback(t), `
		(try-with [server `+server+`
		           client (ipc/client 33333 :ack :client)]
		  (ipc/create-queue server :q 10)
		  (ipc/offer client :q 0 (ipc/plain-text-message "1" :s "x"))
		  (ipc/reject client (ipc/poll client :q 0)))`)
	if got != "[]" {
		t.Error(got)
	}
	got = eval(t, loopback(t), `
		(try-with [server `+server+`
		           client (ipc/client 33333)]
		  (ipc/message-field (ipc/poll client "ipc.dlq" 0) :payload-text))`)
	if got != `"x"` {
		t.Error(got)
	}
}
