// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"flag"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"gondola/broker/brokertest"
	"gondola/broker/engine"
	"gondola/broker/wire"
)

// patience is far above what anything here takes; tests wait on events, not for it.
const testPatience = 20 * time.Second

// behindProxy runs the tests of this package over a way that hands on slices of so many bytes (reliability.md 13.4):
//
//	go test ./broker -args -slice 1000
var behindProxy = flag.Int("slice", 0, "bytes of a slice of the proxy between clients and servers; 0: no proxy")

// way is where clients of a server connect.
func way(t testing.TB, s *Server) Address {
	t.Helper()
	if *behindProxy == 0 {
		return s.Address()
	}
	to, slices := s.Address().dial(), brokertest.Path{Slice: *behindProxy}
	return Port(int64(brokertest.Start(t, to.network, to.address, slices, slices).Port()))
}

func startServer(t testing.TB, opts ServerOptions) *Server {
	t.Helper()
	return startServerAt(t, Port(0), opts)
}

func startServerAt(t testing.TB, addr Address, opts ServerOptions) *Server {
	t.Helper()
	s, err := NewServer(addr, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("close of the server:", err)
		}
	})
	return s
}

func dial(t testing.TB, s *Server, opts ClientOptions) *Client {
	t.Helper()
	c, err := Dial(t.Context(), way(t, s), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// unixAddress is a socket that ends with the test.
func unixAddress(t testing.TB) Address {
	t.Helper()
	return must[Address](t)(ParseAddress("af-unix://" + filepath.Join(t.TempDir(), "s.sock")))
}

func createQueue(t testing.TB, s *Server, name string, capacity int) {
	t.Helper()
	if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: name, Capacity: capacity}); err != nil {
		t.Fatal(err)
	}
}

func createFunction(t testing.TB, s *Server, name string, h Handler) {
	t.Helper()
	if err := s.CreateFunction(name, h); err != nil {
		t.Fatal(err)
	}
}

func echo(_ context.Context, m *wire.Message) (*wire.Message, error) { return m, nil }

// sink has nothing to say.
func sink(context.Context, *wire.Message) (*wire.Message, error) { return nil, nil }

func textMessage(requestID, subject, text string) *wire.Message {
	return &wire.Message{
		ID: newID(), Type: wire.NullType, Status: wire.NullStatus, Timestamp: time.Now().UnixMilli(),
		ExpiresAt: wire.Never, Timeout: answerTimeout,
		RequestID: requestID, Subject: subject, Mimetype: mimeText, Charset: utf8Name, Payload: []byte(text),
	}
}

// must fails the test on an error.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// expect checks status and text of an answer.
func expect(t testing.TB, m *wire.Message, status wire.Status, text string) {
	t.Helper()
	if m.Status != status || string(m.Payload) != text {
		t.Fatalf("answer %s %q, want %s %q", m.Status, m.Payload, status, text)
	}
}

// eventually waits until ok says yes.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(testPatience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("still waiting: ", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestSend(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			addr := Port(0)
			if network == "unix" {
				addr = unixAddress(t)
			}
			s := startServerAt(t, addr, ServerOptions{})
			c := dial(t, s, ClientOptions{})
			createFunction(t, s, "echo", echo)
			createFunction(t, s, "nil", func(context.Context, *wire.Message) (*wire.Message, error) { return nil, nil })
			createFunction(t, s, "fresh", func(_ context.Context, m *wire.Message) (*wire.Message, error) {
				r := textMessage("own", "other", "made here")
				r.ExpiresAt = 77
				return r, nil
			})

			req := textMessage("r-1", "sub", "hello")
			req.Durable, req.ExpiresAt = true, time.Now().Add(time.Hour).UnixMilli()
			got := must[*wire.Message](t)(c.Send(t.Context(), " echo ", req))
			want := wire.Message{
				ID: got.ID, Type: wire.Response, Status: wire.OK, Oneway: true, Durable: true, Timestamp: got.Timestamp,
				ExpiresAt: req.ExpiresAt, Timeout: wire.NoTimeout, RequestID: "r-1", Destination: "echo", Subject: "sub",
				Mimetype: mimeText, Charset: utf8Name,
			}
			want.Payload = []byte("hello")
			if !reflect.DeepEqual(*got, want) {
				t.Errorf("echo\n got %+v\nwant %+v", *got, want)
			}
			if got.ID == req.ID {
				t.Error("a request needs an id of its own")
			}
			got = must[*wire.Message](t)(c.Send(t.Context(), "nil", req))
			expect(t, got, wire.OK, "")
			if got.RequestID != "r-1" || got.Subject != "sub" || got.Destination != "" || got.Timeout != 300 {
				t.Errorf("empty answer %+v", got)
			}
			got = must[*wire.Message](t)(c.Send(t.Context(), "fresh", req))
			expect(t, got, wire.OK, "made here")
			if got.RequestID != "own" || got.Subject != "other" || got.ExpiresAt != 77 || !got.Oneway {
				t.Errorf("handler's own message %+v", got)
			}
			expect(t, must[*wire.Message](t)(c.Send(t.Context(), "none", req)), wire.FunctionNotFound, "The function none does not exist!")
			expect(t, must[*wire.Message](t)(c.Publish(t.Context(), "t", req)), wire.TopicNotFound, "The topic t does not exist!")
			expect(t, must[*wire.Message](t)(c.Test(t.Context(), make([]byte, 70000))), wire.OK, "")
		})
	}
}
