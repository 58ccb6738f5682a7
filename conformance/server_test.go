// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A script that ends while its server is open ends it, and standard error says so (H5).
func TestServerOfAnEndedScript(t *testing.T) {
	port := freePorts()("33333")
	got := runIn(gondola(t), scratch(t), false, "", "-q", "-e", "(ipc/server "+port+")")
	want := "closed: the script ended; gondola serve FILE keeps it open\n"
	if got.err != nil || got.status != 0 || got.stdout != "" || !strings.HasPrefix(got.stderr, "server on ") ||
		!strings.HasSuffix(got.stderr, want) || !strings.Contains(got.stderr, port) || strings.Count(got.stderr, "\n") != 1 {
		t.Errorf("%+v", got)
	}
}

// gondola serve keeps the server open for other processes, and drains it at a signal (H3, H5).
func TestServe(t *testing.T) {
	binary, dir, ports := gondola(t), scratch(t), freePorts()
	script := ports(`(do (load-file "port.venice") (def server (ipc/server port))
		(ipc/create-function server :slow (fn [m] (println "called") (sleep 500) (ipc/plain-text-message nil :slow "served")))
		(println "ready"))`)
	if err := os.WriteFile(filepath.Join(dir, "server.venice"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "port.venice"), []byte(ports("(def port 33333)")), 0o600); err != nil {
		t.Fatal(err)
	}
	server := start(t, binary, dir, "serve", "server.venice")
	server.expect(t, "ready")
	server.signal(t, syscall.SIGHUP)
	server.await(t, "SIGHUP: nothing is reloaded; a restart would read server.venice, port.venice\n")
	client := start(t, binary, dir, "-e", ports(`(try-with [client (ipc/client 33333)]
		(ipc/message-field (ipc/send client :slow (ipc/plain-text-message "1" :s "x")) :payload-text))`))
	server.expect(t, "called")
	server.signal(t, syscall.SIGTERM) // while the function runs: the request that has arrived is still served
	if got := client.wait(t); got.status != 0 || got.stdout != "\"served\"\n" {
		t.Errorf("client: %+v", got)
	}
	got := server.wait(t)
	listening := regexp.MustCompile(ports(`^listening on af-inet://127\.0\.0\.1:33333\n(listening on af-inet://\[::1\]:33333\n)?SIGHUP: .*\n$`))
	if got.status != 143 || got.stdout != "" || !listening.MatchString(got.stderr) {
		t.Errorf("server: %+v", got)
	}
	if conn, err := net.Dial("tcp", ports("127.0.0.1:33333")); err == nil {
		conn.Close()
		t.Error("somebody still listens")
	}
}

// What goes wrong with a connection is a script error with class, text and place, and nothing is left running.
func TestServerErrors(t *testing.T) {
	binary, ports := gondola(t), freePorts()
	busy, err := net.Listen("tcp", ports("127.0.0.1:42066"))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, c := range []struct{ name, script, want string }{
		{"no server", `(ipc/client 42067)`, "hint: nothing listens there"},
		{"port in use", `(ipc/server 42066)`, "hint: another server listens there"},
		{"bad option value", `(ipc/server 42067 :max-queues "x")`, "VncException: "},
		{"arity", `(ipc/client)`, "ArityException"},
	} {
		got := runIn(binary, scratch(t), false, "", "-e", ports("\n\n"+c.script))
		if got.err != nil || got.status != 1 || got.stdout != "" || !strings.Contains(got.stderr, c.want) ||
			!strings.Contains(got.stderr, "command-line:3:2\n") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// What the protocol swallows goes to the log, one line each (H6), and so do unknown options (H7).
func TestLogOfSwallowedErrors(t *testing.T) {
	binary, ports := gondola(t), freePorts()
	for _, c := range []struct{ name, script, want string }{
		{"oneway", `(try-with [server (ipc/server 33333) client (ipc/client 33333)]
			(ipc/create-function server :bad (fn [m] (throw (ex :VncException "lost in the protocol"))))
			(ipc/send-oneway client :bad (ipc/plain-text-message "1" :s "x")))`, "lost in the protocol"},
		{"unknown option", `(try-with [server (ipc/server 33333 :max-queue 3)] nil)`, "max-queues"},
	} {
		got := runIn(binary, scratch(t), false, "", "-q", "-e", ports(c.script))
		if got.err != nil || got.status != 0 || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
