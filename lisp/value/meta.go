// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

// Meta is what the reader and with-meta attach to a value (language.md 1.11). It never influences equality. A Meta is
// not changed after it has been attached.
type Meta struct {
	File      string // "" without a position
	Line, Col int    // 1-based
	Map       Map    // the script's own entries; nil without
}

// Metadated is a value that can carry metadata.
type Metadated interface {
	Object
	Meta() *Meta            // nil without
	WithMeta(m *Meta) Value // a copy of the value that carries m
}

// MetaOf returns the metadata of any value; nil without.
func MetaOf(v Value) *Meta {
	if m, ok := v.Ref().(Metadated); ok {
		return m.Meta()
	}
	return nil
}
