// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"
)

var (
	binaryFlag    = flag.String("binary", "", "the gondola to test, instead of one built for the run")
	scriptsAtOnce = flag.Int("at-once", 4, "how many scripts run at a time")
)

// childEnv marks a run of the test binary as the first step of a program in a namespace of its own.
const childEnv = "GONDOLA_CONFORMANCE_CHILD"

const runTimeout = 90 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Unsetenv(childEnv)
		if err := becomeProgram(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(125)
		}
		os.Exit(0)
	}
	time.Local = time.UTC
	flag.Parse()
	scripts, err := os.MkdirTemp("", "gondola-scripts-") // for the temporary files of scripts that run in this process
	if err == nil {
		err = os.Setenv("TMPDIR", scripts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(scripts)
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(status)
}

// built is the binary of this run.
var built struct {
	sync.Once
	dir  string // to remove; "" for a given one
	path string
	err  error
}

// gondola returns the path of the real binary, built once a run as a release is.
func gondola(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		if *binaryFlag != "" {
			built.path, built.err = filepath.Abs(*binaryFlag)
			return
		}
		if built.dir, built.err = os.MkdirTemp("", "gondola-"); built.err != nil {
			return
		}
		built.path = filepath.Join(built.dir, "gondola")
		cmd := exec.Command("go", "build", "-trimpath", "-o", built.path, "gondola")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, text)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// namespaces says whether the system lets us run children in a network namespace of their own.
var namespaces = sync.OnceValue(func() bool {
	self, err := os.Executable()
	if err != nil {
		return false
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	inNamespace(cmd)
	return cmd.Run() == nil
})

// An outcome is what a run of the binary left behind.
type outcome struct {
	stdout, stderr string
	status         int
	err            error // the run itself failed: no start, no end in time
}

// scratch makes a folder for one run, with a short name: a Unix socket's path is limited to 107 bytes.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "g")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// runIn runs the binary in dir, alone on its own network if alone is set, and waits for its end.
func runIn(binary, dir string, alone bool, stdin string, args ...string) outcome {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	env := append(os.Environ(), "TZ=UTC", "LC_ALL=C.UTF-8", "HOME="+dir, "TMPDIR="+dir)
	var cmd *exec.Cmd
	if alone {
		self, err := os.Executable()
		if err != nil {
			return outcome{err: err}
		}
		cmd = exec.CommandContext(ctx, self, append([]string{binary}, args...)...)
		env = append(env, childEnv+"=1")
		inNamespace(cmd)
	} else {
		cmd = exec.CommandContext(ctx, binary, args...)
	}
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, env, bytes.NewBufferString(stdin), &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	o := outcome{stdout: stdout.String(), stderr: stderr.String(), status: cmd.ProcessState.ExitCode()}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		o.err = fmt.Errorf("no end within %v; standard output %q, standard error %q", runTimeout, o.stdout, o.stderr)
	case err != nil && !errors.As(err, &exit):
		o.err = err
	}
	return o
}

var casePort = regexp.MustCompile(`\b(33333|42(06[6-9]|0[7-9][0-9]|[12][0-9][0-9]|30[0-3]))\b`)

// freePorts returns a function that replaces the ports of the recorded cases by free ones, the same ones in all its calls.
func freePorts() func(string) string {
	free := map[string]string{}
	return func(s string) string {
		return casePort.ReplaceAllStringFunc(s, func(port string) string {
			if free[port] == "" {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return port
				}
				free[port] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
				l.Close()
			}
			return free[port]
		})
	}
}
