// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package wire

// Type is a message type code (wire-protocol.md 3.1).
type Type int16

const (
	Request          Type = 0
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
	NullType         Type = 90
)

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
	NullStatus             Status = 99
)

// String is the protocol's name, "CREATE_QUEUE"; Valid reports whether the code is defined.
func (t Type) String() string   { panic("not built yet") }
func (t Type) Valid() bool      { panic("not built yet") }
func (s Status) String() string { panic("not built yet") }
func (s Status) Valid() bool    { panic("not built yet") }
