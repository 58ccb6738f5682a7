// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"slices"
	"sync"
)

// Watcher is told of the changes of a reference: Fn is called with Key, the reference, the old and the new value.
type Watcher struct{ Key, Fn Value }

// Watched is what atoms and agents embed to have watchers. Safe for concurrent use.
type Watched struct {
	mu       sync.Mutex
	watchers []Watcher
}

// Watchers returns the current watchers, which must not be changed.
func (w *Watched) Watchers() []Watcher {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.watchers
}

// Watch adds a watcher or replaces the one with its key; Unwatch removes it.
func (w *Watched) Watch(x Watcher) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchers = append(without(w.watchers, x.Key), x)
}

func (w *Watched) Unwatch(key Value) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.watchers = without(w.watchers, key)
}

// without copies: the slice may be in use by Notify.
func without(ws []Watcher, key Value) []Watcher {
	return slices.DeleteFunc(slices.Clone(ws), func(w Watcher) bool { return Equal(w.Key, key) })
}

// Notify tells the watchers that ref has changed from old to v, and ends at the first error.
func (w *Watched) Notify(c Caller, ref, old, v Value) error {
	for _, x := range w.Watchers() {
		if _, err := c.Call(x.Fn, x.Key, ref, old, v); err != nil {
			return err
		}
	}
	return nil
}
