// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"slices"
	"strings"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/temporal"
	"gondola/lisp/value"
)

// timeTable: dates and times (language.md 14.5). The values and their patterns are package temporal.
var timeTable = eval.Table{
	{Name: "time/date", Min: 0, Max: 1, FN: timeDate, Forms: "(time/date)\n(time/date x)", Doc: "A legacy date: now, or of milliseconds since 1970 or another date."},
	{Name: "time/local-date", Min: 0, Max: 3, FN: timeOf(temporal.LocalDate), Forms: "(time/local-date)\n(time/local-date year month day)\n(time/local-date date)", Doc: "A date without a zone: today, of numbers, an ISO text, milliseconds since 1970, or another date."},
	{Name: "time/local-date-time", Min: 0, Max: 7, FN: timeOf(temporal.LocalDateTime), Forms: "(time/local-date-time)\n(time/local-date-time year month day)\n(time/local-date-time year month day hour minute second)\n(time/local-date-time year month day hour minute second millis)\n(time/local-date-time date)", Doc: "A date and time without a zone."},
	{Name: "time/zoned-date-time", Min: 0, Max: 8, FN: timeOf(temporal.Zoned), Forms: "(time/zoned-date-time)\n(time/zoned-date-time zone? date)\n(time/zoned-date-time zone? year month day hour minute second millis)", Doc: "A date and time with a zone, the system's if none is given."},
	{Name: "time/date?", Min: 1, Max: 1, F1: isMoment(temporal.Date), Forms: "(time/date? x)", Doc: "Whether it is a legacy date."},
	{Name: "time/local-date?", Min: 1, Max: 1, F1: isMoment(temporal.LocalDate), Forms: "(time/local-date? x)", Doc: "Whether it is a local date."},
	{Name: "time/local-date-time?", Min: 1, Max: 1, F1: isMoment(temporal.LocalDateTime), Forms: "(time/local-date-time? x)", Doc: "Whether it is a local date-time."},
	{Name: "time/zoned-date-time?", Min: 1, Max: 1, F1: isMoment(temporal.Zoned), Forms: "(time/zoned-date-time? x)", Doc: "Whether it is a zoned date-time."},
	{Name: "time/local-date-parse", Min: 2, Max: 3, FN: timeParse(temporal.LocalDate), Forms: "(time/local-date-parse text format locale?)", Doc: "Reads a local date in a pattern, a formatter or :iso."},
	{Name: "time/local-date-time-parse", Min: 2, Max: 3, FN: timeParse(temporal.LocalDateTime), Forms: "(time/local-date-time-parse text format locale?)", Doc: "Reads a local date-time."},
	{Name: "time/zoned-date-time-parse", Min: 2, Max: 3, FN: timeParse(temporal.Zoned), Forms: "(time/zoned-date-time-parse text format locale?)", Doc: "Reads a zoned date-time."},
	{Name: "time/formatter", Min: 1, Max: 2, FN: timeFormatter, Forms: "(time/formatter pattern)\n(time/formatter pattern locale)", Doc: "A pattern that is read once."},
	{Name: "time/format", Min: 2, Max: 3, FN: timeFormat, Forms: "(time/format date format)\n(time/format date format locale)", Doc: "A date as text in a pattern, a formatter or :iso."},
	{Name: "time/plus", Min: 2, Max: 3, FN: timePlus("time/plus", 1), Forms: "(time/plus date unit n)\n(time/plus date amount)", Doc: "Adds n units: :years :months :weeks :days :hours :minutes :seconds :millis."},
	{Name: "time/minus", Min: 2, Max: 3, FN: timePlus("time/minus", -1), Forms: "(time/minus date unit n)\n(time/minus date amount)", Doc: "Subtracts n units."},
	{Name: "time/period", Min: 3, Max: 3, F3: timePeriod, Forms: "(time/period from to unit)", Doc: "Whole units between two dates of one type."},
	{Name: "time/between", Min: 3, Max: -1, FN: timeBetween, Forms: "(time/between date1 date2 unit)", Doc: "Whole units from the first to the second date."},
	{Name: "time/year", Min: 1, Max: 1, F1: timeField("time/year", func(m temporal.Moment) int { return m.T.Year() }), Forms: "(time/year x)", Doc: "The year."},
	{Name: "time/month", Min: 1, Max: 1, F1: timeField("time/month", func(m temporal.Moment) int { return int(m.T.Month()) }), Forms: "(time/month x)", Doc: "The month, 1 to 12."},
	{Name: "time/day-of-month", Min: 1, Max: 1, F1: timeField("time/day-of-month", func(m temporal.Moment) int { return m.T.Day() }), Forms: "(time/day-of-month x)", Doc: "The day of the month."},
	{Name: "time/day-of-year", Min: 1, Max: 1, F1: timeField("time/day-of-year", func(m temporal.Moment) int { return m.T.YearDay() }), Forms: "(time/day-of-year x)", Doc: "The day of the year."},
	{Name: "time/length-of-month", Min: 1, Max: 1, F1: timeField("time/length-of-month", temporal.Moment.DaysInMonth), Forms: "(time/length-of-month x)", Doc: "How many days the month has."},
	{Name: "time/length-of-year", Min: 1, Max: 1, F1: timeField("time/length-of-year", temporal.Moment.DaysInYear), Forms: "(time/length-of-year x)", Doc: "How many days the year has."},
	{Name: "time/hour", Min: 1, Max: 1, F1: timeField("time/hour", func(m temporal.Moment) int { return m.T.Hour() }), Forms: "(time/hour x)", Doc: "The hour."},
	{Name: "time/minute", Min: 1, Max: 1, F1: timeField("time/minute", func(m temporal.Moment) int { return m.T.Minute() }), Forms: "(time/minute x)", Doc: "The minute."},
	{Name: "time/second", Min: 1, Max: 1, F1: timeField("time/second", func(m temporal.Moment) int { return m.T.Second() }), Forms: "(time/second x)", Doc: "The second."},
	{Name: "time/milli", Min: 1, Max: 1, F1: timeField("time/milli", func(m temporal.Moment) int { return m.T.Nanosecond() / 1e6 }), Forms: "(time/milli x)", Doc: "The millisecond."},
	{Name: "time/day-of-week", Min: 1, Max: 1, F1: timeWeekday, Forms: "(time/day-of-week x)", Doc: "The weekday as a keyword, :MONDAY to :SUNDAY."},
	{Name: "time/first-day-of-month", Min: 1, Max: 1, F1: onDay("time/first-day-of-month", func(temporal.Moment) int { return 1 }), Forms: "(time/first-day-of-month x)", Doc: "The first day of the month."},
	{Name: "time/last-day-of-month", Min: 1, Max: 1, F1: onDay("time/last-day-of-month", temporal.Moment.DaysInMonth), Forms: "(time/last-day-of-month x)", Doc: "The last day of the month."},
	{Name: "time/first-day-of-month?", Min: 1, Max: 1, F1: timeTest("time/first-day-of-month?", func(m temporal.Moment) bool { return m.T.Day() == 1 }), Forms: "(time/first-day-of-month? x)", Doc: "Whether it is the first day of the month."},
	{Name: "time/last-day-of-month?", Min: 1, Max: 1, F1: timeTest("time/last-day-of-month?", func(m temporal.Moment) bool { return m.T.Day() == m.DaysInMonth() }), Forms: "(time/last-day-of-month? x)", Doc: "Whether it is the last day of the month."},
	{Name: "time/leap-year?", Min: 1, Max: 1, F1: leapYear, Forms: "(time/leap-year? date)\n(time/leap-year? year)", Doc: "Whether the year has 366 days."},
	{Name: "time/before?", Min: 2, Max: -1, FN: timeOrder("time/before?", func(c int) bool { return c < 0 }), Forms: "(time/before? date1 date2 & more)", Doc: "Whether each date is before the next."},
	{Name: "time/after?", Min: 2, Max: -1, FN: timeOrder("time/after?", func(c int) bool { return c > 0 }), Forms: "(time/after? date1 date2 & more)", Doc: "Whether each date is after the next."},
	{Name: "time/not-before?", Min: 2, Max: 2, FN: timeOrder("time/not-before?", func(c int) bool { return c >= 0 }), Forms: "(time/not-before? date1 date2)", Doc: "Whether the first date is not before the second."},
	{Name: "time/not-after?", Min: 2, Max: 2, FN: timeOrder("time/not-after?", func(c int) bool { return c <= 0 }), Forms: "(time/not-after? date1 date2)", Doc: "Whether the first date is not after the second."},
	{Name: "time/within?", Min: 3, Max: 3, F3: timeWithin, Forms: "(time/within? date start end)", Doc: "Whether a date is in a range, ends included; nil is no limit."},
	{Name: "time/earliest", Min: 1, Max: 1, F1: timeExtreme("time/before?", func(c int) bool { return c < 0 }), Forms: "(time/earliest coll)", Doc: "The first of some dates."},
	{Name: "time/latest", Min: 1, Max: 1, F1: timeExtreme("time/after?", func(c int) bool { return c > 0 }), Forms: "(time/latest coll)", Doc: "The last of some dates."},
	{Name: "time/with-time", Min: 4, Max: 5, FN: timeWithTime, Forms: "(time/with-time date hour minute second)\n(time/with-time date hour minute second millis)", Doc: "The date with another time of day."},
	{Name: "time/zone", Min: 1, Max: 1, F1: timeZone, Forms: "(time/zone date)", Doc: "The zone id of a zoned date-time."},
	{Name: "time/zone-offset", Min: 1, Max: 1, F1: timeZoneOffset, Forms: "(time/zone-offset date)", Doc: "The offset of a zoned date-time in minutes."},
	{Name: "time/to-millis", Min: 1, Max: 1, F1: timeToMillis, Forms: "(time/to-millis date)", Doc: "Milliseconds since 1970; a date without a zone is in the system's."},
	{Name: "time/unix-timestamp", Min: 0, Max: 7, FN: timeUnix, Forms: "(time/unix-timestamp)\n(time/unix-timestamp date)\n(time/unix-timestamp year month day hour minute second millis)", Doc: "Seconds since 1970."},
	{Name: "time/unix-timestamp-to-local-date-time", Min: 1, Max: 1, F1: timeOfUnix, Forms: "(time/unix-timestamp-to-local-date-time seconds)", Doc: "The local date-time of seconds since 1970."},
}

func noMoment(fn string, v value.Value) error {
	return value.Errorf("Function '%s' does not allow %s as parameter", fn, v.Type())
}

func isMoment(kind temporal.Kind) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		m, ok := temporal.Of(v)
		return value.Bool(ok && m.Kind == kind), nil
	}
}

// theMoment coerces an argument.
func theMoment(fn string, v value.Value) (temporal.Moment, error) {
	m, ok := temporal.Of(v)
	if !ok {
		return m, noMoment(fn, v)
	}
	return m, nil
}

func timeDate(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return temporal.Moment{Kind: temporal.Date, T: time.Now().Truncate(time.Millisecond)}.Val(), nil
	}
	if n, ok := a[0].Long(); ok {
		return temporal.Moment{Kind: temporal.Date, T: time.UnixMilli(n)}.Val(), nil
	}
	m, err := theMoment("time/date", a[0])
	return m.To(temporal.Date, temporal.DefaultZone()).Val(), err
}

// timeOf is the constructor of a kind.
func timeOf(kind temporal.Kind) func(*eval.Thread, []value.Value) (value.Value, error) {
	name := [...]string{"time/local-date", "time/local-date-time", "time/zoned-date-time"}[kind]
	counts := [...][]int{{0, 1, 3}, {0, 1, 3, 6, 7}, {0, 1, 3, 6, 7}}[kind]
	return func(th *eval.Thread, a []value.Value) (value.Value, error) {
		total := len(a)
		zone, given := temporal.DefaultZone(), false
		if kind == temporal.Zoned && len(a) > 0 {
			id, ok := value.StringOrKeyword(a[0])
			if ok && id != "" && !('0' <= id[0] && id[0] <= '9') {
				var err error
				if zone, err = temporal.ParseZone(id); err != nil {
					return value.Nil, err
				}
				given, a = true, a[1:]
			}
		}
		if !slices.Contains(counts, len(a)) {
			return value.Nil, th.Runtime().Row(name).ArityError(total)
		}
		switch len(a) {
		case 0:
			return temporal.Moment{Kind: temporal.Zoned, T: time.Now().In(zone)}.To(kind, zone).Val(), nil
		case 1:
			return timeFrom(name, kind, a[0], zone, given)
		}
		m, err := timeOfFields(kind, a, zone)
		return m.Val(), err
	}
}

func timeFrom(name string, kind temporal.Kind, v value.Value, zone *time.Location, given bool) (value.Value, error) {
	if m, ok := temporal.Of(v); ok {
		return m.To(kind, zone).Val(), nil
	}
	if n, ok := v.Long(); ok {
		return temporal.Moment{Kind: temporal.Zoned, T: time.UnixMilli(n).In(zone)}.To(kind, zone).Val(), nil
	}
	if text, ok := v.Str(); ok {
		if !given {
			zone = nil
		}
		m, err := temporal.ParseISO(text, kind, zone)
		return m.Val(), err
	}
	return value.Nil, noMoment(name, v)
}

func timeOfFields(kind temporal.Kind, a []value.Value, zone *time.Location) (temporal.Moment, error) {
	var f [7]int64
	for i, v := range a {
		n, err := asLong(v)
		if err != nil {
			return temporal.Moment{}, err
		}
		f[i] = n
	}
	if kind != temporal.Zoned {
		zone = time.UTC
	}
	return temporal.Build(kind, f[0], f[1], f[2], f[3], f[4], f[5], f[6]*1e6, zone)
}

// checkLocale accepts the locales whose names the patterns write: all for patterns of numbers, else English.
func checkLocale(v value.Value, f *temporal.Formatter) error {
	name, ok := value.StringOrKeyword(v)
	if !ok {
		return value.Errorf("The type %s does not define a Locale.", v.Type())
	}
	if !strings.HasPrefix(strings.ToLower(name), "en") && f.HasNames() {
		return value.Errorf("The locale %s is not available on this host: names of months and weekdays are English, use :en", name)
	}
	return nil
}

func toFormatter(kind temporal.Kind, v value.Value) (*temporal.Formatter, error) {
	if k, ok := v.Ref().(*value.Keyword); ok {
		if strings.EqualFold(k.Name, "iso") {
			return temporal.ISO(kind), nil
		}
		return temporal.Predefined(k.Name)
	}
	if s, ok := v.Str(); ok {
		return temporal.NewFormatter(s)
	}
	if f, ok := value.HostOf[*temporal.Formatter](v); ok {
		return f, nil
	}
	return nil, value.Errorf("Function 'time/format' does not allow %s as format parameter.", v.Type())
}

// formatterOf is the formatter of a format and perhaps a locale.
func formatterOf(kind temporal.Kind, a []value.Value) (*temporal.Formatter, error) {
	f, err := toFormatter(kind, a[0])
	if err == nil && len(a) == 2 {
		err = checkLocale(a[1], f)
	}
	return f, err
}

func timeParse(kind temporal.Kind) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		text, ok := a[0].Str()
		if !ok {
			return value.Nil, value.CoerceError(a[0], "string")
		}
		f, err := formatterOf(kind, a[1:])
		if err != nil {
			return value.Nil, err
		}
		m, err := f.Parse(text, kind)
		return m.Val(), err
	}
}

var typeFormatter = &value.Type{Name: "java.time.format.DateTimeFormatter"}

func timeFormatter(_ *eval.Thread, a []value.Value) (value.Value, error) {
	f, err := formatterOf(temporal.Zoned, a)
	if err != nil {
		return value.Nil, err
	}
	return value.NewHost(typeFormatter, f).Val(), nil
}

func timeFormat(_ *eval.Thread, a []value.Value) (value.Value, error) {
	m, ok := temporal.Of(a[0])
	if !ok {
		return value.Nil, value.Errorf("Function 'time/format' does not allow %s as date parameter", a[0].Type())
	}
	f, err := formatterOf(m.Kind, a[1:])
	if err != nil {
		return value.Nil, err
	}
	if m.Kind == temporal.Date {
		m = m.To(temporal.Zoned, temporal.DefaultZone())
	}
	text, err := f.Format(m)
	return value.String(text), err
}

func timePlus(name string, sign int64) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		m, ok := temporal.Of(a[0])
		if !ok || m.Kind == temporal.Date {
			return value.Nil, noMoment(name, a[0])
		}
		if len(a) == 2 {
			amount, ok := value.HostOf[temporal.Amount](a[1])
			if !ok {
				return value.Nil, noMoment(name, a[1])
			}
			sum, err := m.Plus(amount.Times(sign))
			return sum.Val(), err
		}
		unit, err := timeUnit(name, a[1])
		if err != nil {
			return value.Nil, err
		}
		n, err := asLong(a[2])
		if err != nil {
			return value.Nil, err
		}
		sum, err := m.Plus(unit.Times(sign * n))
		return sum.Val(), err
	}
}

func timeUnit(name string, v value.Value) (temporal.Amount, error) {
	k, ok := v.Ref().(*value.Keyword)
	if !ok {
		return temporal.Amount{}, value.CoerceError(v, "keyword")
	}
	unit, ok := temporal.Unit(k.Name)
	if !ok {
		return unit, value.Errorf("Function '%s' invalid time unit %s", name, k.Name)
	}
	return unit, nil
}

func timePeriod(_ *eval.Thread, from, to, unit value.Value) (value.Value, error) {
	amount, err := timeUnit("time/period", unit)
	if err != nil {
		return value.Nil, err
	}
	a, ok := temporal.Of(from)
	b, ok2 := temporal.Of(to)
	if !ok || !ok2 || a.Kind != b.Kind || a.Kind == temporal.Date {
		return value.Nil, value.Errorf("Function 'time/period' does not allow %s %s as from / to parameter", from.Type(), to.Type())
	}
	n, err := a.Between(b, amount)
	return value.Long(n), err
}

func timeBetween(_ *eval.Thread, args []value.Value) (value.Value, error) {
	k, ok := args[2].Ref().(*value.Keyword)
	if !ok {
		return value.Nil, value.CoerceError(args[2], "keyword")
	}
	var moments [2]temporal.Moment
	for i := range moments {
		if moments[i], ok = temporal.Of(args[i]); !ok || moments[i].Kind == temporal.Date {
			return value.Nil, value.Errorf("Function 'time/between' invalid date%d parameter %s. Must be a date/time", i+1, args[i].Type())
		}
	}
	unit, ok := temporal.Unit(k.Name)
	if !ok || !strings.HasSuffix(k.Name, "s") {
		return value.Nil, value.Errorf("Function 'time/between' invalid unit parameter ':%s'. Use one of :millis, :seconds, :minutes, :hours, :days, :weeks, :months, :years", k.Name)
	}
	n, err := moments[0].Between(moments[1], unit)
	return value.Long(n), err
}

// timeField is a number of a date or time. A legacy date is in the system's zone.
func timeField(name string, of func(temporal.Moment) int) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		m, err := inZone(name, v)
		if err != nil {
			return value.Nil, err
		}
		return value.Long(int64(of(m))), nil
	}
}

func inZone(name string, v value.Value) (temporal.Moment, error) {
	m, err := theMoment(name, v)
	if err == nil && m.Kind == temporal.Date {
		m = m.To(temporal.Zoned, temporal.DefaultZone())
	}
	return m, err
}

func timeTest(name string, test func(temporal.Moment) bool) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		m, err := inZone(name, v)
		if err != nil {
			return value.Nil, err
		}
		return value.Bool(test(m)), nil
	}
}

func leapYear(th *eval.Thread, v value.Value) (value.Value, error) {
	if year, ok := v.Long(); ok {
		return value.Bool(year%4 == 0 && (year%100 != 0 || year%400 == 0)), nil
	}
	return timeTest("time/leap-year?", func(m temporal.Moment) bool { return m.DaysInYear() == 366 })(th, v)
}

func timeWeekday(_ *eval.Thread, v value.Value) (value.Value, error) {
	m, err := inZone("time/day-of-week", v)
	if err != nil {
		return value.Nil, err
	}
	return value.NewKeyword(strings.ToUpper(m.T.Weekday().String())).Val(), nil
}

func onDay(name string, day func(temporal.Moment) int) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		m, err := theMoment(name, v)
		if err != nil {
			return value.Nil, err
		}
		return m.OnDay(day(m)).To(temporal.LocalDate, temporal.DefaultZone()).Val(), nil
	}
}

// compareMoments compares two dates of one kind.
func compareMoments(name string, a, b value.Value) (int, error) {
	x, ok := temporal.Of(a)
	y, ok2 := temporal.Of(b)
	if !ok || !ok2 || x.Kind != y.Kind {
		return 0, value.Errorf("Function '%s' does not allow %s, %s as date parameter", name, a.Type(), b.Type())
	}
	return x.T.Compare(y.T), nil
}

func timeOrder(name string, holds func(int) bool) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		for i := range len(a) - 1 {
			c, err := compareMoments(name, a[i], a[i+1])
			if err != nil || !holds(c) {
				return value.False, err
			}
		}
		return value.True, nil
	}
}

func timeWithin(_ *eval.Thread, date, start, end value.Value) (value.Value, error) {
	if !start.IsNil() {
		if c, err := compareMoments("time/not-before?", date, start); err != nil || c < 0 {
			return value.False, err
		}
	}
	if !end.IsNil() {
		if c, err := compareMoments("time/not-after?", date, end); err != nil || c > 0 {
			return value.False, err
		}
	}
	return value.True, nil
}

func timeExtreme(name string, better func(int) bool) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, coll value.Value) (value.Value, error) {
		seq, ok := coll.Ref().(value.Sequence)
		if !ok {
			return value.Nil, value.CoerceError(coll, "sequence")
		}
		best, first := value.Nil, true
		for v := range seq.All() {
			if first {
				best, first = v, false
				continue
			}
			c, err := compareMoments(name, v, best)
			if err != nil {
				return value.Nil, err
			}
			if better(c) {
				best = v
			}
		}
		return best, nil
	}
}

func timeWithTime(_ *eval.Thread, a []value.Value) (value.Value, error) {
	m, ok := temporal.Of(a[0])
	if !ok || m.Kind == temporal.Date {
		return value.Nil, value.Errorf("Function 'time/with-time' does not allow %s as parameters", a[0].Type())
	}
	var f [4]int64
	for i, v := range a[1:] {
		n, err := asLong(v)
		if err != nil {
			return value.Nil, err
		}
		f[i] = n
	}
	m, err := m.With(f[0], f[1], f[2], f[3]*1e6)
	return m.Val(), err
}

func theZoned(name string, v value.Value) (temporal.Moment, error) {
	m, ok := temporal.Of(v)
	if !ok || m.Kind != temporal.Zoned {
		return m, noMoment(name, v)
	}
	return m, nil
}

func timeZone(_ *eval.Thread, v value.Value) (value.Value, error) {
	m, err := theZoned("time/zone", v)
	if err != nil {
		return value.Nil, err
	}
	return value.String(m.T.Location().String()), nil
}

func timeZoneOffset(_ *eval.Thread, v value.Value) (value.Value, error) {
	m, err := theZoned("time/zone-offset", v)
	if err != nil {
		return value.Nil, err
	}
	_, seconds := m.T.Zone()
	return value.Long(int64(seconds / 60)), nil
}

func timeToMillis(_ *eval.Thread, v value.Value) (value.Value, error) {
	m, err := theMoment("time/to-millis", v)
	if err != nil {
		return value.Nil, err
	}
	return value.Long(m.To(temporal.Date, temporal.DefaultZone()).T.UnixMilli()), nil
}

func timeUnix(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch len(a) {
	case 0:
		return value.Long(temporal.Moment{Kind: temporal.Zoned, T: time.Now()}.To(temporal.LocalDateTime, temporal.DefaultZone()).T.Unix()), nil
	case 1:
		if _, ok := a[0].Long(); ok {
			return a[0], nil
		}
		if s, ok := a[0].Str(); ok {
			m, err := temporal.ParseISO(s, temporal.LocalDateTime, nil)
			return m.Val(), err // a date-time, as in the reference
		}
		m, err := theMoment("time/unix-timestamp", a[0])
		if err != nil {
			return value.Nil, err
		}
		return value.Long(m.To(temporal.LocalDateTime, temporal.DefaultZone()).T.Unix()), nil
	case 3, 6, 7:
		m, err := timeOfFields(temporal.LocalDateTime, a, time.UTC)
		return value.Long(m.T.Unix()), err
	}
	return value.Nil, th.Runtime().Row("time/unix-timestamp").ArityError(len(a))
}

func timeOfUnix(_ *eval.Thread, v value.Value) (value.Value, error) {
	n, err := asLong(v)
	if err != nil {
		return value.Nil, err
	}
	return temporal.Moment{Kind: temporal.LocalDateTime, T: time.Unix(n, 0).UTC()}.Val(), nil
}
