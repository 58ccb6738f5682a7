// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package broker

import (
	"net"
	"syscall"
)

// peerGone reports whether the peer has closed or reset the connection, as far as the socket knows; it never waits and
// takes no bytes (P2). Where the system does not tell the state of a connection, bytes that arrived before its end hide it.
func peerGone(nc net.Conn) bool {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return true
	}
	_, tcp := nc.(*net.TCPConn)
	gone := false
	err = raw.Control(func(fd uintptr) { // Read would wait for whoever reads
		if established, known := tcpEstablished(int(fd), tcp); known {
			gone = !established
			return
		}
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch err {
		case nil:
			gone = n == 0
		case syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT:
			gone = true
		}
	})
	return gone || err != nil
}
