// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/json"
	"io"
	"slices"

	"gondola/broker/wire"
)

// The features that peers of ours announce (decisions.md B20).
const (
	featureWait   = "wait"   // the peer waits for polls and offers as long as it has asked for (P4)
	featureAck    = "ack"    // acknowledged deliveries, the mode named by the key ack-mode (A1)
	featureDedupe = "dedupe" // requests with the same request id are done once (I1)
	featureNonce  = "nonce"  // counter nonces, named by the key nonce (S5)

	counterNonces = "counter"
)

// configRequest is what a client says about itself (wire-protocol.md 8, decisions.md B20).
type configRequest struct {
	AckMode  string   `json:"ackMode"`
	Features []string `json:"features,omitempty"`
	Nonce    string   `json:"nonce,omitempty"`
}

// configAnswer is what the server says about itself. Unknown keys are ignored by every peer.
type configAnswer struct {
	MaxMessage int      `json:"max-msg-size"`
	Cutoff     int      `json:"compress-cutoff-size"`
	Encrypt    bool     `json:"encrypt"`
	Heartbeat  int      `json:"heartbeat-interval-seconds"`
	Login      bool     `json:"authentication"`
	Sign       *bool    `json:"dh-rsa-sign"` // its presence says: the JSON form of the key exchange is understood (B18)
	Features   []string `json:"features"`
	Nonce      string   `json:"nonce,omitempty"`
	AckMode    string   `json:"ack-mode,omitempty"`
}

// defaultConfig is what a missing key means.
func defaultConfig() configAnswer { return configAnswer{MaxMessage: wire.MaxMaxMessage, Cutoff: -1} }

// config answers a client's configuration request, at any time and as often as it comes.
func (c *conn) config(m *wire.Message) {
	asked := configRequest{AckMode: NoAck.String()}
	if len(m.Payload) > 0 {
		if err := decodeControl(m.Payload, &asked); err != nil {
			c.badControl(m, err)
			return
		}
	}
	mode, ok := parseAckMode(asked.AckMode)
	if !ok {
		c.invalid(m, text("Unknown acknowledge mode"))
		return
	}
	granted := []string{}
	ackMode := ""
	c.ackMode = NoAck // whoever does not announce the feature names a mode without effect (wire-protocol.md 8)
	if slices.Contains(asked.Features, featureAck) && c.s.engine.Features().Ack {
		granted = append(granted, featureAck)
		c.ackMode, ackMode = mode, mode.String()
	}
	if slices.Contains(asked.Features, featureDedupe) && c.s.idempotency.all != nil {
		granted = append(granted, featureDedupe)
	}
	if c.longWaits = slices.Contains(asked.Features, featureWait); c.longWaits {
		granted = append(granted, featureWait)
	}
	nonce := ""
	if asked.Nonce == counterNonces {
		nonce = counterNonces
		granted = append(granted, featureNonce)
		c.countsNonces = !c.sealed
	}
	o := &c.s.opts
	sign := false
	body, err := json.Marshal(configAnswer{
		MaxMessage: o.MaxMessageSize, Cutoff: o.CompressCutoff, Heartbeat: o.HeartbeatInterval, Features: granted,
		Encrypt: o.Encrypt, Login: o.Authenticator != nil, Sign: &sign, Nonce: nonce, AckMode: ackMode,
	})
	if err != nil {
		c.incident(m, err)
		return
	}
	c.answer(m, wire.OK, mimeJSON, body)
}

// grants reports whether the server has granted a feature.
func (a configAnswer) grants(feature string) bool { return slices.Contains(a.Features, feature) }

// acknowledges reports whether the server has granted an acknowledge mode.
func (a configAnswer) acknowledges(mode AckMode) bool {
	return a.grants(featureAck) && a.AckMode == mode.String()
}

// handshake opens the client's side: it asks for the server's configuration and checks that it fits
// (wire-protocol.md 8).
func (c *Client) handshake() (configAnswer, error) {
	config, err := c.askConfig()
	if err != nil {
		return config, &Error{Text: errNoConfig.Error(), Cause: err}
	}
	login := c.opts.User != ""
	switch {
	case config.MaxMessage < wire.MinMaxMessage || config.MaxMessage > wire.MaxMaxMessage || config.Heartbeat < 0:
		return config, &Error{Text: errNoConfig.Error(), Cause: text("the server's limits make no sense")}
	case login && !config.Login:
		return config, errNoLogin
	case config.Login && !login:
		return config, errNeedsLogin
	case c.opts.Ack != NoAck && !c.opts.AckPreferred && !config.acknowledges(c.opts.Ack):
		return config, &Error{Text: "The server does not grant the acknowledge mode " + c.opts.Ack.String() + "!"}
	case config.Sign != nil && *config.Sign && !config.Encrypt:
		return config, text("The server requires Diffie-Hellman signed key exchange but encryption is not enabled!")
	case config.Sign != nil && *config.Sign:
		return config, text("Server requires signed Diffie-Hellman key exchange but no client-side RSA keys for signing supplied!")
	}
	if config.Encrypt || c.opts.Encrypt || login { // credentials never travel in plain (S2)
		if err := c.exchangeKeys(config.Sign != nil, config.Nonce == counterNonces); err != nil {
			return config, err
		}
	}
	if login {
		return config, c.logIn()
	}
	return config, nil
}

// logIn sends the credentials, never compressed: no cutoff is set yet.
func (c *Client) logIn() error {
	m := newRequest(wire.Authentication, "")
	m.Payload = []byte(c.opts.User + "\n" + c.opts.Password)
	answer, err := c.step(m)
	clear(m.Payload)
	if err != nil {
		return err
	}
	if answer.Status != wire.OK {
		return errBadLogin
	}
	return nil
}

// step is one request of the opening and its answer.
func (c *Client) step(m *wire.Message) (*wire.Message, error) {
	defer c.out.within(ownStep)()
	if err := c.out.w.Queue(m); err != nil {
		return nil, err
	}
	if err := c.out.flush(); err != nil {
		return nil, err
	}
	answer, err := c.r.Read()
	if err == io.EOF {
		err = text("Failed to read data from channel, channel EOF reached!")
	}
	return answer, err
}

// askConfig sends the configuration request, plain and uncompressed, and reads the answer.
func (c *Client) askConfig() (configAnswer, error) {
	config := defaultConfig()
	asked := configRequest{AckMode: c.opts.Ack.String(), Nonce: counterNonces, Features: []string{featureNonce, featureDedupe}}
	if c.opts.LongWaits {
		asked.Features = append(asked.Features, featureWait)
	}
	if c.opts.Ack != NoAck {
		asked.Features = append(asked.Features, featureAck)
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return config, err
	}
	m := newRequest(wire.ClientConfig, "")
	m.Mimetype, m.Charset, m.Timeout, m.Payload = mimeJSON, utf8Name, wire.NoTimeout, body
	answer, err := c.step(m) // no cutoff and no sealer are set yet
	switch {
	case err != nil:
		return config, err
	case answer.Type != wire.Response || answer.SubscriptionReply || answer.Status != wire.OK || answer.Mimetype != mimeJSON:
		return config, failure("the server answered %s %s", answer.Type, answer.Status)
	}
	return config, decodeControl(answer.Payload, &config)
}
