// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package brokertest

import (
	"math/rand/v2"
	"sync"
)

// Loss loses a share of the frames of a Path: one half of them vanishes, at the other half the connection breaks. The first frame
// of each connection arrives, so that the shaking of hands does not cost its time-out. Safe for concurrent use.
type Loss struct {
	share float64

	mu   sync.Mutex
	r    *rand.Rand
	lost int
}

// NewLoss makes one whose choices begin with the seed; which frames they meet depends on the goroutines.
func NewLoss(seed uint64, share float64) *Loss {
	return &Loss{share: share, r: rand.New(rand.NewPCG(seed, 0))}
}

// Fate is for Path.Frames.
func (l *Loss) Fate(n int) Fate {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch x := l.r.Float64(); {
	case n == 0 || x >= l.share:
		return Arrives
	case x < l.share/2:
		l.lost++
		return Vanishes
	}
	l.lost++
	return Breaks
}

// Lost is the number of lost frames.
func (l *Loss) Lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}
