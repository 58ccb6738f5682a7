// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

const kib = 1 << 10

func sized(kind wire.Type, to string, n int) *wire.Message {
	m := newRequest(kind, to)
	m.Timeout, m.Payload = wire.NoTimeout, make([]byte, n)
	return m
}

// O7: offers beyond the budget are refused, in whatever queue, and accepted again when there is room. What goes out of a
// queue in whatever way is not counted any more.
func TestBudgetOfQueues(t *testing.T) {
	const max, each = 256 * kib, 60 * kib // not large: its offer is read
	s := startServer(t, ServerOptions{MaxMessageSize: max, MemoryBudget: 4 * max, DeadLetterQueue: 1000})
	createQueue(t, s, "a", 100)
	if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: "b", Capacity: 100, Kind: engine.Circular}); err != nil {
		t.Fatal(err)
	}
	p := dialRaw(t, s)
	offer := func(queue string) bool {
		t.Helper()
		p.write(sized(wire.Offer, queue, each))
		switch m := p.read(); m.Status {
		case wire.OK:
			return true
		case wire.QueueFull:
			expect(t, m, wire.QueueFull, fmt.Sprintf("Offer to %s rejected! The queue is full.", queue))
		default:
			t.Fatalf("%s %s", m.Status, m.Payload)
		}
		return false
	}
	fill := func() (n int) {
		for offer([]string{"a", "b"}[n%2]) {
			n++
		}
		return n
	}
	n := fill()
	if n != 17 {
		t.Errorf("%d messages fit", n)
	}
	if st := s.Stats(); st.RefusedMemory != 1 || st.MemoryUsed < int64(n*each) || st.MemoryUsed > 4*max {
		t.Errorf("%d refused, %d used", st.RefusedMemory, st.MemoryUsed)
	}
	p.write(rawPoll("a", -1))
	if m := p.read(); len(m.Payload) != each {
		t.Fatalf("%s %s", m.Status, m.Payload)
	}
	if !offer("b") || offer("b") {
		t.Error("a poll makes room for one")
	}
	for _, name := range []string{"a", "b"} {
		if err := s.RemoveQueue(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "nothing is counted", func() bool { return s.Stats().MemoryUsed == 0 })
	createQueue(t, s, "a", 100)
	createQueue(t, s, "b", 100)
	if again := fill(); again != n {
		t.Errorf("%d messages fit, %d before", again, n)
	}
	lost := sized(wire.Offer, "a", each)
	lost.Oneway = true
	p.write(lost) // the dead letters have no room either
	p.quiet()
	if st := s.Stats(); st.DeadLettersDropped != 1 || st.MemoryUsed > 4*max {
		t.Errorf("%d dropped, %d used", st.DeadLettersDropped, st.MemoryUsed)
	}
}

// O17: the temporary queues of a connection hold 64 MiB together; another connection's hold their own.
func TestBudgetOfTemporaryQueues(t *testing.T) {
	const each = 8 << 20
	s := startServer(t, ServerOptions{})
	one, two := &stockClient{raw: dialRaw(t, s)}, &stockClient{raw: dialRaw(t, s)}
	names := []string{tempQueue(one), tempQueue(one)}
	offer := func(queue string) wire.Status {
		two.write(sized(wire.Offer, queue, each))
		return two.read().Status
	}
	for i := range maxTempBytes/each - 1 {
		if st := offer(names[i%2]); st != wire.OK {
			t.Fatalf("offer %d: %s", i, st)
		}
	}
	for _, name := range names {
		if st := offer(name); st != wire.QueueFull {
			t.Errorf("beyond the limit: %s", st)
		}
	}
	if st := offer(tempQueue(two)); st != wire.OK {
		t.Errorf("another connection's queue: %s", st)
	}
	one.write(rawPoll(names[0], -1))
	one.read()
	if st := offer(names[1]); st != wire.OK {
		t.Errorf("with room again: %s", st)
	}
	one.nc.Close()
	two.nc.Close()
	eventually(t, "the queues have gone, and their bytes", func() bool { return s.Stats().MemoryUsed == 0 })
}

// O7: a large request waits for room before its body is read: it is served when there is some, and closed after 5 seconds
// without. Small requests do not wait.
func TestBudgetOfRequests(t *testing.T) {
	const max = 256 * kib
	inMemory(t, ServerOptions{MaxMessageSize: max, MemoryBudget: 2 * max}, func(t *testing.T, s *Server, p *pipes) {
		createQueue(t, s, "q", 100)
		createFunction(t, s, "f", sink)
		peer := rawOver(t, p)
		for s.Stats().MemoryUsed+100*kib <= 2*max {
			peer.write(sized(wire.Offer, "q", 60*kib))
			expect(t, peer.read(), wire.OK, "Offered the message to the queue q")
		}
		call := sized(wire.Request, "f", 100*kib)
		frame := must[[]byte](t)(wire.AppendFrame(nil, call, false, nil))

		waits := rawOver(t, p)
		go waits.nc.Write(frame)
		time.Sleep(3 * time.Second)
		peer.write(sized(wire.Request, "f", 60*kib))
		expect(t, peer.read(), wire.OK, "")
		peer.write(rawPoll("q", -1))
		if m := peer.read(); m.Status != wire.OK {
			t.Fatalf("%s %s", m.Status, m.Payload)
		}
		expect(t, waits.read(), wire.OK, "")

		peer.write(sized(wire.Offer, "q", 60*kib))
		expect(t, peer.read(), wire.OK, "Offered the message to the queue q")
		nc := must[net.Conn](t)(p.Dial(t.Context(), "", ""))
		defer nc.Close()
		go nc.Write(frame)
		endsAfter(t, nc, memoryPatience)
		peer.write(sized(wire.Request, "f", 60*kib))
		expect(t, peer.read(), wire.OK, "")
		if st := s.Stats(); st.RefusedMemory != 1 || st.Connections != 2 {
			t.Errorf("%d refused, %d connections", st.RefusedMemory, st.Connections)
		}
		used := s.Stats().MemoryUsed
		for used > 0 {
			peer.write(rawPoll("q", -1))
			if m := peer.read(); m.Status != wire.OK {
				break
			}
			used = s.Stats().MemoryUsed
		}
		synctest.Wait()
		if used != 0 {
			t.Errorf("%d bytes are counted at the end", used)
		}
	})
}

// T36: dead subscribers and large messages. The budget is kept, the other subscriber gets everything, and what the dead ones
// do not take is counted.
func TestDeadSubscribersKeepTheBudget(t *testing.T) {
	const subscribers, max, messages = 20, 1 << 20, 60
	s := startServer(t, ServerOptions{MaxConnections: subscribers + 2, MaxMessageSize: max, MemoryBudget: 16 * max})
	createTopic(t, s, "t")
	for range subscribers {
		p := dialRaw(t, s)
		if err := p.nc.(*net.TCPConn).SetReadBuffer(64 * kib); err != nil {
			t.Fatal(err)
		}
		p.write(newRequest(wire.Subscribe, "t"))
		expect(t, p.read(), wire.OK, "Subscribed to the topic.")
	}
	arrived := make(chan int, messages)
	subscribe(t, dial(t, s, ClientOptions{}), "t", func(m *wire.Message) { arrived <- len(m.Payload) })
	publisher := dial(t, s, ClientOptions{})
	for range messages {
		m := textMessage("", "s", "")
		m.Payload = make([]byte, max/2)
		expect(t, must[*wire.Message](t)(publisher.Publish(t.Context(), "t", m)), wire.OK, "Message has been enqued to publish.")
		if n := await(t, arrived); n != len(m.Payload) {
			t.Fatalf("%d bytes have arrived", n)
		}
		if used := s.Stats().MemoryUsed; used > 16*max {
			t.Fatalf("%d bytes of %d", used, 16*max)
		}
	}
	st := s.Stats()
	if st.PublishDiscarded == 0 || st.DeadLettersDropped == 0 || st.Connections != subscribers+2 {
		t.Errorf("%d discarded, %d dead letters dropped, %d connections", st.PublishDiscarded, st.DeadLettersDropped, st.Connections)
	}
}
