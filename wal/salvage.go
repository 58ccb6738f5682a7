// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
)

// Salvage: what can be read of a damaged log is kept (reliability.md R3), at a start only what is reached through record
// borders, offline also what a search finds in the damaged part before that (R4).

// Hole is a place with no valid record.
type Hole struct {
	From  int64 // where the first record is that is not valid
	Found int64 // where a search has found one behind it; -1: nowhere, or it was not wanted
	Until int64 // where borders lead to a valid one; -1: nowhere, they are lost
}

// Salvaged is what a salvage makes of a damaged log.
type Salvaged struct {
	NoConfig bool // Options.Config has to say what the log does not
	Kept     int  // live messages
	Dropped  int  // records that cannot be read
}

// Preview reads a log as Dir.Open would with these options, without a lock and without changing a byte; nil if nothing is to be
// salvaged. hole is told of each place where a search has found something, or borders are lost; yield then gets the valid
// records that are there because of the search. They can be parts of a payload, so somebody is to look at each of them before it
// is kept (R4). An error is of the disk, of ctx, hole or yield.
func Preview(ctx context.Context, path string, o Options, hole func(Hole) error, yield func(Entry) error) (*Salvaged, error) {
	var out *Salvaged
	err := reading(path, o.Check, func(s *scanner) error {
		sc, v, _, err := s.assess(ctx, o)
		if err != nil || v != Damaged {
			return err
		}
		out = &Salvaged{NoConfig: sc.records == 0}
		g := &salvager{scanner: s, sc: sc, search: o.Search, hole: hole, found: yield}
		err = g.run(ctx)
		out.Kept, out.Dropped = sc.live.order.Len(), g.dropped
		return err
	})
	return out, err
}

// assess is examine with the options: to a search, a torn end with a valid record in it is damage like any other.
func (s *scanner) assess(ctx context.Context, o Options) (sc *scan, v Verdict, next int64, err error) {
	if sc, v, next, err = s.examine(o.Sync.always()); err != nil || v != Torn || !o.Search {
		return sc, v, next, err
	}
	found, err := s.search(ctx, sc.end+1)
	if found >= 0 {
		v = Damaged
	}
	return sc, v, next, err
}

// salvager adds to the scan of a damaged log what can be read of the rest.
type salvager struct {
	*scanner
	sc     *scan
	search bool
	hole   func(Hole) error  // as in Preview
	found  func(Entry) error // as yield in Preview; may be nil

	dropped int // records that are not valid, as far as their borders tell
}

func (g *salvager) run(ctx context.Context) error {
	g.headless = g.sc.records == 0
	for g.sc.end < g.size {
		zero, err := g.zero(g.sc.end, g.size)
		if err != nil || zero { // room that was never used
			return err
		}
		until, over, err := g.beyond(g.sc.end)
		if err != nil {
			return err
		}
		g.dropped += over
		switch {
		case g.search:
			err = g.searchUntil(ctx, until)
		case until < 0:
			err = g.hole(Hole{From: g.sc.end, Found: -1, Until: -1})
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || until < 0 {
			return err
		}
		if err := g.goOn(until); err != nil {
			return err
		}
	}
	return nil
}

// goOn reads from a valid record on.
func (g *salvager) goOn(at int64) error {
	g.sc.end, g.sc.bad = at, nil
	return g.resume(g.sc)
}

// searchUntil searches the damaged part of the file, which ends where borders lead to a valid record again: what is in the payload
// of a valid record is never looked at.
func (g *salvager) searchUntil(ctx context.Context, until int64) error {
	whole := g.size
	defer func() { g.size, g.seen = whole, nil }()
	g.seen = g.found
	if until >= 0 {
		g.size = until
	}
	for first := true; g.sc.end < g.size; first = false {
		at, err := g.scanner.search(ctx, g.sc.end+1)
		if err == nil && (at >= 0 || first && until < 0) {
			err = g.hole(Hole{From: g.sc.end, Found: at, Until: until})
		}
		if err != nil || at < 0 {
			return err
		}
		if !first {
			g.dropped++
		}
		if err := g.goOn(at); err != nil {
			return err
		}
	}
	return nil
}

// beyond follows the borders of records that are not valid, from one on, to a valid one, over so many. A border is only known
// to be one when a valid record begins there: next is -1 if none is reached.
func (s *scanner) beyond(at int64) (next int64, over int, err error) {
	for ; ; over++ {
		r, h, bad, err := s.record(at)
		if err != nil {
			return -1, over, err
		}
		switch {
		case bad == nil && s.placed(r, at) == nil:
			return at, over, nil
		case h.plausible() != nil, h.length > s.size-at-headerLen:
			return -1, max(over, 1), nil
		}
		at += headerLen + h.length
	}
}

var magicBytes = binary.BigEndian.AppendUint32(nil, magic)

// search looks for the next valid record, byte by byte; -1: there is none (R4).
func (s *scanner) search(ctx context.Context, at int64) (int64, error) {
	for s.size-at >= headerLen {
		if err := ctx.Err(); err != nil {
			return -1, err
		}
		b, err := s.window(at)
		if err != nil {
			return -1, err
		}
		i := bytes.Index(b, magicBytes)
		if i < 0 {
			at += int64(len(b) - len(magicBytes) + 1) // one may begin at the end of b
			continue
		}
		at += int64(i)
		r, _, bad, err := s.record(at)
		if err != nil {
			return -1, err
		}
		if bad == nil && s.placed(r, at) == nil {
			return at, nil
		}
		at++
	}
	return -1, nil
}

// window returns some bytes from an offset on, a header at least, without reading again what is there.
func (s *scanner) window(at int64) ([]byte, error) {
	if i := at - s.at; i >= 0 && int64(len(s.buf))-i >= headerLen {
		return s.buf[i:], nil
	}
	return s.read(at, min(readBuffer, s.size-at))
}

// salvage makes a log of what can be read of a damaged one, which is kept aside first (R2).
func (d *Dir) salvage(ctx context.Context, path string, s *scanner, sc *scan) (*Log, error) {
	g := &salvager{scanner: s, sc: sc, search: d.o.Search, hole: func(h Hole) error {
		if h.Found >= 0 {
			d.note(Warn, path, fmt.Sprintf("Behind byte %d a search has found a record at byte %d", h.From, h.Found))
		}
		return nil
	}}
	if err := g.run(ctx); err != nil {
		return nil, err
	}
	config := sc.config
	if s.headless {
		config = bytes.Clone(d.o.Config)
		config[compressedAt] = sc.compressed
	}
	l := d.newLog(path, s.f, config)
	l.live, l.lsn, l.end, l.allocated, l.dropped = sc.live, sc.lsn, sc.end, s.size, g.dropped
	if err := l.aside(ctx, 0, s.size, damageSuffix); err != nil {
		return nil, err
	}
	d.note(Error, path, fmt.Sprintf("Salvaged %d messages; %d records could not be read", l.live.order.Len(), l.dropped))
	return l, l.compact(ctx)
}
