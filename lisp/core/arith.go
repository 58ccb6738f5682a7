// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// arithTable: language.md 7.
var arithTable = eval.Table{
	{Name: "+", Max: -1, F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) { return value.Add(a, b) }, FN: fold("+", value.Long(0), value.Add), Forms: "(+)\n(+ x)\n(+ x y)\n(+ x y & more)", Doc: "Sum; 0 without arguments. Integers wrap."},
	{Name: "*", Max: -1, F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) { return value.Mul(a, b) }, FN: fold("*", value.Long(1), value.Mul), Forms: "(*)\n(* x)\n(* x y)\n(* x y & more)", Doc: "Product; 1 without arguments. Integers wrap."},
	{Name: "-", Max: -1, F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) { return value.Sub(a, b) }, FN: minus, Forms: "(-)\n(- x)\n(- x y)\n(- x y & more)", Doc: "Difference; the negative of one argument."},
	{Name: "/", Min: 1, Max: -1, F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) { return value.Div(a, b) }, FN: divide, Forms: "(/ x)\n(/ x y)\n(/ x y & more)", Doc: "Quotient; integers truncate."},
	compareRow("<", func(c int) bool { return c < 0 }, "Strictly increasing numbers."),
	compareRow("<=", func(c int) bool { return c <= 0 }, "Increasing numbers."),
	compareRow(">", func(c int) bool { return c > 0 }, "Strictly decreasing numbers."),
	compareRow(">=", func(c int) bool { return c >= 0 }, "Decreasing numbers."),
	equalRow("=", value.Equal, true, "Strict equality: equal value and equal type."),
	equalRow("==", value.EqualLoose, true, "Tolerant equality: numbers by value across types."),
	equalRow("not=", value.Equal, false, "The negation of =."),
	{Name: "compare", Min: 2, Max: 2, F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) {
		n := value.Compare(a, b)
		if a.IsNumber() && b.IsNumber() {
			n = cmp.Compare(n, 0)
		}
		return value.Long(int64(n)), nil
	}, Forms: "(compare x y)", Doc: "Negative, zero or positive; defined for all values."},
	{Name: "inc", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return step("inc", a, 1) }, Forms: "(inc x)", Doc: "One more, of the same type."},
	{Name: "dec", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return step("dec", a, -1) }, Forms: "(dec x)", Doc: "One less, of the same type."},
	{Name: "negate", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return negate("negate", a) }, Forms: "(negate x)", Doc: "The negative, of the same type."},
	{Name: "abs", Min: 1, Max: 1, F1: abs, Forms: "(abs x)", Doc: "The absolute value."},
	{Name: "square", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return value.Mul(a, a) }, Forms: "(square x)", Doc: "x times x, in the type of x."},
	{Name: "sqrt", Min: 1, Max: 1, F1: sqrt, Forms: "(sqrt x)", Doc: "The square root, a double."},
	{Name: "exp", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return viaDouble("exp", a, math.Exp) }, Forms: "(exp x)", Doc: "e to the power of x."},
	{Name: "log", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return viaDouble("log", a, math.Log) }, Forms: "(log x)", Doc: "The natural logarithm."},
	{Name: "log10", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return viaDouble("log10", a, math.Log10) }, Forms: "(log10 x)", Doc: "The decimal logarithm."},
	{Name: "pow", Min: 2, Max: 2, F2: pow, Forms: "(pow x y)", Doc: "x to the power of y, a double."},
	{Name: "mod", Min: 2, Max: 2, F2: mod, Forms: "(mod n d)", Doc: "Floored modulus of two longs or two ints."},
	{Name: "max", Min: 0, Max: -1, FN: extreme(1), Forms: "(max x & more)", Doc: "The largest argument, unchanged; nil is ignored."},
	{Name: "min", Min: 0, Max: -1, FN: extreme(-1), Forms: "(min x & more)", Doc: "The smallest argument, unchanged; nil is ignored."},
	signRow("zero?", func(c int) bool { return c == 0 }),
	signRow("pos?", func(c int) bool { return c > 0 }),
	signRow("neg?", func(c int) bool { return c < 0 }),
	parityRow("even?", 0), parityRow("odd?", 1),
	{Name: "sgn", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) {
		c, err := sign("sgn", a)
		return value.Long(int64(c)), err
	}, Forms: "(sgn x)", Doc: "-1, 0 or 1."},
	{Name: "long", Min: 1, Max: 1, F1: toLong, Forms: "(long x)", Doc: "Converts to a long."},
	{Name: "int", Min: 1, Max: 1, F1: toInt, Forms: "(int x)", Doc: "Converts to an int."},
	{Name: "double", Min: 1, Max: 1, F1: toDouble, Forms: "(double x)", Doc: "Converts to a double."},
	{Name: "float", Min: 1, Max: 1, F1: toFloat, Forms: "(float x)", Doc: "Converts to a float."},
	{Name: "decimal", Min: 1, Max: 3, Fn: toDecimal, Forms: "(decimal x)\n(decimal x scale rounding-mode)", Doc: "Converts to a decimal."},
	{Name: "bigint", Min: 1, Max: 1, F1: toBigInt, Forms: "(bigint x)", Doc: "Converts to a bigint."},
	{Name: "boolean", Min: 1, Max: 1, F1: func(_ *eval.Thread, a value.Value) (value.Value, error) { return value.Bool(a.Truthy()), nil }, Forms: "(boolean x)", Doc: "false for nil and false, else true."},
	{Name: "dec/scale", Min: 3, Max: 3, Fn: decScale, Forms: "(dec/scale x scale rounding-mode)", Doc: "Rounds a decimal."},
	{Name: "range", Min: 0, Max: 3, FN: rangeOf, Forms: "(range)\n(range end)\n(range start end)\n(range start end step)", Doc: "A list of numbers; endless without arguments."},
}

type binaryOp = func(a, b value.Value) (value.Value, error)

func fold(name string, zero value.Value, op binaryOp) func(*eval.Thread, []value.Value) (value.Value, error) {
	return func(_ *eval.Thread, args []value.Value) (value.Value, error) {
		if len(args) == 0 {
			return zero, nil
		}
		v := args[0]
		if len(args) == 1 {
			if !v.IsNumber() {
				return value.Nil, notNumeric(name, v)
			}
			return v, nil
		}
		for _, x := range args[1:] {
			var err error
			if v, err = op(v, x); err != nil {
				return value.Nil, err
			}
		}
		return v, nil
	}
}

func notNumeric(op string, v value.Value) error {
	return value.Errorf("Function %s operand of type %s is not a numeric type", op, v.Type())
}

func minus(_ *eval.Thread, args []value.Value) (value.Value, error) {
	switch len(args) {
	case 0:
		return value.Long(0), nil
	case 1:
		return negate("-", args[0])
	}
	return fold("-", value.Nil, value.Sub)(nil, args)
}

func divide(_ *eval.Thread, args []value.Value) (value.Value, error) {
	if len(args) == 1 {
		return value.Div(value.Long(1), args[0])
	}
	return fold("/", value.Nil, value.Div)(nil, args)
}

func step(name string, a value.Value, by int64) (value.Value, error) {
	if n, ok := a.Long(); ok {
		return value.Long(n + by), nil
	}
	if n, ok := a.Int(); ok {
		return value.Int(n + int32(by)), nil
	}
	if !a.IsNumber() {
		return value.Nil, invalidType(name, a)
	}
	return value.Add(a, value.Long(by))
}

func negate(name string, a value.Value) (value.Value, error) {
	if d, ok := a.Double(); ok {
		return value.Double(-d), nil
	}
	if f, ok := a.Float(); ok {
		return value.Float(-f), nil
	}
	if n, ok := a.Int(); ok {
		return value.Int(-n), nil
	}
	switch x := a.Ref().(type) {
	case *value.Decimal:
		return value.NewDecimal(new(big.Int).Neg(x.Unscaled), x.Scale).Val(), nil
	case *value.BigInt:
		return value.NewBigInt(new(big.Int).Neg(x.N)).Val(), nil
	}
	if !a.IsNumber() {
		return value.Nil, notNumeric(name, a)
	}
	return value.Sub(value.Long(0), a)
}

func abs(_ *eval.Thread, a value.Value) (value.Value, error) {
	c, err := sign("abs", a)
	if err != nil {
		return value.Nil, err
	}
	if d, ok := a.Double(); ok {
		return value.Double(math.Abs(d)), nil
	}
	if c < 0 {
		return negate("abs", a)
	}
	return a, nil
}

func viaDouble(name string, a value.Value, f func(float64) float64) (value.Value, error) {
	d, ok := value.ToDouble(a)
	if !ok {
		return value.Nil, value.Errorf("Function '%s' does not allow type %s as parameter.", name, a.Type())
	}
	return value.Double(f(d)), nil
}

// sqrt of a decimal or bigint is a decimal.
func sqrt(_ *eval.Thread, a value.Value) (value.Value, error) {
	v, err := viaDouble("sqrt", a, math.Sqrt)
	switch a.Ref().(type) {
	case *value.Decimal, *value.BigInt:
		if d, ok := v.Double(); ok && err == nil && !math.IsNaN(d) {
			exact := new(big.Float).SetFloat64(d).Text('f', 1074)
			dec, err := decimalOf("sqrt", value.String(strings.TrimSuffix(strings.TrimRight(exact, "0"), ".")))
			if err != nil {
				return value.Nil, err
			}
			return dec.Val(), nil
		}
	}
	return v, err
}

func pow(_ *eval.Thread, a, b value.Value) (value.Value, error) {
	y, ok := value.ToDouble(b)
	if !ok {
		return value.Nil, value.Errorf("Function 'pow' does not allow type %s as parameter.", b.Type())
	}
	return viaDouble("pow", a, func(x float64) float64 { return math.Pow(x, y) })
}

func mod(_ *eval.Thread, a, b value.Value) (value.Value, error) {
	if x, ok := a.Long(); ok {
		if y, ok := b.Long(); ok {
			if y == 0 {
				return value.Nil, value.Errorf("/ by zero")
			}
			return value.Long(((x % y) + y) % y), nil
		}
	}
	if x, ok := a.Int(); ok {
		if y, ok := b.Int(); ok {
			if y == 0 {
				return value.Nil, value.Errorf("/ by zero")
			}
			return value.Int(((x % y) + y) % y), nil
		}
	}
	switch a.Type() {
	case value.TypeLong:
		return value.Nil, value.Errorf("Function 'mod' does not allow %s as denominator if nominator is a long", b.Type())
	case value.TypeInteger:
		return value.Nil, value.Errorf("Function 'mod' does not allow %s as denominator if nominator is an int", b.Type())
	}
	return value.Nil, value.Errorf("Function 'mod' does not allow %s as numerator.long and integer are supported only", a.Type())
}

func numberPair(name string, a, b value.Value) (int, bool, error) {
	c, ordered, ok := value.CompareNumbers(a, b)
	if !ok {
		return 0, false, value.Errorf("Function '%s' supports numbers only.", name)
	}
	return c, ordered, nil
}

func compareRow(name string, ok func(c int) bool, doc string) eval.Row {
	two := func(_ *eval.Thread, a, b value.Value) (value.Value, error) {
		c, ordered, err := numberPair(name, a, b)
		return value.Bool(ordered && ok(c)), err
	}
	return eval.Row{Name: name, Min: 2, Max: -1, F2: two, Forms: "(" + name + " x y & more)", Doc: doc,
		FN: func(th *eval.Thread, args []value.Value) (value.Value, error) {
			for i := 1; i < len(args); i++ {
				if v, err := two(th, args[i-1], args[i]); err != nil || !v.Truthy() {
					return v, err
				}
			}
			return value.True, nil
		}}
}

func equalRow(name string, eq func(a, b value.Value) bool, want bool, doc string) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: -1, Forms: "(" + name + " x & more)", Doc: doc,
		F2: func(_ *eval.Thread, a, b value.Value) (value.Value, error) { return value.Bool(eq(a, b) == want), nil },
		FN: func(_ *eval.Thread, args []value.Value) (value.Value, error) {
			for _, x := range args[1:] {
				if !eq(args[0], x) {
					return value.Bool(!want), nil
				}
			}
			return value.Bool(want), nil
		}}
}

func extreme(dir int) func(*eval.Thread, []value.Value) (value.Value, error) {
	name := "max"
	if dir < 0 {
		name = "min"
	}
	return func(_ *eval.Thread, args []value.Value) (value.Value, error) {
		if len(args) == 0 {
			return value.Nil, nil
		}
		best := args[0] // of any type, as in the reference
		for _, x := range args[1:] {
			if x.IsNil() {
				continue
			}
			if !x.IsNumber() {
				return value.Nil, value.Errorf("Function '%s' does not allow %s as operand", name, best.Type())
			}
			if best.IsNil() {
				best = x
				continue
			}
			c, _, ok := value.CompareNumbers(x, best)
			if !ok {
				c = value.Compare(x, best)
			}
			if c*dir > 0 {
				best = x
			}
		}
		return best, nil
	}
}

func sign(name string, a value.Value) (int, error) {
	c, _, ok := value.CompareNumbers(a, value.Long(0))
	if !ok {
		return 0, value.Errorf("Function '%s' does not allow type %s as parameter. Only numbers are supported.", name, a.Type())
	}
	return c, nil
}

func signRow(name string, ok func(c int) bool) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " x)", Doc: "Tests the sign of a number.",
		F1: func(_ *eval.Thread, a value.Value) (value.Value, error) {
			c, err := sign(name, a)
			if d, isDouble := a.Double(); isDouble && math.IsNaN(d) {
				return value.False, err
			}
			return value.Bool(err == nil && ok(c)), err
		}}
}

func parityRow(name string, want int64) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 1, Forms: "(" + name + " n)", Doc: "Tests the parity of an integer.",
		F1: func(_ *eval.Thread, a value.Value) (value.Value, error) {
			n, ok := a.Long()
			if !ok {
				i, isInt := a.Int()
				if !isInt {
					return value.Nil, value.Errorf("Function '%s' does not allow %s as operand.", name, a.Type())
				}
				n = int64(i)
			}
			return value.Bool(n&1 == want), nil
		}}
}

func notConvertible(fn string, v value.Value, to string) error {
	if s, ok := value.StringOrKeyword(v); ok {
		return value.Errorf("Function '%s': the string %s can not be converted to %s", fn, s, to)
	}
	return value.Errorf("Function '%s' does not allow %s as operand 1", fn, v.Type())
}

func toLong(_ *eval.Thread, a value.Value) (value.Value, error) {
	if n, ok := value.ToLong(a); ok {
		return value.Long(n), nil
	}
	if a.IsNil() {
		return value.Long(0), nil
	}
	if c, ok := a.Char(); ok {
		return value.Long(int64(c)), nil
	}
	if b, ok := a.Bool(); ok {
		if b {
			return value.Long(1), nil
		}
		return value.Long(0), nil
	}
	if s, ok := value.StringOrKeyword(a); ok && decimalDigits(s) {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return value.Long(n), nil
		}
	}
	return value.Nil, notConvertible("long", a, "a long")
}

func decimalDigits(s string) bool { return s != "" && s[0] != '+' }

func toInt(th *eval.Thread, a value.Value) (value.Value, error) {
	if s, ok := a.Str(); ok {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || !decimalDigits(s) {
			return value.Nil, notConvertible("int", a, "an int")
		}
		return value.Int(int32(n)), nil
	}
	v, err := toLong(th, a)
	if err != nil {
		return value.Nil, notConvertible("int", a, "an int")
	}
	n, _ := v.Long()
	return value.Int(int32(n)), nil
}

func toDouble(_ *eval.Thread, a value.Value) (value.Value, error) {
	if d, ok := value.ToDouble(a); ok {
		return value.Double(d), nil
	}
	if a.IsNil() {
		return value.Double(0), nil
	}
	if b, ok := a.Bool(); ok {
		if b {
			return value.Double(1), nil
		}
		return value.Double(0), nil
	}
	if s, ok := value.StringOrKeyword(a); ok {
		if d, err := strconv.ParseFloat(s, 64); err == nil {
			return value.Double(d), nil
		}
	}
	return value.Nil, notConvertible("double", a, "a double")
}

func toFloat(th *eval.Thread, a value.Value) (value.Value, error) {
	if f, ok := a.Float(); ok {
		return value.Float(f), nil
	}
	v, err := toDouble(th, a)
	if err != nil {
		return value.Nil, notConvertible("float", a, "a float")
	}
	d, _ := v.Double()
	return value.Float(float32(d)), nil
}

func decimalOf(fn string, a value.Value) (*value.Decimal, error) {
	if d, ok := value.ToDecimal(a); ok {
		return d, nil
	}
	s, ok := value.StringOrKeyword(a)
	if !ok {
		return nil, notConvertible(fn, a, "a decimal")
	}
	if v, err := value.ParseNumber(s + "M"); err == nil {
		return v.Ref().(*value.Decimal), nil
	}
	e := value.NewException(value.NumberFormatException, "")
	e.NoMessage = s == ""
	for _, c := range s {
		if !strings.ContainsRune("0123456789.eE+-", c) {
			e.Message = fmt.Sprintf("Character %c is neither a decimal digit number, decimal point, nor \"e\" notation exponential mark.", c)
			return nil, e
		}
	}
	if !e.NoMessage {
		e.Message = fmt.Sprintf("For input string: %q", s)
	}
	return nil, e
}

// numberOf makes 0 of nil and false and 1 of true; all else stays.
func numberOf(v value.Value) value.Value {
	switch v {
	case value.Nil, value.False:
		return value.Long(0)
	case value.True:
		return value.Long(1)
	}
	return v
}

func toDecimal(th *eval.Thread, in *eval.Args) (value.Value, error) {
	if in.Len() == 2 {
		return value.Nil, th.Runtime().Row(in.Name).ArityError(in.Len())
	}
	d, err := decimalOf("decimal", numberOf(in.Value()))
	if err != nil || in.Left() == 0 {
		if err != nil {
			return value.Nil, err
		}
		return d.Val(), nil
	}
	return rescale(d, in)
}

func rescale(d *value.Decimal, in *eval.Args) (value.Value, error) {
	scale, name := in.Long(), in.Str()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	mode, err := roundingMode(name)
	if err != nil {
		return value.Nil, err
	}
	r, err := d.SetScale(int32(scale), mode)
	if err != nil {
		return value.Nil, err
	}
	return r.Val(), nil
}

func roundingMode(name string) (value.Rounding, error) {
	mode, ok := value.ParseRounding(name)
	if !ok {
		return mode, value.Throwf(value.IllegalArgument, "No enum constant java.math.RoundingMode.%s", name)
	}
	return mode, nil
}

func decScale(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	v := in.Value()
	d, ok := v.Ref().(*value.Decimal)
	if !ok {
		return value.Nil, value.Errorf("Function 'dec/scale' does not allow %s as operand 1s", v.Type()) // the reference's text
	}
	return rescale(d, in)
}

func toBigInt(th *eval.Thread, a value.Value) (value.Value, error) {
	a = numberOf(a)
	switch x := a.Ref().(type) {
	case *value.BigInt:
		return a, nil
	case *value.Decimal:
		d, err := x.SetScale(0, value.RoundDown)
		if err != nil {
			return value.Nil, err
		}
		return value.NewBigInt(d.Unscaled).Val(), nil
	case *value.Str:
		if n, ok := new(big.Int).SetString(x.S, 10); ok {
			return value.NewBigInt(n).Val(), nil
		}
		if x.S == "" {
			return value.Nil, value.Throwf(value.NumberFormatException, "Zero length BigInteger")
		}
		return value.Nil, value.Throwf(value.NumberFormatException, "For input string: %q", x.S)
	case *value.Keyword:
		return toBigInt(th, value.String(x.Name))
	}
	n, ok := value.ToLong(a)
	if !ok {
		return value.Nil, notConvertible("decimal", a, "a bigint") // the reference's word
	}
	return value.NewBigInt(big.NewInt(n)).Val(), nil
}

func rangeOf(th *eval.Thread, args []value.Value) (value.Value, error) {
	start, by := value.Long(0), value.Long(1)
	var end value.Value
	switch len(args) {
	case 0:
		return countFrom(0).Val(), nil
	case 1:
		end = args[0]
	case 2:
		start, end = args[0], args[1]
		if _, isInt := start.Int(); isInt { // the numbers are of the type of the first
			by = value.Int(1)
		}
	default:
		start, end, by = args[0], args[1], args[2]
	}
	for _, x := range []value.Value{start, end, by} {
		if !x.IsNumber() {
			return value.Nil, value.Errorf("Function 'range' does not allow type %s as parameter. Only numbers are supported.", x.Type())
		}
	}
	dir, _ := sign("range", by)
	c, _, _ := value.CompareNumbers(start, end)
	switch {
	case dir == 0:
		return value.Nil, value.Errorf("a range step value must not be 0")
	case dir > 0 && c > 0:
		return value.Nil, value.Errorf("range positive step: end must not be lower than start")
	case dir < 0 && c < 0:
		return value.Nil, value.Errorf("range negative step: end must not be greater than start")
	}
	var out []value.Value
	for v := start; ; {
		c, _, _ := value.CompareNumbers(v, end)
		if c*dir >= 0 {
			return value.ListOf(out).Val(), nil
		}
		if err := mayGrow(th, "range", len(out)); err != nil {
			return value.Nil, err
		}
		out = append(out, v)
		var err error
		if v, err = value.Add(v, by); err != nil {
			return value.Nil, err
		}
	}
}

// mayGrow says whether a function that makes a list out of a number may go on: it is not interrupted, and the list can hold
// one more.
func mayGrow(th *eval.Thread, fn string, count int) error {
	const most, look = 1<<31 - 1, 1 << 12
	if count >= most {
		return value.Errorf("%s: a list holds at most %d elements", fn, most)
	}
	if count == 0 || count%look != 0 {
		return nil
	}
	if err := th.Turns(look); err != nil {
		return err
	}
	return th.Room(count * slotSize)
}

// slotSize is what limits count for an element, in bytes.
const slotSize = 16

// countFrom is the endless (range).
func countFrom(n int64) *value.LazySeq {
	return value.NewLazySeq(func(value.Caller) (value.Value, *value.LazySeq, bool, error) {
		return value.Long(n), countFrom(n + 1), true, nil
	})
}
