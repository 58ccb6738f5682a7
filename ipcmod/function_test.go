// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gondola/broker/brokertest"
	"gondola/ipcmod"
)

// O16: a function that takes too long ends wherever it is, whatever it catches, through its finally blocks; the client is told so,
// the log too, and the connection goes on.
func TestHandlerTimeout(t *testing.T) {
	for _, c := range []struct{ name, body string }{
		{"computes", `(while true nil)`},
		{"recurs", `(loop [n 0] (recur (inc n)))`},
		{"a lazy sequence", `(reduce + (map inc (range)))`},
		{"sleeps", `(sleep 1 :hours)`},
		{"waits for a promise", `@(promise)`},
		{"waits for a queue", `(try-with [c (ipc/client "URI")] (ipc/poll c :empty 9000))`},
		{"catches all", `(while true (try (sleep 1 :hours) (catch :java.lang.Throwable e nil)))`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log brokertest.Buffer
			got := eval(t, ipcmod.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, strings.ReplaceAll(`(do
				(def cleaned (atom false))
				(try-with [server (ipc/server "URI" :handler-timeout 50)
				           client (ipc/client "URI")]
				  (ipc/create-queue server :empty 1)
				  (ipc/create-function server :f (fn [m] (try `+c.body+` (finally (reset! cleaned true)))))
				  (let [m (ipc/plain-text-message "1" :s "x")
				        r (ipc/send client :f m)]
				    [(:response-status r) (:payload-text r) @cleaned (:response-status (ipc/offer client :empty 0 m))])))`,
				"URI", "af-unix://"+t.TempDir()+"/s"))
			const reason = "The function was ended: it took longer than 50ms (handler-timeout)."
			want := fmt.Sprintf("[:HANDLER_ERROR %q true :OK]", "Failed to handle 'REQUEST' request!\n(incident 1)\n"+reason)
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if strings.Count(log.String(), reason) != 1 {
				t.Errorf("the log: %s", log.String())
			}
		})
	}
	want := "IpcException: The option :handler-timeout must be at least 1, got 0"
	if got := eval(t, ipcmod.Config{}, `(ipc/server 33333 :handler-timeout 0)`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
