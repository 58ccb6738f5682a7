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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"gondola/broker"
	"gondola/broker/wire"
)

var (
	kills     = flag.Int("kills", 6, "how often TestKill kills the server")
	killsSeed = flag.Uint64("kills-seed", 0, "seed of TestKill; 0: another one each time")
)

// history is what producers and consumers of one queue have seen (reliability.md T60).
type history struct {
	mu       sync.Mutex
	offered  map[string]bool // answered with OK; false: the outcome is not known
	received map[string]int
	lost     int // polls without an answer: each may have taken a message (P1)
	acked    chan struct{}
}

func (h *history) produce(ctx context.Context, c *broker.Client, r *rand.Rand, name string) {
	for i := 0; ; i++ {
		text := fmt.Sprintf("%s-%d", name, i)
		m := &wire.Message{
			ID: uuid.New(), Durable: true, Timestamp: time.Now().UnixMilli(), ExpiresAt: wire.Never, Timeout: wire.NoTimeout,
			Mimetype: "text/plain", Charset: "UTF-8", Payload: []byte(text + strings.Repeat(".", r.IntN(2000))),
		}
		h.mu.Lock()
		h.offered[text] = false
		h.mu.Unlock()
		answer, err := c.Offer(ctx, "q", "", time.Second, m)
		if err != nil {
			return
		}
		if answer.Status == wire.OK {
			h.mu.Lock()
			h.offered[text] = true
			h.mu.Unlock()
			select {
			case h.acked <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (h *history) consume(ctx context.Context, c *broker.Client) {
	for {
		answer, err := c.Poll(ctx, "q", 100*time.Millisecond)
		h.mu.Lock()
		if err != nil {
			h.lost++
			h.mu.Unlock()
			return
		}
		if answer.Status == wire.OK {
			h.received[strings.TrimRight(string(answer.Payload), ".")]++
		}
		h.mu.Unlock()
	}
}

// A server that is killed in the middle of offers and polls loses nothing that it has answered, delivers nothing twice, and
// starts again (T1: D1, P1, R1).
func TestKill(t *testing.T) {
	seed := *killsSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-kills-seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	binary, dir, ports := gondola(t), scratch(t), freePorts()
	script := ports(`(do (io/mkdirs (io/file "log"))
		(def server (ipc/server 33333 :write-ahead-log-dir (io/file "log") :write-ahead-log-compact true))
		(ipc/create-queue server :q 10000 :bounded true)
		(println "ready"))`)
	if err := os.WriteFile(filepath.Join(dir, "server.venice"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	addr, err := broker.ParseAddress(ports("af-inet://localhost:33333"))
	if err != nil {
		t.Fatal(err)
	}
	const producers, consumers = 6, 2
	h := &history{offered: map[string]bool{}, received: map[string]int{}, acked: make(chan struct{})}
	for cycle := range *kills {
		server := start(t, binary, dir, "serve", "server.venice")
		server.expect(t, "ready")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var clients []*broker.Client
		var wg sync.WaitGroup
		for i := range producers + consumers {
			c, err := broker.Dial(ctx, addr, broker.ClientOptions{})
			if err != nil {
				t.Fatal(err)
			}
			clients = append(clients, c)
			sizes := rand.New(rand.NewPCG(seed, uint64(cycle*100+i)))
			wg.Go(func() {
				if i < producers {
					h.produce(ctx, c, sizes, fmt.Sprintf("%d-%d", cycle, i))
				} else {
					h.consume(ctx, c)
				}
			})
		}
		for range 50 + r.IntN(400) {
			select {
			case <-h.acked:
			case <-ctx.Done():
				t.Fatal("no offer is answered any more")
			}
		}
		server.signal(t, syscall.SIGKILL)
		server.wait(t)
		go func() { // whoever still reports
			for {
				select {
				case <-h.acked:
				case <-ctx.Done():
					return
				}
			}
		}()
		wg.Wait()
		cancel()
		for _, c := range clients {
			c.Close()
		}
	}
	server := start(t, binary, dir, "serve", "server.venice")
	server.expect(t, "ready")
	h.drain(t, addr)
	h.check(t, consumers**kills)
	server.signal(t, syscall.SIGTERM)
	server.wait(t)
}

func (h *history) drain(t *testing.T, addr broker.Address) {
	c, err := broker.Dial(t.Context(), addr, broker.ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for {
		answer, err := c.Poll(t.Context(), "q", 0)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status == wire.QueueEmpty {
			return
		}
		if answer.Status != wire.OK {
			t.Fatalf("poll: %v %s", answer.Status, answer.Payload)
		}
		h.received[strings.TrimRight(string(answer.Payload), ".")]++
	}
}

func (h *history) check(t *testing.T, mayBeLost int) {
	answered, missing := 0, 0
	for text, ok := range h.offered {
		if !ok {
			continue
		}
		answered++
		if h.received[text] == 0 {
			missing++
		}
	}
	for text, n := range h.received {
		if _, ok := h.offered[text]; !ok {
			t.Errorf("%q was delivered and never offered", text)
		}
		if n > 1 {
			t.Errorf("%q was delivered %d times", text, n)
		}
	}
	t.Logf("%d offers answered, %d messages received, %d missing, %d polls without an answer", answered, len(h.received), missing, h.lost)
	if missing > h.lost || h.lost > mayBeLost {
		t.Errorf("%d answered messages are gone, %d polls had no answer (at most %d can)", missing, h.lost, mayBeLost)
	}
	if answered < 50 {
		t.Errorf("only %d offers were answered", answered)
	}
}
