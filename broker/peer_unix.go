// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package broker

import (
	"net"
	"syscall"
)

// probe asks a connection's socket for its peer. It is made once for a connection and used by one goroutine at a time: to ask
// then costs one system call and no memory.
type probe struct {
	raw  syscall.RawConn // nil: the connection has no socket
	tcp  bool
	ask  func(fd uintptr)
	end  bool  // what the last question came to
	fail error // the socket is closed
}

func newProbe(nc net.Conn) *probe {
	p := &probe{}
	p.ask = p.look
	_, p.tcp = nc.(*net.TCPConn)
	if sc, ok := nc.(syscall.Conn); ok {
		p.raw, p.fail = sc.SyscallConn()
	}
	return p
}

// gone reports whether the peer has closed or reset the connection, as far as the socket knows; it never waits and
// takes no bytes (P2). Where the system does not tell the state of a connection, bytes that arrived before its end hide it.
func (p *probe) gone() bool {
	if p.fail == nil && p.raw != nil {
		p.end = false
		p.fail = p.raw.Control(p.ask) // Read would wait for whoever reads
	}
	return p.end || p.fail != nil
}

func (p *probe) look(fd uintptr) {
	if established, known := tcpEstablished(int(fd), p.tcp); known {
		p.end = !established
		return
	}
	var b [1]byte
	n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	switch err {
	case nil:
		p.end = n == 0
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT:
		p.end = true
	}
}
