// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gondola/broker/brokertest"
	"gondola/ipcmod"
	"gondola/lisp"
	"gondola/lisp/value"
)

// langCase is one recorded expression (language.md, beginning).
type langCase struct {
	ID            string
	Area          string
	Tier          string
	Expr          string
	Result        string
	ProductResult string `json:"product-result"`
	Stdout        string
	Stderr        string
	Error         *langError
}

type langError struct {
	Type    string
	Message string `json:"message-substring"`
	Value   *string
}

const (
	langInput   = "line one\nline two\n"
	langTimeout = 20 * time.Second // then the evaluation is interrupted: a case that hangs fails
	langGrace   = 10 * time.Second // then the case is given up
	langWorkers = 4                // some cases sleep
)

// caseFiles hold what the reference answered.
var caseFiles = []string{"lang-cases.json", "more-cases.json"}

// overruled are recorded answers of the reference that a text above the recordings replaces (decisions.md, beginning), with
// what we answer. quirks-001 and its like carry theirs in the file.
var overruled = map[string]struct{ result, text string }{
	"lang/quirks-007": {"1", "decisions.md L7: def binds the object itself, no copy"},
	"lang/quirks-008": {"2", "decisions.md L7"},
	"lang/quirks-010": {"[1 1]", "decisions.md L7"},
	"matrix/38-08":    {`"312"`, "language.md 20: doseq over a lazy sequence visits all elements"},
}

// TestLang runs the recorded expressions in process, each in an interpreter of its own.
func TestLang(t *testing.T) {
	var cases []langCase
	for _, file := range caseFiles {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		var some []langCase
		if err := json.Unmarshal(text, &some); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		cases = append(cases, some...)
	}
	evaluateAll(t, "lang", cases)
}

// evaluateAll runs all cases of a kind, some at a time, and judges them; with -v it tells how the pending ones fail.
func evaluateAll(t *testing.T, kind string, cases []langCase) {
	t.Helper()
	pending := readPending(t)
	t.Setenv("TZ", "UTC")
	for id, o := range overruled {
		suite, name, _ := strings.Cut(id, "/")
		if suite != kind {
			continue
		}
		i := slices.IndexFunc(cases, func(c langCase) bool { return c.ID == name })
		if i < 0 || cases[i].Result == o.result {
			t.Errorf("%s is no recording that %s replaces", id, o.text)
			continue
		}
		cases[i].ProductResult = o.result
	}
	verdicts := make([]verdict, len(cases))
	work := make(chan int)
	var workers sync.WaitGroup
	for range langWorkers {
		workers.Go(func() {
			for i := range work {
				c := &cases[i]
				verdicts[i] = verdict{id: kind + "/" + c.ID, group: c.Area + " " + c.Tier, failure: c.run()}
			}
		})
	}
	for i := range cases {
		work <- i
	}
	close(work)
	workers.Wait()
	if testing.Verbose() && !*printPending {
		for i, v := range verdicts {
			if _, listed := pending[v.id]; listed && v.failure != "" {
				t.Logf("pending %s: %s\n\t%s", v.id, cases[i].Expr, v.failure)
			}
		}
	}
	judge(t, kind, verdicts)
}

// run evaluates the case and says what is wrong with the outcome.
func (c *langCase) run() string {
	if c.Error != nil && c.Error.Type == "blocks" {
		return c.blocks()
	}
	ctx, cancel := context.WithTimeout(context.Background(), langTimeout)
	defer cancel()
	outcome := make(chan string, 1)
	go func() { outcome <- c.evaluate(ctx) }()
	select {
	case failure := <-outcome:
		return failure
	case <-ctx.Done():
	}
	select {
	case failure := <-outcome:
		return failure
	case <-time.After(langGrace):
		return "does not end, nor can it be interrupted"
	}
}

func (c *langCase) evaluate(ctx context.Context) string {
	var stdout, stderr brokertest.Buffer
	in := lisp.New(lisp.Options{Stdin: strings.NewReader(langInput), Stdout: &stdout, Stderr: &stderr, Tables: ipcmod.Module(ipcmod.Config{})})
	defer in.Close()
	v, err := in.Eval(ctx, c.Expr, "test")
	got := ""
	if err == nil {
		got = value.PrStr(v)
	}
	if n := in.Runtime().Incidents(); n != 0 {
		return fmt.Sprintf("%d internal errors (X12)", n)
	}
	if failure := c.compare(got, err); failure != "" {
		return failure
	}
	if out := stdout.String(); out != c.Stdout {
		return fmt.Sprintf("standard output %q, want %q", out, c.Stdout)
	}
	if out := stderr.String(); out != c.Stderr {
		return fmt.Sprintf("standard error %q, want %q", out, c.Stderr)
	}
	return ""
}

func (c *langCase) compare(got string, err error) string {
	want := c.Result
	if c.ProductResult != "" {
		want = c.ProductResult
	}
	switch {
	case c.Error == nil && err != nil:
		return fmt.Sprintf("error %v, want %s", err, want)
	case c.Error == nil && got != want:
		return fmt.Sprintf("got %s, want %s", got, want)
	case c.Error == nil:
		return ""
	case err == nil:
		return fmt.Sprintf("got %s, want error %s: %s", got, c.Error.Type, c.Error.Message)
	}
	var ex *value.Exception
	if !errors.As(err, &ex) {
		return fmt.Sprintf("%T is no script exception: %v", err, err)
	}
	if ex.Class.Simple() != c.Error.Type || !strings.Contains(ex.Message, c.Error.Message) {
		return fmt.Sprintf("error %v, want %s: %s", ex, c.Error.Type, c.Error.Message)
	}
	if c.Error.Value != nil && value.PrStr(ex.Value) != *c.Error.Value {
		return fmt.Sprintf("thrown value %s, want %s", value.PrStr(ex.Value), *c.Error.Value)
	}
	return ""
}
