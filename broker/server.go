// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gondola/broker/engine"
	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
)

// drainLimit is how long running handlers get when a server closes (decisions.md B12).
const drainLimit = 5 * time.Second

// Server is a broker: it owns its listeners, its connections and its engine. Safe for concurrent use. NewServer makes it,
// Start opens it, Shutdown or Close ends it for good.
type Server struct {
	opts   ServerOptions
	addr   atomic.Pointer[Address]
	log    *slog.Logger
	engine engine.Engine
	after  atomic.Pointer[embedded.Engine] // what is left of it after the shutdown
	dead   engine.Queue                    // the dead letters; set by Start

	functions   functions
	idempotency idempotency
	owners      sync.Map // temporary queue → tempOwner (S13, O17)
	memory      memory
	stats       counters
	running     chan struct{} // one token a running handler (O16)
	turn        chan struct{} // administration takes turns: the token is held across calls of the engine, a lock must not be

	base   context.Context // ends when the drain gives up
	abort  context.CancelFunc
	parked context.Context // ends when the drain begins
	unpark context.CancelFunc

	mu        sync.Mutex
	state     state
	listeners []net.Listener
	conns     map[*conn]struct{}
	arriving  []*conn        // those that have not arrived (O11), the oldest first
	wg        sync.WaitGroup // accept loops and connections
	stopped   chan struct{}  // closed at the end of the shutdown
	stopErr   error          // of the engine; set before stopped is closed
}

type state int

const (
	fresh state = iota
	started
	stopping
)

// NewServer checks the options: *ArgumentError or *Error. It opens nothing. The engine is the server's from here on, also
// when NewServer fails.
func NewServer(addr Address, opts ServerOptions) (*Server, error) {
	o, err := opts.withDefaults()
	if err != nil {
		if opts.Engine != nil {
			err = errors.Join(err, opts.Engine.Close())
		}
		return nil, err
	}
	if o.Engine == nil {
		o.Engine = embedded.New()
	}
	s := &Server{
		opts:    o,
		log:     o.Logger,
		engine:  o.Engine,
		running: make(chan struct{}, maxRunning),
		turn:    make(chan struct{}, 1),
		conns:   make(map[*conn]struct{}),
		stopped: make(chan struct{}),
	}
	s.addr.Store(&addr)
	s.functions.limit = o.MaxFunctions
	if o.Dedupe != nil {
		s.idempotency.all = NewDedupeStore[result](*o.Dedupe)
		s.idempotency.on.Store(true)
	}
	s.memory.limit, s.memory.reclaim = o.MemoryBudget, s.giveWay
	limits := wire.DefaultLimits(o.MaxMessageSize)
	s.memory.largest = limits.MaxMeta + limits.MaxData
	s.base, s.abort = context.WithCancel(context.Background())
	s.parked, s.unpark = context.WithCancel(s.base)
	return s, nil
}

// Start opens the address, reads the log if there is one, and accepts connections. *StartError; the server is closed then.
// A server with a log has its queues from then on.
func (s *Server) Start() error {
	s.mu.Lock()
	if s.state != fresh {
		s.mu.Unlock()
		return ErrServerClosed
	}
	s.state = started
	s.mu.Unlock()

	addr := s.Address()
	listeners, bound, err := listen(addr, s.opts.Listen)
	if err == nil {
		s.addr.Store(&bound)
		err = s.openLog()
	}
	if err == nil {
		if counts, ok := s.engine.(interface{ Usage() *engine.Usage }); ok {
			s.memory.stored = counts.Usage()
		}
		err = s.openDeadLetters()
	}
	if err != nil {
		closeAll(listeners)
		s.Close()
		return &StartError{Address: addr.String(), InUse: errors.Is(err, errAddressInUse), Cause: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != started {
		closeAll(listeners)
		return ErrServerClosed
	}
	s.listeners = listeners
	for _, l := range listeners {
		s.wg.Go(func() { s.accept(l) })
	}
	s.log.Info("Server started", "address", bound.String())
	return nil
}

// openLog reads the durable queues, behind the listening and before the first connection (wal-format.md 8.1).
func (s *Server) openLog() error {
	if s.opts.Log == nil {
		return nil
	}
	o := *s.opts.Log
	o.Logger = s.log
	o.KeepExpired = s.opts.DeadLetterExpired
	var all []seen
	if s.idempotency.all != nil {
		o.Remember = s.idempotency.all.o.TTL
		o.Seen = func(queue string, m *wire.Message, consumed bool) { all = append(all, seen{queue, m, consumed}) }
	}
	e, err := embedded.Open(s.base, o)
	if err != nil {
		return &Error{Text: "Failed to preload WAL based queues!", Cause: err}
	}
	if len(all) > 0 {
		s.idempotency.remember(all)
	}
	s.engine = e
	return nil
}

// Address is where the server listens, with the port that the system chose once it has started.
func (s *Server) Address() Address { return *s.addr.Load() }

// Running is true from Start until the server is closed.
func (s *Server) Running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == started
}

// Close is Shutdown with the 5 seconds of decisions.md B12. Running handlers that take longer are left behind.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
	defer cancel()
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("Server closed with handlers still running")
		return nil
	}
	return err
}

// Shutdown stops accepting, serves every request that has arrived, answers parked polls and offers, closes the connections
// and then the engine (decisions.md B12, O24). When ctx ends the remaining connections are cut and ctx's error is
// returned. Shutting down again waits for the first shutdown.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if s.state == stopping {
		s.mu.Unlock()
		select {
		case <-s.stopped:
			return s.stopErr
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.state = stopping
	listeners := s.listeners
	conns := s.snapshot()
	s.mu.Unlock()

	closeAll(listeners)
	s.unpark()
	for _, c := range conns {
		c.drain()
	}
	err := s.await(ctx)
	s.abort()
	s.after.Store(s.leftover())
	s.stopErr = s.engine.Close()
	close(s.stopped)
	s.log.Info("Server closed", "address", s.Address().String())
	return errors.Join(err, s.stopErr)
}

// destinations is where queues and topics are managed: the engine, and after the shutdown, when it is closed, a list of
// what there was, which can still be added to (ipc-api.md 5.2).
func (s *Server) destinations() engine.Engine {
	if e := s.after.Load(); e != nil {
		return e
	}
	return s.engine
}

// leftover has the names of the transient queues and the topics, without messages.
func (s *Server) leftover() *embedded.Engine {
	e := embedded.New()
	ctx := context.Background()
	for _, q := range s.engine.Queues() {
		if !q.Durable && !q.Temporary {
			_, _, _ = e.CreateQueue(ctx, q.QueueSpec) // in memory: cannot fail
		}
	}
	for _, name := range s.engine.Topics() {
		_, _ = e.CreateTopic(ctx, name)
	}
	return e
}

// cutGrace is how long connections get to end after their sockets have been closed under them.
const cutGrace = 250 * time.Millisecond

// await waits for the connections; when ctx ends it cuts them.
func (s *Server) await(ctx context.Context) error {
	done := make(chan struct{})
	go func() { // ends with the last connection, which a handler that never returns can put off
		s.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.abort()
	s.mu.Lock()
	conns := s.snapshot()
	s.mu.Unlock()
	for _, c := range conns {
		c.nc.Close()
	}
	grace := time.NewTimer(cutGrace)
	defer grace.Stop()
	select {
	case <-done:
	case <-grace.C:
	}
	return ctx.Err()
}

// snapshot runs with mu held.
func (s *Server) snapshot() []*conn {
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// accept serves one listener until it is closed.
func (s *Server) accept(l net.Listener) {
	const first, longest = 5 * time.Millisecond, time.Second
	pause := first
	for {
		nc, err := l.Accept()
		switch {
		case err == nil:
			pause = first
			s.admit(nc)
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors and the like: others go on, so do we
			s.log.Warn("Accept failed", "error", err)
			select {
			case <-time.After(pause):
				pause = min(2*pause, longest)
			case <-s.parked.Done():
				return
			}
		}
	}
}

// admit makes a connection of an accepted socket, or closes it at the limit (O8).
func (s *Server) admit(nc net.Conn) {
	s.mu.Lock()
	full := len(s.conns) >= s.opts.MaxConnections
	if full && len(s.arriving) >= s.maxArriving() {
		s.evict()
		full = false
	}
	if s.state != started || full {
		refused := s.state == started
		s.mu.Unlock()
		nc.Close()
		if refused {
			s.stats.refusedConnections.Add(1)
			s.log.Warn("Connection refused: too many connections", "limit", s.opts.MaxConnections)
		}
		return
	}
	c := newConn(s, nc)
	s.conns[c] = struct{}{}
	s.arriving = append(s.arriving, c)
	if len(s.arriving) > s.maxArriving() {
		time.AfterFunc(handshakeStep, s.thin)
	}
	s.stats.accepted.Add(1)
	s.stats.most = max(s.stats.most, len(s.conns))
	s.wg.Go(c.run)
	s.mu.Unlock()
}

// maxArriving is how many connections may be there that have not arrived (O13).
func (s *Server) maxArriving() int { return max(8, s.opts.MaxConnections/4) }

// thin closes connections that have not arrived if there are too many (O13): the oldest first, and only what has had the
// time in which a client makes a step. A burst of clients that connect at once is not thinned.
func (s *Server) thin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.arriving) > s.maxArriving() && time.Since(s.arriving[0].accepted) >= handshakeStep {
		s.evict()
	}
}

// evict closes the oldest connection that has not arrived; its slot is free at once. It runs with mu held.
func (s *Server) evict() {
	c := s.arriving[0]
	s.arriving = slices.Delete(s.arriving, 0, 1)
	delete(s.conns, c)
	s.stats.evictedConnections.Add(1)
	c.log.Warn("Connection closed: too many that have not logged in or sent a request", "limit", s.maxArriving())
	c.nc.Close()
}

// forget takes a connection that has ended off the lists; its slot is free at once.
func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.hasArrived(c)
}

// hasArrived takes a connection off the list of those that have not. It runs with mu held.
func (s *Server) hasArrived(c *conn) {
	if i := slices.Index(s.arriving, c); i >= 0 {
		s.arriving = slices.Delete(s.arriving, i, i+1)
	}
}
