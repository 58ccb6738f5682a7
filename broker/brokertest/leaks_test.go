// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package brokertest

import (
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// A goroutine and a socket that are left are named; once they end nothing is reported.
func TestLeaks(t *testing.T) {
	before := takeInventory()
	release := make(chan struct{})
	started := make(chan struct{})
	go forgotten(started, release)
	<-started // before it has run, a goroutine's stack does not name its function
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if status := report(&out, before.leaks(0)); status != 1 {
		t.Error("status", status, "with a goroutine left")
	}
	if !strings.Contains(out.String(), "brokertest.forgotten") {
		t.Errorf("the goroutine is not named:\n%s", &out)
	}
	if runtime.GOOS == "linux" && !strings.Contains(out.String(), "socket:[") {
		t.Errorf("the socket is not named:\n%s", &out)
	}
	close(release)
	l.Close()
	if left := before.leaks(20 * time.Second); left != nil {
		t.Errorf("still left: %q", left)
	}
}

func forgotten(started chan<- struct{}, release <-chan struct{}) {
	close(started)
	<-release
}
