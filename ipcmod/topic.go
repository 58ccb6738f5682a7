// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"context"

	"gondola/broker"
	"gondola/broker/wire"
	"gondola/lisp/eval"
	"gondola/lisp/json"
	"gondola/lisp/value"
)

func (m *module) topicTable() eval.Table {
	return eval.Table{
		{Name: "ipc/create-topic", Min: 2, Max: 2, Fn: createTopic, Forms: "(ipc/create-topic node name)", Doc: "Makes a topic; an existing topic stays. A client needs an admin login."},
		{Name: "ipc/remove-topic", Min: 2, Max: 2, Fn: removeTopic, Forms: "(ipc/remove-topic node name)", Doc: "Removes a topic; unknown names are fine. Subscriptions come back with a topic of the same name. A client needs an admin login."},
		{Name: "ipc/exists-topic?", Min: 2, Max: 2, Fn: existsTopic, Forms: "(ipc/exists-topic? node name)", Doc: "Whether the topic exists. A client needs an admin login."},
		{Name: "ipc/subscribe", Min: 3, Max: 3, Fn: m.subscribe, Forms: "(ipc/subscribe client topic msg-handler)", Doc: "Calls (msg-handler message) for each message of a topic, one after the other, in the order of publication; the handler may use the client. A second subscription to a topic replaces the handler. Waits for the server's answer, at most 10 s."},
		{Name: "ipc/unsubscribe", Min: 2, Max: 2, Fn: unsubscribe, Forms: "(ipc/unsubscribe client topic)", Doc: "Ends a subscription. Waits for the server's answer, at most 10 s."},
		{Name: "ipc/publish", Min: 3, Max: 3, Fn: publish, Forms: "(ipc/publish client topic-name message)", Doc: "Gives a message to the subscribers of a topic. Waits for the server's answer, at most 10 s: it has the message, not every subscriber."},
		{Name: "ipc/publish-async", Min: 3, Max: 3, Fn: publishAsync, Forms: "(ipc/publish-async topic-name client message)", Doc: "ipc/publish without waiting; the arguments are client, topic and message. A future of the answer."},
	}
}

// topicNode is what server and client share for the management of topics.
type topicNode interface {
	CreateTopic(ctx context.Context, name string) error
	RemoveTopic(ctx context.Context, name string) error
}

func topicArguments(fn string, in *eval.Args) (topicNode, string, error) {
	n, name := takeNode(fn, in), in.Str()
	t, _ := n.(topicNode)
	return t, name, in.Done()
}

func createTopic(th *eval.Thread, in *eval.Args) (value.Value, error) {
	n, name, err := topicArguments("ipc/create-topic", in)
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, exception(n.CreateTopic(th.Context(), name))
}

func removeTopic(th *eval.Thread, in *eval.Args) (value.Value, error) {
	n, name, err := topicArguments("ipc/remove-topic", in)
	if err != nil {
		return value.Nil, err
	}
	return value.Nil, exception(n.RemoveTopic(th.Context(), name))
}

func existsTopic(th *eval.Thread, in *eval.Args) (value.Value, error) {
	n, name, err := topicArguments("ipc/exists-topic?", in)
	if err != nil {
		return value.Nil, err
	}
	if s, ok := n.(*server); ok {
		return value.Bool(s.HasTopic(name)), nil
	}
	has, err := n.(*client).HasTopic(th.Context(), name)
	return value.Bool(has), exception(err)
}

// subscribe runs the handler on a thread of its own per message, with the bindings and the output that were current here.
// What it throws goes to the log (H6).
func (m *module) subscribe(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, topic, f := takeClient(in), in.Str(), in.Function()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	origin := th.Fork()
	handle := func(msg *wire.Message) {
		worker := origin.Detached()
		defer worker.Release()
		if _, err := worker.Guard(func() (value.Value, error) { return worker.Call1(f, wrap(msg)) }); err != nil {
			m.Logger.Warn("a subscription handler failed", "topic", topic, "error", err)
		}
	}
	return call(th, func(ctx context.Context) (*wire.Message, error) {
		return c.Subscribe(ctx, topic, broker.MessageHandler(handle))
	})
}

func unsubscribe(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, topic := takeClient(in), in.Str()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return call(th, func(ctx context.Context) (*wire.Message, error) { return c.Unsubscribe(ctx, topic) })
}

func publish(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, topic, m := takeClient(in), in.Str(), takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return c.timed(th, topic, func(ctx context.Context) (*wire.Message, error) { return c.Publish(ctx, topic, m.Message) })
}

func publishAsync(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	c, topic, m := takeClient(in), in.Str(), takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return pending(c.PublishAsync(context.Background(), topic, m.Message))
}

var statusTable = eval.Table{
	{Name: "ipc/server-status", Min: 1, Max: 1, Fn: statusOf((*broker.Client).ServerStatus), Forms: "(ipc/server-status client)", Doc: "The state of the server, a map with string keys; keys of ours begin with x-. Needs an admin login."},
	{Name: "ipc/server-thread-pool-statistics", Min: 1, Max: 1, Fn: statusOf((*broker.Client).ThreadPoolStatistics), Forms: "(ipc/server-thread-pool-statistics client)", Doc: "Figures of the goroutines that serve connections, a map with string keys. Needs an admin login."},
}

func statusOf(ask func(*broker.Client, context.Context) ([]byte, error)) func(*eval.Thread, *eval.Args) (value.Value, error) {
	return func(th *eval.Thread, in *eval.Args) (value.Value, error) {
		c := takeClient(in)
		if err := in.Done(); err != nil {
			return value.Nil, err
		}
		text, err := ask(c.Client, th.Context())
		if err != nil {
			return value.Nil, exception(err)
		}
		return json.Read(text, json.ReadOptions{})
	}
}
