// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import "math/big"

// Decimal is an arbitrary precision decimal: Unscaled × 10^-Scale (Java's BigDecimal rules, decisions.md L13). Neither
// field is changed after construction.
type Decimal struct {
	Obj
	Unscaled *big.Int
	Scale    int32
}

// BigInt is an arbitrary precision integer. N is not changed after construction.
type BigInt struct {
	Obj
	N *big.Int
}

// NewDecimal makes a decimal; it takes ownership of unscaled.
func NewDecimal(unscaled *big.Int, scale int32) *Decimal {
	return New(&Decimal{Unscaled: unscaled, Scale: scale})
}

// NewBigInt makes a bigint; it takes ownership of n.
func NewBigInt(n *big.Int) *BigInt { return New(&BigInt{N: n}) }

func (d *Decimal) Type() *Type { return TypeDecimal }
func (b *BigInt) Type() *Type  { return TypeBigInt }

// ParseNumber reads a number token as the reader does (language.md 1.2). The error's text starts with "Failed to parse
// number atom".
func ParseNumber(token string) (Value, error) { panic("not built yet") }

// Add, Sub, Mul and Div follow the promotion table of language.md 7.1. The error for a non-number reads
// "Function + operand of type :core/string is not a numeric type"; integers wrap.
func Add(a, b Value) (Value, error) { panic("not built yet") }
func Sub(a, b Value) (Value, error) { panic("not built yet") }
func Mul(a, b Value) (Value, error) { panic("not built yet") }
func Div(a, b Value) (Value, error) { panic("not built yet") }

// CompareNumbers compares two numbers by value across types (-1, 0, 1). NaN compares as Java's doubles do in
// comparisons: ordered is then false. ok is false if either is not a number.
func CompareNumbers(a, b Value) (cmp int, ordered, ok bool) { panic("not built yet") }

// ToLong, ToDouble and ToDecimal convert numbers as (long x), (double x), (decimal x) do for numbers (language.md 7.3);
// ok is false for anything but a number.
func ToLong(v Value) (int64, bool)       { panic("not built yet") }
func ToDouble(v Value) (float64, bool)   { panic("not built yet") }
func ToDecimal(v Value) (*Decimal, bool) { panic("not built yet") }

// FormatDouble is Java's Double.toString with shortest digits (language.md 2.3); FormatFloat likewise.
func FormatDouble(f float64) string { panic("not built yet") }
func FormatFloat(f float32) string  { panic("not built yet") }

// String is BigDecimal.toString (language.md 2.4), without the M.
func (d *Decimal) String() string { panic("not built yet") }

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
func ParseRounding(name string) (Rounding, bool) { panic("not built yet") }

// SetScale rounds to the given scale.
func (d *Decimal) SetScale(scale int32, mode Rounding) (*Decimal, error) { panic("not built yet") }
