// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var scriptName = regexp.MustCompile(`^[0-9][0-9]-[a-z-]+\.venice$`)

// TestScripts runs the samples through the real binary; each prints what stands in the .out file beside it. One that its
// third line tells to serve is stopped when it has printed that.
func TestScripts(t *testing.T) {
	binary := gondola(t)
	paths, err := filepath.Glob("../scripts/*.venice")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			if !scriptName.MatchString(name) {
				t.Errorf("a sample is named NN-topic.venice")
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(strings.TrimSuffix(path, ".venice") + ".out")
			if err != nil {
				t.Fatal(err)
			}
			script, alone := string(text), namespaces()
			if !alone {
				script = freePorts()(script)
			}
			if strings.Contains(script, "gondola serve scripts/") {
				serveUntilPrinted(t, binary, script, string(want))
				return
			}
			got := runScript(binary, scratch(t), alone, script)
			if got.err != nil || got.status != 0 || got.stderr != "" {
				t.Fatalf("status %d, %v, standard error:\n%s", got.status, got.err, got.stderr)
			}
			if out := Normalize(got.stdout); out != string(want) {
				t.Errorf("got:\n%s\nwant:\n%s", out, want)
			}
		})
	}
}

// onlyListening is what gondola serve writes when all is well.
var onlyListening = regexp.MustCompile(`^(listening on \S+\n)+$`)

func serveUntilPrinted(t *testing.T, binary, script, want string) {
	dir, ports := scratch(t), freePorts()
	if err := os.WriteFile(filepath.Join(dir, "script.venice"), []byte(ports(script)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, binary, dir, "serve", "--quiet", "script.venice")
	for line := range strings.Lines(ports(want)) {
		p.expect(t, line)
	}
	p.signal(t, syscall.SIGTERM)
	if got := p.wait(t); got.status != 143 || got.stdout != "" || !onlyListening.MatchString(got.stderr) {
		t.Errorf("after SIGTERM: %+v", got)
	}
}

// Every script of the tree opens with three comment lines: what it shows, how to run it, what to notice.
func TestScriptsIntroduceThemselves(t *testing.T) {
	for _, pattern := range []string{"../scripts/*.venice", "../scripts/bench/*.venice"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			rest := string(text)
			for _, word := range []string{";; Shows: ", ";; Run: ", ";; Notice: "} {
				at := strings.Index("\n"+rest, "\n"+word)
				if at < 0 {
					t.Errorf("%s: no line %q, or not in order", path, word)
					continue
				}
				rest = rest[at:]
			}
		}
	}
}
