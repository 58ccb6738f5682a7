// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package waltool is the command gondola wal: it looks into the logs of durable queues, ours and the reference's, and puts
// them right. Only --write changes anything, and then nothing is destroyed: what is cut off or cannot be read stays in
// files beside the log (reliability.md R2).
package waltool

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
	"gondola/wal"
)

// Usage is the form of the command behind "gondola ".
const Usage = "wal verify PATH... | wal dump FILE... | wal compact [--write] DIR | wal repair [--write] DIR"

const (
	statusDamaged = 1
	statusUsage   = 2
)

// Run runs the command: args are what follows "wal". It ends early when ctx does, and returns the exit status: 0, 1 for a
// log that is damaged or cannot be read, 2 for wrong usage.
func Run(ctx context.Context, args []string, _ io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprintln(stdout, "Usage: gondola "+Usage)
		return 0
	}
	t := &tool{ctx: ctx, stdout: stdout, stderr: stderr}
	if len(args) > 1 {
		flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
		flags.SetOutput(io.Discard)
		write := false
		changes := args[0] == "compact" || args[0] == "repair"
		if changes {
			flags.BoolVar(&write, "write", false, "")
		}
		if flags.Parse(args[1:]) == nil && (flags.NArg() == 1 || flags.NArg() > 1 && !changes) {
			switch {
			case args[0] == "verify" || changes && !write:
				return t.verify(flags.Args())
			case args[0] == "dump":
				return t.dump(flags.Args())
			case changes:
				return t.rewrite(flags.Arg(0), wal.Options{Compact: args[0] == "compact", Salvage: args[0] == "repair"})
			}
		}
	}
	fmt.Fprintln(stderr, "Usage: gondola "+Usage)
	return statusUsage
}

type tool struct {
	ctx            context.Context
	stdout, stderr io.Writer
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
		text += fmt.Sprintf(" before byte %d: %v; no crash leaves that, a server does not open it. gondola wal repair --write keeps what can be read", r.End, r.Cause)
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
			_, err := fmt.Fprintf(t.stdout, "%10d  lsn %-6d %-6s %s  %s\n", e.Offset, e.LSN, kinds[e.Kind], e.ID, content(e))
			return err
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

// rewrite opens every log of a directory as a server with these options would, and closes it. The directory is locked
// meanwhile (D8).
func (t *tool) rewrite(dir string, o wal.Options) int {
	o.Check = embedded.CheckRecord
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
