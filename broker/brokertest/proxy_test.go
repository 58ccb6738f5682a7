// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package brokertest

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"testing"
	"time"
)

const patience = 20 * time.Second

// echoServer sends back what it gets, and then says end.
func echoServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				io.Copy(nc, nc)
				io.WriteString(nc, "end")
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, p *Proxy) *net.TCPConn {
	t.Helper()
	nc, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(p.Port()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	return nc.(*net.TCPConn)
}

func TestProxy(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789"), 100)
	for _, c := range []struct {
		name               string
		toServer, toClient Path
		want               string // all that comes back
		reset              bool
	}{
		{"nothing disturbed", Path{}, Path{}, string(sent) + "end", false},
		{"slices of 1 byte, late", Path{Slice: 1}, Path{Slice: 7, Latency: time.Microsecond}, string(sent) + "end", false},
		{"the way there ends", Path{End: HalfClose, After: 15}, Path{}, string(sent[:15]) + "end", false},
		{"the way back ends", Path{}, Path{End: HalfClose, After: 7}, string(sent[:7]), false},
		{"cut", Path{}, Path{End: Cut, After: 20}, string(sent[:20]), true},
		{"reset", Path{}, Path{End: Reset, After: 20}, string(sent[:20]), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			nc := dial(t, Start(t, "tcp", echoServer(t), c.toServer, c.toClient))
			if _, err := nc.Write(sent); err == nil {
				nc.CloseWrite()
			}
			got, err := io.ReadAll(nc)
			if err != nil && !c.reset {
				t.Error(err)
			}
			if string(got) != c.want && !(c.reset && bytes.HasPrefix([]byte(c.want), got)) { // a reset may overtake bytes
				t.Errorf("got %d bytes %q, want %d", len(got), got, len(c.want))
			}
		})
	}
}

// A stalled way gives nothing and closes nothing; CutAll ends it, and the next connection is served.
func TestProxyStallsAndCuts(t *testing.T) {
	p := Start(t, "tcp", echoServer(t), Path{}, Path{End: Stall, After: 3})
	nc := dial(t, p)
	if _, err := io.WriteString(nc, "hello"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 3)
	if _, err := io.ReadFull(nc, b); err != nil || string(b) != "hel" {
		t.Fatalf("%q, %v", b, err)
	}
	p.CutAll()
	if n, err := nc.Read(b); err == nil {
		t.Errorf("%d bytes after the cut", n)
	}
	again := dial(t, p)
	io.WriteString(again, "again")
	if _, err := io.ReadFull(again, b); err != nil || string(b) != "aga" {
		t.Errorf("%q, %v", b, err)
	}
}
