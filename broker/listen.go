// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

// listen opens the sockets of an address, and says which address that is: the port may have been 0.
func listen(a Address, open func(network, address string) (net.Listener, error)) ([]net.Listener, Address, error) {
	if err := a.check(); err != nil {
		return nil, a, err
	}
	var ls []net.Listener
	var err error
	switch {
	case a.scheme == schemeUnix:
		ls, err = listenUnix(a.path, open)
	case a.loopback():
		ls, a, err = listenLoopback(a, open)
	default:
		var l net.Listener
		if l, err = open("tcp", net.JoinHostPort(a.host, strconv.Itoa(a.port))); err == nil {
			ls = []net.Listener{l}
			a = a.withPort(portOf(l, a.port))
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		err = errAddressInUse
	}
	return ls, a, err
}

// listenLoopback opens 127.0.0.1 and ::1 (decisions.md B5); a family that the machine lacks is left out.
func listenLoopback(a Address, open func(network, address string) (net.Listener, error)) ([]net.Listener, Address, error) {
	const attempts = 20 // for port 0: the port that one family gave may be taken in the other
	for i := 0; ; i++ {
		var ls []net.Listener
		var lacking, failed error
		port := a.port
		for _, host := range []string{"127.0.0.1", "::1"} {
			l, err := open("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
			switch {
			case err == nil:
				ls = append(ls, l)
				port = portOf(l, port)
			case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EAFNOSUPPORT):
				lacking = err
			default:
				failed = err
			}
		}
		if failed == nil && len(ls) > 0 {
			return ls, a.withPort(port), nil
		}
		closeAll(ls)
		if failed == nil {
			failed = lacking
		}
		if a.port != 0 || i == attempts || !errors.Is(failed, syscall.EADDRINUSE) {
			return nil, a, failed
		}
	}
}

func portOf(l net.Listener, port int) int {
	if t, ok := l.Addr().(*net.TCPAddr); ok {
		return t.Port
	}
	return port
}

// listenUnix opens a Unix socket that only its owner may use. A socket that nobody serves, and an empty file, are
// replaced; a live server's is not (decisions.md B15), and a file with contents is not either.
func listenUnix(path string, open func(network, address string) (net.Listener, error)) ([]net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		stale := info.Mode()&fs.ModeSocket != 0 && !answers(path)
		if !stale && !(info.Mode().IsRegular() && info.Size() == 0) {
			return nil, errAddressInUse
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := open("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.Close()
		return nil, err
	}
	return []net.Listener{l}, nil
}

// answers reports whether somebody listens on a Unix socket.
func answers(path string) bool {
	nc, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return !errors.Is(err, syscall.ECONNREFUSED)
	}
	nc.Close()
	return true
}

func closeAll(ls []net.Listener) {
	for _, l := range ls {
		l.Close()
	}
}
