// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"io"
	"net"
	"testing"
	"time"

	"gondola/broker/wire"
	"gondola/security"
)

// FuzzConn (T26): whatever bytes a peer sends, before a login and where none is needed, its connection ends when it has
// ended, and another one is served. Plain frames to the second server end at the demand for encryption (S1).
func FuzzConn(f *testing.F) {
	dir := f.TempDir() // Unix sockets leave no ports behind
	open := startServerAt(f, must[Address](f)(ParseAddress("af-unix://"+dir+"/open")), ServerOptions{MaxMessageSize: 4096})
	createFunction(f, open, "echo", echo)
	createQueue(f, open, "q", 3)
	createTopic(f, open, "t")
	users := security.NewUsers(security.StockForm)
	if err := users.AddUser("tom", "secret", false); err != nil {
		f.Fatal(err)
	}
	closed := startServerAt(f, must[Address](f)(ParseAddress("af-unix://"+dir+"/closed")), ServerOptions{Encrypt: true, Authenticator: users})
	frame := func(t wire.Type, to, mimetype, payload string) []byte {
		m := newRequest(t, to)
		m.Mimetype, m.Timeout, m.Payload = mimetype, wire.NoTimeout, []byte(payload)
		b, err := wire.AppendFrame(nil, m, false, nil)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	config := frame(wire.ClientConfig, "", mimeJSON, `{"ackMode":"NO_ACKNOWLEDGE"}`)
	f.Add(config)
	f.Add(append(config, frame(wire.KeyExchange, "", mimeJSON, `{"key":"AAAA"}`)...))
	f.Add(append(frame(wire.Subscribe, "t", mimeText, "id"), frame(wire.Publish, "t", mimeText, "news")...))
	f.Add(append(frame(wire.Offer, "q", mimeText, "x"), frame(wire.Poll, "q", mimeText, "")...))
	f.Add(frame(wire.Authentication, "", mimeText, "tom\nsecret"))
	f.Add(frame(wire.CreateTempQueue, "", mimeJSON, `{"capacity":3}`)[:60])

	good := dial(f, open, ClientOptions{})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, s := range []*Server{open, closed} {
			to := s.Address().dial()
			nc := must[net.Conn](t)(net.Dial(to.network, to.address))
			nc.SetDeadline(time.Now().Add(testPatience))
			nc.Write(b) // the server may have ended the connection in the middle
			nc.(*net.UnixConn).CloseWrite()
			if _, err := io.Copy(io.Discard, nc); timedOut(err) {
				t.Error("the server keeps a connection whose peer has ended")
			}
			nc.Close()
		}
		answer := must[*wire.Message](t)(good.Send(t.Context(), "echo", textMessage("", "s", "still here")))
		if string(answer.Payload) != "still here" || answer.Status != wire.OK {
			t.Errorf("another connection: %s %q", answer.Status, answer.Payload)
		}
	})
}
