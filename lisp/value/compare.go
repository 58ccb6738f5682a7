// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// rank orders values of different kinds (language.md 6.2).
type rank uint8

const (
	rankNil rank = iota
	rankBoolean
	rankNumber
	rankText
	rankSymbol
	rankHost
	rankOther
	rankList
	rankVector
	rankLazy
	rankMap
	rankSet
)

func rankOf(v Value) rank {
	switch v.o {
	case nil:
		return rankNil
	case &boolTag:
		return rankBoolean
	case &charTag:
		return rankText
	case &longTag, &intTag, &doubleTag, &floatTag:
		return rankNumber
	}
	switch x := v.o.self.(type) {
	case *Decimal, *BigInt:
		return rankNumber
	case *Str, *Keyword:
		return rankText
	case *Symbol:
		return rankSymbol
	case *ByteBuf, *Host, *File, *Regex, *Stream, *Future, *Exception:
		return rankHost
	case *LazySeq:
		return rankLazy
	case Sequence:
		if x.Type().Is("vector") {
			return rankVector
		}
		return rankList
	case Map:
		return rankMap
	case Set:
		return rankSet
	}
	return rankOther
}

// Compare is the language's compare (language.md 6.2): negative, zero or positive, defined for every pair of values.
// Values of one kind without natural order compare as less unless they are equal. It panics like Equal on nesting that is
// too deep.
func Compare(a, b Value) int { return compare(a, b, nil) }

func compare(a, b Value, w *walk) int {
	if a.o == &longTag && b.o == &longTag {
		return order(int64(a.n), int64(b.n))
	}
	if a == b {
		return 0
	}
	r, s := rankOf(a), rankOf(b)
	if r != s {
		return order(int(r), int(s))
	}
	switch r {
	case rankBoolean:
		return order(int(a.n), int(b.n))
	case rankNumber:
		cmp, _, _ := CompareNumbers(a, b)
		return cmp
	case rankText:
		return CompareText(textOf(a), textOf(b))
	case rankSymbol:
		x, _ := Text(a)
		y, _ := Text(b)
		return CompareText(x, y)
	case rankList, rankVector:
		x := a.o.self.(Sequence)
		w = w.enter(x.Count())
		c := compareSequences(x, b.o.self.(Sequence), w)
		w.depth--
		return c
	case rankLazy:
		return -1
	}
	if o, ok := capability[Ordered](a.o.self); ok {
		if cmp, ok := o.RelateCompare(b); ok {
			return cmp
		}
	}
	if equal(a, b, false, w) {
		return 0
	}
	return -1
}

func textOf(v Value) string {
	if c, ok := v.Char(); ok {
		return CharString(c)
	}
	s, _ := Text(v)
	return s
}

func compareSequences(x, y Sequence, w *walk) int {
	if c := order(x.Count(), y.Count()); c != 0 {
		return c
	}
	i := 0
	for v := range x.All() {
		if c := compare(v, y.Nth(i), w); c != 0 {
			return c
		}
		i++
	}
	return 0
}
