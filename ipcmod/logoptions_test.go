// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod_test

import (
	"net"
	"strings"
	"testing"

	"gondola/ipcmod"
	"gondola/lisp"
)

// The options of the log take what they say, and nothing else (D2, D3, D5, C3, R3).
func TestLogOptions(t *testing.T) {
	config := ipcmod.Config{
		Listen: func(string, string) (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") },
	}
	alone := lisp.New(lisp.Options{Tables: ipcmod.Module(config)})
	defer alone.Close()
	config.LogFailed = func(string, error) {}
	in := lisp.New(lisp.Options{Tables: ipcmod.Module(config)})
	defer in.Close()
	for _, c := range []struct {
		in      *lisp.Interp
		options string
		want    string // of the error; "": it starts
	}{
		{in, ":write-ahead-log-commit-delay 5", ""},
		{in, ":write-ahead-log-commit-delay 0", ""},
		{in, ":write-ahead-log-commit-delay 6", "The option :write-ahead-log-commit-delay must be 0 to 5 milliseconds, got 6"},
		{in, ":write-ahead-log-commit-delay -1", "The option :write-ahead-log-commit-delay must be 0 to 5 milliseconds, got -1"},
		{in, `:write-ahead-log-commit-delay "1"`, "long"},
		{in, ":on-log-failure :exit", ""},
		{in, ":on-log-failure :refuse", ""},
		{in, ":on-log-failure :panic", "The option :on-log-failure must be :refuse or :exit, got :panic"},
		{alone, ":on-log-failure :refuse", ""},
		{alone, ":on-log-failure :exit", "The option :on-log-failure :exit needs a process that may end"},
		{in, `:write-ahead-log-compact-min-size :1MB :write-ahead-log-compact-ratio 0.9`, ""},
		{in, ":write-ahead-log-compact-ratio 1", ""},
		{in, ":write-ahead-log-compact-min-size 0", "The option :write-ahead-log-compact-min-size must be at least 1 byte, got 0"},
		{in, ":write-ahead-log-compact-ratio 0.05", "The option :write-ahead-log-compact-ratio must be 0.1 to 1, got 0.05"},
		{in, ":write-ahead-log-compact-ratio :half", "The option :write-ahead-log-compact-ratio must be 0.1 to 1, got :half"},
		{in, ":write-ahead-log-sync 9", "The option :write-ahead-log-sync must be :always, :none or 10 to 60000 milliseconds, got 9"},
		{in, ":on-log-corruption :ignore", "The option :on-log-corruption must be :quarantine, :fail-start or :salvage, got :ignore"},
	} {
		script := `(try-with [server (ipc/server 33333 :write-ahead-log-dir "` + t.TempDir() + `" ` + c.options + `)] nil)`
		_, err := c.in.Eval(t.Context(), script, "script")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.options, err, c.want)
		}
	}
}
