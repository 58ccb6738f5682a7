// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package lisp_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"gondola/lisp"
	"gondola/lisp/value"
)

func ExampleNew() {
	in := lisp.New(lisp.Options{Stdout: os.Stdout})
	defer in.Close()
	v, err := in.Eval(context.Background(), `(println "sum") (reduce + [1 2 3])`, "example")
	fmt.Println(value.PrStr(v), err)
	// Output:
	// sum
	// 6 <nil>
}

// cancelling is an output that ends a context at its first write.
type cancelling struct {
	text   bytes.Buffer
	cancel context.CancelFunc
}

func (c *cancelling) Write(p []byte) (int, error) {
	c.cancel()
	return c.text.Write(p)
}

// A context that ends interrupts the script; finally blocks run (E1).
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	out := &cancelling{cancel: cancel}
	in := lisp.New(lisp.Options{Stdout: out})
	defer in.Close()
	_, err := in.Eval(ctx, `(try (print "go ") (while true nil) (finally (print "finally")))`, "test")
	if err == nil || !strings.Contains(err.Error(), "InterruptedException") || out.text.String() != "go finally" {
		t.Errorf("error %v, output %q", err, out.text.String())
	}
}

// Functions that make a list out of a number end when they are interrupted.
func TestInterruptOfLongLists(t *testing.T) {
	in := lisp.New(lisp.Options{})
	defer in.Close()
	for _, expr := range []string{`(range 9223372036854775807)`, `(repeat 9223372036854775807 1)`, `(repeatedly 9223372036854775807 (partial + 1))`, `(reduce + (range))`} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := in.Eval(ctx, expr, "test")
		cancel()
		if err == nil || !strings.Contains(err.Error(), "InterruptedException") {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

// X11: interpreters share nothing.
func TestSeveralInterpreters(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			in := lisp.New(lisp.Options{})
			defer in.Close()
			v, err := in.Eval(context.Background(), fmt.Sprintf("(def n (atom %d)) (dotimes [i 1000] (swap! n inc)) @n", i), "test")
			if want := fmt.Sprint(i + 1000); err != nil || value.PrStr(v) != want {
				t.Errorf("got %s, %v; want %s", value.PrStr(v), err, want)
			}
		})
	}
	wg.Wait()
	in := lisp.New(lisp.Options{})
	defer in.Close()
	if _, err := in.Eval(context.Background(), "n", "test"); err == nil || !strings.Contains(err.Error(), "Symbol 'n' not found") {
		t.Errorf("a fresh interpreter knows n: %v", err)
	}
}
