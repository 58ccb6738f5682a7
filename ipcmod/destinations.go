// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"cmp"
	"context"
	"slices"

	"gondola/broker"
	"gondola/broker/engine"
)

// A Destination is where messages go, for people who ask what there is.
type Destination struct {
	Server, Kind, Name string
	Size, Capacity     int // of a queue
}

// Destinations are those of the open servers, and those of the given names that the servers of open clients know. Servers
// that do not answer before ctx is done, or not to this user, are left out.
func (r *Register) Destinations(ctx context.Context, names []string) []Destination {
	r.mu.Lock()
	servers, clients := make([]*broker.Server, 0, len(r.servers)), make([]*broker.Client, 0, len(r.clients))
	for s := range r.servers {
		servers = append(servers, s)
	}
	for c := range r.clients {
		clients = append(clients, c)
	}
	r.mu.Unlock()
	var all []Destination
	own := map[string]bool{}
	for _, s := range servers {
		own[s.Address().String()] = true
		all = append(all, served(s)...)
	}
	for _, c := range clients {
		address := c.Address().String()
		if own[address] {
			continue
		}
		own[address] = true // once, whatever the number of its clients
		for _, name := range names {
			if status, exists, err := c.QueueStatus(ctx, name); err == nil && exists {
				all = append(all, queueDestination(address, status))
			} else if exists, err := c.HasTopic(ctx, name); err == nil && exists {
				all = append(all, Destination{Server: address, Kind: "topic", Name: name})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Destination) int { return cmp.Compare(a.Server, b.Server) })
	return all
}

func served(s *broker.Server) (all []Destination) {
	d, address := s.Destinations(), s.Address().String()
	for _, q := range d.Queues {
		all = append(all, queueDestination(address, q))
	}
	for _, name := range d.Topics {
		all = append(all, Destination{Server: address, Kind: "topic", Name: name})
	}
	for _, name := range d.Functions {
		all = append(all, Destination{Server: address, Kind: "function", Name: name})
	}
	return all
}

func queueDestination(address string, q engine.QueueStatus) Destination {
	kind := "queue"
	switch {
	case q.Durable:
		kind = "durable queue"
	case q.Kind == engine.Circular:
		kind = "circular queue"
	}
	return Destination{Server: address, Kind: kind, Name: q.Name, Size: q.Size, Capacity: q.Capacity}
}
