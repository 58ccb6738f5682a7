// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// reject offers messages and has them moved to the dead letters.
func reject(t *testing.T, s *Server, p *pipes, texts ...string) {
	t.Helper()
	c := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial, Ack: ClientAck}))
	defer c.Close()
	for _, text := range texts {
		offerTexts(t, c, "q", text)
		settler(c, outcomeReject)(t, pollText(t, c, "q", text))
	}
}

// Durable dead letters survive a restart; they have limits of number and age, and the oldest go first (reliability.md 6).
func TestDurableDeadLetters(t *testing.T) {
	dir := t.TempDir()
	opts := func() ServerOptions {
		return ServerOptions{Log: &LogOptions{Dir: dir, Sync: -1}, DeadLetterDurable: true, DeadLetterQueue: minDeadLetters}
	}
	var texts []string
	for i := range minDeadLetters + 3 {
		texts = append(texts, fmt.Sprint(i))
	}
	inMemory(t, opts(), func(t *testing.T, s *Server, p *pipes) {
		createQueue(t, s, "q", 5)
		reject(t, s, p, texts...)
		if st := s.Stats(); st.DeadLetters != int64(len(texts)) || st.DeadLettersDropped != 3 || st.DurableQueues != 1 {
			t.Errorf("%+v", st)
		}
	})
	inMemory(t, opts(), func(t *testing.T, s *Server, p *pipes) {
		c := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial}))
		defer c.Close()
		for _, text := range texts[3:] {
			m := pollText(t, c, DeadLetters, text)
			if m.Destination != "q" || m.RequestID != "id-"+text || m.ExpiresAt < 0 {
				t.Errorf("dead letter %+v", m)
			}
		}
		pollNothing(t, c, DeadLetters)
		createQueue(t, s, "q", 5)
		reject(t, s, p, "old")
		time.Sleep(defaultDeadLetterAge / 2)
		reject(t, s, p, "new")
		time.Sleep(defaultDeadLetterAge/2 + time.Second)
		pollText(t, c, DeadLetters, "new")
		pollNothing(t, c, DeadLetters)
	})
}

// With the option, expired messages are dead letters; dead letters that expire are gone.
func TestExpiredMessagesAreDeadLetters(t *testing.T) {
	dir := t.TempDir()
	opts := func(expired bool, age time.Duration) ServerOptions {
		return ServerOptions{Log: &LogOptions{Dir: dir, Sync: -1}, DeadLetterExpired: expired, DeadLetterMaxAge: age}
	}
	mortal := func(text string, durable bool) *wire.Message {
		m := textMessage("id-"+text, "s", text)
		m.Durable, m.ExpiresAt = durable, time.Now().Add(time.Second).UnixMilli()
		return m
	}
	offerMortal := func(t *testing.T, s *Server, p *pipes) *Client {
		c := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial}))
		for _, spec := range []engine.QueueSpec{
			{Name: "bounded", Capacity: 5}, {Name: "circular", Capacity: 5, Kind: engine.Circular}, {Name: "durable", Capacity: 5, Durable: true},
		} {
			if err := s.CreateQueue(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
			must[*wire.Message](t)(c.Offer(t.Context(), spec.Name, "", 0, mortal(spec.Name, spec.Durable)))
		}
		return c
	}
	lookAt := func(t *testing.T, s *Server) {
		for _, name := range []string{"bounded", "circular", "durable"} {
			if n := queueSize(t, s, name); n != 0 {
				t.Errorf("%d messages in %s", n, name)
			}
			synctest.Wait() // the engine tells
		}
	}
	for _, expired := range []bool{false, true} {
		inMemory(t, opts(expired, 0), func(t *testing.T, s *Server, p *pipes) {
			c := offerMortal(t, s, p)
			defer c.Close()
			time.Sleep(2 * time.Second)
			lookAt(t, s)
			dead := mortal("arrives dead", false)
			dead.ExpiresAt = time.Now().UnixMilli() - 1
			must[*wire.Message](t)(c.Offer(t.Context(), "bounded", "", 0, dead))
			synctest.Wait()
			if expired {
				for _, text := range []string{"bounded", "circular", "durable", "arrives dead"} {
					pollText(t, c, DeadLetters, text)
				}
			}
			pollNothing(t, c, DeadLetters)
		})
	}
	inMemory(t, opts(true, time.Minute), func(t *testing.T, s *Server, p *pipes) {
		c := offerMortal(t, s, p)
		defer c.Close()
		time.Sleep(2 * time.Second)
		lookAt(t, s)
		time.Sleep(2 * time.Minute)
		pollNothing(t, c, DeadLetters)
		if n := s.Stats().DeadLetters; n != 3 {
			t.Errorf("%d dead letters", n)
		}
	})
}

// Clients write dead letters only with the option; then the oldest make room too.
func TestWritableDeadLetters(t *testing.T) {
	for _, durable := range []bool{false, true} {
		log := &LogOptions{Dir: t.TempDir()}
		s := startServer(t, ServerOptions{Log: log, DeadLetterDurable: durable, DeadLetterWritable: true, DeadLetterQueue: minDeadLetters})
		c := dial(t, s, ClientOptions{})
		for i := range minDeadLetters + 2 {
			offerTexts(t, c, deadLettersAlias, fmt.Sprint(i))
		}
		if n := s.Stats().DeadLettersDropped; n != 2 {
			t.Errorf("durable %v: %d dropped", durable, n)
		}
		for i := range minDeadLetters {
			pollText(t, c, DeadLetters, fmt.Sprint(i+2))
		}
		pollNothing(t, c, DeadLetters)
	}
	closed := dial(t, startServer(t, ServerOptions{}), ClientOptions{})
	expect(t, must[*wire.Message](t)(closed.Offer(t.Context(), DeadLetters, "", 0, textMessage("", "s", "x"))), wire.NoPermission,
		"Not authenticated for queue offer!")
}
