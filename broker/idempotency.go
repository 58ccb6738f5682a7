// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// result is what came of a request that is not to be done twice: a function's answer or its exception, nothing for an offer.
type result struct {
	m   *wire.Message
	err error
}

// idempotency are the stores of a server (reliability.md 9.1): one for all destinations, and those of single ones.
type idempotency struct {
	on  atomic.Bool          // there is a store
	all *DedupeStore[result] // nil: off

	recovered bool // all has something from the logs; fixed before the first connection

	mu     sync.RWMutex
	single map[string]*DedupeStore[result] // by kind and name
}

func destinationKey(kind security.Kind, name string) string { return kind.String() + " " + name }

// of is the store for a destination; nil: there is none.
func (i *idempotency) of(kind security.Kind, name string) *DedupeStore[result] {
	if !i.on.Load() {
		return nil
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	if s := i.single[destinationKey(kind, name)]; s != nil {
		return s
	}
	return i.all
}

// stats sums up all stores.
func (i *idempotency) stats() (sum DedupeStats) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	add := func(s *DedupeStore[result]) {
		st := s.Stats()
		sum.Entries += st.Entries
		sum.Bytes += st.Bytes
		sum.Duplicates += st.Duplicates
		sum.Evicted += st.Evicted
	}
	if i.all != nil {
		add(i.all)
	}
	for _, s := range i.single {
		add(s)
	}
	return sum
}

// Dedupe has requests to one queue or function done once (I1), whatever the server's own option says. What a durable queue has
// seen before a restart is known only if the server has the option too.
func (s *Server) Dedupe(kind security.Kind, name string, o DedupeOptions) {
	i := &s.idempotency
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.single == nil {
		i.single = map[string]*DedupeStore[result]{}
	}
	i.single[destinationKey(kind, name)] = NewDedupeStore[result](o)
	i.on.Store(true)
}

// contentOf is the digest of what a message says (I2).
func contentOf(m *wire.Message) Digest {
	return digestOf([]byte(m.Subject), []byte(m.Mimetype), []byte(m.Charset), m.Payload)
}

// keyOf is what makes two requests the same: who, what, where, which (I2). ok is false for a message without a request id,
// which passes through.
func keyOf(fingerprint bool, principal, operation, destination string, m *wire.Message, content Digest) (key string, ok bool) {
	which := m.RequestID
	if fingerprint {
		which = string(content[:])
	}
	return strings.Join([]string{principal, operation, destination, which}, "\x00"), which != ""
}

// The principals of what was read from a log, which does not say who offered it. Of a consumed message there may be but the head:
// its key has the rest of what it said, because its payload cannot be compared.
const (
	anybody  = "\x00"
	headOnly = "\x00head "
)

// headKey is the key of a message whose payload is unknown.
func headKey(queue string, m *wire.Message) (key string, ok bool) {
	head := digestOf([]byte(m.Subject), []byte(m.Mimetype), []byte(m.Charset))
	return keyOf(false, headOnly+string(head[:]), security.Queue.String(), queue, m, Digest{})
}

// logged reports whether a queue's log had the message before the restart. Where there are users, another content under the id is
// another user's message.
func (c *conn) logged(store *DedupeStore[result], m *wire.Message, content Digest) (duplicate bool, err error) {
	key, _ := keyOf(store.o.Fingerprint, anybody, security.Queue.String(), m.Destination, m, content)
	duplicate, err = store.Known(key, content)
	if err != nil && c.s.opts.Authenticator != nil {
		duplicate, err = false, nil
	}
	if !duplicate && !store.o.Fingerprint {
		key, _ = headKey(m.Destination, m)
		duplicate, err = store.Known(key, Digest{})
	}
	return duplicate, err
}

// once does work for a request, or takes what a request with the same key came to. Without answer the request has been
// refused.
func (c *conn) once(store *DedupeStore[result], kind security.Kind, m *wire.Message, work func() (r result, size int, keep bool)) (r result, duplicate, answer bool) {
	content, operation := contentOf(m), kind.String()
	key, ok := keyOf(store.o.Fingerprint, c.who().Name, operation, m.Destination, m, content)
	if !ok {
		r, _, _ = work()
		return r, false, true
	}
	var err error
	if i := &c.s.idempotency; kind == security.Queue && i.recovered && store == i.all {
		duplicate, err = c.logged(store, m, content)
	}
	switch {
	case duplicate:
	case kind == security.Queue: // an offer that waits for room writes for itself
		c.flush()
		r, duplicate, err = store.Do(c.s.base, key, content, work)
	default:
		c.during(func() { r, duplicate, err = store.Do(c.s.base, key, content, work) })
	}
	switch {
	case errors.Is(err, ErrReused):
		c.refuse(m, wire.BadRequest, "%s", ErrReused)
	case err != nil: // the server closes
		c.incident(m, err)
	default:
		return r, duplicate, true
	}
	return r, duplicate, false
}

// callOnce calls a function for the first of the requests with one key (I3).
func (c *conn) callOnce(store *DedupeStore[result], h Handler, m *wire.Message) (r result, answer bool) {
	r, _, answer = c.once(store, security.Function, m, func() (r result, size int, keep bool) {
		r.m, r.err = c.s.call(h, m)
		if r.m != nil {
			size = r.m.Size()
		}
		var late *HandlerTimeoutError
		return r, size, r.err == nil || !store.o.RetryErrors && !errors.As(r.err, &late) && c.s.base.Err() == nil
	})
	return r, answer
}

// offerOnce offers the first of the messages with one key (I4). The others may wait for the end of its waiting.
func (c *conn) offerOnce(store *DedupeStore[result], q engine.Queue, m *wire.Message) (there, duplicate, answer bool, err error) {
	there = true
	r, duplicate, answer := c.once(store, security.Queue, m, func() (r result, size int, keep bool) {
		there, r.err = c.enqueue(q, m)
		return r, 0, r.err == nil
	})
	return there, duplicate, answer, r.err
}

// seen is a message of a log.
type seen struct {
	queue    string
	m        *wire.Message
	consumed bool
}

// remember fills the store with what the logs have of the last moments (I4, C4).
func (i *idempotency) remember(all []seen) {
	slices.SortStableFunc(all, func(a, b seen) int { return cmp.Compare(a.m.Timestamp, b.m.Timestamp) })
	for _, x := range all {
		content := contentOf(x.m)
		key, ok := keyOf(i.all.o.Fingerprint, anybody, security.Queue.String(), x.queue, x.m, content)
		if x.consumed && len(x.m.Payload) == 0 { // it may have had one
			if content = (Digest{}); i.all.o.Fingerprint {
				continue
			}
			key, ok = headKey(x.queue, x.m)
		}
		if ok {
			i.all.Remember(key, content, result{}, time.UnixMilli(x.m.Timestamp))
			i.recovered = true
		}
	}
}
