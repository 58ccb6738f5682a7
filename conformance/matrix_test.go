// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"gondola/lisp"
	"gondola/lisp/value"
)

var matrixArgument = regexp.MustCompile(`\bX\b`)

// TestCollectionMatrix evaluates every expression of the matrix with every kind of collection (language.md 8); !Type is an
// exception of that class, !blocks waits for ever.
func TestCollectionMatrix(t *testing.T) {
	text, err := os.ReadFile("testdata/coll-matrix.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	kinds := strings.Split(lines[0], "\t")[1:]
	if len(lines) < 80 || len(kinds) < 17 {
		t.Fatalf("%d lines, %d kinds", len(lines), len(kinds))
	}
	var cases []langCase
	for row, line := range lines[1:] {
		cells := strings.Split(line, "\t")
		if len(cells) != len(kinds)+1 {
			t.Fatalf("line %d has %d cells", row+2, len(cells))
		}
		for column, want := range cells[1:] {
			c := langCase{ID: fmt.Sprintf("%02d-%02d", row+1, column+1), Area: "all", Tier: "expressions", Expr: matrixArgument.ReplaceAllLiteralString(cells[0], kinds[column]), Result: want}
			if class, ok := strings.CutPrefix(want, "!"); ok {
				c.Error = &langError{Type: class}
			}
			cases = append(cases, c)
		}
	}
	evaluateAll(t, "matrix", cases)
}

// blocks says what is wrong with an expression that must wait until it is interrupted.
func (c *langCase) blocks() string {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	in := lisp.New(lisp.Options{})
	defer in.Close()
	v, err := in.Eval(ctx, c.Expr, "test")
	var ex *value.Exception
	if errors.As(err, &ex) && ex.Class == value.InterruptedException {
		return ""
	}
	return fmt.Sprintf("got %s, %v; want it to wait", value.PrStr(v), err)
}
