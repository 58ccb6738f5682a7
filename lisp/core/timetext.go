// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"strconv"
	"time"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// timeTextTable: times measured in small units as text.
var timeTextTable = eval.Table{
	timeText("format-milli-time", []timeScale{{1e3, "ms", 1}, {0, "s", 1e3}}),
	timeText("format-micro-time", []timeScale{{1e3, "µs", 1}, {1e6, "ms", 1e6}, {0, "s", 1e6}}), // ms is the reference's own
	timeText("format-nano-time", nanoScales),
}

var nanoScales = []timeScale{{1e3, "ns", 1}, {1e6, "µs", 1e3}, {1e9, "ms", 1e6}, {0, "s", 1e9}}

// timeScale is the unit of values below a limit; 0: of all others.
type timeScale struct {
	below float64
	unit  string
	size  float64
}

func timeText(name string, scales []timeScale) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: -1, Forms: "(" + name + " time & options)", Doc: "A time in a readable unit. Option :precision (digits behind the point, 3).",
		Fn: func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
			v := in.Value()
			n, whole := v.Long()
			if i, isInt := v.Int(); isInt {
				n, whole = int64(i), true
			}
			if whole && n < 1000 { // without a look at the options
				return value.String(strconv.FormatInt(n, 10) + scales[0].unit), nil
			}
			opts := in.Options()
			if err := in.Done(); err != nil {
				return value.Nil, err
			}
			t, ok := value.ToDouble(v)
			if !ok {
				return value.Nil, notANumber(v, "double")
			}
			precision := int64(3)
			if p, given := opts["precision"]; given {
				var err error
				if precision, err = asLong(p); err != nil {
					return value.Nil, err
				}
			}
			for _, s := range scales {
				if t < s.below || s.below == 0 {
					d, ok := value.ToDecimal(value.Double(t / s.size))
					if !ok {
						return value.Nil, value.Errorf("Function '%s' does not allow %s", name, value.PrStr(v))
					}
					text, err := fixed(d, int(max(0, min(100, precision))))
					return value.String(text + s.unit), err
				}
			}
			return value.Nil, nil
		}}
}

// nanoText is format-nano-time of a duration.
func nanoText(d time.Duration, precision int) string {
	if d < time.Microsecond {
		return strconv.FormatInt(int64(d), 10) + "ns"
	}
	for _, s := range nanoScales {
		if float64(d) < s.below || s.below == 0 {
			return strconv.FormatFloat(float64(d)/s.size, 'f', precision, 64) + s.unit
		}
	}
	return d.String()
}
