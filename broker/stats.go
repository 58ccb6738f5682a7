// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import "sync/atomic"

// Stats is a snapshot of a server's counters.
type Stats struct {
	Connections int   // open ones
	Messages    int64 // requests served
	Incidents   int64 // HANDLER_ERROR answers; each has its line in the log
	PutBack     int64 // polled messages that their consumer cannot have got (P2, P3)
	DeadLetters int64 // messages that went to the dead letter queue
	Oversized   int64 // answers over the size limit (B4, P6)
	QueueCount  int   // without temporary ones
	TempQueues  int
}

// counters are the live figures.
type counters struct {
	messages    atomic.Int64
	incidents   atomic.Int64
	putBack     atomic.Int64
	deadLetters atomic.Int64
	oversized   atomic.Int64
}

// Stats takes a snapshot.
func (s *Server) Stats() Stats {
	queues := s.engine.Queues()
	temporary := 0
	for _, q := range queues {
		if q.Temporary {
			temporary++
		}
	}
	s.mu.Lock()
	connections := len(s.conns)
	s.mu.Unlock()
	return Stats{
		Connections: connections,
		Messages:    s.stats.messages.Load(),
		Incidents:   s.stats.incidents.Load(),
		PutBack:     s.stats.putBack.Load(),
		DeadLetters: s.stats.deadLetters.Load(),
		Oversized:   s.stats.oversized.Load(),
		QueueCount:  s.countQueues(),
		TempQueues:  temporary,
	}
}
