// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package broker

import "net"

// peerGone cannot be asked here; the watcher of a parked poll still notices (P2).
func peerGone(net.Conn) bool { return false }
