// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// destination is a column of T41.
type destination int

const (
	own     destination = iota // an entry lets tom and boss, another one denies ann
	foreign                    // the entry is somebody else's, and the default denies
	mine                       // a temporary queue of this principal, without login: of this connection
	theirs                     // a temporary queue of another principal
	dead                       // the dead letters
	missing                    // nothing has the name
	columns                    // how many there are
)

// The outcomes of T41: it may (whatever the queue holds), it may not, the thing is not there, the name is refused.
const (
	may    = '+'
	mayNot = '-'
	absent = '0'
	badKey = 'x'
)

// permissionTable (T41, S11 to S14): an outcome for each of the roles of matrixRoles: nobody logs in, tom, boss (an
// administrator), ann (denied), for a name as it is.
var permissionTable = []struct {
	kind   wire.Type
	of     security.Kind
	denied string
	want   [columns]string // own, foreign, mine, theirs, dead, missing
}{
	{wire.Request, security.Function, "Not authenticated for function calling!", [columns]string{"+++-", "+-+-", "0000", "0000", "0000", "0000"}},
	{wire.Offer, security.Queue, "Not authenticated for queue offer!", [columns]string{"+++-", "+-+-", "++++", "++++", "----", "0000"}},
	{wire.Poll, security.Queue, "Not authenticated for queue poll!", [columns]string{"+++-", "+-+-", "++++", "+---", "+-+-", "0000"}},
	{wire.Publish, security.Topic, "Not authenticated for topic publication!", [columns]string{"+++-", "+-+-", "0000", "0000", "0000", "0000"}},
	{wire.Subscribe, security.Topic, "Not authenticated for topic subscription!", [columns]string{"+++-", "+-+-", "0000", "0000", "0000", "0000"}},
	{wire.Unsubscribe, security.Topic, "", [columns]string{"++++", "++++", "0000", "0000", "0000", "0000"}},
	{wire.CreateQueue, security.Queue, "Client is not permitted to create queues! Authenticate as 'admin' user please!", [columns]string{"--+-", "--+-", "--+-", "--+-", "--x-", "--+-"}},
	{wire.RemoveQueue, security.Queue, "Client is not permitted to remove queues! Authenticate as 'admin' user please!", [columns]string{"--+-", "--+-", "--x-", "--x-", "--x-", "--+-"}},
	{wire.StatusQueue, security.Queue, "Client is not permitted to request queue status! Authenticate as 'admin' user please!", [columns]string{"--+-", "--+-", "--+-", "--+-", "--+-", "--0-"}},
	{wire.CreateTopic, security.Topic, "Client is not permitted to create topics! Authenticate as 'admin' user please!", [columns]string{"--+-", "--+-", "--+-", "--+-", "--x-", "--+-"}},
	{wire.RemoveTopic, security.Topic, "Client is not permitted to remove topics! Authenticate as 'admin' user please!", [columns]string{"--+-", "--+-", "--+-", "--+-", "--+-", "--+-"}},
	{wire.StatusTopic, security.Topic, "Client is not permitted to request topic status! Authenticate as 'admin' user please!", [columns]string{"--+-", "--+-", "--0-", "--0-", "--x-", "--0-"}},
}

// spellings are other ways to write a name, and what they are to a request and to an administration (S12): a request's name
// is trimmed, an administration's is not, and neither knows another form of a letter.
var spellings = []struct {
	name       string
	of         func(string) string
	found      bool // by a request
	wellFormed bool // for an administration: it is the name of something else
}{
	{"as it is", func(s string) string { return s }, true, true},
	{"blanks around", func(s string) string { return " " + s + "\t" }, true, false},
	{"controls around", func(s string) string { return "\x00" + s + "\x1f\n" }, true, false},
	{"upper case", strings.ToUpper, false, true},
	{"one more slash", func(s string) string { return s + "/" }, false, true},
	{"a path", func(s string) string { return "./" + s }, false, true},
	{"full width", func(s string) string { return string(rune(s[0])+0xFEE0) + s[1:] }, false, false},
	{"zero width", func(s string) string { return s + "\u200b" }, false, false},
	{"a pattern", func(string) string { return "*" }, false, false},
}

// T41: who may do what to what, under every spelling of its name.
func TestPermissions(t *testing.T) {
	for i, r := range matrixRoles {
		name := r.name
		if name == "" {
			name = "no login"
		}
		t.Run(name, func(t *testing.T) {
			s, p, other := permissionServer(t, r)
			names := [columns]string{own: "own", foreign: "foreign", mine: tempQueue(p), theirs: tempQueue(other), dead: DeadLetters, missing: "missing"}
			for _, op := range permissionTable {
				for column, want := range op.want {
					for _, sp := range spellings {
						restore(t, s)
						to := sp.of(names[column])
						outcome := rune(want[i])
						m := newRequest(op.kind, to)
						m.Timeout = wire.NoTimeout
						managed := op.kind >= wire.CreateQueue && op.kind <= wire.StatusTopic
						switch {
						case managed:
							m.Destination, m.Mimetype = "", mimeJSON
							m.Payload = must[[]byte](t)(json.Marshal(map[string]any{"name": to, "type": "BOUNDED", "persistence": "TRANSIENT", "capacity": 3}))
							outcome = spelledAdministration(op.kind, outcome, names[column], to, sp.wellFormed)
						case !sp.found:
							outcome = absent
						}
						p.request(m, false)
						got := p.next(false)
						where := fmt.Sprintf("%s of %q (%s)", op.kind, to, sp.name)
						if is := outcomeOf(op.kind, got); is != outcome {
							t.Errorf("%s: %c, want %c: %s %q", where, is, outcome, got.Status, got.Payload)
						}
						if got.Status == wire.NoPermission && string(got.Payload) != op.denied {
							t.Errorf("%s: %q", where, got.Payload)
						}
					}
				}
			}
		})
	}
}

// spelledAdministration is the outcome of an administration for a spelling of a name.
func spelledAdministration(kind wire.Type, plain rune, name, spelled string, wellFormed bool) rune {
	status := kind == wire.StatusQueue || kind == wire.StatusTopic
	switch {
	case plain == mayNot || spelled == name:
		return plain
	case !wellFormed && (kind == wire.RemoveQueue || kind == wire.RemoveTopic): // there is no such thing: fine
		return may
	case !wellFormed:
		return badKey
	case kind != wire.RemoveQueue && kind != wire.RemoveTopic && strings.EqualFold(spelled, DeadLetters):
		return badKey // reserved in any case
	case status:
		return absent
	}
	return may
}

// outcomeOf classifies an answer.
func outcomeOf(kind wire.Type, m *wire.Message) rune {
	status := kind == wire.StatusQueue || kind == wire.StatusTopic
	switch m.Status {
	case wire.OK:
		if status && strings.Contains(string(m.Payload), `"exists":false`) {
			return absent
		}
		return may
	case wire.QueueEmpty:
		return may
	case wire.NoPermission:
		return mayNot
	case wire.QueueNotFound, wire.TopicNotFound, wire.FunctionNotFound:
		return absent
	case wire.HandlerError, wire.BadRequest:
		return badKey
	}
	return '?'
}

// permissionServer has a peer that is logged in as the role says, and another principal's.
func permissionServer(t *testing.T, r role) (s *Server, p, other *stockClient) {
	t.Helper()
	opts := ServerOptions{MaxQueues: 50, MaxTopics: 50}
	if r.name != "" {
		u := security.NewUsers(security.StockForm)
		for _, user := range append(matrixRoles[1:], role{name: "eve"}) {
			if err := u.AddUser(user.name, "pw-"+user.name, user.adminRole); err != nil {
				t.Fatal(err)
			}
		}
		for _, kind := range []security.Kind{security.Queue, security.Topic, security.Function} {
			u.SetDefaultAccess(kind, security.AccessDeny)
			all := security.AccessReadWrite
			if kind == security.Function {
				all = security.AccessExecute
			}
			for _, e := range []struct {
				name, user string
				access     security.Access
			}{{"own", "tom", all}, {"own", "ann", security.AccessDeny}, {"foreign", "eve", all}, {"missing", "tom", all}} {
				if err := u.SetAccess(kind, e.name, e.user, e.access); err != nil {
					t.Fatal(err)
				}
			}
		}
		opts.Encrypt, opts.Authenticator = true, u
	}
	s = startServer(t, opts)
	eve := role{}
	if r.name != "" {
		eve.name = "eve"
	}
	return s, loggedIn(t, s, r), loggedIn(t, s, eve)
}

// restore brings the destinations back that an administration has removed, and takes away those that one has made.
func restore(t *testing.T, s *Server) {
	t.Helper()
	d := s.Destinations()
	for _, q := range d.Queues {
		if q.Name != DeadLetters && q.Name != "own" && q.Name != "foreign" {
			if err := s.RemoveQueue(t.Context(), q.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range d.Topics {
		if name != "own" && name != "foreign" {
			if err := s.RemoveTopic(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{"own", "foreign"} {
		if err := s.CreateQueue(t.Context(), engine.QueueSpec{Name: name, Capacity: 1000}); err != nil {
			t.Fatal(err)
		}
		createTopic(t, s, name)
		createFunction(t, s, name, sink)
	}
}

// tempQueue makes a temporary queue of a peer.
func tempQueue(p *stockClient) string {
	p.t.Helper()
	m := newRequest(wire.CreateTempQueue, "")
	m.Mimetype, m.Payload = mimeJSON, []byte(`{"capacity":1000}`)
	p.request(m, false)
	got := p.next(false)
	if got.Status != wire.OK {
		p.t.Fatalf("%s %s", got.Status, got.Payload)
	}
	return string(got.Payload)
}

// S14: a failed login ends the one before, and what it was good for: the queue of the old identity is not polled any more.
func TestFailedLoginEndsTheIdentity(t *testing.T) {
	r := matrixRoles[2]
	s, p, _ := permissionServer(t, r)
	name := tempQueue(p)
	ask := func(kind wire.Type, to string) *wire.Message {
		m := newRequest(kind, to)
		m.Timeout = wire.NoTimeout
		p.request(m, false)
		return p.next(false)
	}
	if m := ask(wire.ServerStatus, ""); m.Status != wire.OK {
		t.Fatalf("%s %s", m.Status, m.Payload)
	}
	logIn := func(user, password string) *wire.Message {
		m := newRequest(wire.Authentication, "")
		m.Payload = []byte(user + "\n" + password)
		p.request(m, false)
		return p.next(false)
	}
	expect(t, logIn(r.name, "wrong"), wire.NoPermission, "")
	for _, kind := range []wire.Type{wire.ServerStatus, wire.Heartbeat, wire.Poll} {
		expect(t, ask(kind, name), wire.NoPermission, "Authentication is required!")
	}
	expect(t, logIn("tom", "pw-tom"), wire.OK, "")
	expect(t, ask(wire.ServerStatus, ""), wire.NoPermission, "The clients is not permitted to get the server status!")
	expect(t, ask(wire.Poll, name), wire.NoPermission, "Not authenticated for queue poll!")
	if n := s.Stats().FailedLogins; n != 1 {
		t.Errorf("%d failed logins are counted", n)
	}
}
