// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzControl (T23): JSON is read if and only if it is valid and within O6.
func FuzzControl(f *testing.F) {
	nested := func(n int, open, end string) []byte {
		return append(bytes.Repeat([]byte(open), n), bytes.Repeat([]byte(end), n)...)
	}
	for _, b := range [][]byte{
		[]byte(`{"capacity":3}`), []byte(`{"a":"[[[\"[{","b":[1,{"c":null}]}`), []byte(`"\\"`), []byte(`[}`), nil,
		nested(maxControlDepth, "[", "]"), nested(maxControlDepth+1, "[", "]"), nested(maxControlDepth+1, `{"":`, "}"),
		append(bytes.Repeat([]byte(" "), maxControl), '1'),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v json.RawMessage // a number may be too large for any
		err := decodeControl(b, &v)
		depth := 0
		if json.Valid(b) {
			depth = depthOf(b)
		}
		fits := json.Valid(b) && len(b) <= maxControl && depth <= maxControlDepth
		if fits != (err == nil) {
			t.Errorf("%d bytes, %d levels: %v", len(b), depth, err)
		}
	})
}

// depthOf is the nesting of valid JSON.
func depthOf(b []byte) (deepest int) {
	depth := 0
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // as above
	for {
		token, err := d.Token()
		if err != nil {
			return deepest
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			depth++
			deepest = max(deepest, depth)
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
}
