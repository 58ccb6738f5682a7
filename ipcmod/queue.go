// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"context"
	"math"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/lisp/eval"
	"gondola/lisp/value"
	"gondola/security"
)

func (m *module) queueTable() eval.Table {
	return eval.Table{
		{Name: "ipc/create-queue", Min: 3, Max: 7, Fn: m.createQueue, Forms: "(ipc/create-queue node name capacity)\n(ipc/create-queue node name capacity type)\n(ipc/create-queue node name capacity type persistence)\n(ipc/create-queue server name capacity type persistence :dedupe options)",
			Doc: "Makes a queue of capacity messages; an existing queue stays. type :bounded (default) or :circular, persistence :transient (default) or :durable. A client needs an admin login. :dedupe has each request id taken once; its options are those of ipc/server. What a durable queue saw before a restart is known if the server has the option too."},
		{Name: "ipc/create-temporary-queue", Min: 2, Max: 2, Fn: createTemporaryQueue, Forms: "(ipc/create-temporary-queue client capacity)", Doc: "Makes a queue that lives as long as the client; its name."},
		{Name: "ipc/remove-queue", Min: 2, Max: 2, Fn: removeQueue, Forms: "(ipc/remove-queue node name)", Doc: "Removes a queue with its messages; unknown names are fine."},
		{Name: "ipc/exists-queue?", Min: 2, Max: 2, Fn: existsQueue, Forms: "(ipc/exists-queue? node name)", Doc: "Whether the queue exists; false for temporary queues."},
		{Name: "ipc/queue-status", Min: 2, Max: 2, Fn: queueStatus, Forms: "(ipc/queue-status client name)", Doc: "Name, type, capacity and size of a queue, an ordered map."},
		{Name: "ipc/offer", Min: 4, Max: 5, Fn: offer, Forms: "(ipc/offer client queue-name queue-offer-timeout message)\n(ipc/offer client queue-name reply-to-queue-name queue-offer-timeout message)",
			Doc: "Offers a message to a queue and waits for the server's answer. The server waits up to the timeout (ms) for room."},
		{Name: "ipc/offer-async", Min: 4, Max: 5, Fn: offerAsync, Forms: "(ipc/offer client queue-name queue-offer-timeout message)\n(ipc/offer client queue-name reply-to-queue-name queue-offer-timeout message)", Doc: "ipc/offer; a future of the answer."},
		{Name: "ipc/poll", Min: 3, Max: 3, Fn: poll, Forms: "(ipc/poll client queue-name queue-poll-timeout)", Doc: "Takes the next message of a queue. The server waits up to the timeout (ms) for one."},
		{Name: "ipc/poll-async", Min: 3, Max: 3, Fn: pollAsync, Forms: "(ipc/poll-async client queue-name, queue-poll-timeout)", Doc: "ipc/poll; a future of the answer."},
	}
}

// queueNode is what server and client share for the management of queues.
type queueNode interface {
	CreateQueue(ctx context.Context, spec engine.QueueSpec) error
	RemoveQueue(ctx context.Context, name string) error
}

func takeNode(fn string, in *eval.Args) queueNode {
	v := in.Value()
	if s, ok := value.HostOf[*server](v); ok {
		return s
	}
	if c, ok := value.HostOf[*client](v); ok {
		return c
	}
	in.Fail(value.Errorf("%s: the first arg must be either a server or client.", fn))
	return nil
}

func (m *module) createQueue(th *eval.Thread, in *eval.Args) (value.Value, error) {
	n, name, capacity := takeNode("ipc/create-queue", in), in.Str(), in.Long()
	spec := engine.QueueSpec{Name: name, Capacity: int(min(capacity, math.MaxInt32))}
	if in.Left() > 0 && in.Peek().IsNil() {
		in.Value()
	} else if in.Left() > 0 {
		switch kind := in.Keyword(); kind {
		case "bounded":
		case "circular":
			spec.Kind = engine.Circular
		default:
			in.Fail(value.Errorf("Invalid queue type:%s! Use one of {:bounded, :circular}.", kind))
		}
	}
	if in.Left() > 0 {
		spec.Durable = persistence(in)
	}
	dedupe, err := m.onlyDedupe(in, "ipc/create-queue")
	if err != nil {
		return value.Nil, err
	}
	if spec.Kind == engine.Circular && spec.Durable {
		return value.Nil, value.Throwf(value.IpcException, "Circular queues can not be made durable.")
	}
	if capacity < 1 {
		return value.Nil, value.Throwf(value.IllegalArgument, "A queue capacity must not be lower than 1")
	}
	s, onServer := n.(*server)
	if dedupe != nil && !onServer {
		return value.Nil, value.Errorf("ipc/create-queue: the option :dedupe needs a server as first arg.")
	}
	err = n.CreateQueue(th.Context(), spec)
	if err == nil && dedupe != nil {
		s.Dedupe(security.Queue, name, *dedupe)
	}
	return value.Nil, exception(err)
}

// persistence takes :durable or :transient; older scripts write true or false (language.md 21).
func persistence(in *eval.Args) bool {
	if b, ok := in.Peek().Bool(); ok || in.Peek().IsNil() {
		in.Value()
		return b
	}
	switch p := in.Keyword(); p {
	case "durable":
		return true
	case "transient":
	default:
		in.Fail(value.Errorf("Invalid queue persistence:%s! Use one of {:transient, :durable}.", p))
	}
	return false
}

func createTemporaryQueue(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, capacity := takeClient(in), in.Long()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if capacity < 1 {
		return value.Nil, value.Throwf(value.IllegalArgument, "A queue capacity must not be lower than 1")
	}
	name, err := c.CreateTemporaryQueue(th.Context(), int(min(capacity, math.MaxInt32)))
	return value.String(name), exception(err)
}

func removeQueue(th *eval.Thread, in *eval.Args) (value.Value, error) {
	n, name := takeNode("ipc/remove-queue", in), in.Str()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return value.Nil, exception(n.RemoveQueue(th.Context(), name))
}

// status asks a server directly and a client over the wire.
func status(th *eval.Thread, fn string, in *eval.Args) (st engine.QueueStatus, exists bool, name string, err error) {
	n := takeNode(fn, in)
	name = in.Str()
	if err = in.Done(); err != nil {
		return
	}
	if s, ok := n.(*server); ok {
		st, exists = s.QueueStatus(name)
		return
	}
	st, exists, err = n.(*client).QueueStatus(th.Context(), name)
	return st, exists, name, exception(err)
}

func existsQueue(th *eval.Thread, in *eval.Args) (value.Value, error) {
	st, exists, _, err := status(th, "ipc/exists-queue?", in)
	return value.Bool(exists && !st.Temporary), err
}

func queueStatus(th *eval.Thread, in *eval.Args) (value.Value, error) {
	st, exists, name, err := status(th, "ipc/queue-status?", in)
	if err != nil {
		return value.Nil, err
	}
	kind := "unknown"
	if exists {
		kind = map[engine.Kind]string{engine.Bounded: "BOUNDED", engine.Circular: "CIRCULAR"}[st.Kind]
	}
	return value.NewOrderedMap(
		value.Kw("name"), value.String(name), value.Kw("exists"), value.Bool(exists), value.Kw("type"), value.Kw(kind),
		value.Kw("temporary"), value.Bool(st.Temporary), value.Kw("durable"), value.Bool(st.Durable),
		value.Kw("capacity"), value.Long(int64(st.Capacity)), value.Kw("size"), value.Long(int64(st.Size))).Val(), nil
}

func offer(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, queue, replyTo := offerHead(in)
	wait, m := millis(in), takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return c.timed(th, queue, func(ctx context.Context) (*wire.Message, error) { return c.Offer(ctx, queue, replyTo, wait, m.Message) })
}

func offerAsync(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	c, queue, replyTo := offerHead(in)
	wait, m := millis(in), takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return pending(c.OfferAsync(context.Background(), queue, replyTo, wait, m.Message))
}

// offerHead takes client, queue and, of five arguments, the reply queue.
func offerHead(in *eval.Args) (c *client, queue, replyTo string) {
	c, queue = takeClient(in), in.Str()
	if in.Len() == 5 {
		replyTo, _ = in.StrOrNil()
	}
	return c, queue, replyTo
}

func poll(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, queue, wait := takeClient(in), in.Str(), millis(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return call(th, func(ctx context.Context) (*wire.Message, error) { return c.Poll(ctx, queue, wait) })
}

func pollAsync(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	c, queue, wait := takeClient(in), in.Str(), millis(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return pending(c.PollAsync(context.Background(), queue, wait))
}
