// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"errors"
	"fmt"
	"time"

	"gondola/broker/wire"
)

const (
	mimeText = "text/plain"
	mimeJSON = "application/json"
	mimeBin  = "application/octet-stream"
	utf8Name = "UTF-8"

	answerTimeout = 300 // what answers and administrative requests carry (wire-protocol.md 9)
)

// answerTo is an answer without a payload (wire-protocol.md 9). It is small enough to be inlined: whoever does not keep the
// answer has it on his stack.
func answerTo(m *wire.Message, status wire.Status) *wire.Message {
	a := new(wire.Message)
	makeAnswer(a, m, status)
	return a
}

func makeAnswer(a, m *wire.Message, status wire.Status) {
	*a = wire.Message{
		ID: m.ID, Type: wire.Response, Status: status, Oneway: true,
		Timestamp: time.Now().UnixMilli(), ExpiresAt: wire.Never, Timeout: answerTimeout,
		RequestID: m.RequestID, Subject: m.Subject,
	}
}

// answer queues an answer with a payload of its own, unless the request is oneway.
func (c *conn) answer(m *wire.Message, status wire.Status, mimetype string, payload []byte) {
	if m.Oneway {
		return
	}
	a := answerTo(m, status)
	a.Mimetype, a.Charset, a.Payload = mimetype, utf8Name, payload
	if err := c.send(a); err != nil { // its strings came out of a frame, so this is ours
		c.log.Error("An answer could not be encoded", "type", m.Type, "error", err)
	}
}

// ok answers with a text, given in parts.
func (c *conn) ok(m *wire.Message, parts ...string) {
	b := c.text[:0]
	for _, p := range parts {
		b = append(b, p...)
	}
	c.text = b
	if len(b) >= wire.BesideLen {
		c.text = nil // the queued answer has it
	}
	c.answer(m, wire.OK, mimeText, b)
}

// refuse answers with another status and a text.
func (c *conn) refuse(m *wire.Message, status wire.Status, format string, args ...any) {
	if m.Oneway {
		c.log.Warn("A oneway request was refused", "type", m.Type, "destination", m.Destination, "status", status,
			"reason", fmt.Sprintf(format, args...))
		return
	}
	c.answer(m, status, mimeText, fmt.Appendf(nil, format, args...))
}

// incident answers HANDLER_ERROR. The reason goes to the log under a number; the client gets the number, and the reason too
// if the server was told so (decisions.md B6) or it is a limit of the server's own.
func (c *conn) incident(m *wire.Message, reason error) {
	n := c.s.stats.incidents.Add(1)
	c.log.Warn("A request failed", "type", m.Type, "destination", m.Destination, "incident", n, "error", reason)
	text := fmt.Sprintf("Failed to handle '%s' request!\n(incident %d)", m.Type, n)
	var late *HandlerTimeoutError
	if c.s.opts.ExposeErrors || errors.As(reason, &late) {
		text += "\n" + reason.Error()
	}
	c.answer(m, wire.HandlerError, mimeText, []byte(text))
}

// invalid answers HANDLER_ERROR to an administration whose content is not acceptable: the reason names only what the client
// has sent, so it is told (decisions.md B6).
func (c *conn) invalid(m *wire.Message, reason error) {
	c.refuse(m, wire.HandlerError, "Failed to handle '%s' request!\n%s", m.Type, reason)
}
