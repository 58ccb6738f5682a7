// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

var extract = flag.Bool("extract", false, "write testdata/document from testdata/source; the sources themselves never change")

func extracted(t *testing.T) []Block {
	t.Helper()
	doc, err := os.ReadFile("testdata/source/document.md")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := os.ReadFile("testdata/source/document-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := Extract(doc, cases)
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// The files under testdata/document are what the document and the recorded cases yield, no file more and none less.
func TestDocumentFilesAreExtracted(t *testing.T) {
	blocks := extracted(t)
	if len(blocks) != 47 {
		t.Errorf("%d blocks, want 47", len(blocks))
	}
	want := map[string]bool{}
	for i := range blocks {
		b := &blocks[i]
		want[b.FileName()] = true
		path := filepath.Join("testdata", "document", b.FileName())
		if *extract {
			if err := os.WriteFile(path, b.Format(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if string(got) != string(b.Format()) {
			t.Errorf("%s differs from what the document yields; rewrite it with -extract", path)
		}
		parsed, err := ParseBlock(got)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if !reflect.DeepEqual(parsed, *b) {
			t.Errorf("%s: read back as %+v, want %+v", path, parsed, *b)
		}
	}
	files, err := filepath.Glob("testdata/document/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !want[filepath.Base(f)] {
			t.Errorf("%s belongs to no block of the document", f)
		}
	}
}

func TestExtractRejectsWhatDoesNotFit(t *testing.T) {
	const cases = `{"cases":[{"block":1,"line":2}]}`
	for _, c := range []struct{ name, doc, cases string }{
		{"another line", "\n```clojure\n1\n```\n", cases},
		{"too many blocks", "```clojure\n1\n```\n```clojure\n2\n```\n", cases},
		{"too few blocks", "nothing\n", cases},
		{"no json", "", "x"},
	} {
		if _, err := Extract([]byte(c.doc), []byte(c.cases)); err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
	got, err := Extract([]byte("```clojure\n(f)\n```\n```\nother\n```\n"), []byte(cases))
	if err != nil || got[0].Script != "(f)\n" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"id 3f2b8c1e-0a4d-4b7e-9c11-5d2e6f7a8b90.", "id <uuid>."},
		{`"timestamp": 1731412345678,`, `"timestamp": <ts>,`},
		{"2026-01-31T09:05:07.123Z end", "<time> end"},
		{"2026-01-31T09:05:07+02:00[Europe/Zurich]", "<time>"},
		{"java.lang.Object@1b6d3586", "java.lang.Object@<hash>"},
		{"<uuid> <ts> <time>", "<uuid> <ts> <time>"},
		{"42 123456 10000 99999999999999999", "42 123456 10000 99999999999999999"},
		{"user@12 4096 2026-01-31", "user@12 4096 2026-01-31"},
	} {
		if got := Normalize(c.in); got != c.want {
			t.Errorf("Normalize(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
