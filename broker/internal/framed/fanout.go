// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package framed

import (
	"net"
	"sync"
)

// FanOut is a publisher, its server and the subscribers. Each message goes to every subscriber with a write of its own, or
// so many messages with one. Not safe for concurrent use.
type FanOut struct {
	o           Options
	batch       int
	link        *link
	publisher   *end
	subscribers []*end
}

// NewFanOut makes a server that writes batch messages at a time. Of the options it has Payload and Tune. Close ends it.
func NewFanOut(o Options, subscribers, batch int) (*FanOut, error) {
	o = o.withDefaults()
	l, err := listen("tcp")
	if err != nil {
		return nil, err
	}
	f := &FanOut{o: o, batch: batch, link: l}
	go f.serve(subscribers)
	for range subscribers + 1 {
		nc, err := l.dial()
		if err != nil {
			f.Close()
			return nil, err
		}
		o.Tune(nc)
		f.subscribers = append(f.subscribers, newEnd(nc, nil))
	}
	f.publisher, f.subscribers = f.subscribers[subscribers], f.subscribers[:subscribers]
	return f, nil
}

// serve takes the last of the connections for the publisher's.
func (f *FanOut) serve(subscribers int) {
	defer close(f.link.done)
	var all []net.Conn
	defer func() {
		for _, nc := range all {
			nc.Close()
		}
	}()
	for range subscribers + 1 {
		nc, err := f.link.Accept()
		if err != nil {
			return
		}
		f.o.Tune(nc)
		all = append(all, nc)
	}
	p, push := newEnd(all[subscribers], nil), newEnd(nil, nil)
	for {
		push.head = push.head[:0]
		for range f.batch {
			payload, err := p.receive()
			if err != nil {
				return
			}
			push.put(payload)
			p.put(nil)
		}
		for _, nc := range all[:subscribers] {
			if _, err := nc.Write(push.head); err != nil {
				return
			}
		}
		if p.flush() != nil {
			return
		}
	}
}

// Publish publishes so many batches, each when the one before has been answered, and returns when every subscriber has all of
// them.
func (f *FanOut) Publish(batches int) error {
	var all sync.WaitGroup
	errs := make(chan error, len(f.subscribers))
	for _, s := range f.subscribers {
		all.Go(func() {
			for range batches * f.batch {
				if _, err := s.receive(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	for range batches {
		for range f.batch {
			f.publisher.put(f.o.Payload)
		}
		err := f.publisher.flush()
		for n := 0; n < f.batch && err == nil; n++ {
			_, err = f.publisher.receive()
		}
		if err != nil {
			return err // the subscribers' connections end with the server's
		}
	}
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// Close ends all sides.
func (f *FanOut) Close() {
	if f.publisher != nil {
		f.publisher.nc.Close()
	}
	for _, s := range f.subscribers {
		s.nc.Close()
	}
	f.link.close()
}
