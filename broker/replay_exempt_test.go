// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gondola/broker/wire"
)

// side says whose part of a recording ours plays.
type side int

const (
	ofServer side = 1 << iota
	ofClient
	ofBoth = ofServer | ofClient
)

// An exemption is where a conversation of ours may differ from its recording: in a field of some messages, or as a whole. What is
// compared are messages: how their frames look, compressed ones but for the compressed bytes, is wire.TestVectorsEncode's.
type exemption struct {
	what, why string
	side      side
	field     string                  // of wire.Message
	kinds     []wire.Type             // of the requests that it is about, or whose answers; nil: of all messages
	fits      func(d difference) bool // nil: whatever the field says

	recordings []string // instead of a field: they are not played
}

var exemptions = []exemption{
	{what: "signed key exchange", why: "not built", side: ofBoth,
		recordings: []string{"vectors-1.13/signed-exchange", "vectors-1.13/signed-exchange-errors"}},
	{what: "forms of the key exchange that one version refuses", why: "ours answers in the form of the request (B18)", side: ofBoth,
		recordings: []string{"vectors-1.13/key-exchange-errors", "vectors-1.13/mismatch-new-client-old-server", "vectors-1.13/mismatch-old-client-new-server"}},
	{what: "requests that break the rules", why: "no call of a client makes them", side: ofClient,
		recordings: []string{"vectors/authentication-failures", "vectors/protocol-errors", "vectors-1.13/protocol-errors"}},
	{what: "oneway offers", why: "no call of a client makes them", side: ofClient, recordings: []string{"vectors-1.13/dead-letter-queue"}},

	{what: "timestamp", why: "it is of the moment", side: ofBoth, field: "Timestamp"},
	{what: "id of a request", why: "every client makes its own", side: ofClient, field: "ID"},
	{what: "id of a push, or of a key in JSON", why: "every server makes its own", side: ofServer, field: "ID",
		fits: func(d difference) bool { return d.request == nil }},
	{what: "configuration", why: "the features and limits of ours (B20); the recorded keys are there", side: ofBoth, field: "Payload",
		kinds: []wire.Type{wire.ClientConfig}, fits: hasRecordedKeys},
	{what: "status", why: "it is of the moment (B19); the recorded keys are there", side: ofServer, field: "Payload",
		kinds: []wire.Type{wire.ServerStatus, wire.ServerThreadPool}, fits: hasRecordedKeys},
	{what: "public key", why: "each exchange has its own", side: ofBoth, field: "Payload", kinds: []wire.Type{wire.KeyExchange}},
	{what: "name of a temporary queue", why: "it is random; later frames have ours in its place", side: ofServer, field: "Payload",
		kinds: []wire.Type{wire.CreateTempQueue}, fits: func(d difference) bool { return d.want.Status == wire.OK }},
	{what: "HANDLER_ERROR behind its first line", why: "no stack trace is sent (B6)", side: ofServer, field: "Payload", fits: sameFirstLine},
	{what: "destination of 1.13's answers", why: "ours are 1.12's (B18)", side: ofServer, field: "Destination", fits: isOf113},
	{what: "timeout of 1.13's answers", why: "ours are 1.12's (B18)", side: ofServer, field: "Timeout", fits: isOf113},
	{what: "timeout of 1.13's requests", why: "ours have 1.12's (B18)", side: ofClient, field: "Timeout", fits: func(d difference) bool {
		return isOf113(d) && d.want.Timeout == jsonTimeout && d.got.Timeout == answerTimeout
	}},
	{what: "id of the endpoint", why: "it is random", side: ofClient, field: "Payload", kinds: []wire.Type{wire.Subscribe, wire.Unsubscribe}},
	{what: "order of JSON members", why: "it means nothing", side: ofBoth, field: "Payload", fits: sameJSON},
}

// difference is a field in which a message of ours is not the recorded one.
type difference struct {
	field              string
	r                  *recording
	request, got, want *wire.Message // request: what this answers; nil for requests and pushes
}

func (d difference) kind() wire.Type {
	if d.request != nil {
		return d.request.Type
	}
	return d.want.Type
}

func isOf113(d difference) bool { return strings.HasPrefix(d.r.name, "vectors-1.13/") }

func sameFirstLine(d difference) bool {
	got, _, _ := bytes.Cut(d.got.Payload, []byte("\n"))
	want, _, _ := bytes.Cut(d.want.Payload, []byte("\n"))
	return d.want.Status == wire.HandlerError && bytes.Equal(got, want)
}

func sameJSON(d difference) bool {
	var got, want any
	err := errors.Join(json.Unmarshal(d.got.Payload, &got), json.Unmarshal(d.want.Payload, &want))
	return d.want.Mimetype == mimeJSON && err == nil && reflect.DeepEqual(got, want)
}

func hasRecordedKeys(d difference) bool {
	var got, want map[string]any
	if err := errors.Join(json.Unmarshal(d.got.Payload, &got), json.Unmarshal(d.want.Payload, &want)); err != nil {
		return false
	}
	for key := range want {
		if _, ok := got[key]; !ok {
			return false
		}
	}
	return true
}

// comparison is one side's of all recordings.
type comparison struct {
	side   side
	needed map[string]bool // exemptions, by what they are about and the recording that is not played
}

func newComparison(of side) *comparison { return &comparison{side: of, needed: map[string]bool{}} }

// skips says whether a recording is not played.
func (c *comparison) skips(r *recording) (skip bool) {
	for _, e := range exemptions {
		if e.side&c.side != 0 && slices.Contains(e.recordings, r.name) {
			c.needed[e.what+r.name], skip = true, true
		}
	}
	return skip
}

// compare fails on a difference that no exemption is for. frame counts from 0.
func (c *comparison) compare(t *testing.T, r *recording, frame int, request, got, want *wire.Message) {
	t.Helper()
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for i := range g.NumField() {
		d := difference{g.Type().Field(i).Name, r, request, got, want}
		same := reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface())
		if d.field == "Payload" {
			same = bytes.Equal(got.Payload, want.Payload)
		}
		if !same && !c.exempts(d) {
			t.Errorf("frame %d, %s\n got %+v %q\nwant %+v %q", frame+1, d.field, got, got.Payload, want, want.Payload)
		}
	}
}

func (c *comparison) exempts(d difference) bool {
	for _, e := range exemptions {
		if e.field == d.field && e.side&c.side != 0 && (e.kinds == nil || slices.Contains(e.kinds, d.kind())) && (e.fits == nil || e.fits(d)) {
			c.needed[e.what] = true
			return true
		}
	}
	return false
}

// allNeeded fails for what nothing that was played has needed.
func (c *comparison) allNeeded(t *testing.T) {
	t.Helper()
	for _, e := range exemptions {
		if e.side&c.side == 0 {
			continue
		}
		for _, name := range e.recordings {
			if !c.needed[e.what+name] {
				t.Errorf("there is no recording %s, which is exempt for %s", name, e.what)
			}
		}
		if e.recordings == nil && !c.needed[e.what] {
			t.Errorf("no recording needs the exemption of the %s", e.what)
		}
	}
}
