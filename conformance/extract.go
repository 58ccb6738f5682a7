// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// A Block is one example of the document with what is expected of it.
type Block struct {
	Number  int    `json:"block"`
	Heading string `json:"heading"`
	Line    int    `json:"line"`    // of the block's first line in document.md, from 1
	Compare string `json:"compare"` // "exact", "unordered" or "pattern"
	Stdout  string `json:"stdout"`  // normalised; empty for a pattern
	Pattern string `json:"pattern"` // a regular expression for the whole output
	Wrap    string `json:"wrap"`    // a silent block's value is that of this form, %s replaced by the block
	Value   string `json:"value"`   // what pr-str gives for it
	Note    string `json:"note"`
	Script  string `json:"-"`
}

// Extract joins the clojure blocks of the document with the recorded cases, in order. It fails if the two do not belong
// together: another number of blocks, or a block on another line than recorded.
func Extract(document, cases []byte) ([]Block, error) {
	var recorded struct {
		Cases []Block `json:"cases"`
	}
	if err := json.Unmarshal(cases, &recorded); err != nil {
		return nil, err
	}
	blocks := recorded.Cases
	n, inside := 0, false
	for i, line := range strings.SplitAfter(string(document), "\n") {
		switch {
		case inside && strings.HasPrefix(line, "```"):
			inside = false
		case inside:
			blocks[n-1].Script += line
		case strings.HasPrefix(line, "```clojure"):
			if n == len(blocks) {
				return nil, fmt.Errorf("line %d: more blocks than the %d recorded ones", i+1, len(blocks))
			}
			n++
			inside = true
			if b := blocks[n-1]; b.Number != n || b.Line != i+2 {
				return nil, fmt.Errorf("line %d: block %d is recorded as block %d of line %d", i+2, n, b.Number, b.Line)
			}
		}
	}
	if n != len(blocks) {
		return nil, fmt.Errorf("%d blocks, but %d recorded ones", n, len(blocks))
	}
	return blocks, nil
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// FileName is NN-title.txtar; the title is the last part of the block's heading.
func (b *Block) FileName() string {
	title := b.Heading[strings.LastIndex(b.Heading, " / ")+1:]
	title = strings.Trim(notWord.ReplaceAllString(strings.ToLower(title), "-"), "-")
	return fmt.Sprintf("%02d-%s.txtar", b.Number, title)
}

// Format writes the block as a txtar archive: a comment with its origin, the script, and what is expected.
func (b *Block) Format() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "block: %d\nheading: %s\nline: %d\ncompare: %s\n", b.Number, b.Heading, b.Line, b.Compare)
	if b.Note != "" {
		fmt.Fprintf(&out, "note: %s\n", b.Note)
	}
	section := func(name, text string) {
		fmt.Fprintf(&out, "-- %s --\n%s", name, text)
		if text != "" && !strings.HasSuffix(text, "\n") {
			out.WriteByte('\n')
		}
	}
	section("script.venice", b.Script)
	if b.Compare == "pattern" {
		section("pattern", b.Pattern)
	} else {
		section("stdout", b.Stdout)
	}
	if b.Wrap != "" {
		section("wrap", b.Wrap)
		section("value", b.Value)
	}
	return out.Bytes()
}

// ParseBlock reads what Format wrote.
func ParseBlock(text []byte) (Block, error) {
	a := ParseArchive(text)
	b := Block{
		Script:  a.Files["script.venice"],
		Stdout:  a.Files["stdout"],
		Pattern: strings.TrimSuffix(a.Files["pattern"], "\n"),
		Wrap:    strings.TrimSuffix(a.Files["wrap"], "\n"),
		Value:   strings.TrimSuffix(a.Files["value"], "\n"),
	}
	for line := range strings.Lines(a.Comment) {
		key, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		var err error
		switch key {
		case "block":
			_, err = fmt.Sscan(rest, &b.Number)
		case "heading":
			b.Heading = rest
		case "line":
			_, err = fmt.Sscan(rest, &b.Line)
		case "compare":
			b.Compare = rest
		case "note":
			b.Note = rest
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return Block{}, err
		}
	}
	return b, nil
}

// An Archive is a comment followed by named texts, each behind a line "-- name --": the txtar form.
type Archive struct {
	Comment string
	Names   []string // in order
	Files   map[string]string
}

var marker = regexp.MustCompile(`^-- (\S.*\S|\S) --\n?$`)

// ParseArchive never fails: text without a marker line is all comment.
func ParseArchive(text []byte) Archive {
	a := Archive{Files: map[string]string{}}
	name := ""
	for line := range strings.Lines(string(text)) {
		if m := marker.FindStringSubmatch(line); m != nil {
			name = m[1]
			a.Names = append(a.Names, name)
			a.Files[name] = ""
		} else if name == "" {
			a.Comment += line
		} else {
			a.Files[name] += line
		}
	}
	return a
}
