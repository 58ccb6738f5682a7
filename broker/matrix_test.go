// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"testing"

	"gondola/broker/wire"
	"gondola/security"
)

// roles of the matrix. Without an authenticator nobody is an administrator (wire-protocol.md 10).
type role struct {
	name                 string // of the user; "": the server has no authenticator
	permitted, adminRole bool
}

var matrixRoles = []role{{"", true, false}, {"tom", true, false}, {"boss", true, true}, {"ann", false, false}}

// gate is what a request needs.
type gate int

const (
	free    gate = iota // nothing: also for a user who is denied everything
	listed              // a right in the access lists
	managed             // the administrator's role
)

type matrixRequest struct {
	kind   wire.Type
	to     string
	json   string // "": a text payload
	gate   gate
	status wire.Status // of a request that gets through
	denied string      // the text if it does not, and of an error that everybody gets
}

// matrixRequests are all types, in an order in which each that is permitted succeeds.
var matrixRequests = []matrixRequest{
	{wire.Request, "f", "", listed, wire.OK, "Not authenticated for function calling!"},
	{wire.Offer, "q", "", listed, wire.OK, "Not authenticated for queue offer!"},
	{wire.Poll, "q", "", listed, wire.OK, "Not authenticated for queue poll!"},
	{wire.Publish, "t", "", listed, wire.OK, "Not authenticated for topic publication!"},
	{wire.Subscribe, "t", "", listed, wire.OK, "Not authenticated for topic subscription!"},
	{wire.Unsubscribe, "t", "", free, wire.OK, ""},
	{wire.CreateTempQueue, "", `{"capacity":3}`, free, wire.OK, ""},
	{wire.CreateQueue, "", `{"name":"m","type":"BOUNDED","persistence":"TRANSIENT","capacity":3}`, managed, wire.OK,
		"Client is not permitted to create queues! Authenticate as 'admin' user please!"},
	{wire.StatusQueue, "", `{"name":"m"}`, managed, wire.OK, "Client is not permitted to request queue status! Authenticate as 'admin' user please!"},
	{wire.RemoveQueue, "", `{"name":"m"}`, managed, wire.OK, "Client is not permitted to remove queues! Authenticate as 'admin' user please!"},
	{wire.CreateTopic, "", `{"name":"m"}`, managed, wire.OK, "Client is not permitted to create topics! Authenticate as 'admin' user please!"},
	{wire.StatusTopic, "", `{"name":"m"}`, managed, wire.OK, "Client is not permitted to request topic status! Authenticate as 'admin' user please!"},
	{wire.RemoveTopic, "", `{"name":"m"}`, managed, wire.OK, "Client is not permitted to remove topics! Authenticate as 'admin' user please!"},
	{wire.ServerStatus, "", "", managed, wire.OK, "The clients is not permitted to get the server status!"},
	{wire.ServerThreadPool, "", "", managed, wire.OK, "The client is not permitted to get the server thread pool statistics!"},
	{wire.ClientConfig, "", `{"ackMode":"NO_ACKNOWLEDGE"}`, free, wire.OK, ""},
	{wire.KeyExchange, "", "", free, wire.KeyExchangeNAK, ""}, // no key, or the second exchange
	{wire.Heartbeat, "", "", free, wire.OK, ""},
	{wire.Test, "", "", free, wire.OK, ""},
	{wire.Response, "", "", free, wire.BadRequest, "Invalid request type: RESPONSE"},
	{wire.NullType, "", "", free, wire.BadRequest, "Invalid request type: NULL"},
	{wire.Authentication, "", "", free, wire.OK, ""}, // the role's own credentials again
}

// Every request type, by every role, on every kind of connection. A server with an authenticator always encrypts.
func TestRequestMatrix(t *testing.T) {
	rows := map[wire.Type]bool{}
	for _, c := range matrixRequests {
		rows[c.kind] = true
	}
	for kind := range wire.NullType + 1 {
		if kind.Valid() != rows[kind] {
			t.Errorf("%s: is a type %v, has a row %v", kind, kind.Valid(), rows[kind])
		}
	}
	for _, way := range []struct {
		name string
		unix bool
		opts ServerOptions
	}{
		{"tcp", false, ServerOptions{}},
		{"unix", true, ServerOptions{}},
		{"encrypted", false, ServerOptions{Encrypt: true}},
		{"compressed", false, ServerOptions{Compress: true}},
	} {
		for _, r := range matrixRoles {
			t.Run(way.name+"/"+r.name, func(t *testing.T) {
				p := matrixPeer(t, way.unix, way.opts, r)
				for _, c := range matrixRequests {
					m := c.request()
					if c.kind == wire.Authentication {
						m.Payload = []byte(r.name + "\npw-" + r.name)
					}
					p.request(m, way.opts.Compress)
					if c.kind == wire.KeyExchange {
						p.r.SetSealer(nil) // its answer is plain, whatever has been agreed
					}
					answer := p.next(false)
					if p.sealer != nil {
						p.r.SetSealer(p.sealer)
					}
					c.check(t, r, m, answer)
				}
			})
		}
	}
}

// request is one of this type.
func (c matrixRequest) request() *wire.Message {
	m := newRequest(c.kind, c.to)
	m.Mimetype, m.Charset, m.Payload = mimeText, utf8Name, []byte("x")
	if c.json != "" {
		m.Mimetype, m.Payload = mimeJSON, []byte(c.json)
	}
	return m
}

// check compares the answer that a role has got to m.
func (c matrixRequest) check(t *testing.T, r role, m, answer *wire.Message) {
	t.Helper()
	switch {
	case answer.ID != m.ID:
		t.Errorf("%s: the answer to another request", c.kind)
	case c.gate == listed && !r.permitted, c.gate == managed && !r.adminRole:
		if answer.Status != wire.NoPermission || string(answer.Payload) != c.denied {
			t.Errorf("%s: %s %q, want %q", c.kind, answer.Status, answer.Payload, c.denied)
		}
	case answer.Status != c.status, c.status == wire.BadRequest && string(answer.Payload) != c.denied:
		t.Errorf("%s: %s %q, want %s %q", c.kind, answer.Status, answer.Payload, c.status, c.denied)
	}
}

// matrixPeer is connected, has a key where the server wants one, and is logged in as the role says.
func matrixPeer(t *testing.T, unix bool, opts ServerOptions, r role) *stockClient {
	t.Helper()
	addr := Port(0)
	if unix {
		addr = must[Address](t)(ParseAddress("af-unix://" + t.TempDir() + "/s"))
	}
	if r.name != "" {
		u := security.NewUsers(security.StockForm)
		if err := u.AddUser(r.name, "pw-"+r.name, r.adminRole); err != nil {
			t.Fatal(err)
		}
		for kind, name := range map[security.Kind]string{security.Queue: "q", security.Topic: "t", security.Function: "f"} {
			if !r.permitted || r.adminRole { // an administrator skips the lists
				if err := u.SetAccess(kind, name, r.name, security.AccessDeny); err != nil {
					t.Fatal(err)
				}
			}
		}
		opts.Encrypt, opts.Authenticator = true, u
	}
	s := startServerAt(t, addr, opts)
	createQueue(t, s, "q", 10)
	createTopic(t, s, "t")
	createFunction(t, s, "f", echo)
	return connected(t, s, opts.Encrypt, r)
}

// loggedIn is a peer of a server that encrypts where it has users.
func loggedIn(t *testing.T, s *Server, r role) *stockClient {
	t.Helper()
	return connected(t, s, r.name != "", r)
}

// connected is a peer with a key, if it is to have one, and logged in, if the role is a user's.
func connected(t *testing.T, s *Server, encrypt bool, r role) *stockClient {
	t.Helper()
	p := &stockClient{raw: dialRaw(t, s)}
	if encrypt {
		exchange := newRequest(wire.KeyExchange, "")
		exchange.Mimetype, exchange.Charset = mimeText, utf8Name
		p.exchange(exchange)
	}
	if r.name != "" {
		login := newRequest(wire.Authentication, "")
		login.Mimetype, login.Charset, login.Payload = mimeText, utf8Name, []byte(r.name+"\npw-"+r.name)
		p.request(login, false) // O3: nothing is inflated before
		expect(t, p.read(), wire.OK, "")
	}
	return p
}

// frameOf is a request as it travels.
func (p *stockClient) frameOf(m *wire.Message, compress bool) []byte {
	p.t.Helper()
	var sealer wire.Sealer
	if p.sealer != nil {
		sealer = p.sealer
	}
	return must[[]byte](p.t)(wire.AppendFrame(nil, m, compress, sealer))
}

// request sends a message of our own.
func (p *stockClient) request(m *wire.Message, compress bool) {
	p.t.Helper()
	p.writeBytes(p.frameOf(m, compress))
}
