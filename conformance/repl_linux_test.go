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

// expectTimeout is how long a terminal may stay silent.
const expectTimeout = 30 * time.Second

// terminal is the binary on a pseudo terminal.
type terminal struct {
	cmd    *exec.Cmd
	master *os.File
	stop   *time.Timer // ends it when nothing comes any more

	mu      sync.Mutex
	arrived *sync.Cond
	screen  bytes.Buffer // what has been written since the last expect
	ended   bool
}

// onTerminal starts the binary on a terminal of 80 columns without colours.
func onTerminal(t *testing.T, binary, dir string, args ...string) *terminal {
	t.Helper()
	return onTerminalWith(t, binary, dir, []string{"NO_COLOR=1"}, args...)
}

func onTerminalWith(t *testing.T, binary, dir string, env []string, args ...string) *terminal {
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
	x := &terminal{cmd: exec.Command(binary, args...), master: master}
	x.arrived = sync.NewCond(&x.mu)
	x.cmd.Dir, x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = dir, slave, slave, slave
	x.cmd.Env = append(append(os.Environ(), "TZ=UTC", "TERM=xterm", "COLORFGBG=", "NO_COLOR=", "HOME="+dir,
		"XDG_STATE_HOME="+filepath.Join(dir, "state"), "XDG_CONFIG_HOME="+filepath.Join(dir, "config")), env...)
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go x.listen()
	x.stop = time.AfterFunc(expectTimeout, func() { _ = x.cmd.Process.Kill(); x.end() })
	t.Cleanup(func() {
		x.stop.Stop()
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
	x.stop.Reset(expectTimeout)
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
