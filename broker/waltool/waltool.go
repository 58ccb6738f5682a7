// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package waltool is the command gondola wal: it looks into the logs of durable queues, ours and the reference's, and puts
// them right. Only --write changes anything, and then nothing is destroyed: what is cut off or cannot be read stays in
// files beside the log (reliability.md R2).
package waltool

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
	"gondola/wal"
)

// Usage is the form of the command behind "gondola ".
const Usage = "wal verify PATH... | wal dump FILE... | wal compact [--write] DIR | wal repair [--search] [--capacity N] [--write] DIR"

const help = "Usage: gondola " + Usage + `

verify tells of each log whether it is whole, dump lists its records. compact and repair are for the logs of a stopped server:
without --write they change nothing, with it they keep what they cut off in files beside the log.

  --write       change the logs
  --search      repair: from a damaged record to the next valid one that record borders lead to, if there is one, look byte
                by byte for others. The payloads of valid records are not looked into, but that of a damaged one can contain
                forged records: each record that is kept because of the search is printed before anything is written, and is
                to be looked at
  --capacity N  repair: the capacity of the queue, 1 to 2147483647, for logs whose CONFIG record is missing or damaged
`

const (
	statusDamaged = 1
	statusUsage   = 2
)

// Run runs the command: args are what follows "wal". It ends early when ctx does, and returns the exit status: 0, 1 for a
// log that is damaged or cannot be read, 2 for wrong usage.
func Run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprint(stdout, help)
		return 0
	}
	t := &tool{ctx: ctx, stdout: stdout, stderr: stderr}
	if len(args) > 1 {
		flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		var write bool
		var capacity string
		o := wal.Options{Check: embedded.CheckRecord, Compact: args[0] == "compact", Salvage: args[0] == "repair"}
		changes := o.Compact || o.Salvage
		if changes {
			flags.BoolVar(&write, "write", false, "")
		}
		if o.Salvage {
			flags.BoolVar(&o.Search, "search", false, "")
			flags.StringVar(&capacity, "capacity", "", "")
		}
		if flags.Parse(args[1:]) == nil && (flags.NArg() == 1 || flags.NArg() > 1 && !changes) {
			if capacity != "" {
				n, err := strconv.ParseInt(capacity, 10, 32)
				if err != nil || n < 1 {
					fmt.Fprintf(stderr, "gondola: wal repair --capacity %s: the capacity of a queue is a number from 1 to %d\n", capacity, math.MaxInt32)
					return statusUsage
				}
				o.Config = embedded.ConfigOf(int(n), false)
			}
			switch {
			case o.Salvage:
				return t.repair(flags.Arg(0), o, write)
			case o.Compact && write:
				return t.rewrite(flags.Arg(0), o, func(string) bool { return true })
			case o.Compact || args[0] == "verify":
				return t.verify(flags.Args())
			case args[0] == "dump":
				return t.dump(flags.Args())
			}
		}
	}
	fmt.Fprintln(stderr, "Usage: gondola "+Usage)
	return statusUsage
}

type tool struct {
	ctx            context.Context
	stdout, stderr io.Writer
	unprinted      error // why a part of a report has not been printed
}

func (t *tool) failed(err error) int {
	fmt.Fprintf(t.stderr, "gondola: %v\n", err)
	return statusDamaged
}

// logs are the files named, and the logs of the folders named.
func logs(paths []string) (files []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		found, err := filepath.Glob(filepath.Join(path, "*.wal"))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there is no log (*.wal) in %s", path)
		}
		files = append(files, found...)
	}
	return files, nil
}

// verify reads logs and prints a line for each.
func (t *tool) verify(paths []string) int {
	files, err := logs(paths)
	if err != nil {
		return t.failed(err)
	}
	status := 0
	for _, file := range files {
		if t.ctx.Err() != nil {
			return t.failed(t.ctx.Err())
		}
		r, err := wal.Inspect(file, embedded.CheckRecord, nil)
		if err != nil {
			status = t.failed(err)
			continue
		}
		if r.Verdict == wal.Damaged {
			status = statusDamaged
		}
		fmt.Fprintf(t.stdout, "%s: %s\n", r.Queue, describe(r))
	}
	return status
}

func describe(r *wal.Report) string {
	text := fmt.Sprintf("%s, %d bytes, %d records, %d live messages of %d bytes", r.Verdict, r.Size, r.Records, r.Live, r.LiveBytes)
	switch r.Verdict {
	case wal.Torn:
		text += fmt.Sprintf("; a crash has left %d bytes behind byte %d: the next start keeps them in a file beside and cuts them off", r.Size-r.End, r.End)
	case wal.InBatch:
		text += fmt.Sprintf("; the record at byte %d is torn, those behind it are valid: the next start drops it and keeps a copy (%v)", r.End, r.Cause)
	case wal.Unfinished:
		text += "; a crash came before the queue existed: the next start sets the file aside"
	case wal.Damaged:
		text += fmt.Sprintf(" before byte %d: %v; no crash leaves that, a server does not open it. gondola wal repair tells what can be kept", r.End, r.Cause)
	}
	return text
}

// dump prints a line for each record.
func (t *tool) dump(paths []string) int {
	files, err := logs(paths)
	if err != nil {
		return t.failed(err)
	}
	status := 0
	for _, file := range files {
		r, err := wal.Inspect(file, embedded.CheckRecord, func(e wal.Entry) error {
			if t.ctx.Err() != nil {
				return t.ctx.Err()
			}
			return t.print(e)
		})
		if err != nil {
			status = t.failed(err)
			continue
		}
		if r.Verdict == wal.Damaged {
			status = statusDamaged
		}
		fmt.Fprintf(t.stdout, "%s: %s\n", r.Queue, describe(r))
	}
	return status
}

func (t *tool) print(e wal.Entry) error {
	return t.say("%10d  lsn %-6d %-6s %s  %s\n", e.Offset, e.LSN, kinds[e.Kind], e.ID, content(e))
}

// say prints a part of a report.
func (t *tool) say(format string, args ...any) error {
	_, err := fmt.Fprintf(t.stdout, format, args...)
	t.unprinted = cmp.Or(t.unprinted, err)
	return err
}

var kinds = map[wal.Kind]string{wal.Ack: "ACK", wal.Config: "CONFIG", wal.Data: "DATA"}

// content says what is in a record; CheckRecord has seen it.
func content(e wal.Entry) string {
	switch e.Kind {
	case wal.Config:
		compress := "plain"
		if len(e.Payload) >= 12 && binary.BigEndian.Uint32(e.Payload[8:]) != 0 {
			compress = "compressed"
		}
		kind := "bounded"
		if binary.BigEndian.Uint32(e.Payload[4:]) == 1 {
			kind = "circular"
		}
		return fmt.Sprintf("capacity %d, %s, %s", binary.BigEndian.Uint32(e.Payload), kind, compress)
	case wal.Ack:
		return fmt.Sprintf("of %x", e.Payload)
	}
	m, _, err := wire.ParseFrame(e.Payload, wire.DefaultLimits(wire.MaxMaxMessage), nil)
	if err != nil {
		return err.Error()
	}
	text := fmt.Sprintf("%d bytes of %s, subject %q, %s, expires %s", len(m.Payload), m.Mimetype, m.Subject, moment(m.Timestamp), moment(m.ExpiresAt))
	const most = 48
	preview := m.Payload[:min(len(m.Payload), most)]
	if m.Charset != "" {
		return text + fmt.Sprintf(", %q", preview)
	}
	return text + fmt.Sprintf(", %x", preview)
}

func moment(ms int64) string {
	if ms < 0 {
		return "never"
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}

// repair tells what can be kept of each damaged log and, with write, keeps it. The report is whole before a byte of the directory
// is changed (R4), and is of the bytes that are changed then: it is made with the directory locked.
func (t *tool) repair(dir string, o wal.Options, write bool) int {
	if !write {
		status := t.verify([]string{dir})
		files, err := logs([]string{dir})
		if err != nil {
			return status // which has told
		}
		for _, file := range files {
			if damaged, _ := t.preview(file, o); damaged {
				status = statusDamaged
			}
		}
		return status
	}
	status, fit := 0, map[string]bool{}
	o.Locked = func() error {
		files, err := filepath.Glob(filepath.Join(dir, "*.wal"))
		for _, file := range files {
			_, ok := t.preview(file, o)
			if fit[wal.QueueOf(file)] = ok; !ok {
				status = statusDamaged
			}
		}
		return errors.Join(err, t.ctx.Err(), t.unprinted)
	}
	after := t.rewrite(dir, o, func(queue string) bool {
		ok, seen := fit[queue]
		if !seen {
			status = t.failed(fmt.Errorf("the log of queue %s has just been taken back from its backup: repair the directory once more", queue))
		}
		return ok
	})
	return max(status, after)
}

// preview tells what a repair makes of a log. damaged: there is something to repair; ok: it can be done.
func (t *tool) preview(file string, o wal.Options) (damaged, ok bool) {
	queue := wal.QueueOf(file)
	p, err := wal.Preview(t.ctx, file, o, func(h wal.Hole) error {
		lost := fmt.Sprintf("record borders are lost behind byte %d", h.From)
		if h.Until >= 0 {
			lost = fmt.Sprintf("the record at byte %d is damaged, the next one begins at byte %d", h.From, h.Until)
		}
		text := "--search looks further"
		switch {
		case h.Found >= 0:
			text = fmt.Sprintf("the search has found a record at byte %d. A payload can contain forged records: look at each record from there on", h.Found)
		case o.Search:
			text = "the search has found no other record"
		}
		return t.say("%s: %s; %s\n", queue, lost, text)
	}, t.print)
	switch {
	case err != nil:
		t.failed(err)
		return true, false
	case p == nil:
		return false, true
	}
	_ = t.say("%s: a repair keeps %d live messages; records that cannot be read: %d\n", queue, p.Kept, p.Dropped)
	if p.NoConfig && o.Config == nil {
		t.failed(fmt.Errorf("%s: the CONFIG record, which has the capacity of the queue, is missing or damaged: give it with --capacity N", queue))
		return true, false
	}
	return true, true
}

// rewrite opens the wanted logs of a directory as a server with these options would, and closes them. The directory
// is locked meanwhile (D8).
func (t *tool) rewrite(dir string, o wal.Options, wanted func(queue string) bool) int {
	o.Note = func(_ wal.Level, file, text string) { fmt.Fprintf(t.stdout, "%s: %s\n", filepath.Base(file), text) }
	d, err := wal.OpenDir(dir, o)
	if err != nil {
		return t.failed(err)
	}
	defer d.Close()
	queues, err := d.List()
	if err != nil {
		return t.failed(err)
	}
	status := 0
	for _, q := range queues {
		if !wanted(q) {
			continue
		}
		l, err := d.Open(t.ctx, q)
		if errors.Is(err, wal.ErrNoLog) {
			continue // a note says so
		}
		if err == nil {
			err = l.Close()
		}
		if err != nil {
			status = t.failed(err)
		}
	}
	if s := t.verify([]string{dir}); s != 0 {
		status = s
	}
	return status
}
