// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"gondola/broker"
	"gondola/broker/brokertest"
	"gondola/broker/brokertest/history"
	"gondola/broker/wire"
)

var (
	onceRequests = flag.Int("once-requests", 2000, "how many requests TestExactlyOnceOverKills makes; 100000 before a release")
	onceSeed     = flag.Uint64("once-seed", 0, "seed of the answers that it loses; 0: another one each time")
)

// T11: 16 clients ask again until they are answered, over a network that loses a fifth of the answers, and the server is killed 20
// times, whenever the next twentieth of the requests is answered. Behind them the durable queue has each request once: each start
// knows the request ids from its log (I4). Before a release:
//
//	go test ./conformance -run OverKills -args -once-requests 100000
func TestExactlyOnceOverKills(t *testing.T) {
	const clients, kills = 16, 20
	seed := *onceSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-once-seed %d", seed)
	binary := gondola(t)
	dir, err := os.MkdirTemp("", "once") // a socket in it: the test's own directory has too long a name for some systems
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	// Unlike a port, which the system may give to somebody else between two starts, the name of a socket stays ours.
	socket := filepath.Join(dir, "s")
	script := fmt.Sprintf(`(do (io/mkdirs (io/file "log"))
		(def server (ipc/server "af-unix://%s" :write-ahead-log-dir (io/file "log") :dedupe {:ttl 3600000 :max-entries 1000000}
		                        :max-connections 1000 :min-free-disk 0))
		(ipc/create-queue server :orders 1000000 :bounded :durable)
		(println "ready"))`, socket)
	if err := os.WriteFile(filepath.Join(dir, "server.venice"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	serve := func() *running {
		s := start(t, binary, dir, "serve", "server.venice")
		s.expect(t, "ready")
		return s
	}
	server := serve()

	loss := brokertest.NewLoss(seed, 0.2)
	proxy := brokertest.Start(t, "unix", socket, brokertest.Path{}, brokertest.Path{Frames: loss.Fate})
	retrier, err := broker.NewRetrier(broker.RetryPolicy{
		Timeout: 200 * time.Millisecond, Deadline: runTimeout, MaxAttempts: 1 << 20, Base: time.Millisecond, Max: 20 * time.Millisecond,
		Budget: 1, Burst: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	h := history.New()
	answered := make(chan int, *onceRequests) // how many attempts each took
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	for i := range clients {
		c, err := broker.Dial(t.Context(), broker.Port(int64(proxy.Port())), broker.ClientOptions{Reconnect: broker.Reconnect{Max: 20 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer c.Close()
			for n := i; n < *onceRequests; n += clients {
				if t.Failed() {
					answered <- 0
					continue
				}
				attempts, err := order(t.Context(), c, h, retrier, fmt.Sprint("client ", i), fmt.Sprint("order ", n))
				if err != nil {
					t.Error(err)
				}
				answered <- attempts
			}
		})
	}
	attempts := 0
	for n := range *onceRequests {
		attempts += <-answered
		if every := *onceRequests / kills; (n+1)%every == every/2 {
			server.signal(t, syscall.SIGKILL)
			server.wait(t)
			server = serve()
		}
	}
	wg.Wait()

	address, err := broker.ParseAddress("af-unix://" + socket)
	if err != nil {
		t.Fatal(err)
	}
	c, err := broker.Dial(t.Context(), address, broker.ClientOptions{CallLimit: runTimeout})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for more := true; more; {
		p := h.Poll()
		m, err := c.Poll(t.Context(), "orders", 0)
		if err != nil {
			t.Fatal(err)
		}
		if more = m.Status == wire.OK; more {
			p.Got(string(m.Payload))
		} else {
			p.Nothing()
		}
	}
	server.signal(t, syscall.SIGTERM)
	server.wait(t)
	summary, broken := h.Check(nil, history.Rules{Order: true})
	t.Logf("%d kills, %d attempts, %d answers lost; %s", kills, attempts, loss.Lost(), summary)
	for _, b := range broken {
		t.Error(b)
	}
	if summary.Delivered != *onceRequests || attempts == *onceRequests {
		t.Errorf("%d messages for %d requests, after %d attempts", summary.Delivered, *onceRequests, attempts)
	}
}

// order makes one request of a name that is its request id, too.
func order(ctx context.Context, c *broker.Client, h *history.History, r *broker.Retrier, client, name string) (attempts int, err error) {
	o := h.Offer(client, name)
	tried := c.OfferRetrying(ctx, "orders", &wire.Message{
		ID: uuid.New(), RequestID: name, Durable: true, Timestamp: time.Now().UnixMilli(), ExpiresAt: wire.Never, Timeout: wire.NoTimeout,
		Mimetype: "text/plain", Charset: "UTF-8", Payload: []byte(name),
	}, r)
	if tried.Outcome != broker.Succeeded {
		return tried.Attempts, fmt.Errorf("%s: %s after %d attempts: %v, %v", name, tried.Outcome, tried.Attempts, tried.Answer, tried.Err)
	}
	o.End(history.OK)
	return tried.Attempts, nil
}
