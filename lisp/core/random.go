// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"crypto/rand"
	"math/big"
	mathrand "math/rand/v2"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// randomTable: random numbers; the generator is seeded by the system and strong.
var randomTable = eval.Table{
	{Name: "rand-long", Min: 0, Max: 1, FN: randLong, Forms: "(rand-long)\n(rand-long max)", Doc: "A random long from 0, below max if given."},
	{Name: "rand-double", Min: 0, Max: 1, FN: randDouble, Forms: "(rand-double)\n(rand-double max)", Doc: "A random double from 0 to 1, or to max."},
	{Name: "rand-gaussian", Min: 0, Max: 2, FN: randGaussian, Forms: "(rand-gaussian)\n(rand-gaussian mean stddev)", Doc: "A normally distributed random double; mean 0 and standard deviation 1 unless given."},
	{Name: "rand-bigint", Min: 1, Max: 1, F1: randBigInt, Forms: "(rand-bigint bits)", Doc: "A random bigint from 0, below 2 to the power of bits."},
}

func randLong(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.Long(mathrand.Int64()), nil
	}
	n, err := asLong(a[0])
	if err != nil {
		return value.Nil, err
	}
	if n < 2 {
		return value.Nil, value.Errorf("Function 'rand-long' does not allow negative max values")
	}
	return value.Long(mathrand.Int64N(n)), nil
}

func randDouble(_ *eval.Thread, a []value.Value) (value.Value, error) {
	if len(a) == 0 {
		return value.Double(mathrand.Float64()), nil
	}
	limit, ok := a[0].Double()
	if !ok {
		return value.Nil, value.CoerceError(a[0], "double")
	}
	if limit < 0 {
		return value.Nil, value.Errorf("Function 'rand-double' does not allow negative max values")
	}
	return value.Double(mathrand.Float64() * limit), nil
}

func randGaussian(th *eval.Thread, a []value.Value) (value.Value, error) {
	switch len(a) {
	case 0:
		return value.Double(mathrand.NormFloat64()), nil
	case 1:
		return value.Nil, th.Runtime().Row("rand-gaussian").ArityError(1)
	}
	mean, ok := a[0].Double()
	if !ok {
		return value.Nil, value.CoerceError(a[0], "double")
	}
	deviation, ok := a[1].Double()
	if !ok {
		return value.Nil, value.CoerceError(a[1], "double")
	}
	return value.Double(mean + deviation*mathrand.NormFloat64()), nil
}

func randBigInt(_ *eval.Thread, v value.Value) (value.Value, error) {
	bits, err := asLong(v)
	if err != nil {
		return value.Nil, err
	}
	if bits < 2 || bits > 65536 {
		return value.Nil, value.Errorf("Function 'rand-bigint': bits must be in the range [2..65536]")
	}
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	if err != nil {
		return value.Nil, value.Errorf("Function 'rand-bigint': %s", err)
	}
	return value.NewBigInt(n).Val(), nil
}
