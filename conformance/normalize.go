// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import "regexp"

var placeholders = []struct {
	what *regexp.Regexp
	by   string
}{
	{regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`), "<uuid>"},
	{regexp.MustCompile(`\b[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?(\[[A-Za-z/_]+\])?`), "<time>"},
	{regexp.MustCompile(`\b1[6-9][0-9]{11}\b`), "<ts>"},               // milliseconds since the epoch, 2020 to 2033
	{regexp.MustCompile(`([A-Za-z_$])@[0-9a-f]{5,8}\b`), "$1@<hash>"}, // a host object: class name and identity hash
}

// Normalize replaces what differs from run to run and nothing else: UUIDs, ISO times, milliseconds since the epoch, and
// the identity hashes of printed host objects.
func Normalize(s string) string {
	for _, p := range placeholders {
		s = p.what.ReplaceAllString(s, p.by)
	}
	return s
}
