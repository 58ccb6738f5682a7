// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"gondola/broker/wire"
)

// situation is a row of wire-protocol.md 12, in one of the forms that it has.
type situation struct {
	row, form string
	peer      func(t *testing.T, c *catalogue) *stockClient
	before    []*wire.Message                                    // requests that are answered OK
	request   *wire.Message                                      // what is answered
	bytes     func(p *stockClient, request *wire.Message) []byte // of its frame; nil: as it should be

	closed bool // without an answer; else:
	status wire.Status
	text   string
}

// catalogue are the servers of one situation: of everybody, and of users.
type catalogue struct{ open, guarded *Server }

func anybodysPeer(t *testing.T, c *catalogue) *stockClient {
	return connected(t, c.open, false, role{})
}
func usersPeer(t *testing.T, c *catalogue) *stockClient {
	return loggedIn(t, c.guarded, role{name: "boss"})
}
func strangersPeer(t *testing.T, c *catalogue) *stockClient {
	return connected(t, c.guarded, true, role{})
}

// with is a frame with another byte at one place, from the end if that is negative.
func with(at int, change func(b byte) byte) func(p *stockClient, m *wire.Message) []byte {
	return func(p *stockClient, m *wire.Message) []byte {
		b := p.frameOf(m, false)
		i := (at + len(b)) % len(b)
		b[i] = change(b[i])
		return b
	}
}

func to(b byte) func(byte) byte { return func(byte) byte { return b } }
func flipped(b byte) byte       { return ^b }

const catalogueLimit = 4096 // bytes of a message

// isAnswer checks what all answers have in common (wire-protocol.md 9).
func isAnswer(t *testing.T, got, request *wire.Message) {
	t.Helper()
	if got.ID != request.ID || got.RequestID != request.RequestID || got.Subject != request.Subject || got.Type != wire.Response || !got.Oneway ||
		got.Durable || got.SubscriptionReply || got.Destination != "" || got.Timeout != 300 || got.ExpiresAt != wire.Never {
		t.Errorf("answer %+v", got)
	}
}

// situations are the rows of wire-protocol.md 12 in their order. Decisions B3, B4 and B6 and rule P6 take the place of what the
// reference does. "All other statuses" are TestAnswersOfRoutes.
func situations() (all []situation) {
	named := func(kind wire.Type, to string) *wire.Message {
		m := newRequest(kind, to)
		m.RequestID, m.Subject, m.Timeout = "rid", "sub", wire.NoTimeout
		return m
	}
	closes := func(row, form string, peer func(*testing.T, *catalogue) *stockClient, bytes func(*stockClient, *wire.Message) []byte) {
		all = append(all, situation{row: row, form: form, peer: peer, request: named(wire.Test, ""), bytes: bytes, closed: true})
	}
	answers := func(row, form string, peer func(*testing.T, *catalogue) *stockClient, request *wire.Message, status wire.Status, text string) *situation {
		all = append(all, situation{row: row, form: form, peer: peer, request: request, status: status, text: text})
		return &all[len(all)-1]
	}

	closes("undecodable frame", "another magic", anybodysPeer, with(0, to('x')))
	closes("undecodable frame", "another version", anybodysPeer, with(5, to(2)))
	closes("undecodable frame", "a negative length", anybodysPeer, with(12, to(0x80)))
	closes("bad field", "an unknown flag", anybodysPeer, with(6, to(2)))
	closes("bad field", "an unknown type", anybodysPeer, with(20, to(0x7F)))
	closes("wrong encryption state", "sealed on a plain connection", anybodysPeer, with(7, to(1)))
	closes("wrong encryption state", "plain on a sealed connection", usersPeer, func(p *stockClient, m *wire.Message) []byte {
		return must[[]byte](p.t)(wire.AppendFrame(nil, m, false, nil))
	})
	closes("failed tag", "of the data", usersPeer, with(-1, flipped))
	closes("failed tag", "of the meta data", usersPeer, with(wire.HeaderLen+20, flipped))
	closes("bad gzip", "", anybodysPeer, func(p *stockClient, m *wire.Message) []byte {
		own := *m
		own.Payload = bytesOf('x', 1000)
		b := p.frameOf(&own, true)
		b[len(b)-6] ^= 0xFF // of the checksum
		return b
	})

	large := named(wire.Request, "large")
	answers("response does not fit into max", "of a function (B4)", anybodysPeer, large, wire.ServerError,
		"The message size exceeds the configured limit!\nLimit:                4096\nMessage total:        4170\n"+
			"Message header:       16\nMessage payload meta: 74\nMessage payload data: 4080")
	poll := named(wire.Poll, "q")
	poll.RequestID, poll.Subject = "", "" // an answer with a message has that one's
	small := rawOffer("q", "small")
	answers("response does not fit into max", "of a poll: the next one (P6)", anybodysPeer, poll, wire.OK, "small").before =
		[]*wire.Message{rawOffer("q", string(bytesOf('x', catalogueLimit))), small}

	answers("request type 80 or 90", "80", anybodysPeer, named(wire.Response, ""), wire.BadRequest, "Invalid request type: RESPONSE")
	answers("request type 80 or 90", "90", anybodysPeer, named(wire.NullType, ""), wire.BadRequest, "Invalid request type: NULL")

	over := named(wire.Offer, "q")
	over.Payload = bytesOf('x', catalogueLimit+1)
	const tooLarge = "The message (4097 bytes) is too large! The limit is at 4096 bytes."
	answers("payload larger than max", "a byte (B3)", anybodysPeer, over, wire.BadRequest, tooLarge)
	answers("payload larger than max", "sealed", usersPeer, over, wire.BadRequest, tooLarge)
	answers("payload larger than max", "inflated (O5)", anybodysPeer, over, wire.BadRequest, tooLarge).bytes =
		func(p *stockClient, m *wire.Message) []byte { return p.frameOf(m, true) }
	claims := func(n int) func(p *stockClient, m *wire.Message) []byte {
		return func(p *stockClient, m *wire.Message) []byte {
			b := p.frameOf(m, false)
			binary.BigEndian.PutUint32(b[12:], uint32(n))
			return b
		}
	}
	limits := wire.DefaultLimits(catalogueLimit)
	closes("payload larger than max", "more than 64 MiB (B3)", anybodysPeer, claims(limits.MaxData+limits.Drain+1))
	closes("payload larger than max", "before the login (O3)", strangersPeer, claims(anonymousLimits.MaxData+1))

	for kind := range wire.NullType + 1 {
		if kind.Valid() && (int(kind) >= len(routes) || routes[kind].permission != anyone) {
			answers("not authenticated", kind.String(), strangersPeer, named(kind, "q"), wire.NoPermission, "Authentication is required!")
		}
	}

	failed := func(form string, peer func(*testing.T, *catalogue) *stockClient, m *wire.Message) {
		answers("exception inside a handler", form, peer, m, wire.HandlerError, "Failed to handle '"+m.Type.String()+"' request!\n(incident 1)") // B6
	}
	failed("a function throws", anybodysPeer, named(wire.Request, "throws"))
	failed("a function panics", anybodysPeer, named(wire.Request, "panics"))
	for _, kind := range []wire.Type{wire.Request, wire.Offer, wire.Poll, wire.Publish, wire.Subscribe, wire.Unsubscribe} {
		failed("no destination: "+kind.String(), usersPeer, named(kind, ""))
	}
	failed("empty credentials", strangersPeer, named(wire.Authentication, ""))
	return all
}

// Each situation has its exact status and text, and the connection goes on; or it is closed without an answer, what was asked
// before is answered, and other connections go on (O23).
func TestErrorCatalogue(t *testing.T) {
	for _, s := range situations() {
		t.Run(s.row+"/"+s.form, func(t *testing.T) {
			open := startServer(t, ServerOptions{MaxMessageSize: catalogueLimit})
			guarded, _ := encrypted(t, ServerOptions{MaxMessageSize: catalogueLimit})
			for _, server := range []*Server{open, guarded} {
				createQueue(t, server, "q", 2)
			}
			createFunction(t, open, "throws", func(context.Context, *wire.Message) (*wire.Message, error) { return nil, errors.New("secret") })
			createFunction(t, open, "panics", func(context.Context, *wire.Message) (*wire.Message, error) { panic("secret") })
			createFunction(t, open, "large", func(context.Context, *wire.Message) (*wire.Message, error) {
				return textMessage("", "", strings.Repeat("y", catalogueLimit-wire.HeaderLen)), nil
			})
			other := dial(t, open, ClientOptions{})
			p := s.peer(t, &catalogue{open, guarded})
			for _, m := range s.before {
				p.request(m, false)
				if got := p.read(); got.Status != wire.OK {
					t.Fatalf("%s %s", got.Status, got.Payload)
				}
			}
			probe := newRequest(wire.ClientConfig, "") // which everybody may ask for
			probe.Mimetype, probe.Payload = mimeJSON, []byte(`{"ackMode":"NO_ACKNOWLEDGE"}`)
			good := p.frameOf(probe, false)
			if s.bytes == nil {
				s.bytes = func(p *stockClient, m *wire.Message) []byte { return p.frameOf(m, false) }
			}
			p.writeBytes(slices.Concat(good, s.bytes(p, s.request)))
			if got := p.read(); got.ID != probe.ID || got.Status != wire.OK {
				t.Errorf("the request before: %s %s", got.Status, got.Payload)
			}
			if s.closed {
				p.closed()
				expect(t, must[*wire.Message](t)(other.Test(t.Context(), nil)), wire.OK, "")
				return
			}
			got := p.read()
			expect(t, got, s.status, s.text)
			if s.request.Type != wire.Poll || s.status != wire.OK { // else it is another one's message
				isAnswer(t, got, s.request)
			}
			p.request(probe, false)
			if got := p.read(); got.ID != probe.ID {
				t.Errorf("behind it: %s %s", got.Status, got.Payload)
			}
		})
	}
}

// The statuses of wire-protocol.md 10 and 11 that a peer without users gets. TestRequestMatrix and TestPermissions have those that
// depend on who asks.
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
		{"heartbeat", newRequest(wire.Heartbeat, ""), wire.OK, ""},
		{"test", newRequest(wire.Test, ""), wire.OK, ""},
		{"status of a request is ignored", status(wire.QueueFull), wire.OK, ""},
		{"temporary queue, no JSON", newRequest(wire.CreateTempQueue, ""), wire.BadRequest, "Request CREATE_TEMP_QUEUE: Expected a JSON payload"},
		{"temporary queue, bad JSON", json(wire.CreateTempQueue, `{"capacity":`), wire.HandlerError, "Failed to handle 'CREATE_TEMP_QUEUE' request!\nThe payload is not the expected JSON"},
		{"temporary queue, text", json(wire.CreateTempQueue, `{"capacity":"7"}`), wire.HandlerError, "Failed to handle 'CREATE_TEMP_QUEUE' request!\nThe payload is not the expected JSON"},
		{"temporary queue, nothing", json(wire.CreateTempQueue, `{}`), wire.HandlerError, "Failed to handle 'CREATE_TEMP_QUEUE' request!\nThe queue's capacity is missing"},
		{"temporary queue, 0", json(wire.CreateTempQueue, `{"capacity":0}`), wire.BadRequest, "Request CREATE_TEMP_QUEUE: Invalid queue data: A queue capacity must not be lower than 1"},
		{"temporary queue, too deep (O6)", json(wire.CreateTempQueue, `{"x":`+string(bytesOf('[', 64))+`}`), wire.BadRequest, "Request CREATE_TEMP_QUEUE: the JSON is too large or too deep"},
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
			isAnswer(t, got, c.m)
			p.quiet()
		})
	}
}
