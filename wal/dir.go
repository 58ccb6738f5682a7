// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Dir is a directory of logs that this process owns (D8). Safe for concurrent use.
type Dir struct {
	path string
	fs   FS
	o    Options
	lock io.Closer

	mu    sync.Mutex
	notes File // wal.log
	at    int64
}

const (
	logSuffix    = ".wal"
	backupSuffix = ".bak"
	notesName    = "wal.log"
)

// OpenDir takes a directory that exists: ErrLocked if another process has it. What a crash during a compaction has left is
// put right (R6).
func OpenDir(path string, o Options) (*Dir, error) {
	if o.FS == nil {
		o.FS = OS
	}
	lock, err := o.FS.Lock(path)
	if err != nil {
		return nil, fmt.Errorf("log directory %s: %w", path, err)
	}
	d := &Dir{path: path, fs: o.FS, o: o, lock: lock}
	if o.Locked != nil {
		if err := o.Locked(); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	if d.notes, err = o.FS.OpenFile(filepath.Join(path, notesName), os.O_CREATE|os.O_RDWR, 0o600); err == nil {
		d.at, err = d.notes.Size()
	}
	if err == nil {
		err = d.tidy()
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// tidy deletes unfinished compactions and takes back a log whose swap was cut short (R6). Names that a process left unsynced
// when it died are durable from here on, like all that is told of them (D7).
func (d *Dir) tidy() error {
	names, err := d.fs.ReadDir(d.path)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, n := range names {
		there[n] = true
	}
	for _, n := range names {
		switch {
		case strings.HasSuffix(n, logSuffix+compactSuffix):
			err = d.fs.Remove(filepath.Join(d.path, n))
		case strings.HasSuffix(n, logSuffix+backupSuffix) && !there[strings.TrimSuffix(n, backupSuffix)]:
			d.note(Warn, n, "The log is taken back from its backup: its compaction was cut short")
			err = d.fs.Rename(filepath.Join(d.path, n), filepath.Join(d.path, strings.TrimSuffix(n, backupSuffix)))
		}
		if err != nil {
			return err
		}
	}
	return d.fs.SyncDir(d.path)
}

// fileOf is the file of a queue's log: names have no $, so the mapping can be undone (wal-format.md 1).
func (d *Dir) fileOf(queue string) string {
	return filepath.Join(d.path, strings.ReplaceAll(queue, "/", "$")+logSuffix)
}

// List returns the queues that have a log.
func (d *Dir) List() ([]string, error) {
	names, err := d.fs.ReadDir(d.path)
	var queues []string
	for _, n := range names {
		if strings.HasSuffix(n, logSuffix) {
			queues = append(queues, QueueOf(n))
		}
	}
	return queues, err
}

// note tells the host, and people through wal.log (wal-format.md 8.3). A note that cannot be written is lost.
func (d *Dir) note(level Level, file, text string) {
	if d.o.Note != nil {
		d.o.Note(level, file, text)
	}
	line := fmt.Sprintf("%s|%s|%s|%s\n", time.Now().Format("2006-01-02 15:04:05.000"), [...]string{"INFO", "WARN", "ERROR"}[level], filepath.Base(file), text)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.notes != nil {
		n, _ := d.notes.WriteAt([]byte(line), d.at)
		d.at += int64(n)
	}
}

// Create makes the log of a queue that has none: it exists after a crash when this returns (D7).
func (d *Dir) Create(ctx context.Context, queue string, config []byte) (*Log, error) {
	path := d.fileOf(queue)
	f, err := openFile(ctx, d.fs, path, true)
	if err != nil {
		return nil, err
	}
	l := d.newLog(path, f, config)
	b, err := appendRecord(nil, 1, Record{Kind: Config, ID: uuid.New(), Payload: config}, false)
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = d.fs.SyncDir(d.path)
	}
	if err != nil {
		f.Close()
		_ = d.fs.Remove(path) // the queue does not exist
		return nil, err
	}
	l.lsn, l.end, l.allocated = 1, int64(len(b)), int64(len(b))
	d.note(Info, path, "Created the log")
	l.start()
	return l, nil
}

func (d *Dir) newLog(path string, f File, config []byte) *Log {
	l := &Log{dir: d, path: path, f: f, config: append([]byte(nil), config...), live: newLive(d.o.Remains != nil)}
	l.idle = sync.NewCond(&l.mu)
	l.compress = len(config) > compressedAt && config[compressedAt] == 1
	return l
}

// start lets others use the log.
func (l *Log) start() {
	l.serving = true
	if every := l.dir.o.Sync.Interval; every > 0 {
		l.keepSyncing(every)
	}
}

// ErrNoLog: a file that a crash has left before its queue existed; it has been moved aside.
var ErrNoLog = errors.New("the log was never finished: the queue does not exist")

// Open reads and opens the log of a queue: *DamageError for one that a crash does not explain, ErrNoLog for one that no offer
// can have reached. Only what a crash can have left is cut off, and kept aside.
func (d *Dir) Open(ctx context.Context, queue string) (*Log, error) {
	path := d.fileOf(queue)
	f, err := openFile(ctx, d.fs, path, false)
	if err != nil {
		return nil, err
	}
	l, err := d.recover(ctx, path, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	if d.o.Compact {
		if err := l.compact(ctx); err != nil { // C2
			d.note(Warn, path, "The log could not be compacted: "+err.Error())
		}
	}
	l.holdRoom()
	l.start()
	return l, nil
}

func (d *Dir) recover(ctx context.Context, path string, f File) (*Log, error) {
	f.DropCache()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	s := &scanner{f: f, size: size, check: d.o.Check, consumed: d.o.Remains != nil}
	sc, v, next, err := s.assess(ctx, d.o)
	switch {
	case err != nil:
		return nil, err
	case v == Unfinished:
		return nil, d.setAside(path)
	case v == Damaged && d.o.Salvage && (sc.records > 0 || d.o.Config != nil):
		return d.salvage(ctx, path, s, sc)
	case v == Damaged:
		return nil, &DamageError{Path: path, Offset: sc.end, Cause: sc.bad}
	}
	l := d.newLog(path, f, sc.config)
	l.live, l.lsn, l.end, l.allocated = sc.live, sc.lsn, sc.end, size
	switch v {
	case Torn:
		err = l.cut(ctx, s)
	case InBatch:
		err = l.skip(ctx, s, next)
	default:
		err = f.Sync() // a process that died may have left records unsynced, which are shown from here on
	}
	return l, err
}

// setAside moves a log away that no offer can have been answered from.
func (d *Dir) setAside(path string) error {
	if err := d.fs.Rename(path, path+tornSuffix+stamp()); err != nil {
		return err
	}
	d.note(Info, path, "The log was never finished and has been moved aside")
	if err := d.fs.SyncDir(d.path); err != nil {
		return err
	}
	return ErrNoLog
}

// cut takes a torn end off (R1: copy, sync, truncate, sync; each step can be repeated).
func (l *Log) cut(ctx context.Context, s *scanner) error {
	zero, err := s.zero(l.end, s.size)
	if err != nil {
		return err
	}
	if !zero {
		if err := l.aside(ctx, l.end, s.size, tornSuffix); err != nil {
			return err
		}
		l.dropped++
		l.dir.note(Warn, l.path, fmt.Sprintf("A torn end of %d bytes at byte %d has been cut off", s.size-l.end, l.end))
	}
	if err := l.f.Truncate(l.end); err != nil {
		return err
	}
	l.allocated = l.end
	return l.f.Sync()
}

// aside keeps a range in a file beside (R2).
func (l *Log) aside(ctx context.Context, from, to int64, suffix string) error {
	if err := keepAside(ctx, l.dir.fs, l.f, from, to, l.path+suffix+stamp()); err != nil {
		return err
	}
	return l.dir.fs.SyncDir(l.dir.path)
}

// skip drops one torn record of a batch and keeps those behind it; the file is rewritten.
func (l *Log) skip(ctx context.Context, s *scanner, next int64) error {
	if err := l.aside(ctx, l.end, next, tornSuffix); err != nil {
		return err
	}
	l.dir.note(Warn, l.path, fmt.Sprintf("A torn record of %d bytes at byte %d has been dropped, the records behind it are kept", next-l.end, l.end))
	l.dropped++
	if err := l.take(s, next); err != nil {
		return err
	}
	return l.compact(ctx)
}

// take adds the valid records from an offset on.
func (l *Log) take(s *scanner, from int64) error {
	for at := from; at < s.size; {
		r, h, bad, err := s.record(at)
		if err != nil || bad != nil {
			return err
		}
		l.live.apply(r, at, headerLen+h.length)
		at += headerLen + h.length
		l.lsn = h.lsn
		l.end = at
	}
	return nil
}

// Remove deletes the log of a queue that is closed; it does not come back after a crash (D7).
func (d *Dir) Remove(queue string) error {
	path := d.fileOf(queue)
	for _, name := range []string{path + backupSuffix, path} { // a backup alone would be taken back at the next start (R6)
		if err := d.fs.Remove(name); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	d.note(Info, path, "Removed the log")
	err := d.fs.SyncDir(d.path)
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// Close releases the directory. The logs are closed before.
func (d *Dir) Close() error {
	d.mu.Lock()
	var err error
	if d.notes != nil {
		err = d.notes.Close()
		d.notes = nil
	}
	d.mu.Unlock()
	return errors.Join(err, d.lock.Close())
}
