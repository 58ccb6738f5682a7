// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/wire"
	"gondola/security"
)

// T31: 1,000 sockets claim the largest frame and stop. No memory is spent on claims, and all are closed in time (O11).
func TestClaimedLengths(t *testing.T) {
	const sockets, growth = 1000, 64 << 20
	claim := newRequest(wire.Test, "")
	claim.Payload = make([]byte, wire.DefaultMaxMessage/2)
	frame := must[[]byte](t)(wire.AppendFrame(nil, claim, false, nil))[:300]
	inMemory(t, ServerOptions{MaxConnections: 4 * sockets}, func(t *testing.T, s *Server, p *pipes) {
		before := heapInUse()
		for range sockets {
			nc := must[net.Conn](t)(p.Dial(t.Context(), "", ""))
			defer nc.Close()
			if _, err := nc.Write(frame); err != nil { // returns when the server has read it
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := s.Stats().Connections; n != sockets {
			t.Fatalf("%d connections", n)
		}
		if after := heapInUse(); after > before+growth {
			t.Errorf("the heap has grown by %d bytes", after-before)
		}
		time.Sleep(arrivalLimit)
		synctest.Wait()
		if n := s.Stats().Connections; n != 0 {
			t.Errorf("%d connections are still open", n)
		}
	})
}

// heapInUse is what is reachable, in bytes.
func heapInUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// T34: clients come, work and go, one after the other on a few goroutines. None is refused below the limit; what they leave
// behind is looked for at the end of the package (TestMain).
func TestConnectionChurn(t *testing.T) {
	const goroutines, rounds = 4, 250
	s := startServer(t, ServerOptions{})
	createFunction(t, s, "echo", echo)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range rounds {
				if err := useAndClose(t.Context(), s, fmt.Sprint(g, " ", i)); err != nil {
					t.Errorf("goroutine %d, round %d: %v", g, i, err)
					return
				}
			}
		})
	}
	all.Wait()
	eventually(t, "the server has no connection left", func() bool { return s.Stats().Connections == 0 })
	if n := s.Stats().Accepted; n != goroutines*rounds {
		t.Errorf("%d connections were accepted", n)
	}
}

func useAndClose(ctx context.Context, s *Server, text string) error {
	c, err := Dial(ctx, s.Address(), ClientOptions{})
	if err != nil {
		return err
	}
	defer c.Close()
	answer, err := c.Send(ctx, "echo", textMessage("", "s", text))
	if err == nil && string(answer.Payload) != text {
		err = fmt.Errorf("%s %q for %q", answer.Status, answer.Payload, text)
	}
	return err
}

// T35: one of ten subscribers never reads. The other nine get everything in order; what the one does not take is counted.
func TestOneSubscriberNeverReads(t *testing.T) {
	const readers, messages, window, size = 9, 3000, 20, 10_000
	s := startServer(t, ServerOptions{})
	createTopic(t, s, "t")
	stuck := dialRaw(t, s)
	stuck.write(newRequest(wire.Subscribe, "t"))
	stuck.read()
	arrived := make(chan int, readers*window)
	for range readers {
		next := 0
		subscribe(t, dial(t, s, ClientOptions{}), "t", func(m *wire.Message) {
			if m.RequestID != fmt.Sprint(next) {
				t.Errorf("message %s, want %d", m.RequestID, next)
			}
			next++
			arrived <- next
		})
	}
	publisher := dial(t, s, ClientOptions{})
	payload := string(make([]byte, size))
	for i := range messages {
		m := textMessage(fmt.Sprint(i), "s", payload)
		expect(t, must[*wire.Message](t)(publisher.Publish(t.Context(), "t", m)), wire.OK, "Message has been enqued to publish.")
		if (i+1)%window == 0 { // the readers keep up: fewer than the 50 pushes of B9 wait for any of them
			for range readers * window {
				await(t, arrived)
			}
		}
	}
	if s.Stats().PublishDiscarded == 0 {
		t.Error("the one that never reads has lost nothing: it proves nothing")
	}
}

// B9: publishers wait for a subscriber that takes nothing once, not at each message.
func TestPublishersWaitOnce(t *testing.T) {
	const discarded = 100
	inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
		createTopic(t, s, "t")
		nc := must[net.Conn](t)(p.Dial(t.Context(), "", ""))
		defer nc.Close()
		stuck := &raw{t: t, nc: nc, r: wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage))}
		stuck.write(newRequest(wire.Subscribe, "t"))
		expect(t, stuck.read(), wire.OK, "Subscribed to the topic.")
		publisher := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial}))
		defer publisher.Close()
		begun := time.Now()
		for range maxPushes + discarded {
			expect(t, must[*wire.Message](t)(publisher.Publish(t.Context(), "t", textMessage("", "s", "x"))), wire.OK, "Message has been enqued to publish.")
		}
		if d := time.Since(begun); d != pushPatience {
			t.Errorf("the publisher has waited %v, want %v", d, pushPatience)
		}
		if n := s.Stats().PublishDiscarded; n != discarded {
			t.Errorf("%d pushes are discarded, want %d", n, discarded)
		}
	})
}

// await takes from a channel and fails the test if nothing comes.
func await[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(testPatience):
		t.Fatal("nothing has come")
	}
	return v
}

// T37: the peer takes half of an answer and is silent from then on. The connection is closed (O10) and its temporary queues
// go with it.
func TestHalfWrittenAnswer(t *testing.T) {
	inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, p *pipes) {
		createFunction(t, s, "echo", echo)
		nc := must[net.Conn](t)(p.Dial(t.Context(), "", ""))
		defer nc.Close()
		peer := &raw{t: t, nc: nc, r: wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage))}
		queue := newRequest(wire.CreateTempQueue, "")
		queue.Mimetype, queue.Charset, queue.Payload = mimeJSON, utf8Name, []byte(`{"capacity":3}`)
		peer.write(queue)
		if answer := peer.read(); answer.Status != wire.OK || s.Stats().TempQueues != 1 {
			t.Fatalf("%s %q", answer.Status, answer.Payload)
		}
		call := newRequest(wire.Request, "echo")
		call.Payload = make([]byte, 1000)
		peer.write(call)
		if _, err := nc.Read(make([]byte, 500)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(writeLimit + 2*armSlack)
		synctest.Wait()
		if st := s.Stats(); st.Connections != 0 || st.TempQueues != 0 {
			t.Errorf("%d connections, %d temporary queues", st.Connections, st.TempQueues)
		}
	})
}

// T38: four connections guess a password for a minute. They get thirty answers at once and the rest late, one a second each
// (S10, decisions.md W10); another user's login does not wait, nor does the right password of the one they guess.
func TestLoginGuessing(t *testing.T) {
	const guessers = 4
	u := security.NewUsers(security.StockForm)
	for _, name := range []string{"tom", "ann"} {
		if err := u.AddUser(name, "pw-"+name, false); err != nil {
			t.Fatal(err)
		}
	}
	inMemory(t, ServerOptions{Encrypt: true, Authenticator: u}, func(t *testing.T, s *Server, p *pipes) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		var all sync.WaitGroup
		for range guessers {
			all.Go(func() {
				for ctx.Err() == nil {
					if _, err := Dial(ctx, s.Address(), ClientOptions{Dial: p.Dial, User: "tom", Password: "guess"}); err == nil {
						t.Error("a guess logs in")
					}
				}
			})
		}
		time.Sleep(30 * time.Second)
		for _, name := range []string{"ann", "tom"} {
			begun := time.Now()
			c, err := Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial, User: name, Password: "pw-" + name})
			if err != nil {
				t.Fatal(name, err)
			}
			c.Close()
			if d := time.Since(begun); d >= time.Second {
				t.Errorf("the login of %s took %v", name, d)
			}
		}
		all.Wait()
		if n := s.Stats().FailedLogins; n < failuresAtOnce || n > failuresAtOnce+guessers*60 {
			t.Errorf("%d guesses in a minute", n)
		}
	})
}

const failuresAtOnce = 30 // a minute
