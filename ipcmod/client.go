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

const clientClass = "com.github.jlangch.venice.util.ipc.Client"

var clientType = &value.Type{Name: clientClass}

// client is a client as scripts hold it.
type client struct {
	*broker.Client
	open    *Register
	release func() // of the handle that the limits count
	times   latency
}

// Close closes the connection; try-with calls it. Calls that wait fail at once. Closing again does nothing.
func (c *client) Close() error {
	c.open.dropClient(c.Client)
	c.release()
	return exception(c.Client.Close())
}

func takeClient(in *eval.Args) *client { return eval.Host[*client](in, clientClass) }

var clientOptions = []string{"encrypt", "user-name", "password", "socket-snd-buf-size", "socket-rcv-buf-size", "reconnect", "ack"}

func (m *module) clientTable() eval.Table {
	return eval.Table{
		{Name: "ipc/client", Min: 1, Max: -1, Fn: m.newClient, Forms: "(ipc/client port)\n(ipc/client port & options)\n(ipc/client host port & options)\n(ipc/client conn-uri)\n(ipc/client conn-uri & options)",
			Doc: "Opens a client. Blocks for the connection and the handshake, at most 2 s a step. Options: :encrypt (also without the server's wish; with credentials it is always so), :user-name, :password, :socket-snd-buf-size, :socket-rcv-buf-size; :reconnect, true by default: a lost connection is opened again until the client is closed, with its subscriptions, without its temporary queues; a call under way fails and is not sent again. false, or a map of :base and :max, the longest waits between attempts (50 and 2000 ms)" + ackDoc},
		{Name: "ipc/clone", Min: 1, Max: 1, Fn: m.clone, Forms: "(ipc/clone client)", Doc: "Opens another client with the address and options of this one."},
		{Name: "ipc/send", Touches: eval.Nothing, Min: 3, Max: 3, Fn: send, Forms: "(ipc/send client fn-name message)", Doc: "Calls a function of the server and waits for its response, at most 10 s."},
		{Name: "ipc/send-async", Touches: eval.Nothing, Min: 3, Max: 3, Fn: sendAsync, Forms: "(ipc/send-async client fn-name message)", Doc: "Calls a function of the server; a future of the response."},
		{Name: "ipc/send-oneway", Touches: eval.Nothing, Min: 3, Max: 3, Fn: sendOneway, Forms: "(ipc/send-oneway client fn-name message)", Doc: "Calls a function without an answer; nil when the message has been written."},
	}
}

func (m *module) newClient(th *eval.Thread, in *eval.Args) (value.Value, error) {
	addr, err := clientAddress(in)
	if err != nil {
		return value.Nil, err
	}
	o := m.options(in, "ipc/client", clientOptions...)
	opts := broker.ClientOptions{Logger: m.Logger, Dial: m.Dial, User: o.name("user-name"), Password: o.name("password")}
	opts.Encrypt = o.flag("encrypt")
	opts.Reconnect = reconnect(o)
	send, _ := o.size("socket-snd-buf-size")
	receive, _ := o.size("socket-rcv-buf-size")
	opts.SendBuffer, opts.ReceiveBuffer = int(send), int(receive)
	o.ack(&opts)
	if o.err != nil {
		return value.Nil, o.err
	}
	return m.open(th, func() (*broker.Client, error) { return broker.Dial(th.Context(), addr, opts) })
}

// reconnect is the option of that name: true, false, or a map of waits in milliseconds.
func reconnect(o *options) broker.Reconnect {
	v := o.given["reconnect"]
	waits, ok := v.Ref().(value.Map)
	if v.IsNil() || !ok {
		return broker.Reconnect{Off: !v.IsNil() && !o.flag("reconnect")}
	}
	const longest = int64(time.Hour / time.Millisecond)
	r := broker.Reconnect{}
	for name, d := range map[string]*time.Duration{"base": &r.Base, "max": &r.Max} {
		wait, _ := waits.Get(value.Kw(name))
		if n, isLong := wait.Long(); isLong && n > 0 && n <= longest {
			*d = time.Duration(n) * time.Millisecond
		} else if !wait.IsNil() {
			o.fail(value.Throwf(value.IllegalArgument, "The option :reconnect has :%s %s: use 1 to %d milliseconds", name, value.PrStr(wait), longest))
		}
	}
	return r
}

func (m *module) open(th *eval.Thread, dial func() (*broker.Client, error)) (value.Value, error) {
	release, err := th.Hold(eval.Handles)
	if err != nil {
		return value.Nil, err
	}
	c, err := dial()
	if err != nil {
		release()
		return value.Nil, exception(err)
	}
	m.Open.addClient(c)
	return value.NewHost(clientType, &client{Client: c, open: m.Open, release: release}).Val(), nil
}

// clientAddress takes the leading arguments (ipc-api.md 6.1): two arguments are always host and port.
func clientAddress(in *eval.Args) (broker.Address, error) {
	first := in.Value()
	port, isPort := first.Long()
	text, isText := value.StringOrKeyword(first)
	if in.Len() == 1 {
		switch {
		case isPort:
			return broker.Port(port), nil
		case isText:
			addr, err := broker.ParseAddress(text)
			return addr, exception(err)
		}
		return broker.Address{}, value.Errorf("Function 'ipc/client' expects either a port a host/port or a connection URI!")
	}
	if in.Len() == 2 {
		if !isText {
			return broker.Address{}, value.CoerceError(first, "string")
		}
		port := in.Long()
		return broker.HostPort(text, port), in.Done()
	}
	if p, ok := in.Peek().Long(); ok && isText {
		in.Value()
		return broker.HostPort(text, p), nil
	}
	switch {
	case isPort:
		return broker.Port(port), nil
	case isText:
		addr, err := broker.ParseAddress(text)
		return addr, exception(err)
	}
	return broker.Address{}, value.Errorf("'ipc/client' called with invalid host/port or connection URI arguments!")
}

func (m *module) clone(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c := takeClient(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return m.open(th, func() (*broker.Client, error) { return c.Clone(th.Context()) })
}

// call runs a blocking call of the client; an interrupt of the script ends it (E11).
func call(th *eval.Thread, f func(ctx context.Context) (*wire.Message, error)) (value.Value, error) {
	m, err := f(th.Context())
	if err != nil {
		if th.Context().Err() != nil {
			if ierr := th.Interrupted(); ierr != nil {
				return value.Nil, ierr
			}
		}
		return value.Nil, exception(err)
	}
	return wrap(m), nil
}

// timed is call, and notes the time to an answer (ipc/latency).
func (c *client) timed(th *eval.Thread, destination string, f func(ctx context.Context) (*wire.Message, error)) (value.Value, error) {
	begun := time.Now()
	v, err := call(th, f)
	if err == nil {
		c.times.note(destination, time.Since(begun))
	}
	return v, err
}

// pending makes a script future of a call in flight.
func pending(c *broker.Call, err error) (value.Value, error) {
	if err != nil {
		return value.Nil, exception(err)
	}
	f := value.NewFuture(value.TypeFuture, nil)
	go func() {
		<-c.Done()
		m, err := c.Result()
		if err != nil {
			f.Complete(value.Nil, exception(err))
			return
		}
		f.Complete(wrap(m), nil)
	}()
	return f.Val(), nil
}

func send(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, fn, m := takeClient(in), in.Str(), takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return c.timed(th, fn, func(ctx context.Context) (*wire.Message, error) { return c.Send(ctx, fn, m.Message) })
}

func sendAsync(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	c, fn, m := takeClient(in), in.Str(), takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return pending(c.SendAsync(context.Background(), fn, m.Message))
}

func sendOneway(th *eval.Thread, in *eval.Args) (value.Value, error) {
	c, fn, m := takeClient(in), in.Str(), takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	return value.Nil, exception(c.SendOneway(th.Context(), fn, m.Message))
}

// millis is a queue timeout; negative means no waiting, as zero does (ipc-api.md 8).
func millis(in *eval.Args) time.Duration {
	n := in.Long()
	return time.Duration(max(-1, min(n, int64(1<<52)/int64(time.Millisecond)))) * time.Millisecond
}
