// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import "sync/atomic"

// Stats is a snapshot of a server's counters.
type Stats struct {
	Connections        int   // open ones
	Messages           int64 // requests served
	Incidents          int64 // HANDLER_ERROR answers; each has its line in the log
	PutBack            int64 // polled messages that their consumer cannot have got (P2, P3)
	DeadLetters        int64 // messages that went to the dead letter queue
	DeadLettersDropped int64 // the oldest ones, when there were too many
	Oversized          int64 // answers over the size limit (B4, P6)

	Acknowledged   int64 // deliveries that were acknowledged
	Redelivered    int64 // returned to their queues by a nack, a deadline or the loss of a connection (A3)
	Rejected       int64 // moved to the dead letters by a reject or the limit of deliveries (A4)
	Unacknowledged int64 // deliveries that are not complete now

	QueueCount int // without temporary ones
	TempQueues int

	DurableQueues    int
	Published        int64
	PublishDiscarded int64 // pushes that a subscriber did not take (B9)
	Subscribers      int   // connections that subscribe to something
	SubscribedTopics int   // subscriptions of all of them
	FailedLogins     int64
	Accepted         int64 // connections since the start
	MostConnections  int   // at one time

	RefusedConnections int64 // over the limit (O8)
	EvictedConnections int64 // that had not logged in or sent a request, when there were too many (O13)
	RefusedAgreements  int64 // connections closed because too many keys were being agreed on (O20)
	Malformed          int64 // connections closed because the peer broke the protocol or a limit before it logged in (O1 to O3)
	Timeouts           int64 // connections closed by a time limit (O10 to O12, O14)
	OversizedRequests  int64 // requests over the size limit (O2, O5)
	SlowConsumers      int64 // connections closed for it (O9)
	RefusedMemory      int64 // offers, pushes and connections that the memory budget had no room for (O7, O17)
	MemoryUsed         int64 // bytes of the budget (O7)
	RefusedControl     int64 // requests whose JSON was too large or too deep (O6)
}

// counters are the live figures.
type counters struct {
	messages           atomic.Int64
	incidents          atomic.Int64
	putBack            atomic.Int64
	deadLetters        atomic.Int64
	oversized          atomic.Int64
	deadLettersDropped atomic.Int64

	acknowledged   atomic.Int64
	redelivered    atomic.Int64
	rejected       atomic.Int64
	unacknowledged atomic.Int64

	published        atomic.Int64
	publishDiscarded atomic.Int64
	failedLogins     atomic.Int64
	accepted         atomic.Int64
	subscribers      atomic.Int64
	subscriptions    atomic.Int64

	refusedConnections atomic.Int64
	evictedConnections atomic.Int64
	refusedAgreements  atomic.Int64
	malformed          atomic.Int64
	timeouts           atomic.Int64
	oversizedRequests  atomic.Int64
	slowConsumers      atomic.Int64
	refusedMemory      atomic.Int64
	refusedControl     atomic.Int64

	most int // guarded by the server's mutex
}

// Stats takes a snapshot.
func (s *Server) Stats() Stats {
	queues := s.destinations().Queues()
	temporary, durable := 0, 0
	for _, q := range queues {
		if q.Temporary {
			temporary++
		}
		if q.Durable {
			durable++
		}
	}
	s.mu.Lock()
	connections, most := len(s.conns), s.stats.most
	s.mu.Unlock()
	return Stats{
		Connections:        connections,
		Messages:           s.stats.messages.Load(),
		Incidents:          s.stats.incidents.Load(),
		PutBack:            s.stats.putBack.Load(),
		DeadLetters:        s.stats.deadLetters.Load(),
		DeadLettersDropped: s.stats.deadLettersDropped.Load(),
		Oversized:          s.stats.oversized.Load(),

		Acknowledged: s.stats.acknowledged.Load(), Redelivered: s.stats.redelivered.Load(),
		Rejected: s.stats.rejected.Load(), Unacknowledged: s.stats.unacknowledged.Load(),

		QueueCount: s.countQueues(),
		TempQueues: temporary,

		DurableQueues: durable,
		Published:     s.stats.published.Load(), PublishDiscarded: s.stats.publishDiscarded.Load(),
		Subscribers: int(s.stats.subscribers.Load()), SubscribedTopics: int(s.stats.subscriptions.Load()),
		FailedLogins: s.stats.failedLogins.Load(), Accepted: s.stats.accepted.Load(), MostConnections: most,

		RefusedConnections: s.stats.refusedConnections.Load(), EvictedConnections: s.stats.evictedConnections.Load(),
		RefusedAgreements: s.stats.refusedAgreements.Load(), Malformed: s.stats.malformed.Load(), Timeouts: s.stats.timeouts.Load(),
		OversizedRequests: s.stats.oversizedRequests.Load(), RefusedControl: s.stats.refusedControl.Load(),
		RefusedMemory: s.stats.refusedMemory.Load(), MemoryUsed: s.memory.used(),
		SlowConsumers: s.stats.slowConsumers.Load(),
	}
}
