// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package broker is the message broker as a library: a Server with functions, queues and topics, and a Client for it, both
// speaking the protocol of package wire over TCP or Unix sockets. Peers may be of this package or of the reference.
//
// A connection of the server is one goroutine that reads, serves and writes; it is joined by a second one only while a
// poll or an offer waits, to notice that the peer has gone (reliability.md P2). A call of the client is served by its
// caller, who writes the request and reads the socket until the answer is there; goroutines exist only while several
// calls are under way. Nothing is called out (engine, handler, network) with a lock held (O22).
//
// Failures of a request that the server understood are answers with a status; Go errors are for bad arguments, sizes,
// time-outs and connections.
package broker
