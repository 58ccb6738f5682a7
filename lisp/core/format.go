// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"strconv"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// formatTable: language.md 14.1, str/format.
var formatTable = eval.Table{
	{Name: "str/format", Min: 1, Max: -1, FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
		l, hasLocale := localeOf(a[0])
		if hasLocale {
			a = a[1:]
		}
		if len(a) == 0 {
			return value.Nil, th.Runtime().Row("str/format").ArityError(1)
		}
		format, err := textOf(a[0])
		if err != nil {
			return value.Nil, err
		}
		s, err := formatJava(th, l, format, a[1:])
		return value.String(s), err
	}, Forms: "(str/format format & args)\n(str/format locale format & args)", Doc: "Formats by the rules of Java's Formatter: %s %S %d %x %X %o %c %b %e %f %g %h %n %%. A locale is [language], [language country] or a java.util.Locale."},
	{Name: "printf", Min: 0, Max: -1, FN: printFormat, Forms: "(printf format & args)\n(printf os format & args)", Doc: "Prints what str/format makes of the arguments."},
}

func printFormat(th *eval.Thread, a []value.Value) (value.Value, error) {
	out, a := target(th, a)
	if len(a) == 0 {
		return value.Nil, nil
	}
	format, err := textOf(a[0])
	if err != nil {
		return value.Nil, err
	}
	s, err := formatJava(th, locale{}, format, a[1:])
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, write(th, out, s)
}

// maxFormatWidth bounds width and precision: the format is a script's, the memory is the host's.
const maxFormatWidth = 1 << 24

// formatJava formats args as Java's Formatter does. Fractions are rounded half up on the shortest decimal digits.
func formatJava(c value.Caller, l locale, format string, args []value.Value) (string, error) {
	f := formatter{c: c, locale: l, args: args, last: -1}
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			f.buf = value.AppendText(f.buf, format)
			return string(f.buf), nil
		}
		f.buf = value.AppendText(f.buf, format[:i])
		spec, n, ok := parseSpec(format[i:])
		if !ok {
			return "", value.Errorf("Unknown format conversion in '%s'", format[i:])
		}
		if s, ok := c.(value.Stepper); ok {
			if err := s.Room(len(f.buf) + max(spec.width, spec.precision, 0)); err != nil {
				return "", err
			}
		}
		if err := f.directive(&spec); err != nil {
			return "", err
		}
		format = format[i+n:]
	}
}

// spec is one format specifier.
type spec struct {
	text      string
	index     int // 1 and up: explicit; 0: the next argument; -1: the one before again
	minus     bool
	alternate bool
	plus      bool
	space     bool
	zero      bool
	group     bool
	paren     bool
	width     int // -1: none
	precision int // -1: none
	conv      byte
	upper     bool
}

// parseSpec reads a specifier at the start of s and returns its length.
func parseSpec(s string) (sp spec, n int, ok bool) {
	sp = spec{width: -1, precision: -1}
	i := 1
	if k, end := digitsAt(s, i); end < len(s) && s[end] == '$' && k > 0 {
		sp.index, i = k, end+1
	}
flags:
	for ; i < len(s); i++ {
		var flag *bool
		switch s[i] {
		case '-':
			flag = &sp.minus
		case '#':
			flag = &sp.alternate
		case '+':
			flag = &sp.plus
		case ' ':
			flag = &sp.space
		case '0':
			flag = &sp.zero
		case ',':
			flag = &sp.group
		case '(':
			flag = &sp.paren
		case '<':
			sp.index = -1
			continue
		default:
			break flags
		}
		if *flag {
			return sp, 0, false // Java refuses a flag twice
		}
		*flag = true
	}
	if k, end := digitsAt(s, i); end > i {
		sp.width, i = k, end
	}
	if i < len(s) && s[i] == '.' {
		k, end := digitsAt(s, i+1)
		if end == i+1 {
			return sp, 0, false
		}
		sp.precision, i = k, end
	}
	if i >= len(s) || strings.IndexByte("bBhHsScCdoxXeEfgGn%", s[i]) < 0 || max(sp.width, sp.precision) > maxFormatWidth {
		return sp, 0, false
	}
	sp.conv, sp.text = s[i], s[:i+1]
	if sp.conv >= 'A' && sp.conv <= 'Z' {
		sp.upper = true
		sp.conv |= 0x20
	}
	return sp, i + 1, true
}

// digitsAt reads a decimal number; one that is too long for any use is cut.
func digitsAt(s string, i int) (n, end int) {
	for end = i; end < len(s) && s[end] >= '0' && s[end] <= '9'; end++ {
		n = min(n*10+int(s[end]-'0'), maxFormatWidth+1)
	}
	return n, end
}

type formatter struct {
	c      value.Caller
	locale locale
	args   []value.Value
	next   int // of the arguments without an index
	last   int
	buf    []byte
}

func (f *formatter) directive(sp *spec) error {
	if (sp.minus || sp.zero) && sp.width < 0 && sp.conv != 'n' || sp.minus && sp.zero || sp.plus && sp.space {
		return value.Errorf("Illegal flags in the format specifier '%s'", sp.text)
	}
	switch sp.conv {
	case 'n':
		f.buf = append(f.buf, '\n')
		return nil
	case '%':
		f.pad(sp, "%")
		return nil
	}
	v, err := f.arg(sp)
	if err != nil {
		return err
	}
	var s string
	var ok bool
	switch sp.conv {
	case 'd', 'o', 'x':
		if s, ok = formatInteger(sp, v); sp.conv == 'd' {
			s = f.locale.localized(s)
		}
	case 'e', 'f', 'g':
		s, ok, err = formatFloat(sp, v)
		s = f.locale.localized(s)
	case 'c':
		s, ok = formatChar(v)
	default:
		s, err = f.general(sp, v)
		ok = true
	}
	if err != nil {
		return err
	}
	if !ok {
		return value.Errorf("The format specifier '%s' does not allow an argument of type %s", sp.text, v.Type())
	}
	if sp.upper {
		s = upperCase(s)
	}
	f.pad(sp, s)
	return nil
}

func (f *formatter) arg(sp *spec) (value.Value, error) {
	i := sp.index - 1
	switch sp.index {
	case 0:
		i = f.next
		f.next++
	case -1:
		i = f.last
	}
	if i < 0 || i >= len(f.args) {
		return value.Nil, value.Errorf("There is no argument for the format specifier '%s'", sp.text)
	}
	f.last = i
	return f.args[i], nil
}

// pad counts code units, as Java does.
func (f *formatter) pad(sp *spec, s string) {
	blanks := 0
	if sp.width > 0 {
		blanks = max(0, sp.width-value.CountUnits(s))
	}
	if sp.minus {
		f.buf = value.AppendText(f.buf, s)
	}
	for range blanks {
		f.buf = append(f.buf, ' ')
	}
	if !sp.minus {
		f.buf = value.AppendText(f.buf, s)
	}
}

// general is for %s, %b and %h. Whatever is no number and no boolean arrives as its text, nil too.
func (f *formatter) general(sp *spec, v value.Value) (string, error) {
	var s string
	switch sp.conv {
	case 'b':
		b, isBool := v.Bool()
		s = strconv.FormatBool(b || !isBool)
	default:
		p := value.Printer{Caller: f.c}
		p.Print(v)
		text, err := p.Text()
		if err != nil {
			return "", err
		}
		if s = text; sp.conv == 'h' {
			h := value.Hash(v)
			if _, isBool := v.Bool(); !isBool && !v.IsNumber() {
				h = value.Hash(value.String(text))
			}
			s = strconv.FormatUint(uint64(h), 16)
		}
	}
	if sp.precision >= 0 && value.CountUnits(s) > sp.precision {
		s = value.New(&value.Str{S: s}).Substring(0, sp.precision)
	}
	return s, nil
}

// formatChar takes an int as a code point; chars arrive as strings, which %c refuses.
func formatChar(v value.Value) (string, bool) {
	n, ok := v.Int()
	if !ok || n < 0 || n > 0x10FFFF {
		return "", false
	}
	if n <= 0xFFFF {
		return value.CharString(uint16(n)), true
	}
	return string(n), true
}

func formatInteger(sp *spec, v value.Value) (string, bool) {
	if sp.precision >= 0 {
		return "", false
	}
	if sp.conv == 'd' {
		var s string
		if b, ok := v.Ref().(*value.BigInt); ok {
			s = b.N.String()
		} else if n, ok := v.Long(); ok {
			s = strconv.FormatInt(n, 10)
		} else if n, ok := v.Int(); ok {
			s = strconv.FormatInt(int64(n), 10)
		} else {
			return "", false
		}
		return signed(sp, s), !sp.alternate
	}
	if sp.group {
		return "", false
	}
	verb := "%x"
	prefix := "0x"
	if sp.conv == 'o' {
		verb, prefix = "%o", "0"
	}
	if !sp.alternate {
		prefix = ""
	}
	if b, ok := v.Ref().(*value.BigInt); ok {
		s := fmt.Sprintf(verb, b.N)
		if neg, ok := strings.CutPrefix(s, "-"); ok {
			return signed(sp, "-"+prefix+neg), true
		}
		return signed(sp, prefix+s), true
	}
	var s string
	if n, ok := v.Long(); ok {
		s = fmt.Sprintf(verb, uint64(n))
	} else if n, ok := v.Int(); ok {
		s = fmt.Sprintf(verb, uint32(n))
	} else {
		return "", false
	}
	if sp.plus || sp.space || sp.paren {
		return "", false
	}
	if sp.zero {
		s = strings.Repeat("0", max(0, sp.width-len(prefix)-len(s))) + s
	}
	return prefix + s, true
}

// signed gives digits their sign, groups and leading zeros by the flags.
func signed(sp *spec, s string) string {
	digits, negative := strings.CutPrefix(s, "-")
	if sp.group {
		digits = grouped(digits)
	}
	head, tail := "", ""
	switch {
	case negative && sp.paren:
		head, tail = "(", ")"
	case negative:
		head = "-"
	case sp.plus:
		head = "+"
	case sp.space:
		head = " "
	}
	if sp.zero {
		digits = strings.Repeat("0", max(0, sp.width-len(head)-len(digits)-len(tail))) + digits
	}
	return head + digits + tail
}

// grouped puts commas into the integer part.
func grouped(s string) string {
	whole, rest := s, ""
	if i := strings.IndexByte(s, '.'); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	var b strings.Builder
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	return b.String() + rest
}
