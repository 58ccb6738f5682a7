// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/wal"
)

// LogOptions say where and how durable queues are logged (reliability.md 2).
type LogOptions struct {
	Dir      string // must exist
	Compress bool   // of new queues
	Compact  bool   // at the start
	// A log is compacted while it serves when it has more than CompactMin bytes and more than CompactRatio of them are dead
	// (C3). Zero: 64 MiB and a half; a ratio of 1 is never exceeded.
	CompactMin   int64
	CompactRatio float64
	// Sync: 0 syncs before an offer is answered (:always), a positive interval by a timer, a negative one never (D3).
	Sync         time.Duration
	CommitDelay  time.Duration // how long the first of the offers that wait waits for others to share its sync (D2)
	MinFreeDisk  uint64        // bytes; below it durable offers are refused (D9)
	OnCorruption Corruption
	Logger       *slog.Logger // nil: silent
	FS           wal.FS       // where Dir is; nil: the system's files
	KeepExpired  bool         // for Engine.OnExpired: messages that had expired at the start

	// Remember is how long compaction keeps the head of a consumed message (C4); 0: it keeps none.
	Remember time.Duration
	// Seen is told, while the logs are read, of every live message and of the consumed ones that are still there, whose
	// payload may be gone. nil: nobody asks. The message is the receiver's to keep, not to change.
	Seen func(queue string, m *wire.Message, consumed bool)

	// OnFailure is told, once for each log, that it is out of service (D5): its queue refuses what would need a record. It must
	// return at once and not use the engine. May be nil.
	OnFailure func(file string, cause error)
}

// Corruption is what happens to a damaged log at the start (R3).
type Corruption int

const (
	Quarantine Corruption = iota // the queue is there and out of service
	FailStart
	Salvage // what can be read is kept
)

func (o LogOptions) wal() wal.Options {
	w := wal.Options{
		FS: o.FS, Compress: o.Compress, Compact: o.Compact, MinFreeDisk: o.MinFreeDisk, Salvage: o.OnCorruption == Salvage, Check: CheckRecord,
		CompactMin: o.CompactMin, CompactRatio: o.CompactRatio, CommitDelay: o.CommitDelay, Failed: o.OnFailure,
		Sync: wal.Policy{Interval: max(0, o.Sync), Never: o.Sync < 0},
		Note: func(level wal.Level, file, text string) {
			o.Logger.Log(context.Background(), [...]slog.Level{slog.LevelDebug, slog.LevelWarn, slog.LevelError}[level], text, "log", file)
		},
	}
	if o.Remember > 0 {
		w.Remains = func(r wal.Record) []byte { return headOf(r.Payload, o.Remember) }
	}
	return w
}

// headOf is a logged message without its payload; nil if it is older than the window, or has no request id.
func headOf(frame []byte, window time.Duration) []byte {
	m, err := parseLogged(frame)
	if err != nil || m.RequestID == "" || time.Since(time.UnixMilli(m.Timestamp)) > window {
		return nil
	}
	head := *m
	head.Payload = nil
	b, err := wire.AppendFrame(nil, &head, false, nil)
	if err != nil {
		return nil
	}
	return b
}

// CheckRecord is the cross-check of reliability.md 3.1: a DATA record holds one frame whose id is the record's.
func CheckRecord(r wal.Record) error {
	switch r.Kind {
	case wal.Config:
		if binary.BigEndian.Uint32(r.Payload[4:]) > 1 {
			return fmt.Errorf("unknown queue type %d", binary.BigEndian.Uint32(r.Payload[4:]))
		}
		if int32(binary.BigEndian.Uint32(r.Payload)) < 1 {
			return errors.New("a capacity below 1")
		}
	case wal.Data:
		m, err := parseLogged(r.Payload)
		if err != nil {
			return err
		}
		if m.ID != r.ID {
			return errors.New("the message's id is not the record's")
		}
	}
	return nil
}

func parseLogged(frame []byte) (*wire.Message, error) {
	m, n, err := wire.ParseFrame(frame, wire.DefaultLimits(wire.MaxMaxMessage), nil)
	if err == nil && n != len(frame) {
		err = fmt.Errorf("%d bytes behind the frame", len(frame)-n)
	}
	return m, err
}

// ConfigOf is the payload of a CONFIG record: a bounded queue of a capacity.
func ConfigOf(capacity int, compress bool) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(min(capacity, 1<<31-1)))
	b = binary.BigEndian.AppendUint32(b, 0) // bounded
	flag := uint32(0)
	if compress {
		flag = 1
	}
	return binary.BigEndian.AppendUint32(b, flag)
}

// held is an entry's record on its way into the log: pollers do not see the entry before it is there (D1).
type held struct {
	frame  []byte
	ready  bool // guarded by the queue's mutex, like the rest
	ticket wal.Ticket
	err    error
}

// inLog reports whether the record is where the policy wants it. It does not depend on the offer having gone on since: another
// one of the same sync may have been answered, and its client may poll. It runs with the queue's mutex held.
func (h *held) inLog() bool {
	h.ready = h.ready || h.err == nil && h.ticket.Kept()
	return h.ready
}

// durable is a bounded queue with a log. Messages without the durable flag live in memory.
type durable struct {
	*queue
	log    *wal.Log
	logged map[uuid.UUID]*held // what is in the log and not acknowledged; guarded by the queue's mutex
	logger *slog.Logger
}

var _ engine.Queue = (*durable)(nil)

func newDurable(q *queue, log *wal.Log, logger *slog.Logger) *durable {
	d := &durable{queue: q, log: log, logged: map[uuid.UUID]*held{}, logger: logger}
	q.enqueue = d.enqueue
	q.dropped = d.acknowledgeLater
	q.consume = d.acknowledge
	return d
}

// load fills the queue from its log; expired messages get their ACK (R7). All are kept, whatever the capacity (R5). seen may be
// nil; see LogOptions.Seen.
func (d *durable) load(seen func(queue string, m *wire.Message, consumed bool)) error {
	now := time.Now()
	if seen != nil {
		err := d.log.ReplayConsumed(func(r wal.Record) error {
			m, err := parseLogged(r.Payload)
			if err == nil {
				seen(d.spec.Name, m, true)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var expired []entry // a log that is being replayed takes no records
	err := d.log.Replay(func(r wal.Record) error {
		m, err := parseLogged(r.Payload)
		if err != nil {
			return err
		}
		if seen != nil {
			seen(d.spec.Name, m, false)
		}
		e := newEntry(m)
		e.held = &held{ready: true}
		if e.dead(now) {
			expired = append(expired, e)
			return nil
		}
		d.logged[m.ID] = e.held
		d.remember(e)
		d.store.pushBack(e)
		return nil
	})
	if err != nil {
		return err
	}
	for _, e := range expired {
		d.expire(e)
	}
	return nil
}

// enqueue fixes an entry's place in the log. It runs with the queue's mutex held, so that the order in the log is the order
// in the queue (D1).
func (d *durable) enqueue(e entry) {
	e.held.ticket, e.held.err = d.log.Enqueue(wal.Record{Kind: wal.Data, ID: e.m.ID, Payload: e.held.frame})
	e.held.frame = nil
	d.logged[e.m.ID] = e.held
}

// Offer appends m; a durable one is in the log when Offer returns, and only then visible (D1).
func (d *durable) Offer(ctx context.Context, m *wire.Message) error {
	if !m.Durable {
		return d.offerBounded(ctx, newEntry(m))
	}
	frame, err := wire.AppendFrame(nil, m, false, nil)
	if err != nil {
		return err
	}
	d.mu.Lock()
	twice := d.logged[m.ID]
	d.mu.Unlock()
	if twice != nil { // D11
		return d.settled(twice)
	}
	e := newEntry(m)
	if e.dead(time.Now()) {
		d.tellExpired(m)
		return nil // accepted and never seen (B1)
	}
	e.held = &held{frame: frame}
	if err := d.offerBounded(ctx, e); err != nil {
		return err
	}
	err = d.settled(e.held)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		delete(d.logged, m.ID)
		d.withdraw(e.held)
		return err
	}
	d.wake()
	return nil
}

// settled waits until a record is in the log.
func (d *durable) settled(h *held) error {
	d.mu.Lock()
	ticket, err, ready := h.ticket, h.err, h.ready
	d.mu.Unlock()
	if ready {
		return nil
	}
	if err == nil {
		err = ticket.Wait()
	}
	return d.failure(err)
}

// failure turns an error of the log into the engine's.
func (d *durable) failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, wal.ErrClosed):
		return engine.ErrClosed
	case errors.Is(err, wal.ErrNoRoom):
		return &engine.OutOfServiceError{Text: fmt.Sprintf("Queue %s takes no durable messages: %v", d.spec.Name, err)}
	}
	return &engine.OutOfServiceError{Text: fmt.Sprintf("Write-ahead log of queue %s is out of service: %v", d.spec.Name, err)}
}

// Poll takes the oldest message. Its ACK is in the log before it is handed out (P1).
func (d *durable) Poll(ctx context.Context) (*wire.Message, error) {
	e, err := d.popBounded(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	wait := d.acknowledge(e)
	d.mu.Unlock()
	if err := wait(); err != nil {
		return nil, err
	}
	return e.m, nil
}

// acknowledge logs that an entry has been consumed. It runs with the queue's mutex held; wait, which does not, tells when the
// record is in the log. If it does not get there the entry is in the queue again.
func (d *durable) acknowledge(e entry) (wait func() error) {
	if e.held == nil {
		return settledAlready
	}
	delete(d.logged, e.m.ID)
	ticket, err := d.log.Enqueue(ackOf(e.m.ID))
	return func() error {
		if err == nil {
			err = ticket.Wait()
		}
		if err != nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.logged[e.m.ID] = e.held
			d.putBack(e)
			return d.failure(err)
		}
		return nil
	}
}

func ackOf(id uuid.UUID) wal.Record { return wal.Record{Kind: wal.Ack, ID: uuid.New(), Payload: id[:]} }

// PutBack logs the message again, at the end of the log, and returns it to the head (P3).
func (d *durable) PutBack(m *wire.Message) error {
	if !m.Durable {
		return d.queue.PutBack(m)
	}
	frame, err := wire.AppendFrame(nil, m, false, nil)
	if err == nil {
		err = d.log.Append(wal.Record{Kind: wal.Data, ID: m.ID, Payload: frame})
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone != nil {
		return d.gone
	}
	e := newEntry(m)
	if err == nil {
		e.held = &held{ready: true}
		d.logged[m.ID] = e.held
	}
	d.putBack(e) // also without a record: better in memory than lost
	return d.failure(err)
}

// acknowledgeLater logs that an entry has expired. It runs with the queue's mutex held, so it does not wait; nothing depends
// on the record being there.
func (d *durable) acknowledgeLater(e entry) {
	delete(d.logged, e.m.ID)
	if ticket, err := d.log.Enqueue(ackOf(e.m.ID)); err == nil {
		go func() {
			if err := ticket.Wait(); err != nil && !errors.Is(err, wal.ErrClosed) {
				d.logger.Warn("An expired message could not be taken out of the log", "queue", d.spec.Name, "error", err)
			}
		}()
	}
}
