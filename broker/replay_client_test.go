// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"gondola/broker/wire"
	"gondola/security"
)

// playedByClient are the recordings of one connection between the reference's client and server.
var playedByClient = []string{
	"vectors/handshake-plain", "vectors/send-plain", "vectors/send-nulls", "vectors/send-errors", "vectors/queues", "vectors/oneway-and-test",
	"vectors/compression-cutoff-0", "vectors/compression-cutoff-100", "vectors/encrypted", "vectors/encrypted-compressed",
	"vectors/encrypted-by-client", "vectors-1.13/handshake-plain", "vectors-1.13/send-and-errors", "vectors-1.13/queues",
	"vectors-1.13/encrypted", "vectors-1.13/encrypted-by-client", "vectors-1.13/encrypted-compressed",
}

// stockServer plays the server's side of a recording to one client.
type stockServer struct {
	t       *testing.T
	r       *recording
	nc      net.Conn
	reader  *wire.Reader
	sealer  *security.Sealer
	ids     map[string]*wire.Message // the client's requests by the recorded id
	request *wire.Message            // the latest
}

// Our client makes the recorded calls; it sends what the reference's client sent, and returns what that server answered.
func TestReplayOfStockServers(t *testing.T) {
	played := 0
	for _, r := range recordings(t) {
		if !slices.Contains(playedByClient, r.name) {
			continue
		}
		played++
		t.Run(r.name, func(t *testing.T) {
			l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
			defer l.Close()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				nc, err := l.Accept()
				if err != nil {
					t.Error(err)
					return
				}
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(testPatience))
				s := &stockServer{t: t, r: r, nc: nc, reader: wire.NewReader(nc, wire.DefaultLimits(wire.DefaultMaxMessage)), ids: map[string]*wire.Message{}}
				s.play()
			}()
			opts := ClientOptions{Encrypt: strings.HasSuffix(r.name, "/encrypted-by-client")}
			c, err := Dial(t.Context(), Port(int64(l.Addr().(*net.TCPAddr).Port)), opts)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				c.Close()
				<-ended
			}()
			playCalls(t, c, r)
		})
	}
	if played != len(playedByClient) {
		t.Errorf("%d of %d recordings were played", played, len(playedByClient))
	}
}

func (s *stockServer) play() {
	if s.r.Frames[0].m.Type != wire.ClientConfig { // the recording begins behind the handshake
		m, err := s.reader.Read()
		if err != nil {
			s.t.Error(err)
			return
		}
		answer := answerTo(m, wire.OK)
		answer.Mimetype, answer.Charset, answer.Payload = mimeJSON, utf8Name, []byte(`{"max-msg-size":20971520,"encrypt":false,"authentication":false}`)
		s.write(answer, false)
	}
	for i := range s.r.Frames {
		f := &s.r.Frames[i]
		if !f.fromClient() {
			s.answer(f)
			continue
		}
		m, err := s.reader.Read()
		if err != nil {
			s.t.Errorf("frame %d: %v", i+1, err)
			return
		}
		s.ids[f.m.ID.String()], s.request = m, m
		s.check(i, m, f.m)
	}
}

// check exempts the config request's features (B20), keys, the endpoint's id in a subscription, and 1.13's own default
// timeout.
func (s *stockServer) check(i int, got, want *wire.Message) {
	payload := bytes.Equal(got.Payload, want.Payload) || slices.Contains([]wire.Type{wire.ClientConfig, wire.KeyExchange, wire.Subscribe}, want.Type)
	timeout := got.Timeout == want.Timeout || strings.HasPrefix(s.r.name, "vectors-1.13/") && want.Timeout == jsonTimeout && got.Timeout == answerTimeout
	if got.Type != want.Type || got.Status != want.Status || got.Oneway != want.Oneway || got.Durable != want.Durable ||
		got.SubscriptionReply != want.SubscriptionReply || got.ExpiresAt != want.ExpiresAt || !timeout || got.RequestID != want.RequestID ||
		got.Destination != want.Destination || got.ReplyTo != want.ReplyTo || got.Subject != want.Subject ||
		got.Mimetype != want.Mimetype || got.Charset != want.Charset || !payload {
		s.t.Errorf("frame %d\nsent %+v %q\nwant %+v %q", i+1, got, got.Payload, want, want.Payload)
	}
}

// answer sends a recorded answer, or push, with the ids of this conversation.
func (s *stockServer) answer(f *recordedFrame) {
	m := *f.m
	if asked := s.ids[m.ID.String()]; asked != nil {
		m.ID = asked.ID
	}
	if m.Status != wire.KeyExchangeACK {
		s.write(&m, f.compressed())
		return
	}
	key := string(s.request.Payload)
	jsonForm := s.request.Mimetype == mimeJSON
	if jsonForm {
		var body keyText
		if err := json.Unmarshal(s.request.Payload, &body); err != nil {
			s.t.Error(err)
		}
		key = body.Key
	}
	public, sealer, err := agree(key)
	if err != nil {
		s.t.Error(err)
		return
	}
	if m.Payload = []byte(public); jsonForm {
		m.Payload = []byte(`{"signature":"","key":"` + public + `"}`)
	}
	s.write(&m, false)
	s.sealer = sealer
	s.reader.SetSealer(sealer)
}

func (s *stockServer) write(m *wire.Message, compress bool) {
	var sealer wire.Sealer
	if s.sealer != nil {
		sealer = s.sealer
	}
	b, err := wire.AppendFrame(nil, m, compress, sealer)
	if err == nil {
		_, err = s.nc.Write(b)
	}
	if err != nil {
		s.t.Error(err)
	}
}

// playCalls makes the call of each recorded request and compares what it returns.
func playCalls(t *testing.T, c *Client, r *recording) {
	t.Helper()
	answers := map[string]*wire.Message{}
	for i := range r.Frames {
		if f := &r.Frames[i]; !f.fromClient() && !f.m.SubscriptionReply {
			answers[f.m.ID.String()] = f.m
		}
	}
	pushes := make(chan *wire.Message, 1)
	for i := range r.Frames {
		f := &r.Frames[i]
		m, wait := f.m, time.Duration(f.m.Timeout)*time.Millisecond
		var got *wire.Message
		var err error
		switch {
		case !f.fromClient():
			if f.m.SubscriptionReply {
				if push := <-pushes; !bytes.Equal(push.Payload, f.m.Payload) || push.Subject != f.m.Subject {
					t.Errorf("frame %d: pushed %+v", i+1, push)
				}
			}
			continue
		case m.Type == wire.Request && m.Oneway:
			err = c.SendOneway(t.Context(), m.Destination, m)
		case m.Type == wire.Request:
			got, err = c.Send(t.Context(), m.Destination, m)
		case m.Type == wire.Offer:
			got, err = c.Offer(t.Context(), m.Destination, m.ReplyTo, wait, m)
		case m.Type == wire.Poll:
			got, err = c.Poll(t.Context(), m.Destination, wait)
		case m.Type == wire.Publish:
			got, err = c.Publish(t.Context(), m.Destination, m)
		case m.Type == wire.Subscribe:
			got, err = c.Subscribe(t.Context(), m.Destination, func(m *wire.Message) { pushes <- m })
		case m.Type == wire.Test:
			got, err = c.Test(t.Context(), m.Payload)
		case m.Type == wire.CreateTempQueue:
			var name string
			if name, err = c.CreateTemporaryQueue(t.Context(), recordedCapacity(t, m)); name != string(answers[m.ID.String()].Payload) {
				t.Errorf("frame %d: queue %q", i+1, name)
			}
		}
		if err != nil {
			t.Fatalf("frame %d, %s: %v", i+1, m.Type, err)
		}
		if want := answers[m.ID.String()]; got != nil && (got.Status != want.Status || got.Subject != want.Subject ||
			got.RequestID != want.RequestID || got.ReplyTo != want.ReplyTo || got.Mimetype != want.Mimetype || !bytes.Equal(got.Payload, want.Payload)) {
			t.Errorf("frame %d\n got %+v\nwant %+v", i+1, got, want)
		}
	}
}

func recordedCapacity(t *testing.T, m *wire.Message) int {
	t.Helper()
	var body struct{ Capacity int }
	if err := json.Unmarshal(m.Payload, &body); err != nil {
		t.Fatal(err)
	}
	return body.Capacity
}
