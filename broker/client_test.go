// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

// Many callers on one connection: everyone gets its own answer, whichever of them reads.
func TestConcurrentCalls(t *testing.T) {
	const callers, each = 16, 300
	s := startServer(t, ServerOptions{})
	createFunction(t, s, "echo", echo)
	c := dial(t, s, ClientOptions{})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for k := range each {
				text := fmt.Sprint(i, "/", k)
				got, err := c.Send(t.Context(), "echo", textMessage(text, "s", text+strings.Repeat("x", k*i)))
				if err != nil || got.RequestID != text || !strings.HasPrefix(string(got.Payload), text+strings.Repeat("x", k*i)) {
					t.Errorf("%s: %v, %v", text, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Calls without waiting are sent in their order, and answered in it (B11).
func TestPipelining(t *testing.T) {
	const n = 5000
	s := startServer(t, ServerOptions{})
	var order []string
	createFunction(t, s, "note", func(_ context.Context, m *wire.Message) (*wire.Message, error) {
		order = append(order, m.RequestID) // one connection: one at a time
		return m, nil
	})
	c := dial(t, s, ClientOptions{})
	var calls []*Call
	for i := range n {
		calls = append(calls, must[*Call](t)(c.SendAsync(t.Context(), "note", textMessage(fmt.Sprint(i), "s", "x"))))
	}
	// A call made after them is sent after them.
	last := must[*wire.Message](t)(c.Send(t.Context(), "note", textMessage("last", "s", "x")))
	if last.RequestID != "last" {
		t.Errorf("answer %+v", last)
	}
	for i, call := range calls {
		select {
		case <-call.Done():
		case <-time.After(testPatience):
			t.Fatal("no answer to", i)
		}
		if got := must[*wire.Message](t)(call.Result()); got.RequestID != fmt.Sprint(i) {
			t.Fatalf("answer %s to %d", got.RequestID, i)
		}
	}
	if len(order) != n+1 || order[n] != "last" {
		t.Fatalf("%d requests served", len(order))
	}
	for i, id := range order[:n] {
		if id != fmt.Sprint(i) {
			t.Fatalf("request %s was served as number %d", id, i)
		}
	}
}

// An answer does not wait for a slow handler behind it, although both requests arrived together.
func TestAnswersDoNotWaitForLaterHandlers(t *testing.T) {
	s := startServer(t, ServerOptions{})
	release := make(chan struct{})
	createFunction(t, s, "slow", func(_ context.Context, m *wire.Message) (*wire.Message, error) { <-release; return m, nil })
	p := dialRaw(t, s)
	quick, slow := newRequest(wire.Test, ""), newRequest(wire.Request, "slow")
	p.write(quick, slow)
	if m := p.read(); m.ID != quick.ID {
		t.Errorf("answer %+v", m)
	}
	close(release)
	if m := p.read(); m.ID != slow.ID {
		t.Errorf("answer %+v", m)
	}
}

// A call that is not answered in time fails; its late answer is dropped and the client goes on.
func TestTimeout(t *testing.T) {
	s := startServer(t, ServerOptions{})
	release := make(chan struct{})
	createFunction(t, s, "slow", func(_ context.Context, m *wire.Message) (*wire.Message, error) { <-release; return m, nil })
	c := dial(t, s, ClientOptions{CallLimit: 100 * time.Millisecond})
	var timeout *TimeoutError
	_, err := c.Send(t.Context(), "slow", textMessage("", "s", "lone"))
	if !errors.As(err, &timeout) || timeout.After != 99*time.Millisecond {
		t.Errorf("lone call: %v", err)
	}
	async := must[*Call](t)(c.SendAsync(t.Context(), "slow", textMessage("", "s", "async")))
	_, err = c.Send(t.Context(), "slow", textMessage("", "s", "follower"))
	if !errors.As(err, &timeout) {
		t.Errorf("follower: %v", err)
	}
	if _, err := async.Result(); !errors.As(err, &timeout) {
		t.Errorf("async call: %v", err)
	}
	close(release)
	eventually(t, "the client is of use again", func() bool {
		got, err := c.Send(t.Context(), "slow", textMessage("again", "s", "x"))
		return err == nil && got.RequestID == "again"
	})
	if text := (&TimeoutError{After: 9999*time.Millisecond + 900*time.Microsecond}).Error(); text != "Timeout after 9999ms on receiving IPC message response." {
		t.Error(text)
	}
}

// The end of a context ends its call at once: the reader's, a follower's, one without waiting.
func TestContext(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 5)
	for _, c := range []struct {
		name string
		call func(ctx context.Context, c *Client) error
	}{
		{"reader", func(ctx context.Context, c *Client) error {
			_, err := c.Poll(ctx, "q", 9*time.Second)
			return err
		}},
		{"follower", func(ctx context.Context, c *Client) error {
			if _, err := c.PollAsync(context.Background(), "q", 9*time.Second); err != nil {
				return err
			}
			_, err := c.Poll(ctx, "q", 9*time.Second)
			return err
		}},
		{"async", func(ctx context.Context, c *Client) error {
			call, err := c.PollAsync(ctx, "q", 9*time.Second)
			if err != nil {
				return err
			}
			_, err = call.Result()
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := dial(t, s, ClientOptions{})
			served := s.stats.messages.Load()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				for s.stats.messages.Load() == served {
					time.Sleep(time.Millisecond)
				}
				cancel()
			}()
			begun := time.Now()
			if err := c.call(ctx, client); !errors.Is(err, context.Canceled) {
				t.Errorf("call: %v", err)
			}
			if d := time.Since(begun); d > 8*time.Second {
				t.Errorf("the call ended after %v", d)
			}
		})
	}
}

// Close aborts what is pending, and everything after it says that the client is not open (ipc-api.md 6.3, 18).
func TestClose(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 5)
	c := dial(t, s, ClientOptions{})
	async := must[*Call](t)(c.PollAsync(t.Context(), "q", 9*time.Second))
	follower := make(chan error, 1)
	go func() {
		_, err := c.Poll(t.Context(), "q", 9*time.Second)
		follower <- err
	}()
	eventually(t, "both calls are pending", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.pending) == 2
	})
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	const eof = "EOF while receiving IPC message response."
	if _, err := async.Result(); err == nil || err.Error() != eof {
		t.Errorf("async call: %v", err)
	}
	if err := <-follower; err == nil || err.Error() != eof {
		t.Errorf("waiting call: %v", err)
	}
	if c.Close() != nil || c.Running() {
		t.Error("closed client")
	}
	ctx, m := t.Context(), textMessage("", "s", "x")
	ignore := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"send":    ignore(c.Send(ctx, "f", m)),
		"oneway":  c.SendOneway(ctx, "f", m),
		"async":   ignore(c.SendAsync(ctx, "f", m)),
		"offer":   ignore(c.Offer(ctx, "q", "", 0, m)),
		"poll":    ignore(c.Poll(ctx, "q", 0)),
		"publish": ignore(c.Publish(ctx, "t", m)),
		"test":    ignore(c.Test(ctx, nil)),
		"temp":    ignore(c.CreateTemporaryQueue(ctx, 1)),
		"create":  c.CreateQueue(ctx, engine.QueueSpec{Name: "n", Capacity: 1}),
	} {
		if !errors.Is(err, ErrClosed) || err.Error() != "The client is not open!" {
			t.Errorf("%s: %v", name, err)
		}
	}
	again := must[*Client](t)(c.Clone(ctx))
	defer again.Close()
	must[*wire.Message](t)(again.Offer(ctx, "q", "", 0, m))
	expect(t, must[*wire.Message](t)(again.Poll(ctx, "q", 0)), wire.OK, "x") // the aborted polls took nothing
}

// Calls that were started with one context end with it, and no others; contexts that nothing depends on are forgotten.
func TestContextOfManyCalls(t *testing.T) {
	s := startServer(t, ServerOptions{})
	release := make(chan struct{})
	createFunction(t, s, "stuck", func(_ context.Context, m *wire.Message) (*wire.Message, error) { <-release; return m, nil })
	c := dial(t, s, ClientOptions{})
	ending, cancel := context.WithCancelCause(t.Context())
	start := func(ctx context.Context) *Call {
		return must[*Call](t)(c.SendAsync(ctx, "stuck", textMessage("", "s", "x")))
	}
	type key struct{}
	end, stay := []*Call{start(ending), start(ending), start(context.WithValue(ending, key{}, 1))}, start(t.Context())
	free := start(context.Background())
	cancel(errors.New("why"))
	end = append(end, start(ending))
	for i, call := range end {
		if _, err := call.Result(); err != context.Canceled {
			t.Errorf("call %d: %v", i, err)
		}
	}
	close(release)
	for _, call := range []*Call{stay, free} {
		expect(t, must[*wire.Message](t)(call.Result()), wire.OK, "x")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.watched) > 0 {
		t.Errorf("%d contexts are watched", len(c.watched))
	}
}

// A lone call that reads by itself ends too when its client is closed.
func TestCloseUnderTheReader(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 5)
	c := dial(t, s, ClientOptions{})
	result := make(chan error, 1)
	go func() {
		_, err := c.Poll(t.Context(), "q", 9*time.Second)
		result <- err
	}()
	eventually(t, "the call reads", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.leader != nil
	})
	c.Close()
	var eof *EOFError
	if err := <-result; !errors.As(err, &eof) {
		t.Error(err)
	}
}

func TestSizeLimit(t *testing.T) {
	s := startServer(t, ServerOptions{MaxMessageSize: 2048})
	createQueue(t, s, "qq", 2)
	c := dial(t, s, ClientOptions{})
	if c.MaxMessageSize() != 2048 {
		t.Errorf("limit %d", c.MaxMessageSize())
	}
	ctx := t.Context()
	var size *SizeError
	_, err := c.Send(ctx, "f", textMessage("1", "s", strings.Repeat("x", 2049)))
	if !errors.As(err, &size) || err.Error() != "The message (2049B) is too large! The limit is at 2048B" {
		t.Errorf("payload: %v", err)
	}
	big := textMessage("r1", "sub", strings.Repeat("x", 2000))
	const total = "The message size exceeds the configured limit!\nLimit:                2048\nMessage total:        2097\n" +
		"Message header:       16\nMessage payload meta: 81\nMessage payload data: 2000"
	_, err = c.Offer(ctx, "qq", "", 20*time.Millisecond, big)
	if err == nil || err.Error() != total {
		t.Errorf("total: %v", err)
	}
	if _, err = c.OfferAsync(ctx, "qq", "", 0, big); err == nil || err.Error() != total {
		t.Errorf("async: %v", err)
	}
	if err = c.SendOneway(ctx, "f", big); !errors.As(err, &size) {
		t.Errorf("oneway: %v", err)
	}
	got := must[*wire.Message](t)(c.Offer(ctx, "qq", "", 0, textMessage("r1", "sub", strings.Repeat("x", 1951))))
	expect(t, got, wire.OK, "Offered the message to the queue qq")
	if _, err = c.Offer(ctx, "qq", "", 0, textMessage("r1", "sub", strings.Repeat("x", 1952))); !errors.As(err, &size) {
		t.Errorf("one byte more: %v", err)
	}
	if _, err := c.Send(ctx, "f", textMessage("", strings.Repeat("s", 101), "x")); !errors.Is(err, wire.ErrNotWritten) {
		t.Errorf("subject that no frame carries: %v", err)
	}
	if _, err := must[*Call](t)(c.SendAsync(ctx, "f", textMessage("", strings.Repeat("s", 101), "x"))).Result(); !errors.Is(err, wire.ErrNotWritten) {
		t.Errorf("the same without waiting: %v", err)
	}
	expect(t, must[*wire.Message](t)(c.Test(ctx, nil)), wire.OK, "") // and the client goes on
}

func TestDialErrors(t *testing.T) {
	open := startServer(t, ServerOptions{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobodyThere := Port(int64(l.Addr().(*net.TCPAddr).Port))
	l.Close()
	for _, c := range []struct {
		name  string
		addr  Address
		opts  ClientOptions
		cause string
	}{
		{"no server", nobodyThere, ClientOptions{}, "Failed to open connection to the server " + nobodyThere.String() + "!"},
		{"no login", open.Address(), ClientOptions{User: "u", Password: "p"}, "Authentication is not enabled! User credentials are not required!"},
		{"scheme", must[Address](t)(ParseAddress("udp://localhost:1")), ClientOptions{},
			"Invalid connection URI scheme 'udp'.\n Use: \"af-inet://localhost:3333\" or \"af-unix:///path/to/your/socket.sock\""},
	} {
		_, err := Dial(t.Context(), c.addr, c.opts)
		var failed *OpenError
		if !errors.As(err, &failed) || err.Error() != "Failed to open client for server "+c.addr.String()+"!" || failed.Cause.Error() != c.cause {
			t.Errorf("%s: %v, cause %v", c.name, err, errors.Unwrap(err))
		}
	}
	if _, err := Dial(t.Context(), open.Address(), ClientOptions{User: "u"}); err == nil || err.Error() != "Authentication requires both a user name and a password!" {
		t.Errorf("half a login: %v", err)
	}
	eventually(t, "no connection is left", func() bool { return open.Stats().Connections == 0 })
}

// Administration by a client is refused with the texts of ipc-api.md 13.
func TestAdministrationNeedsAdmin(t *testing.T) {
	c := dial(t, startServer(t, ServerOptions{}), ClientOptions{})
	ctx := t.Context()
	_, _, statusErr := c.QueueStatus(ctx, "q")
	_, topicErr := c.HasTopic(ctx, "t")
	_, serverErr := c.ServerStatus(ctx)
	_, poolErr := c.ThreadPoolStatistics(ctx)
	const login = "! Authenticate as 'admin' user please!"
	for _, e := range []struct {
		err  error
		want string
	}{
		{c.CreateQueue(ctx, engine.QueueSpec{Name: "q", Capacity: 1}), "Failed to create queue 'q'! Reason: Client is not permitted to create queues" + login},
		{c.RemoveQueue(ctx, "q"), "Failed to remove queue 'q'! Reason: Client is not permitted to remove queues" + login},
		{statusErr, "Failed to check if queue q exists! Reason: Client is not permitted to request queue status" + login},
		{c.CreateTopic(ctx, "t"), "Failed to create topic 't'! Reason: Client is not permitted to create topics" + login},
		{c.RemoveTopic(ctx, "t"), "Failed to remove topic 't'! Reason: Client is not permitted to remove topics" + login},
		{topicErr, "Failed to check if topic t exists! Reason: Client is not permitted to request topic status" + login},
		{serverErr, "Failed get server status! Reason: The clients is not permitted to get the server status!"},
		{poolErr, "Failed get server thread pool statistics! Reason: The client is not permitted to get the server thread pool statistics!"},
		{c.CreateQueue(ctx, engine.QueueSpec{Name: " ", Capacity: 1}), "A queue name must not be blank"},
		{c.CreateTopic(ctx, ""), "A topic name must not be blank"},
	} {
		if e.err == nil || e.err.Error() != e.want {
			t.Errorf("error %v, want %q", e.err, e.want)
		}
	}
}

// With a heartbeat a silent client of ours lives, a silent peer does not (O14, B14).
func TestHeartbeat(t *testing.T) {
	s := startServer(t, ServerOptions{HeartbeatInterval: 1})
	ours := dial(t, s, ClientOptions{})
	silent := dialRaw(t, s)
	silent.write(newRequest(wire.Test, ""))
	silent.read()
	silent.closed()
	expect(t, must[*wire.Message](t)(ours.Test(t.Context(), nil)), wire.OK, "")
}
