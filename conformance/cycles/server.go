// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package cycles

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"gondola/broker/brokertest"
)

// server is a running gondola. Its fields belong to the runner, except for out.
type server struct {
	cmd    *exec.Cmd
	out    brokertest.Buffer
	serves chan struct{} // closed when it has printed that it is ready
	ended  chan struct{} // closed when it has ended
}

// start starts the server; it ends with kill at the latest.
func start(binary, dir string) (*server, error) {
	s := &server{cmd: exec.Command(binary, "serve", "server.venice"), serves: make(chan struct{}), ended: make(chan struct{})}
	s.cmd.Dir, s.cmd.Stderr = dir, &s.out
	stdout, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	go func() {
		r := bufio.NewReader(stdout)
		if line, err := r.ReadString('\n'); err == nil && line == "ready\n" {
			close(s.serves)
		}
		_, _ = io.Copy(&s.out, r)
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	return s, nil
}

// kill ends it, if it has not ended, and waits until it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

func (s *server) terminate() { _ = s.cmd.Process.Signal(syscall.SIGTERM) }

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (s *server) ready() bool { return isClosed(s.serves) }
func (s *server) gone() bool  { return isClosed(s.ended) }

// killed says of one that is gone whether kill has ended it.
func (s *server) killed() bool {
	status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// until looks again and again, without a pause, until something is so; false: the server is gone, or the time is over. What is
// waited for can be over within a millisecond.
func (s *server) until(so func() bool) bool {
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); time.Sleep(100 * time.Microsecond) {
		if so() {
			return true
		}
		if s.gone() {
			return so()
		}
	}
	return false
}

func (s *server) output() string {
	return fmt.Sprintf("it has printed %q", s.out.String())
}

// hasOpen says whether the server has a file of this name open, where the system has /proc.
func (s *server) hasOpen(name string) bool {
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.cmd.Process.Pid))
	if err != nil {
		return false
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasSuffix(to, "/"+name) {
			return true
		}
	}
	return false
}
