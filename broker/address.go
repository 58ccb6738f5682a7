// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Address is where a server listens or a client connects: a connection URI (ipc-api.md 4.2). The zero value is not usable.
type Address struct {
	uri    string // as given; what texts show
	scheme string
	host   string // blank: loopback
	port   int    // -1: none
	path   string // of a Unix socket
}

const (
	schemeTCP  = "af-inet"
	schemeUnix = "af-unix"
)

// Port is the address of a port alone: af-inet://127.0.0.1:PORT. A server also listens on ::1 (decisions.md B5). Port 0 lets
// the system choose; see Server.Address. A port out of range is found when the address is used.
func Port(port int64) Address {
	return HostPort("", port)
}

// HostPort is the address of a port on a host; a blank host is loopback.
func HostPort(host string, port int64) Address {
	host = strings.TrimSpace(host)
	shown := host
	if shown == "" {
		shown = "127.0.0.1"
	}
	a := Address{scheme: schemeTCP, host: host, port: outOfRange}
	if port >= 0 && port <= maxPort {
		a.port = int(port)
	}
	a.uri = schemeTCP + "://" + net.JoinHostPort(shown, strconv.FormatInt(port, 10))
	return a
}

const (
	maxPort    = 65535
	outOfRange = -2 // a port that no system has
)

// ParseAddress reads a connection URI, "af-inet://host:port" or "af-unix:///path". It fails with `Invalid connection URI` on
// what is no URI; an unknown scheme is reported when the address is used, as the cause of that error.
func ParseAddress(uri string) (Address, error) {
	u, err := url.Parse(uri)
	if err != nil && strings.Contains(err.Error(), "first path segment") {
		u, err = &url.URL{Opaque: uri}, nil // "42090:" and the like have no scheme
	}
	if err != nil || strings.ContainsAny(uri, " \t\r\n") {
		return Address{}, &Error{Text: "Invalid connection URI", Cause: err}
	}
	a := Address{uri: uri, scheme: u.Scheme, host: u.Hostname(), port: -1, path: u.Path}
	if p := u.Port(); p != "" {
		a.port = outOfRange
		if n, err := strconv.Atoi(p); err == nil && n <= maxPort {
			a.port = n
		}
	}
	return a, nil
}

// String is the URI.
func (a Address) String() string { return a.uri }

// endpoint is what the net package takes; several for a server on loopback.
type endpoint struct{ network, address string }

// check reports an address that cannot be used, in the texts of the reference.
func (a Address) check() error {
	switch a.scheme {
	case schemeTCP:
		if a.port == outOfRange {
			p := a.uri[strings.LastIndexByte(a.uri, ':')+1:]
			return failure("port out of range:%s", strings.TrimRight(p, "/"))
		}
		if a.port < 0 {
			return failure("port out of range:-1")
		}
	case schemeUnix:
		if !strings.HasPrefix(a.path, "/") {
			return failure("The Unix socket URI %s has no absolute path", a.uri)
		}
	default:
		return failure("Invalid connection URI scheme '%s'.\n Use: \"af-inet://localhost:3333\" or \"af-unix:///path/to/your/socket.sock\"", a.scheme)
	}
	return nil
}

// loopback reports whether the host is this machine by any of its names, so that both families are meant.
func (a Address) loopback() bool {
	return a.host == "" || strings.EqualFold(a.host, "localhost")
}

// Local reports whether the address is of this machine: a Unix socket or a loopback address.
func (a Address) Local() bool {
	ip := net.ParseIP(a.host)
	return a.scheme == schemeUnix || a.loopback() || ip != nil && ip.IsLoopback()
}

// dial is where a client connects.
func (a Address) dial() endpoint {
	if a.scheme == schemeUnix {
		return endpoint{"unix", a.path}
	}
	host := a.host
	if host == "" {
		host = "127.0.0.1"
	}
	return endpoint{"tcp", net.JoinHostPort(host, strconv.Itoa(a.port))}
}

// withPort is the address with the port that the system chose.
func (a Address) withPort(port int) Address { return HostPort(a.host, int64(port)) }
