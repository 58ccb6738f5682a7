// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"sync"
	"time"

	"gondola/lisp/value"
)

// leastMatch is what a match gets, however short an evaluation is.
const leastMatch = 100 * time.Millisecond

// regexCacheSize bounds the compiled expressions that a runtime keeps.
const regexCacheSize = 128

// regexCache keeps expressions that scripts give as strings: (str/split s ",") in a loop compiles once.
type regexCache struct {
	mu sync.Mutex
	m  map[string]*value.Regex
}

// Regex compiles a regular expression of Java syntax, or returns the one that was compiled before. A full cache is emptied.
// Under limits its length is bounded (X8), and a match takes a fifth of an evaluation's time at most, or 100 ms: nothing interrupts one.
func (th *Thread) Regex(source string) (*value.Regex, error) {
	rt := th.rt
	l := &rt.Config.Limits
	if l.Pattern > 0 && len(source) > l.Pattern {
		return nil, value.Errorf("A regular expression of more than %d bytes (max-pattern)", l.Pattern)
	}
	c := &rt.regexes
	c.mu.Lock()
	re := c.m[source]
	c.mu.Unlock()
	if re != nil {
		return re, nil
	}
	limit := time.Duration(math.MaxInt64)
	if l.Time > 0 {
		limit = max(l.Time/5, leastMatch)
	}
	re, err := value.NewRegexWithin(source, limit)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil || len(c.m) >= regexCacheSize {
		c.m = make(map[string]*value.Regex)
	}
	c.m[source] = re
	return re, nil
}
