// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var printPending = flag.Bool("pending", false, "print the pending list as it would be now instead of judging by it")

const pendingFile = "pending.txt"

// readPending returns the reasons by case id, "area-of-the-suite/id". A line is the id, a tab, the reason; an id stands in
// it once, and lines that start with # are remarks.
func readPending(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(pendingFile)
	if err != nil {
		t.Fatal(err)
	}
	pending, err := parsePending(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return pending
}

func parsePending(text string) (map[string]string, error) {
	pending := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, reason, ok := strings.Cut(line, "\t")
		if !ok || id == "" || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: a line is an id, a tab and a reason: %q", pendingFile, line)
		}
		if _, twice := pending[id]; twice {
			return nil, fmt.Errorf("%s: %s stands there twice", pendingFile, id)
		}
		pending[id] = reason
	}
	return pending, nil
}

// A verdict is what a run says about one case: failure is "" for a case that passed.
type verdict struct {
	id      string
	group   string // for the count
	failure string
}

// judge compares the verdicts of a whole suite with the pending list: a failing case must stand in it, a passing one must
// not, and every line of the suite must name a case. With -pending it prints the list instead.
func judge(t *testing.T, suite string, verdicts []verdict) {
	t.Helper()
	pending := readPending(t)
	known := map[string]bool{}
	var groups []string
	passed, total := map[string]int{}, map[string]int{}
	for _, v := range verdicts {
		known[v.id] = true
		if total[v.group] == 0 {
			groups = append(groups, v.group)
		}
		total[v.group]++
		if v.failure == "" {
			passed[v.group]++
		}
		reason, listed := pending[v.id]
		switch {
		case *printPending:
			if v.failure != "" {
				if !listed {
					reason = becauseOf(v)
				}
				fmt.Printf("%s\t%s\n", v.id, reason)
			}
		case v.failure != "" && !listed:
			t.Errorf("%s: %s", v.id, v.failure)
		case v.failure == "" && listed:
			t.Errorf("%s passes now: take it off %s", v.id, pendingFile)
		}
	}
	sum, all := 0, 0
	for _, g := range groups {
		sum, all = sum+passed[g], all+total[g]
		t.Logf("%-20s %4d of %4d", g, passed[g], total[g])
	}
	t.Logf("%-20s %4d of %4d", "all", sum, all)
	if *printPending {
		t.Error("printed, not judged") // also makes go test show what was printed
	}
	for id := range pending {
		if strings.HasPrefix(id, suite+"/") && !known[id] {
			t.Errorf("%s names %s, which is no case", pendingFile, id)
		}
	}
}

// becauseOf is the reason that -pending writes for a case that was not listed: the issue that brings what it needs.
func becauseOf(v verdict) string {
	switch suite, _, _ := strings.Cut(v.id, "/"); {
	case suite == "lang" || suite == "matrix":
		return "the whole language"
	case v.group == "durable" || v.id == "document/08" || v.id == "document/29":
		return "nothing acknowledged is ever lost"
	default:
		return "the whole broker"
	}
}

// Every line of the list belongs to one of the suites.
func TestPendingListIsWellFormed(t *testing.T) {
	for id := range readPending(t) {
		switch suite, rest, _ := strings.Cut(id, "/"); {
		case rest == "":
			t.Errorf("%s: no case", id)
		case suite != "lang" && suite != "document" && suite != "ipc" && suite != "matrix":
			t.Errorf("%s: no suite %s", id, suite)
		}
	}
	for _, bad := range []string{"lang/a", "lang/a\t", "\treason", "lang/a\tx\nlang/a\ty"} {
		if _, err := parsePending(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
