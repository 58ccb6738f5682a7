// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"gondola/wal"
	"gondola/wal/waltest"
)

const dirName = "log"

var background = context.Background()

// answer is what a caller knows of a record that it wanted in the log.
type answer int

const (
	unknown answer = iota // no answer, or one that says so (D6)
	done
	refused
)

// answerOf is what an error of Append says.
func answerOf(err error) answer {
	var failed *wal.FailedError
	switch {
	case err == nil:
		return done
	case errors.Is(err, wal.ErrNoRoom), errors.Is(err, wal.ErrClosed):
		return refused
	case errors.As(err, &failed) && !failed.Unknown:
		return refused
	}
	return unknown
}

// msg is a message and what is known of it.
type msg struct {
	id        uuid.UUID
	payload   []byte
	offer     answer
	offeredAt time.Time // of the answer
	taking    bool      // an ACK was asked for
	take      answer
	takenAt   time.Time
	order     int  // in the log
	moved     bool // put back: its place is not told by order
}

// ledger is what a workload was told about one queue.
type ledger struct {
	gen    byte // how often the queue was created
	msgs   []*msg
	queue  answer  // unknown: being created or removed, done: it is there, refused: it is not there
	before *ledger // what may be there in its place: a queue of which it is not known whether it was removed
	orders int
}

// copy is for another course of events from here on.
func (l *ledger) copy() *ledger {
	c := *l
	c.msgs = make([]*msg, len(l.msgs))
	for i, m := range l.msgs {
		twin := *m
		c.msgs[i] = &twin
	}
	if l.before != nil {
		c.before = l.before.copy()
	}
	return &c
}

func (l *ledger) message(size int) *msg {
	m := &msg{order: l.orders}
	l.orders++
	m.id[0], m.id[1] = 'm', l.gen
	binary.BigEndian.PutUint32(m.id[12:], uint32(m.order))
	m.payload = append(m.id[:len(m.id):len(m.id)], bytes.Repeat([]byte{byte(m.order)}, size)...)
	l.msgs = append(l.msgs, m)
	return m
}

func (m *msg) data() wal.Record { return wal.Record{Kind: wal.Data, ID: m.id, Payload: m.payload} }
func (m *msg) ack() wal.Record {
	return wal.Record{Kind: wal.Ack, ID: uuid.New(), Payload: m.id[:]}
}

// oldest is the message that a poll would take.
func (l *ledger) oldest() *msg {
	for _, m := range l.msgs {
		if m.offer == done && !m.taking {
			return m
		}
	}
	return nil
}

// settle notes that everything answered so far was synced, whatever the policy.
func (l *ledger) settle() {
	for _, m := range l.msgs {
		m.offeredAt, m.takenAt = time.Time{}, time.Time{}
	}
}

// expectation is what a message may be after a loss.
type expectation int

const (
	either expectation = iota
	there
	gone
)

// expect is what is promised of a message: certain says whether an answer of that time has been kept.
func (m *msg) expect(certain func(time.Time) bool) expectation {
	switch {
	case m.offer == refused:
		return gone
	case m.offer == unknown:
		return either
	case m.taking && m.take == unknown:
		return either
	case m.taking && m.take == done && certain(m.takenAt):
		return gone
	case m.taking:
		return either
	case certain(m.offeredAt):
		return there
	}
	return either
}

// checkLive compares what a log has replayed with the promises.
func (l *ledger) checkLive(live []wal.Record, certain func(time.Time) bool) error {
	found := map[uuid.UUID]int{}
	byID := map[uuid.UUID]*msg{}
	for _, m := range l.msgs {
		byID[m.id] = m
	}
	var errs []error
	last := -1
	for i, r := range live {
		m := byID[r.ID]
		switch {
		case m == nil:
			errs = append(errs, fmt.Errorf("message %d, %v, was never offered", i, r.ID))
			continue
		case !bytes.Equal(r.Payload, m.payload):
			errs = append(errs, fmt.Errorf("message %d has another payload", m.order))
		}
		found[r.ID]++
		if !m.moved {
			if m.order < last {
				errs = append(errs, fmt.Errorf("message %d comes after %d", m.order, last))
			}
			last = m.order
		}
	}
	for _, m := range l.msgs {
		switch n, want := found[m.id], m.expect(certain); {
		case n > 1:
			errs = append(errs, fmt.Errorf("message %d is there %d times", m.order, n))
		case n == 0 && want == there:
			errs = append(errs, fmt.Errorf("message %d was answered and is lost", m.order))
		case n == 1 && want == gone && m.offer == refused:
			errs = append(errs, fmt.Errorf("message %d was refused and is there", m.order))
		case n == 1 && want == gone:
			errs = append(errs, fmt.Errorf("message %d was taken and is there again", m.order))
		}
	}
	return errors.Join(errs...)
}

// check opens what a loss has left and compares it with the promises; then the log has to serve, and to be what a stock
// server reads (R8). certain is as for expect.
func (l *ledger) check(disk *waltest.CrashDisk, o wal.Options, certain func(time.Time) bool) error {
	live, err := recovered(disk, o)
	switch {
	case errors.Is(err, errNoQueue) && l.queue == done:
		return errors.New("the queue was answered and is lost")
	case errors.Is(err, errNoQueue):
		return nil
	case err != nil:
		return err
	case l.queue == refused:
		return errors.New("the queue is there although it was removed")
	case len(live) > 0 && live[0].ID[1] != l.gen && l.before != nil:
		return l.before.checkLive(live, certain)
	}
	return l.checkLive(live, certain)
}

var errNoQueue = errors.New("there is no queue")

// recovered opens the log twice, with an append between, and returns what was in it at first.
func recovered(disk *waltest.CrashDisk, o wal.Options) ([]wal.Record, error) {
	o.FS, o.Check = disk, checkID
	live, err := serve(disk, o, uuid.UUID{'n', 'e', 'w'})
	if err != nil {
		return nil, err
	}
	o.Compact = false
	again, err := serve(disk, o, uuid.UUID{'n', 'e', 'w', '2'})
	if err != nil {
		return nil, fmt.Errorf("second recovery: %w", err)
	}
	if len(again) != len(live)+1 || again[len(live)].ID[0] != 'n' {
		return nil, fmt.Errorf("the second recovery found %d messages, the first %d and one was added", len(again), len(live))
	}
	for i, r := range live {
		if again[i].ID != r.ID {
			return nil, fmt.Errorf("the second recovery has another message %d", i)
		}
	}
	return live, nil
}

// serve opens the log, reads it, appends a message, and closes it.
func serve(disk *waltest.CrashDisk, o wal.Options, added uuid.UUID) (live []wal.Record, err error) {
	d, err := wal.OpenDir(dirName, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	queues, err := d.List()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(queues, queueName) {
		return nil, errNoQueue
	}
	log, err := d.Open(background, queueName)
	if errors.Is(err, wal.ErrNoLog) {
		return nil, errNoQueue
	}
	if err != nil {
		return nil, err
	}
	err = log.Replay(func(r wal.Record) error { live = append(live, r); return nil })
	if err == nil {
		err = log.Append(wal.Record{Kind: wal.Data, ID: added, Payload: added[:]})
	}
	if err = errors.Join(err, log.Close()); err != nil {
		return nil, err
	}
	b, err := disk.ReadFile(logName)
	if err != nil {
		return nil, err
	}
	if end := validPrefix(b); end != len(b) {
		return nil, fmt.Errorf("the closed log has records up to byte %d of %d", end, len(b))
	}
	return live, nil
}

const headerLen = 52

// validPrefix is where the records that a strict reader of the format takes end (wal-format.md 6).
func validPrefix(b []byte) int { return prefix(b, nil) }

// validPrefixChecked is where the records that are valid with the check of the tests end (reliability.md 3.1).
func validPrefixChecked(b []byte) int { return prefix(b, checkID) }

func prefix(b []byte, check func(wal.Record) error) (end int) {
	for r := range eachRecord(b, check) {
		end = r.end
	}
	return end
}

// read is a valid record as another reader of the format sees it.
type read struct {
	wal.Record
	end int
}

// eachRecord yields the valid records at the start of a log.
func eachRecord(log []byte, check func(wal.Record) error) func(func(read) bool) {
	return func(yield func(read) bool) {
		for end := 0; ; {
			r, ok := readRecord(log[end:], end == 0)
			if !ok || check != nil && check(r.Record) != nil {
				return
			}
			end += r.end
			r.end = end
			if !yield(r) {
				return
			}
		}
	}
}

// readRecord reads the record that b starts with; end is its length.
func readRecord(b []byte, first bool) (r read, ok bool) {
	if len(b) < headerLen {
		return r, false
	}
	n := int(int32(binary.BigEndian.Uint32(b[44:])))
	kind, packed := binary.BigEndian.Uint32(b[12:]), binary.BigEndian.Uint32(b[40:])
	if binary.BigEndian.Uint32(b) != 0xCAFEBABE || kind > 2 || packed > 1 || n < 0 || n > len(b)-headerLen || first != (kind == 1) {
		return r, false
	}
	payload := b[headerLen : headerLen+n]
	if crc32.ChecksumIEEE(payload) != binary.BigEndian.Uint32(b[48:]) {
		return r, false
	}
	if packed == 1 {
		z, err := gzip.NewReader(bytes.NewReader(payload))
		if err != nil {
			return r, false
		}
		if payload, err = io.ReadAll(z); err != nil {
			return r, false
		}
	}
	r = read{wal.Record{Kind: wal.Kind(kind), ID: uuid.UUID(b[16:32]), Payload: payload}, headerLen + n}
	return r, !(kind == 0 && len(payload) != 16 || kind == 1 && len(payload) < 12)
}

// checkID is a cross-check as an engine has one: a payload starts with the id of its record.
func checkID(r wal.Record) error {
	if r.Kind == wal.Data && !bytes.HasPrefix(r.Payload, r.ID[:]) {
		return errors.New("the payload does not start with the record's id")
	}
	return nil
}

const (
	queueName = "orders/eu"
	logName   = dirName + "/orders$eu.wal"
)

var config = []byte{0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0}

// client uses one queue and notes the answers. Its log is closed and opened again when it has failed.
type client struct {
	o       wal.Options
	r       *rand.Rand
	d       *wal.Dir
	log     *wal.Log
	l       *ledger
	pace    time.Duration // up to this long between two steps; 0: no time passes
	failure error         // why the workload ended before its end
	served  int           // appends that were answered with OK
	ends    func() bool   // says before each step whether the workload ends here, without closing anything; may be nil
	during  func()        // is called in the middle of a compaction; may be nil
}

// open opens directory and queue; the queue is created if there is none.
func (c *client) open() (err error) {
	if c.d == nil {
		if c.d, err = wal.OpenDir(dirName, c.o); err != nil {
			c.d = nil
			return err
		}
	}
	queues, err := c.d.List()
	if err != nil {
		return err
	}
	if slices.Contains(queues, queueName) {
		if c.log, err = c.d.Open(background, queueName); !errors.Is(err, wal.ErrNoLog) {
			if err == nil && c.l.queue == unknown {
				c.sees()
			}
			return err
		}
	}
	if c.l.queue == done {
		return errors.New("the queue is lost")
	}
	return c.create()
}

// adopt takes what the opened queue holds for promised: a server that has started shows it to its users.
func (c *client) adopt() (found int) {
	there := map[uuid.UUID]bool{}
	_ = c.log.Replay(func(r wal.Record) error { there[r.ID] = true; return nil })
	for _, m := range c.l.msgs {
		switch {
		case there[m.id]:
			m.offer, m.taking = done, false
		case m.offer == unknown:
			m.offer = refused
		default:
			m.taking, m.take = true, done
		}
	}
	c.l.queue, c.l.before = done, nil
	return len(there)
}

// sees notes what an opened queue of which nothing certain was known has turned out to be.
func (c *client) sees() {
	var first *wal.Record
	_ = c.log.Replay(func(r wal.Record) error {
		if first == nil {
			first = &r
		}
		return nil
	})
	if first != nil && first.ID[1] != c.l.gen && c.l.before != nil {
		c.l = c.l.before
	}
	c.l.queue, c.l.before = done, nil
}

func (c *client) create() (err error) {
	before := c.l
	c.l = &ledger{gen: before.gen + 1}
	if before.queue == unknown {
		c.l.before = before
	}
	c.log, err = c.d.Create(background, queueName, config)
	if err != nil {
		c.log = nil
		return err
	}
	c.l.queue, c.l.before = done, nil
	return nil
}

// remove removes the queue and makes it again.
func (c *client) remove() error {
	if err := c.shut(); err != nil {
		return err
	}
	c.l.queue = unknown
	if err := c.d.Remove(queueName); err != nil {
		return err
	}
	c.l.queue = refused
	return c.create()
}

// reopen closes everything and opens it again.
func (c *client) reopen() error {
	err := c.close()
	c.o.Compact = c.r.IntN(2) == 0
	return errors.Join(err, c.open())
}

func (c *client) close() (err error) {
	if c.log != nil {
		err = c.shut()
	}
	if c.d != nil {
		err = errors.Join(err, c.d.Close())
		c.d = nil
	}
	return err
}

// shut closes the log: what a log that has not failed holds then is durable under every policy.
func (c *client) shut() error {
	err := c.log.Close()
	if err == nil && c.log.Status().Failed == nil {
		c.l.settle()
	}
	c.log = nil
	return err
}

func (c *client) offer(group int) error {
	msgs := make([]*msg, group)
	tickets := make([]wal.Ticket, group)
	for i := range msgs {
		msgs[i] = c.l.message(c.r.IntN(700))
		var err error
		if tickets[i], err = c.log.Enqueue(msgs[i].data()); err != nil {
			msgs[i].offer = answerOf(err)
			return err
		}
	}
	var errs []error
	for i, m := range msgs {
		err := tickets[i].Wait()
		m.offer, m.offeredAt = answerOf(err), time.Now()
		errs = append(errs, err)
		c.count(err)
	}
	return errors.Join(errs...)
}

func (c *client) count(err error) {
	if err == nil {
		c.served++
	}
}

// poll takes the oldest message; now and then it is put back (P3).
func (c *client) poll() error {
	m := c.l.oldest()
	if m == nil {
		return nil
	}
	m.taking, m.take = true, unknown
	err := c.log.Append(m.ack())
	m.take, m.takenAt = answerOf(err), time.Now()
	c.count(err)
	if m.take == refused {
		m.taking = false
	}
	if err != nil || c.r.IntN(10) > 0 {
		return err
	}
	m.moved, m.offer = true, unknown
	err = c.log.Append(m.data())
	c.count(err)
	switch answerOf(err) {
	case done:
		m.taking, m.offer, m.offeredAt = false, done, time.Now()
	case refused:
		m.offer = done // and taken
	}
	return err
}

// step does something.
func (c *client) step(i int) error {
	if c.pace > 0 {
		time.Sleep(time.Duration(c.r.Int64N(int64(c.pace))) + 1)
	}
	switch {
	case i%97 == 96:
		return c.remove()
	case i%41 == 40:
		return c.reopen()
	case i%23 == 22:
		c.during = func() {
			_ = c.offer(1 + c.r.IntN(3))
			_ = c.poll()
		}
		_ = c.log.CompactNow(background) // the log is to go on, or to say that it has failed (C2)
		c.during = nil
		return nil
	}
	switch n := c.r.IntN(10); {
	case n < 5:
		return c.offer(1)
	case n < 6:
		return c.offer(2 + c.r.IntN(4))
	}
	return c.poll()
}

// run is the workload: offers and polls, with put-backs, groups, compactions, removals and restarts between. After an error
// patience says how often everything is opened anew; where that fails, too, the workload ends.
func (c *client) run(steps, patience int) {
	ended := false
	defer func() {
		if !ended {
			_ = c.close()
		}
	}()
	err := c.open()
	for i := 0; ; {
		switch {
		case err != nil && patience == 0:
			c.failure = err
			return
		case err != nil:
			patience--
			_ = c.close()
			time.Sleep(time.Nanosecond) // files that recovery makes are named by the time
			err = c.open()
		case i == steps:
			return
		case c.ends != nil && c.ends():
			ended = true
			return
		default:
			err = c.step(i)
			i++
		}
	}
}

func newClient(disk wal.FS, policy wal.Policy, seed uint64, note func(string)) *client {
	c := &client{r: rand.New(rand.NewPCG(seed, 1)), l: &ledger{queue: refused}}
	c.o = wal.Options{FS: busyFS{disk, c}, Sync: policy, Check: checkID, Note: func(_ wal.Level, file, text string) {
		if note != nil {
			note(file + ": " + text)
		}
	}}
	if policy.Interval > 0 {
		c.pace = policy.Interval / 2
	}
	return c
}

// busyFS lets its client go on in the middle of a compaction: when it writes its copy and when it syncs it for the first time.
type busyFS struct {
	wal.FS
	c *client
}

func (b busyFS) OpenFile(name string, flag int, perm fs.FileMode) (wal.File, error) {
	f, err := b.FS.OpenFile(name, flag, perm)
	if err != nil || !strings.HasSuffix(name, ".compact") {
		return f, err
	}
	return &busyFile{File: f, c: b.c}, nil
}

type busyFile struct {
	wal.File
	c               *client
	written, synced bool
}

func (f *busyFile) WriteAt(b []byte, at int64) (int, error) {
	if !f.written && f.c.during != nil {
		f.c.during()
	}
	f.written = true
	return f.File.WriteAt(b, at)
}

func (f *busyFile) Sync() error {
	if !f.synced && f.c.during != nil {
		f.c.during()
	}
	f.synced = true
	return f.File.Sync()
}

// certainty is which answers a loss of power at a time keeps under a policy (reliability.md 2.1). The zero time is that of an
// answer that was settled by a clean close.
func certainty(p wal.Policy, at time.Time) func(time.Time) bool {
	return func(answered time.Time) bool {
		switch {
		case answered.IsZero() || p == wal.Always:
			return true
		case p.Never:
			return false
		}
		return answered.Add(p.Interval).Before(at)
	}
}

func everything(time.Time) bool { return true }

// fail reports a broken promise with what is needed to see it again.
func fail(t *testing.T, err error, format string, args ...any) {
	t.Helper()
	t.Errorf("%s\n\t%s", fmt.Sprintf(format, args...), strings.ReplaceAll(err.Error(), "\n", "\n\t"))
}
