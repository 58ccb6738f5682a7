// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"log/slog"
	"net"
	"time"

	"gondola/broker/engine"
	"gondola/broker/engine/embedded"
	"gondola/broker/wire"
	"gondola/security"
)

// Handler is a function of the server. The message and its payload must not be changed; the result may be the message
// itself, or nil for an empty answer. ctx ends when the client has gone for good or the server gives up waiting at
// its close. Calls for different clients run at the same time. A panic is an error.
type Handler func(ctx context.Context, m *wire.Message) (*wire.Message, error)

// LogOptions are those of the embedded engine, which is the only one that has a log.
type LogOptions = embedded.LogOptions

// What happens to a damaged log at the start (R3).
const (
	Quarantine = embedded.Quarantine
	FailStart  = embedded.FailStart
	Salvage    = embedded.Salvage
)

// SlowConsumer is what happens to a subscriber that does not take its pushes in time (O9, decisions.md B9). What it does not
// get goes to the dead letters either way.
type SlowConsumer int

const (
	Drop       SlowConsumer = iota // the push that does not fit any more is dropped
	Disconnect                     // the connection is closed
)

// ServerOptions are the options of ipc-api.md 5.1. The zero value of each field is its default.
type ServerOptions struct {
	Engine engine.Engine // owned by the server from NewServer on; nil: an embedded engine in memory
	Log    *LogOptions   // where durable queues are logged; nil: there are none. Not together with Engine
	Logger *slog.Logger  // nil: silent

	MaxConnections  int // default 20 (O8)
	MaxMessageSize  int // bytes, 2048 to 262144000; default 20 MiB
	MaxQueues       int // 1 to 50, without temporary ones; default 20
	MaxTopics       int // 1 to 50; default 20
	MaxFunctions    int // 1 to 50; default 20
	DeadLetterQueue int // messages, clamped to 10 to 10000; default 100

	// The dead letters (reliability.md 6).
	DeadLetterDurable  bool          // they survive a restart; needs Log, or an Engine that has one
	DeadLetterMaxAge   time.Duration // then one expires, whatever its own life was; default 7 days if durable, else its own life
	DeadLetterExpired  bool          // expired messages are dead letters too
	DeadLetterWritable bool          // clients may offer to them

	Compress       bool // gzip payloads of at least CompressCutoff bytes, in both directions
	CompressCutoff int  // bytes; used if Compress is set

	Encrypt       bool                   // only encrypted connections are served (S1)
	Authenticator security.Authenticator // nil: everybody may do everything, and nobody is an administrator; needs Encrypt

	MemoryBudget      int64        // bytes for frames that are read, messages in queues and pushes that wait; default 1 GiB (O7)
	SlowConsumer      SlowConsumer // default Drop (O9)
	HeartbeatInterval int          // seconds; default 0: off (O14)
	SendBuffer        int          // bytes of the socket's buffer; default: the system's
	ReceiveBuffer     int          // likewise

	Dedupe *DedupeOptions // requests with the same request id are done once (I1); nil: off

	WaitCap           time.Duration // longest wait of a peer that does not announce the feature `wait`; default 9.5 s (P4)
	AckDeadline       time.Duration // how long a delivery may stay unacknowledged (A3): 1 s to 1 h; default 30 s
	MaxDeliveries     int           // then a message that is not acknowledged goes to the dead letters (A4); default 10
	MaxUnacknowledged int           // deliveries of one connection at a time (A5): 1 to 1000; default 100

	ExposeErrors bool // answers of failed handlers carry the error's text (decisions.md B6)

	// Listen opens a socket; nil: the system's.
	Listen func(network, address string) (net.Listener, error)
}

// Limits and defaults of wire-protocol.md 13.
const (
	defaultLimit       = 20
	maxDestinations    = 50
	maxTempQueues      = 50
	defaultDeadLetters = 100
	minDeadLetters     = 10
	maxDeadLetters     = 10000
	defaultWaitCap     = 9500 * time.Millisecond
	defaultMemory      = 1 << 30
	maxTempBytes       = 64 << 20 // of the temporary queues of a connection together (O17)
)

// withDefaults validates a copy of the options: *ArgumentError or *Error with the texts of ipc-api.md 5.1.
func (o ServerOptions) withDefaults() (ServerOptions, error) {
	if o.MaxMessageSize <= 0 {
		o.MaxMessageSize = wire.DefaultMaxMessage
	}
	if o.MaxMessageSize < wire.MinMaxMessage || o.MaxMessageSize > wire.MaxMaxMessage {
		return o, badArgument("The maximum message size is limited to %d .. %d bytes!", wire.MinMaxMessage, wire.MaxMaxMessage)
	}
	for _, l := range []struct {
		n    *int
		what string
		low  int
	}{{&o.MaxQueues, "queues", 1}, {&o.MaxTopics, "topics", 1}, {&o.MaxFunctions, "functions", 0}} {
		if *l.n <= 0 {
			*l.n = defaultLimit
		}
		if *l.n > maxDestinations {
			return o, badArgument("The max number of %s is limited to %d .. %d!", l.what, l.low, maxDestinations)
		}
	}
	if o.MemoryBudget <= 0 {
		o.MemoryBudget = defaultMemory
	}
	if least := 2 * int64(o.MaxMessageSize); o.MemoryBudget < least {
		return o, badArgument("The memory budget must be at least %d bytes, twice the maximum message size, got %d!", least, o.MemoryBudget)
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = defaultLimit
	}
	if o.DeadLetterQueue <= 0 {
		o.DeadLetterQueue = defaultDeadLetters
	}
	o.DeadLetterQueue = min(max(o.DeadLetterQueue, minDeadLetters), maxDeadLetters)
	if o.DeadLetterMaxAge < 0 {
		return o, badArgument("The age of dead letters must not be negative, got %s!", o.DeadLetterMaxAge)
	}
	if o.DeadLetterDurable && o.Log == nil && o.Engine == nil {
		return o, badArgument("Durable dead letters need a write-ahead log!")
	}
	if o.DeadLetterDurable && o.DeadLetterMaxAge == 0 {
		o.DeadLetterMaxAge = defaultDeadLetterAge
	}
	if !o.Compress || o.CompressCutoff < 0 {
		o.Compress, o.CompressCutoff = false, -1
	}
	if o.WaitCap <= 0 {
		o.WaitCap = defaultWaitCap
	}
	if err := o.deliveryDefaults(); err != nil {
		return o, err
	}
	o.HeartbeatInterval = max(o.HeartbeatInterval, 0)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Listen == nil {
		o.Listen = net.Listen
	}
	if o.Authenticator != nil && !o.Encrypt {
		return o, failure("Please enable encryption with an active authenticator to securely transfer the credentials freom a client to the server!")
	}
	return o, nil
}

// deliveryDefaults are those of acknowledged deliveries: *ArgumentError.
func (o *ServerOptions) deliveryDefaults() error {
	if o.AckDeadline == 0 {
		o.AckDeadline = defaultAckDeadline
	}
	if o.MaxDeliveries == 0 {
		o.MaxDeliveries = defaultMaxDeliveries
	}
	if o.MaxUnacknowledged == 0 {
		o.MaxUnacknowledged = defaultMaxUnacknowledged
	}
	switch {
	case o.AckDeadline < minAckDeadline || o.AckDeadline > maxAckDeadline:
		return badArgument("The acknowledge deadline is limited to %s .. %s, got %s!", minAckDeadline, maxAckDeadline, o.AckDeadline)
	case o.MaxDeliveries < 1 || o.MaxDeliveries > maxMaxDeliveries:
		return badArgument("The max number of deliveries is limited to 1 .. %d, got %d!", maxMaxDeliveries, o.MaxDeliveries)
	case o.MaxUnacknowledged < 1 || o.MaxUnacknowledged > maxMaxUnacknowledged:
		return badArgument("The max number of unacknowledged deliveries is limited to 1 .. %d, got %d!",
			maxMaxUnacknowledged, o.MaxUnacknowledged)
	}
	return nil
}

// ClientOptions are the options of ipc-api.md 6.1. The zero value of each field is its default.
type ClientOptions struct {
	Encrypt  bool   // also if the server does not ask for it; with credentials it is always so (S2)
	User     string // credentials, both or none
	Password string

	SendBuffer    int // bytes of the socket's buffer; default: the system's
	ReceiveBuffer int // likewise

	CallLimit time.Duration // longest time of a call, the server's waiting included; default 10 s
	// LongWaits announces the feature `wait`: a server of ours then lets polls and offers wait longer than 9.5 s, and the
	// limit of such a call grows by its own waiting time.
	LongWaits bool

	// Ack asks for acknowledged deliveries (reliability.md 5.2). A server that does not grant the mode is refused, unless
	// AckPreferred says to go on without.
	Ack          AckMode
	AckPreferred bool

	// Reconnect says how a lost connection is opened again (O25).
	Reconnect Reconnect

	Logger *slog.Logger // nil: silent

	// Dial opens a socket; nil: the system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	defaultCallLimit = 10 * time.Second
	handshakeStep    = 2 * time.Second // what a stock client allows each step of opening (wire-protocol.md 8)
	ownStep          = 5 * time.Second // what ours allows: a hash of 210,000 rounds takes its time on a busy machine (S7)
)

func (o ClientOptions) withDefaults() (ClientOptions, error) {
	if (o.User == "") != (o.Password == "") {
		return o, errHalfLogin
	}
	if o.CallLimit <= 0 {
		o.CallLimit = defaultCallLimit
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	o.Reconnect = o.Reconnect.withDefaults()
	return o, nil
}
