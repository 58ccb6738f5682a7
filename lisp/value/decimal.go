// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an arbitrary precision decimal: Unscaled × 10^-Scale (Java's BigDecimal rules, decisions.md L13). Neither
// field is changed after construction.
type Decimal struct {
	Obj
	Unscaled *big.Int
	Scale    int32
}

// NewDecimal makes a decimal; it takes ownership of unscaled.
func NewDecimal(unscaled *big.Int, scale int32) *Decimal {
	return New(&Decimal{Unscaled: unscaled, Scale: scale})
}

func (d *Decimal) Type() *Type { return TypeDecimal }

// maxShift bounds the power of ten that one operation multiplies with: scripts must not get at all the memory with
// 1E+999999999M + 1M.
const maxShift = 1 << 20

// divisionScale is the scale of every decimal quotient (language.md 7.1).
const divisionScale = 16

func pow10(n int64) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(n), nil) }

func tooLarge() *Exception { return Throwf(ArithmeticException, "Decimal exponent out of range") }

// scaled returns the unscaled value for a scale that is not smaller than d's.
func (d *Decimal) scaled(scale int64) (*big.Int, error) {
	n := scale - int64(d.Scale)
	if n == 0 || d.Unscaled.Sign() == 0 {
		return d.Unscaled, nil
	}
	if n > maxShift {
		return nil, tooLarge()
	}
	return new(big.Int).Mul(d.Unscaled, pow10(n)), nil
}

func align(a, b *Decimal) (x, y *big.Int, scale int32, err error) {
	scale = max(a.Scale, b.Scale)
	if x, err = a.scaled(int64(scale)); err != nil {
		return nil, nil, 0, err
	}
	y, err = b.scaled(int64(scale))
	return x, y, scale, err
}

// Add, Sub and Mul are exact; the scale of a sum is the larger one, of a product the sum of both.
func (d *Decimal) Add(e *Decimal) (*Decimal, error) {
	x, y, scale, err := align(d, e)
	if err != nil {
		return nil, err
	}
	return NewDecimal(new(big.Int).Add(x, y), scale), nil
}

func (d *Decimal) Sub(e *Decimal) (*Decimal, error) {
	x, y, scale, err := align(d, e)
	if err != nil {
		return nil, err
	}
	return NewDecimal(new(big.Int).Sub(x, y), scale), nil
}

func (d *Decimal) Mul(e *Decimal) (*Decimal, error) {
	scale := int64(d.Scale) + int64(e.Scale)
	if scale < math.MinInt32 || scale > math.MaxInt32 {
		return nil, tooLarge()
	}
	return NewDecimal(new(big.Int).Mul(d.Unscaled, e.Unscaled), int32(scale)), nil
}

// Div divides and rounds to the given scale.
func (d *Decimal) Div(e *Decimal, scale int32, mode Rounding) (*Decimal, error) {
	if e.Unscaled.Sign() == 0 {
		return nil, divByZero()
	}
	n := int64(scale) - int64(d.Scale) + int64(e.Scale)
	num, den := d.Unscaled, e.Unscaled
	switch {
	case n > maxShift || n < -maxShift:
		return nil, tooLarge()
	case n > 0:
		num = new(big.Int).Mul(num, pow10(n))
	case n < 0:
		den = new(big.Int).Mul(den, pow10(-n))
	}
	q, err := divRound(num, den, mode)
	if err != nil {
		return nil, err
	}
	return NewDecimal(q, scale), nil
}

// Cmp compares by value, whatever the scales.
func (d *Decimal) Cmp(e *Decimal) int {
	s, t := d.Unscaled.Sign(), e.Unscaled.Sign()
	if s != t || s == 0 {
		return s - t
	}
	// By magnitude first, so that very different exponents need no long numbers.
	if a, b := d.magnitude(), e.magnitude(); a != b {
		if a < b {
			return -s
		}
		return s
	}
	x, y, _, err := align(d, e)
	if err != nil { // same magnitude: the shift is at most the length of a number we hold
		return d.Unscaled.Cmp(e.Unscaled)
	}
	return x.Cmp(y)
}

// magnitude is the exponent of the first digit.
func (d *Decimal) magnitude() int64 {
	return int64(digits(d.Unscaled)) - int64(d.Scale)
}

func digits(n *big.Int) int {
	s := n.String()
	if s[0] == '-' {
		return len(s) - 1
	}
	return len(s)
}

// String is BigDecimal.toString (language.md 2.4), without the M.
func (d *Decimal) String() string {
	s := d.Unscaled.String()
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if d.Scale == 0 {
		return sign + s
	}
	adjusted := int64(len(s)) - 1 - int64(d.Scale)
	if d.Scale > 0 && adjusted >= -6 {
		point := len(s) - int(d.Scale)
		if point <= 0 {
			return sign + "0." + strings.Repeat("0", -point) + s
		}
		return sign + s[:point] + "." + s[point:]
	}
	if len(s) > 1 {
		s = s[:1] + "." + s[1:]
	}
	if adjusted == 0 {
		return sign + s
	}
	exp := strconv.FormatInt(adjusted, 10)
	if adjusted > 0 {
		exp = "+" + exp
	}
	return sign + s + "E" + exp
}

// PlainString is BigDecimal.toPlainString: no exponent.
func (d *Decimal) PlainString() (string, error) {
	if d.Scale > maxShift || d.Scale < -maxShift {
		return "", tooLarge()
	}
	s := d.Unscaled.String()
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	point := len(s) - int(d.Scale)
	switch {
	case d.Scale == 0 || s == "0" && d.Scale < 0:
	case d.Scale < 0:
		s += strings.Repeat("0", -int(d.Scale))
	case point <= 0:
		s = "0." + strings.Repeat("0", -point) + s
	default:
		s = s[:point] + "." + s[point:]
	}
	return sign + s, nil
}

// Rounding is a rounding mode of Java's BigDecimal.
type Rounding int

const (
	RoundCeiling Rounding = iota
	RoundDown
	RoundFloor
	RoundHalfDown
	RoundHalfEven
	RoundHalfUp
	RoundUnnecessary
	RoundUp
)

// ParseRounding resolves "HALF_UP" and its siblings.
func ParseRounding(name string) (Rounding, bool) {
	switch name {
	case "CEILING":
		return RoundCeiling, true
	case "DOWN":
		return RoundDown, true
	case "FLOOR":
		return RoundFloor, true
	case "HALF_DOWN":
		return RoundHalfDown, true
	case "HALF_EVEN":
		return RoundHalfEven, true
	case "HALF_UP":
		return RoundHalfUp, true
	case "UNNECESSARY":
		return RoundUnnecessary, true
	case "UP":
		return RoundUp, true
	}
	return 0, false
}

// SetScale rounds to the given scale.
func (d *Decimal) SetScale(scale int32, mode Rounding) (*Decimal, error) {
	if scale == d.Scale {
		return d, nil
	}
	if scale > d.Scale {
		u, err := d.scaled(int64(scale))
		if err != nil {
			return nil, err
		}
		return NewDecimal(u, scale), nil
	}
	n := int64(d.Scale) - int64(scale)
	if n > maxShift {
		return nil, tooLarge()
	}
	u, err := divRound(d.Unscaled, pow10(n), mode)
	if err != nil {
		return nil, err
	}
	return NewDecimal(u, scale), nil
}

// divRound is num/den as an integer.
func divRound(num, den *big.Int, mode Rounding) (*big.Int, error) {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if r.Sign() == 0 {
		return q, nil
	}
	sign := num.Sign() * den.Sign()
	half := r.Lsh(r, 1).CmpAbs(den) // -1 below, 0 at, 1 above one half
	away := false
	switch mode {
	case RoundUp:
		away = true
	case RoundDown:
	case RoundCeiling:
		away = sign > 0
	case RoundFloor:
		away = sign < 0
	case RoundHalfUp:
		away = half >= 0
	case RoundHalfDown:
		away = half > 0
	case RoundHalfEven:
		away = half > 0 || half == 0 && q.Bit(0) == 1
	default:
		return nil, Throwf(ArithmeticException, "Rounding necessary")
	}
	if away {
		q.Add(q, big.NewInt(int64(sign)))
	}
	return q, nil
}

// decimalOf converts a double exactly, all binary digits included (language.md 7.1).
func decimalOf(f float64) (*Decimal, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, Throwf(NumberFormatException, "Infinite or NaN")
	}
	if f == 0 {
		return NewDecimal(new(big.Int), 0), nil
	}
	frac, exp := math.Frexp(f)
	m, exp := int64(frac*(1<<53)), exp-53
	for m&1 == 0 {
		m >>= 1
		exp++
	}
	u := big.NewInt(m)
	if exp >= 0 {
		return NewDecimal(u.Lsh(u, uint(exp)), 0), nil
	}
	u.Mul(u, new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(-exp)), nil))
	return NewDecimal(u, int32(-exp)), nil
}

// ParseDecimal reads what BigDecimal's constructor accepts: digits, a point, an exponent.
func ParseDecimal(s string) (*Decimal, bool) {
	mant, exp := s, int64(0)
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.ParseInt(s[i+1:], 10, 32)
		if err != nil {
			return nil, false
		}
		mant, exp = s[:i], n
	}
	sign := ""
	if mant != "" && (mant[0] == '-' || mant[0] == '+') {
		sign, mant = mant[:1], mant[1:]
	}
	whole, frac, _ := strings.Cut(mant, ".")
	scale := int64(len(frac)) - exp
	if whole+frac == "" || !allDigits(whole) || !allDigits(frac) || scale < math.MinInt32 || scale > math.MaxInt32 {
		return nil, false
	}
	u, ok := new(big.Int).SetString(sign+whole+frac, 10)
	if !ok {
		return nil, false
	}
	return NewDecimal(u, int32(scale)), true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
