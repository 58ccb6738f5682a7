// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gondola/broker/brokertest"
	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// recording is a conversation of the reference's client with the reference's server.
type recording struct {
	name           string // "vectors/queues"
	ConnectionKeys map[string]struct{ AESKeyHex string }
	Frames         []recordedFrame
}

type recordedFrame struct {
	Connection json.Number
	Direction  string
	Hex        string

	bytes []byte
	m     *wire.Message
}

func (f *recordedFrame) fromClient() bool { return f.Direction == "client->server" }
func (f *recordedFrame) compressed() bool { return f.bytes[6] == 1 }
func (f *recordedFrame) sealed() bool     { return f.bytes[7] == 1 }

func recordings(t *testing.T) []*recording {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("wire", "testdata", "vectors*", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no recordings: ", err)
	}
	var all []*recording
	for _, path := range paths {
		r := &recording{name: filepath.Base(filepath.Dir(path)) + "/" + strings.TrimSuffix(filepath.Base(path), ".json")}
		if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(path)), r); err != nil {
			t.Fatal(path, err)
		}
		for i := range r.Frames {
			r.decode(t, &r.Frames[i])
		}
		all = append(all, r)
	}
	return all
}

func (r *recording) decode(t *testing.T, f *recordedFrame) {
	t.Helper()
	f.bytes = must[[]byte](t)(hex.DecodeString(f.Hex))
	reader := wire.NewReader(bytes.NewReader(f.bytes), wire.DefaultLimits(wire.DefaultMaxMessage))
	if f.sealed() {
		key := must[[]byte](t)(hex.DecodeString(r.ConnectionKeys[f.Connection.String()].AESKeyHex))
		reader.SetSealer(must[*security.Sealer](t)(security.NewSealer(key)))
	}
	f.m = must[*wire.Message](t)(reader.Read())
}

// server is one of ours in the state in which the recording found the reference's.
func (r *recording) server(t *testing.T) *Server {
	t.Helper()
	config := configAnswer{Cutoff: -1}
	users := map[string]string{}
	asked := map[string]*wire.Message{}
	for i := range r.Frames {
		f := &r.Frames[i]
		if f.fromClient() {
			asked[f.m.ID.String()] = f.m
			continue
		}
		if bytes.Contains(f.m.Payload, []byte(`"compress-cutoff-size"`)) && !bytes.Contains(f.m.Payload, []byte(`"running"`)) {
			if err := json.Unmarshal(f.m.Payload, &config); err != nil {
				t.Fatal(err)
			}
		}
		if q := asked[f.m.ID.String()]; q != nil && q.Type == wire.Authentication && f.m.Status == wire.OK {
			name, password, _ := strings.Cut(string(q.Payload), "\n")
			users[name] = password
		}
	}
	opts := ServerOptions{
		MaxMessageSize: config.MaxMessage, Compress: config.Cutoff >= 0, CompressCutoff: config.Cutoff,
		Encrypt: config.Encrypt, HeartbeatInterval: config.Heartbeat,
	}
	if r.name == "vectors/protocol-errors" {
		opts.MaxMessageSize = 2048 // its recording has no answer that says so
	}
	if r.name == "vectors/administration" {
		users["adm"] = replayPassword // it begins behind the login
	}
	if len(users) > 0 {
		u := security.NewUsers(security.StockForm)
		for name, password := range users {
			if err := u.AddUser(name, password, name != "tom"); err != nil {
				t.Fatal(err)
			}
		}
		if err := u.SetAccess(security.Queue, "q/deny", "tom", security.AccessDeny); err != nil {
			t.Fatal(err)
		}
		opts.Encrypt, opts.Authenticator = true, u
	}
	s := startServer(t, opts)
	capacity := map[string]int{"orders": 2, "q": 10, "q/deny": 10}
	if r.name == "vectors/protocol-errors" {
		capacity["q"] = 1
	}
	for name, n := range capacity {
		if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: name, Capacity: n}); err != nil {
			t.Fatal(err)
		}
	}
	createTopic(t, s, "news")
	for name, handle := range replayFunctions {
		createFunction(t, s, name, handle)
	}
	return s
}

const replayPassword = "the recording has none"

// replayFunctions do what those of the recorded servers did.
var replayFunctions = map[string]Handler{
	"echo":    echo,
	"nil":     func(context.Context, *wire.Message) (*wire.Message, error) { return nil, nil },
	"nothing": func(context.Context, *wire.Message) (*wire.Message, error) { return nil, nil },
	"fail":    func(context.Context, *wire.Message) (*wire.Message, error) { return nil, text("boom") },
	"upper":   builtAnswer("reply", func(s string) string { return strings.ToUpper(s) }),
	"reply":   builtAnswer("answer", func(s string) string { return "got " + s }),
}

func builtAnswer(subject string, of func(string) string) Handler {
	return func(_ context.Context, m *wire.Message) (*wire.Message, error) {
		return textMessage(m.RequestID, subject, of(string(m.Payload))), nil
	}
}

// stockClient plays the client's side of a recording on one connection.
type stockClient struct {
	*raw
	sealer  *security.Sealer
	waiting []*wire.Message // read while another kind was asked for
}

// exchange agrees on a key in the form of the recorded request.
func (p *stockClient) exchange(request *wire.Message) (answer *wire.Message) {
	p.t.Helper()
	pair := must[*security.KeyPair](p.t)(security.NewKeyPair())
	jsonForm := request.Mimetype == mimeJSON
	m := *request
	m.Payload = []byte(pair.Public())
	if jsonForm {
		m.Payload = must[[]byte](p.t)(json.Marshal(keyText{Key: pair.Public()}))
	}
	p.write(&m)
	answer = p.read()
	key := string(answer.Payload)
	if jsonForm {
		var body keyText
		if err := json.Unmarshal(answer.Payload, &body); err != nil {
			p.t.Fatal(err)
		}
		key = body.Key
	}
	p.sealer = must[*security.Sealer](p.t)(pair.Agree(key))
	p.r.SetSealer(p.sealer)
	return answer
}

// send sends the recorded bytes where they can still be sent, or a message in their place.
func (p *stockClient) send(f *recordedFrame, m *wire.Message) {
	p.t.Helper()
	if f.sealed() || m != f.m {
		p.request(m, f.compressed())
		return
	}
	if _, err := p.nc.Write(f.bytes); err != nil {
		p.t.Fatal(err)
	}
}

// next reads a push or an answer: their order between each other is free.
func (p *stockClient) next(push bool) *wire.Message {
	p.t.Helper()
	for i, m := range p.waiting {
		if m.SubscriptionReply == push {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			return m
		}
	}
	for {
		m := p.read()
		if m.SubscriptionReply == push {
			return m
		}
		p.waiting = append(p.waiting, m)
	}
}

// The recorded clients talk to our server, which answers what the reference answered. A frame is a function of its message
// (wire.TestVectorsEncode), so messages are compared.
func TestReplayOfStockClients(t *testing.T) {
	replayStockClients(t, func(s *Server) Address { return way(t, s) })
}

// T51: the same behind a network that hands on one byte at a time.
func TestReplayOfStockClientsInSlices(t *testing.T) {
	slices := brokertest.Path{Slice: 1}
	replayStockClients(t, func(s *Server) Address {
		to := s.Address().dial()
		return Port(int64(brokertest.Start(t, to.network, to.address, slices, slices).Port()))
	})
}

func replayStockClients(t *testing.T, way func(*Server) Address) {
	c, reached := newComparison(ofServer), 0
	all := recordings(t)
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			reached++
			if !c.skips(r) {
				(&replay{t: t, r: r, to: way(r.server(t)), comparison: c, names: strings.NewReplacer()}).run()
			}
		})
	}
	if reached == len(all) { // else some were asked for
		c.allNeeded(t)
	}
}

type replay struct {
	*comparison
	t       *testing.T
	r       *recording
	to      Address
	clients map[json.Number]*stockClient
	names   *strings.Replacer        // recorded names of temporary queues to ours
	asked   map[string]*wire.Message // requests by id
}

func (p *replay) run() {
	p.clients, p.asked = map[json.Number]*stockClient{}, map[string]*wire.Message{}
	var exchanged *wire.Message // answer of the exchange that has just been made
	for i := range p.r.Frames {
		f := &p.r.Frames[i]
		c := p.client(f)
		switch {
		case !f.fromClient() && exchanged != nil:
			p.check(i, exchanged, f.m)
			exchanged = nil
		case !f.fromClient():
			p.check(i, c.next(f.m.SubscriptionReply), f.m)
		case f.m.Type == wire.KeyExchange && p.r.Frames[i+1].m.Status == wire.KeyExchangeACK:
			p.asked[f.m.ID.String()] = f.m
			exchanged = c.exchange(f.m)
		default:
			p.asked[f.m.ID.String()] = f.m
			m := f.m
			if to := p.names.Replace(m.Destination); to != m.Destination {
				own := *m
				own.Destination, m = to, &own
			}
			c.send(f, m)
		}
	}
	for _, c := range p.clients {
		if len(c.waiting) > 0 {
			p.t.Errorf("%d messages more than recorded", len(c.waiting))
		}
	}
}

// client is the recorded connection's; one that begins behind the handshake gets key and login first.
func (p *replay) client(f *recordedFrame) *stockClient {
	c := p.clients[f.Connection]
	if c == nil {
		c = &stockClient{raw: dialRawAt(p.t, p.to)}
		p.clients[f.Connection] = c
	}
	if f.sealed() && c.sealer == nil {
		request := newRequest(wire.KeyExchange, "")
		request.Mimetype, request.Charset = mimeText, utf8Name
		c.exchange(request)
		login := newRequest(wire.Authentication, "")
		login.Mimetype, login.Charset, login.Payload = mimeText, utf8Name, []byte("adm\n"+replayPassword)
		c.request(login, false)
		expect(p.t, c.read(), wire.OK, "")
	}
	return c
}

// check compares an answer or push with the recorded one, in which names of temporary queues are ours.
func (p *replay) check(i int, got, want *wire.Message) {
	p.t.Helper()
	request := p.asked[want.ID.String()]
	w := *want
	w.Destination = p.names.Replace(w.Destination)
	w.Payload = []byte(p.names.Replace(string(w.Payload)))
	p.compare(p.t, p.r, i, request, got, &w)
	if request != nil && request.Type == wire.CreateTempQueue && want.Status == wire.OK {
		p.names = strings.NewReplacer(string(want.Payload), string(got.Payload))
	}
}
