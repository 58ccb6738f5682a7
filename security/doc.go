// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package security holds what protects a connection and what decides who may do what: key agreement, sealed segments,
// users and access lists. No network, no messages: bytes, keys, names.
//
// Protected is the traffic of an encrypted connection against a passive listener. The key agreement is not
// authenticated: against an attacker on the path use a Unix socket or a tunnel (reliability.md 8.1, 8.3).
package security
