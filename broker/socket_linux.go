// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"net"
	"syscall"
)

// tuneLoopback takes the system's congestion control off a connection within the machine: BBR, the default of many, paces
// large messages there to half their speed.
func tuneLoopback(t *net.TCPConn) {
	if a, ok := t.RemoteAddr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return
	}
	// A failure leaves what the system has chosen.
	raw.Control(func(fd uintptr) {
		syscall.SetsockoptString(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CONGESTION, "reno")
	})
}
