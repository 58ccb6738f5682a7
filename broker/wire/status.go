// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "strconv"

// Status is a response status code (wire-protocol.md 3.2).
type Status int16

const (
	OK                     Status = 0
	ServerError            Status = 1
	HandlerError           Status = 2
	BadRequest             Status = 3
	NoPermission           Status = 4
	QueueNotFound          Status = 10
	QueueEmpty             Status = 11
	QueueFull              Status = 12
	QueueAccessInterrupted Status = 13
	TopicNotFound          Status = 15
	FunctionNotFound       Status = 18
	KeyExchangeACK         Status = 20
	KeyExchangeNAK         Status = 21
	NullStatus             Status = 99 // what every request carries
)

// String is the protocol's name, "QUEUE_FULL".
func (s Status) String() string {
	if n := s.name(); n != "" {
		return n
	}
	return "Status(" + strconv.Itoa(int(s)) + ")"
}

// Valid reports whether the code is defined.
func (s Status) Valid() bool { return s.name() != "" }

func (s Status) name() string {
	switch s {
	case OK:
		return "OK"
	case ServerError:
		return "SERVER_ERROR"
	case HandlerError:
		return "HANDLER_ERROR"
	case BadRequest:
		return "BAD_REQUEST"
	case NoPermission:
		return "NO_PERMISSION"
	case QueueNotFound:
		return "QUEUE_NOT_FOUND"
	case QueueEmpty:
		return "QUEUE_EMPTY"
	case QueueFull:
		return "QUEUE_FULL"
	case QueueAccessInterrupted:
		return "QUEUE_ACCESS_INTERRUPTED"
	case TopicNotFound:
		return "TOPIC_NOT_FOUND"
	case FunctionNotFound:
		return "FUNCTION_NOT_FOUND"
	case KeyExchangeACK:
		return "DIFFIE_HELLMAN_ACK"
	case KeyExchangeNAK:
		return "DIFFIE_HELLMAN_NAK"
	case NullStatus:
		return "NULL"
	}
	return ""
}
