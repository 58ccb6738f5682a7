// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"gondola/ipcmod"
	"gondola/lisp"
	"gondola/lisp/value"
)

// Scripts on 8 goroutines of one interpreter share an atom, a function of the server, and a queue whose offers wait for
// room and whose polls wait for messages. Nothing is lost and nothing comes twice. The race stage runs it too.
func TestScriptsShare(t *testing.T) {
	const goroutines, rounds = 8, 50
	// real sockets; whatever port the script names, the system chooses
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var dialer net.Dialer
	in := lisp.New(lisp.Options{Tables: ipcmod.Module(ipcmod.Config{
		Listen: func(string, string) (net.Listener, error) { return listener, nil },
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", listener.Addr().String())
		},
	})})
	defer in.Close()
	run := func(script string) string {
		v, err := in.Eval(context.Background(), script, "test")
		if err != nil {
			t.Error(err)
		}
		return value.PrStr(v)
	}
	run(`(def server (ipc/server "af-inet://127.0.0.1:33333"))
	     (ipc/create-queue server :numbers 3)
	     (def called (atom 0))
	     (def seen (atom []))
	     (ipc/create-function server :twice
	       (fn [m] (swap! called inc)
	               (ipc/plain-text-message nil :n (str (* 2 (long (ipc/message-field m :payload-text)))))))
	     (defn text [m] (ipc/message-field m :payload-text))
	     (defn produce [base rounds]
	       (try-with [client (ipc/client 33333)]
	         (dotimes [i rounds]
	           (let [n (text (ipc/send client :twice (ipc/plain-text-message nil :n (str (+ base i)))))]
	             (when-not (ipc/response-ok? (ipc/offer client :numbers 9000 (ipc/plain-text-message nil :n n)))
	               (throw (ex :VncException "not offered")))))))
	     (defn consume [rounds]
	       (try-with [client (ipc/client 33333)]
	         (dotimes [_ rounds]
	           (let [n (long (text (ipc/poll client :numbers 9000)))]
	             (swap! seen conj n)))))`)
	var wg sync.WaitGroup
	for i := range goroutines / 2 {
		wg.Go(func() { run(fmt.Sprintf("(produce %d %d)", i*rounds, rounds)) })
		wg.Go(func() { run(fmt.Sprintf("(consume %d)", rounds)) })
	}
	wg.Wait()
	total := goroutines / 2 * rounds
	check := fmt.Sprintf("[@called (= (sort @seen) (into [] (range 0 %d 2)))]", 2*total)
	if got, want := run(check), fmt.Sprintf("[%d true]", total); got != want {
		t.Errorf("got %s, want %s; seen: %s", got, want, run("@seen"))
	}
	run("(ipc/close server)")
}
