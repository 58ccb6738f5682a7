// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The file that the reference has written: its users log in, wrong passwords do not (wal-format.md 9).
func TestReferenceCredentials(t *testing.T) {
	text, err := os.ReadFile("testdata/credentials.cred")
	if err != nil {
		t.Fatal(err)
	}
	u, err := LoadUsers(bytes.NewReader(text), StrongForm)
	if err != nil {
		t.Fatal(err)
	}
	var facts struct {
		Users []struct {
			Principal, Password, WrongPassword string
			Admin                              bool
		}
	}
	side, err := os.ReadFile("testdata/credentials.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(side, &facts); err != nil || len(facts.Users) == 0 {
		t.Fatal(err, facts)
	}
	for _, f := range facts.Users {
		p, ok := u.Verify(t.Context(), "test", f.Principal, f.Password)
		if !ok || p != (Principal{f.Principal, f.Admin}) {
			t.Errorf("%s: %v, %v", f.Principal, p, ok)
		}
		if _, ok := u.Verify(t.Context(), "test", f.Principal, f.WrongPassword); ok {
			t.Errorf("%s: the wrong password is accepted", f.Principal)
		}
	}
	for _, c := range []struct {
		user        string
		action      Action
		kind        Kind
		destination string
		want        bool
	}{
		{"tom", Read, Queue, "queue/1", true}, {"tom", Write, Queue, "queue/1", false}, {"zoë", Write, Queue, "queue/1", true},
		{"tom", Read, Queue, "other", false}, {"tom", Execute, Function, "echo", true}, {"tom", Execute, Function, "reset", false},
		{"tom", Read, Topic, "any", true},
	} {
		if got := u.Allowed(Principal{Name: c.user}, c.action, c.kind, c.destination); got != c.want {
			t.Errorf("%+v: got %v", c, got)
		}
	}
	if !u.Allowed(Principal{Name: "max", Admin: true}, Read, Queue, "queue/2") {
		t.Error("an administrator is refused")
	}
}

func TestStoreAndLoad(t *testing.T) {
	for _, form := range []PasswordForm{StrongForm, StockForm} {
		u := NewUsers(form)
		if err := u.AddUser("ann", "secret", true); err != nil {
			t.Fatal(err)
		}
		if err := u.SetAccess(Topic, "news", "ann", AccessRead); err != nil {
			t.Fatal(err)
		}
		u.SetDefaultAccess(Queue, AccessDeny)
		var file bytes.Buffer
		if err := u.Store(&file); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.String(), "secret") || strings.Contains(file.String(), strongPrefix) != (form == StrongForm) {
			t.Errorf("stored as\n%s", file.String())
		}
		loaded, err := LoadUsers(&file, form)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := loaded.Verify(t.Context(), "", "ann", "secret"); !ok || !p.Admin {
			t.Errorf("form %d: %v %v", form, p, ok)
		}
		if loaded.Allowed(Principal{Name: "bob"}, Read, Queue, "q") || loaded.Allowed(Principal{Name: "ann"}, Write, Topic, "news") {
			t.Error("the lists have not been kept")
		}
	}
}

// A file that does not parse in full grants nothing.
func TestBadCredentials(t *testing.T) {
	u := NewUsers(StockForm)
	if err := u.AddUser("ann", "secret", false); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := u.Store(&b); err != nil {
		t.Fatal(err)
	}
	good := b.String()
	if _, err := LoadUsers(strings.NewReader(good), StockForm); err != nil {
		t.Fatal(err)
	}
	seven := strings.Replace(good, `"cidr-acls"`, `"unknown"`, 1)
	if _, err := LoadUsers(strings.NewReader(seven), StockForm); err != nil {
		t.Errorf("B18: seven keys suffice: %v", err)
	}
	for name, text := range map[string]string{
		"no JSON": "nonsense", "an empty file": "", "a prefix": good[:len(good)/2],
		"no authorizations":     strings.Replace(good, `"authorizations"`, `"x"`, 1),
		"no default":            strings.Replace(good, `"topic-default-acl"`, `"x"`, 1),
		"no list":               strings.Replace(good, `"function-acls"`, `"x"`, 1),
		"admin is missing":      strings.Replace(good, `"admin"`, `"x"`, 1),
		"a mode in lower case":  strings.Replace(good, `"READ_WRITE"`, `"read"`, 1),
		"EXECUTE for a queue":   strings.Replace(good, `"queue-acls": []`, `"queue-acls": [{"subject":"q","principal":"a","access":"EXECUTE"}]`, 1),
		"a list of CIDR ranges": strings.Replace(good, `"cidr-acls": []`, `"cidr-acls": ["10.0.0.0/8"]`, 1),
		"a second admin key":    strings.Replace(good, `"admin": false`, `"admin": false, "Admin": true`, 1),
		"a folded key":          strings.Replace(good, `"admin": false`, `"admin": false, "pw-haſh": ""`, 1),
		"a key twice":           strings.Replace(good, `"admin": false`, `"admin": false, "admin": true`, 1),
		"a key in upper case":   strings.Replace(good, `"queue-acls"`, `"QUEUE-ACLS"`, 1),
		"a number as principal": strings.Replace(good, `"ann"`, `5`, 1),
	} {
		if u, err := LoadUsers(strings.NewReader(text), StockForm); err == nil || u != nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if _, err := LoadUsers(strings.NewReader("nonsense"), StockForm); !errors.Is(err, ErrNotJSON) {
		t.Errorf("no JSON: %v", err)
	}
}

// No text that is not one of the two forms is matched by any password.
func TestHashForms(t *testing.T) {
	stock := "1" + strings.Repeat("0", 63) + ":1234567"
	for _, stored := range []string{"", ":", "abc", strings.ToUpper("AF" + stock[2:]), stock[1:], "$pbkdf2-sha512$i=0$AA$AA", "$pbkdf2-sha512$i=99999999999$AA$AA", "$pbkdf2-sha512$i=1$AA"} {
		if s, ok := parseHash(stored); ok {
			t.Errorf("%q is taken for %+v", stored, s)
		}
	}
	if _, ok := parseHash(stock); !ok {
		t.Error("the stock form is not read")
	}
}

func TestLimits(t *testing.T) {
	u := NewUsers(StockForm)
	var limit *LimitError
	if err := u.AddUser(strings.Repeat("x", 101), "p", false); !errors.As(err, &limit) || limit.Text != "A principal name is limited to 100 characters" {
		t.Error(err)
	}
	if err := u.AddUser("x", strings.Repeat("p", 51), false); !errors.As(err, &limit) || limit.Text != "A password is limited to 50 characters" {
		t.Error(err)
	}
	var argument *ArgumentError
	if err := u.AddUser("x", " ", false); !errors.As(err, &argument) || argument.Text != "A 'password' must not be blank" {
		t.Error(err)
	}
	if err := u.SetAccess(Queue, "q", "x", AccessExecute); !errors.As(err, &limit) || limit.Text != "Invalid access mode 'EXECUTE' for 'queue' ACL! " {
		t.Error(err)
	}
}

// S11: changes count at once; one entry replaces the default in full; removal takes what matches.
func TestAccessIsLive(t *testing.T) {
	u := NewUsers(StockForm)
	tom := Principal{Name: "tom"}
	allowed := func() [2]bool { return [2]bool{u.Allowed(tom, Read, Queue, "q"), u.Allowed(tom, Write, Queue, "q")} }
	step := func(what string, want [2]bool) {
		t.Helper()
		if got := allowed(); got != want {
			t.Errorf("%s: read, write = %v, want %v", what, got, want)
		}
	}
	step("default", [2]bool{true, true})
	for _, c := range []struct {
		a    Access
		want [2]bool
	}{{AccessRead, [2]bool{true, false}}, {AccessWrite, [2]bool{false, true}}, {AccessDeny, [2]bool{false, false}}} {
		if err := u.SetAccess(Queue, "q", "tom", c.a); err != nil {
			t.Fatal(err)
		}
		step(c.a.String(), c.want)
	}
	u.RemoveAccess(Queue, "q", "ann")
	step("somebody else's entry removed", [2]bool{false, false})
	u.RemoveAccess(Queue, "q", "")
	step("entries of the queue removed", [2]bool{true, true})
}

// S10: the 31st failure within a minute is answered late, a correct password never is.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tr throttle
		began := time.Now()
		for range failuresPerMinute {
			tr.failed(t.Context(), "10.0.0.1", "tom")
		}
		if time.Since(began) != 0 {
			t.Error("an early failure is answered late")
		}
		tr.failed(t.Context(), "10.0.0.1", "tom")
		if time.Since(began) != lateAnswer {
			t.Errorf("the answer took %v", time.Since(began))
		}
		tr.failed(t.Context(), "10.0.0.2", "tom")
		if time.Since(began) != lateAnswer {
			t.Error("another source is held up")
		}
		time.Sleep(time.Minute)
		began = time.Now()
		tr.failed(t.Context(), "10.0.0.1", "tom")
		if time.Since(began) != 0 {
			t.Error("the minute does not end")
		}
	})
}

// W9: a verified password is remembered, until the user or the password changes.
func TestRemembered(t *testing.T) {
	u := NewUsers(StockForm)
	for _, password := range []string{"first", "second"} {
		if err := u.AddUser("tom", password, false); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, ok := u.Verify(t.Context(), "", "tom", password); !ok {
				t.Error("refused:", password)
			}
		}
	}
	if _, ok := u.Verify(t.Context(), "", "tom", "first"); ok {
		t.Error("the old password still works")
	}
	u.RemoveUser("tom")
	if _, ok := u.Verify(t.Context(), "", "tom", "second"); ok {
		t.Error("a removed user logs in")
	}
}

// S4, S5: what comes twice, out of order, or back to its sender does not open.
func TestNonces(t *testing.T) {
	key := make([]byte, keyBytes)
	pair := func(count bool) (client, server *Sealer) {
		client, err := NewSealer(key)
		if err != nil {
			t.Fatal(err)
		}
		if server, err = NewSealer(key); err != nil {
			t.Fatal(err)
		}
		if count {
			client.CountNonces(true)
			server.CountNonces(false)
		}
		return client, server
	}
	seal := func(s *Sealer, text string) []byte {
		b, err := s.Seal(nil, []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, count := range []bool{false, true} {
		client, server := pair(count)
		first, second := seal(client, "one"), seal(client, "two")
		for _, segment := range [][]byte{first, second} {
			if _, err := server.Open(nil, segment, nil); err != nil {
				t.Fatalf("counters %v: %v", count, err)
			}
		}
		if _, err := server.Open(nil, first, nil); !errors.Is(err, ErrOpen) {
			t.Errorf("counters %v: a replayed segment opens", count)
		}
		client, _ = pair(count)
		own := seal(client, "one")
		if _, err := client.Open(nil, own, nil); !errors.Is(err, ErrOpen) {
			t.Errorf("counters %v: a reflected segment opens", count)
		}
	}
	client, server := pair(true)
	seal(client, "lost")
	if _, err := server.Open(nil, seal(client, "next"), nil); !errors.Is(err, ErrOpen) {
		t.Error("a gap is not noticed")
	}
}

// T27: a file that loads grants what its text says, key by key, and nothing else; written and read again it grants the same.
func FuzzCredentials(f *testing.F) {
	const head = `{"authorizations":[{"principal":"tom","pw-hash":"00:1234567","admin":false}],"queue-default-acl":{"access":"DENY"},` +
		`"topic-default-acl":{"access":"READ"},"function-default-acl":{"access":"EXECUTE"},"queue-acls":[`
	for _, entries := range []string{``, `{"subject":"q","principal":"tom","access":"READ"}`, `{"subject":"q","principal":"tom","access":"EXECUTE"}`} {
		f.Add(head + entries + `],"topic-acls":[],"function-acls":[]}`)
	}
	f.Add(`{"authorizations":[{"principal":"a","admin":false,"Admin":true}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		u, err := LoadUsers(strings.NewReader(text), StockForm)
		if err != nil {
			if u != nil {
				t.Fatal("users in spite of ", err)
			}
			return
		}
		var says map[string]any
		if err := json.Unmarshal([]byte(text), &says); err != nil {
			t.Fatal(err)
		}
		admins := map[string]bool{}
		for _, x := range says["authorizations"].([]any) {
			x := x.(map[string]any)
			admins[x["principal"].(string)] = x["admin"].(bool)
		}
		for name, x := range u.users {
			if admin, known := admins[name]; !known || admin != x.admin {
				t.Errorf("%q: admin %v, the file says %v, %v", name, x.admin, admin, known)
			}
		}
		for e, access := range u.lists.entries {
			granted := false
			for _, x := range says[e.kind.String()+"-acls"].([]any) {
				x, _ := x.(map[string]any)
				subject, _ := x["subject"].(string)
				principal, _ := x["principal"].(string)
				granted = granted || subject == e.destination && principal == e.principal && x["access"] == access.String()
			}
			if !granted {
				t.Errorf("%+v %s stands nowhere", e, access)
			}
		}
		var b bytes.Buffer
		if err := u.Store(&b); err != nil {
			t.Fatal(err)
		}
		again, err := LoadUsers(&b, StockForm)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(u.users, again.users) || !reflect.DeepEqual(u.lists, again.lists) {
			t.Errorf("%+v %+v, read again %+v %+v", u.users, u.lists, again.users, again.lists)
		}
	})
}
