// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// Type is what (type x) answers, as a keyword without its colon: "core/long", "java.io.File", "user/point".
type Type struct {
	Name   string
	Supers []*Type // nearest first, the whole chain; language.md 2.1
}

// String returns the keyword form, ":core/long".
func (t *Type) String() string { return ":" + t.Name }

// Is reports whether t is the named type or one of its descendants; name is given without colon, with or without
// the "core/" prefix.
func (t *Type) Is(name string) bool {
	if t.Name == name || t.Name == "core/"+name {
		return true
	}
	for _, s := range t.Supers {
		if s.Name == name || s.Name == "core/"+name {
			return true
		}
	}
	return false
}

func coreType(name string, supers ...*Type) *Type { return &Type{Name: "core/" + name, Supers: supers} }

// The types of the language. A host type is made with &Type{Name: "java.io.File"}.
var (
	TypeNil           = coreType("nil")
	TypeBoolean       = coreType("boolean")
	TypeNumber        = coreType("number")
	TypeLong          = coreType("long", TypeNumber)
	TypeInteger       = coreType("integer", TypeNumber)
	TypeDouble        = coreType("double", TypeNumber)
	TypeFloat         = coreType("float", TypeNumber)
	TypeDecimal       = coreType("decimal", TypeNumber)
	TypeBigInt        = coreType("bigint", TypeNumber)
	TypeChar          = coreType("char")
	TypeString        = coreType("string")
	TypeKeyword       = coreType("keyword", TypeString)
	TypeSymbol        = coreType("symbol")
	TypeCollection    = coreType("collection")
	TypeSequence      = coreType("sequence", TypeCollection)
	TypeMap           = coreType("map", TypeCollection)
	TypeSet           = coreType("set", TypeCollection)
	TypeList          = coreType("list", TypeSequence, TypeCollection)
	TypeVector        = coreType("vector", TypeSequence, TypeCollection)
	TypeLazySeq       = coreType("lazyseq", TypeSequence, TypeCollection)
	TypeHashMap       = coreType("hash-map", TypeMap, TypeCollection)
	TypeOrderedMap    = coreType("ordered-map", TypeMap, TypeCollection)
	TypeSortedMap     = coreType("sorted-map", TypeMap, TypeCollection)
	TypeMapEntry      = coreType("map-entry")
	TypeHashSet       = coreType("hash-set", TypeSet, TypeCollection)
	TypeSortedSet     = coreType("sorted-set", TypeSet, TypeCollection)
	TypeMutableMap    = coreType("mutable-map", TypeMap, TypeCollection)
	TypeMutableList   = coreType("mutable-list", TypeSequence, TypeCollection)
	TypeMutableVector = coreType("mutable-vector", TypeSequence, TypeCollection)
	TypeByteBuf       = coreType("bytebuf")
	TypeFunction      = coreType("function")
	TypeMacro         = coreType("macro")
	TypeSpecial       = coreType("special-form")
	TypeAtom          = coreType("atom")
	TypeVolatile      = coreType("volatile")
	TypeJust          = coreType("just")
	TypeDelay         = coreType("delay")

	TypeFile    = &Type{Name: "java.io.File"}
	TypeRegex   = &Type{Name: "java.util.regex.Pattern"}
	TypeFuture  = &Type{Name: "java.util.concurrent.FutureTask"}
	TypePromise = &Type{Name: "java.util.concurrent.CompletableFuture"}
	TypeStream  = &Type{Name: "java.io.PrintStream"}
)

// Type returns the type of any value.
func (v Value) Type() *Type {
	switch v.o {
	case nil:
		return TypeNil
	case &longTag:
		return TypeLong
	case &intTag:
		return TypeInteger
	case &doubleTag:
		return TypeDouble
	case &floatTag:
		return TypeFloat
	case &boolTag:
		return TypeBoolean
	case &charTag:
		return TypeChar
	}
	return v.o.self.Type()
}
