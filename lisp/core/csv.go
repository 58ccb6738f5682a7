// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// csvTable: comma separated values, language.md 14.5.
var csvTable = eval.Table{
	{Name: "csv/read", Min: 1, Max: -1, Fn: csvRead, Forms: "(csv/read source & options)", Doc: "The records of a text, file or reader as lists of strings; empty fields are nil. Options :separator, :quote, :encoding."},
	{Name: "csv/write-str", Min: 1, Max: -1, Fn: csvWriteText, Forms: "(csv/write-str records & options)", Doc: "The records as text; fields are quoted where needed. Options :separator, :quote, :newline (:lf, :cr+lf)."},
	{Name: "csv/write", Touches: eval.Files, Min: 2, Max: -1, Fn: csvWrite, Forms: "(csv/write sink records & options)", Doc: "Writes records to a file or writer. Options as for csv/write-str, and :encoding."},
}

// csvFormat is the options of all three.
type csvFormat struct {
	separator, quote uint16
	newline          string
}

func csvOptions(opts map[string]value.Value) (csvFormat, error) {
	f := csvFormat{',', '"', "\n"}
	for name, at := range map[string]*uint16{"separator": &f.separator, "quote": &f.quote} {
		v, given := opts[name]
		if !given || v.IsNil() {
			continue
		}
		if c, ok := v.Char(); ok {
			*at = c
			continue
		}
		units := value.ToUnits(value.ToStr(v))
		if len(units) != 1 {
			return f, value.Errorf("csv: the option :%s must be one character, got %s", name, value.PrStr(v))
		}
		*at = units[0]
	}
	if isKw(opts["newline"], "cr+lf") {
		f.newline = "\r\n"
	}
	return f, nil
}

func csvRead(th *eval.Thread, in *eval.Args) (value.Value, error) {
	source, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	f, err := csvOptions(opts)
	if err != nil {
		return value.Nil, err
	}
	text, ok := value.StringOrKeyword(source)
	if !ok {
		if _, isBuf := source.Ref().(*value.ByteBuf); isBuf || !holdsContent(source) {
			return value.Nil, value.Errorf("Function 'csv/read' does not allow %s as source", source.Type())
		}
		charset, err := encodingOf(opts)
		if err != nil {
			return value.Nil, err
		}
		if _, isPath := pathOf(source); isPath {
			if err := th.Permit("csv/read", eval.Files); err != nil {
				return value.Nil, err
			}
		}
		b, err := contentOf(th, source)
		if err != nil {
			return value.Nil, err
		}
		text = decodeText(charset, b)
	}
	if err := th.Charge(parsedSize * len(text)); err != nil {
		return value.Nil, err
	}
	return f.parse(text)
}

// parse reads records: a quoted field may hold separators, line ends and doubled quotes.
func (f csvFormat) parse(text string) (value.Value, error) {
	units := value.ToUnits(text)
	var records, fields []value.Value
	var field []uint16
	quoted := false
	put := func() {
		v := value.Nil
		if len(field) > 0 || quoted {
			v = value.String(value.FromUnits(field))
		}
		fields, field, quoted = append(fields, v), nil, false
	}
	end := func() {
		put()
		records, fields = append(records, list(fields...)), nil
	}
	for i := 0; i < len(units); i++ {
		switch c := units[i]; {
		case c == f.quote && len(field) == 0 && !quoted:
			quoted = true
			closed := false
			for i++; i < len(units); i++ {
				if units[i] != f.quote {
					field = append(field, units[i])
				} else if i+1 < len(units) && units[i+1] == f.quote {
					field = append(field, f.quote)
					i++
				} else {
					closed = true
					break
				}
			}
			if !closed {
				return value.Nil, value.Errorf("csv/read: the quoted field in record %d is not closed", len(records)+1)
			}
		case c == f.separator:
			put()
		case c == '\r' && i+1 < len(units) && units[i+1] == '\n':
		case c == '\n' || c == '\r':
			end()
		default:
			field = append(field, c)
		}
	}
	if len(field) > 0 || quoted || len(fields) > 0 {
		end()
	}
	return value.ListOf(records).Val(), nil
}

func csvWriteText(th *eval.Thread, in *eval.Args) (value.Value, error) {
	records, opts := in.Value(), in.Options()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	text, err := csvText(th, records, opts)
	return value.String(text), err
}

func csvWrite(th *eval.Thread, in *eval.Args) (value.Value, error) {
	sink, records, opts := in.Value(), in.Value(), in.Options()
	if err := notSink(in.Name, "sink", sink); err != nil {
		return value.Nil, err
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	text, err := csvText(th, records, opts)
	if err != nil {
		return value.Nil, err
	}
	if out, ok := sink.Ref().(*value.Stream); ok {
		return value.Nil, write(th, out, text)
	}
	return value.Nil, spitTo(sink, value.String(text), opts)
}

// notSink refuses what is neither a file nor a stream; a path as text is no file here.
func notSink(fn, word string, v value.Value) error {
	switch v.Ref().(type) {
	case *value.File, *value.Stream:
		return nil
	}
	if strings.HasPrefix(v.Type().Name, "core/") {
		return value.CoerceError(v, "java-object")
	}
	return value.Errorf("Function '%s' does not allow %s as %s", fn, v.Type(), word)
}

func csvText(th *eval.Thread, records value.Value, opts map[string]value.Value) (string, error) {
	f, err := csvOptions(opts)
	if err != nil {
		return "", err
	}
	rows, err := sequentialItems(th, records)
	if err != nil {
		return "", err
	}
	size := 0
	lines := make([]string, len(rows))
	for i, row := range rows {
		if !isSequential(row) {
			return "", value.Errorf("CSV data records must be of type VncSequence")
		}
		items, err := iterable(th, row)
		if err != nil {
			return "", err
		}
		fields := make([]string, len(items))
		for k, v := range items {
			if !v.IsNil() {
				s, err := joined(th, []value.Value{v}, false)
				if err != nil {
					return "", err
				}
				fields[k] = f.field(s)
				size += len(fields[k])
			}
		}
		if err := th.Room(size); err != nil {
			return "", err
		}
		lines[i] = strings.Join(fields, value.CharString(f.separator))
	}
	return strings.Join(lines, f.newline), nil
}

func (f csvFormat) field(s string) string {
	quote := value.CharString(f.quote)
	if !strings.Contains(s, quote) && !strings.ContainsAny(s, "\r\n") && !strings.Contains(s, value.CharString(f.separator)) {
		return s
	}
	return quote + strings.ReplaceAll(s, quote, quote+quote) + quote
}
