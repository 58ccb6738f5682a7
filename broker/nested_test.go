// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"strings"
	"testing"

	"gondola/broker/wire"
)

// T33: JSON nested a million deep, in every request that is read as JSON. It is refused, and the connection serves on.
func TestNestedJSON(t *testing.T) {
	const depth = 1_000_000
	deep := []byte(`{"name":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}")
	s := startServer(t, ServerOptions{})
	for _, c := range []struct {
		kind   wire.Type
		status wire.Status
	}{
		{wire.ClientConfig, wire.BadRequest},
		{wire.CreateTempQueue, wire.BadRequest},
		{wire.KeyExchange, wire.KeyExchangeNAK},
	} {
		t.Run(c.kind.String(), func(t *testing.T) {
			p := dialRaw(t, s)
			m := newRequest(c.kind, "")
			m.RequestID = "r-1" // the JSON form of the key exchange answers with an id of its own
			m.Mimetype, m.Charset, m.Payload = mimeJSON, utf8Name, deep
			p.write(m)
			if answer := p.read(); answer.RequestID != m.RequestID || answer.Status != c.status {
				t.Errorf("%s %.200q, want %s", answer.Status, answer.Payload, c.status)
			}
			p.quiet()
		})
	}
}
