// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal is the binary on a pseudo terminal.
type terminal struct {
	cmd    *exec.Cmd
	master *os.File

	mu      sync.Mutex
	arrived *sync.Cond
	screen  bytes.Buffer // what has been written since the last expect
	ended   bool
}

func onTerminal(t *testing.T, binary, dir string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip("this machine has no pseudo terminals: ", err)
	}
	var unlock, number int32
	for _, call := range []struct {
		request uintptr
		arg     *int32
	}{{syscall.TIOCSPTLCK, &unlock}, {syscall.TIOCGPTN, &number}} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), call.request, uintptr(unsafe.Pointer(call.arg))); errno != 0 {
			t.Fatal(errno)
		}
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	x := &terminal{cmd: exec.Command(binary), master: master}
	x.arrived = sync.NewCond(&x.mu)
	x.cmd.Dir, x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = dir, slave, slave, slave
	x.cmd.Env = append(os.Environ(), "TZ=UTC", "TERM=xterm", "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go x.listen()
	stop := time.AfterFunc(runTimeout, func() { _ = x.cmd.Process.Kill(); x.end() })
	t.Cleanup(func() {
		stop.Stop()
		if x.cmd.ProcessState == nil {
			_ = x.cmd.Process.Kill()
			_ = x.cmd.Wait()
		}
		master.Close()
	})
	return x
}

func (x *terminal) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := x.master.Read(buf)
		x.mu.Lock()
		x.screen.Write(buf[:n])
		x.arrived.Broadcast()
		x.mu.Unlock()
		if err != nil {
			x.end()
			return
		}
	}
}

// end tells whoever waits that nothing comes any more.
func (x *terminal) end() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = true
	x.arrived.Broadcast()
}

func (x *terminal) enter(t *testing.T, keys string) {
	t.Helper()
	if _, err := x.master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// expect waits until a text has been written, and forgets what came before it.
func (x *terminal) expect(t *testing.T, text string) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	for {
		if _, after, ok := strings.Cut(x.screen.String(), text); ok {
			x.screen.Reset()
			x.screen.WriteString(after)
			return
		}
		if x.ended {
			t.Fatalf("the terminal ended without %q, it shows %q", text, x.screen.String())
		}
		x.arrived.Wait()
	}
}

// The REPL on a real terminal: values, several lines, the last values, help, completion, errors, interruption, leaving.
func TestREPL(t *testing.T) {
	dir := scratch(t)
	x := onTerminal(t, gondola(t), dir)
	x.expect(t, "user> ")
	x.enter(t, "(+ 1 2)\r")
	x.expect(t, "3\r\n")
	x.enter(t, "(str *1\r")
	x.expect(t, "| ")
	x.enter(t, "\"\r")
	x.expect(t, "| ")
	x.enter(t, "b\")\r")
	x.expect(t, "\"3\\nb\"\r\n")
	x.enter(t, "(ns other)\r")
	x.expect(t, "other> ")
	x.enter(t, "(ns user)\r")
	x.expect(t, "user> ")
	x.enter(t, "(/ 1 0)\r")
	x.expect(t, "repl:1:2")
	x.enter(t, "(ex-message *e)\r")
	x.expect(t, "\"/ by zero\"\r\n")
	x.enter(t, "interleav\t") // one candidate: it is completed
	x.expect(t, "interleave")
	x.enter(t, "?\r")
	x.expect(t, "(interleave")
	x.enter(t, "(do (println (str \"run\" \"ning\")) (while true nil))\r")
	x.expect(t, "running") // the evaluation has begun: now Ctrl-C is its signal
	x.enter(t, "\x03")
	x.expect(t, "interrupted")
	x.expect(t, "user> ")
	x.enter(t, "(ipc/client \"af-inet://localhost:1\" :password \"secret\")\r")
	x.expect(t, "IpcException")
	x.enter(t, "!help\r")
	x.expect(t, "!quit")
	x.expect(t, "user> ")
	x.enter(t, "\x04")
	if err := x.cmd.Wait(); err != nil {
		t.Error(err)
	}
	path := filepath.Join(dir, "state", "gondola", "history")
	history, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(history), "(+ 1 2)\n") || strings.Contains(string(history), "secret") {
		t.Errorf("history %q", history)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the history has mode %v, %v", info.Mode(), err)
	}
}
