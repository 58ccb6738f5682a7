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

// What the second line of a sample says about how it runs: served until it has printed all, beside a server, with options.
var (
	with   = regexp.MustCompile(`(?m)^;; Run:    gondola (--.*) scripts/`)
	served = regexp.MustCompile(`(?m)^;; Run:    gondola serve scripts/`)
	beside = regexp.MustCompile(`(?m)^;; Run:    .* while, in another terminal:  gondola serve scripts/(\S+)`)
)

// TestScripts runs the samples through the real binary, as their second line says; each prints what stands in the .out file
// beside it.
func TestScripts(t *testing.T) {
	binary := gondola(t)
	paths, err := filepath.Glob("../scripts/*.venice")
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d samples, %v", len(paths), err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			if !scriptName.MatchString(name) {
				t.Errorf("a sample is named NN-topic.venice")
			}
			script, want := sample(t, name)
			if served.MatchString(script) {
				serveUntilPrinted(t, binary, script, want)
				return
			}
			ports, alone := func(s string) string { return s }, namespaces()
			server := beside.FindStringSubmatch(script)
			if server != nil {
				alone = false // the two have to see each other
			}
			if !alone {
				ports = freePorts()
			}
			if server != nil {
				text, printed := sample(t, server[1])
				defer serve(t, binary, ports(text), ports(printed))()
			}
			var options []string
			if found := with.FindStringSubmatch(script); found != nil {
				options = strings.Fields(found[1])
			}
			got := runScript(binary, scratch(t), alone, ports(script), options...)
			if got.err != nil || got.status != 0 || got.stderr != "" {
				t.Fatalf("status %d, %v, standard error:\n%s", got.status, got.err, got.stderr)
			}
			if out := Normalize(got.stdout); out != want {
				t.Errorf("got:\n%s\nwant:\n%s", out, want)
			}
		})
	}
}

// sample reads a sample and what it prints.
func sample(t *testing.T, name string) (script, out string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("../scripts", strings.TrimSuffix(name, ".venice")+".out"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), string(want)
}

// onlyListening is what gondola serve writes when all is well.
var onlyListening = regexp.MustCompile(`^(listening on \S+\n)+$`)

func serveUntilPrinted(t *testing.T, binary, script, want string) {
	ports := freePorts()
	serve(t, binary, ports(script), ports(want))()
}

// serve starts a script that serves and waits until it has printed all; stop stops it.
func serve(t *testing.T, binary, script, want string) (stop func()) {
	t.Helper()
	dir := scratch(t)
	if err := os.WriteFile(filepath.Join(dir, "script.venice"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, binary, dir, "serve", "--quiet", "script.venice")
	for line := range strings.Lines(want) {
		p.expect(t, line)
	}
	return func() {
		t.Helper()
		p.signal(t, syscall.SIGTERM)
		if got := p.wait(t); got.status != 143 || got.stdout != "" || !onlyListening.MatchString(got.stderr) {
			t.Errorf("after SIGTERM: %+v", got)
		}
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
