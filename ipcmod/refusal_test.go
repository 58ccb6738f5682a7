// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"context"
	"net"
	"testing"

	"gondola/ipcmod"
)

// Every row of ipc-api.md 18 that has a text of its own, with its class, and the options that limit a server. The rows that
// need a peer that is silent or gone are the broker's: TestTimeout, TestDrainAnswers, TestClose.
func TestRefusals(t *testing.T) {
	const server = `(ipc/server "af-inet://127.0.0.1:33333")`
	for _, c := range []struct{ name, script, want string }{
		{"close of another object", `(ipc/close (ipc/plain-text-message "1" :s "x"))`, "VncException: Function 'ipc/close' expects either a TcpServer or a TcpClient!"},
		{"running? of another object", `(ipc/running? (ipc/plain-text-message "1" :s "x"))`, "VncException: Function 'ipc/running?' expects either a TcpServer or a TcpClient!"},
		{"close of nil", `(ipc/close nil)`, "VncException: Cannot coerce value of type :core/nil to java-object."},
		{"running? of nil", `(ipc/running? nil)`, "VncException: Cannot coerce value of type :core/nil to java-object."},
		{"close of a string", `(ipc/close "x")`, "VncException: Cannot coerce value of type :core/string to java-object."},
		{"subject too long", `(ipc/plain-text-message "1" (str/repeat "s" 101) "x")`, "IllegalArgumentException: A subject is limited to 100characters!"},
		{"mimetype too long", `(ipc/text-message "1" :s (str/repeat "m" 101) :UTF-8 "x")`, "IllegalArgumentException: A mimetype is limited to 100characters!"},
		{"unknown charset", `(ipc/text-message "1" :s "text/plain" :KLINGON-1 "x")`, "UnsupportedCharsetException: KLINGON-1"},
		{"binary data", `(ipc/binary-message "1" :s "x/y" "text")`, "VncException: Cannot coerce value of type :core/string to bytebuf."},
		{"closed client: send", `(let [c (ipc/client 33333)] (ipc/close c) (ipc/send c :f (ipc/plain-text-message "1" :s "x")))`, "IllegalStateException: The client is not open!"},
		{"closed client: offer", `(let [c (ipc/client 33333)] (ipc/close c) (ipc/offer c :q 0 (ipc/plain-text-message "1" :s "x")))`, "IllegalStateException: The client is not open!"},
		{"closed client: poll", `(let [c (ipc/client 33333)] (ipc/close c) (ipc/poll c :q 0))`, "IllegalStateException: The client is not open!"},
		{"closed client: publish", `(let [c (ipc/client 33333)] (ipc/close c) (ipc/publish c :t (ipc/plain-text-message "1" :s "x")))`, "IllegalStateException: The client is not open!"},
		{"closed client: subscribe", `(let [c (ipc/client 33333)] (ipc/close c) (ipc/subscribe c :t (fn [m] nil)))`, "IllegalStateException: The client is not open!"},
		{"closed client: unsubscribe", `(let [c (ipc/client 33333)] (ipc/close c) (ipc/unsubscribe c :t))`, "IllegalStateException: The client is not open!"},
		{"closed client: temporary queue", `(let [c (ipc/client 33333)] (ipc/close c) (ipc/create-temporary-queue c 1))`, "IllegalStateException: The client is not open!"},
		{"O9", `(ipc/server 33334 :slow-consumer :wait)`, "IpcException: The option :slow-consumer must be :drop or :disconnect, got :wait"},
		{"O7", `(ipc/server 33334 :memory-budget :2MB)`, "IllegalArgumentException: The memory budget must be at least 41943040 bytes, twice the maximum message size, got 2097152!"},
		{"O7, no size", `(ipc/server 33334 :memory-budget "2MB")`, "VncException: Invalid unit value! Use 20000, 500KB, 10MB, ..."},
	} {
		t.Run(c.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			var dialer net.Dialer
			config := ipcmod.Config{
				Listen: func(string, string) (net.Listener, error) { return listener, nil },
				Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
					return dialer.DialContext(ctx, "tcp", listener.Addr().String())
				},
			}
			if got := eval(t, config, "(try-with [server "+server+"] "+c.script+")"); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.script, got, c.want)
			}
		})
	}
}
