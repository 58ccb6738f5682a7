// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"maps"
	"slices"

	"gondola/broker/engine"
)

// Destinations are what a server serves, by name and sorted.
type Destinations struct {
	Queues    []engine.QueueStatus // without temporary ones, whose names are secrets (S13)
	Topics    []string
	Functions []string
}

// Destinations takes a snapshot.
func (s *Server) Destinations() Destinations {
	d := Destinations{Topics: slices.Sorted(slices.Values(s.destinations().Topics())), Functions: slices.Sorted(maps.Keys(s.functions.all()))}
	for _, q := range s.destinations().Queues() {
		if !q.Temporary {
			d.Queues = append(d.Queues, q)
		}
	}
	slices.SortFunc(d.Queues, func(a, b engine.QueueStatus) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return d
}
