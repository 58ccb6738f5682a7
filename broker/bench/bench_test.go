// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gondola/broker"
	"gondola/broker/wire"
)

func TestBucketsHoldWhatFallsInThem(t *testing.T) {
	durations := []time.Duration{0, 1, 63, 64, 127, 128, 129, 255, 256, time.Microsecond, time.Second, time.Hour, 1<<63 - 1}
	for range 10_000 {
		durations = append(durations, time.Duration(rand.Uint64()>>(1+rand.IntN(63))))
	}
	for _, d := range durations {
		b := bucketOf(d)
		if b < 0 || b >= buckets {
			t.Fatalf("%d is in bucket %d of %d", d, b, buckets)
		}
		if top := upperOf(b); top < d || float64(top-d) > float64(d)/perDouble {
			t.Errorf("%d is in a bucket up to %d", d, top)
		}
		if b > 0 && upperOf(b-1) >= d {
			t.Errorf("%d belongs into the bucket before %d", d, b)
		}
	}
}

func TestPercentiles(t *testing.T) {
	var a, b times
	if a.percentile(0.5) != 0 {
		t.Error("nothing has a percentile")
	}
	for i := 1; i <= 100; i++ { // below 128 ns the buckets are exact
		if part := &a; i%2 == 0 {
			part = &b
			part.add(time.Duration(i))
		} else {
			part.add(time.Duration(i))
		}
	}
	a.merge(&b)
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.9: 91, 0.99: 100, 0.999: 100, 1: 100} {
		if got := a.percentile(share); got != want {
			t.Errorf("%v: %d, want %d", share, got, want)
		}
	}
	if a.n != 100 || a.max != 100 {
		t.Errorf("%d values up to %d", a.n, a.max)
	}
}

func command(t *testing.T, args string) (stdout, stderr string, status int) {
	t.Helper()
	return commandWith(t, nil, args)
}

func commandWith(t *testing.T, open OpenScript, args string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs strings.Builder
	status = Command(open)(t.Context(), strings.Fields(args), strings.NewReader(""), &out, &errs)
	return out.String(), errs.String(), status
}

func object(t *testing.T, args string) map[string]any {
	t.Helper()
	stdout, stderr, status := command(t, args+" --json --duration 200ms --size 1KB")
	var o map[string]any
	if err := json.Unmarshal([]byte(stdout), &o); err != nil || status != 0 || stderr != "" {
		t.Fatalf("%s: %d, %q, %q, %v", args, status, stdout, stderr, err)
	}
	return o
}

func TestModes(t *testing.T) {
	for _, args := range []string{"send", "send --encrypt --connections 3 --in-flight 4", "queue --connections 2 --in-flight 3", "topic --subscribers 2", "log --in-flight 2"} {
		o := object(t, args)
		if o["messages"].(float64) < 1 || o["size_bytes"] != 1024.0 || o["microseconds"].(map[string]any)["p50"].(float64) <= 0 {
			t.Errorf("%s: %v", args, o)
		}
		if o["mode"] == "topic" && o["delivered"] != 2*o["messages"].(float64) {
			t.Errorf("%s: %v", args, o)
		}
	}
}

// A rate is never exceeded: in 200 ms no more than 20 of 100 a second are due.
func TestRate(t *testing.T) {
	if o := object(t, "send --rate 100 --in-flight 4"); o["messages"].(float64) > 20 || o["messages"].(float64) < 1 {
		t.Errorf("%v", o)
	}
}

func TestRunningServer(t *testing.T) {
	s, err := broker.NewServer(broker.Port(0), broker.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	uri := s.Address().String()
	for _, mode := range []string{"send ", "queue "} {
		if o := object(t, mode+"--connections 2 "+uri); o["uri"] != uri || o["messages"].(float64) < 1 {
			t.Errorf("%v", o)
		}
	}
	if _, stderr, status := command(t, "topic --duration 100ms "+uri); status != 1 || !strings.Contains(stderr, topicName) {
		t.Errorf("a topic that is not there: %d, %q", status, stderr)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, stderr, status := command(t, "send "+uri); status != 1 || !strings.Contains(stderr, uri) || !strings.Contains(stderr, "connection refused") {
		t.Errorf("a server that is not there: %d, %q", status, stderr)
	}
}

// A script is opened once a connection with the URI of the server, its calls are counted, and it is closed once.
func TestScript(t *testing.T) {
	var calls, closed atomic.Int64
	var opened []string
	open := func(ctx context.Context, file, uri string, stdout, _ io.Writer) (func(context.Context) error, func() error, error) {
		opened = append(opened, file)
		addr, err := broker.ParseAddress(uri)
		if err != nil {
			return nil, nil, err
		}
		c, err := broker.Dial(ctx, addr, broker.ClientOptions{})
		if err != nil {
			return nil, nil, err
		}
		fmt.Fprintln(stdout, "ready")
		call := func(ctx context.Context) error {
			m := &wire.Message{ExpiresAt: wire.Never, Subject: "s", Mimetype: "text/plain", Charset: "UTF-8", Payload: []byte("x")}
			answer, err := c.Send(ctx, echoName, m)
			calls.Add(1)
			return answered(answer, err)
		}
		return call, func() error { closed.Add(1); return c.Close() }, nil
	}
	stdout, stderr, status := commandWith(t, open, "script work.venice --connections 2 --in-flight 3 --duration 200ms --json")
	var o map[string]any
	if err := json.Unmarshal([]byte(stdout), &o); err != nil || status != 0 || stderr != "ready\nready\n" {
		t.Fatalf("%d, %q, %q, %v", status, stdout, stderr, err)
	}
	if o["mode"] != "script" || o["file"] != "work.venice" || o["messages"] != float64(calls.Load()) || o["size_bytes"] != nil {
		t.Errorf("%d calls: %v", calls.Load(), o)
	}
	if !slices.Equal(opened, []string{"work.venice", "work.venice"}) || closed.Load() != 2 {
		t.Errorf("opened %q, closed %d times", opened, closed.Load())
	}
	stdout, _, status = commandWith(t, open, "script work.venice --duration 100ms")
	if status != 0 || !strings.Contains(stdout, "work.venice, 1 interpreters, 1 calls at a time each, server in this process\n") {
		t.Errorf("%d, %s", status, stdout)
	}
	broken := func(context.Context, string, string, io.Writer, io.Writer) (func(context.Context) error, func() error, error) {
		return func(context.Context) error { return errors.New("oops") }, func() error { return nil }, nil
	}
	if _, stderr, status = commandWith(t, broken, "script work.venice"); status != 1 || stderr != "gondola: bench: oops\n" {
		t.Errorf("%d, %q", status, stderr)
	}
}

func TestTable(t *testing.T) {
	stdout, _, status := command(t, "send --duration 200ms --size 100 --histogram --ceiling")
	for _, want := range []string{"100 bytes, 1 connections, 1 in flight each, server in this process\n", "messages ", "rate ", "framed ceiling ", "p50 ", "p99.9 ", "longest ", "█\n"} {
		if !strings.Contains(stdout, want) || status != 0 {
			t.Errorf("status %d, %q is missing in\n%s", status, want, stdout)
		}
	}
}

func TestWrongArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                            `"" is no mode: use send, queue, topic, log or script`,
		"fly":                         `"fly" is no mode`,
		"send a://b c":                `"c" is one argument too many`,
		"script":                      "script needs a FILE",
		"script f a://b c":            `"c" is one argument too many`,
		"send --size 5GB":             "--size 5GB is not a number of bytes",
		"send --size -1":              "--size -1 is not",
		"send --size 201MB":           "--size 201MB is not",
		"send --connections 0":        "--connections 0 is not from 1 to 1000",
		"send --in-flight 1001":       "--in-flight 1001 is not from 1 to 1000",
		"send --duration 0s":          "--duration 0s is not positive",
		"send --rate -1":              "--rate -1 is negative",
		"log af-inet://localhost:1":   "log needs a server of its own",
		"send --no-such-option":       "no-such-option",
		"topic --subscribers 0 a://b": "--subscribers 0 is not",
	} {
		if stdout, stderr, status := command(t, args); status != 2 || !strings.Contains(stderr, want) || stdout != "" {
			t.Errorf("bench %s: %d, %q, %q; want %q", args, status, stdout, stderr, want)
		}
	}
	if stdout, _, status := command(t, "--help"); status != 0 || stdout != usage {
		t.Errorf("--help: %d, %q", status, stdout)
	}
}
