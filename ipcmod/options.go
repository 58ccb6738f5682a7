// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"maps"
	"slices"

	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// options reads the keyword options of one call and keeps the first mismatch.
type options struct {
	fn    string
	given map[string]value.Value
	err   error
}

func (m *module) options(in *eval.Args, fn string, known ...string) *options {
	o := &options{fn: fn, given: in.Options(), err: in.Done()}
	o.warn(m, known)
	return o
}

// warn names the options that are not known.
func (o *options) warn(m *module, known []string) {
	for _, name := range slices.Sorted(maps.Keys(o.given)) {
		if !slices.Contains(known, name) {
			m.Logger.Warn("unknown option", "function", o.fn, "option", ":"+name, "nearest", ":"+eval.Nearest(name, known, len(name)+64)[0])
		}
	}
}

func (o *options) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

func (o *options) flag(name string) bool {
	v, ok := o.given[name]
	if !ok {
		return false
	}
	b, ok := v.Bool()
	if !ok {
		o.fail(value.CoerceError(v, "boolean"))
	}
	return b
}

func (o *options) long(name string) int64 {
	v, ok := o.given[name]
	if !ok {
		return 0
	}
	n, ok := v.Long()
	if !ok {
		o.fail(value.CoerceError(v, "long"))
	}
	return n
}

func (o *options) size(name string) (n int64, given bool) {
	v, ok := o.given[name]
	if !ok {
		return 0, false
	}
	n, err := size(v)
	if err != nil {
		o.fail(err)
	}
	return n, true
}

func (o *options) name(name string) string {
	v, ok := o.given[name]
	if !ok {
		return ""
	}
	s, ok := value.StringOrKeyword(v)
	if !ok {
		o.fail(value.CoerceError(v, "string"))
	}
	return s
}
