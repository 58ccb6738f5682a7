// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package ipcmod is the ipc/ namespace: it unpacks the arguments of scripts, calls the broker library and wraps what comes
// back. It is the only package that knows both scripts and messages.
package ipcmod

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"

	"gondola/broker"
	"gondola/lisp/eval"
)

// Config is how a host shapes the namespace. The zero value uses the system's network and keeps no register.
type Config struct {
	Logger *slog.Logger // nil: silent; warnings about unknown options, failed handlers (H6, H7)
	Open   *Register    // where servers and clients are noted while they are open; may be nil

	// LogFailed is told that a log is out of service whose server has :on-log-failure :exit (D5). It makes the process close what
	// is open and end with an error. nil: there is no such option.
	LogFailed func(file string, cause error)

	// Listen and Dial confine or fake the network; nil: the system's.
	Listen func(network, address string) (net.Listener, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

// Module returns the tables of all 51 functions of ipc-api.md 2.
func Module(c Config) []eval.Table {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Open == nil {
		c.Open = &Register{}
	}
	m := &module{c}
	// X9: what opens a socket or a file is denied in a sandbox; the rest needs what was opened
	return []eval.Table{
		messageTable.Touching(eval.Nothing), m.functionTable().Touching(eval.Nothing), m.queueTable().Touching(eval.Nothing), ackTable.Touching(eval.Nothing),
		m.topicTable().Touching(eval.Nothing), authTable.Touching(eval.Nothing), statusTable.Touching(eval.Nothing),
		m.serverTable().Touching(eval.Network), m.clientTable().Touching(eval.Network), m.benchmarkTable().Touching(eval.Network), m.retryTable(),
	}
}

type module struct{ Config }

// Register notes the open servers and clients of one interpreter, for the host's way out (H3, H5). Safe for concurrent
// use; the zero value is ready.
type Register struct {
	mu      sync.Mutex
	servers map[*broker.Server]bool
	clients map[*broker.Client]bool
}

func (r *Register) addServer(s *broker.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.servers == nil {
		r.servers = map[*broker.Server]bool{}
	}
	r.servers[s] = true
}

func (r *Register) addClient(c *broker.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clients == nil {
		r.clients = map[*broker.Client]bool{}
	}
	r.clients[c] = true
}

func (r *Register) dropServer(s *broker.Server) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.servers, s)
}

func (r *Register) dropClient(c *broker.Client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.clients, c)
}

// Servers returns the addresses of the servers that are open.
func (r *Register) Servers() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for s := range r.servers {
		if s.Running() {
			out = append(out, s.Address().String())
		}
	}
	return out
}

// CloseAll closes what is still open: clients at once, servers after they have drained, or when ctx is done.
func (r *Register) CloseAll(ctx context.Context) error {
	r.mu.Lock()
	servers, clients := r.servers, r.clients
	r.servers, r.clients = nil, nil
	r.mu.Unlock()
	var errs []error
	for c := range clients {
		errs = append(errs, c.Close())
	}
	for s := range servers {
		errs = append(errs, s.Shutdown(ctx))
	}
	return errors.Join(errs...)
}
