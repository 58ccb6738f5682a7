// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"strings"
	"unicode/utf16"
)

// Kind is a kind of destination, as the texts name it.
type Kind string

const (
	QueueName    Kind = "queue"
	TopicName    Kind = "topic"
	FunctionName Kind = "function"
)

// The dead letter queue (reliability.md 6) and the name that the document gives it (decisions.md B8).
const (
	DeadLetters      = "ipc.qld"
	deadLettersAlias = "ipc.dlq"
)

const maxName = 100 // UTF-16 units

// ValidateName checks the name of a destination to be created (ipc-api.md 4.3): nil or *ArgumentError with the exact text.
func ValidateName(kind Kind, name string) error {
	switch {
	case strings.TrimFunc(name, func(r rune) bool { return r <= ' ' }) == "":
		return badArgument("A %s name must not be empty or blank!", kind)
	case len(name) > maxName && len(utf16.Encode([]rune(name))) > maxName:
		return badArgument("A %s name is limited to 100 characters!", kind)
	case reserved(name), kind == FunctionName && strings.EqualFold(name, ackFunction):
		return badArgument("The %s name '%s' is a preserved name!", kind, name)
	case strings.ContainsFunc(name, func(r rune) bool { return !nameRune(r) }):
		if kind == QueueName {
			kind = TopicName // the reference's text, slip included
		}
		return badArgument("The %s name \"%s\" must only contain the characters: 'a-z', 'A-Z', '0-9', '.', '_', '-', or '/'!", kind, name)
	}
	return nil
}

func reserved(name string) bool {
	switch strings.ToLower(name) {
	case "queue", "topic", "function", "wal", deadLettersAlias, DeadLetters, "dead-letter", "deadletter":
		return true
	}
	return false
}

func nameRune(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	return r == '.' || r == '_' || r == '-' || r == '/'
}

// trimName strips what the wire strips from a destination (wire-protocol.md 3), so that the size check and the server see
// the same name (S12).
func trimName(name string) string {
	return strings.TrimFunc(name, func(r rune) bool { return r <= ' ' })
}
