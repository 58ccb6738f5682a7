// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"

	"gondola/broker/wire"
	"gondola/security"
)

// The key exchange (wire-protocol.md 6.4, current-venice.md 3). A server answers in the style of the request: text for
// Venice up to 1.12.84, JSON for later ones; both sides of both styles are in this file.

// keyText is the JSON form.
type keyText struct {
	Key       string `json:"key"`
	Signature string `json:"signature"`
}

const (
	exchangeRefused = "Failed to exchange Diffie-Hellman key! Reason: "
	exchangedTwice  = "Error: Diffie-Hellman key already exchanged!"
	noSharedSecret  = "Failed to create Diffie-Hellman shared secret"
	jsonTimeout     = 500 // what messages of the JSON form carry
)

// agreements limits the key agreements at a time (O20): each costs a millisecond or two.
var agreements = newAgreementQueue(runtime.NumCPU())

// maxWaitingAgreements is how many wait for their turn; whoever comes then is not served.
const maxWaitingAgreements = 128

// agreementQueue hands out turns.
type agreementQueue struct {
	turns  chan struct{}
	inside atomic.Int64 // with a turn or in line for one
}

func newAgreementQueue(n int) *agreementQueue { return &agreementQueue{turns: make(chan struct{}, n)} }

// enter waits for a turn; it is false when too many are waiting.
func (q *agreementQueue) enter() bool {
	if q.inside.Add(1) > int64(maxWaitingAgreements+cap(q.turns)) {
		q.inside.Add(-1)
		return false
	}
	q.turns <- struct{}{}
	return true
}

func (q *agreementQueue) leave() {
	<-q.turns
	q.inside.Add(-1)
}

// keyExchange agrees on a key. Everything after the answer is sealed.
func (c *conn) keyExchange(m *wire.Message) {
	jsonForm := strings.HasPrefix(strings.TrimLeft(string(m.Payload[:min(len(m.Payload), 16)]), " \t\r\n"), "{") || m.Mimetype == mimeJSON
	if c.exchanged {
		c.answerKey(m, jsonForm, wire.KeyExchangeNAK, exchangedTwice)
		return
	}
	key, reason, final := offeredKey(m, jsonForm)
	if reason != "" {
		c.exchanged = final
		c.answerKey(m, jsonForm, wire.KeyExchangeNAK, exchangeRefused+reason)
		return
	}
	c.exchanged = true
	if !agreements.enter() {
		c.s.stats.refusedAgreements.Add(1)
		c.log.Warn("Connection closed: too many key exchanges at a time", "waiting", maxWaitingAgreements)
		c.refused = true
		return
	}
	public, sealer, err := agree(key)
	agreements.leave()
	if err != nil {
		c.log.Warn("A key exchange failed", "error", err)
		c.answerKey(m, jsonForm, wire.KeyExchangeNAK, exchangeRefused+noSharedSecret)
		return
	}
	if c.countsNonces {
		sealer.CountNonces(false)
	}
	c.answerKey(m, jsonForm, wire.KeyExchangeACK, public)
	c.writing.Lock()
	c.out.w.SetSealer(sealer)
	c.writing.Unlock()
	c.r.SetSealer(sealer)
	c.sealed = true
}

// offeredKey takes the peer's key out of a request. A reason refuses it; final tells that there is no second attempt.
func offeredKey(m *wire.Message, jsonForm bool) (key, reason string, final bool) {
	if !jsonForm {
		if m.Charset == "" {
			return "", "The message has no charset", true
		}
		return string(m.Payload), "", true
	}
	if m.Charset == "" {
		return "", "A binary message can not be converted to Venice data!", false
	}
	if m.Mimetype != mimeJSON {
		return "", fmt.Sprintf("A message with mimetype %q can not be converted to Venice data!", m.Mimetype), false
	}
	var body keyText
	if err := decodeFirst(m.Payload, &body); err != nil {
		return "", "Failed to parse JSON data to Venice data!", false
	}
	if key = strings.TrimSpace(body.Key); key == "" {
		return "", noSharedSecret, false
	}
	return key, "", true
}

// decodeFirst reads the JSON value at the start, whatever follows it.
func decodeFirst(b []byte, v any) error {
	if len(b) > maxControl || tooDeep(b) {
		return errControl
	}
	return json.NewDecoder(strings.NewReader(string(b))).Decode(v)
}

// agree makes our half of the key and the common one.
func agree(peer string) (public string, sealer *security.Sealer, err error) {
	pair, err := security.NewKeyPair()
	if err != nil {
		return "", nil, err
	}
	public = pair.Public()
	sealer, err = pair.Agree(peer)
	return public, sealer, err
}

// answerKey answers in the clear, also when a key is set, and never compressed.
func (c *conn) answerKey(m *wire.Message, jsonForm bool, status wire.Status, payload string) {
	if m.Oneway {
		return
	}
	a := answerTo(m, status)
	a.RequestID, a.Subject, a.Mimetype, a.Charset, a.Payload = "", "", mimeText, utf8Name, []byte(payload)
	if jsonForm {
		a.ID, a.Type, a.Oneway, a.RequestID, a.Timeout = newID(), wire.KeyExchange, false, m.RequestID, jsonTimeout
		if status == wire.KeyExchangeACK {
			text, err := json.Marshal(keyText{Key: payload})
			if err != nil {
				c.incident(m, err)
				return
			}
			a.Mimetype, a.Payload = mimeJSON, text
		}
	}
	c.flush()
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.failed != nil {
		return
	}
	if err := c.out.w.WritePlain(a); err != nil {
		c.failed = err
	}
}

// exchangeKeys is the client's side. mark says that the server's config names dh-rsa-sign: it speaks the JSON form. Without
// the mark the text form is tried first, and after a refusal the other one (current-venice.md 3.2).
func (c *Client) exchangeKeys(mark, counters bool) error {
	refusal, err := c.exchangeKey(mark, counters)
	if err == nil && refusal != "" && !mark {
		refusal, err = c.exchangeKey(true, counters)
	}
	if err != nil {
		return &Error{Text: errKeyExchange.Error(), Cause: err}
	}
	if refusal != "" {
		return &Error{Text: errKeyExchange.Error(), Cause: text("Error: The server rejected the Diffie-Hellman key exchange! " + refusal)}
	}
	return nil
}

// exchangeKey makes one attempt; refusal is the text of a NAK.
func (c *Client) exchangeKey(jsonForm, counters bool) (refusal string, err error) {
	pair, err := security.NewKeyPair()
	if err != nil {
		return "", err
	}
	m := newRequest(wire.KeyExchange, "")
	m.Mimetype, m.Charset, m.Payload = mimeText, utf8Name, []byte(pair.Public())
	if jsonForm {
		m.Mimetype, m.Timeout = mimeJSON, jsonTimeout
		if m.Payload, err = json.Marshal(keyText{Key: pair.Public()}); err != nil {
			return "", err
		}
	}
	answer, err := c.step(m)
	if err != nil {
		return "", err
	}
	switch answer.Status {
	case wire.KeyExchangeACK:
	case wire.KeyExchangeNAK:
		return string(answer.Payload), nil
	default:
		return "", failure("the server answered %s", answer.Status)
	}
	key := string(answer.Payload)
	if jsonForm || answer.Mimetype == mimeJSON {
		var body keyText
		if err := decodeFirst(answer.Payload, &body); err != nil {
			return "", err
		}
		key = strings.TrimSpace(body.Key)
	}
	sealer, err := pair.Agree(key)
	if err != nil {
		return "", err
	}
	if counters {
		sealer.CountNonces(true)
	}
	c.out.w.SetSealer(sealer)
	c.r.SetSealer(sealer)
	c.sealed = true
	return "", nil
}
