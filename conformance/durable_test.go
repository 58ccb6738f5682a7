// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"gondola/broker"
	"gondola/broker/engine"
	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
)

// A second server on the directory of a running one is refused at once, and says why; the first one goes on (D8, T8).
func TestSecondServerOnALogDirectory(t *testing.T) {
	binary, dir, ports := gondola(t), scratch(t), freePorts()
	script := func(port string) string {
		return ports(`(do (io/mkdirs (io/file "log"))
			(def server (ipc/server ` + port + ` :write-ahead-log-dir (io/file "log")))
			(ipc/create-queue server :q 10 :bounded true)
			(println "ready"))`)
	}
	for name, port := range map[string]string{"first.venice": "33333", "second.venice": "42066"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script(port)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := start(t, binary, dir, "serve", "first.venice")
	first.expect(t, "ready")
	second := start(t, binary, dir, "serve", "second.venice") // it ends by itself
	if got := second.wait(t); got.status != 1 || got.stdout != "" || !strings.Contains(got.stderr, "is in use by another process") {
		t.Errorf("the second server: %+v", got)
	}
	got := start(t, binary, dir, "-e", ports(`(try-with [client (ipc/client 33333)]
		(ipc/offer client :q 1000 (ipc/plain-text-message "1" :s "x" true))
		(ipc/message-field (ipc/poll client :q 1000) :payload-text))`)).wait(t)
	if got.status != 0 || got.stdout != "\"x\"\n" {
		t.Errorf("the first server: %+v", got)
	}
	first.signal(t, syscall.SIGTERM)
	first.wait(t)
	again := start(t, binary, dir, "serve", "second.venice")
	again.expect(t, "ready") // the end of the first one has released the directory
	again.signal(t, syscall.SIGTERM)
	again.wait(t)
}

// With :on-log-failure :exit a process whose log fails answers the offer, closes its server, and ends with status 1 and one line
// that says why (D5); without, it goes on. The log fails because somebody else writes to it (D8).
func TestExitOnLogFailure(t *testing.T) {
	for option, status := range map[string]int{":exit": 1, ":refuse": 143} {
		binary, dir, ports := gondola(t), scratch(t), freePorts()
		if err := os.WriteFile(filepath.Join(dir, "server.venice"), []byte(ports(`(do (io/mkdirs (io/file "log"))
			(def server (ipc/server 33333 :write-ahead-log-dir (io/file "log") :on-log-failure `+option+`))
			(ipc/create-queue server :q 10 :bounded true)
			(println "ready"))`)), 0o600); err != nil {
			t.Fatal(err)
		}
		server := start(t, binary, dir, "serve", "server.venice")
		server.expect(t, "ready")
		log, err := os.OpenFile(filepath.Join(dir, "log", "q.wal"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.WriteString("of somebody else"); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		offer := start(t, binary, dir, "-e", ports(`(try-with [client (ipc/client 33333)]
			(ipc/message-field (ipc/offer client :q 1000 (ipc/plain-text-message "1" :s "x" true)) :response-status))`)).wait(t)
		if offer.status != 0 || !strings.Contains(offer.stdout, "HANDLER_ERROR") {
			t.Errorf("%s: the offer: %+v", option, offer)
		}
		if option == ":refuse" {
			server.signal(t, syscall.SIGTERM)
		}
		got := server.wait(t)
		line := "is out of service, the process ends (:on-log-failure :exit): written by another process"
		if got.status != status || strings.Contains(got.stderr, line) != (option == ":exit") || strings.Contains(got.stderr, "the script ended") {
			t.Errorf("%s: %+v", option, got)
		}
	}
}

// Clients that connect and poll while a server recovers 50 queues of 1,000 messages get what is in them, in order and from the
// start, whenever they get through (from public reports).
func TestPollsDuringRecovery(t *testing.T) {
	const queues, messages, polled = 50, 1000, 30
	binary, dir := gondola(t), scratch(t)
	fillQueues(t, filepath.Join(dir, "log"), queues, messages)
	socket, err := os.MkdirTemp("", "rec") // the scratch directory has too long a name for some systems
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(socket)
	uri := "af-unix://" + filepath.Join(socket, "s")
	script := fmt.Sprintf(`(do (def server (ipc/server "%s" :write-ahead-log-dir (io/file "log") :write-ahead-log-sync :none :max-queues 50))
		(println "ready"))`, uri)
	if err := os.WriteFile(filepath.Join(dir, "server.venice"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	address, err := broker.ParseAddress(uri)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), runTimeout)
	defer cancel()
	server := start(t, binary, dir, "serve", "server.venice")
	const clients = 5
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			c := dialUntil(ctx, t, address)
			if c == nil {
				return
			}
			defer c.Close()
			for q := i; q < queues; q += clients {
				for n := range polled {
					m, err := c.Poll(ctx, fmt.Sprint("q", q), 0)
					if err != nil || m.Status != wire.OK || string(m.Payload) != fmt.Sprint(q, " ", n) {
						t.Errorf("queue %d, poll %d: %v, %v", q, n, m, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	server.expect(t, "ready")
	server.signal(t, syscall.SIGTERM)
	server.wait(t)
	o := embedded.LogOptions{Dir: filepath.Join(dir, "log"), Sync: -1}
	e, err := embedded.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, q := range e.Queues() {
		if q.Size != messages-polled {
			t.Errorf("queue %s has %d messages", q.Name, q.Size)
		}
	}
}

// dialUntil connects as soon as somebody listens.
func dialUntil(ctx context.Context, t *testing.T, address broker.Address) *broker.Client {
	for {
		c, err := broker.Dial(ctx, address, broker.ClientOptions{CallLimit: runTimeout})
		if err == nil {
			return c
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			t.Error(err)
			return nil
		}
	}
}

// fillQueues makes logs of queues q0, q1 …, whose messages say which they are.
func fillQueues(t *testing.T, dir string, queues, messages int) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	e, err := embedded.Open(t.Context(), embedded.LogOptions{Dir: dir, Sync: -1})
	if err != nil {
		t.Fatal(err)
	}
	for i := range queues {
		q, _, err := e.CreateQueue(t.Context(), engine.QueueSpec{Name: fmt.Sprint("q", i), Capacity: messages, Durable: true})
		if err != nil {
			t.Fatal(err)
		}
		for n := range messages {
			m := &wire.Message{
				ID: uuid.New(), Durable: true, Type: wire.Request, Status: wire.NullStatus, Timestamp: time.Now().UnixMilli(),
				ExpiresAt: wire.Never, Timeout: wire.NoTimeout, Mimetype: "text/plain", Charset: "UTF-8", Payload: []byte(fmt.Sprint(i, " ", n)),
			}
			if err := q.Offer(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
