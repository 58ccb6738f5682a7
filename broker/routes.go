// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"gondola/broker/wire"
)

// permission is who may send a request.
type permission int

const (
	anyone permission = iota // also before login
	member                   // whoever has logged in, or everybody where no login is needed
	admin                    // users with the admin role: nobody where there is no login (wire-protocol.md 10)
)

// route is what the server does with a type of request.
type route struct {
	permission permission
	denied     string // NO_PERMISSION text of an admin route
	json       bool   // the mimetype must be application/json; looked at before the permission
	serve      func(c *conn, m *wire.Message)
}

// routes has a row for each type that is a request. Never written to.
var routes = [...]route{
	wire.Request:     {permission: member, serve: (*conn).request},
	wire.Offer:       {permission: member, serve: (*conn).offer},
	wire.Poll:        {permission: member, serve: (*conn).poll},
	wire.Publish:     {permission: member, serve: (*conn).publish},
	wire.Subscribe:   {permission: member, serve: (*conn).subscribe},
	wire.Unsubscribe: {permission: member, serve: (*conn).unsubscribe},

	wire.CreateTempQueue: {permission: member, json: true, serve: (*conn).createTempQueue},
	wire.CreateQueue:     adminOnly("create queues", (*conn).createQueue),
	wire.RemoveQueue:     adminOnly("remove queues", (*conn).removeQueue),
	wire.StatusQueue:     adminOnly("request queue status", (*conn).queueStatus),
	wire.CreateTopic:     adminOnly("create topics", (*conn).createTopic),
	wire.RemoveTopic:     adminOnly("remove topics", (*conn).removeTopic),
	wire.StatusTopic:     adminOnly("request topic status", (*conn).topicStatus),

	wire.ServerStatus:     {permission: admin, denied: "The clients is not permitted to get the server status!", serve: (*conn).serverStatus},
	wire.ServerThreadPool: {permission: admin, denied: "The client is not permitted to get the server thread pool statistics!", serve: (*conn).threadPool},

	wire.ClientConfig:   {permission: anyone, json: true, serve: (*conn).config},
	wire.KeyExchange:    {permission: anyone, serve: (*conn).keyExchange},
	wire.Authentication: {permission: anyone, serve: (*conn).authenticate},
	wire.Heartbeat:      {permission: member, serve: (*conn).heartbeat},
	wire.Test:           {permission: member, serve: (*conn).test},
}

// adminOnly is an administration of queues and topics.
func adminOnly(what string, serve func(*conn, *wire.Message)) route {
	denied := "Client is not permitted to " + what + "! Authenticate as 'admin' user please!"
	return route{permission: admin, denied: denied, json: true, serve: serve}
}

// serve answers one request.
func (c *conn) serve(f frame) {
	if f.acknowledges() {
		defer c.completed(f) // what it does not name
	} else {
		c.completed(f)
	}
	if f.oversize != nil {
		c.s.stats.oversizedRequests.Add(1)
		c.refuse(f.oversize.Message, wire.BadRequest, "The message (%d bytes) is too large! The limit is at %d bytes.",
			f.oversize.Size, f.oversize.Limit)
		return
	}
	m := f.m
	c.s.stats.messages.Add(1)
	var r route
	if int(m.Type) < len(routes) {
		r = routes[m.Type]
	}
	o := &c.s.opts
	who := c.who()
	switch {
	case o.Encrypt && !c.sealed && m.Type != wire.ClientConfig && m.Type != wire.KeyExchange: // S1
		c.refuse(m, wire.NoPermission, "Encryption is required!")
		c.refused = true
	case o.Authenticator != nil && !who.loggedIn && (r.serve == nil || r.permission != anyone):
		c.refuse(m, wire.NoPermission, "Authentication is required!")
	case r.serve == nil:
		c.refuse(m, wire.BadRequest, "Invalid request type: %s", m.Type)
	case r.json && m.Mimetype != mimeJSON:
		c.refuse(m, wire.BadRequest, "Request %s: Expected a JSON payload", m.Type)
	case r.permission == admin && !who.Admin:
		c.refuse(m, wire.NoPermission, "%s", r.denied)
	default:
		r.serve(c, m)
	}
}
