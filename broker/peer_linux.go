// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/binary"
	"syscall"
)

// tcpEstablished reports whether neither end of a TCP connection has closed it: after the peer's end of stream or reset the
// state is another one at once, whatever has not been read yet.
func tcpEstablished(fd int, tcp bool) (established, known bool) {
	if !tcp {
		return false, false
	}
	const stateEstablished = 1 // the first byte of struct tcp_info
	v, err := syscall.GetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_INFO)
	if err != nil {
		return false, false
	}
	var b [4]byte
	binary.NativeEndian.PutUint32(b[:], uint32(v))
	return b[0] == stateEstablished, true
}
