// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package broker

import "net"

// tuneLoopback has nothing to do here.
func tuneLoopback(*net.TCPConn) {}
