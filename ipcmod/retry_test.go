// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"log/slog"
	"strings"
	"testing"

	"gondola/ipcmod"
)

// Retries and idempotency from scripts (reliability.md 9).
func TestRetryFunctions(t *testing.T) {
	const around = `(do
	  (def n (atom 0))
	  (def policy (atom (ipc/retry-policy {:base 1 :max 5})))
	  (defn msg [id text] (ipc/plain-text-message id :s text))
	  (try-with [server (ipc/server "URI" :dedupe {:ttl 60000})
	             client (ipc/client "URI")]
	    (ipc/create-function server :count (fn [m] (swap! n inc) (msg nil (str "n" @n))))
	    (ipc/create-function server :throws (fn [m] (swap! n inc) (throw (ex :VncException "no"))) :dedupe {:retry-errors true})
	    (ipc/create-queue server :q 1)
	    (ipc/create-queue server :contents 10 :bounded :transient :dedupe {:key :fingerprint})
	    (defn text [r] (:payload-text (:response r)))
	    FORM))`
	for _, c := range []struct{ name, form, want string }{
		{"I8: the result of a call", `(let [r (ipc/call client :count (msg "1" "x") policy)] [(:outcome r) (:attempts r) (text r) (:error r) (:request-id r)])`, `[:ok 1 "n1" nil "1"]`},
		{"a call with the same id", `[(text (ipc/call client :count (msg "1" "x"))) (text (ipc/call client :count (msg "1" "x"))) @n]`, `["n1" "n1" 1]`},
		{"a call without an id has a new one each time", `[(text (ipc/call client :count (msg nil "x"))) (text (ipc/call client :count (msg nil "x")))]`, `["n1" "n2"]`},
		{"I6: what is not there is not asked for again", `(let [r (ipc/call client :nowhere (msg "1" "x") {})] [(:outcome r) (:attempts r) (:error r)])`, `[:failed 1 "FUNCTION_NOT_FOUND: The function nowhere does not exist!"]`},
		{"I6: :retry-errors", `(let [r (ipc/call client :throws (msg "1" "x") {:retry-errors true :base 1 :max-attempts 3})] [(:outcome r) (:attempts r) @n])`, `[:failed 3 3]`},
		{"an offer, and again", `[(text (ipc/offer! client :q (msg "1" "x"))) (text (ipc/offer! client :q (msg "1" "x")))]`, `["Offered the message to the queue q" "Duplicate request id: already offered"]`},
		{"an offer that finds room later", `(do (ipc/offer client :q 0 (msg "1" "x")) (future (fn [] (sleep 50) (try-with [c (ipc/client "URI")] (ipc/poll c :q 0)))) (let [r (ipc/offer! client :q (msg "2" "x") {:base 1 :max 5 :max-attempts 1000 :burst 1000 :deadline 20000})] (:outcome r)))`, ":ok"},
		{"a full queue", `(do (ipc/offer client :q 0 (msg "1" "x")) (let [r (ipc/offer! client :q (msg "2" "x") policy)] [(:outcome r) (:attempts r) (:error r)]))`, `[:failed 4 "QUEUE_FULL: Offer to q rejected! The queue is full."]`},
		{"I2: by content", `[(text (ipc/offer! client :contents (msg "1" "x"))) (text (ipc/offer! client :contents (msg "2" "x")))]`, `["Offered the message to the queue contents" "Duplicate request id: already offered"]`},
		{"I7: the budget is shared", `(let [p (ipc/retry-policy :base 1 :burst 1 :budget 0.1)] (ipc/offer client :q 0 (msg "1" "x")) [(:attempts (ipc/offer! client :q (msg "2" "x") p)) (:attempts (ipc/offer! client :q (msg "3" "x") p))])`, `[2 1]`},
		{"another content", `(do (ipc/call client :count (msg "1" "x")) (let [r (ipc/call client :count (msg "1" "y"))] [(:outcome r) (:error r)]))`, `[:failed "BAD_REQUEST: Request id reused with different content"]`},
		{"any function", `(let [r (ipc/with-retries {:base 1} (fn [k] (swap! n inc) (if (< k 3) (ipc/poll client :q -1) k)))] [(:outcome r) (:attempts r) (:value r)])`, `[:failed 1 `},
		{"any function, with time-outs", `(let [r (ipc/with-retries {:base 1} (fn [k] (if (< k 3) (throw (ex :com.github.jlangch.venice.TimeoutException "late")) (* 10 k))))] [(:outcome r) (:attempts r) (:value r) (:error r)])`, `[:ok 3 30 nil]`},
		{"any function that is always late", `(let [r (ipc/with-retries @policy (fn [k] (throw (ex :com.github.jlangch.venice.TimeoutException "late"))))] [(:outcome r) (:attempts r) (:value r) (:error r)])`, `[:unknown 4 nil "TimeoutException: late"]`},
		{"any function that throws something else", `(let [r (ipc/with-retries nil (fn [k] (throw (ex :VncException "bad"))))] [(:outcome r) (:attempts r) (:error r)])`, `[:failed 1 "VncException: bad"]`},
		{"the policy of an atom may change", `(do (reset! policy {:base 1 :max-attempts 2}) (ipc/offer client :q 0 (msg "1" "x")) (:attempts (ipc/offer! client :q (msg "2" "x") policy)))`, `2`},
		{"latency", `(do (ipc/send client :count (msg nil "x")) (ipc/offer client :q 0 (msg nil "x")) (ipc/poll client :q 0) (let [l (ipc/latency client)] [(keys l) (keys (get l "q")) (:count (get l "count")) (<= 0 (:p50 (get l "q")) (:max (get l "q")))]))`, `[("count" "q") (:count :p50 :p95 :p99 :max) 1 true]`},
		{"once", `(let [s (ipc/dedupe-store :ttl 60000) f (fn [] (swap! n inc))] [(ipc/once s "a" f) (ipc/once s "a" f) (ipc/once s :a f) (ipc/once s "b" f)])`, `[1 1 2 3]`},
		{"once, behind an exception", `(let [s (ipc/dedupe-store)] [(try (ipc/once s 1 (fn [] (throw (ex :VncException "no")))) (catch :VncException e (ex-message e))) (ipc/once s 1 (fn [] :yes))])`, `["no" :yes]`},
		{"once, several at a time", `(let [s (ipc/dedupe-store) fs (doall (map (fn [_] (future (fn [] (ipc/once s 1 (fn [] (sleep 50) (swap! n inc)))))) (range 8)))] [(distinct (map deref fs)) @n])`, `[(1) 1]`},
		{"a policy that makes no sense", `(ipc/retry-policy :factor 0.5)`, "IllegalArgumentException: The factor of a retry policy must be at least 1, got 0.5"},
		{"a time that makes no sense", `(ipc/retry-policy {:timeout 0})`, "IllegalArgumentException: The option :timeout of ipc/retry-policy must be 1 to 86400000 milliseconds, got 0"},
		{"a jitter that makes no sense", `(ipc/retry-policy {:jitter :some})`, "IllegalArgumentException: The option :jitter of ipc/retry-policy must be :full or :none, got :some"},
		{"a key that makes no sense", `(ipc/server "URI2" :dedupe {:key :subject})`, "IllegalArgumentException: The option :key of ipc/server :dedupe must be :request-id or :fingerprint, got :subject"},
		{"no policy", `(ipc/call client :count (msg nil "x") 7)`, "VncException: "},
		{"a client has no :dedupe", `(ipc/create-queue client :x 1 :bounded :transient :dedupe true)`, "VncException: ipc/create-queue: the option :dedupe needs a server as first arg."},
	} {
		uri := "af-unix://" + t.TempDir() + "/s.sock"
		script := strings.ReplaceAll(strings.Replace(around, "FORM", c.form, 1), "URI", uri)
		if got := eval(t, ipcmod.Config{}, script); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// An unknown option of a policy is a warning that names the nearest one (H7).
func TestRetryOptionTypo(t *testing.T) {
	log := &strings.Builder{}
	eval(t, ipcmod.Config{Logger: slog.New(slog.NewTextHandler(log, nil))}, `(ipc/retry-policy {:max-atempts 3})`)
	if !strings.Contains(log.String(), "option=:max-atempts nearest=:max-attempts") {
		t.Errorf("the log has %q", log)
	}
}
