// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// laterTable has the functions whose machinery comes with the whole broker. They check their arity and say so; none of
// them pretends.
func laterTable() eval.Table {
	var t eval.Table
	for _, f := range []struct {
		name     string
		min, max int
		forms    string
	}{
		{"publish", 3, 3, "(ipc/publish client topic-name message)"},
		{"publish-async", 3, 3, "(ipc/publish-async topic-name client message)"},
		{"subscribe", 3, 3, "(ipc/subscribe client topic msg-handler)"},
		{"unsubscribe", 2, 2, "(ipc/unsubscribe client topic)"},
		{"create-topic", 2, 2, "(ipc/create-topic node name)"},
		{"remove-topic", 2, 2, "(ipc/remove-topic node name)"},
		{"exists-topic?", 2, 2, "(ipc/exists-topic? node name)"},
		{"authenticator", 0, 0, "(ipc/authenticator)"},
		{"add-credentials", 3, 4, "(ipc/add-credentials authenticator user-name password)\n(ipc/add-credentials authenticator user-name password role)"},
		{"remove-credentials", 2, 2, "(ipc/remove-credentials authenticator user-name)"},
		{"clear-credentials", 1, 1, "(ipc/clear-credentials authenticator)"},
		{"add-acl", 5, 5, "(ipc/add-acl authenticator dest-type dest-name access principal)"},
		{"remove-acl", 2, 4, "(ipc/remove-acl authenticator dest-type dest-name principal)\n(ipc/remove-acl authenticator dest-type dest-name)\n(ipc/remove-acl authenticator dest-type)"},
		{"default-acl", 3, 3, "(ipc/default-acl authenticator dest-type access)"},
		{"store-authenticator", 2, 2, "(ipc/store-authenticator authenticator dest)"},
		{"load-authenticator", 1, 1, "(ipc/load-authenticator source)"},
		{"server-status", 1, 1, "(ipc/server-status client)"},
		{"server-thread-pool-statistics", 1, 1, "(ipc/server-thread-pool-statistics client)"},
		{"benchmark", 3, -1, "(ipc/benchmark conn-uri msg-size duration & options)"},
	} {
		name := "ipc/" + f.name
		t = append(t, eval.Row{Name: name, Min: f.min, Max: f.max, Forms: f.forms, Doc: "Not available yet.",
			FN: func(*eval.Thread, []value.Value) (value.Value, error) {
				return value.Nil, value.Throwf(value.IpcException, "%s is not available yet: it comes with the whole broker.", name)
			}})
	}
	return t
}
