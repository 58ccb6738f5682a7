// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// Wrapped is a value under the name of another type (deftype-of, deftype-or), or a scalar with metadata. It prints and computes as the value.
type Wrapped struct {
	Obj
	t    *Type
	V    Value
	meta *Meta
}

// NewWrapped wraps v, which is no Wrapped itself.
func NewWrapped(t *Type, v Value) *Wrapped { return New(&Wrapped{t: t, V: Unwrap(v)}) }

func (w *Wrapped) Meta() *Meta { return w.meta }
func (w *Wrapped) WithMeta(m *Meta) Value {
	return New(&Wrapped{t: w.t, V: w.V, meta: m}).Val()
}

func (w *Wrapped) Type() *Type { return w.t }

func (w *Wrapped) PrintTo(p *Printer) { p.Print(w.V) }

// Unwrap returns the value inside a Wrapped, and any other value itself.
func Unwrap(v Value) Value {
	if w, ok := v.Ref().(*Wrapped); ok {
		return w.V
	}
	return v
}

// IsCoreType reports whether a name like "core/long" is a type of the language.
func IsCoreType(name string) bool {
	for _, t := range []*Type{
		TypeBoolean, TypeNumber, TypeLong, TypeInteger, TypeDouble, TypeFloat, TypeDecimal, TypeBigInt, TypeChar, TypeString, TypeKeyword,
		TypeSymbol, TypeCollection, TypeSequence, TypeMap, TypeSet, TypeList, TypeVector, TypeHashMap, TypeOrderedMap, TypeSortedMap,
		TypeHashSet, TypeSortedSet, TypeByteBuf, TypeFunction, TypeAtom,
	} {
		if t.Name == name {
			return true
		}
	}
	return false
}
