// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package temporal

import (
	"fmt"
	"strings"
	"time"

	"gondola/lisp/value"
)

// Formatter is a pattern of letters as java.time's, ready for use. English names only.
type Formatter struct {
	name  string
	items []item
}

// item is a run of one letter, or literal text.
type item struct {
	letter byte // 0: text; '[' and ']': an optional part
	n      int
	text   string
}

// predefined are the formatters that scripts name by keyword, as patterns; ~ is a fraction of a second that is left out if
// it is zero.
var predefined = map[string]string{
	"ISO_LOCAL_DATE": "uuuu-MM-dd", "ISO_LOCAL_TIME": "HH:mm:ss~", "ISO_LOCAL_DATE_TIME": "uuuu-MM-dd'T'HH:mm:ss~",
	"ISO_OFFSET_DATE_TIME": "uuuu-MM-dd'T'HH:mm:ss~XXX", "ISO_ZONED_DATE_TIME": "uuuu-MM-dd'T'HH:mm:ss~XXX['['VV']']",
	"ISO_DATE_TIME": "uuuu-MM-dd'T'HH:mm:ss~[XXX['['VV']']]", "ISO_OFFSET_DATE": "uuuu-MM-ddXXX", "ISO_DATE": "uuuu-MM-dd[XXX]",
	"ISO_ORDINAL_DATE": "uuuu-DDD", "BASIC_ISO_DATE": "uuuuMMdd", "RFC_1123_DATE_TIME": "E, d MMM uuuu HH:mm:ss xx",
	"ISO_INSTANT": "uuuu-MM-dd'T'HH:mm:ss~X",
}

// Predefined finds a formatter by its name; isoFor is the one of a kind.
func Predefined(name string) (*Formatter, error) {
	p, ok := predefined[name]
	if !ok {
		return nil, value.Errorf("'%s' is not a predefined DateTimeFormatter.", name)
	}
	return NewFormatter(p)
}

var isoFor = [...]string{"ISO_LOCAL_DATE", "ISO_LOCAL_DATE_TIME", "ISO_OFFSET_DATE_TIME", "ISO_OFFSET_DATE_TIME"}

// ISO is the formatter that :iso means for a kind.
func ISO(kind Kind) *Formatter {
	f, _ := Predefined(isoFor[kind]) // they are all well formed
	return f
}

func (m Moment) iso() string {
	text, err := ISO(m.Kind).Format(m.To(m.Kind, DefaultZone()))
	if err != nil {
		return m.String()
	}
	return text
}

// NewFormatter reads a pattern.
func NewFormatter(pattern string) (*Formatter, error) {
	f := &Formatter{name: pattern}
	bad := func(text string, args ...any) (*Formatter, error) {
		return nil, value.Throwf(value.IllegalArgument, text, args...)
	}
	depth := 0
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			var text strings.Builder
			j := i + 1
			for ; ; j++ {
				if j >= len(pattern) {
					return bad("Pattern ends with an incomplete string literal: %s", pattern)
				}
				if pattern[j] != '\'' {
					text.WriteByte(pattern[j])
				} else if j+1 < len(pattern) && pattern[j+1] == '\'' {
					text.WriteByte('\'')
					j++
				} else {
					break
				}
			}
			if j == i+1 {
				text.WriteByte('\'')
			}
			f.items = append(f.items, item{text: text.String()})
			i = j + 1
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '~':
			j := i
			for j < len(pattern) && pattern[j] == c {
				j++
			}
			if !strings.ContainsRune("yuMLdDEeaHhKkmsSnAVzXxZOG~", rune(c)) {
				return bad("Unknown pattern letter: %c", c)
			}
			f.items = append(f.items, item{letter: c, n: j - i})
			i = j
		case c == '[' || c == ']':
			if c == '[' {
				depth++
			} else if depth--; depth < 0 {
				return bad("Pattern invalid as it contains ] without previous [")
			}
			f.items = append(f.items, item{letter: c})
			i++
		case c == '{' || c == '}' || c == '#':
			return bad("Pattern includes reserved character: '%c'", c)
		default:
			j := i + 1
			for j < len(pattern) && pattern[j] >= 0x80 {
				j++
			}
			f.items = append(f.items, item{text: pattern[i:j]})
			i = j
		}
	}
	return f, nil
}

// String is the pattern.
func (f *Formatter) String() string { return f.name }

// Format writes a moment. A field that its kind does not have is an error, in an optional part it is left out.
func (f *Formatter) Format(m Moment) (string, error) {
	var b strings.Builder
	var marks []int // where the optional parts begin
	skip := 0       // optional parts that have failed
	for _, it := range f.items {
		switch {
		case it.letter == '[':
			if skip > 0 {
				skip++
			}
			marks = append(marks, b.Len())
		case it.letter == ']':
			marks = marks[:len(marks)-1]
			skip = max(0, skip-1)
		case skip > 0:
		default:
			text, missing := it.format(m)
			if missing == "" {
				b.WriteString(text)
				continue
			}
			if len(marks) == 0 {
				return "", value.Throwf(value.UnsupportedTemporal, "Unsupported field: %s", missing)
			}
			kept := b.String()[:marks[len(marks)-1]]
			b.Reset()
			b.WriteString(kept)
			skip = 1
		}
	}
	return b.String(), nil
}

// timeFields are the letters that a date alone cannot fill, under the names that errors give them.
var timeFields = map[byte]string{
	'H': "HourOfDay", 'h': "ClockHourOfAmPm", 'K': "HourOfAmPm", 'k': "ClockHourOfDay", 'm': "MinuteOfHour", 's': "SecondOfMinute",
	'a': "AmPmOfDay", 'A': "MilliOfDay", 'S': "NanoOfSecond", 'n': "NanoOfSecond", '~': "NanoOfSecond",
}

func (it item) format(m Moment) (text, missing string) {
	t := m.T
	pad := func(n int) (string, string) { return fmt.Sprintf("%0*d", it.n, n), "" }
	if timeFields[it.letter] != "" && m.Kind == LocalDate {
		return "", timeFields[it.letter]
	}
	if it.letter != 0 && strings.IndexByte("VzXxZO", it.letter) >= 0 && (m.Kind == LocalDate || m.Kind == LocalDateTime) {
		return "", "OffsetSeconds"
	}
	_, offset := t.Zone()
	switch it.letter {
	case 0:
		return it.text, ""
	case 'y', 'u':
		if it.n == 2 {
			return fmt.Sprintf("%02d", ((t.Year()%100)+100)%100), ""
		}
		return pad(t.Year())
	case 'M', 'L':
		switch {
		case it.n >= 5:
			return t.Month().String()[:1], ""
		case it.n == 4:
			return t.Month().String(), ""
		case it.n == 3:
			return t.Month().String()[:3], ""
		}
		return pad(int(t.Month()))
	case 'd':
		return pad(t.Day())
	case 'D':
		return pad(t.YearDay())
	case 'E', 'e':
		switch {
		case it.letter == 'e' && it.n < 3:
			return pad(int(t.Weekday()) + 1)
		case it.n >= 5:
			return t.Weekday().String()[:1], ""
		case it.n == 4:
			return t.Weekday().String(), ""
		}
		return t.Weekday().String()[:3], ""
	case 'G':
		return "AD", ""
	case 'a':
		return t.Format("PM"), ""
	case 'H':
		return pad(t.Hour())
	case 'k':
		return pad((t.Hour()+23)%24 + 1)
	case 'K':
		return pad(t.Hour() % 12)
	case 'h':
		return pad((t.Hour()+11)%12 + 1)
	case 'm':
		return pad(t.Minute())
	case 's':
		return pad(t.Second())
	case 'n':
		return pad(t.Nanosecond())
	case 'A':
		return pad(((t.Hour()*60+t.Minute())*60+t.Second())*1000 + t.Nanosecond()/1_000_000)
	case 'S':
		digits := fmt.Sprintf("%09d", t.Nanosecond()) + strings.Repeat("0", max(0, it.n-9))
		return digits[:it.n], ""
	case '~':
		if t.Nanosecond() == 0 {
			return "", ""
		}
		return "." + strings.TrimRight(fmt.Sprintf("%09d", t.Nanosecond()), "0"), ""
	case 'V':
		if isRegion(t.Location()) {
			return t.Location().String(), ""
		}
		return offsetID(offset), "ZoneId"
	case 'z':
		if isRegion(t.Location()) {
			name, _ := t.Zone()
			return name, ""
		}
		return offsetID(offset), ""
	}
	return it.offset(offset), ""
}

// offset is the text of an X, x, Z or O.
func (it item) offset(seconds int) string {
	if it.letter == 'X' && seconds == 0 {
		return "Z"
	}
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	h, m := seconds/3600, seconds/60%60
	switch {
	case it.letter == 'O':
		if h == 0 && m == 0 {
			return "GMT"
		}
		return fmt.Sprintf("GMT%s%d", sign, h)
	case it.letter == 'Z' && it.n < 4, it.n == 2, it.n == 4:
		return fmt.Sprintf("%s%02d%02d", sign, h, m)
	case it.n == 1 && m == 0:
		return fmt.Sprintf("%s%02d", sign, h)
	case it.n == 1:
		return fmt.Sprintf("%s%02d%02d", sign, h, m)
	}
	return fmt.Sprintf("%s%02d:%02d", sign, h, m)
}

// fields are what a text has given; -1: nothing.
type fields struct {
	year, month, day, yearDay, hour, hour12, pm, minute, second, nano int64
	zone                                                              *time.Location
}

// Parse reads a text as a moment of a kind.
func (f *Formatter) Parse(text string, kind Kind) (Moment, error) {
	x := fields{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, nil}
	rest, ok := f.parse(text, &x, 0, len(f.items))
	if !ok {
		return Moment{}, value.Throwf(value.DateTimeParse, "Text '%s' could not be parsed at index %d", text, len(text)-len(rest))
	}
	if rest != "" {
		return Moment{}, value.Throwf(value.DateTimeParse, "Text '%s' could not be parsed, unparsed text found at index %d", text, len(text)-len(rest))
	}
	m, err := x.moment(kind)
	if err != nil {
		return Moment{}, value.Throwf(value.DateTimeParse, "Text '%s' could not be parsed: %s", text, value.AsException(err).Message)
	}
	return m, nil
}

// parse reads the items from i to end; the rest is where it stopped.
func (f *Formatter) parse(text string, x *fields, i, end int) (rest string, ok bool) {
	for ; i < end; i++ {
		it := f.items[i]
		if it.letter == '[' {
			close := i + 1
			for depth := 1; close < end; close++ {
				if f.items[close].letter == '[' {
					depth++
				} else if f.items[close].letter == ']' {
					if depth--; depth == 0 {
						break
					}
				}
			}
			saved := *x
			if after, ok := f.parse(text, x, i+1, close); ok {
				text = after
			} else {
				*x = saved
			}
			i = close
			continue
		}
		adjacent := i+1 < end && strings.IndexByte("yuMdDHhKkmsSn", f.items[i+1].letter) >= 0 && f.items[i+1].letter != 0
		if text, ok = it.parse(text, x, adjacent); !ok {
			return text, false
		}
	}
	return text, true
}

func (it item) parse(text string, x *fields, adjacent bool) (string, bool) {
	number := func(to *int64, most int) (string, bool) {
		if it.n > 1 || adjacent {
			most = max(it.n, 1)
		}
		n, digits := leadingNumber(text, most)
		if digits == 0 || digits < it.n {
			return text, false
		}
		*to = int64(n)
		return text[digits:], true
	}
	name := func(to *int64, count int, of func(int) string) (string, bool) {
		for long := range 2 {
			for k := range count {
				word := of(k)
				if long == 1 {
					word = word[:3]
				}
				if it.n < 4 && long == 0 {
					continue
				}
				if len(text) >= len(word) && strings.EqualFold(text[:len(word)], word) {
					*to = int64(k + 1)
					return text[len(word):], true
				}
			}
		}
		return text, false
	}
	var ignored int64
	switch it.letter {
	case 0:
		return strings.CutPrefix(text, it.text)
	case 'y', 'u':
		if it.n == 2 {
			n, digits := leadingNumber(text, 2)
			x.year = 2000 + int64(n)
			return text[digits:], digits == 2
		}
		most := 9
		if adjacent {
			most = it.n
		}
		n, digits := leadingNumber(text, most)
		if digits < min(it.n, 4) || digits == 0 {
			return text, false
		}
		x.year = int64(n)
		return text[digits:], true
	case 'M', 'L':
		if it.n >= 3 {
			return name(&x.month, 12, func(k int) string { return time.Month(k + 1).String() })
		}
		return number(&x.month, 2)
	case 'd':
		return number(&x.day, 2)
	case 'D':
		return number(&x.yearDay, 3)
	case 'E', 'e':
		return name(&ignored, 7, func(k int) string { return time.Weekday(k).String() })
	case 'G':
		return strings.CutPrefix(text, "AD")
	case 'a':
		if len(text) < 2 || !strings.EqualFold(text[1:2], "m") {
			return text, false
		}
		switch text[0] {
		case 'a', 'A':
			x.pm = 0
		case 'p', 'P':
			x.pm = 1
		default:
			return text, false
		}
		return text[2:], true
	case 'H', 'k':
		rest, ok := number(&x.hour, 2)
		if it.letter == 'k' {
			x.hour %= 24
		}
		return rest, ok
	case 'h', 'K':
		rest, ok := number(&x.hour12, 2)
		x.hour12 %= 12
		return rest, ok
	case 'm':
		return number(&x.minute, 2)
	case 's':
		return number(&x.second, 2)
	case 'n':
		return number(&x.nano, 9)
	case 'S':
		n, digits := leadingNumber(text, it.n)
		if digits < it.n {
			return text, false
		}
		x.nano = scale(n, digits)
		return text[digits:], true
	case '~':
		if !strings.HasPrefix(text, ".") {
			return text, true
		}
		n, digits := leadingNumber(text[1:], 9)
		x.nano = scale(n, digits)
		return text[1+digits:], digits > 0
	case 'V', 'z':
		end := strings.IndexFunc(text, func(r rune) bool {
			return !(r == '/' || r == '_' || r == '-' || r == '+' || r == ':' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
		})
		if end < 0 {
			end = len(text)
		}
		zone, err := ParseZone(text[:end])
		if err != nil {
			return text, false
		}
		x.zone = zone
		return text[end:], true
	case 'X', 'x', 'Z', 'O':
		zone, rest, ok := parseOffset(strings.TrimPrefix(text, "GMT"))
		if ok {
			x.zone = zone
		}
		return rest, ok
	}
	return text, false
}

func scale(n, digits int) int64 {
	for ; digits < 9; digits++ {
		n *= 10
	}
	return int64(n)
}

func (x fields) moment(kind Kind) (Moment, error) {
	missing := func() (Moment, error) {
		name := [...]string{"LocalDate", "LocalDateTime", "ZonedDateTime", "Date"}[kind]
		return Moment{}, value.Throwf(value.DateTimeException, "Unable to obtain %s from TemporalAccessor", name)
	}
	if x.yearDay > 0 && x.month < 0 && x.year >= 0 {
		t := time.Date(int(x.year), 1, int(x.yearDay), 0, 0, 0, 0, time.UTC)
		x.month, x.day = int64(t.Month()), int64(t.Day())
	}
	if x.year < 0 || x.month < 0 || x.day < 0 {
		return missing()
	}
	if x.hour < 0 && x.hour12 >= 0 && x.pm >= 0 {
		x.hour = x.hour12 + 12*x.pm
	}
	if kind != LocalDate && x.hour < 0 {
		return missing()
	}
	zone := time.UTC
	if kind == Zoned {
		if zone = x.zone; zone == nil {
			return missing()
		}
	}
	if kind == LocalDate {
		return Build(kind, x.year, x.month, x.day, 0, 0, 0, 0, zone)
	}
	return Build(kind, x.year, x.month, x.day, x.hour, max(0, x.minute), max(0, x.second), max(0, x.nano), zone)
}

// ParseISO reads the form that String writes. zone, if there is one, is for a text without.
func ParseISO(text string, kind Kind, zone *time.Location) (Moment, error) {
	pattern := [...]string{"uuuu-MM-dd", "uuuu-MM-dd'T'HH:mm[:ss~]", "uuuu-MM-dd'T'HH:mm[:ss~]XXX['['VV']']", ""}[kind]
	if kind == Zoned && zone != nil {
		pattern = "uuuu-MM-dd'T'HH:mm[:ss~][XXX['['VV']']]"
	}
	f, err := NewFormatter(pattern)
	if err != nil {
		return Moment{}, err
	}
	if kind != Zoned || zone == nil {
		return f.Parse(text, kind)
	}
	m, err := f.Parse(text, Zoned)
	if err == nil {
		return m.To(Zoned, zone), nil
	}
	if m, err = f.Parse(text, LocalDateTime); err != nil {
		return m, err
	}
	return m.To(Zoned, zone), nil
}

// HasNames says whether the pattern writes names of months or weekdays.
func (f *Formatter) HasNames() bool {
	for _, it := range f.items {
		if strings.IndexByte("ML", it.letter) >= 0 && it.letter != 0 && it.n > 2 || it.letter == 'E' || it.letter == 'a' {
			return true
		}
	}
	return false
}
