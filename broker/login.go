// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"strings"

	"gondola/broker/wire"
	"gondola/security"
)

// identity is who a connection is. It is replaced at every login, and read by publishers too.
type identity struct {
	security.Principal
	loggedIn bool
}

// who is the identity of now.
func (c *conn) who() identity {
	if id := c.identity.Load(); id != nil {
		return *id
	}
	return identity{}
}

// may decides whether the connection may do something: the only place that asks the access lists (S11). Without an
// authenticator everybody may.
func (c *conn) may(action security.Action, kind security.Kind, destination string) bool {
	a := c.s.opts.Authenticator
	return a == nil || a.Allowed(c.who().Principal, action, kind, destination)
}

// authenticate logs a user in (wire-protocol.md 11). A failure ends an earlier login (S14) and leaves the connection open.
func (c *conn) authenticate(m *wire.Message) {
	if m.Mimetype != mimeText {
		c.refuse(m, wire.BadRequest, "Request %s: Expected a text payload", m.Type)
		return
	}
	if len(m.Payload) == 0 {
		c.incident(m, text("the credentials are empty"))
		return
	}
	a := c.s.opts.Authenticator
	if a == nil {
		c.ok(m, "")
		return
	}
	c.identity.Store(nil)
	var p security.Principal
	verified := false
	if user, password, ok := splitCredentials(string(m.Payload)); ok {
		ctx, cancel := context.WithCancel(c.s.base)
		c.during(func() { p, verified = a.Verify(ctx, c.source(), user, password) })
		cancel()
	}
	if !verified {
		c.s.stats.failedLogins.Add(1)
		c.log.Warn("A login failed")
		c.refuse(m, wire.NoPermission, "")
		return
	}
	c.identity.Store(&identity{p, true})
	c.arrive()
	c.lift()
	c.r.SetLimits(wire.DefaultLimits(c.s.opts.MaxMessageSize))
	c.ok(m, "")
}

// splitCredentials takes exactly two lines, ended by LF, CR or CRLF; one trailing line end is harmless.
func splitCredentials(s string) (user, password string, ok bool) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	if len(lines) != 2 {
		return "", "", false
	}
	return lines[0], lines[1], true
}

// source is where a connection comes from, for the throttle of logins: the address without its port.
func (c *conn) source() string {
	addr := c.nc.RemoteAddr().String()
	if i := strings.LastIndexByte(addr, ':'); i > 0 {
		return addr[:i]
	}
	return addr
}
