// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/json"
	"slices"

	"gondola/broker/wire"
)

// featureWait: the peer waits for polls and offers as long as it has asked for (P4).
const featureWait = "wait"

// configRequest is what a client says about itself (wire-protocol.md 8, decisions.md B20).
type configRequest struct {
	AckMode  string   `json:"ackMode"`
	Features []string `json:"features,omitempty"`
}

const noAcknowledge = "NO_ACKNOWLEDGE"

// configAnswer is what the server says about itself. Unknown keys are ignored by every peer.
type configAnswer struct {
	MaxMessage int      `json:"max-msg-size"`
	Cutoff     int      `json:"compress-cutoff-size"`
	Encrypt    bool     `json:"encrypt"`
	Heartbeat  int      `json:"heartbeat-interval-seconds"`
	Login      bool     `json:"authentication"`
	Sign       bool     `json:"dh-rsa-sign"` // its presence says: the JSON form of the key exchange is understood (B18)
	Features   []string `json:"features"`
}

// defaultConfig is what a missing key means.
func defaultConfig() configAnswer { return configAnswer{MaxMessage: wire.MaxMaxMessage, Cutoff: -1} }

// config answers a client's configuration request, at any time and as often as it comes.
func (c *conn) config(m *wire.Message) {
	asked := configRequest{AckMode: noAcknowledge}
	if len(m.Payload) > 0 {
		if err := decodeControl(m.Payload, &asked); err != nil {
			c.badControl(m, err)
			return
		}
	}
	switch asked.AckMode {
	case noAcknowledge, "AUTO_ACKNOWLEDGE", "CLIENT_ACKNOWLEDGE": // acknowledgements are not granted: "ack" is no feature
	default:
		c.invalid(m, text("Unknown acknowledge mode"))
		return
	}
	granted := []string{}
	if c.longWaits = slices.Contains(asked.Features, featureWait); c.longWaits {
		granted = append(granted, featureWait)
	}
	o := &c.s.opts
	body, err := json.Marshal(configAnswer{
		MaxMessage: o.MaxMessageSize, Cutoff: o.CompressCutoff, Heartbeat: o.HeartbeatInterval, Features: granted,
	})
	if err != nil {
		c.incident(m, err)
		return
	}
	c.answer(m, wire.OK, mimeJSON, body)
}

// keyExchange refuses: encryption is not offered yet. The connection goes on in plain, as after any refusal.
func (c *conn) keyExchange(m *wire.Message) {
	c.refuse(m, wire.KeyExchangeNAK, "Failed to exchange Diffie-Hellman key! Reason: Encryption is not available on this server")
}

// authenticate refuses: there is no login yet.
func (c *conn) authenticate(m *wire.Message) {
	if m.Mimetype != mimeText {
		c.refuse(m, wire.BadRequest, "Request %s: Expected a text payload", m.Type)
		return
	}
	c.refuse(m, wire.NoPermission, "")
}
