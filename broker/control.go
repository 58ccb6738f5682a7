// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/json"
	"errors"

	"gondola/broker/wire"
)

// Limits of the JSON of control messages (O6).
const (
	maxControl      = 1 << 20
	maxControlDepth = 64
)

// errControl is the refusal of JSON beyond the limits of O6.
const errControl = text("the JSON is too large or too deep")

// decodeControl reads the JSON of a control message into v, within O6. Unknown members are ignored.
func decodeControl(b []byte, v any) error {
	if len(b) > maxControl || tooDeep(b) {
		return errControl
	}
	return json.Unmarshal(b, v)
}

// tooDeep counts brackets outside strings.
func tooDeep(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxControlDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// badControl answers for JSON that does not decode.
func (c *conn) badControl(m *wire.Message, err error) {
	if errors.Is(err, errControl) {
		c.s.stats.refusedControl.Add(1)
		c.refuse(m, wire.BadRequest, "Request %s: %s", m.Type, err)
		return
	}
	c.invalid(m, text("The payload is not the expected JSON"))
}
