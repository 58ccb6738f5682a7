// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"math"
	"regexp"
	"strconv"
	"time"

	"gondola/lisp/value"
)

var sizePattern = regexp.MustCompile("^([1-9][0-9]*)(B|KB|MB)$")

// size reads a size option: a long in bytes or a keyword like :20KB (ipc-api.md 4.1).
func size(v value.Value) (int64, error) {
	if n, ok := v.Long(); ok {
		return n, nil
	}
	if k, ok := v.Ref().(*value.Keyword); ok {
		if m := sizePattern.FindStringSubmatch(k.Name); m != nil {
			factor := map[string]int64{"B": 1, "KB": 1 << 10, "MB": 1 << 20}[m[2]]
			if n, err := strconv.ParseInt(m[1], 10, 64); err == nil && n <= math.MaxInt64/factor {
				return n * factor, nil
			}
		}
	}
	return 0, value.Errorf("Invalid unit value! Use 20000, 500KB, 10MB, ...")
}

// plus adds a number of calendar units to a time (ipc-api.md 3.2).
func plus(t time.Time, n int64, unit string) (time.Time, bool) {
	k := int(max(math.MinInt32, min(n, math.MaxInt32)))
	switch unit {
	case "years", "year":
		return t.AddDate(k, 0, 0), true
	case "months", "month":
		return t.AddDate(0, k, 0), true
	case "weeks", "week":
		return t.AddDate(0, 0, 7*k), true
	case "days", "day":
		return t.AddDate(0, 0, k), true
	case "hours", "hour":
		return t.Add(time.Duration(k) * time.Hour), true
	case "minutes", "minute":
		return t.Add(time.Duration(k) * time.Minute), true
	case "seconds", "second":
		return t.Add(time.Duration(k) * time.Second), true
	case "millis", "milli":
		return t.Add(time.Duration(k) * time.Millisecond), true
	}
	return t, false
}
