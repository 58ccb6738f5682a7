// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package simulation runs server, clients, network, disk and clock in one process and in synthetic time, lets them break at
// random, and checks that every promise was kept (reliability.md T61).
package simulation

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"gondola/broker"
	"gondola/broker/brokertest/history"
	"gondola/broker/engine"
	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
	"gondola/wal"
	"gondola/wal/waltest"
)

var (
	seeds    = flag.Int("seeds", 20, "how many runs; CI takes 200")
	onlySeed = flag.Int64("seed", -1, "the one seed to run")
)

// queueName is the durable queue of all runs, logDir its directory.
const (
	queueName = "orders"
	logDir    = "log"
	capacity  = 30
)

func TestSimulation(t *testing.T) {
	if *onlySeed >= 0 {
		simulate(t, uint64(*onlySeed))
		return
	}
	n := *seeds
	if testing.Short() {
		n = min(n, 20)
	}
	for seed := range n {
		if ok := t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { simulate(t, uint64(seed)) }); !ok {
			t.Fatalf("run it again with -seed %d", seed)
		}
	}
}

// world is one run.
type world struct {
	t       *testing.T
	random  *rand.Rand // of the goroutine that breaks things
	network *network
	history *history.History
	sync    time.Duration // policy, as LogOptions has it
	disk    *waltest.CrashDisk
	faults  *waltest.FaultDisk
	server  *broker.Server
	address broker.Address
	begun   time.Time
}

func simulate(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed, 61))
		w := &world{
			t: t, random: random, network: newNetwork(rand.New(rand.NewPCG(seed, 62))), history: history.New(),
			sync: []time.Duration{0, 50 * time.Millisecond, -1}[seed%3], disk: waltest.NewCrashDisk(), address: broker.HostPort("memory", 1), begun: time.Now(),
		}
		w.start()
		ctx, stop := context.WithCancel(t.Context())
		workers := make(chan struct{})
		running := 0
		work := func(f func(ctx context.Context, c *broker.Client, n int) error) {
			running++
			go func() {
				w.work(ctx, f)
				workers <- struct{}{}
			}()
		}
		for p := range 1 + random.IntN(4) {
			payload := make([]byte, random.IntN(3000))
			work(func(ctx context.Context, c *broker.Client, n int) error {
				producer := fmt.Sprint("producer ", p)
				return w.produce(ctx, c, producer, fmt.Sprintf("%s, message %d", producer, n), payload)
			})
		}
		for range 1 + random.IntN(3) {
			wait := time.Duration(random.IntN(400)-100) * time.Millisecond
			work(func(ctx context.Context, c *broker.Client, _ int) error { return w.consume(ctx, c, wait) })
		}
		for range 5 + random.IntN(6) {
			time.Sleep(time.Duration(random.IntN(700)) * time.Millisecond)
			w.disturb()
		}
		w.network.heal()
		time.Sleep(time.Second)
		stop()
		for range running {
			<-workers
		}
		w.stop()
		w.judge()
	})
}

// start starts a server on the disk. That it starts is a promise, too.
func (w *world) start() {
	w.t.Helper()
	w.faults = waltest.NewFaultDisk(w.disk, waltest.Fault{})
	s, err := broker.NewServer(w.address, broker.ServerOptions{
		Log: &broker.LogOptions{Dir: logDir, FS: w.faults, Sync: w.sync, Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil))}, Listen: w.network.Listen,
	})
	if err == nil {
		err = s.Start()
	}
	if err == nil {
		err = s.CreateQueue(w.t.Context(), engine.QueueSpec{Name: queueName, Capacity: capacity, Durable: true})
	}
	if err != nil {
		w.t.Fatalf("the server does not start: %v", err)
	}
	w.server = s
}

// stop closes the server; the disk has failed it if it complains.
func (w *world) stop() {
	err := w.server.Close()
	if err != nil && !errors.Is(err, waltest.ErrPower) && !errors.Is(err, syscall.EIO) && !errors.Is(err, syscall.ENOSPC) {
		w.t.Errorf("close of the server: %v", err)
	}
}

// replace puts a server on what a death has left of the disk. The dead one may answer while its connections break: nothing
// that it does reaches the disk.
func (w *world) replace(disk *waltest.CrashDisk) {
	w.network.cut(1)
	w.stop()
	w.disk = disk
	w.start()
}

// disturb breaks something.
func (w *world) disturb() {
	kind := w.random.IntN(8)
	begun := time.Now()
	defer func() { w.t.Logf("%v to %v: disturbance %d", begun.Sub(w.begun), time.Since(w.begun), kind) }()
	switch kind {
	case 0:
		w.replace(w.disk.Kill())
	case 1:
		lost := w.disk.Crash(w.random.Uint64())
		w.history.Lost(time.Now())
		w.replace(lost)
	case 2: // a clean end
		w.stop()
		w.start()
	case 3:
		w.network.partition()
		time.Sleep(time.Duration(w.random.IntN(1000)) * time.Millisecond)
		w.network.heal()
	case 4:
		w.faults.Arm(waltest.Fault{At: 1 + w.random.IntN(5), Ops: waltest.OpWrite | waltest.OpAllocate, Err: syscall.ENOSPC, Forever: w.random.IntN(2) == 0})
		time.Sleep(time.Duration(w.random.IntN(300)) * time.Millisecond)
		w.faults.Arm(waltest.Fault{})
	case 5: // the log fails for good (D5): only another start reads it again
		armed := time.Now()
		w.faults.Arm(waltest.Fault{At: 1 + w.random.IntN(5), Ops: waltest.OpSync, Err: syscall.EIO})
		time.Sleep(time.Duration(w.random.IntN(300)) * time.Millisecond)
		w.faults.Arm(waltest.Fault{})
		w.history.Lost(armed)
		if w.random.IntN(2) == 0 {
			w.replace(w.disk.Kill())
		} else {
			w.stop()
			w.start()
		}
	default:
		w.network.cut(w.random.Float64())
	}
}

// work does f again and again over a connection that it opens anew whenever f says that it has gone.
func (w *world) work(ctx context.Context, f func(ctx context.Context, c *broker.Client, n int) error) {
	var c *broker.Client
	for n := 0; ctx.Err() == nil; n++ {
		if c == nil {
			opened, err := broker.Dial(ctx, w.address, broker.ClientOptions{Dial: w.network.Dial, CallLimit: 3 * time.Second})
			if err != nil {
				time.Sleep(20 * time.Millisecond)
				continue
			}
			c = opened
		}
		if err := f(ctx, c, n); err != nil {
			_ = c.Close()
			c = nil
		}
	}
	if c != nil {
		_ = c.Close()
	}
}

func (w *world) produce(ctx context.Context, c *broker.Client, producer, id string, payload []byte) error {
	o := w.history.Offer(producer, id)
	answer, err := c.Offer(ctx, queueName, "", 50*time.Millisecond, &wire.Message{
		Type: wire.NullType, Status: wire.NullStatus, ExpiresAt: wire.Never, RequestID: id, Subject: "order",
		Mimetype: "application/octet-stream", Durable: true, Payload: payload,
	})
	switch {
	case err != nil:
	case answer.Status == wire.OK:
		o.End(history.OK)
	case answer.Status == wire.QueueFull:
		o.End(history.Refused)
	}
	return err
}

func (w *world) consume(ctx context.Context, c *broker.Client, wait time.Duration) error {
	p := w.history.Poll()
	m, err := c.Poll(ctx, queueName, wait)
	switch {
	case err != nil, m.Status == wire.HandlerError: // the ACK record may be on the disk (D6)
		p.Unanswered()
	case m.Status == wire.OK:
		p.Got(m.RequestID)
	default:
		p.Nothing()
	}
	if err == nil && m.Status != wire.OK {
		time.Sleep(5 * time.Millisecond)
	}
	return err
}

// readAcknowledged notes the messages of which the log has an ACK record.
func (w *world) readAcknowledged() {
	w.t.Helper()
	text, err := w.disk.ReadFile(filepath.Join(logDir, queueName+".wal"))
	copied := filepath.Join(w.t.TempDir(), queueName+".wal")
	if err == nil {
		err = os.WriteFile(copied, text, 0o600)
	}
	requests := map[uuid.UUID]string{}
	if err == nil {
		_, err = wal.Inspect(copied, embedded.CheckRecord, func(e wal.Entry) error {
			switch e.Kind {
			case wal.Data:
				m, _, err := wire.ParseFrame(e.Payload, wire.DefaultLimits(wire.MaxMaxMessage), nil)
				if err != nil {
					return err
				}
				requests[m.ID] = m.RequestID
			case wal.Ack:
				w.history.Acknowledged(requests[uuid.UUID(e.Payload)])
			}
			return nil
		})
	}
	if err != nil {
		w.t.Fatalf("the log cannot be read: %v", err)
	}
}

// judge reads what is left on the disk and checks everything.
func (w *world) judge() {
	w.t.Helper()
	w.readAcknowledged()
	e, err := embedded.Open(w.t.Context(), embedded.LogOptions{Dir: logDir, FS: w.disk})
	if err != nil {
		w.t.Fatalf("the log does not open: %v", err)
	}
	defer e.Close()
	q, err := e.Queue(queueName)
	if err != nil {
		w.t.Fatal(err)
	}
	var left []string
	past, cancel := context.WithCancel(w.t.Context())
	cancel()
	for {
		m, err := q.Poll(past)
		if errors.Is(err, engine.ErrQueueEmpty) {
			break
		}
		if err != nil {
			w.t.Fatalf("what is left cannot be read: %v", err)
		}
		left = append(left, m.RequestID)
	}
	window := w.sync
	if window > 0 {
		window += 10 * time.Millisecond // the sync itself, and the way of the answer
	}
	s, broken := w.history.Check(left, history.Rules{Window: window})
	w.t.Logf("policy %v: %v", w.sync, s)
	for _, b := range broken {
		w.t.Error(b)
	}
}
