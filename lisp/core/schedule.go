// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// scheduleTable: functions at a later time, language.md 11.
var scheduleTable = eval.Table{
	{Name: "schedule-delay", Min: 3, Max: 3, F3: func(th *eval.Thread, f, n, unit value.Value) (value.Value, error) {
		if !eval.IsFunction(f) {
			return value.Nil, value.CoerceError(f, "function")
		}
		d, err := duration(n, unit)
		if err != nil {
			return value.Nil, err
		}
		return startValue(th, eval.Timers, value.TypeFuture, func(th *eval.Thread) (value.Value, error) {
			if err := pause(th, d); err != nil {
				return value.Nil, err
			}
			return th.Call(f)
		})
	}, Forms: "(schedule-delay f delay unit)", Doc: "A future of a function of no arguments that runs after a delay."},
	{Name: "schedule-at-fixed-rate", Min: 4, Max: 4, FN: scheduleAtFixedRate, Forms: "(schedule-at-fixed-rate f delay period unit)", Doc: "Runs a function of no arguments again and again; a future that cancel ends."},
}

// pause waits for d. It ends with the thread (E11).
func pause(th *eval.Thread, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-th.Done():
		return th.Interrupted()
	}
}

func scheduleAtFixedRate(th *eval.Thread, a []value.Value) (value.Value, error) {
	f := a[0]
	if !eval.IsFunction(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	delay, err := duration(a[1], a[3])
	if err != nil {
		return value.Nil, err
	}
	period, err := duration(a[2], a[3])
	if err == nil && period <= 0 {
		err = value.Errorf("schedule-at-fixed-rate: the period must be positive, got %s", value.ToStr(a[2]))
	}
	if err != nil {
		return value.Nil, err
	}
	return startValue(th, eval.Timers, value.TypeFuture, func(th *eval.Thread) (value.Value, error) {
		next := time.Now().Add(delay)
		for {
			if err := pause(th, time.Until(next)); err != nil {
				return value.Nil, err
			}
			if _, err := th.Call(f); err != nil { // as the reference: the next turn comes all the same
				th.Runtime().Config.Logger.Debug("a scheduled function failed", "error", err)
			}
			if err := th.CheckInterrupt(); err != nil {
				return value.Nil, err
			}
			next = next.Add(period)
		}
	})
}

var timeUnits = map[string]time.Duration{
	"milliseconds": time.Millisecond, "msec": time.Millisecond, "ms": time.Millisecond,
	"seconds": time.Second, "sec": time.Second, "s": time.Second,
	"minutes": time.Minute, "min": time.Minute,
	"hours": time.Hour, "hr": time.Hour, "h": time.Hour,
	"days": 24 * time.Hour, "d": 24 * time.Hour,
}

// duration reads a number and a time unit, :milliseconds or :msec and so on. Negative ones are nothing, and beyond 292
// years there is no longer one.
func duration(n, unit value.Value) (time.Duration, error) {
	count, err := asLong(n)
	if err != nil {
		return 0, err
	}
	k, ok := unit.Ref().(*value.Keyword)
	if !ok {
		return 0, value.CoerceError(unit, "keyword")
	}
	d, ok := timeUnits[k.Name]
	if !ok {
		return 0, value.Errorf("Invalid scheduler time-unit :%s. Use one of {:milliseconds, :seconds, :minutes, :hours, :days} or the abbreviations {:msec, :ms, :sec, :s, :min, :hr, :h, :d}", k.Name)
	}
	return time.Duration(min(max(count, 0), math.MaxInt64/int64(d))) * d, nil
}
