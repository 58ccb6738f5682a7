// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire is the protocol of the broker: bytes in, messages out, no goroutines and nothing of the rest of this
// repository. Client, server, engines and the durable log share it.
//
// A frame is a 16 byte header, a meta segment and a data segment, all big endian (wire-protocol.md 2 and 3).
package wire
