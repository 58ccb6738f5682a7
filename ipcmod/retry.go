// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gondola/broker"
	"gondola/broker/wire"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

var (
	retryPolicyType = &value.Type{Name: "gondola.RetryPolicy"}
	dedupeStoreType = &value.Type{Name: "gondola.DedupeStore"}
)

// retryPolicy is a policy as scripts hold it, with its budget.
type retryPolicy struct{ *broker.Retrier }

// dedupeStore is the store of ipc/once.
type dedupeStore struct {
	*broker.DedupeStore[outcome]
}

// outcome is what a function of ipc/once came to.
type outcome struct {
	v   value.Value
	err error
}

const tried = "A map: :outcome, which is :ok, :failed (without effect, or its function has thrown) or :unknown (an attempt was not answered, so it may have had its effect), and :attempts"

func (m *module) retryTable() eval.Table {
	return eval.Table{
		{Name: "ipc/retry-policy", Touches: eval.Nothing, Min: 0, Max: -1, Fn: m.newRetryPolicy, Forms: "(ipc/retry-policy)\n(ipc/retry-policy options)\n(ipc/retry-policy & options)",
			Doc: "Says how requests are tried, for ipc/call, ipc/offer! and ipc/with-retries. Options, times in ms: :timeout of an attempt (2000), :deadline of all (10000), :max-attempts (4), :base, :factor and :max of the waits between them (50, 2, 2000), :jitter :full (a random part of the wait) or :none, :budget that a first attempt earns for retries, each of which costs 1 (0.1), :burst that can be saved and is there at the start (10), :retry-errors to repeat what a function has thrown (false). It may sit in an atom and be replaced while it is used."},
		{Name: "ipc/call", Touches: eval.Nothing, Min: 3, Max: 4, Fn: m.callRetrying, Forms: "(ipc/call client fn-name message)\n(ipc/call client fn-name message policy)",
			Doc: "ipc/send with retries: after a time-out, a lost connection, or a full queue, with the same request id each time (a new one if the message has none), so that a server with :dedupe does it once. Blocks at most for the policy's deadline; throws nothing for what the network or the server does. " + tried + ", :response, the latest, :error, the text of the last failure, and :request-id."},
		{Name: "ipc/offer!", Touches: eval.Nothing, Min: 3, Max: 4, Fn: m.offerRetrying, Forms: "(ipc/offer! client queue-name message)\n(ipc/offer! client queue-name message policy)",
			Doc: "ipc/offer with retries; see ipc/call."},
		{Name: "ipc/with-retries", Touches: eval.Nothing, Min: 2, Max: 2, Fn: m.withRetries, Forms: "(ipc/with-retries policy f)",
			Doc: "Calls (f attempt), with the number of the attempt from 1 on, until it neither throws a time-out or a lost connection nor yields a response that may be better another time, as a full queue's. An exception of another kind ends it. Blocks at most for the policy's deadline and the last call. " + tried + ", :value, what f has yielded, and :error, the text of what it has thrown."},
		{Name: "ipc/latency", Touches: eval.Nothing, Min: 1, Max: 1, Fn: latencyOf, Forms: "(ipc/latency client)",
			Doc: "The times of the client's latest 1,000 answered requests to each destination, polls not counted: a map of the names to maps of :count, :p50, :p95, :p99 and :max, in ms. To choose time-outs from."},
		{Name: "ipc/dedupe-store", Touches: eval.Nothing, Min: 0, Max: -1, Fn: m.newDedupeStore, Forms: "(ipc/dedupe-store)\n(ipc/dedupe-store options)\n(ipc/dedupe-store & options)",
			Doc: "A memory of what has been done, for ipc/once. Options: :ttl (ms, 120000), :max-entries (100000): beyond, the oldest goes first."},
		{Name: "ipc/once", Touches: eval.Nothing, Min: 3, Max: 3, Fn: once, Forms: "(ipc/once store id f)",
			Doc: "Calls (f) unless it was called for this id within the store's time; then, also while it runs elsewhere, yields what it yielded. What throws may be done again."},
	}
}

// settings are options as a map or behind one another.
func (m *module) settings(in *eval.Args, fn string, known ...string) *options {
	if in.Left() != 1 {
		return m.options(in, fn, known...)
	}
	v := in.Value()
	o := &options{fn: fn, given: map[string]value.Value{}, err: in.Done()}
	o.take(m, v, known)
	return o
}

// take reads a map of options.
func (o *options) take(m *module, v value.Value, known []string) {
	given, ok := v.Ref().(value.Map)
	if !ok {
		o.fail(value.CoerceError(v, "map"))
		return
	}
	for k, x := range given.All() {
		name, isName := value.StringOrKeyword(k)
		if !isName {
			o.fail(value.CoerceError(k, "keyword"))
			return
		}
		o.given[name] = x
	}
	o.warn(m, known)
}

// millis is an option in milliseconds, at least 1; 0 without it.
func (o *options) millis(name string) time.Duration {
	n := o.long(name)
	if _, given := o.given[name]; given && o.err == nil && (n < 1 || n > int64(24*time.Hour/time.Millisecond)) {
		o.fail(value.Throwf(value.IllegalArgument, "The option :%s of %s must be 1 to 86400000 milliseconds, got %d", name, o.fn, n))
	}
	return time.Duration(n) * time.Millisecond
}

// number is an option that is an integer or a double.
func (o *options) number(name string) float64 {
	v, ok := o.given[name]
	if !ok {
		return 0
	}
	if n, isLong := v.Long(); isLong {
		return float64(n)
	}
	d, isDouble := v.Double()
	if !isDouble {
		o.fail(value.CoerceError(v, "double"))
	}
	return d
}

var policyOptions = []string{"timeout", "deadline", "max-attempts", "base", "factor", "max", "jitter", "budget", "burst", "retry-errors"}

func (o *options) policy() (*retryPolicy, error) {
	p := broker.RetryPolicy{
		Timeout: o.millis("timeout"), Deadline: o.millis("deadline"), MaxAttempts: int(o.long("max-attempts")),
		Base: o.millis("base"), Factor: o.number("factor"), Max: o.millis("max"),
		Budget: o.number("budget"), Burst: int(o.long("burst")), RetryErrors: o.flag("retry-errors"),
	}
	switch jitter := o.name("jitter"); jitter {
	case "", "full":
	case "none":
		p.NoJitter = true
	default:
		o.fail(value.Throwf(value.IllegalArgument, "The option :jitter of %s must be :full or :none, got :%s", o.fn, jitter))
	}
	if o.err != nil {
		return nil, o.err
	}
	r, err := broker.NewRetrier(p)
	return &retryPolicy{r}, exception(err)
}

func (m *module) newRetryPolicy(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	p, err := m.settings(in, "ipc/retry-policy", policyOptions...).policy()
	if err != nil {
		return value.Nil, err
	}
	return value.NewHost(retryPolicyType, p).Val(), nil
}

// takePolicy takes a policy, a map of its options, or an atom with one of them; the default policy if the argument is missing.
func (m *module) takePolicy(th *eval.Thread, in *eval.Args) *retryPolicy {
	given := value.Nil
	if in.Left() > 0 {
		given = in.Value()
	}
	_, isMap := given.Ref().(value.Map)
	p, isPolicy := value.HostOf[*retryPolicy](given)
	if !isMap && !isPolicy && !given.IsNil() {
		v, err := th.Call1(th.Runtime().Core("deref"), given)
		if err != nil {
			in.Fail(err)
			return nil
		}
		given = v
		p, isPolicy = value.HostOf[*retryPolicy](given)
	}
	if isPolicy {
		return p
	}
	o := &options{fn: "ipc/retry-policy", given: map[string]value.Value{}}
	if !given.IsNil() {
		o.take(m, given, policyOptions)
	}
	made, err := o.policy()
	if err != nil {
		in.Fail(err)
	}
	return made
}

func (m *module) callRetrying(th *eval.Thread, in *eval.Args) (value.Value, error) {
	return m.retrying(th, in, func(ctx context.Context, c *client, name string, msg *wire.Message, p *retryPolicy) broker.Tried {
		return c.SendRetrying(ctx, name, msg, p.Retrier)
	})
}

func (m *module) offerRetrying(th *eval.Thread, in *eval.Args) (value.Value, error) {
	return m.retrying(th, in, func(ctx context.Context, c *client, name string, msg *wire.Message, p *retryPolicy) broker.Tried {
		return c.OfferRetrying(ctx, name, msg, p.Retrier)
	})
}

func (m *module) retrying(th *eval.Thread, in *eval.Args, try func(context.Context, *client, string, *wire.Message, *retryPolicy) broker.Tried) (value.Value, error) {
	c, name, msg := takeClient(in), in.Str(), takeMessage(in)
	p := m.takePolicy(th, in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	sent := *msg.Message
	if sent.RequestID == "" {
		sent.RequestID = broker.NewRequestID()
	}
	begun := time.Now()
	t := try(th.Context(), c, name, &sent, p)
	if th.Context().Err() != nil {
		if err := th.Interrupted(); err != nil {
			return value.Nil, err
		}
	}
	if t.Err == nil && t.Attempts == 1 {
		c.times.note(name, time.Since(begun))
	}
	response, problem := value.Nil, value.Nil
	if t.Answer != nil {
		response = wrap(t.Answer)
	}
	switch {
	case t.Err != nil:
		problem = value.String(t.Err.Error())
	case t.Outcome != broker.Succeeded:
		problem = value.String(fmt.Sprintf("%s: %s", t.Answer.Status, t.Answer.Payload))
	}
	return value.NewOrderedMap(
		value.Kw("outcome"), value.Kw(t.Outcome.String()), value.Kw("attempts"), value.Long(int64(t.Attempts)),
		value.Kw("response"), response, value.Kw("error"), problem, value.Kw("request-id"), value.String(sent.RequestID)).Val(), nil
}

func (m *module) withRetries(th *eval.Thread, in *eval.Args) (value.Value, error) {
	p, f := m.takePolicy(th, in), in.Function()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	var v value.Value
	var failed error
	o, attempts := p.Do(th.Context(), func(_ context.Context, n int) broker.Attempt {
		v, failed = th.Call1(f, value.Long(int64(n)))
		return p.judgeScript(v, failed)
	})
	var ex *value.Exception
	if failed != nil && (!errors.As(failed, &ex) || th.Context().Err() != nil) {
		return value.Nil, failed // no exception of the script's: an interrupt, a limit
	}
	problem := value.Nil
	if failed != nil {
		v, problem = value.Nil, value.String(failed.Error())
	}
	return value.NewOrderedMap(
		value.Kw("outcome"), value.Kw(o.String()), value.Kw("attempts"), value.Long(int64(attempts)),
		value.Kw("value"), v, value.Kw("error"), problem).Val(), nil
}

// judgeScript is what a script function's attempt means.
func (p *retryPolicy) judgeScript(v value.Value, err error) broker.Attempt {
	var ex *value.Exception
	if err == nil {
		if answer, ok := value.HostOf[*message](v); ok {
			return p.Judge(answer.Message, nil)
		}
		return broker.Attempt{Done: true}
	}
	if !errors.As(err, &ex) {
		return broker.Attempt{}
	}
	switch {
	case ex.Class == value.TimeoutException, ex.Class == value.EofException:
		return broker.Attempt{Unknown: true, Retry: true}
	case ex.Class == value.IpcException && ex.Message == new(broker.LostError).Error(): // nothing was sent
		return broker.Attempt{Retry: true}
	}
	return broker.Attempt{}
}

func (m *module) newDedupeStore(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	o := m.settings(in, "ipc/dedupe-store", "ttl", "max-entries")
	opts := broker.DedupeOptions{TTL: o.millis("ttl"), MaxEntries: int(o.long("max-entries"))}
	if o.err != nil {
		return value.Nil, o.err
	}
	return value.NewHost(dedupeStoreType, &dedupeStore{broker.NewDedupeStore[outcome](opts)}).Val(), nil
}

// once blocks while the function runs for the same id elsewhere; the interrupt of the script ends that.
func once(th *eval.Thread, in *eval.Args) (value.Value, error) {
	store, id, f := eval.Host[*dedupeStore](in, dedupeStoreType.Name), in.Value(), in.Function()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	o, _, err := store.Do(th.Context(), value.PrStr(id), broker.Digest{}, func() (outcome, int, bool) {
		v, err := th.Call(f)
		return outcome{v, err}, 0, err == nil
	})
	if err != nil {
		if ierr := th.Interrupted(); ierr != nil {
			return value.Nil, ierr
		}
		return value.Nil, exception(err)
	}
	return o.v, o.err
}

var dedupeOptions = []string{"ttl", "max-entries", "max-bytes", "key", "retry-errors"}

// dedupe is the option of that name: true, or a map; nil for false and without it.
func (o *options) dedupe(m *module) *broker.DedupeOptions {
	v := o.given["dedupe"]
	if v.IsNil() {
		return nil
	}
	d := &options{fn: o.fn + " :dedupe", given: map[string]value.Value{}}
	if on, isBool := v.Bool(); !isBool {
		d.take(m, v, dedupeOptions)
	} else if !on {
		return nil
	}
	bytes, _ := d.size("max-bytes")
	opts := &broker.DedupeOptions{TTL: d.millis("ttl"), MaxEntries: int(d.long("max-entries")), MaxBytes: bytes, RetryErrors: d.flag("retry-errors")}
	switch key := d.name("key"); key {
	case "", "request-id":
	case "fingerprint":
		opts.Fingerprint = true
	default:
		d.fail(value.Throwf(value.IllegalArgument, "The option :key of %s must be :request-id or :fingerprint, got :%s", d.fn, key))
	}
	if d.err != nil {
		o.fail(d.err)
	}
	return opts
}
