// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package framed is the ceiling that the broker is measured against: frames of the protocol's shape on a loopback socket,
// nothing parsed beyond the lengths, one in flight.
package framed

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
)

const (
	headLen   = 16
	metaLen   = 83 // bytes beside the payload in a request
	answerLen = 99
)

// Loop is a client and its server. Not safe for concurrent use.
type Loop struct {
	listener net.Listener
	conn     net.Conn
	done     chan struct{}
	r        *bufio.Reader
	out      []byte
	in       [answerLen]byte
}

// New makes a loop for payloads of so many bytes, with the system's socket options. Close ends it.
func New(payload int) (*Loop, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &Loop{listener: l, done: make(chan struct{}), out: make([]byte, headLen+metaLen+payload)}
	go f.serve(metaLen + payload)
	if f.conn, err = net.Dial("tcp", l.Addr().String()); err != nil {
		l.Close()
		<-f.done
		return nil, err
	}
	f.r = bufio.NewReader(f.conn)
	binary.BigEndian.PutUint32(f.out[8:], metaLen)
	binary.BigEndian.PutUint32(f.out[12:], uint32(payload))
	return f, nil
}

func (f *Loop) serve(most int) {
	defer close(f.done)
	nc, err := f.listener.Accept()
	if err != nil {
		return
	}
	defer nc.Close()
	r := bufio.NewReaderSize(nc, 64<<10)
	head, body, answer := make([]byte, headLen), make([]byte, most), make([]byte, answerLen)
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		n := binary.BigEndian.Uint32(head[8:]) + binary.BigEndian.Uint32(head[12:])
		if _, err := io.ReadFull(r, body[:n]); err != nil {
			return
		}
		if _, err := nc.Write(answer); err != nil {
			return
		}
	}
}

// Call is one request and its answer.
func (f *Loop) Call() error {
	if _, err := f.conn.Write(f.out); err != nil {
		return err
	}
	_, err := io.ReadFull(f.r, f.in[:])
	return err
}

// Close ends both sides.
func (f *Loop) Close() {
	f.conn.Close()
	f.listener.Close()
	<-f.done
}
