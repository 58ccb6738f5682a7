// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package cycles kills a server again and again, in the middle of whatever it does, and checks that nothing that it has
// answered is lost, nothing comes twice, and it always starts again (reliability.md 13.1, T1). With consumers that acknowledge, what
// comes twice is what none of them has acknowledged, and nothing explains that another message is gone.
package cycles

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gondola/broker"
	"gondola/broker/brokertest/history"
	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
	"gondola/wal"
)

// Config says what to do.
type Config struct {
	Binary string // gondola
	Dir    string // an empty directory; its path is short enough for a socket in it
	Sync   string // of the log, as a script has it: ":always" or milliseconds
	Cycles int
	Seed   uint64
	Sizes  []int             // of payloads; each cycle takes one
	Ack    bool              // consumers acknowledge (5.2)
	Note   func(text string) // is told how far it has got after each cycle; may be nil
}

// Big is the size of a payload whose record takes so long to write that a kill often hits the middle (T1).
const Big = 8 << 20

// Report is what happened.
type Report struct {
	history.Summary
	Cycles       int
	InAppend     int // kills that left a record torn, or written and not answered
	InBigAppend  int // the same, of a record of Big or more
	InCompaction int // kills that left an unfinished copy
	InRecovery   int // kills of a server that had opened its log and did not serve yet
	InShutdown   int // kills of a server that was about to end
	TornTails    int
}

// String is two lines for people.
func (r *Report) String() string { return r.kills() + "\n" + r.Summary.String() }

func (r *Report) kills() string {
	return fmt.Sprintf("%d cycles: kills inside an append %d (of %d MB or more: %d), compaction %d, recovery %d, shutdown %d; %d torn tails",
		r.Cycles, r.InAppend, Big>>20, r.InBigAppend, r.InCompaction, r.InRecovery, r.InShutdown, r.TornTails)
}

const (
	producers = 4
	consumers = 2
	startTime = time.Minute // that a server may take to start
	backlog   = 6           // messages that stay in the queue, so that a start has something to read and to compact
)

// runner is one run.
type runner struct {
	c       Config
	r       *rand.Rand
	h       *history.History
	address broker.Address
	report  Report
	noted   int // bytes of wal.log that have been looked at

	mu      sync.Mutex
	names   map[string]bool // of all messages
	pending map[string]int  // payload sizes of offers without an answer
	waiting atomic.Int64    // answered OK and not consumed
	acked   chan struct{}   // an offer was answered OK
}

// Run runs the cycles, drains the queue and checks the history. The report is there also with an error, which tells of promises
// that were not kept and of a server that did not start.
func Run(ctx context.Context, c Config) (*Report, error) {
	address, err := broker.ParseAddress("af-unix://" + filepath.Join(c.Dir, "s"))
	if err != nil {
		return nil, err
	}
	run := &runner{
		c: c, r: rand.New(rand.NewPCG(c.Seed, 0)), h: history.New(), address: address,
		names: map[string]bool{}, pending: map[string]int{}, acked: make(chan struct{}, 1<<16),
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "server.venice"), []byte(run.script()), 0o600); err != nil {
		return nil, err
	}
	for run.report.Cycles < c.Cycles {
		if err := run.cycle(ctx); err != nil {
			return &run.report, fmt.Errorf("cycle %d: %w", run.report.Cycles, err)
		}
		run.report.Cycles++
		if c.Note != nil {
			c.Note(run.report.kills())
		}
	}
	return &run.report, run.finish(ctx)
}

func (run *runner) script() string {
	acking := ""
	if run.c.Ack { // few deliveries, so that some messages are buried
		acking = ":max-deliveries 3 :dead-letter-durable true :dead-letter-queue-size 10000"
	}
	return fmt.Sprintf(`(do (io/mkdirs (io/file "log"))
	(def server (ipc/server "%v" :write-ahead-log-dir (io/file "log") :write-ahead-log-compact true
	                        :write-ahead-log-sync %s :min-free-disk 0 %s))
	(ipc/create-queue server :q 100000 :bounded true)
	(println "ready"))
`, run.address, run.c.Sync, acking)
}

// cycle starts the server, lets clients use it, kills it at a moment of some kind, and looks at what is left.
func (run *runner) cycle(ctx context.Context) error {
	size := run.c.Sizes[run.report.Cycles%len(run.c.Sizes)]
	kind := run.r.IntN(10)
	if run.report.Cycles == 0 { // there is nothing yet to recover or to compact
		kind = 9
	}
	s, err := start(run.c.Binary, run.c.Dir)
	if err != nil {
		return err
	}
	defer s.kill()
	switch {
	case kind < 2:
		run.killInRecovery(s)
	case kind < 4:
		run.killInCompaction(s)
	default:
		err = run.killAtWork(ctx, s, size, kind == 4)
	}
	s.kill()
	return errors.Join(err, run.inspect())
}

// killInRecovery kills the server when it has opened the log and does not serve yet.
func (run *runner) killInRecovery(s *server) {
	opened := s.until(func() bool { return s.hasOpen("q.wal") })
	time.Sleep(time.Duration(run.r.Int64N(int64(20 * time.Millisecond))))
	if s.kill(); opened && !s.ready() {
		run.report.InRecovery++
	}
}

// killInCompaction kills the server while its copy of the log is there.
func (run *runner) killInCompaction(s *server) {
	copied := filepath.Join(run.c.Dir, "log", "q.wal.compact")
	s.until(func() bool { return exists(copied) || s.ready() })
	time.Sleep(time.Duration(run.r.Int64N(int64(10 * time.Millisecond))))
	if s.kill(); exists(copied) {
		run.report.InCompaction++
	}
}

// killAtWork kills the server under clients, or while it ends because it was asked to.
func (run *runner) killAtWork(ctx context.Context, s *server, size int, shutdown bool) error {
	if !s.until(s.ready) {
		return fmt.Errorf("the server did not start: %s", s.output())
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer s.kill() // before the clients are waited for
	for i := range producers {
		client, err := run.dial(ctx, broker.NoAck)
		if err != nil {
			return err
		}
		wg.Go(func() {
			defer client.Close()
			run.produce(ctx, client, fmt.Sprintf("%d-%d", run.report.Cycles, i), size)
		})
	}
	for range consumers {
		c := &consumer{run: run, s: s, r: rand.New(rand.NewPCG(run.r.Uint64(), 0))}
		if err := c.dial(ctx); err != nil {
			return err
		}
		wg.Go(func() { c.consume(ctx) })
	}
	for range 2 + run.r.IntN(max(4, min(400, 4<<20/size))) {
		select {
		case <-run.acked:
		case <-ctx.Done():
			return fmt.Errorf("no offer is answered any more: %s", s.output())
		}
	}
	moment := 6 * time.Millisecond
	switch {
	case shutdown:
		s.terminate()
		moment = 60 * time.Millisecond
	case size >= Big: // such a record makes the file grow before it is written
		log := filepath.Join(run.c.Dir, "log", "q.wal")
		before := sizeOf(log)
		s.until(func() bool { return sizeOf(log) > before })
	}
	time.Sleep(time.Duration(run.r.Int64N(int64(moment))))
	if s.kill(); shutdown && s.killed() {
		run.report.InShutdown++
	}
	return nil
}

// produce offers messages until the server is gone.
func (run *runner) produce(ctx context.Context, c *broker.Client, name string, size int) {
	padding := strings.Repeat(".", size)
	for i := 0; ; i++ {
		text := fmt.Sprintf("%s-%d", name, i)
		m := &wire.Message{
			ID: uuid.New(), Durable: true, Timestamp: time.Now().UnixMilli(), ExpiresAt: wire.Never, Timeout: wire.NoTimeout,
			Mimetype: "text/plain", Charset: "UTF-8", Payload: []byte(text + padding),
		}
		run.mu.Lock()
		run.names[text], run.pending[text] = true, len(m.Payload)
		run.mu.Unlock()
		o := run.h.Offer(name, text)
		answer, err := c.Offer(ctx, "q", "", time.Second, m)
		if err != nil {
			return
		}
		run.mu.Lock()
		delete(run.pending, text)
		run.mu.Unlock()
		if answer.Status != wire.OK {
			o.End(history.Refused)
			continue
		}
		o.End(history.OK)
		run.waiting.Add(1)
		select {
		case run.acked <- struct{}{}:
		default: // more than anybody waits for
		}
	}
}

// inspect reads what a killed server has left: ACK records explain removals, and the end of the log tells what the kill hit.
func (run *runner) inspect() error {
	path := filepath.Join(run.c.Dir, "log", "q.wal")
	if !exists(path) {
		return nil // killed before the queue was created
	}
	inLog, byID := map[string]bool{}, map[uuid.UUID]string{}
	report, err := wal.Inspect(path, embedded.CheckRecord, func(e wal.Entry) error {
		switch e.Kind {
		case wal.Ack:
			if name, ok := byID[uuid.UUID(e.Payload)]; ok {
				run.h.Acknowledged(name)
			}
		case wal.Data:
			m, _, err := wire.ParseFrame(e.Payload, wire.DefaultLimits(wire.MaxMaxMessage), nil)
			if err != nil {
				return err
			}
			byID[e.ID] = nameOf(m)
			inLog[nameOf(m)] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	if report.Verdict == wal.Damaged {
		return fmt.Errorf("a kill has left the log damaged at byte %d: %w", report.End, report.Cause)
	}
	written := torn(path, report.End)
	if written > 0 {
		run.report.TornTails++
	}
	run.waiting.Store(int64(report.Live)) // also of what was delivered, or taken, and nobody can know
	run.mu.Lock()
	defer run.mu.Unlock()
	if run.compactions() { // the records of what was taken are gone
		for name := range run.names {
			if !inLog[name] {
				run.h.Acknowledged(name)
			}
		}
	}
	for name, size := range run.pending {
		if inLog[name] {
			written = max(written, int64(size))
		}
	}
	clear(run.pending)
	if written > 0 {
		run.report.InAppend++
	}
	if written >= Big {
		run.report.InBigAppend++
	}
	return nil
}

// nameOf is what a message's payload starts with.
func nameOf(m *wire.Message) string { return strings.TrimRight(string(m.Payload), ".") }

// compactions says whether a log was compacted while it served since the last call.
func (run *runner) compactions() bool {
	b, err := os.ReadFile(filepath.Join(run.c.Dir, "log", "wal.log"))
	if err != nil || len(b) < run.noted {
		return false
	}
	fresh := string(b[run.noted:])
	run.noted = len(b)
	return strings.Contains(fresh, "Compacted from")
}

// finish starts the server once more, drains the queue, ends the server in order and checks the history.
func (run *runner) finish(ctx context.Context) error {
	s, err := start(run.c.Binary, run.c.Dir)
	if err != nil {
		return err
	}
	defer s.kill()
	if !s.until(s.ready) {
		return fmt.Errorf("the last start: %s", s.output())
	}
	if err := run.drain(ctx, s); err != nil {
		return err
	}
	s.terminate()
	if !s.until(s.gone) || s.killed() {
		return fmt.Errorf("the server did not end when it was told to: %s", s.output())
	}
	summary, broken := run.h.Check(nil, history.Rules{Order: !run.c.Ack, AtLeastOnce: run.c.Ack})
	run.report.Summary = summary
	if most := 50; len(broken) > most {
		broken = append(broken[:most], fmt.Sprintf("and %d more", len(broken)-most))
	}
	if len(broken) > 0 {
		return errors.New(strings.Join(broken, "\n"))
	}
	return nil
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// torn is the length of what is behind the valid records, if something is: zeros are room that was never used. The length is
// that of the record that begins there, as its header says.
func torn(path string, end int64) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	var header [52]byte // wal-format.md 2
	n, _ := f.ReadAt(header[:], end)
	if n == 0 || header == [52]byte{} {
		return 0
	}
	return max(1, int64(header[44])<<24|int64(header[45])<<16|int64(header[46])<<8|int64(header[47]))
}
