// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package brokertest

import (
	"bytes"
	"io"
	"net"
	"slices"
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

// Frames vanish and break as they are told to, in whatever pieces they come.
func TestProxyOfFrames(t *testing.T) {
	frame := func(meta, data string) string {
		head := make([]byte, headerLen)
		head[11], head[15] = byte(len(meta)), byte(len(data))
		return string(head) + meta + data
	}
	p := Start(t, "tcp", echoServer(t), Path{Slice: 3}, Path{Frames: func(n int) Fate {
		return []Fate{Arrives, Vanishes, Arrives, Breaks}[n]
	}})
	nc := dial(t, p)
	first, third, fourth := frame("meta", "data"), frame("", "third"), frame("fourth", "")
	io.WriteString(nc, first+frame("m", "lost")+third+fourth) // nothing behind: unread bytes would make the break a reset
	got := make([]byte, len(first+third)+len(fourth)/2)
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != first+third+fourth[:len(fourth)/2] {
		t.Errorf("%q, %v", got, err)
	}
	if n, err := nc.Read(got); err == nil {
		t.Errorf("%d bytes behind the break", n)
	}
}

// As many frames are lost as the share says, the first one never, and the same ones for the same seed.
func TestLoss(t *testing.T) {
	const frames = 10_000
	fates := func() (fates []Fate, lost int) {
		l := NewLoss(1, 0.2)
		for range frames {
			if fate := l.Fate(0); fate != Arrives {
				t.Fatal("the first frame is lost")
			}
			fates = append(fates, l.Fate(1))
		}
		return fates, l.Lost()
	}
	one, lost := fates()
	if two, _ := fates(); !slices.Equal(one, two) {
		t.Error("another loss from the same seed")
	}
	count := map[Fate]int{}
	for _, f := range one {
		count[f]++
	}
	if lost != frames-count[Arrives] || lost < 1800 || lost > 2200 || count[Vanishes] < 850 || count[Breaks] < 850 {
		t.Errorf("%d lost: %v", lost, count)
	}
}
