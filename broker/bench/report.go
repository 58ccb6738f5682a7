// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

var shares = []struct {
	name  string
	share float64
}{{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}

// rates are messages and MB (1024² bytes) a second.
func (p *plan) rates(r *result) (messages, megabytes float64) {
	messages = float64(r.times.n) / r.elapsed.Seconds()
	return messages, messages * float64(p.size) / (1 << 20)
}

func (p *plan) table(r *result) string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 8, 2, ' ', 0)
	line := func(name, form string, a ...any) { fmt.Fprintf(w, "%s\t"+form+"\n", append([]any{name}, a...)...) }
	server := "in this process"
	if p.uri != "" {
		server = p.uri
	}
	messages, megabytes := p.rates(r)
	if p.mode == modeScript { // what its messages are like, only the script knows
		line(p.mode, "%s, %d interpreters, %d calls at a time each, server %s", p.file, p.connections, p.inFlight, server)
		line("calls", "%d in %.2f s", r.times.n, r.elapsed.Seconds())
		line("rate", "%.0f/s", messages)
	} else {
		line(p.mode, "%d bytes, %d connections, %d in flight each, server %s", p.size, p.connections, p.inFlight, server)
		line("messages", "%d in %.2f s", r.times.n, r.elapsed.Seconds())
		line("rate", "%.0f/s, %.1f MB/s", messages, megabytes)
	}
	if p.mode == "topic" {
		line("delivered", "%d to %d subscribers, %d lost", r.delivered, p.subscribers, r.times.n*int64(p.subscribers)-r.delivered)
	}
	if r.ceiling > 0 {
		line("framed ceiling", "%.0f/s with one in flight; this is %.0f %% of it", r.ceiling, 100*messages/r.ceiling)
	}
	for _, s := range shares {
		line(s.name, "%s", short(r.times.percentile(s.share)))
	}
	line("longest", "%s", short(r.times.max))
	_ = w.Flush() // to a string
	if p.histogram {
		out.WriteString("\n" + r.times.draw())
	}
	return out.String()
}

// short is a duration with three digits.
func short(d time.Duration) string {
	unit := time.Nanosecond
	for unit*1000 <= d {
		unit *= 10
	}
	return d.Round(unit).String()
}

// draw has a bar for each doubling of the time.
func (t *times) draw() string {
	const width = 50
	var bars []int64
	var limits []time.Duration
	most := int64(0)
	for from := 0; from < buckets; from += perDouble {
		n := int64(0)
		for _, c := range t.counts[from : from+perDouble] {
			n += c
		}
		if n > 0 || len(bars) > 0 {
			bars, limits = append(bars, n), append(limits, upperOf(from+perDouble-1))
			most = max(most, n)
		}
	}
	for len(bars) > 0 && bars[len(bars)-1] == 0 {
		bars = bars[:len(bars)-1]
	}
	var out strings.Builder
	for i, n := range bars {
		bar := strings.Repeat("█", int((n*width+most-1)/most))
		fmt.Fprintf(&out, "≤ %9s  %10d  %s\n", short(limits[i]), n, bar)
	}
	return out.String()
}

func (p *plan) object(r *result) string {
	messages, megabytes := p.rates(r)
	micros := map[string]float64{"max": float64(r.times.max) / 1e3}
	for _, s := range shares {
		micros[s.name] = float64(r.times.percentile(s.share)) / 1e3
	}
	o := struct {
		Mode         string             `json:"mode"`
		File         string             `json:"file,omitempty"`
		URI          string             `json:"uri,omitempty"`
		Size         int                `json:"size_bytes,omitempty"`
		Connections  int                `json:"connections"`
		InFlight     int                `json:"in_flight"`
		Encrypt      bool               `json:"encrypt"`
		TargetRate   float64            `json:"target_rate,omitempty"`
		Messages     int64              `json:"messages"`
		Seconds      float64            `json:"seconds"`
		Rate         float64            `json:"messages_per_second"`
		Megabytes    float64            `json:"megabytes_per_second,omitempty"`
		Subscribers  int                `json:"subscribers,omitempty"`
		Delivered    int64              `json:"delivered,omitempty"`
		Ceiling      float64            `json:"ceiling_per_second,omitempty"`
		Microseconds map[string]float64 `json:"microseconds"`
	}{
		p.mode, p.file, p.uri, p.size, p.connections, p.inFlight, p.encrypt, p.rate, r.times.n, r.elapsed.Seconds(), messages, megabytes,
		0, r.delivered, r.ceiling, micros,
	}
	switch p.mode {
	case "topic":
		o.Subscribers = p.subscribers
	case modeScript:
		o.Size, o.Megabytes = 0, 0 // only the script knows
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // numbers and strings only
	}
	return string(text) + "\n"
}
