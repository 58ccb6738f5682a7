// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"context"
	"time"

	"gondola/broker"
	"gondola/broker/wire"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

// What the documentation of ipc/client and ipc/server says about acknowledging.
const (
	ackDoc = "; :ack, off by default: :client (what is polled stays the queue's until ipc/ack, ipc/nack or ipc/reject), " +
		":auto (until the next call of this client), :preferred (as :client, and as without :ack if the server does not know it, " +
		"which is an exception else)."
	deliveryDoc = "; of clients with :ack, :ack-deadline (ms until a message that is not acknowledged returns to its queue, " +
		"1000 to 3600000; 30000), :max-deliveries (then it goes to the dead letters; 10), :max-unacknowledged (messages of one " +
		"connection, 1 to 1000; 100); of dead letters, :dead-letter-durable (in the log; false), :dead-letter-max-age (ms; durable " +
		"ones 7 days), :dead-letter-expired (expired messages go there too; false), :dead-letter-writable (clients may offer; false)."
)

// ackTable settles what a client with :ack has polled (reliability.md 5.2).
var ackTable = eval.Table{
	{Name: "ipc/ack", Min: 2, Max: -1, Fn: settle((*broker.Client).Ack), Forms: "(ipc/ack client message & messages)",
		Doc: "Tells the server that polled messages have been consumed; returns when it has forgotten them, at most after 10 s. The client was opened with :ack and has polled them. A vector of the ids of messages that the server does not wait for any more (acknowledged before, returned to the queue at the deadline, of a lost connection), as a rule empty. Throws as ipc/poll does, and for a client without :ack or a message that was not polled. After an exception it may be called again."},
	{Name: "ipc/nack", Min: 2, Max: -1, Fn: settle((*broker.Client).Nack), Forms: "(ipc/nack client message & messages)",
		Doc: "Gives polled messages back to the heads of their queues, for the next poll; after :max-deliveries deliveries to the dead letters. Value and exceptions as ipc/ack."},
	{Name: "ipc/reject", Min: 2, Max: -1, Fn: settle((*broker.Client).Reject), Forms: "(ipc/reject client message & messages)",
		Doc: "Moves polled messages to the dead letter queue \"ipc.dlq\"; a dead letter that is rejected is gone. Value and exceptions as ipc/ack."},
}

// settle makes the function of one outcome.
func settle(tell func(*broker.Client, context.Context, ...*wire.Message) ([]string, error)) func(*eval.Thread, *eval.Args) (value.Value, error) {
	return func(th *eval.Thread, in *eval.Args) (value.Value, error) {
		c := takeClient(in)
		var messages []*wire.Message
		for in.Left() > 0 {
			if m := takeMessage(in); m != nil {
				messages = append(messages, m.Message)
			}
		}
		if err := in.Done(); err != nil {
			return value.Nil, err
		}
		unknown, err := tell(c.Client, th.Context(), messages...)
		if err != nil {
			if th.Context().Err() != nil {
				if ierr := th.Interrupted(); ierr != nil {
					return value.Nil, ierr
				}
			}
			return value.Nil, exception(err)
		}
		ids := make([]value.Value, 0, len(unknown))
		for _, id := range unknown {
			ids = append(ids, value.String(id))
		}
		return value.NewVector(ids...).Val(), nil
	}
}

// ack takes the option :ack of a client.
func (o *options) ack(opts *broker.ClientOptions) {
	switch name := o.name("ack"); name {
	case "":
	case "client":
		opts.Ack = broker.ClientAck
	case "auto":
		opts.Ack = broker.AutoAck
	case "preferred":
		opts.Ack, opts.AckPreferred = broker.ClientAck, true
	default:
		o.fail(value.Throwf(value.IpcException, "The option :ack must be :client, :auto or :preferred, got :%s", name))
	}
}

// deliveries takes the options of a server about acknowledged deliveries and dead letters.
func (o *options) deliveries(opts *broker.ServerOptions) {
	opts.AckDeadline = o.duration("ack-deadline")
	opts.MaxDeliveries = int(o.positive("max-deliveries"))
	opts.MaxUnacknowledged = int(o.positive("max-unacknowledged"))
	opts.DeadLetterQueue = int(o.long("dead-letter-queue-size"))
	opts.DeadLetterDurable = o.flag("dead-letter-durable")
	opts.DeadLetterMaxAge = o.duration("dead-letter-max-age")
	opts.DeadLetterExpired = o.flag("dead-letter-expired")
	opts.DeadLetterWritable = o.flag("dead-letter-writable")
}

// positive takes a number from 1 on; 0: not given.
func (o *options) positive(name string) int64 {
	n := o.long(name)
	if _, given := o.given[name]; given && n < 1 && o.err == nil {
		o.fail(value.Throwf(value.IpcException, "The option :%s must be at least 1, got %d", name, n))
	}
	return n
}

// duration takes milliseconds from 1 on; 0: not given.
func (o *options) duration(name string) time.Duration {
	const longest = int64(1<<63-1) / int64(time.Millisecond)
	return time.Duration(min(o.positive(name), longest)) * time.Millisecond
}
