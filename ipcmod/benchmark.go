// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"gondola/broker"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// benchmarkTable: ipc/benchmark, ipc-api.md 17.
func (m *module) benchmarkTable() eval.Table {
	return eval.Table{
		{Name: "ipc/benchmark", Min: 3, Max: -1, Fn: m.benchmark, Forms: "(ipc/benchmark conn-uri msg-size duration & options)", Doc: "Sends messages of random bytes that the server acknowledges, for duration seconds, at least one. Options: :mode (:client-server, :client, or :server, which blocks), :print (false: the result is a map with string keys; percentiles of the times are its metadata), :encrypt, :connections (1, at most 100), :ramp-up (s), :socket-snd-buf-size, :socket-rcv-buf-size. Blocks for ramp-up and duration."},
	}
}

// trial is one benchmark, understood.
type trial struct {
	m             *module
	addr          broker.Address
	uri           string
	size          int64
	duration      int64 // seconds
	mode          string
	print         bool
	encrypt       bool
	connections   int64
	rampUp        int64 // seconds
	send, receive int64 // buffer sizes; -1: the system's
}

const maxBenchmarkConnections = 100

var benchmarkOptions = []string{"mode", "print", "encrypt", "connections", "ramp-up", "socket-snd-buf-size", "socket-rcv-buf-size", "oneway"}

// benchmark wraps every failure: only arity errors come through bare.
func (m *module) benchmark(th *eval.Thread, in *eval.Args) (value.Value, error) {
	v, err := m.runBenchmark(th, in)
	if err != nil && th.Context().Err() == nil {
		return value.Nil, value.NewException(value.IpcException, "Benchmark failed!").Because(value.AsException(err))
	}
	return v, err
}

func (m *module) runBenchmark(th *eval.Thread, in *eval.Args) (value.Value, error) {
	t, err := m.newTrial(in)
	if err != nil {
		return value.Nil, err
	}
	if t.mode != "client" {
		s, err := t.serve(th.Context())
		if err != nil {
			return value.Nil, exception(err)
		}
		defer s.Close()
		if t.mode == "server" {
			<-th.Done()
			return value.Nil, th.Interrupted()
		}
	}
	out, ok := th.CoreValue("*out*").Ref().(*value.Stream)
	if !ok {
		out = value.NewStream(th.Runtime().Config.Stdout)
	}
	print := out.WriteString
	r, err := t.run(th.Context(), print)
	if err != nil {
		if stop := th.Interrupted(); stop != nil {
			return value.Nil, stop
		}
		return value.Nil, exception(err)
	}
	if t.print {
		return value.Nil, print("\n" + t.summary(r))
	}
	return t.result(r), nil
}

func (m *module) newTrial(in *eval.Args) (*trial, error) {
	t := &trial{m: m, uri: in.Str()}
	sizeArg := in.Value()
	t.duration = in.Long()
	if err := in.Done(); err != nil {
		return nil, err
	}
	var err error
	if t.size, err = size(sizeArg); err != nil {
		return nil, err
	}
	o := m.options(in, "ipc/benchmark", benchmarkOptions...)
	t.print, t.encrypt = o.flag("print"), o.flag("encrypt")
	t.connections, t.rampUp = o.long("connections"), max(0, o.long("ramp-up"))
	t.send, t.receive = -1, -1
	if n, given := o.size("socket-snd-buf-size"); given {
		t.send = n
	}
	if n, given := o.size("socket-rcv-buf-size"); given {
		t.receive = n
	}
	mode := o.name("mode")
	if o.err != nil {
		return nil, o.err
	}
	if t.addr, err = broker.ParseAddress(t.uri); err != nil {
		return nil, exception(err)
	}
	if t.mode, err = benchmarkMode(mode, t.addr); err != nil {
		return nil, err
	}
	t.connections = max(1, t.connections)
	switch {
	case t.connections > maxBenchmarkConnections:
		return nil, value.Throwf(value.IpcException, "The benchmark is limited to %d connections, not %d", maxBenchmarkConnections, t.connections)
	case t.size < 0 || t.duration < 0:
		return nil, value.Throwf(value.IllegalArgument, "The message size and the duration must not be negative")
	}
	return t, nil
}

// benchmarkMode chooses an own server on this machine if nothing is said.
func benchmarkMode(mode string, addr broker.Address) (string, error) {
	switch mode {
	case "client", "server", "client-server":
		return mode, nil
	case "":
		if addr.Local() {
			return "client-server", nil
		}
		return "client", nil
	}
	return "", value.Throwf(value.IpcException, "Invalide mode!. Please use one of :client, :server, or :client-server")
}

func (t *trial) serve(ctx context.Context) (*broker.Server, error) {
	s, err := broker.NewServer(t.addr, broker.ServerOptions{
		Logger: t.m.Logger, Listen: t.m.Listen, Encrypt: t.encrypt, MaxConnections: maxBenchmarkConnections + 20,
		MaxMessageSize: int(max(20<<20, min(t.size+1<<20, 262_144_000))), SendBuffer: int(t.send), ReceiveBuffer: int(t.receive),
	})
	if err != nil {
		return nil, err
	}
	return s, s.Start()
}

// measured is what came out.
type measured struct {
	messages int64
	elapsed  time.Duration
	times    []time.Duration // of the calls, sorted; a sample when there are very many
}

// run has each connection send on a goroutine of its own.
func (t *trial) run(ctx context.Context, print func(string) error) (measured, error) {
	clients := make([]*broker.Client, t.connections)
	defer func() {
		for _, c := range clients {
			if c != nil {
				c.Close()
			}
		}
	}()
	for i := range clients {
		var err error
		clients[i], err = broker.Dial(ctx, t.addr, broker.ClientOptions{
			Logger: t.m.Logger, Dial: t.m.Dial, Encrypt: t.encrypt, SendBuffer: int(t.send), ReceiveBuffer: int(t.receive),
		})
		if err != nil {
			return measured{}, err
		}
	}
	if t.rampUp > 0 {
		if err := t.phase(ctx, print, clients, "Ramp up...\n", "Ramp up done.\nBenchmark...\n"); err != nil {
			return measured{}, err
		}
	}
	if t.connections > 1 {
		if err := print(fmt.Sprintf("Connections: %d\n", t.connections)); err != nil {
			return measured{}, err
		}
	}
	r, err := t.measure(ctx, clients, time.Duration(t.duration)*time.Second)
	if err == nil && t.connections > 1 {
		err = print("Aggregating results...\n")
	}
	return r, err
}

func (t *trial) phase(ctx context.Context, print func(string) error, clients []*broker.Client, before, after string) error {
	if t.print {
		if err := print(before); err != nil {
			return err
		}
	}
	if _, err := t.measure(ctx, clients, time.Duration(t.rampUp)*time.Second); err != nil {
		return err
	}
	if t.print {
		return print(after)
	}
	return nil
}

func (t *trial) measure(ctx context.Context, clients []*broker.Client, d time.Duration) (measured, error) {
	payload := make([]byte, t.size)
	_, _ = rand.Read(payload) // never fails
	parts := make([]measured, len(clients))
	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	begun := time.Now()
	for i, c := range clients {
		wg.Go(func() { parts[i], errs[i] = pump(ctx, c, payload, begun.Add(d)) })
	}
	wg.Wait()
	all := measured{elapsed: time.Since(begun)}
	for i, p := range parts {
		if errs[i] != nil {
			return all, errs[i]
		}
		all.messages += p.messages
		all.times = append(all.times, p.times...)
	}
	slices.Sort(all.times)
	return all, nil
}

// pump sends until the time is over, at least once.
func pump(ctx context.Context, c *broker.Client, payload []byte, until time.Time) (measured, error) {
	const sample = 1 << 20 // times kept a connection
	var r measured
	for now := time.Now(); r.messages == 0 || now.Before(until); {
		if _, err := c.Test(ctx, payload); err != nil {
			return r, err
		}
		done := time.Now()
		if len(r.times) < sample {
			r.times = append(r.times, done.Sub(now))
		}
		r.messages++
		now = done
	}
	return r, nil
}

// rates are messages and MB (1024² bytes) a second.
func (t *trial) rates(r measured) (messages, megabytes float64) {
	seconds := max(r.elapsed.Seconds(), 1e-3)
	messages = float64(r.messages) / seconds
	return messages, messages * float64(t.size) / (1 << 20)
}

// summary is the layout of ipc-api.md 17.
func (t *trial) summary(r measured) string {
	onOff := map[bool]string{true: "on", false: "off"}
	messages, megabytes := t.rates(r)
	rate := func(x, exact float64) string {
		if x < exact {
			return fmt.Sprintf("%.1f", x)
		}
		return fmt.Sprintf("%.0f", math.Floor(x))
	}
	lines := []string{
		fmt.Sprintf("Messages:         %d", r.messages),
		fmt.Sprintf("Payload size:     %d KB", t.size/1024),
		"Encryption:       " + onOff[t.encrypt],
		"Compression:      off",
		fmt.Sprintf("Connections:      %d", t.connections),
		"------------------------------",
		fmt.Sprintf("Duration:         %.1f s", r.elapsed.Seconds()),
		fmt.Sprintf("Total bytes:      %.1f MB", float64(r.messages*t.size)/(1<<20)),
		"Throughput msgs:  " + rate(messages, 10) + " msg/s",
		"Throughput bytes: " + rate(megabytes, 100) + " MB/s",
	}
	return strings.Join(lines, "\n") + "\n"
}

func (t *trial) result(r measured) value.Value {
	messages, megabytes := t.rates(r)
	str, long, small := value.String, value.Long, func(n int64) value.Value { return value.Int(int32(n)) }
	params := value.NewHashMap(
		str("connection-uri"), str(t.uri), str("msg-size"), long(t.size), str("duration"), long(t.duration), str("mode"), str(t.mode),
		str("connections"), small(t.connections), str("ramp-up"), small(t.rampUp),
		str("socket-snd-buf-size"), small(t.send), str("socket-rcv-buf-size"), small(t.receive))
	result := value.NewHashMap(
		str("message-count"), long(r.messages), str("message-size"), long(t.size), str("duration-millis"), long(r.elapsed.Milliseconds()),
		str("total-bytes-sent"), long(r.messages*t.size), str("throughput-msgs"), value.Double(messages), str("throughput-MB"), value.Double(megabytes),
		str("encrypt"), value.Bool(t.encrypt), str("compress"), value.False, str("connections"), small(t.connections),
		str("summary"), str(t.summary(r)), str("params"), params.Val())
	return result.WithMeta(&value.Meta{Map: percentiles(r.times)})
}

// percentiles are the times of the calls in microseconds. They are metadata of the result, whose keys are the reference's.
func percentiles(times []time.Duration) value.Map {
	m := value.Map(value.NewOrderedMap())
	for _, p := range []struct {
		name  string
		share float64
	}{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}} {
		if len(times) > 0 {
			at := min(len(times)-1, int(p.share*float64(len(times))))
			m = m.Assoc(value.Kw(p.name), value.Double(float64(times[at])/float64(time.Microsecond)))
		}
	}
	return value.NewOrderedMap(value.Kw("percentiles-us"), m.Val())
}
