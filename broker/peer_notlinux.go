// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package broker

// tcpEstablished is not known here.
func tcpEstablished(int, bool) (established, known bool) { return false, false }
