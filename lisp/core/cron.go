// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/temporal"
	"gondola/lisp/value"
)

// cronTable: schedules by the clock on the wall. It is looked at again every sync-period, a java.time.Duration, so that a
// clock that is set while the schedule waits is followed.
var cronTable = eval.Table{
	{Name: "cron/schedule-at", Min: 3, Max: 3, F3: cronAt, Forms: "(cron/schedule-at f sync-period local-date-time)", Doc: "A future of a function of no arguments that runs at a time."},
	{Name: "cron/schedule-at-fixed-rate", Min: 5, Max: 6, FN: cronAtFixedRate, Forms: "(cron/schedule-at-fixed-rate f sync-period delay period unit)\n(cron/schedule-at-fixed-rate f sync-period delay period unit skip-to-latest)", Doc: "Runs a function of no arguments again and again; turns that were missed are made up for if skip-to-latest is false. A future that cancel ends."},
	{Name: "cron/schedule-at-round-times-in-day", Min: 3, Max: 4, FN: cronAtRoundTimes, Forms: "(cron/schedule-at-round-times-in-day f sync-period period)\n(cron/schedule-at-round-times-in-day f sync-period period skip-to-latest)", Doc: "Runs a function of no arguments at the multiples of a period since midnight. A future that cancel ends."},
}

// pauseUntil waits for a time on the wall clock, which it asks again after each sync period.
func pauseUntil(th *eval.Thread, at time.Time, sync time.Duration) error {
	for {
		rest := at.Sub(time.Now().Round(0)) // without the monotonic clock
		if rest <= 0 {
			return nil
		}
		if err := pause(th, min(rest, sync)); err != nil {
			return err
		}
	}
}

// javaDuration reads a java.time.Duration.
func javaDuration(v value.Value) (time.Duration, error) {
	a, ok := value.HostOf[temporal.Amount](v)
	if !ok || v.Type() != typeDuration || a.Time <= 0 {
		return 0, value.CoerceError(v, "java-object of type java.time.Duration")
	}
	return a.Time, nil
}

func cronAt(th *eval.Thread, f, sync, at value.Value) (value.Value, error) {
	if !eval.IsFunction(f) {
		return value.Nil, value.CoerceError(f, "function")
	}
	period, err := javaDuration(sync)
	if err != nil {
		return value.Nil, err
	}
	m, ok := temporal.Of(at)
	if !ok || m.Kind != temporal.LocalDateTime {
		return value.Nil, value.CoerceError(at, "java-object of type java.time.LocalDateTime")
	}
	return startValue(th, eval.Timers, value.TypeFuture, func(th *eval.Thread) (value.Value, error) {
		if err := pauseUntil(th, m.To(temporal.Zoned, temporal.DefaultZone()).T, period); err != nil {
			return value.Nil, err
		}
		return th.Call(f)
	})
}

// cronTurns calls f at the times that next yields for the one before.
func cronTurns(th *eval.Thread, f value.Value, sync time.Duration, first time.Time, next func(time.Time) time.Time, skip bool) (value.Value, error) {
	return startValue(th, eval.Timers, value.TypeFuture, func(th *eval.Thread) (value.Value, error) {
		for at := first; ; at = next(at) {
			for skip && next(at).Before(time.Now()) {
				at = next(at)
			}
			if err := pauseUntil(th, at, sync); err != nil {
				return value.Nil, err
			}
			if _, err := th.Call(f); err != nil { // as the reference: the next turn comes all the same
				th.Runtime().Config.Logger.Debug("a scheduled function failed", "error", err)
			}
			if err := th.CheckInterrupt(); err != nil {
				return value.Nil, err
			}
		}
	})
}

func cronAtFixedRate(th *eval.Thread, a []value.Value) (value.Value, error) {
	if !eval.IsFunction(a[0]) {
		return value.Nil, value.CoerceError(a[0], "function")
	}
	sync, err := javaDuration(a[1])
	if err != nil {
		return value.Nil, err
	}
	delay, err := duration(a[2], a[4])
	if err != nil {
		return value.Nil, err
	}
	period, err := duration(a[3], a[4])
	if err == nil && period <= 0 {
		err = value.Errorf("cron/schedule-at-fixed-rate: the period must be positive, got %s", value.ToStr(a[3]))
	}
	if err != nil {
		return value.Nil, err
	}
	skip := len(a) < 6 || a[5].Truthy()
	return cronTurns(th, a[0], sync, time.Now().Add(delay).Round(0), func(t time.Time) time.Time { return t.Add(period) }, skip)
}

func cronAtRoundTimes(th *eval.Thread, a []value.Value) (value.Value, error) {
	if !eval.IsFunction(a[0]) {
		return value.Nil, value.CoerceError(a[0], "function")
	}
	sync, err := javaDuration(a[1])
	if err != nil {
		return value.Nil, err
	}
	period, err := javaDuration(a[2])
	if err == nil && (24*time.Hour)%period != 0 {
		err = value.Throwf(value.IllegalArgument, "cron/schedule-at-round-times-in-day: a day is no multiple of the period %s", period)
	}
	if err != nil {
		return value.Nil, err
	}
	next := func(t time.Time) time.Time { return roundTime(t, period) }
	skip := len(a) < 4 || a[3].Truthy()
	return cronTurns(th, a[0], sync, next(time.Now().In(temporal.DefaultZone())), next, skip)
}

// roundTime is the first multiple of the period since midnight that is after t, in hours and minutes as clocks show them.
func roundTime(t time.Time, period time.Duration) time.Time {
	y, m, d := t.Date()
	inDay := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return time.Date(y, m, d, 0, 0, 0, int((inDay/period+1)*period), t.Location())
}
