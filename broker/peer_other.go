// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package broker

import "net"

// probe cannot ask here; the watcher of a parked poll still notices (P2).
type probe struct{}

func newProbe(net.Conn) *probe { return nil }

func (*probe) gone() bool { return false }
