// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// stockServer plays the server's side of a recording.
type stockServer struct {
	*comparison
	t     *testing.T
	r     *recording
	l     net.Listener
	conns map[json.Number]*stockConn
	ids   map[string]*wire.Message // the clients' requests by the recorded id
}

// stockConn is one of its connections.
type stockConn struct {
	nc      net.Conn
	reader  *wire.Reader
	sealer  *security.Sealer
	request *wire.Message // the latest
}

// Our clients make the recorded calls; they send what the reference's clients sent, and return what that server answered.
func TestReplayOfStockServers(t *testing.T) {
	c, reached := newComparison(ofClient), 0
	all := recordings(t)
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			reached++
			if c.skips(r) {
				return
			}
			l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
			defer l.Close()
			s := &stockServer{comparison: c, t: t, r: r, l: l, conns: map[json.Number]*stockConn{}, ids: map[string]*wire.Message{}}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				s.play()
			}()
			p := &played{
				t: t, r: r, server: Port(int64(l.Addr().(*net.TCPAddr).Port)),
				clients: map[json.Number]*Client{}, pushes: make(chan *wire.Message, 10),
			}
			defer func() {
				for _, c := range p.clients {
					c.Close()
				}
				l.Close()
				<-ended
				for _, c := range s.conns {
					c.nc.Close()
				}
			}()
			p.run()
			<-ended // heartbeats are read that no call waits for
		})
	}
	if reached == len(all) { // else some were asked for
		c.allNeeded(t)
	}
}

func (s *stockServer) play() {
	for i := range s.r.Frames {
		f := &s.r.Frames[i]
		c := s.conn(f)
		if c == nil {
			return
		}
		if !f.fromClient() {
			s.answer(c, f)
			continue
		}
		m, err := c.reader.Read()
		if err != nil {
			s.t.Errorf("frame %d: %v", i+1, err)
			return
		}
		s.ids[f.m.ID.String()], c.request = m, m
		s.compare(s.t, s.r, i, nil, m, f.m)
	}
}

// conn is the recorded connection's; one that begins behind the handshake is opened first. nil: it did not come.
func (s *stockServer) conn(f *recordedFrame) *stockConn {
	if c := s.conns[f.Connection]; c != nil {
		return c
	}
	nc, err := s.l.Accept()
	if err != nil {
		s.t.Error(err)
		return nil
	}
	nc.SetDeadline(time.Now().Add(testPatience))
	c := &stockConn{nc: nc, reader: wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage))}
	s.conns[f.Connection] = c
	if f.m.Type == wire.ClientConfig {
		return c
	}
	config := fmt.Appendf(nil, `{"max-msg-size":20971520,"encrypt":%v,"authentication":%[1]v}`, f.sealed())
	for {
		m, err := c.reader.Read()
		if err != nil {
			s.t.Error(err)
			return nil
		}
		c.request = m
		answer := answerTo(m, wire.OK)
		switch m.Type {
		case wire.ClientConfig:
			answer.Mimetype, answer.Charset, answer.Payload = mimeJSON, utf8Name, config
		case wire.KeyExchange:
			answer.Status = wire.KeyExchangeACK
			s.agree(c, answer)
			continue
		}
		s.write(c, answer, false)
		if !f.sealed() || m.Type == wire.Authentication {
			return c
		}
	}
}

// answer sends a recorded answer, or push, with the ids of this conversation.
func (s *stockServer) answer(c *stockConn, f *recordedFrame) {
	m := *f.m
	if asked := s.ids[m.ID.String()]; asked != nil {
		m.ID = asked.ID
	}
	if m.Status == wire.KeyExchangeACK {
		s.agree(c, &m)
		return
	}
	s.write(c, &m, f.compressed())
}

// agree answers a key exchange in the form of the request.
func (s *stockServer) agree(c *stockConn, answer *wire.Message) {
	key := string(c.request.Payload)
	jsonForm := c.request.Mimetype == mimeJSON
	if jsonForm {
		var body keyText
		if err := json.Unmarshal(c.request.Payload, &body); err != nil {
			s.t.Error(err)
		}
		key = body.Key
	}
	public, sealer, err := agree(key)
	if err != nil {
		s.t.Error(err)
		return
	}
	if answer.Payload = []byte(public); jsonForm {
		answer.Payload = []byte(`{"signature":"","key":"` + public + `"}`)
	}
	s.write(c, answer, false)
	c.sealer = sealer
	c.reader.SetSealer(sealer)
}

func (s *stockServer) write(c *stockConn, m *wire.Message, compress bool) {
	var sealer wire.Sealer
	if c.sealer != nil {
		sealer = c.sealer
	}
	b, err := wire.AppendFrame(nil, m, compress, sealer)
	if err == nil {
		_, err = c.nc.Write(b)
	}
	if err != nil {
		s.t.Error(err)
	}
}

// played makes the call of each recorded request and compares what it returns.
type played struct {
	t       *testing.T
	r       *recording
	server  Address
	clients map[json.Number]*Client
	pushes  chan *wire.Message
}

func (p *played) run() {
	p.t.Helper()
	answers := map[string]*wire.Message{}
	for i := range p.r.Frames {
		if f := &p.r.Frames[i]; !f.fromClient() && !f.m.SubscriptionReply {
			answers[f.m.ID.String()] = f.m
		}
	}
	for i := range p.r.Frames {
		f := &p.r.Frames[i]
		if !f.fromClient() {
			if f.m.SubscriptionReply {
				if push := <-p.pushes; !bytes.Equal(push.Payload, f.m.Payload) || push.Subject != f.m.Subject {
					p.t.Errorf("frame %d: pushed %+v", i+1, push)
				}
			}
			continue
		}
		want := answers[f.m.ID.String()]
		got, err := p.call(p.client(f), f.m, want)
		var refused *StatusError
		if errors.As(err, &refused) && refused.Status == want.Status && refused.Reason == string(want.Payload) {
			continue
		}
		if err != nil {
			p.t.Fatalf("frame %d, %s: %v", i+1, f.m.Type, err)
		}
		if got != nil && (got.Status != want.Status || got.Subject != want.Subject || got.RequestID != want.RequestID ||
			got.ReplyTo != want.ReplyTo || got.Mimetype != want.Mimetype || !bytes.Equal(got.Payload, want.Payload)) {
			p.t.Errorf("frame %d\n got %+v\nwant %+v", i+1, got, want)
		}
	}
}

// client is the recorded connection's: encrypted and logged in as that one was.
func (p *played) client(f *recordedFrame) *Client {
	p.t.Helper()
	if c := p.clients[f.Connection]; c != nil {
		return c
	}
	opts := ClientOptions{Encrypt: strings.HasSuffix(p.r.name, "/encrypted-by-client"), Reconnect: Reconnect{Off: true}}
	if f.sealed() { // it begins behind the login
		opts.User, opts.Password = "adm", replayPassword
	}
	for i := range p.r.Frames {
		if login := &p.r.Frames[i]; login.Connection == f.Connection && login.m.Type == wire.Authentication {
			opts.User, opts.Password, _ = strings.Cut(string(login.m.Payload), "\n")
		}
	}
	c, err := Dial(p.t.Context(), p.server, opts)
	if err != nil {
		p.t.Fatal(err)
	}
	p.clients[f.Connection] = c
	return c
}

// call makes the call of request m. What it returns in place of a message is compared here with the recorded answer.
func (p *played) call(c *Client, m, want *wire.Message) (got *wire.Message, err error) {
	ctx, wait := p.t.Context(), time.Duration(m.Timeout)*time.Millisecond
	switch m.Type {
	case wire.Request:
		if m.Oneway {
			return nil, c.SendOneway(ctx, m.Destination, m)
		}
		return c.Send(ctx, m.Destination, m)
	case wire.Offer:
		return c.Offer(ctx, m.Destination, m.ReplyTo, wait, m)
	case wire.Poll:
		return c.Poll(ctx, m.Destination, wait)
	case wire.Publish:
		return c.Publish(ctx, m.Destination, m)
	case wire.Subscribe:
		return c.Subscribe(ctx, m.Destination, func(m *wire.Message) { p.pushes <- m })
	case wire.Unsubscribe:
		return c.Unsubscribe(ctx, m.Destination)
	case wire.Test:
		return c.Test(ctx, m.Payload)
	case wire.ClientConfig, wire.KeyExchange, wire.Authentication, wire.Heartbeat: // made by the client itself
		return nil, nil
	}
	var body struct {
		Name, Type string
		Capacity   int
		Exists     bool
	}
	if len(m.Payload) > 0 {
		if err := json.Unmarshal(m.Payload, &body); err != nil {
			return nil, err
		}
	}
	spec := engine.QueueSpec{Name: body.Name, Capacity: body.Capacity}
	if body.Type == "CIRCULAR" {
		spec.Kind = engine.Circular
	}
	var returned []byte
	switch m.Type {
	case wire.CreateTempQueue:
		var name string
		name, err = c.CreateTemporaryQueue(ctx, body.Capacity)
		returned = []byte(name)
	case wire.ServerStatus:
		returned, err = c.ServerStatus(ctx)
	case wire.ServerThreadPool:
		returned, err = c.ThreadPoolStatistics(ctx)
	case wire.CreateQueue:
		return nil, c.CreateQueue(ctx, spec)
	case wire.RemoveQueue:
		return nil, c.RemoveQueue(ctx, body.Name)
	case wire.CreateTopic:
		return nil, c.CreateTopic(ctx, body.Name)
	case wire.RemoveTopic:
		return nil, c.RemoveTopic(ctx, body.Name)
	case wire.StatusQueue, wire.StatusTopic:
		var exists bool
		if m.Type == wire.StatusTopic {
			exists, err = c.HasTopic(ctx, body.Name)
		} else {
			_, exists, err = c.QueueStatus(ctx, body.Name)
		}
		if err == nil {
			err = json.Unmarshal(want.Payload, &body)
		}
		if err == nil && exists != body.Exists {
			err = fmt.Errorf("%s exists: %v", body.Name, exists)
		}
		return nil, err
	default:
		return nil, fmt.Errorf("no call makes a %s", m.Type)
	}
	if err == nil && !bytes.Equal(returned, want.Payload) {
		err = fmt.Errorf("returned %q", returned)
	}
	return nil, err
}
