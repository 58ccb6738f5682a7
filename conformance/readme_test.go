// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// readmeBlocks returns the fenced blocks of the README of one language, in order.
func readmeBlocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("the README has no %s", language)
	}
	return blocks
}

// copyTree makes a folder that looks like this repository: the files themselves, with free ports in the samples.
func copyTree(t *testing.T, ports func(string) string) string {
	t.Helper()
	dir := scratch(t)
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"broker", "conformance", "go.mod", "go.sum", "ipcmod", "lisp", "main.go", "security", "wal"} {
		if err := os.Symlink(filepath.Join(top, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	paths, err := filepath.Glob("../scripts/*.venice")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "scripts"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "scripts", filepath.Base(path)), []byte(ports(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestReadmeCommands runs the shell blocks of the README, in order, in a folder like this one. A block that serves runs while
// the one behind it does; any other must succeed.
func TestReadmeCommands(t *testing.T) {
	ports := freePorts()
	dir := copyTree(t, ports)
	var server *running
	for _, block := range readmeBlocks(t, "sh") {
		block = ports(block)
		if args, serves := strings.CutPrefix(strings.TrimSpace(block), "./gondola serve "); serves {
			server = start(t, filepath.Join(dir, "gondola"), dir, append([]string{"serve"}, strings.Fields(args)...)...)
			server.await(t, "listening on ")
			continue
		}
		cmd := exec.Command("sh", "-e", "-c", block)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "GOCACHE="+goEnv(t, "GOCACHE"), "GOPATH="+goEnv(t, "GOPATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", block, err, out)
		}
		t.Logf("%s\n%s", block, out)
		if server != nil {
			server.signal(t, syscall.SIGTERM)
			if got := server.wait(t); got.status != 143 {
				t.Errorf("%+v", got)
			}
			server = nil
		}
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// Every line of Go in the README stands in an example that runs.
func TestReadmeGo(t *testing.T) {
	examples := ""
	for _, path := range []string{"../broker/example_test.go", "../lisp/interp_test.go"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		examples += string(text)
	}
	for _, block := range readmeBlocks(t, "go") {
		for line := range strings.Lines(block) {
			if !strings.Contains(examples, strings.TrimSpace(line)) {
				t.Errorf("no example has %s", line)
			}
		}
	}
}
