// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

var errUnreachable = errors.New("the network is partitioned")

// network is in memory: every write takes a while, frames arrive in slices, connections break, and at times nobody reaches
// anybody. Only one server listens at a time.
type network struct {
	mu      sync.Mutex
	random  *rand.Rand
	server  *listener
	ends    []*end
	healthy bool
}

func newNetwork(random *rand.Rand) *network { return &network{random: random, healthy: true} }

// listener is where the clients of one server arrive.
type listener struct {
	arrived chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }
func (l *listener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }

func (l *listener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.arrived:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Listen makes the listener that clients reach from now on.
func (n *network) Listen(string, string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.server = &listener{arrived: make(chan net.Conn), closed: make(chan struct{})}
	return n.server, nil
}

func (n *network) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	n.mu.Lock()
	l, healthy := n.server, n.healthy
	n.mu.Unlock()
	if !healthy {
		return nil, errUnreachable
	}
	ours, theirs := net.Pipe()
	near, far := &end{Conn: ours, n: n}, &end{Conn: theirs, n: n}
	n.mu.Lock()
	n.ends = append(n.ends, near, far)
	n.mu.Unlock()
	select {
	case l.arrived <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// partition lets nobody dial, and breaks every connection.
func (n *network) partition() {
	n.mu.Lock()
	n.healthy = false
	n.mu.Unlock()
	n.cut(1)
}

func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.healthy = true
}

// cut breaks a share of the connections.
func (n *network) cut(share float64) {
	n.mu.Lock()
	kept := n.ends[:0]
	var cut []*end
	for i := 0; i+1 < len(n.ends); i += 2 {
		if n.random.Float64() < share {
			cut = append(cut, n.ends[i], n.ends[i+1])
		} else {
			kept = append(kept, n.ends[i], n.ends[i+1])
		}
	}
	n.ends = kept
	n.mu.Unlock()
	for _, e := range cut {
		_ = e.Close()
	}
}

// pace is how long the next slice takes and how many bytes it has at most.
func (n *network) pace() (delay time.Duration, slice int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Duration(n.random.IntN(2000)) * time.Microsecond, 1 + n.random.IntN(400)
}

// end is one side of a connection. What its peer has not read when it breaks was never sent.
type end struct {
	net.Conn
	n *network
}

func (e *end) Write(p []byte) (written int, err error) {
	for written < len(p) && err == nil {
		delay, slice := e.n.pace()
		time.Sleep(delay)
		var w int
		w, err = e.Conn.Write(p[written:min(len(p), written+slice)])
		written += w
	}
	return written, err
}
