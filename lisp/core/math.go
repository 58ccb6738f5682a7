// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"math"
	"math/big"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// mathTable: rounding, trigonometry, statistics and decimals with a scale, language.md 7.
var mathTable = eval.Table{
	{Name: "floor", Min: 1, Max: 1, F1: rounding("floor", math.Floor, value.RoundFloor), Forms: "(floor x)", Doc: "The largest whole number that is not above x, of x's type."},
	{Name: "ceil", Min: 1, Max: 1, F1: rounding("ceil", math.Ceil, value.RoundCeiling), Forms: "(ceil x)", Doc: "The smallest whole number that is not below x, of x's type."},
	{Name: "clamp", Min: 3, Max: 3, F3: clamp, Forms: "(clamp x min max)", Doc: "x, or the limit that it is beyond."},
	{Name: "digits", Min: 1, Max: 1, F1: digits, Forms: "(digits x)", Doc: "The number of decimal digits of a whole number."},
	{Name: "nan?", Min: 1, Max: 1, F1: floatTest("nan?", math.IsNaN), Forms: "(nan? x)", Doc: "Whether a double or float is not a number."},
	{Name: "infinite?", Min: 1, Max: 1, F1: floatTest("infinite?", func(f float64) bool { return math.IsInf(f, 0) }), Forms: "(infinite? x)", Doc: "Whether a double or float is infinite."},
	{Name: "mod-floor", Min: 2, Max: 2, F2: modFloor, Forms: "(mod-floor n m)", Doc: "The multiple of m next to n towards zero."},
	realFunction("log2", func(x float64) float64 { return math.Log(x) / math.Log(2) }),
	realFunction("math/sin", math.Sin), realFunction("math/cos", math.Cos), realFunction("math/tan", math.Tan),
	realFunction("math/asin", func(x float64) float64 { return math.Atan2(x, math.Sqrt((1-x)*(1+x))) }), realFunction("math/acos", math.Acos), realFunction("math/atan", math.Atan),
	realFunction("math/to-degrees", func(x float64) float64 { return x * (180 / math.Pi) }),
	realFunction("math/to-radians", func(x float64) float64 { return x * (math.Pi / 180) }),
	{Name: "math/E", Value: func(*eval.Runtime) value.Value { return value.Double(math.E) }, Doc: "The base of the natural logarithm."},
	{Name: "math/PI", Value: func(*eval.Runtime) value.Value { return value.Double(math.Pi) }, Doc: "The ratio of a circle's circumference to its diameter."},
	{Name: "math/mean", Min: 0, Max: -1, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) { return mean(a) }, Forms: "(math/mean x)\n(math/mean x & xs)", Doc: "The mean of the arguments."},
	{Name: "math/median", Min: 1, Max: 1, F1: statistic(func(items []value.Value) (value.Value, error) { return median(items) }), Forms: "(math/median coll)", Doc: "The median of the elements; nil if there are none."},
	{Name: "math/quantile", Min: 2, Max: 2, F2: quantile, Forms: "(math/quantile q coll)", Doc: "The quantile q, from 0.0 to 1.0, of the elements."},
	{Name: "math/quartiles", Min: 1, Max: 1, F1: statistic(quartiles), Forms: "(math/quartiles coll)", Doc: "The three quartiles of the elements."},
	{Name: "math/standard-deviation", Min: 2, Max: 2, F2: standardDeviation, Forms: "(math/standard-deviation type coll)", Doc: "The standard deviation; type is :sample or :population."},
	scaled("dec/add", (*value.Decimal).Add), scaled("dec/sub", (*value.Decimal).Sub), scaled("dec/mul", (*value.Decimal).Mul),
	{Name: "dec/div", Min: 4, Max: 4, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		x, y, scale, mode, err := decimalArguments(a)
		if err != nil {
			return value.Nil, err
		}
		d, err := x.Div(y, scale, mode)
		if err != nil {
			return value.Nil, err
		}
		return d.Val(), nil
	}, Forms: "(dec/div x y scale rounding-mode)", Doc: "The quotient of two decimals, rounded to scale digits behind the point."},
}

func rounding(name string, f func(float64) float64, mode value.Rounding) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if x, ok := v.Double(); ok {
			return value.Double(f(x)), nil
		}
		if x, ok := v.Float(); ok {
			return value.Float(float32(f(float64(x)))), nil
		}
		switch x := v.Ref().(type) {
		case *value.BigInt:
			return v, nil
		case *value.Decimal:
			d, err := x.SetScale(0, mode)
			if err == nil {
				d, err = d.SetScale(x.Scale, mode)
			}
			if err != nil {
				return value.Nil, err
			}
			return d.Val(), nil
		}
		_, isLong := v.Long()
		_, isInt := v.Int()
		if isLong || isInt {
			return v, nil
		}
		return value.Nil, invalidType(name, v)
	}
}

func clamp(_ *eval.Thread, x, low, high value.Value) (value.Value, error) {
	for _, a := range []struct {
		v    value.Value
		what string
	}{{x, "value"}, {low, "min value"}, {high, "max value"}} {
		if _, ok := value.ToDouble(a.v); !ok {
			return value.Nil, value.Errorf("Function 'clamp' does not allow %s as %s", a.v.Type(), a.what)
		}
	}
	switch {
	case value.Compare(x, low) < 0:
		return low, nil
	case value.Compare(x, high) > 0:
		return high, nil
	}
	return x, nil
}

func digits(_ *eval.Thread, v value.Value) (value.Value, error) {
	n := new(big.Int)
	if b, ok := v.Ref().(*value.BigInt); ok {
		n.Abs(b.N)
	} else if x, ok := v.Long(); ok {
		n.Abs(n.SetInt64(x))
	} else if x, ok := v.Int(); ok {
		n.Abs(n.SetInt64(int64(x)))
	} else {
		return value.Nil, value.Errorf("Function 'digits' does not allow %s as value", v.Type())
	}
	return value.Long(int64(len(n.String()))), nil
}

func floatTest(name string, test func(float64) bool) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(_ *eval.Thread, v value.Value) (value.Value, error) {
		if x, ok := v.Double(); ok {
			return value.Bool(test(x)), nil
		}
		if x, ok := v.Float(); ok {
			return value.Bool(test(float64(x))), nil
		}
		return value.Nil, invalidType(name, v)
	}
}

func modFloor(_ *eval.Thread, n, m value.Value) (value.Value, error) {
	if x, ok := n.Long(); ok {
		y, ok := m.Long()
		switch {
		case !ok:
			return value.Nil, value.Errorf("Function 'mod-floor' does not allow %s as multiple if number is a long", m.Type())
		case y == 0:
			return value.Nil, value.Errorf("/ by zero")
		}
		return value.Long(x / y * y), nil
	}
	if x, ok := n.Int(); ok {
		y, ok := m.Int()
		switch {
		case !ok:
			return value.Nil, value.Errorf("Function 'mod-floor' does not allow %s as multiple if number is an int", m.Type())
		case y == 0:
			return value.Nil, value.Errorf("/ by zero")
		}
		return value.Int(x / y * y), nil
	}
	return value.Nil, value.Errorf("Function 'mod-floor' does not allow %s as number. long and integer are supported only", n.Type())
}

func realFunction(name string, f func(float64) float64) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " x)", Doc: "A function of a number, as a double.",
		F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
			x, ok := value.ToDouble(v)
			if !ok {
				return value.Nil, value.CoerceError(v, "number")
			}
			return value.Double(f(x)), nil
		}}
}

func mean(items []value.Value) (value.Value, error) {
	if len(items) == 0 {
		return value.Nil, nil
	}
	sum := value.Long(0)
	for _, v := range items {
		var err error
		if sum, err = value.Add(sum, v); err != nil {
			return value.Nil, err
		}
	}
	var count value.Value
	switch sum.Ref().(type) {
	case *value.Decimal, *value.BigInt:
		count = value.NewDecimal(big.NewInt(int64(len(items))), 0).Val()
	default:
		count = value.Double(float64(len(items)))
	}
	return value.Div(sum, count)
}

// statistic is a function over the sorted elements of a list or vector.
func statistic(f func(sorted []value.Value) (value.Value, error)) func(*eval.Thread, value.Value) (value.Value, error) {
	return func(th *eval.Thread, c value.Value) (value.Value, error) {
		s, ok := c.Ref().(value.Sequence)
		if !ok {
			return value.Nil, value.CoerceError(c, "list")
		}
		items, err := sortNatural(th, s.Items())
		if err != nil {
			return value.Nil, err
		}
		return f(items)
	}
}

func median(sorted []value.Value) (value.Value, error) {
	n := len(sorted)
	if n == 0 {
		return value.Nil, nil
	}
	if n%2 == 1 {
		return asDouble(sorted[n/2])
	}
	return mean(sorted[n/2-1 : n/2+1])
}

func asDouble(v value.Value) (value.Value, error) {
	if _, ok := v.Ref().(*value.Decimal); ok {
		return v, nil
	}
	x, ok := value.ToDouble(v)
	if !ok {
		return value.Nil, value.CoerceError(v, "number")
	}
	return value.Double(x), nil
}

func quartiles(sorted []value.Value) (value.Value, error) {
	n := len(sorted)
	if n < 2 {
		return value.Nil, nil
	}
	out := make([]value.Value, 3)
	for i, part := range [][]value.Value{sorted[:n/2], sorted, sorted[(n+1)/2:]} {
		var err error
		if out[i], err = median(part); err != nil {
			return value.Nil, err
		}
	}
	return list(out...), nil
}

func quantile(th *eval.Thread, q, c value.Value) (value.Value, error) {
	at, ok := q.Double()
	if !ok {
		return value.Nil, value.CoerceError(q, "double")
	}
	return statistic(func(sorted []value.Value) (value.Value, error) {
		if len(sorted) < 2 {
			return value.Nil, nil
		}
		switch {
		case !(at >= 0 && at <= 1):
			return value.Nil, value.Errorf("A quantile q must be in the range 0.0 .. 1.0")
		case at == 0:
			return sorted[0], nil
		case at == 1:
			return sorted[len(sorted)-1], nil
		}
		place := at * float64(len(sorted)-1)
		i := int(math.Floor(place))
		part := place - math.Floor(place)
		low, ok := value.ToDouble(sorted[i])
		high, also := value.ToDouble(sorted[i+1])
		if !ok || !also {
			return value.Nil, value.CoerceError(sorted[i], "number")
		}
		return value.Double(part*high + (1-part)*low), nil
	})(th, c)
}

func standardDeviation(_ *eval.Thread, kind, c value.Value) (value.Value, error) {
	if _, ok := kind.Ref().(*value.Keyword); !ok {
		return value.Nil, value.CoerceError(kind, "keyword")
	}
	s, ok := c.Ref().(value.Sequence)
	if !ok {
		return value.Nil, value.CoerceError(c, "list")
	}
	n := s.Count()
	if n < 2 {
		return value.Double(0), nil
	}
	average, err := mean(s.Items())
	if err != nil {
		return value.Nil, err
	}
	center, _ := value.ToDouble(average)
	sum := 0.0
	for v := range s.All() {
		x, _ := value.ToDouble(v)
		sum += (x - center) * (x - center)
	}
	if isKw(kind, "sample") {
		n--
	}
	return value.Double(math.Sqrt(sum / float64(n))), nil
}

func scaled(name string, f func(x, y *value.Decimal) (*value.Decimal, error)) eval.Row {
	return eval.Row{Name: name, Min: 4, Max: 4, Forms: "(" + name + " x y scale rounding-mode)", Doc: "Computes with two decimals and rounds to scale digits behind the point.",
		FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
			x, y, scale, mode, err := decimalArguments(a)
			if err != nil {
				return value.Nil, err
			}
			d, err := f(x, y)
			if err == nil {
				d, err = d.SetScale(scale, mode)
			}
			if err != nil {
				return value.Nil, err
			}
			return d.Val(), nil
		}}
}

func decimalArguments(a []value.Value) (x, y *value.Decimal, scale int32, mode value.Rounding, err error) {
	var ok bool
	if x, ok = a[0].Ref().(*value.Decimal); !ok {
		return nil, nil, 0, 0, value.CoerceError(a[0], "big-decimal")
	}
	if y, ok = a[1].Ref().(*value.Decimal); !ok {
		return nil, nil, 0, 0, value.CoerceError(a[1], "big-decimal")
	}
	n, err := asLong(a[2])
	if err != nil {
		return nil, nil, 0, 0, err
	}
	name, ok := value.StringOrKeyword(a[3])
	if !ok {
		return nil, nil, 0, 0, value.CoerceError(a[3], "string")
	}
	mode, err = roundingMode(name)
	return x, y, int32(max(math.MinInt32, min(math.MaxInt32, n))), mode, err
}
