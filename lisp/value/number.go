// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// BigInt is an arbitrary precision integer. N is not changed after construction.
type BigInt struct {
	Obj
	N *big.Int
}

// NewBigInt makes a bigint; it takes ownership of n.
func NewBigInt(n *big.Int) *BigInt { return New(&BigInt{N: n}) }

func (b *BigInt) Type() *Type { return TypeBigInt }

// ParseNumber reads a number token as the reader does (language.md 1.2). The error's text starts with "Failed to parse
// number atom".
func ParseNumber(token string) (Value, error) {
	if v, ok := parseNumber(token); ok {
		return v, nil
	}
	return Nil, Throwf(ParseError, "Failed to parse number atom '%s'", token)
}

func parseNumber(token string) (Value, bool) {
	if token == "" {
		return Nil, false
	}
	last, rest := token[len(token)-1], token[:len(token)-1]
	hex := isHex(token)
	switch {
	case last == 'I':
		n, ok := parseInteger(rest, 32)
		return Int(int32(n)), ok
	case last == 'F' && !hex:
		f, ok := ParseJavaFloat(plainDigits(rest), 32)
		return Float(float32(f)), ok
	case last == 'M':
		d, ok := ParseDecimal(plainDigits(rest))
		if !ok {
			return Nil, false
		}
		return d.Val(), true
	case last == 'N':
		rest = plainDigits(rest)
		base := 10
		if isHex(rest) {
			rest, base = rest[2:], 16
		}
		if !integerDigits(rest, base) {
			return Nil, false
		}
		n, ok := new(big.Int).SetString(rest, base)
		if !ok {
			return Nil, false
		}
		return NewBigInt(n).Val(), true
	case strings.IndexByte(token, '.') >= 0:
		f, ok := ParseJavaFloat(plainDigits(token), 64)
		return Double(f), ok
	}
	n, ok := parseInteger(token, 64)
	return Long(n), ok
}

func isHex(s string) bool { return len(s) >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') }

func plainDigits(s string) string { return strings.ReplaceAll(s, "_", "") }

// integerDigits reports whether s is digits of the base, with a minus only in base 10.
func integerDigits(s string, base int) bool {
	if base == 10 && s != "" && s[0] == '-' {
		s = s[1:]
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (base == 10 || (c|0x20 < 'a' || c|0x20 > 'f')) {
			return false
		}
	}
	return s != ""
}

// parseInteger reads a long or int: underscores are errors in the hexadecimal ones alone.
func parseInteger(s string, size int) (int64, bool) {
	base := 10
	if isHex(s) {
		s, base = s[2:], 16
	} else {
		s = plainDigits(s)
	}
	if !integerDigits(s, base) {
		return 0, false
	}
	n, err := strconv.ParseInt(s, base, size)
	return n, err == nil
}

// ParseJavaFloat reads what Java's Double.parseDouble (size 64) and Float.parseFloat (32) accept, without surrounding
// blanks: a trailing d or f is allowed, a number out of range is infinite or zero.
func ParseJavaFloat(s string, size int) (float64, bool) {
	if s == "" || strings.IndexByte(s, '_') >= 0 {
		return 0, false
	}
	unsigned := strings.TrimLeft(s, "+-")
	switch unsigned {
	case "NaN", "Infinity":
	default:
		if unsigned == "" || unsigned[0] != '.' && (unsigned[0] < '0' || unsigned[0] > '9') {
			return 0, false // Go reads "inf" and "nan", Java does not
		}
		suffix := strings.IndexByte("dDfF", s[len(s)-1]) >= 0
		if suffix && (!isHex(unsigned) || strings.ContainsAny(unsigned, "pP")) {
			s = s[:len(s)-1]
		}
	}
	f, err := strconv.ParseFloat(s, size)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, false
	}
	return f, true
}

// numKind ranks the number types; zero is no number.
type numKind uint8

const (
	notNumber numKind = iota
	kindInt
	kindLong
	kindFloat
	kindDouble
	kindDecimal
	kindBigInt
)

func kindOf(v Value) numKind {
	switch v.o {
	case nil:
		return notNumber
	case &longTag:
		return kindLong
	case &intTag:
		return kindInt
	case &doubleTag:
		return kindDouble
	case &floatTag:
		return kindFloat
	}
	switch v.o.self.(type) {
	case *Decimal:
		return kindDecimal
	case *BigInt:
		return kindBigInt
	}
	return notNumber
}

// promote is the table of language.md 7.1.
func promote(a, b numKind) numKind {
	if a == kindBigInt || b == kindBigInt {
		other := min(a, b)
		if other == kindInt || other == kindLong || other == kindBigInt {
			return kindBigInt
		}
		return kindDecimal
	}
	return max(a, b)
}

type arith uint8

const (
	opAdd arith = iota
	opSub
	opMul
	opDiv
)

func divByZero() *Exception { return Errorf("/ by zero") }

// Add, Sub, Mul and Div follow the promotion table of language.md 7.1. The error for a non-number reads
// "Function + operand of type :core/string is not a numeric type"; integers wrap.
func Add(a, b Value) (Value, error) {
	if a.o == &longTag && b.o == &longTag {
		return Value{&longTag, a.n + b.n}, nil
	}
	return compute(opAdd, a, b)
}

func Sub(a, b Value) (Value, error) {
	if a.o == &longTag && b.o == &longTag {
		return Value{&longTag, a.n - b.n}, nil
	}
	return compute(opSub, a, b)
}

func Mul(a, b Value) (Value, error) {
	if a.o == &longTag && b.o == &longTag {
		return Value{&longTag, a.n * b.n}, nil
	}
	return compute(opMul, a, b)
}

func Div(a, b Value) (Value, error) { return compute(opDiv, a, b) }

func compute(op arith, a, b Value) (Value, error) {
	ka, kb := kindOf(a), kindOf(b)
	if ka == notNumber || kb == notNumber {
		if x, y := Unwrap(a), Unwrap(b); x != a || y != b {
			return compute(op, x, y)
		}
		bad := a
		if ka != notNumber {
			bad = b
		}
		return Nil, Errorf("Function %c operand of type %s is not a numeric type", "+-*/"[op], bad.Type())
	}
	switch promote(ka, kb) {
	case kindInt:
		x, y := int32(uint32(a.n)), int32(uint32(b.n))
		n, err := integer(op, x, y)
		return Int(n), err
	case kindLong:
		x, _ := ToLong(a)
		y, _ := ToLong(b)
		n, err := integer(op, x, y)
		return Long(n), err
	case kindFloat:
		return Float(floating(op, toFloat(a), toFloat(b))), nil
	case kindDouble:
		x, _ := ToDouble(a)
		y, _ := ToDouble(b)
		return Double(floating(op, x, y)), nil
	case kindBigInt:
		return bigArith(op, toBig(a), toBig(b))
	}
	return decimalArith(op, a, b)
}

func integer[T int32 | int64](op arith, x, y T) (T, error) {
	switch op {
	case opAdd:
		return x + y, nil
	case opSub:
		return x - y, nil
	case opMul:
		return x * y, nil
	}
	if y == 0 {
		return 0, divByZero()
	}
	return x / y, nil
}

func floating[T float32 | float64](op arith, x, y T) T {
	switch op {
	case opAdd:
		return x + y
	case opSub:
		return x - y
	case opMul:
		return x * y
	}
	return x / y
}

func bigArith(op arith, x, y *big.Int) (Value, error) {
	r := new(big.Int)
	switch op {
	case opAdd:
		r.Add(x, y)
	case opSub:
		r.Sub(x, y)
	case opMul:
		r.Mul(x, y)
	case opDiv:
		if y.Sign() == 0 {
			return Nil, divByZero()
		}
		r.Quo(x, y)
	}
	return NewBigInt(r).Val(), nil
}

func decimalArith(op arith, a, b Value) (Value, error) {
	x, err := toDecimal(a)
	if err != nil {
		return Nil, err
	}
	y, err := toDecimal(b)
	if err != nil {
		return Nil, err
	}
	var r *Decimal
	switch op {
	case opAdd:
		r, err = x.Add(y)
	case opSub:
		r, err = x.Sub(y)
	case opMul:
		r, err = x.Mul(y)
	case opDiv:
		r, err = x.Div(y, divisionScale, RoundHalfUp)
	}
	if err != nil {
		return Nil, err
	}
	return r.Val(), nil
}

// CompareNumbers compares two numbers by value across types (-1, 0, 1), through the wider type of the pair. With a NaN
// ordered is false, and cmp has NaN above everything, as Java's Double.compare. ok is false if either is not a number.
func CompareNumbers(a, b Value) (cmp int, ordered, ok bool) {
	if a.o == &longTag && b.o == &longTag {
		return order(int64(a.n), int64(b.n)), true, true
	}
	ka, kb := kindOf(a), kindOf(b)
	if ka == notNumber || kb == notNumber {
		return 0, false, false
	}
	switch promote(ka, kb) {
	case kindInt, kindLong:
		x, _ := ToLong(a)
		y, _ := ToLong(b)
		return order(x, y), true, true
	case kindFloat, kindDouble:
		x, _ := ToDouble(a)
		y, _ := ToDouble(b)
		if x != x || y != y {
			return order(nanRank(x), nanRank(y)), false, true
		}
		return order(x, y), true, true
	case kindBigInt:
		return toBig(a).Cmp(toBig(b)), true, true
	}
	x, err := toDecimal(a)
	if err != nil {
		return compareInfinite(a, b)
	}
	y, err := toDecimal(b)
	if err != nil {
		return compareInfinite(a, b)
	}
	return x.Cmp(y), true, true
}

// compareInfinite compares a decimal or bigint with an infinite or NaN float.
func compareInfinite(a, b Value) (cmp int, ordered, ok bool) {
	x, _ := ToDouble(a)
	y, _ := ToDouble(b)
	if x != x || y != y {
		return order(nanRank(x), nanRank(y)), false, true
	}
	return order(x, y), true, true
}

func nanRank(f float64) int {
	if f != f {
		return 1
	}
	return 0
}

func order[T int | int64 | float64](x, y T) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// ToLong, ToDouble and ToDecimal convert numbers as (long x), (double x), (decimal x) do for numbers (language.md 7.3);
// ok is false for anything but a number, for ToDecimal also for one that is infinite or NaN.
func ToLong(v Value) (int64, bool) {
	switch v.o {
	case &longTag:
		return int64(v.n), true
	case &intTag:
		return int64(int32(uint32(v.n))), true
	case &doubleTag, &floatTag:
		f, _ := ToDouble(v)
		return saturate(f), true
	}
	switch x := v.Ref().(type) {
	case *BigInt:
		return lowBits(x.N), true
	case *Decimal:
		if x.Scale < 0 && x.Scale < -maxShift {
			return 0, true // 2^64 divides it
		}
		if int64(x.Scale) > int64(digitsBound(x.Unscaled)) {
			return 0, true
		}
		whole, err := x.SetScale(0, RoundDown)
		if err != nil {
			return 0, true
		}
		return lowBits(whole.Unscaled), true
	}
	return 0, false
}

// digitsBound is at least the number of decimal digits.
func digitsBound(n *big.Int) int { return n.BitLen()/3 + 1 }

// saturate is Java's narrowing of a double.
func saturate(f float64) int64 {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// lowBits is Java's BigInteger.longValue.
func lowBits(n *big.Int) int64 {
	if n.IsInt64() {
		return n.Int64()
	}
	low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)) // two's complement for negative n too
	return int64(low.Uint64())
}

func ToDouble(v Value) (float64, bool) {
	switch v.o {
	case &doubleTag:
		return math.Float64frombits(v.n), true
	case &longTag:
		return float64(int64(v.n)), true
	case &intTag:
		return float64(int32(uint32(v.n))), true
	case &floatTag:
		return float64(math.Float32frombits(uint32(v.n))), true
	}
	switch x := v.Ref().(type) {
	case *BigInt:
		f, _ := new(big.Float).SetInt(x.N).Float64()
		return f, true
	case *Decimal:
		f, _ := strconv.ParseFloat(x.String(), 64) // out of range: infinite, as Java's doubleValue
		return f, true
	}
	return 0, false
}

func ToDecimal(v Value) (*Decimal, bool) {
	d, err := toDecimal(v)
	return d, err == nil
}

func toDecimal(v Value) (*Decimal, error) {
	switch v.o {
	case &longTag, &intTag:
		n, _ := ToLong(v)
		return NewDecimal(big.NewInt(n), 0), nil
	case &doubleTag, &floatTag:
		f, _ := ToDouble(v)
		return decimalOf(f)
	}
	switch x := v.Ref().(type) {
	case *Decimal:
		return x, nil
	case *BigInt:
		return NewDecimal(x.N, 0), nil
	}
	return nil, CoerceError(v, "decimal")
}

func toFloat(v Value) float32 {
	switch v.o {
	case &floatTag:
		return math.Float32frombits(uint32(v.n))
	case &longTag:
		return float32(int64(v.n))
	case &intTag:
		return float32(int32(uint32(v.n)))
	}
	f, _ := ToDouble(v)
	return float32(f)
}

// toBig is for longs, ints and bigints.
func toBig(v Value) *big.Int {
	if x, ok := v.Ref().(*BigInt); ok {
		return x.N
	}
	n, _ := ToLong(v)
	return big.NewInt(n)
}

// FormatDouble is Java's Double.toString with shortest digits (language.md 2.3); FormatFloat likewise.
func FormatDouble(f float64) string { return string(appendFloat(nil, f, 64)) }
func FormatFloat(f float32) string  { return string(appendFloat(nil, float64(f), 32)) }

func appendFloat(dst []byte, f float64, size int) []byte {
	switch {
	case f != f:
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	abs := math.Abs(f)
	if abs == 0 || abs >= 1e-3 && abs < 1e7 {
		from := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, size)
		if bytes.IndexByte(dst[from:], '.') < 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	var buf [32]byte
	s := strconv.AppendFloat(buf[:0], f, 'e', -1, size) // -d.ddde±dd
	if bytes.IndexByte(s, '.') < 0 {
		// of the two digits that are written the closest ones: 4.9E-324, not 5.0E-324
		two := strconv.FormatFloat(f, 'e', 1, size)
		if back, err := strconv.ParseFloat(two, size); err == nil && back == f {
			s = append(buf[:0], two...)
		}
	}
	e := len(s) - 1
	for s[e] != 'e' {
		e--
	}
	dst = append(dst, s[:e]...)
	if bytes.IndexByte(s[:e], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	exp, _ := strconv.Atoi(string(s[e+1:]))
	return strconv.AppendInt(append(dst, 'E'), int64(exp), 10)
}
