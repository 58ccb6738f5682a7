// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// As in wire, nothing can be counted under the race detector.

//go:build !race

package broker

import (
	"net"
	"testing"
	"time"

	"gondola/broker/wire"
)

// endless is the server's side of a connection whose peer sends one frame again and again and takes every answer.
type endless struct {
	net.Conn // nil: nothing else is called
	frame    []byte
	at       int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.frame[e.at:])
	e.at = (e.at + n) % len(e.frame)
	return n, nil
}

func (e *endless) Write(p []byte) (int, error)      { return len(p), nil }
func (e *endless) Close() error                     { return nil }
func (e *endless) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (e *endless) SetDeadline(time.Time) error      { return nil }
func (e *endless) SetReadDeadline(time.Time) error  { return nil }
func (e *endless) SetWriteDeadline(time.Time) error { return nil }

// A request costs the server what it is made of, the message, its names and its payload: no allocation for serving it.
func TestServingAllocatesNothing(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createFunction(t, s, "sink", sink)
	createFunction(t, s, "echo", echo)
	createQueue(t, s, "q", 1)
	must[any](t)(nil, s.CreateTopic(t.Context(), "t"))
	request := func(kind wire.Type, destination string, payload int) *wire.Message {
		m := newRequest(kind, destination)
		m.Timeout = wire.NoTimeout
		m.Payload = make([]byte, payload)
		return m
	}
	const times = 50 // one after the other, some of them read with one read
	for _, c := range []struct {
		name     string
		requests []*wire.Message
		made     int // messages, payloads that are handed on, names
	}{
		{"test", []*wire.Message{request(wire.Test, "", usual)}, 1},
		{"send", []*wire.Message{request(wire.Request, "sink", usual)}, 3},
		{"send and echo", []*wire.Message{request(wire.Request, "echo", usual)}, 3},
		{"small send", []*wire.Message{request(wire.Request, "sink", 10)}, 3},
		{"offer and poll", []*wire.Message{request(wire.Offer, "q", usual), request(wire.Poll, "q", 0)}, 5},
		{"publish", []*wire.Message{request(wire.Publish, "t", usual)}, 3},
	} {
		nc := &endless{}
		for _, m := range c.requests {
			nc.frame = must[[]byte](t)(wire.AppendFrame(nc.frame, m, false, nil))
		}
		conn := newConn(s, nc)
		serve := func() {
			for range times * len(c.requests) {
				f, err := conn.next()
				if err != nil {
					t.Fatal(err)
				}
				conn.serve(f)
				conn.letGo()
			}
		}
		if n := testing.AllocsPerRun(100, serve); n > float64(times*c.made) {
			t.Errorf("%s: %v allocations, want at most %d", c.name, n/times, c.made)
		}
	}
}
