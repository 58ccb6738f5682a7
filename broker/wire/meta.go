// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// Limits of the strings (wire-protocol.md 3): bytes of any string, UTF-16 code units of three of them.
const (
	maxString   = math.MaxInt16
	maxSubject  = 100
	maxMimetype = 100
	maxCharset  = 50
)

// checkMeta reports what the format cannot carry or a reader would answer by closing the connection.
func checkMeta(m *Message) error {
	if !m.Type.Valid() {
		return fmt.Errorf("type %d is not defined", int16(m.Type))
	}
	if !m.Status.Valid() {
		return fmt.Errorf("status %d is not defined", int16(m.Status))
	}
	// In the usual message nothing is long; the sum of the lengths says so in one comparison.
	if m.MetaLen() <= minMetaLen+maxCharset {
		return nil
	}
	for _, f := range [...]struct{ name, value string }{
		{"request id", m.RequestID}, {"destination", m.Destination}, {"reply-to", m.ReplyTo},
		{"subject", m.Subject}, {"mimetype", m.Mimetype}, {"charset", m.Charset},
	} {
		if len(f.value) > maxString {
			return fmt.Errorf("%s of %d bytes, the limit is %d", f.name, len(f.value), maxString)
		}
	}
	for _, f := range [...]struct {
		name, value string
		limit       int
	}{
		{"subject", m.Subject, maxSubject}, {"mimetype", m.Mimetype, maxMimetype}, {"charset", m.Charset, maxCharset},
	} {
		if tooLong(f.value, f.limit) {
			return fmt.Errorf("%s of %d characters, the limit is %d", f.name, utf16Len(f.value), f.limit)
		}
	}
	return nil
}

// tooLong counts UTF-16 units; a string has at most as many as it has bytes.
func tooLong(s string, limit int) bool { return len(s) > limit && utf16Len(s) > limit }

// appendMeta appends the plain meta segment of a message that checkMeta has passed; the fields in the order of parseMeta.
func appendMeta(dst []byte, m *Message) []byte {
	dst = appendFlag(dst, m.Oneway)
	dst = appendFlag(dst, m.Durable)
	dst = appendFlag(dst, m.SubscriptionReply)
	dst = binary.BigEndian.AppendUint16(dst, uint16(m.Type))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Timestamp))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.ExpiresAt))
	dst = binary.BigEndian.AppendUint64(dst, uint64(m.Timeout))
	dst = binary.BigEndian.AppendUint16(dst, uint16(m.Status))
	dst = appendText(dst, m.RequestID)
	dst = appendText(dst, m.Destination)
	dst = appendText(dst, m.ReplyTo)
	dst = appendText(dst, m.Subject)
	dst = appendText(dst, m.Mimetype)
	dst = appendText(dst, m.Charset)
	return append(dst, m.ID[:]...)
}

func appendFlag(dst []byte, f bool) []byte {
	if f {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendText(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

// parseMeta decodes a plain meta segment and normalises it as wire-protocol.md 3 says. Nothing of b is kept; bytes after
// the last field are ignored.
//
// A missing mimetype closes a connection of the reference. Here it is the empty string: the protocol cannot tell the two
// apart, and a message whose sender gave an empty mimetype must arrive (ipc-api.md 3.1).
func parseMeta(b []byte) (*Message, error) {
	c := cursor{b: b}
	m := &Message{
		Oneway:            c.flag(),
		Durable:           c.flag(),
		SubscriptionReply: c.flag(),
		Type:              Type(c.int16()),
		Timestamp:         c.int64(),
		ExpiresAt:         max(c.int64(), Never),
		Timeout:           max(c.int64(), NoTimeout),
		Status:            Status(c.int16()),
	}
	names := c.b
	requestID, destination, replyTo, subject := c.text(), c.text(), c.text(), c.text()
	names = names[:len(names)-len(c.b)]
	mimetype, charset := c.text(), c.text()
	copy(m.ID[:], c.take(len(m.ID)))
	if c.failed {
		return nil, malformed("meta segment of %d bytes ends inside a field", len(b))
	}
	if !m.Type.Valid() {
		return nil, malformed("message type %d", int16(m.Type))
	}
	if !m.Status.Valid() {
		return nil, malformed("response status %d", int16(m.Status))
	}
	if m.Timestamp <= 0 {
		m.Timestamp = time.Now().UnixMilli()
	}
	m.setNames(names, requestID, destination, replyTo, subject)
	m.Mimetype = decodeText(trim(mimetype))
	m.Charset = decodeText(trim(charset))
	switch {
	case tooLong(m.Subject, maxSubject):
		return nil, malformed("subject of %d characters", utf16Len(m.Subject))
	case tooLong(m.Mimetype, maxMimetype):
		return nil, malformed("mimetype of %d characters", utf16Len(m.Mimetype))
	case tooLong(m.Charset, maxCharset):
		return nil, malformed("charset of %d characters", utf16Len(m.Charset))
	}
	return m, nil
}

// setNames makes the four strings that differ from message to message with one allocation: they stand side by side in
// the segment (all is the stretch they fill, lengths included), so all of it becomes one string and each a part of it.
func (m *Message) setNames(all, requestID, destination, replyTo, subject []byte) {
	if len(all) == 4*2 {
		return
	}
	if !utf8.Valid(requestID) || !utf8.Valid(destination) || !utf8.Valid(replyTo) || !utf8.Valid(subject) {
		m.RequestID, m.Destination = decodeText(trim(requestID)), decodeText(trim(destination))
		m.ReplyTo, m.Subject = decodeText(trim(replyTo)), decodeText(subject)
		return
	}
	text := string(all)
	next := func(n int) string {
		s := text[2 : 2+n]
		text = text[2+n:]
		return s
	}
	m.RequestID = trim(next(len(requestID)))
	m.Destination = trim(next(len(destination)))
	m.ReplyTo = trim(next(len(replyTo)))
	m.Subject = next(len(subject))
}
