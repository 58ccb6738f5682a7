// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// runAll runs n cases, several at a time where each has a network of its own, and collects the verdicts.
func runAll(n int, one func(i int, alone bool) verdict) []verdict {
	alone := namespaces()
	workers := 1
	if alone {
		workers = *scriptsAtOnce
	}
	verdicts := make([]verdict, n)
	work := make(chan int)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for i := range work {
				verdicts[i] = one(i, alone)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	done.Wait()
	return verdicts
}

// explain adds the details of the pending failures to a verbose run.
func explain(t *testing.T, verdicts []verdict) {
	t.Helper()
	if !testing.Verbose() || *printPending {
		return
	}
	for _, v := range verdicts {
		if v.failure != "" {
			t.Logf("%s: %s", v.id, v.failure)
		}
	}
}

// TestDocument runs the examples of the document through the real binary.
func TestDocument(t *testing.T) {
	binary := gondola(t)
	blocks := extracted(t)
	verdicts := runAll(len(blocks), func(i int, alone bool) verdict {
		v := verdict{id: fmt.Sprintf("document/%02d", blocks[i].Number), group: "document"}
		v.failure = runBlock(t, binary, alone, &blocks[i])
		return v
	})
	explain(t, verdicts)
	judge(t, "document", verdicts)
}

// runBlock runs one example, and once more for its value if that is recorded.
func runBlock(t *testing.T, binary string, alone bool, b *Block) string {
	dir, script := scratch(t), b.Script
	if !alone {
		script = freePorts()(script)
	}
	// what the recorded cases say about 15 and 47
	if err := os.WriteFile(filepath.Join(dir, "test.pdf"), smallPDF, 0o600); err != nil {
		return err.Error()
	}
	if strings.Contains(script, "/path/to/test.sock") {
		script = strings.ReplaceAll(script, "/path/to/test.sock", filepath.Join(dir, "test.sock"))
		script = strings.ReplaceAll(script, "5                            ;; 5s duration", "1")
	}
	got := runScript(binary, dir, alone, script)
	switch {
	case got.err != nil:
		return got.err.Error()
	case got.status != 0:
		return fmt.Sprintf("exit status %d, standard error:\n%s", got.status, got.stderr)
	}
	if failure := b.compare(Normalize(got.stdout)); failure != "" || b.Wrap == "" {
		return failure
	}
	got = runScript(binary, scratch(t), alone, printed(strings.Replace(b.Wrap, "%s", "(do\n"+script+"\n)", 1)))
	if want := b.Value + "\n"; got.err != nil || got.stdout != want {
		return fmt.Sprintf("value %q, want %q; standard error:\n%s%v", got.stdout, want, got.stderr, got.err)
	}
	return ""
}

var smallPDF = []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n" +
	"trailer<</Root 1 0 R>>\n%%EOF\n")

// printed is the script that prints the readable form of another one's value (decisions.md 6).
func printed(script string) string { return "(println (pr-str " + script + "\n))\n" }

func runScript(binary, dir string, alone bool, script string, options ...string) outcome {
	path := filepath.Join(dir, "script.venice")
	if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
		return outcome{err: err}
	}
	return runIn(binary, dir, alone, "", append(append([]string{"--quiet"}, options...), "script.venice")...)
}

// compare judges normalised output as the block says.
func (b *Block) compare(got string) string {
	switch b.Compare {
	case "exact":
		if got != b.Stdout {
			return fmt.Sprintf("got:\n%s\nwant:\n%s", got, b.Stdout)
		}
	case "pattern":
		if !regexp.MustCompile(b.Pattern).MatchString(got) {
			return fmt.Sprintf("got:\n%s\nwant a match of:\n%s", got, b.Pattern)
		}
	case "unordered":
		return compareUnordered(got, b.Stdout)
	default:
		return "unknown comparison " + b.Compare
	}
	return ""
}

// records splits output into what was printed at a time: a record begins at a line that is neither indented nor a closing
// bracket.
func records(s string) []string {
	var all []string
	for line := range strings.Lines(s) {
		if len(all) > 0 && strings.ContainsAny(line[:1], " }]") {
			all[len(all)-1] += line
		} else {
			all = append(all, line)
		}
	}
	return all
}

var speaker = regexp.MustCompile(`^\([^)]*\)`)

// compareUnordered compares records as a multiset, and in order for each speaker: a name in parentheses before a record.
func compareUnordered(got, want string) string {
	g, w := records(got), records(want)
	bySpeaker := func(all []string) map[string][]string {
		m := map[string][]string{}
		for _, r := range all {
			if who := speaker.FindString(r); who != "" {
				m[who] = append(m[who], r)
			}
		}
		return m
	}
	ordered := maps.EqualFunc(bySpeaker(g), bySpeaker(w), slices.Equal)
	slices.Sort(g)
	slices.Sort(w)
	if !ordered || !slices.Equal(g, w) {
		return fmt.Sprintf("got:\n%s\nwant, in any order of the speakers:\n%s", got, want)
	}
	return ""
}

func TestCompareUnordered(t *testing.T) {
	const want = "(a) 1: {\n  x\n}\n(b) 1\n(a) 2\nfree\n"
	for _, c := range []struct {
		got string
		ok  bool
	}{
		{want, true},
		{"free\n(b) 1\n(a) 1: {\n  x\n}\n(a) 2\n", true},
		{"(a) 2\n(b) 1\n(a) 1: {\n  x\n}\nfree\n", false}, // a's records swapped
		{"(a) 1: {\n  y\n}\n(b) 1\n(a) 2\nfree\n", false},
		{want + "free\n", false},
		{"", false},
	} {
		if failure := compareUnordered(c.got, want); (failure == "") != c.ok {
			t.Errorf("%q: %q", c.got, failure)
		}
	}
}

// behaviourCase is one recorded script (ipc-api.md 21).
type behaviourCase struct {
	ID             string
	Area           string
	Script         string
	Stdout         *string
	Result         *string
	ErrorSubstring *string `json:"error-substring"`
	ProductScript  string  `json:"product-script"`
	ProductStdout  *string `json:"product-stdout"`
	ProductResult  *string `json:"product-result"`
	ProductError   *string `json:"product-error-substring"`
}

// TestBehaviour runs the recorded cases of the ipc functions through the real binary.
func TestBehaviour(t *testing.T) {
	binary := gondola(t)
	text, err := os.ReadFile("testdata/ipc-behaviour-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []behaviourCase
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	verdicts := runAll(len(cases), func(i int, alone bool) verdict {
		c := &cases[i]
		return verdict{id: "ipc/" + c.ID, group: c.Area, failure: c.run(t, binary, alone)}
	})
	explain(t, verdicts)
	judge(t, "ipc", verdicts)
}

// run runs the script of the case and says what is wrong with the outcome. What the product gives on purpose wins.
func (c *behaviourCase) run(t *testing.T, binary string, alone bool) string {
	ports := func(s string) string { return s }
	if !alone {
		ports = freePorts()
	}
	script, stdout, result, failure := c.Script, c.Stdout, c.Result, c.ErrorSubstring
	if c.ProductScript != "" {
		script = c.ProductScript
	}
	if c.ProductStdout != nil || c.ProductResult != nil || c.ProductError != nil {
		stdout, result, failure = c.ProductStdout, c.ProductResult, c.ProductError
	}
	script = ports(script)
	if result != nil {
		script = printed(script)
	}
	got := runScript(binary, scratch(t), alone, script)
	switch {
	case got.err != nil:
		return got.err.Error()
	case failure != nil:
		if got.status != 1 || !strings.Contains(got.stderr, ports(*failure)) {
			return fmt.Sprintf("exit status %d, standard error:\n%s\nwant 1 and: %s", got.status, got.stderr, ports(*failure))
		}
		return ""
	case got.status != 0:
		return fmt.Sprintf("exit status %d, standard error:\n%s", got.status, got.stderr)
	}
	want := ""
	if stdout != nil {
		want = *stdout
	} else if result != nil {
		want = *result + "\n"
	}
	if out := Normalize(got.stdout); out != Normalize(ports(want)) {
		return fmt.Sprintf("got:\n%s\nwant:\n%s", out, ports(want))
	}
	return ""
}
