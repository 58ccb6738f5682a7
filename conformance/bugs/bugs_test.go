// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package bugs proves that the tests find bugs (reliability.md T66): each file in testdata is a deliberate one, which is put
// into a copy of the tree; the test that it names has to fail there, and passes without it.
package bugs

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	hunt = flag.Bool("hunt", false, "copy the tree and put the bugs into it; takes minutes")
	only = flag.String("only", "", "a part of the names of the bugs to try; all without")
)

const root = "../.."

// bug is a file of testdata: lines "rule TEXT", "test PACKAGE REGEX" and "file PATH", then edits of that file, each as
//
//	<<<<
//	what is there, once
//	====
//	what stands there instead
//	>>>>
type bug struct {
	name, rule, pkg, regex string
	edits                  []edit
}

type edit struct{ file, before, after string }

func TestBugs(t *testing.T) {
	bugs := read(t)
	if !*hunt {
		for _, b := range bugs { // at least they fit the tree
			for _, e := range b.edits {
				if _, err := e.apply(root); err != nil {
					t.Errorf("%s: %v", b.name, err)
				}
			}
		}
		return
	}
	dir := filepath.Join(t.TempDir(), "gondola")
	copyTree(t, dir)
	for _, b := range bugs {
		if !strings.Contains(b.name, *only) {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			out, failed := b.try(t, dir)
			if !failed {
				t.Errorf("nothing noticed the bug %q\n%s", b.rule, out)
			}
		})
	}
}

// try runs the bug's test without and with the bug; the tree is as before afterwards.
func (b *bug) try(t *testing.T, dir string) (out string, failed bool) {
	t.Helper()
	if out, failed := b.run(t, dir); failed {
		t.Fatalf("the test fails without the bug too:\n%s", out)
	}
	for _, e := range b.edits {
		path := filepath.Join(dir, e.file)
		sound, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := e.apply(dir)
		if err == nil {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.WriteFile(path, sound, 0o600); err != nil {
				t.Fatal(err)
			}
		}()
	}
	return b.run(t, dir)
}

// run is one run of the bug's test. A tree that does not compile, or a test that is not there, is nobody's merit.
func (b *bug) run(t *testing.T, dir string) (out string, failed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-trimpath", "-count=1", "-timeout=180s", "-run", b.regex, b.pkg)
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	out = string(text)
	if strings.Contains(out, "[build failed]") || strings.Contains(out, "no tests to run") {
		t.Fatalf("go test -run %q %s:\n%s", b.regex, b.pkg, out)
	}
	return out, err != nil
}

// apply returns the file of an edit with the edit done.
func (e edit) apply(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, e.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), e.before); n != 1 {
		return "", fmt.Errorf("%s has the text %d times, want once:\n%s", e.file, n, e.before)
	}
	return strings.Replace(string(text), e.before, e.after, 1), nil
}

func read(t *testing.T) (bugs []*bug) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.bug")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b := &bug{name: strings.TrimSuffix(filepath.Base(file), ".bug")}
		path, rest := "", string(text)
		for rest != "" {
			line, more, _ := strings.Cut(rest, "\n")
			rest = more
			word, value, _ := strings.Cut(line, " ")
			switch word {
			case "rule":
				b.rule = value
			case "test":
				b.pkg, b.regex, _ = strings.Cut(value, " ")
			case "file":
				path = value
			case "<<<<":
				before, after, ok := strings.Cut(rest, "====\n")
				after, rest, _ = strings.Cut(after, ">>>>\n")
				if !ok {
					t.Fatalf("%s: an edit has no ====", file)
				}
				b.edits = append(b.edits, edit{path, before, after})
			default:
				t.Fatalf("%s: what is %q?", file, line)
			}
		}
		if b.rule == "" || b.regex == "" || len(b.edits) == 0 {
			t.Fatalf("%s lacks a rule, a test or an edit", file)
		}
		bugs = append(bugs, b)
	}
	if len(bugs) < 25 {
		t.Errorf("%d bugs, want 25", len(bugs))
	}
	return bugs
}

// copyTree copies what a build needs.
func copyTree(t *testing.T, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, sources{os.DirFS(root)}); err != nil {
		t.Fatal(err)
	}
}
