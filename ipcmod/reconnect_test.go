// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"strings"
	"testing"

	"gondola/ipcmod"
)

// The option :reconnect of ipc/client (O25): a script's client survives a restart of the server unless it is told not to.
func TestReconnectOption(t *testing.T) {
	for _, c := range []struct{ option, want string }{
		{"", `["one" :failed :failed "two"]`},
		{":reconnect true", `["one" :failed :failed "two"]`},
		{":reconnect {:base 1 :max 10}", `["one" :failed :failed "two"]`},
		{":reconnect false", `["one" :failed :failed :failed]`},
		{":reconnect {:base 0}", "IllegalArgumentException: The option :reconnect has :base 0: use 1 to 3600000 milliseconds"},
		{":reconnect 5", "VncException: Cannot coerce value of type :core/long to boolean."},
	} {
		uri := "af-unix://" + t.TempDir() + "/s.sock"
		open := &ipcmod.Register{}
		got := eval(t, ipcmod.Config{Open: open}, `(do
		  (defn start [answer]
		    (let [s (ipc/server "`+uri+`")]
		      (ipc/create-function s :f (fn [m] (ipc/venice-message nil :r answer)))
		      s))
		  (defn ask [c]
		    (try (:payload-venice (ipc/send c :f (ipc/plain-text-message "1" :s "x"))) (catch :VncException e :failed)))
		  (defn ask-often [c]
		    (loop [n 0] (let [a (ask c)] (if (or (not (= a :failed)) (> n 200)) a (do (sleep 20) (recur (inc n)))))))
		  (let [first-server (start :one)]
		    (try-with [c (ipc/client "`+uri+`" `+c.option+`)]
		      (let [one   (ask c)
		            gone  (do (ipc/close first-server) [(ask c) (ask c)])
		            again (start :two)
		            two   `+map[bool]string{true: "(ask c)", false: "(ask-often c)"}[c.option == ":reconnect false"]+`]
		        (ipc/close again)
		        [one (first gone) (second gone) two])
		      (finally (ipc/close first-server)))))`)
		if err := open.CloseAll(t.Context()); err != nil { // what a wrong option has left
			t.Error(err)
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.option, got, c.want)
		}
	}
}
