// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

func (l *List) Type() *Type       { return TypeList }
func (v *Vector) Type() *Type     { return TypeVector }
func (m *HashMap) Type() *Type    { return TypeHashMap }
func (m *OrderedMap) Type() *Type { return TypeOrderedMap }
func (m *SortedMap) Type() *Type  { return TypeSortedMap }
func (s *HashSet) Type() *Type    { return TypeHashSet }
func (s *SortedSet) Type() *Type  { return TypeSortedSet }
func (l *LazySeq) Type() *Type    { return TypeLazySeq }
func (a *Atom) Type() *Type       { return TypeAtom }
func (v *Volatile) Type() *Type   { return TypeVolatile }
func (j *Just) Type() *Type       { return TypeJust }
func (d *Delay) Type() *Type      { return TypeDelay }
