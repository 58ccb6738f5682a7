// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"math/bits"
	"time"
)

const (
	perDouble = 64 // buckets from a time to its double: a percentile is at most 1.6 % too long
	buckets   = 58 * perDouble
)

// times counts durations in buckets that grow with them. The zero value is empty.
type times struct {
	counts [buckets]int64
	n      int64
	max    time.Duration
}

func bucketOf(d time.Duration) int {
	ns := uint64(max(d, 0))
	if ns < 2*perDouble {
		return int(ns)
	}
	shift := bits.Len64(ns) - 7 // leaves 64 to 127
	return shift*perDouble + int(ns>>shift)
}

// upperOf is the longest duration of a bucket.
func upperOf(bucket int) time.Duration {
	if bucket < 2*perDouble {
		return time.Duration(bucket)
	}
	shift := bucket/perDouble - 1
	return time.Duration((uint64(bucket-shift*perDouble)+1)<<shift - 1)
}

func (t *times) add(d time.Duration) {
	t.counts[bucketOf(d)]++
	t.n++
	t.max = max(t.max, d)
}

func (t *times) merge(other *times) {
	for i, n := range other.counts {
		t.counts[i] += n
	}
	t.n += other.n
	t.max = max(t.max, other.max)
}

// percentile is the duration that a share of all does not exceed, 0 if there are none.
func (t *times) percentile(share float64) time.Duration {
	left := int64(share * float64(t.n))
	for i, n := range t.counts {
		if left -= n; n > 0 && left < 0 {
			return min(upperOf(i), t.max)
		}
	}
	return t.max
}
