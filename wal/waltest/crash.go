// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package waltest

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"gondola/wal"
)

// ErrPower is what every call gets once the disk has stopped, or has been replaced by Crash or Kill.
var ErrPower = errors.New("the power is off")

// CrashDisk is a file system in memory that knows what a loss of power may take: contents and sizes of files since their
// last sync, sector by sector, and creations, renames and removals since the last sync of their directory. Directories need
// not be made. Safe for concurrent use.
type CrashDisk struct {
	mu       sync.Mutex
	names    map[string]*node // what processes see
	synced   map[string]*node // what the directories say on the medium
	changes  []change         // of directories, not synced, in order
	open     map[*node]int    // handles
	locked   map[string]bool
	ops      int
	stopAt   int // 0: never
	stopTime time.Time
	down     bool
	capacity int64 // bytes of all files; < 0: no limit
}

var _ wal.FS = (*CrashDisk)(nil)

// change is an unsynced change of a directory: node is known as to from now on, and no longer as from; either may be empty.
type change struct {
	from, to string
	node     *node
}

func (c change) apply(names map[string]*node) {
	if c.from != "" && names[c.from] == c.node {
		delete(names, c.from)
	}
	if c.to != "" {
		names[c.to] = c.node
	}
}

func (c change) in(dir string) bool {
	name := c.to
	if name == "" {
		name = c.from
	}
	return filepath.Dir(name) == filepath.Clean(dir)
}

// NewCrashDisk makes an empty disk without a limit.
func NewCrashDisk() *CrashDisk {
	return &CrashDisk{
		names: map[string]*node{}, synced: map[string]*node{}, open: map[*node]int{}, locked: map[string]bool{}, capacity: -1,
	}
}

// SetCapacity limits the bytes of all files: beyond, writes are short and fail with ENOSPC. Negative: no limit.
func (d *CrashDisk) SetCapacity(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.capacity = n
}

// StopAt lets the power fail in the nth of the operations that Ops counts: what it does may be kept or not, it and all later
// calls return ErrPower.
func (d *CrashDisk) StopAt(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopAt = n
}

// Stopped says whether the operation of StopAt was reached, and when.
func (d *CrashDisk) Stopped() (at time.Time, stopped bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stopTime, !d.stopTime.IsZero()
}

// Ops is how many operations have changed or synced something: creations, writes, syncs, truncations, allocations, renames,
// removals, syncs of directories.
func (d *CrashDisk) Ops() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ops
}

// Crash is the disk after a loss of power: everything that was synced, and a random part of the rest. A sector that was
// written since has one of its contents since the last sync, or the synced one, or is zero where there was none; a file has
// one of its sizes; each unsynced change of a directory has happened or has not. The disk itself is of no use afterwards,
// except for further calls of Crash and Kill: another seed, another loss.
func (d *CrashDisk) Crash(seed uint64) *CrashDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = true
	r := rand.New(rand.NewPCG(seed, 0))
	kept := []float64{0, 0.5, 0.9, 1}[r.IntN(4)] // of what is not synced
	out := NewCrashDisk()
	out.capacity = d.capacity
	names := maps.Clone(d.synced)
	for _, c := range d.changes {
		if r.Float64() < kept {
			c.apply(names)
		}
	}
	copies := map[*node]*node{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		n := names[name]
		if copies[n] == nil {
			copies[n] = n.crash(r, kept)
		}
		out.names[name] = copies[n]
	}
	out.synced = maps.Clone(out.names)
	return out
}

// Kill is the disk after the death of its process: nothing is lost, and nothing more is synced than was. The disk itself is of
// no use afterwards, except for further calls of Crash and Kill.
func (d *CrashDisk) Kill() *CrashDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = true
	out := NewCrashDisk()
	out.capacity = d.capacity
	copies := map[*node]*node{}
	twin := func(n *node) *node {
		if copies[n] == nil {
			copies[n] = n.clone()
		}
		return copies[n]
	}
	for name, n := range d.names {
		out.names[name] = twin(n)
	}
	for name, n := range d.synced {
		out.synced[name] = twin(n)
	}
	for _, c := range d.changes {
		out.changes = append(out.changes, change{c.from, c.to, twin(c.node)})
	}
	return out
}

// step counts an operation that changes or syncs something. It runs with mu held. last says that the power fails in it.
func (d *CrashDisk) step() (last bool, err error) {
	if err := d.alive(); err != nil {
		return false, err
	}
	d.ops++
	if d.ops == d.stopAt {
		d.stopTime = time.Now()
	}
	return d.ops == d.stopAt, nil
}

// alive runs with mu held.
func (d *CrashDisk) alive() error {
	if d.down || !d.stopTime.IsZero() {
		return ErrPower
	}
	return nil
}

// power is the error of an operation that step has counted.
func power(last bool) error {
	if last {
		return ErrPower
	}
	return nil
}

// alter counts and does a change of a directory.
func (d *CrashDisk) alter(c change) error {
	last, err := d.step()
	if err != nil {
		return err
	}
	c.apply(d.names)
	d.changes = append(d.changes, c)
	return power(last)
}

// OpenFile opens or creates a file; os.O_CREATE, os.O_EXCL and os.O_TRUNC are known.
func (d *CrashDisk) OpenFile(name string, flag int, _ fs.FileMode) (wal.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.alive(); err != nil {
		return nil, err
	}
	name = filepath.Clean(name)
	n := d.names[name]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case n != nil && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case n == nil:
		n = newNode()
		if err := d.alter(change{to: name, node: n}); err != nil {
			return nil, err
		}
	case flag&os.O_TRUNC != 0:
		last, err := d.step()
		if err != nil {
			return nil, err
		}
		n.truncate(0)
		if last {
			return nil, ErrPower
		}
	}
	d.open[n]++
	return &crashFile{d: d, n: n, name: name}, nil
}

// Rename replaces to.
func (d *CrashDisk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.alive(); err != nil {
		return err
	}
	from, to = filepath.Clean(from), filepath.Clean(to)
	n := d.names[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	return d.alter(change{from, to, n})
}

// Remove removes a name; who has the file open keeps it.
func (d *CrashDisk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.alive(); err != nil {
		return err
	}
	name = filepath.Clean(name)
	n := d.names[name]
	if n == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	return d.alter(change{from: name, node: n})
}

// ReadDir lists the files of a directory, sorted.
func (d *CrashDisk) ReadDir(dir string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.alive(); err != nil {
		return nil, err
	}
	var out []string
	for name := range d.names {
		if filepath.Dir(name) == filepath.Clean(dir) {
			out = append(out, filepath.Base(name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// SyncDir makes the changes of a directory durable.
func (d *CrashDisk) SyncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if last, err := d.step(); err != nil || last {
		return ErrPower
	}
	kept := d.changes[:0]
	for _, c := range d.changes {
		if c.in(dir) {
			c.apply(d.synced)
		} else {
			kept = append(kept, c)
		}
	}
	d.changes = kept
	return nil
}

// Free is what the capacity leaves.
func (d *CrashDisk) Free(string) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.alive(); err != nil {
		return 0, err
	}
	return uint64(d.room()), nil
}

// room is how many bytes still fit, in whole sectors. It runs with mu held.
func (d *CrashDisk) room() int64 {
	if d.capacity < 0 {
		return 1 << 50
	}
	there := map[*node]bool{}
	for _, n := range d.names {
		there[n] = true
	}
	for n := range d.open { // a removed file takes its room until it is closed
		there[n] = true
	}
	left := d.capacity
	for n := range there {
		left -= (n.size + sector - 1) / sector * sector
	}
	return max(left, 0)
}

// grown is how far a file can grow, at most to size. It runs with mu held.
func (d *CrashDisk) grown(n *node, size int64) (int64, error) {
	whole := (n.size + sector - 1) / sector * sector
	if size <= whole || size-whole <= d.room() {
		return size, nil
	}
	return whole + d.room()/sector*sector, syscall.ENOSPC
}

// Lock takes a directory: wal.ErrLocked if somebody has it. A crash and a kill release it.
func (d *CrashDisk) Lock(dir string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.alive(); err != nil {
		return nil, err
	}
	dir = filepath.Clean(dir)
	if d.locked[dir] {
		return nil, wal.ErrLocked
	}
	d.locked[dir] = true
	return unlocker{d, dir}, nil
}

type unlocker struct {
	d   *CrashDisk
	dir string
}

func (u unlocker) Close() error {
	u.d.mu.Lock()
	defer u.d.mu.Unlock()
	delete(u.d.locked, u.dir)
	return nil
}

// ReadFile is what a process reads of a file now, also after the disk has stopped.
func (d *CrashDisk) ReadFile(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[filepath.Clean(name)]
	if n == nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	b := make([]byte, n.size)
	n.readAt(b, 0)
	return b, nil
}

// WriteFile puts a file there, synced. It is no operation.
func (d *CrashDisk) WriteFile(name string, b []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := newNode()
	n.writeAt(b, 0)
	n.sync()
	d.names[filepath.Clean(name)], d.synced[filepath.Clean(name)] = n, n
}

// Names lists all files, sorted, also after the disk has stopped.
func (d *CrashDisk) Names() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.names))
}

// crashFile is an open file.
type crashFile struct {
	d      *CrashDisk
	n      *node
	name   string
	closed bool
}

// begin locks the disk for an operation on the file and counts it, if it changes or syncs something.
func (f *crashFile) begin(counts bool) (last bool, err error) {
	f.d.mu.Lock()
	switch {
	case f.closed:
		err = &fs.PathError{Op: "use", Path: f.name, Err: fs.ErrClosed}
	case counts:
		last, err = f.d.step()
	default:
		err = f.d.alive()
	}
	return last, err
}

func (f *crashFile) ReadAt(b []byte, at int64) (int, error) {
	_, err := f.begin(false)
	defer f.d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	n := f.n.readAt(b, at)
	if n < len(b) {
		err = io.EOF
	}
	return n, err
}

func (f *crashFile) WriteAt(b []byte, at int64) (int, error) {
	last, err := f.begin(true)
	defer f.d.mu.Unlock()
	if err != nil {
		return 0, err
	}
	until, err := f.d.grown(f.n, at+int64(len(b)))
	n := max(until-at, 0)
	if n > 0 {
		f.n.writeAt(b[:n], at)
	}
	if last {
		return 0, ErrPower
	}
	return int(n), err
}

func (f *crashFile) Sync() error {
	last, err := f.begin(true)
	defer f.d.mu.Unlock()
	if err == nil {
		err = power(last)
	}
	if err == nil {
		f.n.sync()
	}
	return err
}

// LoseUnsynced is what a kernel does after a failed sync: it takes the pages for clean, so that a later sync does not write
// them.
func (f *crashFile) LoseUnsynced() {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.n.loseUnsynced()
}

// DropCache forgets what a failed sync has left for written.
func (f *crashFile) DropCache() {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.n.dropCache()
}

func (f *crashFile) Truncate(size int64) error {
	last, err := f.begin(true)
	defer f.d.mu.Unlock()
	if err != nil {
		return err
	}
	f.n.truncate(size)
	return power(last)
}

func (f *crashFile) Allocate(size int64) error {
	last, err := f.begin(true)
	defer f.d.mu.Unlock()
	if err != nil {
		return err
	}
	until, err := f.d.grown(f.n, size)
	if until > f.n.size {
		f.n.truncate(until)
	}
	if last {
		return ErrPower
	}
	return err
}

func (f *crashFile) Size() (int64, error) {
	_, err := f.begin(false)
	defer f.d.mu.Unlock()
	return f.n.size, err
}

// Close works without power, too.
func (f *crashFile) Close() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.closed {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	f.closed = true
	if f.d.open[f.n]--; f.d.open[f.n] == 0 {
		delete(f.d.open, f.n)
	}
	return nil
}
