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
	admin                    // users with the admin role: nobody, as long as there is no login (wire-protocol.md 10)
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
	wire.Publish:     {permission: member, serve: (*conn).topic},
	wire.Subscribe:   {permission: member, serve: (*conn).topic},
	wire.Unsubscribe: {permission: member, serve: (*conn).topic},

	wire.CreateTempQueue: {permission: member, json: true, serve: (*conn).createTempQueue},
	wire.CreateQueue:     adminOnly("Client is not permitted to create queues! Authenticate as 'admin' user please!"),
	wire.RemoveQueue:     adminOnly("Client is not permitted to remove queues! Authenticate as 'admin' user please!"),
	wire.StatusQueue:     adminOnly("Client is not permitted to request queue status! Authenticate as 'admin' user please!"),
	wire.CreateTopic:     adminOnly("Client is not permitted to create topics! Authenticate as 'admin' user please!"),
	wire.RemoveTopic:     adminOnly("Client is not permitted to remove topics! Authenticate as 'admin' user please!"),
	wire.StatusTopic:     adminOnly("Client is not permitted to request topic status! Authenticate as 'admin' user please!"),

	wire.ServerStatus:     {permission: admin, denied: "The clients is not permitted to get the server status!"},
	wire.ServerThreadPool: {permission: admin, denied: "The client is not permitted to get the server thread pool statistics!"},

	wire.ClientConfig:   {permission: anyone, serve: (*conn).config},
	wire.KeyExchange:    {permission: anyone, serve: (*conn).keyExchange},
	wire.Authentication: {permission: anyone, serve: (*conn).authenticate},
	wire.Heartbeat:      {permission: member, serve: (*conn).heartbeat},
	wire.Test:           {permission: member, serve: (*conn).test},
}

// adminOnly is an administration of queues and topics. Until there is a login nobody gets past its permission.
func adminOnly(denied string) route { return route{permission: admin, denied: denied, json: true} }

// serve answers one request.
func (c *conn) serve(f frame) {
	if f.oversize != nil {
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
	switch {
	case r.serve == nil && r.permission != admin:
		c.refuse(m, wire.BadRequest, "Invalid request type: %s", m.Type)
	case r.json && m.Mimetype != mimeJSON:
		c.refuse(m, wire.BadRequest, "Request %s: Expected a JSON payload", m.Type)
	case r.permission == admin:
		c.refuse(m, wire.NoPermission, "%s", r.denied)
	default:
		r.serve(c, m)
	}
}
