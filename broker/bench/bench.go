// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package bench is the command gondola bench: it loads a server, its own or a running one, and reports rates and times.
package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gondola/broker"
)

const (
	statusFailed = 1
	statusUsage  = 2

	maxConnections = 1000
	maxInFlight    = 1000
	maxSize        = 200 << 20 // bytes
)

const usage = `Usage: gondola bench [options] MODE [URI]
       gondola bench [options] script FILE [URI]
MODE is what is measured, with a server in this process or, except log, with the one at URI:
  send    a request and its answer
  queue   an offer and a poll of it, on a temporary queue of the connection
  topic   a publication; the subscribers' counts come beside it (a running server needs the topic gondola-bench)
  log     an offer to a durable queue, on stable storage, and a poll
  script  a call of the function without arguments that is the last value of FILE, which is evaluated once a connection
          with the server's URI in *ARGV*; a server in this process has a function echo
Options:
  --size N           payload: bytes, or with KB, MB (5KB)
  --connections N    (1)
  --in-flight N      at a time, of each connection (1)
  --duration TIME    (3s)
  --rate N           a second, in all; times count from when a message was due (0: as fast as it goes)
  --subscribers N    of topic (1)
  --encrypt          end to end
  --ceiling          also measure bare frames on a loopback socket, one connection, one in flight
  --histogram        draw the times
  --json             one object instead of the table
`

// plan is a benchmark, understood.
type plan struct {
	mode        string
	file        string // of the mode script
	uri         string // "": a server of our own
	size        int    // bytes
	connections int
	inFlight    int // of each connection
	subscribers int
	duration    time.Duration
	rate        float64 // a second; 0: no limit
	encrypt     bool
	ceiling     bool
	histogram   bool
	json        bool
	open        OpenScript
	output      [2]io.Writer // standard output and standard error of scripts
}

// OpenScript evaluates a script for one connection. call is one operation of it, on any number of goroutines; close ends what
// it has opened.
type OpenScript func(ctx context.Context, file, uri string, stdout, stderr io.Writer) (call func(context.Context) error, close func() error, err error)

// Command is the command with the host's way to run scripts. args are what follows "bench". It ends early when ctx does, and
// returns the exit status. Progress goes to stderr if that is a terminal; with --json, so does what scripts print.
func Command(open OpenScript) func(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	return func(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
		return run(ctx, args, open, stdout, stderr)
	}
}

func run(ctx context.Context, args []string, open OpenScript, stdout, stderr io.Writer) int {
	p, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "gondola: %v\nTry: gondola bench --help\n", err)
		return statusUsage
	}
	p.open, p.output = open, [2]io.Writer{stdout, stderr}
	if p.json {
		p.output[0] = stderr
	}
	r, err := p.run(ctx, stderr)
	if err == nil && p.ceiling {
		r.ceiling, err = p.measureCeiling(ctx)
	}
	if err != nil {
		fmt.Fprintf(stderr, "gondola: bench: %s\n", withCauses(err))
		return statusFailed
	}
	if p.json {
		_, err = io.WriteString(stdout, p.object(r))
	} else {
		_, err = io.WriteString(stdout, p.table(r))
	}
	if err != nil {
		return statusFailed
	}
	return 0
}

// withCauses is an error and, a line each, the causes that its text does not have.
func withCauses(err error) string {
	text := err.Error()
	for err = errors.Unwrap(err); err != nil; err = errors.Unwrap(err) {
		if !strings.HasSuffix(text, err.Error()) {
			text += "\n  " + err.Error()
		}
	}
	return text
}

func parse(args []string) (*plan, error) {
	p := &plan{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	size := flags.String("size", "5KB", "")
	flags.IntVar(&p.connections, "connections", 1, "")
	flags.IntVar(&p.inFlight, "in-flight", 1, "")
	flags.IntVar(&p.subscribers, "subscribers", 1, "")
	flags.DurationVar(&p.duration, "duration", 3*time.Second, "")
	flags.Float64Var(&p.rate, "rate", 0, "")
	flags.BoolVar(&p.encrypt, "encrypt", false, "")
	flags.BoolVar(&p.ceiling, "ceiling", false, "")
	flags.BoolVar(&p.histogram, "histogram", false, "")
	flags.BoolVar(&p.json, "json", false, "")
	err := flags.Parse(args)
	var words []string
	for err == nil && flags.NArg() > 0 { // options may stand behind the mode and the URI too
		words = append(words, flags.Arg(0))
		err = flags.Parse(flags.Args()[1:])
	}
	if err != nil {
		return nil, err
	}
	places := []*string{&p.mode, &p.uri}
	if len(words) > 0 && words[0] == modeScript {
		places = []*string{&p.mode, &p.file, &p.uri}
	}
	for i, place := range places {
		if i < len(words) {
			*place = words[i]
		}
	}
	p.size, err = parseSize(*size)
	switch {
	case loads[p.mode] == nil:
		return nil, fmt.Errorf("%q is no mode: use send, queue, topic, log or script", p.mode)
	case len(words) > len(places):
		return nil, fmt.Errorf("%q is one argument too many", words[len(places)])
	case p.mode == modeScript && p.file == "":
		return nil, errors.New("script needs a FILE")
	case err != nil:
		return nil, err
	case p.connections < 1 || p.connections > maxConnections:
		return nil, fmt.Errorf("--connections %d is not from 1 to %d", p.connections, maxConnections)
	case p.inFlight < 1 || p.inFlight > maxInFlight:
		return nil, fmt.Errorf("--in-flight %d is not from 1 to %d", p.inFlight, maxInFlight)
	case p.subscribers < 1 || p.subscribers > maxConnections:
		return nil, fmt.Errorf("--subscribers %d is not from 1 to %d", p.subscribers, maxConnections)
	case p.duration <= 0:
		return nil, fmt.Errorf("--duration %s is not positive", p.duration)
	case p.rate < 0:
		return nil, fmt.Errorf("--rate %v is negative", p.rate)
	case p.mode == "log" && p.uri != "":
		return nil, errors.New("log needs a server of its own: leave the URI out")
	}
	if p.uri != "" {
		if _, err := broker.ParseAddress(p.uri); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func parseSize(s string) (int, error) {
	number, unit := s, 1
	for suffix, n := range map[string]int{"KB": 1 << 10, "MB": 1 << 20} {
		if text, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = text, n
		}
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n > maxSize/unit {
		return 0, fmt.Errorf("--size %s is not a number of bytes, KB or MB up to 200MB", s)
	}
	return n * unit, nil
}
