// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/engine"
	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
	"gondola/security"
)

// configure negotiates as a peer of ours does, and returns the answer.
func (p *raw) configure(mode AckMode, features string) *wire.Message {
	p.t.Helper()
	m := newRequest(wire.ClientConfig, "")
	m.Mimetype, m.Payload = mimeJSON, fmt.Appendf(nil, `{"ackMode":"%s","features":[%s]}`, mode, features)
	p.write(m)
	return p.read()
}

// rawAck is a call of the reserved function.
func rawAck(queue, outcome string, ids ...string) *wire.Message {
	m := newRequest(wire.Request, ackFunction)
	m.Mimetype = mimeJSON
	m.Payload = fmt.Appendf(nil, `{"queue":"%s","ids":[%s],"outcome":"%s"}`, queue, strings.Join(ids, ","), outcome)
	return m
}

// quoted are the ids of messages as JSON strings.
func quoted(ms ...*wire.Message) (ids []string) {
	for _, m := range ms {
		ids = append(ids, `"`+m.ID.String()+`"`)
	}
	return ids
}

func offerTexts(t testing.TB, c *Client, queue string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		m := textMessage("id-"+text, "s", text)
		m.Durable = true
		expect(t, must[*wire.Message](t)(c.Offer(t.Context(), queue, "", 0, m)), wire.OK, "Offered the message to the queue "+queue)
	}
}

// pollText takes a message without waiting.
func pollText(t testing.TB, c *Client, queue, want string) *wire.Message {
	t.Helper()
	m := must[*wire.Message](t)(c.Poll(t.Context(), queue, 0))
	expect(t, m, wire.OK, want)
	return m
}

// pollNothing checks that nothing is to be had.
func pollNothing(t testing.TB, c *Client, queue string) {
	t.Helper()
	if m := must[*wire.Message](t)(c.Poll(t.Context(), queue, 0)); m.Status != wire.QueueEmpty {
		t.Fatalf("poll of %s: %s %q, want nothing", queue, m.Status, m.Payload)
	}
}

type settling func(t testing.TB, ms ...*wire.Message)

// settler makes checks of Ack, Nack or Reject: each message is known.
func settler(c *Client, outcome string) settling {
	return func(t testing.TB, ms ...*wire.Message) {
		t.Helper()
		if unknown, err := c.settle(t.Context(), outcome, ms); err != nil || len(unknown) > 0 {
			t.Fatalf("%s: unknown %v, %v", outcome, unknown, err)
		}
	}
}

func queueSize(t testing.TB, s *Server, name string) int {
	t.Helper()
	status, exists := s.QueueStatus(name)
	if !exists {
		t.Fatalf("no queue %s", name)
	}
	return status.Size
}

// What the server grants, and to whom: a peer that does not announce the feature sees what it always saw (A1, B20).
func TestAckModeIsNegotiated(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 5)
	plain := string(dialRaw(t, s).configure(NoAck, "").Payload)
	if strings.Contains(plain, "ack") {
		t.Errorf("answer to a stock peer: %s", plain)
	}
	for _, mode := range []AckMode{NoAck, AutoAck, ClientAck} {
		p := dialRaw(t, s)
		if got := string(p.configure(mode, "").Payload); got != plain {
			t.Errorf("%s without the feature: %s, want %s", mode, got, plain)
		}
		p.write(rawOffer("q", "x"), rawPoll("q", -1))
		p.read()
		expect(t, p.read(), wire.OK, "x")
		if n := s.Stats().Unacknowledged; n != 0 {
			t.Errorf("%s without the feature: %d deliveries wait", mode, n)
		}
		granted := string(p.configure(mode, `"ack","other"`).Payload)
		for _, want := range []string{`"features":["ack"]`, `"ack-mode":"` + mode.String() + `"`} {
			if !strings.Contains(granted, want) {
				t.Errorf("%s: answer %s", mode, granted)
			}
		}
		if c := dial(t, s, ClientOptions{Ack: mode}); c.AckMode() != mode {
			t.Errorf("client asked for %s and has %s", mode, c.AckMode())
		}
	}
	p := dialRaw(t, s)
	m := newRequest(wire.ClientConfig, "")
	m.Mimetype, m.Payload = mimeJSON, []byte(`{"ackMode":"SOME_ACKNOWLEDGE","features":["ack"]}`)
	p.write(m)
	if a := p.read(); a.Status != wire.HandlerError {
		t.Errorf("unknown mode: %s", a.Status)
	}
}

// noAcks is an engine that has no leases.
type noAcks struct{ engine.Engine }

func (e noAcks) Features() engine.Features {
	f := e.Engine.Features()
	f.Ack = false
	return f
}

// A client that wants acknowledgements does not open against a server that grants none, unless it only prefers them.
func TestClientInsistsOnItsAckMode(t *testing.T) {
	s := startServer(t, ServerOptions{Engine: noAcks{embedded.New()}})
	createQueue(t, s, "q", 5)
	_, err := Dial(t.Context(), way(t, s), ClientOptions{Ack: AutoAck})
	var open *OpenError
	if !errors.As(err, &open) || open.Cause.Error() != "The server does not grant the acknowledge mode AUTO_ACKNOWLEDGE!" {
		t.Errorf("%v", err)
	}
	c := dial(t, s, ClientOptions{Ack: ClientAck, AckPreferred: true})
	if c.AckMode() != NoAck {
		t.Errorf("mode %s", c.AckMode())
	}
	offerTexts(t, c, "q", "a")
	m := pollText(t, c, "q", "a")
	if unknown, err := c.Nack(t.Context(), m); err != nil || !slices.Equal(unknown, []string{m.ID.String()}) {
		t.Errorf("nack: unknown %v, %v", unknown, err)
	}
	pollNothing(t, c, "q")

	plain := dial(t, s, ClientOptions{})
	if _, err := plain.Ack(t.Context(), m); err != error(errNoAckMode) {
		t.Errorf("ack of a client without the mode: %v", err)
	}
	var argument *ArgumentError
	for _, bad := range []*wire.Message{textMessage("", "s", "own"), must[*wire.Message](t)(c.Poll(t.Context(), "q", 0))} {
		if _, err := c.Ack(t.Context(), bad); !errors.As(err, &argument) {
			t.Errorf("ack of what was not polled: %v", err)
		}
	}
}

// A1: any peer may call the reserved function, whatever the access lists say; its name is taken.
func TestA1AckFunction(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 5)
	if err := s.CreateFunction("ipc.ack", echo); err == nil || err.Error() != "The function name 'ipc.ack' is a preserved name!" {
		t.Errorf("creation: %v", err)
	}
	stock := dialRaw(t, s)
	stock.write(rawAck("q", "ack", `"no id"`))
	expect(t, stock.read(), wire.OK, `{"unknown":["no id"]}`)

	p := dialRaw(t, s)
	p.configure(ClientAck, `"ack"`)
	p.write(rawOffer("q", "a"), rawOffer("q", "b"), rawPoll("q", -1), rawPoll("q", -1))
	p.read()
	p.read()
	a, b := p.read(), p.read()
	expect(t, a, wire.OK, "a")
	p.write(rawAck("q", "ack", quoted(a, b)...))
	answer := p.read()
	expect(t, answer, wire.OK, `{"unknown":[]}`)
	if answer.Mimetype != mimeJSON {
		t.Errorf("mimetype %s", answer.Mimetype)
	}
	if st := s.Stats(); st.Acknowledged != 2 || st.Unacknowledged != 0 {
		t.Errorf("%+v", st)
	}
	oneway := rawAck("q", "ack", quoted(a)...)
	oneway.Oneway = true
	p.write(oneway)
	p.quiet()
	for _, c := range []struct{ payload, text string }{
		{"", "The payload is not the expected JSON"},
		{`{"ids":[],"outcome":"ack"}`, "The queue is missing"},
		{`{"queue":"q","ids":[],"outcome":"Ack"}`, "The outcome must be ack, nack or reject"},
		{`{"queue":"q","ids":[1],"outcome":"ack"}`, "The payload is not the expected JSON"},
		{strings.Repeat("[", 100), "The payload is not the expected JSON"},
	} {
		m := newRequest(wire.Request, ackFunction)
		m.Payload = []byte(c.payload)
		p.write(m)
		expect(t, p.read(), wire.BadRequest, "Request REQUEST ipc.ack: "+c.text)
	}
}

// A2: the ACK record is written when the delivery completes; until then a restart delivers again.
func TestA2AckRecord(t *testing.T) {
	for _, mode := range []AckMode{AutoAck, ClientAck} {
		t.Run(mode.String(), func(t *testing.T) {
			log := &LogOptions{Dir: t.TempDir()}
			s := startServer(t, ServerOptions{Log: log})
			if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: "q", Capacity: 10, Durable: true}); err != nil {
				t.Fatal(err)
			}
			c := dial(t, s, ClientOptions{Ack: mode})
			offerTexts(t, dial(t, s, ClientOptions{}), "q", "a", "b")
			a := pollText(t, c, "q", "a")
			if mode == ClientAck {
				settler(c, outcomeAck)(t, a)
			}
			pollText(t, c, "q", "b") // completes a; b stays open
			if n := s.Stats().Unacknowledged; n != 1 {
				t.Errorf("%d deliveries wait", n)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = startServer(t, ServerOptions{Log: log})
			c = dial(t, s, ClientOptions{})
			pollText(t, c, "q", "b")
			pollNothing(t, c, "q")
		})
	}
}

// A3: what is not acknowledged returns to the head: on nack, on loss of the connection, at the deadline.
func TestA3Redelivery(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 10)
	other := dial(t, s, ClientOptions{})
	offerTexts(t, other, "q", "a", "b", "c", "d")
	for _, mode := range []AckMode{ClientAck, AutoAck} {
		c := dial(t, s, ClientOptions{Ack: mode})
		a := pollText(t, c, "q", "a")
		if mode == ClientAck {
			b := pollText(t, c, "q", "b")
			settler(c, outcomeNack)(t, b, a) // in the order of delivery, however they are named
		} else {
			settler(c, outcomeNack)(t, a)
		}
		pollText(t, c, "q", "a")
		if mode == ClientAck {
			pollText(t, c, "q", "b")
		}
		c.Close()
		eventually(t, "the deliveries are back", func() bool { return queueSize(t, s, "q") == 4 })
	}
	for _, want := range []string{"a", "b", "c", "d"} {
		pollText(t, other, "q", want)
	}
	if st := s.Stats(); st.Redelivered != 6 || st.Unacknowledged != 0 {
		t.Errorf("%+v", st)
	}
}

// A3 in synthetic time: exactly at the deadline, in order, while the connection goes on.
func TestA3Deadline(t *testing.T) {
	for _, deadline := range []time.Duration{0, time.Second, time.Hour} {
		inMemory(t, ServerOptions{AckDeadline: deadline}, func(t *testing.T, s *Server, p *pipes) {
			want := deadline
			if want == 0 {
				want = 30 * time.Second
			}
			createQueue(t, s, "q", 10)
			c := must[*Client](t)(Dial(t.Context(), s.Address(), ClientOptions{Dial: p.Dial, Ack: ClientAck}))
			defer c.Close()
			offerTexts(t, c, "q", "a", "b", "c")
			a, b := pollText(t, c, "q", "a"), pollText(t, c, "q", "b")
			time.Sleep(want / 2)
			pollText(t, c, "q", "c")
			settler(c, outcomeAck)(t, b)
			time.Sleep(want/2 - time.Nanosecond)
			synctest.Wait()
			if n := queueSize(t, s, "q"); n != 0 {
				t.Errorf("%d messages in the queue before the deadline", n)
			}
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			if n := queueSize(t, s, "q"); n != 1 {
				t.Errorf("%d messages in the queue at the deadline", n)
			}
			if unknown, err := c.Ack(t.Context(), a); err != nil || len(unknown) != 1 { // A6: too late
				t.Errorf("late ack: unknown %v, %v", unknown, err)
			}
			time.Sleep(want / 2)
			synctest.Wait()
			pollText(t, c, "q", "c")
			pollText(t, c, "q", "a")
			pollNothing(t, c, "q")
		})
	}
}

// A4: a message that has been delivered often enough, or is rejected, goes to the dead letters.
func TestA4DeadLetters(t *testing.T) {
	const most = 3
	s := startServer(t, ServerOptions{MaxDeliveries: most})
	createQueue(t, s, "q", 10)
	c, plain := dial(t, s, ClientOptions{Ack: ClientAck}), dial(t, s, ClientOptions{})
	offerTexts(t, plain, "q", "a", "b")
	for range most {
		settler(c, outcomeNack)(t, pollText(t, c, "q", "a"))
	}
	settler(c, outcomeReject)(t, pollText(t, c, "q", "b"))
	pollNothing(t, c, "q")
	if st := s.Stats(); st.Rejected != 2 || st.DeadLetters != 2 || st.Redelivered != most-1 {
		t.Errorf("%+v", st)
	}

	// Dead letters themselves can be given back any number of times; a rejected one is gone.
	for range 2 * most {
		a := pollText(t, c, DeadLetters, "a")
		if a.RequestID != "id-a" || a.Destination != "q" {
			t.Fatalf("dead letter %+v", a)
		}
		settler(c, outcomeNack)(t, a)
	}
	settler(c, outcomeReject)(t, pollText(t, c, deadLettersAlias, "a"))
	settler(c, outcomeAck)(t, pollText(t, c, DeadLetters, "b"))
	c.Close()
	pollNothing(t, plain, DeadLetters)
}

// A4 counts only what a consumer can have got: a poll that is cut off does not bring a message nearer to the dead letters.
func TestA4CountsDeliveries(t *testing.T) {
	s := startServer(t, ServerOptions{MaxDeliveries: 2, MaxConnections: 50})
	createQueue(t, s, "q", 10)
	c := dial(t, s, ClientOptions{})
	big := textMessage("", "s", "")
	big.Payload = bytesOf('x', 8<<20)
	must[*wire.Message](t)(c.Offer(t.Context(), "q", "", 0, big))
	for i := range 5 {
		p := dialRaw(t, s)
		p.configure(ClientAck, `"ack"`)
		p.write(rawPoll("q", -1))
		eventually(t, "the message is under way", func() bool { return queueSize(t, s, "q") == 0 })
		p.nc.Close()
		eventually(t, "it is back", func() bool { return queueSize(t, s, "q") == 1 })
		if n := s.Stats().PutBack; n != int64(i+1) {
			t.Fatalf("%d put back", n)
		}
	}
	if n := s.Stats().DeadLetters; n != 0 {
		t.Errorf("%d dead letters", n)
	}
}

// A5: the deliveries of a connection that are not acknowledged have a limit.
func TestA5TooManyUnacknowledged(t *testing.T) {
	for _, limit := range []int{0, 2} {
		s := startServer(t, ServerOptions{MaxUnacknowledged: limit})
		if limit == 0 {
			limit = 100
		}
		createQueue(t, s, "q", limit+1)
		c := dial(t, s, ClientOptions{Ack: ClientAck})
		var first *wire.Message
		for i := range limit + 1 {
			offerTexts(t, c, "q", fmt.Sprint(i))
		}
		for i := range limit {
			m := pollText(t, c, "q", fmt.Sprint(i))
			if i == 0 {
				first = m
			}
		}
		expect(t, must[*wire.Message](t)(c.Poll(t.Context(), "q", 0)), wire.BadRequest,
			fmt.Sprintf("Poll from queue q rejected! %d deliveries are not acknowledged; the limit is %d.", limit, limit))
		settler(c, outcomeAck)(t, first)
		pollText(t, c, "q", fmt.Sprint(limit))
	}
	for _, o := range []ServerOptions{{AckDeadline: 999 * time.Millisecond}, {AckDeadline: time.Hour + 1}, {MaxDeliveries: -1},
		{MaxUnacknowledged: 1001}, {MaxUnacknowledged: -1}, {DeadLetterMaxAge: -1}, {DeadLetterDurable: true}} {
		var argument *ArgumentError
		if _, err := NewServer(Port(0), o); !errors.As(err, &argument) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// A6: acknowledging twice, late, for another connection or queue, or with any id is no error.
func TestA6UnknownIDs(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 10)
	createQueue(t, s, "r", 10)
	c, other := dial(t, s, ClientOptions{Ack: ClientAck}), dial(t, s, ClientOptions{Ack: ClientAck})
	offerTexts(t, c, "q", "a", "b")
	a, b := pollText(t, c, "q", "a"), pollText(t, c, "q", "b")
	unknown := func(c *Client, want []string, ms ...*wire.Message) {
		t.Helper()
		if got, err := c.Ack(t.Context(), ms...); err != nil || !slices.Equal(got, want) {
			t.Errorf("unknown %v, %v; want %v", got, err, want)
		}
	}
	idA, idB := a.ID.String(), b.ID.String()
	unknown(other, []string{idA}, a)
	elsewhere := *a
	elsewhere.Destination = "r"
	unknown(c, []string{idA}, &elsewhere)
	unknown(c, []string{idA}, a, a)
	unknown(c, []string{idA}, a, b)
	unknown(c, []string{idA, idB}, a, b)
	unknown(c, nil)
	missing := *a
	missing.Destination = "no such queue"
	unknown(c, []string{idA}, &missing)
	if st := s.Stats(); st.Acknowledged != 2 || st.Unacknowledged != 0 {
		t.Errorf("%+v", st)
	}
	if err := s.RemoveQueue(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}

	// The queue of a delivery may go before it is settled.
	offerTexts(t, c, "q", "c", "d")
	cm, dm := pollText(t, c, "q", "c"), pollText(t, c, "q", "d")
	if err := s.RemoveQueue(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	unknown(c, nil, cm)
	settler(c, outcomeNack)(t, dm)
}

// A7: a message that comes again is the same one: what a consumer needs to recognise it is there.
func TestA7RedeliveredMessagesAreTheSame(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 10)
	c := dial(t, s, ClientOptions{Ack: ClientAck})
	offerTexts(t, c, "q", "a")
	first := pollText(t, c, "q", "a")
	settler(c, outcomeNack)(t, first)
	second := pollText(t, c, "q", "a")
	if first.ID == second.ID {
		t.Error("a delivery needs an id of its own")
	}
	second.ID = first.ID
	if first.RequestID != "id-a" || fmt.Sprint(*first) != fmt.Sprint(*second) {
		t.Errorf("first %+v\nthen  %+v", *first, *second)
	}
}

// AUTO_ACKNOWLEDGE: the next request of the connection completes a delivery, a heartbeat too, but not one that had been read
// before the answer left.
func TestAutoAcknowledge(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 10)
	c := dial(t, s, ClientOptions{})
	open := func() int64 { return s.Stats().Unacknowledged }
	p := dialRaw(t, s)
	p.configure(AutoAck, `"ack"`)
	tooLarge := rawOffer("q", string(make([]byte, wire.DefaultMaxMessage+1)))
	for _, next := range []*wire.Message{newRequest(wire.Heartbeat, ""), newRequest(wire.Test, ""), rawPoll("none", -1), tooLarge} {
		offerTexts(t, c, "q", "a")
		p.write(rawPoll("q", -1))
		expect(t, p.read(), wire.OK, "a")
		if open() != 1 {
			t.Errorf("%d deliveries are open", open())
		}
		p.write(next)
		p.read()
		if open() != 0 {
			t.Errorf("%d deliveries are open after a %s", open(), next.Type)
		}
	}

	// Both polls arrive together, so the second says nothing about the first one's answer.
	offerTexts(t, c, "q", "a", "b", "c")
	p.write(rawPoll("q", -1), rawPoll("q", -1))
	expect(t, p.read(), wire.OK, "a")
	b := p.read()
	if open() != 2 {
		t.Errorf("%d deliveries are open", open())
	}
	p.write(rawAck("q", "nack", quoted(b)...)) // b returns, a is complete
	expect(t, p.read(), wire.OK, `{"unknown":[]}`)
	eventually(t, "the first one is complete", func() bool { return open() == 0 })
	p.write(rawPoll("q", 9000))
	expect(t, p.read(), wire.OK, "b")
	p.nc.Close()
	eventually(t, "the last delivery is back", func() bool { return queueSize(t, s, "q") == 2 })
	pollText(t, c, "q", "b")
	pollText(t, c, "q", "c")
	if st := s.Stats(); st.Acknowledged != 5 || st.Redelivered != 2 {
		t.Errorf("%+v", st)
	}
}

// Two deliveries under one id could not be told apart.
func TestPollUnderTheIDOfADelivery(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 10)
	p := dialRaw(t, s)
	p.configure(ClientAck, `"ack"`)
	poll := rawPoll("q", -1)
	p.write(rawOffer("q", "a"), rawOffer("q", "b"), poll, poll)
	p.read()
	p.read()
	expect(t, p.read(), wire.OK, "a")
	if m := p.read(); m.Status != wire.BadRequest || queueSize(t, s, "q") != 1 {
		t.Errorf("second poll: %s %q", m.Status, m.Payload)
	}
}

// P6: what no answer can carry goes to the dead letters in every mode, and from there nowhere.
func TestTooLargeToDeliver(t *testing.T) {
	for _, mode := range []AckMode{NoAck, AutoAck, ClientAck} {
		s := startServer(t, ServerOptions{MaxMessageSize: 2048})
		createQueue(t, s, "q", 9)
		p := dialRaw(t, s)
		p.configure(mode, `"ack"`)
		p.write(rawOffer("q", string(bytesOf('x', 2048))), rawOffer("q", "small"), rawPoll("q", -1))
		p.read()
		p.read()
		expect(t, p.read(), wire.OK, "small")
		if st := s.Stats(); st.Oversized != 1 || st.DeadLetters != 1 {
			t.Errorf("%s: %+v", mode, st)
		}
		p.write(rawPoll(DeadLetters, -1))
		if m := p.read(); m.Status != wire.QueueEmpty {
			t.Errorf("%s: %s %q", mode, m.Status, m.Payload)
		}
	}
}

// A1: no access list applies to acknowledging, also not one that changes behind a poll; a login is needed as for anything else.
func TestAckNeedsNoPermission(t *testing.T) {
	u := security.NewUsers(security.StockForm)
	if err := u.AddUser("tom", "pw-tom", false); err != nil {
		t.Fatal(err)
	}
	u.SetDefaultAccess(security.Function, security.AccessDeny)
	s := startServer(t, ServerOptions{Encrypt: true, Authenticator: u})
	createQueue(t, s, "q", 10)
	o := login("tom")
	o.Ack = ClientAck
	c := dial(t, s, o)
	offerTexts(t, c, "q", "a", "b")
	a, b := pollText(t, c, "q", "a"), pollText(t, c, "q", "b")
	settler(c, outcomeNack)(t, b)
	if err := u.SetAccess(security.Queue, "q", "tom", security.AccessDeny); err != nil {
		t.Fatal(err)
	}
	settler(c, outcomeAck)(t, a)
	if n := queueSize(t, s, "q"); n != 1 {
		t.Errorf("%d messages are left", n)
	}
	p := dialRaw(t, s)
	p.write(rawAck("q", outcomeAck))
	if m := p.read(); m.Status != wire.NoPermission {
		t.Errorf("without a login: %s %q", m.Status, m.Payload)
	}
}

// As many messages as a connection may hold are acknowledged at once, whatever the size limit.
func TestAckOfManyMessages(t *testing.T) {
	s := startServer(t, ServerOptions{MaxMessageSize: wire.MinMaxMessage, MaxUnacknowledged: maxMaxUnacknowledged})
	name := strings.Repeat("q", 100)
	createQueue(t, s, name, maxMaxUnacknowledged)
	c := dial(t, s, ClientOptions{Ack: ClientAck})
	var all []*wire.Message
	for i := range 500 {
		offerTexts(t, c, name, fmt.Sprint(i))
		all = append(all, pollText(t, c, name, fmt.Sprint(i)))
	}
	settler(c, outcomeAck)(t, all...)
	if st := s.Stats(); st.Acknowledged != int64(len(all)) || st.Unacknowledged != 0 {
		t.Errorf("%+v", st)
	}
}
