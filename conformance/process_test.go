// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A running is a started binary whose output is read line by line.
type running struct {
	cmd    *exec.Cmd
	out    *bufio.Reader
	stdout io.Closer
	stderr watchedBuffer
	cancel *time.Timer // kills it if the test never ends
}

// start starts the binary in dir; a test that ends without having waited kills it.
func start(t *testing.T, binary, dir string, args ...string) *running {
	t.Helper()
	p := &running{cmd: exec.Command(binary, args...)}
	p.cmd.Dir, p.cmd.Stderr = dir, &p.stderr
	p.cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "HOME="+dir, "TMPDIR="+dir)
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out, p.stdout = bufio.NewReader(stdout), stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.cancel = time.AfterFunc(runTimeout, func() { _ = p.cmd.Process.Kill(); p.stderr.end() })
	t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
	})
	return p
}

// expect reads the next line of standard output, which must be this one.
func (p *running) expect(t *testing.T, want string) {
	t.Helper()
	got, err := p.out.ReadString('\n')
	if strings.TrimSuffix(got, "\n") != strings.TrimSuffix(want, "\n") {
		t.Fatalf("printed %q (%v), want %q; standard error:\n%s", got, err, want, p.stderr.String())
	}
}

// await waits until a text has been written to standard error.
func (p *running) await(t *testing.T, text string) {
	t.Helper()
	if got, ok := p.stderr.await(text); !ok {
		t.Fatalf("standard error without %q:\n%s", text, got)
	}
}

// watchedBuffer takes output that somebody waits for.
type watchedBuffer struct {
	mu      sync.Mutex
	arrived *sync.Cond // made by the first that waits
	b       bytes.Buffer
	ended   bool
}

func (w *watchedBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tell()
	return w.b.Write(p)
}

func (w *watchedBuffer) tell() {
	if w.arrived != nil {
		w.arrived.Broadcast()
	}
}

// end tells whoever waits that nothing comes any more.
func (w *watchedBuffer) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.tell()
}

func (w *watchedBuffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

func (w *watchedBuffer) await(text string) (got string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.arrived == nil {
		w.arrived = sync.NewCond(&w.mu)
	}
	for !strings.Contains(w.b.String(), text) && !w.ended {
		w.arrived.Wait()
	}
	return w.b.String(), strings.Contains(w.b.String(), text)
}

func (p *running) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// wait reads the rest of the output and waits for the end. A status of -1 is an end by a signal, the timeout's included.
func (p *running) wait(t *testing.T) outcome {
	t.Helper()
	rest, err := io.ReadAll(p.out)
	if err != nil && !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
	err = p.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	p.cancel.Stop()
	return outcome{stdout: string(rest), stderr: p.stderr.String(), status: p.cmd.ProcessState.ExitCode()}
}
