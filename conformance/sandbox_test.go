// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// X3 to X9 by the command line: a file, -e, a pipe. What a limit ends is an uncaught exception.
func TestSandboxCommand(t *testing.T) {
	binary, dir := gondola(t), scratch(t)
	for name, text := range map[string]string{
		"good.venice": "(println (map inc [1 2 3]))\n{:a (str/upper-case \"b\")}",
		"read.venice": "(println :before)\n(io/slurp \"good.venice\")",
		"loop.venice": "(defn f []\n  (while true nil))\n(try (f) (catch :VncException e (println \"caught\")) (finally (println \"finally\")))",
		"exit.venice": "(system-exit-code 7)",
		"ipc.venice":  "(ipc/benchmark \"af-inet://localhost:33333\" :5KB 1)",
		"big.venice":  "(loop [i 0 x 1] (if (< i 60) (recur (inc i) [x x]) x))", // its value is the last thing printed
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const denied = "SecurityException: Venice Sandbox (RejectAllInterceptor): Access denied to Venice function "
	const exceeded = "SecurityException: Venice Sandbox: limit exceeded: more than "
	for _, c := range []struct {
		args, stdin, stdout, stderr string // stderr: contained
		status                      int
	}{
		{"--sandbox good.venice", "", "(2 3 4)\n{:a \"B\"}\n", "", 0},
		{"--sandbox read.venice", "", ":before\n", denied + "'io/slurp'! Permit it with --allow files or --allow io/slurp\n\n  read.venice:2:2\n", 1},
		{"--sandbox --allow files -q read.venice", "", ":before\n", "", 0},
		{"--sandbox --allow env,io/slurp -q read.venice", "", ":before\n", "", 0},
		{"--sandbox --allow io/* -q read.venice", "", ":before\n", "", 0},
		{"--sandbox --allow fils read.venice", "", "", "gondola: --allow: there is no function or group fils; the groups are files, processes, env, network, interop, modules, exit\n", 2},
		{"--sandbox --allow files exit.venice", "", "", "denied to Venice function 'system-exit-code'! Permit it with --allow exit or", 1},
		{"--sandbox --allow exit exit.venice", "", "", "", 7},
		{"--sandbox ipc.venice", "", "", denied + "'ipc/benchmark'! Permit it with --allow network or --allow ipc/benchmark\n", 1},
		{"--sandbox --max-steps 10000 loop.venice", "", "finally\n", exceeded + "10000 steps (max-steps)\n\n  loop.venice:2:3\n", 1},
		{"--max-steps 10000 loop.venice", "", "finally\n", exceeded + "10000 steps (max-steps)\n", 1},
		{"--sandbox --max-time 100 -e (while(quote,x))", "", "", exceeded + "100ms (max-time)\n", 1},
		{"--sandbox --max-memory 1MB big.venice", "", "", exceeded + "1048576 bytes of memory (max-memory)\n", 1},
		{"--sandbox --max-output 10 -e (println(range(quote,100)))", "", "", "more than 10 bytes of output (max-output)\n", 1},
		{"--sandbox", "(sandbox/type)", ":RejectAllInterceptor\n", "", 0},
		{"--sandbox", "(io/slurp \"good.venice\")", "", denied + "'io/slurp'!", 1},
		{"--sandbox -", "*ARGV*", "()\n", "", 0},
		{"--sandbox -e (sandboxed?)", "", "true\n", "", 0},
		{"-e (sandboxed?)", "", "false\n", "", 0},
		{"--max-steps many good.venice", "", "", "it must be a number, like 1000 or 64MB", 2},
		{"--max-memory -1 good.venice", "", "", "it must be from 0 to ", 2},
		{"--help", "", "", "", 0},
	} {
		if c.args == "--help" {
			got := runIn(binary, dir, false, "", c.args)
			for _, option := range []string{"  --sandbox ", "  --allow LIST ", "  --max-steps N ", "  --max-time MS ", "  --max-memory BYTES "} {
				if !strings.Contains(got.stdout, option) {
					t.Errorf("--help does not show %q", option)
				}
			}
			continue
		}
		got := runIn(binary, dir, false, c.stdin, strings.Fields(c.args)...)
		if got.err != nil || got.stdout != c.stdout || !strings.Contains(got.stderr, c.stderr) || c.stderr == "" && got.stderr != "" || got.status != c.status {
			t.Errorf("%s: %+v", c.args, got)
		}
	}
}
