// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "strconv"

// Type is a message type code (wire-protocol.md 3.1).
type Type int16

const (
	Request          Type = 0 // a function call; also a pushed message
	Publish          Type = 10
	Subscribe        Type = 11
	Unsubscribe      Type = 12
	Offer            Type = 20
	Poll             Type = 21
	CreateQueue      Type = 30
	CreateTempQueue  Type = 31
	RemoveQueue      Type = 32
	StatusQueue      Type = 33
	CreateTopic      Type = 36
	RemoveTopic      Type = 37
	StatusTopic      Type = 38
	ClientConfig     Type = 40
	ServerStatus     Type = 50
	ServerThreadPool Type = 51
	KeyExchange      Type = 60
	Authentication   Type = 70
	Heartbeat        Type = 71
	Test             Type = 72
	Response         Type = 80
	NullType         Type = 90 // type not set
)

// String is the protocol's name, "CREATE_QUEUE".
func (t Type) String() string {
	if s := t.name(); s != "" {
		return s
	}
	return "Type(" + strconv.Itoa(int(t)) + ")"
}

// Valid reports whether the code is defined.
func (t Type) Valid() bool { return t.name() != "" }

func (t Type) name() string {
	switch t {
	case Request:
		return "REQUEST"
	case Publish:
		return "PUBLISH"
	case Subscribe:
		return "SUBSCRIBE"
	case Unsubscribe:
		return "UNSUBSCRIBE"
	case Offer:
		return "OFFER"
	case Poll:
		return "POLL"
	case CreateQueue:
		return "CREATE_QUEUE"
	case CreateTempQueue:
		return "CREATE_TEMP_QUEUE"
	case RemoveQueue:
		return "REMOVE_QUEUE"
	case StatusQueue:
		return "STATUS_QUEUE"
	case CreateTopic:
		return "CREATE_TOPIC"
	case RemoveTopic:
		return "REMOVE_TOPIC"
	case StatusTopic:
		return "STATUS_TOPIC"
	case ClientConfig:
		return "CLIENT_CONFIG"
	case ServerStatus:
		return "SERVER_STATUS"
	case ServerThreadPool:
		return "SERVER_THREAD_POOL_STAT"
	case KeyExchange:
		return "DIFFIE_HELLMAN_KEY_REQUEST"
	case Authentication:
		return "AUTHENTICATION"
	case Heartbeat:
		return "HEARTBEAT"
	case Test:
		return "TEST"
	case Response:
		return "RESPONSE"
	case NullType:
		return "NULL"
	}
	return ""
}
