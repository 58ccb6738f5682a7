// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"net"
	"testing"
	"time"

	"gondola/broker/wire"
)

// raw is a peer that sends what it likes.
type raw struct {
	t  testing.TB
	nc net.Conn
	r  *wire.Reader
}

func dialRaw(t testing.TB, s *Server) *raw {
	t.Helper()
	return dialRawAt(t, way(t, s))
}

func dialRawAt(t testing.TB, addr Address) *raw {
	t.Helper()
	to := addr.dial()
	nc, err := net.Dial(to.network, to.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(testPatience))
	return &raw{t: t, nc: nc, r: wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage))}
}

// write sends frames with one write.
func (p *raw) write(ms ...*wire.Message) {
	p.t.Helper()
	var b []byte
	var err error
	for _, m := range ms {
		if b, err = wire.AppendFrame(b, m, false, nil); err != nil {
			p.t.Fatal(err)
		}
	}
	if _, err := p.nc.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

func (p *raw) read() *wire.Message {
	p.t.Helper()
	m, err := p.r.Read()
	if err != nil {
		p.t.Fatal("read:", err)
	}
	return m
}

// closed checks that the server has ended the connection.
func (p *raw) closed() {
	p.t.Helper()
	m, err := p.r.Read()
	if err == nil {
		p.t.Fatalf("answer %s %q, want the end of the connection", m.Status, m.Payload)
	}
	if timedOut(err) {
		p.t.Fatal("the connection is still open")
	}
}

// quiet checks that the server sends nothing before the answer to a further request.
func (p *raw) quiet() {
	p.t.Helper()
	probe := newRequest(wire.Heartbeat, "")
	p.write(probe)
	if m := p.read(); m.ID != probe.ID {
		p.t.Fatalf("unexpected answer %s %q", m.Status, m.Payload)
	}
}

func rawOffer(queue, text string) *wire.Message {
	m := newRequest(wire.Offer, queue)
	m.Timeout = wire.NoTimeout
	m.Payload = []byte(text)
	return m
}

func rawPoll(queue string, ms int64) *wire.Message {
	m := newRequest(wire.Poll, queue)
	m.Timeout = ms
	return m
}

func TestAnswersOfRoutes(t *testing.T) {
	s := startServer(t, ServerOptions{MaxMessageSize: 4096})
	createQueue(t, s, "q", 1)
	createFunction(t, s, "echo", echo)
	json := func(typ wire.Type, body string) *wire.Message {
		m := newRequest(typ, "")
		m.Mimetype, m.Payload = mimeJSON, []byte(body)
		return m
	}
	status := func(s wire.Status) *wire.Message {
		m := newRequest(wire.Test, "")
		m.Status = s
		return m
	}
	const notAdmin = "! Authenticate as 'admin' user please!"
	big := rawOffer("q", string(make([]byte, 4097)))
	for _, c := range []struct {
		name   string
		m      *wire.Message
		status wire.Status
		text   string // "*": any
	}{
		{"create queue, no JSON", newRequest(wire.CreateQueue, ""), wire.BadRequest, "Request CREATE_QUEUE: Expected a JSON payload"},
		{"create queue", json(wire.CreateQueue, `{`), wire.NoPermission, "Client is not permitted to create queues" + notAdmin},
		{"remove queue", json(wire.RemoveQueue, `{}`), wire.NoPermission, "Client is not permitted to remove queues" + notAdmin},
		{"status queue", json(wire.StatusQueue, `{}`), wire.NoPermission, "Client is not permitted to request queue status" + notAdmin},
		{"create topic", json(wire.CreateTopic, `{}`), wire.NoPermission, "Client is not permitted to create topics" + notAdmin},
		{"remove topic", json(wire.RemoveTopic, `{}`), wire.NoPermission, "Client is not permitted to remove topics" + notAdmin},
		{"status topic", json(wire.StatusTopic, `{}`), wire.NoPermission, "Client is not permitted to request topic status" + notAdmin},
		{"server status", newRequest(wire.ServerStatus, ""), wire.NoPermission, "The clients is not permitted to get the server status!"},
		{"thread pool", newRequest(wire.ServerThreadPool, ""), wire.NoPermission, "The client is not permitted to get the server thread pool statistics!"},
		{"publish", newRequest(wire.Publish, "t"), wire.TopicNotFound, "The topic t does not exist!"},
		{"subscribe", newRequest(wire.Subscribe, "t"), wire.TopicNotFound, "The topic t does not exist!"},
		{"unsubscribe", newRequest(wire.Unsubscribe, "t"), wire.TopicNotFound, "The topic t does not exist!"},
		{"offer", rawOffer("none", "x"), wire.QueueNotFound, "The queue none does not exist!"},
		{"poll", rawPoll("none", 5), wire.QueueNotFound, "The queue none does not exist!"},
		{"poll empty", rawPoll("q", -1), wire.QueueEmpty, "Poll from queue q rejected! The queue is empty."},
		{"poll empty, waiting", rawPoll("q", 1), wire.QueueEmpty, "Poll from queue q rejected! The queue is empty."},
		{"offer ok", rawOffer("q", "x"), wire.OK, "Offered the message to the queue q"},
		{"offer full", rawOffer("q", "x"), wire.QueueFull, "Offer to q rejected! The queue is full."},
		{"offer to the dead letters", rawOffer("ipc.dlq", "x"), wire.NoPermission, "Not authenticated for queue offer!"},
		{"poll of the dead letters", rawPoll("ipc.dlq", -1), wire.QueueEmpty, "Poll from queue ipc.dlq rejected! The queue is empty."},
		{"function", newRequest(wire.Request, "none"), wire.FunctionNotFound, "The function none does not exist!"},
		{"no function", newRequest(wire.Request, ""), wire.HandlerError, "Failed to handle 'REQUEST' request!\n(incident 1)"},
		{"no queue", rawPoll("", 1), wire.HandlerError, "Failed to handle 'POLL' request!\n(incident 2)"},
		{"no topic", newRequest(wire.Publish, " "), wire.HandlerError, "Failed to handle 'PUBLISH' request!\n(incident 3)"},
		{"response", newRequest(wire.Response, ""), wire.BadRequest, "Invalid request type: RESPONSE"},
		{"null", newRequest(wire.NullType, ""), wire.BadRequest, "Invalid request type: NULL"},
		{"heartbeat", newRequest(wire.Heartbeat, ""), wire.OK, ""},
		{"test", newRequest(wire.Test, ""), wire.OK, ""},
		{"status of a request is ignored", status(wire.QueueFull), wire.OK, ""},
		{"too large", big, wire.BadRequest, "The message (4097 bytes) is too large! The limit is at 4096 bytes."},
		{"temporary queue, no JSON", newRequest(wire.CreateTempQueue, ""), wire.BadRequest, "Request CREATE_TEMP_QUEUE: Expected a JSON payload"},
		{"temporary queue, bad JSON", json(wire.CreateTempQueue, `{"capacity":`), wire.HandlerError, "Failed to handle 'CREATE_TEMP_QUEUE' request!\nThe payload is not the expected JSON"},
		{"temporary queue, text", json(wire.CreateTempQueue, `{"capacity":"7"}`), wire.HandlerError, "Failed to handle 'CREATE_TEMP_QUEUE' request!\nThe payload is not the expected JSON"},
		{"temporary queue, nothing", json(wire.CreateTempQueue, `{}`), wire.HandlerError, "Failed to handle 'CREATE_TEMP_QUEUE' request!\nThe queue's capacity is missing"},
		{"temporary queue, 0", json(wire.CreateTempQueue, `{"capacity":0}`), wire.BadRequest, "Request CREATE_TEMP_QUEUE: Invalid queue data: A queue capacity must not be lower than 1"},
		{"temporary queue, too deep (O6)", json(wire.CreateTempQueue, `{"x":`+string(bytesOf('[', 64))+`}`), wire.BadRequest, "Request CREATE_TEMP_QUEUE: the JSON is too large or too deep"},
		{"login without credentials", newRequest(wire.Authentication, ""), wire.HandlerError, "Failed to handle 'AUTHENTICATION' request!\n(incident 4)"},
		{"login, no text", json(wire.Authentication, ``), wire.BadRequest, "Request AUTHENTICATION: Expected a text payload"},
		{"config", json(wire.ClientConfig, `{"ackMode":"AUTO_ACKNOWLEDGE"}`), wire.OK,
			`{"max-msg-size":4096,"compress-cutoff-size":-1,"encrypt":false,"heartbeat-interval-seconds":0,"authentication":false,"dh-rsa-sign":false,"features":[]}`},
		{"config with features", json(wire.ClientConfig, `{"ackMode":"NO_ACKNOWLEDGE","features":["wait","ack"]}`), wire.OK,
			`{"max-msg-size":4096,"compress-cutoff-size":-1,"encrypt":false,"heartbeat-interval-seconds":0,"authentication":false,"dh-rsa-sign":false,"features":["ack","wait"],"ack-mode":"NO_ACKNOWLEDGE"}`},
		{"config with an unknown mode", json(wire.ClientConfig, `{"ackMode":"x"}`), wire.HandlerError, "*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := dialRaw(t, s)
			c.m.RequestID, c.m.Subject = "rid", "sub"
			p.write(c.m)
			got := p.read()
			if c.text == "*" {
				c.text = string(got.Payload)
			}
			expect(t, got, c.status, c.text)
			if got.ID != c.m.ID || got.RequestID != "rid" || got.Subject != "sub" || got.Type != wire.Response || !got.Oneway ||
				got.Durable || got.SubscriptionReply || got.Destination != "" || got.Timeout != 300 || got.ExpiresAt != wire.Never {
				t.Errorf("answer %+v", got)
			}
			p.quiet()
		})
	}
}

func bytesOf(b byte, n int) []byte {
	s := make([]byte, n)
	for i := range s {
		s[i] = b
	}
	return s
}

// A oneway request has no answer, whatever becomes of it; poll and test do not end the connection (wire-protocol.md 17, W19).
func TestOnewayIsNeverAnswered(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 1)
	p := dialRaw(t, s)
	for typ := range int16(100) {
		m := newRequest(wire.Type(typ), "q")
		if !m.Type.Valid() {
			continue
		}
		m.Oneway, m.Timeout = true, wire.NoTimeout
		p.write(m)
	}
	p.quiet()
	if got := s.Stats().QueueCount; got != 1 {
		t.Errorf("%d queues", got)
	}
}

// A oneway offer that is refused goes to the dead letters, with type OFFER (reliability.md 6).
func TestRefusedOnewayOfferIsADeadLetter(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 1)
	p := dialRaw(t, s)
	lost := rawOffer("q", "lost")
	lost.Oneway, lost.SubscriptionReply = true, true
	p.write(rawOffer("q", "kept"), lost, rawPoll("ipc.qld", -1))
	expect(t, p.read(), wire.OK, "Offered the message to the queue q")
	got := p.read()
	expect(t, got, wire.OK, "lost")
	if got.SubscriptionReply || got.Destination != "q" {
		t.Errorf("dead letter %+v", got)
	}
	if n := s.Stats().DeadLetters; n != 1 {
		t.Errorf("%d dead letters counted", n)
	}
}

// Bytes that break the protocol end their own connection; what was asked before is answered (O23).
func TestMalformedFrame(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createFunction(t, s, "echo", echo)
	other := dial(t, s, ClientOptions{})
	bad, err := wire.AppendFrame(nil, newRequest(wire.Test, ""), false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		at   int
		b    byte
	}{{"magic", 0, 'x'}, {"version", 5, 2}, {"flag", 6, 2}, {"encrypted", 7, 1}, {"negative length", 12, 0x80}, {"type", 20, 0x7F}} {
		t.Run(c.name, func(t *testing.T) {
			p := dialRaw(t, s)
			good := newRequest(wire.Test, "")
			b, err := wire.AppendFrame(nil, good, false, nil)
			if err != nil {
				t.Fatal(err)
			}
			at := len(b) + c.at
			b = append(b, bad...)
			b[at] = c.b
			if _, err := p.nc.Write(b); err != nil {
				t.Fatal(err)
			}
			if m := p.read(); m.ID != good.ID {
				t.Errorf("answer %+v", m)
			}
			p.closed()
			expect(t, must[*wire.Message](t)(other.Send(t.Context(), "echo", textMessage("", "s", "still here"))), wire.OK, "still here")
		})
	}
	eventually(t, "only the other connection is left", func() bool { return s.Stats().Connections == 1 })
}
