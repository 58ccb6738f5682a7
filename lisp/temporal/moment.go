// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package temporal holds the dates and times of scripts: local dates, local date-times, zoned date-times and legacy dates
// with the arithmetic, texts and patterns of java.time.
package temporal

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a static binary knows the zones without files of the system

	"gondola/lisp/value"
)

// Kind is which of the four types a moment has.
type Kind int

const (
	LocalDate Kind = iota
	LocalDateTime
	Zoned
	Date // the legacy type: an instant in milliseconds
)

var types = [...]*value.Type{
	{Name: "java.time.LocalDate"}, {Name: "java.time.LocalDateTime"}, {Name: "java.time.ZonedDateTime"}, {Name: "java.util.Date"},
}

// Moment is a date or time. T is in UTC for the local kinds.
type Moment struct {
	Kind Kind
	T    time.Time
}

// Val wraps a moment for scripts.
func (m Moment) Val() value.Value { return value.NewHost(types[m.Kind], m).Val() }

// Type is a moment's type as scripts see it.
func (m Moment) Type() *value.Type { return types[m.Kind] }

// Of returns the moment that a value is.
func Of(v value.Value) (Moment, bool) { return value.HostOf[Moment](v) }

// DefaultZone is the zone of the process under its own name, found out when it is first asked for.
var DefaultZone = sync.OnceValue(func() *time.Location {
	name := os.Getenv("TZ")
	if name == "" {
		if link, err := os.Readlink("/etc/localtime"); err == nil {
			_, name, _ = strings.Cut(link, "zoneinfo/")
		}
	}
	if zone, err := ParseZone(name); err == nil {
		return zone
	}
	return time.UTC
})

// ParseZone reads a zone id: a region, or an offset such as Z, +01:00 and -0530.
func ParseZone(id string) (*time.Location, error) {
	if zone, rest, ok := parseOffset(id); ok && rest == "" {
		return zone, nil
	}
	if id != "" && id != "Local" && !strings.Contains(id, "..") {
		if zone, err := time.LoadLocation(id); err == nil {
			return zone, nil
		}
	}
	return nil, value.Throwf(value.DateTimeException, "Invalid ID for region-based ZoneId, invalid format: %s", id)
}

// parseOffset reads an offset at the start of a text.
func parseOffset(s string) (*time.Location, string, bool) {
	if rest, ok := strings.CutPrefix(s, "Z"); ok {
		return time.FixedZone("Z", 0), rest, true
	}
	if s == "" || s[0] != '+' && s[0] != '-' {
		return nil, s, false
	}
	rest, total, unit := s[1:], 0, 3600
	for i := 0; i < 3; i++ {
		part := rest
		if i > 0 {
			part = strings.TrimPrefix(part, ":")
		}
		n, digits := leadingNumber(part, 2)
		if digits < 2 {
			if i == 0 {
				return nil, s, false
			}
			break
		}
		total += n * unit
		unit /= 60
		rest = part[2:]
	}
	if total > 18*3600 {
		return nil, s, false
	}
	if s[0] == '-' {
		total = -total
	}
	return time.FixedZone(offsetID(total), total), rest, true
}

func leadingNumber(s string, most int) (n, digits int) {
	for digits < len(s) && digits < most && s[digits] >= '0' && s[digits] <= '9' {
		n = n*10 + int(s[digits]-'0')
		digits++
	}
	return n, digits
}

func offsetID(seconds int) string {
	if seconds == 0 {
		return "Z"
	}
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := fmt.Sprintf("%s%02d:%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf(":%02d", seconds%60)
	}
	return text
}

// isRegion says whether a zone has a name of its own and is no mere offset.
func isRegion(zone *time.Location) bool {
	id := zone.String()
	return id != "Z" && id[0] != '+' && id[0] != '-'
}

// Build makes a moment from fields, with the checks and texts of java.time.
func Build(kind Kind, year, month, day, hour, minute, second, nano int64, zone *time.Location) (Moment, error) {
	for _, f := range []struct {
		name      string
		v, lo, hi int64
	}{
		{"Year", year, -999_999_999, 999_999_999}, {"MonthOfYear", month, 1, 12}, {"DayOfMonth", day, 1, 31}, {"HourOfDay", hour, 0, 23},
		{"MinuteOfHour", minute, 0, 59}, {"SecondOfMinute", second, 0, 59}, {"NanoOfSecond", nano, 0, 999_999_999},
	} {
		if f.v < f.lo || f.v > f.hi {
			hi := fmt.Sprint(f.hi)
			if f.name == "DayOfMonth" {
				hi = "28/31"
			}
			return Moment{}, value.Throwf(value.DateTimeException, "Invalid value for %s (valid values %d - %s): %d", f.name, f.lo, hi, f.v)
		}
	}
	if day > int64(daysIn(int(year), time.Month(month))) {
		if month == 2 && day == 29 {
			return Moment{}, value.Throwf(value.DateTimeException, "Invalid date 'February 29' as '%d' is not a leap year", year)
		}
		return Moment{}, value.Throwf(value.DateTimeException, "Invalid date '%s %d'", strings.ToUpper(time.Month(month).String()), day)
	}
	return Moment{kind, time.Date(int(year), time.Month(month), int(day), int(hour), int(minute), int(second), int(nano), zone)}, nil
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// DaysInMonth and DaysInYear are the lengths around a moment.
func (m Moment) DaysInMonth() int { return daysIn(m.T.Year(), m.T.Month()) }
func (m Moment) DaysInYear() int {
	return time.Date(m.T.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
}

// wall is the moment's local date and time as an instant of UTC.
func (m Moment) wall() time.Time {
	t := m.T
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// To converts a moment; zone is for those that have none.
func (m Moment) To(kind Kind, zone *time.Location) Moment {
	t := m.T
	if m.Kind == Date {
		t = t.In(zone)
	}
	switch kind {
	case LocalDate:
		return Moment{kind, time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)}
	case LocalDateTime:
		return Moment{kind, Moment{T: t}.wall()}
	}
	if m.Kind == LocalDate || m.Kind == LocalDateTime {
		t = time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
	}
	if kind == Date {
		return Moment{kind, t.Truncate(time.Millisecond)}
	}
	return Moment{kind, t.In(zone)}
}

// With replaces the time of day. A local date becomes a local date-time.
func (m Moment) With(hour, minute, second, nano int64) (Moment, error) {
	kind := m.Kind
	if kind == LocalDate {
		kind = LocalDateTime
	}
	return Build(kind, int64(m.T.Year()), int64(m.T.Month()), int64(m.T.Day()), hour, minute, second, nano, m.T.Location())
}

// OnDay replaces the day of the month.
func (m Moment) OnDay(day int) Moment {
	t := m.T
	return Moment{m.Kind, time.Date(t.Year(), t.Month(), day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())}
}

// Amount is what can be added to a moment: months and days of the calendar, then a duration.
type Amount struct {
	Months, Days int64
	Time         time.Duration
}

// String is the ISO form.
func (a Amount) String() string {
	if a.Time != 0 || a.Months == 0 && a.Days == 0 {
		d := a.Time
		if d == 0 {
			return "PT0S"
		}
		text := "PT"
		if h := d / time.Hour; h != 0 {
			text += fmt.Sprintf("%dH", h)
		}
		if m := d % time.Hour / time.Minute; m != 0 {
			text += fmt.Sprintf("%dM", m)
		}
		if s := d % time.Minute; s != 0 {
			text += strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.9f", s.Seconds()), "0"), ".") + "S"
		}
		return text
	}
	text := "P"
	if y := a.Months / 12; y != 0 {
		text += fmt.Sprintf("%dY", y)
	}
	if m := a.Months % 12; m != 0 {
		text += fmt.Sprintf("%dM", m)
	}
	if a.Days != 0 {
		text += fmt.Sprintf("%dD", a.Days)
	}
	return text
}

// Unit is a unit of time by its name, singular or plural: the amount that one of it is.
func Unit(name string) (Amount, bool) {
	a, ok := units[strings.TrimSuffix(name, "s")]
	return a, ok
}

var units = map[string]Amount{
	"year": {Months: 12}, "month": {Months: 1}, "week": {Days: 7}, "day": {Days: 1}, "hour": {Time: time.Hour},
	"minute": {Time: time.Minute}, "second": {Time: time.Second}, "milli": {Time: time.Millisecond},
}

// Times multiplies an amount.
func (a Amount) Times(n int64) Amount {
	return Amount{a.Months * n, a.Days * n, a.Time * time.Duration(n)}
}

// Plus adds an amount: calendar units keep the local time and end on the last day of a shorter month, units of time are
// exact.
func (m Moment) Plus(a Amount) (Moment, error) {
	t := m.T
	if a.Time != 0 && m.Kind == LocalDate {
		return m, value.Throwf(value.UnsupportedTemporal, "Unsupported unit: %s", unitName(a.Time))
	}
	if a.Months != 0 {
		months := int64(t.Year())*12 + int64(t.Month()) - 1 + a.Months
		year, month := int(floorDiv(months, 12)), time.Month(months-floorDiv(months, 12)*12+1)
		t = time.Date(year, month, min(t.Day(), daysIn(year, month)), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	}
	return Moment{m.Kind, t.AddDate(0, 0, int(a.Days)).Add(a.Time)}, nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func unitName(d time.Duration) string {
	for _, u := range []struct {
		d    time.Duration
		name string
	}{{time.Hour, "Hours"}, {time.Minute, "Minutes"}, {time.Second, "Seconds"}} {
		if d%u.d == 0 {
			return u.name
		}
	}
	return "Millis"
}

// wholeSeconds are those from a to b, towards zero.
func wholeSeconds(a, b time.Time) int64 {
	seconds := b.Unix() - a.Unix()
	switch {
	case seconds > 0 && b.Nanosecond() < a.Nanosecond():
		seconds--
	case seconds < 0 && b.Nanosecond() > a.Nanosecond():
		seconds++
	}
	return seconds
}

// Between counts the whole units from m to other.
func (m Moment) Between(other Moment, unit Amount) (int64, error) {
	if unit.Time != 0 {
		if m.Kind == LocalDate || other.Kind == LocalDate {
			return 0, value.Throwf(value.UnsupportedTemporal, "Unsupported unit: %s", unitName(unit.Time))
		}
		a, b := m.T, other.T
		per := int64(time.Second / unit.Time)
		if per == 0 { // more than a second
			return wholeSeconds(a, b) / int64(unit.Time/time.Second), nil
		}
		return (b.Unix()-a.Unix())*per + (int64(b.Nanosecond())-int64(a.Nanosecond()))/int64(unit.Time), nil
	}
	a, b := m.wall(), other.T
	if m.Kind == Zoned {
		b = b.In(m.T.Location())
	}
	b = Moment{T: b}.wall()
	if m.Kind == LocalDate {
		b = b.Truncate(24 * time.Hour)
	}
	if unit.Months != 0 {
		months := int64(b.Year()*12+int(b.Month())) - int64(a.Year()*12+int(a.Month()))
		rest := cmp.Compare(b.Day(), a.Day())
		if rest == 0 {
			rest = cmp.Compare(b.Sub(b.Truncate(24*time.Hour)), a.Sub(a.Truncate(24*time.Hour)))
		}
		if months > 0 && rest < 0 {
			months--
		} else if months < 0 && rest > 0 {
			months++
		}
		return months / unit.Months, nil
	}
	return wholeSeconds(a, b) / (86400 * unit.Days), nil
}

// String is the ISO form, as Java's toString.
func (m Moment) String() string {
	switch m.Kind {
	case LocalDate:
		return dateText(m.T)
	case Date:
		t := m.T.In(DefaultZone())
		return t.Format("Mon Jan 02 15:04:05 MST 2006")
	}
	t := m.T
	text := dateText(t) + t.Format("T15:04")
	if t.Second() != 0 || t.Nanosecond() != 0 {
		text += t.Format(":05")
		switch n := t.Nanosecond(); {
		case n == 0:
		case n%1_000_000 == 0:
			text += fmt.Sprintf(".%03d", n/1_000_000)
		case n%1000 == 0:
			text += fmt.Sprintf(".%06d", n/1000)
		default:
			text += fmt.Sprintf(".%09d", n)
		}
	}
	if m.Kind == Zoned {
		text += zoneText(t)
	}
	return text
}

func dateText(t time.Time) string {
	switch y := t.Year(); {
	case y > 9999:
		return fmt.Sprintf("+%d", y) + t.Format("-01-02")
	case y < 0:
		return fmt.Sprintf("-%04d", -y) + t.Format("-01-02")
	default:
		return fmt.Sprintf("%04d", y) + t.Format("-01-02")
	}
}

func zoneText(t time.Time) string {
	_, offset := t.Zone()
	text := offsetID(offset)
	if isRegion(t.Location()) {
		text += "[" + t.Location().String() + "]"
	}
	return text
}

// JSONText is how json/write-str writes a moment.
func (m Moment) JSONText() string {
	if m.Kind == LocalDate {
		return m.String()
	}
	return Moment{m.Kind, m.T}.iso()
}

// RelateEqual, RelateHash and RelateCompare are value.Relatable and value.Ordered.
func (m Moment) RelateEqual(other value.Value, _ bool) bool {
	o, ok := Of(other)
	if !ok || o.Kind != m.Kind || !m.T.Equal(o.T) {
		return false
	}
	return m.Kind != Zoned || m.T.Location().String() == o.T.Location().String()
}

func (m Moment) RelateHash() uint32 {
	s, n := uint64(m.T.Unix()), uint32(m.T.Nanosecond())
	return uint32(s) ^ uint32(s>>32) ^ n
}

// RelateCompare orders moments of a kind; local dates by the difference of the first field that differs, as the reference.
func (m Moment) RelateCompare(other value.Value) (int, bool) {
	o, ok := Of(other)
	if !ok || o.Kind != m.Kind {
		return 0, false
	}
	if m.Kind == LocalDate || m.Kind == LocalDateTime {
		for _, d := range []int{m.T.Year() - o.T.Year(), int(m.T.Month() - o.T.Month()), m.T.Day() - o.T.Day()} {
			if d != 0 {
				return d, true
			}
		}
	}
	return m.T.Compare(o.T), true
}

// BeanProperty is keyword access: (:year d) (language.md 21).
func (m Moment) BeanProperty(name string) (value.Value, bool) {
	t := m.T
	number := func(n int) (value.Value, bool) { return value.Int(int32(n)), true }
	switch name {
	case "class":
		return value.NewKeyword(m.Type().Name).Val(), true
	case "time":
		if m.Kind == Date {
			return value.Long(t.UnixMilli()), true
		}
	}
	if m.Kind == Date {
		return value.Nil, false
	}
	switch name {
	case "year":
		return number(t.Year())
	case "month":
		return value.String(strings.ToUpper(t.Month().String())), true
	case "monthValue":
		return number(int(t.Month()))
	case "dayOfMonth":
		return number(t.Day())
	case "dayOfYear":
		return number(t.YearDay())
	case "dayOfWeek":
		return value.String(strings.ToUpper(t.Weekday().String())), true
	case "leapYear":
		if m.Kind == LocalDate {
			return value.Bool(m.DaysInYear() == 366), true
		}
	}
	if m.Kind == LocalDate {
		return value.Nil, false
	}
	switch name {
	case "hour":
		return number(t.Hour())
	case "minute":
		return number(t.Minute())
	case "second":
		return number(t.Second())
	case "nano":
		return number(t.Nanosecond())
	}
	return value.Nil, false
}
