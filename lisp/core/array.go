// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"iter"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// arrayTable: arrays of fixed length, language.md 8.
var arrayTable = eval.Table{
	arrayRow("object-array", objectArray), arrayRow("string-array", stringArray), arrayRow("byte-array", byteArray),
	arrayRow("int-array", intArray), arrayRow("long-array", longArray), arrayRow("float-array", floatArray), arrayRow("double-array", doubleArray),
	{Name: "make-array", Min: 2, Max: -1, FN: makeArray, Forms: "(make-array type length)\n(make-array type length & lengths)", Doc: "An array, or an array of arrays. type is :long, :int, :double, :float, :byte, :boolean, :char or a class."},
	{Name: "aget", Min: 2, Max: 2, F2: func(_ *eval.Thread, v, i value.Value) (value.Value, error) {
		a, err := asArray(v, "array")
		if err != nil {
			return value.Nil, err
		}
		n, err := a.index(i)
		if err != nil {
			return value.Nil, err
		}
		return a.items[n], nil
	}, Forms: "(aget array idx)", Doc: "An element of an array."},
	{Name: "aset", Min: 3, Max: 3, F3: func(_ *eval.Thread, v, i, x value.Value) (value.Value, error) {
		a, err := asArray(v, "array")
		if err != nil {
			return value.Nil, err
		}
		n, err := a.index(i)
		if err == nil {
			a.items[n], err = a.kind.element(x)
		}
		return v, err
	}, Forms: "(aset array idx val)", Doc: "Sets an element; the array."},
	{Name: "alength", Min: 1, Max: 1, F1: func(_ *eval.Thread, v value.Value) (value.Value, error) {
		a, err := asArray(v, "array")
		if err != nil {
			return value.Nil, err
		}
		return value.Long(int64(len(a.items))), nil
	}, Forms: "(alength array)", Doc: "The length of an array."},
	{Name: "amap", Min: 2, Max: 2, F2: func(th *eval.Thread, f, v value.Value) (value.Value, error) {
		a, err := asArray(v, "array")
		if err != nil {
			return value.Nil, err
		}
		out := make([]value.Value, len(a.items))
		for i, x := range a.items {
			if out[i], err = th.Call1(f, x); err == nil {
				out[i], err = a.kind.element(out[i])
			}
			if err != nil {
				return value.Nil, err
			}
		}
		return newArray(a.kind, out).Val(), nil
	}, Forms: "(amap f array)", Doc: "An array of the same type of f's results."},
	{Name: "asub", Min: 3, Max: 3, F3: func(_ *eval.Thread, v, start, length value.Value) (value.Value, error) {
		a, err := asArray(v, "array")
		if err != nil {
			return value.Nil, err
		}
		part, err := a.part(start, length)
		if err != nil {
			return value.Nil, err
		}
		return newArray(a.kind, append([]value.Value(nil), part...)).Val(), nil
	}, Forms: "(asub array start length)", Doc: "A part of an array as a new array."},
	{Name: "acopy", Min: 5, Max: 5, FN: func(_ *eval.Thread, a []value.Value) (value.Value, error) {
		from, err := asArray(a[0], "source array")
		if err != nil {
			return value.Nil, err
		}
		to, err := asArray(a[2], "destination array")
		if err != nil {
			return value.Nil, err
		}
		if from.kind != to.kind {
			return value.Nil, value.Errorf("Source and destination array are not from the same type")
		}
		src, err := from.part(a[1], a[4])
		if err != nil {
			return value.Nil, err
		}
		dst, err := to.part(a[3], a[4])
		copy(dst, src)
		return a[2], err
	}, Forms: "(acopy src src-pos dest dest-pos length)", Doc: "Copies elements from one array to another; the destination."},
}

// arrayKind is the element type of an array.
type arrayKind struct {
	t       *value.Type
	zero    value.Value
	element func(v value.Value) (value.Value, error) // converts or refuses an element
}

var (
	objectArray = &arrayKind{&value.Type{Name: "[Ljava.lang.Object;"}, value.Nil, func(v value.Value) (value.Value, error) { return v, nil }}
	stringArray = &arrayKind{&value.Type{Name: "[Ljava.lang.String;"}, value.Nil, func(v value.Value) (value.Value, error) {
		if _, ok := v.Str(); !ok && !v.IsNil() {
			return value.Nil, value.CoerceError(v, "string")
		}
		return v, nil
	}}
	byteArray    = numberArray("[B", "long", value.Long(0), func(v value.Value) value.Value { n, _ := value.ToLong(v); return value.Long(int64(int8(n))) })
	intArray     = numberArray("[I", "integer", value.Int(0), func(v value.Value) value.Value { n, _ := value.ToLong(v); return value.Int(int32(n)) })
	longArray    = numberArray("[J", "long", value.Long(0), func(v value.Value) value.Value { n, _ := value.ToLong(v); return value.Long(n) })
	floatArray   = numberArray("[F", "", value.Float(0), func(v value.Value) value.Value { f, _ := value.ToDouble(v); return value.Float(float32(f)) })
	doubleArray  = numberArray("[D", "", value.Double(0), func(v value.Value) value.Value { f, _ := value.ToDouble(v); return value.Double(f) })
	booleanArray = &arrayKind{&value.Type{Name: "[Z"}, value.False, func(v value.Value) (value.Value, error) {
		if _, ok := v.Bool(); !ok {
			return value.Nil, value.CoerceError(v, "boolean")
		}
		return v, nil
	}}
	arrayKinds = map[string]*arrayKind{
		"long": longArray, "int": intArray, "integer": intArray, "double": doubleArray, "float": floatArray, "byte": byteArray, "boolean": booleanArray,
		"java.lang.String": stringArray, "String": stringArray, "java.lang.Object": objectArray, "Object": objectArray,
	}
)

func noLazySize() error { return value.Errorf("Getting the size of lazy sequences is not supported") }

// notANumber is the error of a conversion, other than that of a coercion.
func notANumber(v value.Value, to string) error {
	return value.Errorf("Cannot convert value of type %s to %s", v.Type(), to)
}

// numberArray: to is the type that a conversion names when it fails; "" where the reference coerces.
func numberArray(name, to string, zero value.Value, convert func(value.Value) value.Value) *arrayKind {
	return &arrayKind{&value.Type{Name: name}, zero, func(v value.Value) (value.Value, error) {
		switch {
		case v.IsNumber():
			return convert(v), nil
		case to == "":
			return value.Nil, value.CoerceError(v, "number")
		}
		return value.Nil, notANumber(v, to)
	}}
}

// array is mutable. It has no lock: like the reference's, it belongs to one thread at a time.
type array struct {
	value.Obj
	kind  *arrayKind
	items []value.Value
}

func newArray(kind *arrayKind, items []value.Value) *array {
	return value.New(&array{kind: kind, items: items})
}

func (a *array) Type() *value.Type          { return a.kind.t }
func (a *array) Count() int                 { return len(a.items) }
func (a *array) All() iter.Seq[value.Value] { return value.ListOf(a.items).All() }

// PrintTo prints as the reference does: without quotes and type suffixes.
func (a *array) PrintTo(p *value.Printer) {
	p.WriteString("[")
	for i, v := range a.items {
		if i > 0 {
			p.WriteString(", ")
		}
		switch {
		case v.IsNil():
			p.WriteString("nil")
		default:
			if k, ok := v.Ref().(*value.Keyword); ok {
				p.WriteString(k.Name)
				continue
			}
			if inner, ok := v.Ref().(*array); ok { // as the vector that it is within another
				p.Print(vec(inner.items...))
				continue
			}
			if n, ok := v.Int(); ok {
				v = value.Long(int64(n))
			} else if f, ok := v.Float(); ok {
				p.WriteString(value.FormatFloat(f))
				continue
			}
			p.WriteString(value.ToStr(v))
		}
	}
	p.WriteString("]")
}

func asArray(v value.Value, what string) (*array, error) {
	a, ok := v.Ref().(*array)
	if !ok {
		return nil, value.Errorf("The %s argument (%s) is not an array", what, v.Type())
	}
	return a, nil
}

func (a *array) index(v value.Value) (int, error) {
	n, ok := value.ToLong(v)
	if !ok {
		return 0, value.CoerceError(v, "integer")
	}
	if n < 0 || n >= int64(len(a.items)) {
		return 0, value.Errorf("Index %d out of bounds for length %d", n, len(a.items))
	}
	return int(n), nil
}

func (a *array) part(start, length value.Value) ([]value.Value, error) {
	i, err := asLong(start)
	if err != nil {
		return nil, err
	}
	n, err := asLong(length)
	if err != nil {
		return nil, err
	}
	if i < 0 || n < 0 || i > int64(len(a.items)) || n > int64(len(a.items))-i {
		return nil, value.Errorf("The range of %d elements from index %d is out of bounds for length %d", n, i, len(a.items))
	}
	return a.items[i : i+n], nil
}

// maxArray bounds an array that a script asks for by length: 1 GiB of values.
const maxArray = maxBuffer / 16

// filled makes an array of n elements.
func filled(th *eval.Thread, kind *arrayKind, n int64, v value.Value) (*array, error) {
	if n < 0 {
		return nil, value.Throwf(value.NegativeArraySize, "%d", n)
	}
	if n > maxArray {
		return nil, value.Errorf("An array cannot have %d elements; it has at most %d", n, maxArray)
	}
	if err := th.Room(int(n) * slotSize); err != nil {
		return nil, err
	}
	items := make([]value.Value, n)
	for i := range items {
		items[i] = v
	}
	return newArray(kind, items), nil
}

func arrayRow(name string, kind *arrayKind) eval.Row {
	return eval.Row{Name: name, Min: 1, Max: 2, Forms: "(" + name + " coll)\n(" + name + " length)\n(" + name + " length init)", Doc: "An array of the elements, or of a length.",
		FN: func(th *eval.Thread, a []value.Value) (value.Value, error) {
			if n, ok := a[0].Long(); ok {
				init := kind.zero
				if len(a) == 2 && n >= 0 {
					var err error
					if init, err = kind.element(a[1]); err != nil {
						return value.Nil, err
					}
				}
				x, err := filled(th, kind, n, init)
				if err != nil {
					return value.Nil, err
				}
				return x.Val(), nil
			}
			if _, isLazy := a[0].Ref().(*value.LazySeq); isLazy {
				return value.Nil, noLazySize()
			}
			s, ok := a[0].Ref().(value.Sequence)
			if !ok {
				return value.Nil, value.CoerceError(a[0], "a sequential collection")
			}
			items := s.Items()
			for i, v := range items {
				var err error
				if items[i], err = kind.element(v); err == nil && kind == stringArray && v.IsNil() {
					err = value.CoerceError(v, "string") // only a length makes nils
				}
				if err != nil {
					if kind.zero.IsNumber() {
						err = value.Errorf("The value at pos %d in the collection is not a number", i)
					} else if kind == stringArray {
						err = value.Errorf("The value at pos %d in the collection is not a string", i)
					}
					return value.Nil, err
				}
			}
			return newArray(kind, items).Val(), nil
		}}
}

func makeArray(th *eval.Thread, a []value.Value) (value.Value, error) {
	k, ok := a[0].Ref().(*value.Keyword)
	if !ok {
		return value.Nil, value.CoerceError(a[0], "keyword")
	}
	kind := arrayKinds[k.Name]
	if kind == nil {
		kind = &arrayKind{&value.Type{Name: "[L" + k.Name + ";"}, value.Nil, objectArray.element}
	}
	return nestedArray(th, kind, a[1:])
}

func nestedArray(th *eval.Thread, kind *arrayKind, lengths []value.Value) (value.Value, error) {
	n, ok := value.ToLong(lengths[0])
	if !ok {
		return value.Nil, notANumber(lengths[0], "integer")
	}
	if len(lengths) == 1 {
		x, err := filled(th, kind, n, kind.zero)
		if err != nil {
			return value.Nil, err
		}
		return x.Val(), nil
	}
	outer, err := filled(th, objectArray, n, value.Nil)
	if err != nil {
		return value.Nil, err
	}
	for i := range outer.items {
		if err := th.CheckInterrupt(); err != nil {
			return value.Nil, err
		}
		if outer.items[i], err = nestedArray(th, kind, lengths[1:]); err != nil {
			return value.Nil, err
		}
	}
	return outer.Val(), nil
}
