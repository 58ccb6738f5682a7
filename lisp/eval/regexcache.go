// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"sync"

	"gondola/lisp/value"
)

// regexCacheSize bounds the compiled expressions that a runtime keeps.
const regexCacheSize = 128

// regexCache keeps expressions that scripts give as strings: (str/split s ",") in a loop compiles once.
type regexCache struct {
	mu sync.Mutex
	m  map[string]*value.Regex
}

// Regex compiles a regular expression of Java syntax, or returns the one that was compiled before. A full cache is emptied.
func (rt *Runtime) Regex(source string) (*value.Regex, error) {
	c := &rt.regexes
	c.mu.Lock()
	re := c.m[source]
	c.mu.Unlock()
	if re != nil {
		return re, nil
	}
	re, err := value.NewRegex(source)
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
