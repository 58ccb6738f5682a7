// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package security

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The credentials file (wal-format.md 9): UTF-8 JSON, written with all eight keys, read with the first seven (B18).

type fileUser struct {
	Principal *string `json:"principal"`
	Hash      *string `json:"pw-hash"`
	Admin     *bool   `json:"admin"`
}

type fileEntry struct {
	Subject   string `json:"subject"`
	Principal string `json:"principal"`
	Access    string `json:"access"`
}

type credentials struct {
	Users           []fileUser  `json:"authorizations"`
	QueueDefault    *fileEntry  `json:"queue-default-acl"`
	TopicDefault    *fileEntry  `json:"topic-default-acl"`
	FunctionDefault *fileEntry  `json:"function-default-acl"`
	Queues          []fileEntry `json:"queue-acls"`
	Topics          []fileEntry `json:"topic-acls"`
	Functions       []fileEntry `json:"function-acls"`
	CIDRs           []string    `json:"cidr-acls"`
}

// fileKeys are the keys of the types above.
var fileKeys = []string{
	"authorizations", "principal", "pw-hash", "admin", "queue-default-acl", "topic-default-acl", "function-default-acl",
	"queue-acls", "topic-acls", "function-acls", "cidr-acls", "subject", "access",
}

// ErrNotJSON is wrapped by the error of Load for a text that is no JSON.
var ErrNotJSON = errors.New("not JSON")

// maxCredentials is the largest file that is read, in bytes.
const maxCredentials = 16 << 20

// Store writes users and access lists; passwords are hashes.
func (u *Users) Store(w io.Writer) error {
	u.mu.RLock()
	f := credentials{
		Users: []fileUser{}, Queues: []fileEntry{}, Topics: []fileEntry{}, Functions: []fileEntry{}, CIDRs: []string{},
	}
	for _, name := range u.names {
		x := u.users[name]
		f.Users = append(f.Users, fileUser{&name, &x.stored, &x.admin})
	}
	defaults := func(k Kind) *fileEntry { return &fileEntry{"*", "*", u.lists.defaults[k].String()} }
	f.QueueDefault, f.TopicDefault, f.FunctionDefault = defaults(Queue), defaults(Topic), defaults(Function)
	lists := [...]*[]fileEntry{Queue: &f.Queues, Topic: &f.Topics, Function: &f.Functions}
	for _, e := range u.lists.order {
		*lists[e.kind] = append(*lists[e.kind], fileEntry{e.destination, e.principal, u.lists.entries[e].String()})
	}
	u.mu.RUnlock()
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// LoadUsers reads what Store or the reference has written. A file that does not parse in full grants nothing: the error
// says what is wrong with it. A list of CIDR ranges is refused: it would not be honoured.
func LoadUsers(r io.Reader, form PasswordForm) (*Users, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxCredentials+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxCredentials {
		return nil, fmt.Errorf("the credentials file is larger than %d bytes", maxCredentials)
	}
	var f credentials
	if err := json.Unmarshal(text, &f); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("%w: %w", ErrNotJSON, err)
		}
		return nil, fmt.Errorf("the credentials file: %w", err)
	}
	if err := exactKeys(text); err != nil {
		return nil, fmt.Errorf("the credentials file: %w", err)
	}
	u := NewUsers(form)
	if err := u.take(&f); err != nil {
		return nil, fmt.Errorf("the credentials file: %w", err)
	}
	return u, nil
}

// exactKeys refuses what encoding/json would take and the reference reads otherwise: a key that is one of ours but for its
// letter case, and a key that an object has twice.
func exactKeys(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	var objects []map[string]bool // the keys of the open objects, nil for an array
	wantsKey := false
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		depth := len(objects)
		inObject := depth > 0 && objects[depth-1] != nil
		switch x := token.(type) {
		case json.Delim:
			switch x {
			case '{':
				objects = append(objects, map[string]bool{})
			case '[':
				objects = append(objects, nil)
			default:
				objects = objects[:depth-1]
			}
			wantsKey = len(objects) > 0 && objects[len(objects)-1] != nil
			continue
		case string:
			if inObject && wantsKey {
				if objects[depth-1][x] {
					return fmt.Errorf("the key %q stands twice in an object", x)
				}
				for _, known := range fileKeys {
					if x != known && strings.EqualFold(x, known) {
						return fmt.Errorf("the key %q has to be %q", x, known)
					}
				}
				objects[depth-1][x], wantsKey = true, false
				continue
			}
		}
		wantsKey = inObject
	}
}

func (u *Users) take(f *credentials) error {
	if f.Users == nil {
		return errors.New("the key authorizations is missing")
	}
	for i, x := range f.Users {
		if x.Principal == nil || x.Hash == nil || x.Admin == nil {
			return fmt.Errorf("authorizations[%d] needs principal, pw-hash and admin", i)
		}
		u.put(*x.Principal, user{*x.Hash, *x.Admin})
	}
	for k, d := range [...]*fileEntry{Queue: f.QueueDefault, Topic: f.TopicDefault, Function: f.FunctionDefault} {
		if d == nil {
			return fmt.Errorf("the key %s-default-acl is missing", Kind(k))
		}
		a, ok := ParseAccess(d.Access)
		if !ok {
			return fmt.Errorf("%s-default-acl: unknown access %q", Kind(k), d.Access)
		}
		u.lists.defaults[k] = a
	}
	for k, list := range [...][]fileEntry{Queue: f.Queues, Topic: f.Topics, Function: f.Functions} {
		if list == nil {
			return fmt.Errorf("the key %s-acls is missing", Kind(k))
		}
		for i, e := range list {
			a, ok := ParseAccess(e.Access)
			if !ok || !u.lists.set(entry{Kind(k), e.Subject, e.Principal}, a) {
				return fmt.Errorf("%s-acls[%d]: access %q", Kind(k), i, e.Access)
			}
		}
	}
	if len(f.CIDRs) > 0 {
		return fmt.Errorf("cidr-acls has %d ranges, which this server would not honour: remove them and confine access by the address it listens on", len(f.CIDRs))
	}
	return nil
}
