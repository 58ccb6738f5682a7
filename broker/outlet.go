// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"net"
	"time"

	"gondola/broker/wire"
)

const (
	writeLimit = 10 * time.Second // without progress (O10)
	writeStep  = 1 << 20          // bytes that count as progress
	armSlack   = time.Second      // a deadline is renewed when less than writeLimit is left of it, for this much more
)

// outlet is what a wire.Writer writes to: it watches that a write makes progress (O10) and counts the bytes that the kernel
// has taken (P3). flush hands over all that the writer has queued; nothing is written in between. It belongs to the
// goroutine that owns the writer.
type outlet struct {
	nc    net.Conn
	w     *wire.Writer
	due   int         // bytes of the flush that is going on which have not come yet
	parts net.Buffers // its bytes so far
	taken int64       // bytes that the kernel has taken since the connection began
	until time.Time   // the write deadline in force

	progressed func() // told after each step that the kernel has taken; may be nil
}

func newOutlet(nc net.Conn) *outlet {
	o := &outlet{nc: nc}
	o.w = wire.NewWriter(o)
	return o
}

// flush writes what is queued. Any error is the end of the connection.
func (o *outlet) flush() error {
	if o.due = o.w.Pending(); o.due == 0 {
		return nil
	}
	return o.w.Flush()
}

// queued is the value of taken at which everything queued now will have left.
func (o *outlet) queued() int64 { return o.taken + int64(o.w.Pending()) }

// Write takes one part of a flush. The parts go out together with the last one, so a frame is not written in pieces
// (wire-protocol.md 2.1).
func (o *outlet) Write(p []byte) (int, error) {
	o.due -= len(p)
	if o.due <= 0 && len(o.parts) == 0 && len(p) <= writeStep {
		o.arm()
		n, err := o.nc.Write(p)
		o.taken += int64(n)
		return n, err
	}
	o.parts = append(o.parts, p)
	if o.due > 0 {
		return len(p), nil
	}
	err := o.writeParts()
	o.parts = nil
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeParts writes the parts in steps, each with a deadline of its own.
func (o *outlet) writeParts() error {
	for len(o.parts) > 0 {
		step := o.nextStep()
		o.arm()
		n, err := step.WriteTo(o.nc)
		o.taken += n
		if o.progressed != nil && n > 0 {
			o.progressed()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nextStep cuts at most writeStep bytes off the parts.
func (o *outlet) nextStep() net.Buffers {
	var step net.Buffers
	for room := writeStep; room > 0 && len(o.parts) > 0; {
		p := o.parts[0]
		if len(p) > room {
			step = append(step, p[:room])
			o.parts[0] = p[room:]
			break
		}
		step = append(step, p)
		room -= len(p)
		o.parts = o.parts[1:]
	}
	return step
}

// within bounds reading and writing by limit, in place of writeLimit, until the function that it returns is called.
func (o *outlet) within(limit time.Duration) (end func()) {
	now := time.Now()
	o.until = now.Add(writeLimit + armSlack) // keeps arm from setting another one
	o.nc.SetDeadline(now.Add(limit))
	return func() {
		o.nc.SetDeadline(time.Time{})
		o.until = time.Time{}
	}
}

// arm sees to it that the write deadline is at least writeLimit away. Setting it is dear, so it is set rarely.
func (o *outlet) arm() {
	now := time.Now()
	if o.until.Sub(now) >= writeLimit {
		return
	}
	o.until = now.Add(writeLimit + armSlack)
	o.nc.SetWriteDeadline(o.until)
}
