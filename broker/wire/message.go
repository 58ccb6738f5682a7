// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "github.com/google/uuid"

// Message is one message. It is fixed once built: whoever wants another one makes a copy (m := *old). The payload never
// changes and may be shared by any number of messages and goroutines (decisions.md B13). In the optional strings "" is
// the protocol's null.
type Message struct {
	ID                uuid.UUID
	Type              Type
	Status            Status
	Oneway            bool
	Durable           bool
	SubscriptionReply bool
	Timestamp         int64  // ms since the epoch
	ExpiresAt         int64  // ms since the epoch; negative: never
	Timeout           int64  // ms; negative: none
	RequestID         string // optional
	Destination       string // function, queue or topic; optional
	ReplyTo           string // reply queue; optional
	Subject           string
	Mimetype          string
	Charset           string // optional; "" marks a binary message
	Payload           []byte
}

// Never is the ExpiresAt of a message that does not expire, NoTimeout the Timeout of one without.
const (
	Never     = -1
	NoTimeout = -1
)

// MetaLen is the length of the plain meta segment: 59 bytes and the six strings (wire-protocol.md 3).
func (m *Message) MetaLen() int {
	return 59 + len(m.RequestID) + len(m.Destination) + len(m.ReplyTo) + len(m.Subject) + len(m.Mimetype) + len(m.Charset)
}

// Size is header, plain meta and raw payload together: what the size limit counts (wire-protocol.md 7).
func (m *Message) Size() int { return HeaderLen + m.MetaLen() + len(m.Payload) }

// Expired reports whether the message has an expiry time before now (ms since the epoch).
func (m *Message) Expired(now int64) bool { return m.ExpiresAt >= 0 && m.ExpiresAt < now }
