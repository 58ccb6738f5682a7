// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package framed has the ceilings that the broker is measured against: programs that move frames of the protocol's shape over
// a loopback socket and do nothing else. Nothing is parsed beyond the lengths.
package framed

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
)

const (
	headLen   = 16
	metaLen   = 83 // bytes of a frame beside header and payload
	frameLen  = headLen + metaLen
	readLen   = 64 << 10 // of a read buffer
	besideLen = 16 << 10 // a payload from this length on is written from where it is
)

// end is one end of a connection. It belongs to one goroutine.
type end struct {
	nc   net.Conn
	r    *bufio.Reader
	code *code  // nil: segments go as they are
	head []byte // of the frame that is being written, with what else is written beside its payload
	meta []byte // of the last frame read
	data []byte // of the last one that had any
	vec  [2][]byte
}

func newEnd(nc net.Conn, code *code) *end {
	return &end{nc: nc, r: bufio.NewReaderSize(nc, readLen), code: code, meta: make([]byte, metaLen+sealLen)}
}

// put appends a frame to what is to be written.
func (e *end) put(payload []byte) {
	at := len(e.head)
	e.head = append(e.head, make([]byte, headLen)...)
	if e.code == nil {
		e.head = append(append(e.head, make([]byte, metaLen)...), payload...)
		lengths(e.head[at:], metaLen, len(payload))
		return
	}
	e.head = e.code.segment(e.head, make([]byte, metaLen), false)
	meta := len(e.head) - at - headLen
	e.head = e.code.segment(e.head, payload, e.code.z != nil && len(payload) > 0)
	lengths(e.head[at:], meta, len(e.head)-at-headLen-meta)
}

func lengths(head []byte, meta, data int) {
	binary.BigEndian.PutUint32(head[8:], uint32(meta))
	binary.BigEndian.PutUint32(head[12:], uint32(data))
}

// flush writes what has been put, with one write.
func (e *end) flush() error {
	_, err := e.nc.Write(e.head)
	e.head = e.head[:0]
	return err
}

// send writes one frame, with one write.
func (e *end) send(payload []byte) error {
	if len(payload) < besideLen || e.code != nil {
		e.put(payload)
		return e.flush()
	}
	e.head = append(e.head, make([]byte, frameLen)...)
	lengths(e.head, metaLen, len(payload))
	e.vec = [2][]byte{e.head, payload}
	both := net.Buffers(e.vec[:])
	_, err := both.WriteTo(e.nc)
	e.head = e.head[:0]
	return err
}

// receive reads a frame. The payload is good until the next one that is not empty.
func (e *end) receive() ([]byte, error) {
	head, err := e.r.Peek(headLen)
	if err != nil {
		return nil, err
	}
	meta, data := int(binary.BigEndian.Uint32(head[8:])), int(binary.BigEndian.Uint32(head[12:]))
	e.r.Discard(headLen)
	if cap(e.data) < data {
		e.data = make([]byte, data)
	}
	if _, err := io.ReadFull(e.r, e.meta[:meta]); err != nil {
		return nil, err
	}
	payload := e.data[:data]
	if _, err := io.ReadFull(e.r, payload); err != nil || e.code == nil {
		return payload, err
	}
	return e.code.open(e.meta[:meta], payload)
}

// hasFrame reports whether a whole frame has been read.
func (e *end) hasFrame() bool {
	have := e.r.Buffered()
	if have < headLen {
		return false
	}
	head, _ := e.r.Peek(headLen)
	return have >= headLen+int(binary.BigEndian.Uint32(head[8:]))+int(binary.BigEndian.Uint32(head[12:]))
}

// Options of a Loop.
type Options struct {
	Network string // "tcp" or "unix"; "": tcp
	Payload []byte // of requests
	Seal    bool   // both segments of each frame, with AES-256-GCM
	Gzip    bool   // payloads, at level 1
	// Tune sets socket options of either end. Nil: the system's.
	Tune func(net.Conn)
	// Serve gets what a request carries, before its answer; nil for one without a payload. May be nil.
	Serve func(payload []byte) error
}

func (o Options) withDefaults() Options {
	if o.Network == "" {
		o.Network = "tcp"
	}
	if o.Tune == nil {
		o.Tune = func(net.Conn) {}
	}
	return o
}

// Loop is a client and its server. Not safe for concurrent use.
type Loop struct {
	o    Options
	link *link
	c    *end
}

// link is a listener and the goroutine that serves what it accepts.
type link struct {
	net.Listener
	done chan struct{}
	dir  string // of its Unix socket
}

func listen(network string) (*link, error) {
	l := &link{done: make(chan struct{})}
	address, err := "127.0.0.1:0", error(nil)
	if network == "unix" {
		if l.dir, err = os.MkdirTemp("", "framed-"); err != nil {
			return nil, err
		}
		address = filepath.Join(l.dir, "s.sock")
	}
	if l.Listener, err = net.Listen(network, address); err != nil {
		os.RemoveAll(l.dir)
		return nil, err
	}
	return l, nil
}

func (l *link) dial() (net.Conn, error) { return net.Dial(l.Addr().Network(), l.Addr().String()) }

// close waits for the serving goroutine; its connections have been closed.
func (l *link) close() {
	l.Close()
	<-l.done
	if l.dir != "" {
		os.RemoveAll(l.dir)
	}
}

// New makes a loop. Close ends it.
func New(o Options) (*Loop, error) {
	o = o.withDefaults()
	l, err := listen(o.Network)
	if err != nil {
		return nil, err
	}
	f := &Loop{o: o, link: l}
	go f.serve()
	nc, err := l.dial()
	if err != nil {
		l.close()
		return nil, err
	}
	o.Tune(nc)
	f.c = newEnd(nc, newCode(o))
	return f, nil
}

// serve answers a request without a payload with the last one that it has got. Answers leave when no whole request is there.
func (f *Loop) serve() {
	defer close(f.link.done)
	nc, err := f.link.Accept()
	if err != nil {
		return
	}
	defer nc.Close()
	f.o.Tune(nc)
	s := newEnd(nc, newCode(f.o))
	var last, answer []byte
	for {
		payload, err := s.receive()
		if err == nil && f.o.Serve != nil {
			err = f.o.Serve(payload)
		}
		if err != nil {
			return
		}
		if answer = last; len(payload) > 0 {
			last, answer = payload, nil
		}
		s.put(answer)
		if !s.hasFrame() {
			if s.flush() != nil {
				return
			}
		}
	}
}

// Call is one request and its answer.
func (f *Loop) Call() error {
	if err := f.c.send(f.o.Payload); err != nil {
		return err
	}
	_, err := f.c.receive()
	return err
}

// Pair is a Call and another one whose answer carries the payload of the first.
func (f *Loop) Pair() error {
	if err := f.Call(); err != nil {
		return err
	}
	if err := f.c.send(nil); err != nil {
		return err
	}
	_, err := f.c.receive()
	return err
}

// Pipe is n calls with so many in flight. What can be sent is sent with one write.
func (f *Loop) Pipe(n, inFlight int) error {
	for sent, done := 0, 0; done < n; {
		for ; sent < min(n, done+inFlight); sent++ {
			f.c.put(f.o.Payload)
		}
		if err := f.c.flush(); err != nil {
			return err
		}
		for more := true; more; more = f.c.hasFrame() {
			if _, err := f.c.receive(); err != nil {
				return err
			}
			done++
		}
	}
	return nil
}

// Close ends both sides.
func (f *Loop) Close() {
	f.c.nc.Close()
	f.link.close()
}
