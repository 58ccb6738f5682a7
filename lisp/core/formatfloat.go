// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"gondola/lisp/value"
)

// formatFloat is %f, %e and %g of a double, a float or a decimal.
func formatFloat(sp *spec, v value.Value) (s string, ok bool, err error) {
	d, isDecimal := v.Ref().(*value.Decimal)
	negativeZero := false
	if !isDecimal {
		if _, isFloat := v.Float(); !isFloat {
			if _, isDouble := v.Double(); !isDouble {
				return "", false, nil
			}
		}
		f, _ := value.ToDouble(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return unusualFloat(sp, f), true, nil
		}
		negativeZero = f == 0 && math.Signbit(f)
		d, _ = value.ParseDecimal(strconv.FormatFloat(f, 'e', -1, 64)) // the shortest digits
	}
	precision := sp.precision
	if precision < 0 {
		precision = 6
	}
	switch sp.conv {
	case 'f':
		s, err = fixed(d, precision)
	case 'e':
		if sp.group {
			return "", false, nil
		}
		s, err = scientific(d, precision)
	default:
		if sp.alternate {
			return "", false, nil
		}
		s, err = generalFloat(d, max(precision, 1))
	}
	if err != nil {
		return "", false, err
	}
	if sp.alternate && precision == 0 {
		if i := strings.IndexByte(s, 'e'); i >= 0 {
			s = s[:i] + "." + s[i:]
		} else {
			s += "."
		}
	}
	if (negativeZero || d.Unscaled.Sign() < 0) && s[0] != '-' {
		s = "-" + s // what rounds to zero keeps its sign
	}
	return signed(sp, s), true, nil
}

// unusualFloat is NaN or an infinity; zeros do not lead them.
func unusualFloat(sp *spec, f float64) string {
	plain := *sp
	plain.zero, plain.group = false, false
	switch {
	case math.IsNaN(f):
		return "NaN"
	case f < 0:
		return signed(&plain, "-Infinity")
	}
	return signed(&plain, "Infinity")
}

func fixed(d *value.Decimal, precision int) (string, error) {
	r, err := d.SetScale(int32(precision), value.RoundHalfUp)
	if err != nil {
		return "", err
	}
	return r.PlainString()
}

// rounded returns the first n digits of |d|, rounded half up, and the exponent of the first one.
func rounded(d *value.Decimal, n int) (digits string, exp int, err error) {
	if d.Unscaled.Sign() == 0 {
		return strings.Repeat("0", n), 0, nil
	}
	abs := new(big.Int).Abs(d.Unscaled)
	length := len(abs.String())
	exp = length - 1 - int(d.Scale)
	// As an integer of n digits: the scale that leaves n digits is n-1 when the point stands behind the first.
	r, err := value.NewDecimal(abs, int32(length-1)).SetScale(int32(n-1), value.RoundHalfUp)
	if err != nil {
		return "", 0, err
	}
	digits = r.Unscaled.String()
	if len(digits) > n { // 9.99 became 10.0
		digits = digits[:n]
		exp++
	}
	return digits, exp, nil
}

func scientific(d *value.Decimal, precision int) (string, error) {
	digits, exp, err := rounded(d, precision+1)
	if err != nil {
		return "", err
	}
	s := digits[:1]
	if precision > 0 {
		s += "." + digits[1:]
	}
	return s + fmt.Sprintf("e%+03d", exp), nil
}

// generalFloat is %g: scientific for what is below 10^-4 or has more integer digits than the precision.
func generalFloat(d *value.Decimal, precision int) (string, error) {
	_, exp, err := rounded(d, precision)
	if err != nil {
		return "", err
	}
	if d.Unscaled.Sign() == 0 || exp >= -4 && exp < precision {
		return fixed(d, precision-exp-1)
	}
	return scientific(d, precision-1)
}
