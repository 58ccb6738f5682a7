// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package core

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// What kinds of collections the functions of the seq files take, and which kind they give back (coll-matrix.tsv).

// elements returns the items of a sequence-like argument of the functions that reject maps and sets.
func elements(th *eval.Thread, fn string, v value.Value) ([]value.Value, error) {
	switch v.Ref().(type) {
	case value.Map, value.Set:
		return nil, invalidType(fn, v)
	}
	items, ok, err := value.Items(th, v)
	if !ok && err == nil {
		err = invalidType(fn, v)
	}
	if err != nil {
		return nil, err
	}
	return items, nil
}

// also are the arguments beside sequences that a function takes.
type also int

const (
	nilOK also = 1 << iota
	lazyOK
	textOK
)

// onlySequence returns the items of a sequence for the functions that take little else: no maps, no sets.
func onlySequence(th *eval.Thread, fn string, v value.Value, ok also) ([]value.Value, error) {
	if !takes(v, ok) {
		return nil, invalidType(fn, v)
	}
	return iterable(th, v)
}

// keyPath are the keys in a sequence, an array or an entry.
func keyPath(th *eval.Thread, v value.Value) ([]value.Value, error) {
	if !takes(v, lazyOK) {
		return nil, value.CoerceError(v, "a sequential collection")
	}
	return iterable(th, v)
}

// sequentialItems is keyPath without entries.
func sequentialItems(th *eval.Thread, v value.Value) ([]value.Value, error) {
	if _, isEntry := v.Ref().(*value.MapEntry); isEntry {
		return nil, value.CoerceError(v, "a sequential collection")
	}
	return keyPath(th, v)
}

func takes(v value.Value, ok also) bool {
	switch v.Ref().(type) {
	case nil:
		return v.IsNil() && ok&nilOK != 0
	case *value.LazySeq:
		return ok&lazyOK != 0
	case *value.Str:
		return ok&textOK != 0
	case value.Map, value.Set, *value.Queue:
		return false
	case value.Sequence, *value.MapEntry, value.Iterable: // the last are arrays
		return true
	}
	return false
}

// iterable returns the items of anything that can be iterated.
func iterable(th *eval.Thread, v value.Value) ([]value.Value, error) {
	items, ok, err := value.Items(th, v)
	if !ok && err == nil {
		err = value.CoerceError(v, "a sequential collection")
	}
	if err != nil {
		return nil, err
	}
	return items, nil
}

// sameKind makes a vector of items if like is a vector, else a list.
func sameKind(like value.Value, items []value.Value) value.Value {
	if s, ok := like.Ref().(value.Sequence); ok {
		return s.Of(items).Val()
	}
	return value.ListOf(items).Val()
}

// sorted is sameKind that makes a list of a mutable vector.
func sorted(like value.Value, items []value.Value) value.Value {
	if isMutable(like) {
		return value.ListOf(items).Val()
	}
	return sameKind(like, items)
}

// sameOrLazy is sameKind that makes a lazy sequence for one.
func sameOrLazy(like value.Value, items []value.Value) value.Value {
	if _, ok := like.Ref().(*value.LazySeq); ok {
		return lazyOf(items).Val()
	}
	return sameKind(like, items)
}

// orderedItems makes a list of a map or set, refuses nil, and leaves the rest alone.
func orderedItems(th *eval.Thread, fn string, v value.Value) (value.Value, error) {
	switch v.Ref().(type) {
	case nil:
		return value.Nil, invalidType(fn, v)
	case value.Map, value.Set:
		items, err := iterable(th, v)
		return value.ListOf(items).Val(), err
	}
	return v, nil
}
