// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package temporal

import (
	"strings"
	"testing"
	"time"
)

func parse(t *testing.T, text string, kind Kind) Moment {
	t.Helper()
	m, err := ParseISO(text, kind, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Patterns write and read the same text.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		kind          Kind
		moment        string
		pattern, want string
	}{
		{LocalDate, "2024-02-03", "yyyyMMdd", "20240203"},
		{LocalDate, "2024-02-03", "EEEE, d MMMM yyyy", "Saturday, 3 February 2024"},
		{LocalDate, "2024-02-03", "d/M/yy 'o''clock'", "3/2/24 o'clock"},
		{LocalDate, "2024-02-03", "yyyy-DDD", "2024-034"},
		{LocalDateTime, "2024-02-03T00:05:06.078", "h:mm:ss.SSS a, dd.MM.yyyy", "12:05:06.078 AM, 03.02.2024"},
		{LocalDateTime, "2024-02-03T13:05:06", "yyyy-MM-dd'T'HH:mm[:ss]", "2024-02-03T13:05:06"},
		{Zoned, "2024-02-03T13:05:06+02:30", "yyyy-MM-dd HH:mm:ss xx", "2024-02-03 13:05:06 +0230"},
		{Zoned, "2024-07-03T13:05:06+02:00[Europe/Zurich]", "yyyy-MM-dd HH:mm:ss VV", "2024-07-03 13:05:06 Europe/Zurich"},
	} {
		f, err := NewFormatter(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		m := parse(t, c.moment, c.kind)
		if got, err := f.Format(m); err != nil || got != c.want {
			t.Errorf("%s in %s: %q, %v; want %q", c.moment, c.pattern, got, err, c.want)
		}
		if got, err := f.Parse(c.want, c.kind); err != nil || got.String() != m.String() {
			t.Errorf("%q in %s: %v, %v; want %v", c.want, c.pattern, got, err, m)
		}
	}
}

// What is not a date is refused with the place or the field.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		pattern, text, want string
	}{
		{"yyyy-MM-dd", "2024-2-03", "Text '2024-2-03' could not be parsed at index 5"},
		{"yyyy-MM-dd", "2024-02-03x", "Text '2024-02-03x' could not be parsed, unparsed text found at index 10"},
		{"yyyy-MM", "2024-02", "Text '2024-02' could not be parsed: Unable to obtain LocalDate from TemporalAccessor"},
	} {
		f, err := NewFormatter(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := f.Parse(c.text, LocalDate); err == nil || !strings.HasSuffix(err.Error(), ": "+c.want) {
			t.Errorf("%q in %s: %v, %v; want %q", c.text, c.pattern, m, err, c.want)
		}
	}
	for _, pattern := range []string{"yyyy {", "yyyy 'open", "]", "f"} {
		if f, err := NewFormatter(pattern); err == nil {
			t.Errorf("the pattern %q is %v", pattern, f)
		}
	}
}

// Calendar units keep the local time across a change of the clock, units of time are exact.
func TestPlus(t *testing.T) {
	before := parse(t, "2024-03-30T02:30:00+01:00[Europe/Zurich]", Zoned)
	for _, c := range []struct {
		amount Amount
		want   string
	}{
		{Amount{Days: 2}, "2024-04-01T02:30+02:00[Europe/Zurich]"},
		{Amount{Time: 48 * time.Hour}, "2024-04-01T03:30+02:00[Europe/Zurich]"},
		{Amount{Months: -1}, "2024-02-29T02:30+01:00[Europe/Zurich]"},
		{Amount{Months: 11}, "2025-02-28T02:30+01:00[Europe/Zurich]"},
	} {
		if got, err := before.Plus(c.amount); err != nil || got.String() != c.want {
			t.Errorf("plus %v: %v, %v; want %s", c.amount, got, err, c.want)
		}
	}
	if _, err := parse(t, "2024-03-30", LocalDate).Plus(Amount{Time: time.Hour}); err == nil {
		t.Error("an hour was added to a date")
	}
}

func TestBetween(t *testing.T) {
	for _, c := range []struct {
		from, to string
		unit     string
		want     int64
	}{
		{"2024-01-31T00:00", "2024-02-29T00:00", "months", 0},
		{"2024-01-31T00:00", "2024-03-31T00:00", "months", 2},
		{"2024-03-31T00:00", "2024-01-31T12:00", "months", -1},
		{"2020-02-29T00:00", "2024-02-28T00:00", "years", 3},
		{"2024-01-01T12:00", "2024-01-03T11:59", "days", 1},
		{"2024-01-01T12:00", "2024-01-01T10:30", "hours", -1},
		{"2024-01-01T12:00", "2024-01-15T12:00", "weeks", 2},
		{"2024-01-01T12:00", "2024-01-01T12:00:01.5", "millis", 1500},
	} {
		unit, _ := Unit(c.unit)
		if got, err := parse(t, c.from, LocalDateTime).Between(parse(t, c.to, LocalDateTime), unit); err != nil || got != c.want {
			t.Errorf("%s from %s to %s: %d, %v; want %d", c.unit, c.from, c.to, got, err, c.want)
		}
	}
}
