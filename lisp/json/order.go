// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package json

import (
	"slices"

	"gondola/lisp/value"
)

type member struct {
	key, val value.Value
	bucket   uint32
}

// tableOrder lists the members of a hash map in the order of a Java hash table that was filled in the map's own order
// (ipc-api.md 3.7, decisions.md L10). Splitting a bucket keeps the order of its entries, so one stable sort by the final
// bucket is enough.
func tableOrder(m *value.HashMap) []member {
	size := uint32(16)
	for uint64(m.Count())*4 > uint64(size)*3 {
		size *= 2
	}
	members := make([]member, 0, m.Count())
	for k, v := range m.All() {
		h := value.Hash(k)
		members = append(members, member{k, v, (h ^ h>>16) & (size - 1)})
	}
	slices.SortStableFunc(members, func(a, b member) int { return int(a.bucket) - int(b.bucket) })
	return members
}
