// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package brokertest disturbs the way between a client and a server, for tests (reliability.md 13.4).
package brokertest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Ending is what happens to a connection after Path.After bytes of one direction.
type Ending int

const (
	Never     Ending = iota // the direction ends with its sender
	Cut                     // both sockets are closed
	Reset                   // both sockets are reset
	HalfClose               // this direction ends, the other goes on
	Stall                   // no further byte goes this way, and nothing is closed
)

// Path disturbs one direction of every connection. The zero value hands bytes on as they come.
type Path struct {
	Latency time.Duration // before each slice
	Slice   int           // bytes of one write; 0: as many as there are
	End     Ending
	After   int64 // bytes that go through before End
	// Frames is asked what becomes of each frame of the protocol, the nth of its connection from 0 on; nil: bytes are but bytes.
	// It is called by several goroutines. The fields above are for a path without.
	Frames func(n int) Fate
}

// Fate is what becomes of a frame.
type Fate int

const (
	Arrives  Fate = iota
	Vanishes      // the connection goes on without it
	Breaks        // half of it arrives, then both sockets are closed
)

// Proxy stands between clients and a server. It is safe for concurrent use.
type Proxy struct {
	network, address   string // of the server
	toServer, toClient Path

	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// Start listens on a port of 127.0.0.1 for clients of the server at network and address. The proxy closes with the test,
// which waits for its goroutines.
func Start(t testing.TB, network, address string, toServer, toClient Path) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{network: network, address: address, toServer: toServer, toClient: toClient, listener: l, open: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(p.Close)
	return p
}

// Port is where clients connect.
func (p *Proxy) Port() int { return p.listener.Addr().(*net.TCPAddr).Port }

// CutAll closes the connections of now, as a network that fails; new ones are served.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for nc := range p.open {
		nc.Close()
	}
}

// Close ends the proxy and its connections. Closing again does nothing.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.listener.Close()
	p.CutAll()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.address)
		if err != nil {
			client.Close()
			continue
		}
		if !p.keep(client, server) {
			client.Close()
			server.Close()
			return
		}
		p.running.Go(func() { p.serve(client, server) })
	}
}

// keep remembers sockets; false: the proxy is closed.
func (p *Proxy) keep(ncs ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, nc := range ncs {
		if !p.closed {
			p.open[nc] = true
		}
	}
	return !p.closed
}

// serve hands on both directions until both have ended.
func (p *Proxy) serve(client, server net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { p.toServer.carry(server, client) })
	both.Go(func() { p.toClient.carry(client, server) })
	both.Wait()
	client.Close()
	server.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, client)
	delete(p.open, server)
}

// carry hands on what from sends.
func (w Path) carry(to, from net.Conn) {
	if w.Frames != nil {
		w.carryFrames(to, from)
		return
	}
	buffer := make([]byte, 32<<10)
	var done int64
	for {
		if w.End != Never && done >= w.After {
			w.end(to, from)
			return
		}
		n, err := from.Read(buffer)
		if w.End != Never {
			n = int(min(int64(n), w.After-done))
		}
		done += int64(n)
		if failed := w.write(to, buffer[:n]); failed != nil {
			from.Close()
			return
		}
		if err != nil {
			passEnd(to, err)
			return
		}
	}
}

// passEnd gives on how reading has ended: half a close for an orderly end.
func passEnd(to net.Conn, err error) {
	if errors.Is(err, io.EOF) {
		closeWrite(to)
	} else {
		to.Close()
	}
}

func (w Path) carryFrames(to, from net.Conn) {
	r := bufio.NewReader(from)
	for n := 0; ; n++ {
		frame, err := readFrame(r)
		if err != nil {
			passEnd(to, err)
			return
		}
		fate := w.Frames(n)
		switch fate {
		case Vanishes:
			continue
		case Breaks:
			frame = frame[:len(frame)/2]
		}
		if _, err := to.Write(frame); err != nil || fate == Breaks {
			to.Close()
			from.Close()
			return
		}
	}
}

const headerLen = 16 // the last 8 bytes are the lengths of what follows

// readFrame returns the next frame; io.EOF only in front of one.
func readFrame(r io.Reader) ([]byte, error) {
	header := make([]byte, headerLen)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	frame := make([]byte, headerLen+int(binary.BigEndian.Uint32(header[8:]))+int(binary.BigEndian.Uint32(header[12:])))
	copy(frame, header)
	_, err := io.ReadFull(r, frame[headerLen:])
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return frame, err
}

func (w Path) write(to net.Conn, b []byte) error {
	for len(b) > 0 {
		n := len(b)
		if w.Slice > 0 {
			n = min(n, w.Slice)
		}
		if w.Latency > 0 {
			time.Sleep(w.Latency)
		}
		if _, err := to.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (w Path) end(to, from net.Conn) {
	switch w.End {
	case HalfClose:
		closeWrite(to)
		io.Copy(io.Discard, from) // the sender is not to notice
	case Stall:
		io.Copy(io.Discard, from)
	case Reset:
		for _, nc := range []net.Conn{to, from} {
			if tcp, ok := nc.(*net.TCPConn); ok {
				tcp.SetLinger(0)
			}
		}
		fallthrough
	case Cut:
		to.Close()
		from.Close()
	}
}

// closeWrite ends one direction and leaves the other.
func closeWrite(nc net.Conn) {
	if half, ok := nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
		return
	}
	nc.Close()
}
