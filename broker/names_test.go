// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"errors"
	"strings"
	"testing"
)

func TestValidateName(t *testing.T) {
	const allowed = " must only contain the characters: 'a-z', 'A-Z', '0-9', '.', '_', '-', or '/'!"
	for _, c := range []struct {
		kind Kind
		name string
		want string
	}{
		{QueueName, "orders/EU-1_a.b", ""},
		{FunctionName, strings.Repeat("x", 100), ""},
		{QueueName, "", "A queue name must not be empty or blank!"},
		{TopicName, " \t", "A topic name must not be empty or blank!"},
		{FunctionName, strings.Repeat("x", 101), "A function name is limited to 100 characters!"},
		{QueueName, "Queue", "The queue name 'Queue' is a preserved name!"},
		{TopicName, "dead-letter", "The topic name 'dead-letter' is a preserved name!"},
		{FunctionName, "ipc.dlq", "The function name 'ipc.dlq' is a preserved name!"},
		{QueueName, "IPC.QLD", "The queue name 'IPC.QLD' is a preserved name!"},
		{QueueName, "a b", `The topic name "a b"` + allowed},
		{FunctionName, "ä", `The function name "ä"` + allowed},
		{TopicName, strings.Repeat("𝕏", 50), `The topic name "` + strings.Repeat("𝕏", 50) + `"` + allowed},
		{TopicName, strings.Repeat("𝕏", 51), "A topic name is limited to 100 characters!"},
	} {
		err := ValidateName(c.kind, c.name)
		var argument *ArgumentError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.name, err)
		case c.want != "" && (!errors.As(err, &argument) || err.Error() != c.want):
			t.Errorf("%q: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		uri            string
		network, where string // of a client
		failure        string
	}{
		{"af-inet://localhost:3333", "tcp", "localhost:3333", ""},
		{"af-inet://0.0.0.0:3333", "tcp", "0.0.0.0:3333", ""},
		{"af-inet://[::1]:3333", "tcp", "[::1]:3333", ""},
		{"af-inet://:3333", "tcp", "127.0.0.1:3333", ""},
		{"af-inet://localhost:99999", "", "", "port out of range:99999"},
		{"af-inet://localhost", "", "", "port out of range:-1"},
		{"af-unix:///tmp/x.sock", "unix", "/tmp/x.sock", ""},
		{"af-unix:/tmp/x.sock", "unix", "/tmp/x.sock", ""},
		{"af-unix://dir/x.sock", "unix", "/x.sock", ""},
		{"af-unix:x.sock", "", "", "The Unix socket URI af-unix:x.sock has no absolute path"},
		{"tcp://localhost:1", "", "", "Invalid connection URI scheme 'tcp'.\n Use: \"af-inet://localhost:3333\" or \"af-unix:///path/to/your/socket.sock\""},
	} {
		a, err := ParseAddress(c.uri)
		if err != nil || a.String() != c.uri {
			t.Errorf("%s: %v, %v", c.uri, a, err)
			continue
		}
		if err := a.check(); c.failure != "" {
			if err == nil || err.Error() != c.failure {
				t.Errorf("%s: %v, want %q", c.uri, err, c.failure)
			}
			continue
		} else if err != nil {
			t.Errorf("%s: %v", c.uri, err)
		}
		if got := a.dial(); got != (endpoint{c.network, c.where}) {
			t.Errorf("%s: %v", c.uri, got)
		}
	}
	for _, uri := range []string{"af-inet://a b:1", "://", "af-inet://host:port", "%zz"} {
		if a, err := ParseAddress(uri); err == nil || err.Error() != "Invalid connection URI" {
			t.Errorf("%q: %v, %v", uri, a, err)
		}
	}
	for _, c := range []struct {
		a    Address
		want string
	}{
		{Port(33333), "af-inet://127.0.0.1:33333"},
		{Port(-1), "af-inet://127.0.0.1:-1"},
		{HostPort("localhost", 1), "af-inet://localhost:1"},
		{HostPort(" ", 1), "af-inet://127.0.0.1:1"},
		{HostPort("::1", 1), "af-inet://[::1]:1"},
	} {
		if c.a.String() != c.want {
			t.Errorf("%s, want %s", c.a, c.want)
		}
	}
}
