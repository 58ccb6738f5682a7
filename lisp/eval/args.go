// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package eval

import (
	"gondola/lisp/value"
)

// Args is a cursor over the arguments of a host function. Each accessor takes the next argument, checks it and keeps the
// first mismatch, in the script author's words (ipc-api.md 1.3 to 1.8); the function asks Done once before it works.
// After a mismatch the accessors return zero values. The cursor and its slices are borrowed for the call.
type Args struct {
	Name string // the function's name, for error texts
	list []value.Value
	next int
	err  error
	th   *Thread
}

// Len is the number of all arguments, Left that of those not yet taken.
func (in *Args) Len() int  { return len(in.list) }
func (in *Args) Left() int { return len(in.list) - in.next }

// Peek is the next argument without taking it; nil if there is none.
func (in *Args) Peek() value.Value {
	if in.next < len(in.list) {
		return in.list[in.next]
	}
	return value.Nil
}

// Fail keeps err as the first mismatch.
func (in *Args) Fail(err error) {
	if in.err == nil {
		in.err = err
	}
}

// Done returns the first mismatch.
func (in *Args) Done() error { return in.err }

// Value takes the next argument as it is; nil if there is none.
func (in *Args) Value() value.Value {
	v := in.Peek()
	in.next++
	return v
}

// Rest takes all remaining arguments; the slice is borrowed for the call.
func (in *Args) Rest() []value.Value {
	if in.next >= len(in.list) {
		return nil
	}
	r := in.list[in.next:]
	in.next = len(in.list)
	return r
}

func (in *Args) mismatch(v value.Value, to string) { in.Fail(value.CoerceError(v, to)) }

// Long takes a :core/long.
func (in *Args) Long() int64 {
	v := in.Value()
	n, ok := v.Long()
	if !ok {
		in.mismatch(v, "long")
	}
	return n
}

// Str takes a string or keyword as text.
func (in *Args) Str() string {
	v := in.Value()
	s, ok := value.StringOrKeyword(v)
	if !ok {
		in.mismatch(v, "string")
	}
	return s
}

// StrOrNil takes a string, a keyword or nil; ok is false for nil.
func (in *Args) StrOrNil() (s string, ok bool) {
	if in.Peek().IsNil() {
		in.next++
		return "", false
	}
	return in.Str(), true
}

// Keyword takes a keyword as its qualified name without the colon.
func (in *Args) Keyword() string {
	v := in.Value()
	k, ok := v.Ref().(*value.Keyword)
	if !ok {
		in.mismatch(v, "keyword")
		return ""
	}
	return k.Name
}

// Bool takes a boolean.
func (in *Args) Bool() bool {
	v := in.Value()
	b, ok := v.Bool()
	if !ok {
		in.mismatch(v, "boolean")
	}
	return b
}

// Function takes a function proper; keywords and collections are not accepted.
func (in *Args) Function() value.Value {
	v := in.Value()
	if !IsFunction(v) {
		in.mismatch(v, "function")
	}
	return v
}

// ByteBuf takes a byte buffer.
func (in *Args) ByteBuf() *value.ByteBuf {
	v := in.Value()
	b, ok := v.Ref().(*value.ByteBuf)
	if !ok {
		in.mismatch(v, "bytebuf")
	}
	return b
}

// Options takes all remaining arguments as keyword/value pairs. An odd number fails with the reference's text; of
// duplicates the last wins; an option given as nil counts as absent; keys that are not keywords are ignored.
func (in *Args) Options() map[string]value.Value {
	rest := in.Rest()
	if len(rest) == 0 {
		return nil
	}
	if len(rest)%2 != 0 {
		in.Fail(value.Errorf("hash-map: create requires an even number of list items. Got %d items.", len(rest)))
		return nil
	}
	opts := make(map[string]value.Value, len(rest)/2)
	for i := 0; i < len(rest); i += 2 {
		k, ok := rest[i].Ref().(*value.Keyword)
		if !ok {
			continue
		}
		if rest[i+1].IsNil() {
			delete(opts, k.Name)
		} else {
			opts[k.Name] = rest[i+1]
		}
	}
	return opts
}

// Host takes a host object that carries a T; class is the name the error text gives, "com.github…ipc.Client".
func Host[T any](in *Args, class string) T {
	v := in.Value()
	x, ok := value.HostOf[T](v)
	if !ok {
		in.mismatch(v, "java-object of type "+class)
	}
	return x
}
