// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package wire is the protocol of the broker: bytes in, messages out, no goroutines and nothing of the rest of this
// repository. Client, server, engines and the durable log share it.
//
// A frame is a 16 byte header, a meta segment and a data segment, all big endian (wire-protocol.md 2 and 3):
//
//	magic "vn" 2 | version 4 | compressed 1 | encrypted 1 | metaLength 4 | dataLength 4
//	meta: oneway 1, durable 1, subscriptionReply 1, type 2, timestamp 8, expiresAt 8, timeout 8, status 2,
//	      requestId, destination, replyTo, subject, mimetype, charset (each int16 length and UTF-8), id 16
//	data: the payload, gzipped if compressed is 1
//
// With encrypted 1 each segment is sealed on its own as nonce 12 | ciphertext | tag 16. The meta segment is bound to the
// two flag bytes, the data segment to nothing.
//
// Two peers, one direction: AppendFrame and Writer encode, ParseFrame and Reader decode, and each pair stands in one
// file. A reader trusts no length: every claim is checked against Limits before memory is taken (O1, O2), and the
// memory of a large body follows what has arrived (O4). The version is 1; any other one is an error, and so is a flag
// byte other than 0 and 1. A new version is a new set of golden frames, never an edit of the old ones.
package wire
