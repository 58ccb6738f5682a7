// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gondola/broker/brokertest"
	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// Every oneway request that was sent before the client closed is served before the server has closed (B12): a flood from
// our client, and one of a peer that just closes its socket.
func TestDrainServesTheFlood(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		name string
		send func(t *testing.T, s *Server)
	}{
		{"client closes, then the server", func(t *testing.T, s *Server) {
			c := dial(t, s, ClientOptions{})
			for range n {
				if err := c.SendOneway(t.Context(), "count", textMessage("", "s", "x")); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
		}},
		{"server closes under the client", func(t *testing.T, s *Server) {
			c := dial(t, s, ClientOptions{})
			for range n {
				if err := c.SendOneway(t.Context(), "count", textMessage("", "s", "x")); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"client closes with answers on their way", func(t *testing.T, s *Server) {
			c := dial(t, s, ClientOptions{})
			for range n {
				if _, err := c.SendAsync(t.Context(), "count", textMessage("", "s", "x")); err != nil {
					t.Fatal(err)
				}
			}
			c.Close()
		}},
		{"raw peer closes", func(t *testing.T, s *Server) {
			p := dialRaw(t, s)
			m := newRequest(wire.Request, "count")
			m.Oneway = true
			for range n / 100 {
				batch := make([]*wire.Message, 100)
				for i := range batch {
					batch[i] = m
				}
				p.write(batch...)
			}
			p.nc.Close()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServer(t, ServerOptions{})
			var count atomic.Int64
			createFunction(t, s, "count", func(context.Context, *wire.Message) (*wire.Message, error) {
				count.Add(1)
				return nil, nil
			})
			c.send(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got := count.Load(); got != n {
				t.Errorf("%d of %d requests were served", got, n)
			}
		})
	}
}

// A drain answers parked polls and offers, waits for running handlers, and sends their answers (B12).
func TestDrainAnswers(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createQueue(t, s, "q", 1)
	createQueue(t, s, "full", 1)
	running, release := make(chan struct{}), make(chan struct{})
	createFunction(t, s, "slow", func(_ context.Context, m *wire.Message) (*wire.Message, error) {
		close(running)
		<-release
		return m, nil
	})
	ctx := t.Context()
	a, b, c := dial(t, s, ClientOptions{}), dial(t, s, ClientOptions{}), dial(t, s, ClientOptions{})
	must[*wire.Message](t)(a.Offer(ctx, "full", "", 0, textMessage("", "s", "x")))
	poll := must[*Call](t)(a.PollAsync(ctx, "q", 9*time.Second))
	offer := must[*Call](t)(b.OfferAsync(ctx, "full", "", 9*time.Second, textMessage("", "s", "y")))
	slow := must[*Call](t)(c.SendAsync(ctx, "slow", textMessage("", "s", "late")))
	<-running
	parkedPolls(t, s, 7)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	expect(t, must[*wire.Message](t)(poll.Result()), wire.QueueEmpty, "Poll from queue q rejected! The queue is empty.")
	expect(t, must[*wire.Message](t)(offer.Result()), wire.QueueFull, "Offer to full rejected! The queue is full.")
	close(release)
	expect(t, must[*wire.Message](t)(slow.Result()), wire.OK, "late")
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if s.Running() {
		t.Error("a closed server runs")
	}
	if err := s.Close(); err != nil {
		t.Error("second close:", err)
	}
	_, err := a.Send(ctx, "slow", textMessage("", "s", "x"))
	var eof *EOFError
	var lost *LostError
	if !errors.As(err, &eof) && !errors.As(err, &lost) {
		t.Errorf("first call after the end: %v", err)
	}
	if _, err = a.Send(ctx, "slow", textMessage("", "s", "x")); !errors.As(err, &lost) {
		t.Errorf("second call after the end: %v", err)
	}
	if !a.Running() {
		t.Error("a client that nobody closed does not run")
	}
}

// A handler that does not return does not keep the server: its connection is cut when Shutdown's context ends.
func TestShutdownLeavesAHandlerBehind(t *testing.T) {
	s := startServer(t, ServerOptions{})
	running, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	createFunction(t, s, "stuck", func(ctx context.Context, m *wire.Message) (*wire.Message, error) {
		close(running)
		<-release
		return nil, ctx.Err()
	})
	c := dial(t, s, ClientOptions{})
	call := must[*Call](t)(c.SendAsync(t.Context(), "stuck", textMessage("", "s", "x")))
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	var eof *EOFError
	if _, err := call.Result(); !errors.As(err, &eof) || err.Error() != "EOF while receiving IPC message response." {
		t.Errorf("the pending call: %v", err)
	}
}

// What goes wrong in a handler stays there: one answer, one line in the log, and the connection goes on (O23, B6, S15).
func TestHandlerFailures(t *testing.T) {
	for _, expose := range []bool{false, true} {
		var log brokertest.Buffer
		s := startServer(t, ServerOptions{
			ExposeErrors: expose, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		createFunction(t, s, "fail", func(context.Context, *wire.Message) (*wire.Message, error) {
			return nil, errors.New("secret reason")
		})
		createFunction(t, s, "panic", func(context.Context, *wire.Message) (*wire.Message, error) { panic("secret panic") })
		createFunction(t, s, "bad", func(context.Context, *wire.Message) (*wire.Message, error) {
			return textMessage("", strings.Repeat("s", 101), ""), nil
		})
		c := dial(t, s, ClientOptions{})
		call := func(function string) *wire.Message {
			return must[*wire.Message](t)(c.Send(t.Context(), function, textMessage("r", "s", "x")))
		}
		exposed := func(text string) string {
			if expose {
				return "\n" + text
			}
			return ""
		}
		expect(t, call("fail"), wire.HandlerError, "Failed to handle 'REQUEST' request!\n(incident 1)"+exposed("secret reason"))
		expect(t, call("panic"), wire.HandlerError, "Failed to handle 'REQUEST' request!\n(incident 2)"+exposed("panic: secret panic"))
		if got := call("bad"); got.Status != wire.HandlerError {
			t.Errorf("an answer that cannot be encoded: %s %q", got.Status, got.Payload)
		}
		for _, f := range []string{"fail", "panic", "none"} {
			if err := c.SendOneway(t.Context(), f, textMessage("", "s", "x")); err != nil {
				t.Error(err)
			}
		}
		expect(t, call("none"), wire.FunctionNotFound, "The function none does not exist!")
		if n := s.Stats().Incidents; n != 5 {
			t.Errorf("%d incidents", n)
		}
		for _, want := range []string{"secret reason", "secret panic", "incident=1"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log does not mention %q", want)
			}
		}
	}
}

// O16: 256 handlers run at a time; another waits until one has ended.
func TestHandlersWaitForTheirTurn(t *testing.T) {
	inMemory(t, ServerOptions{}, func(t *testing.T, s *Server, _ *pipes) {
		const calls = maxRunning + 44
		running, end := 0, make(chan struct{})
		var mu sync.Mutex
		h := func(context.Context, *wire.Message) (*wire.Message, error) {
			mu.Lock()
			running++
			mu.Unlock()
			<-end
			return nil, nil
		}
		count := func() int {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return running
		}
		var wg sync.WaitGroup
		for range calls {
			wg.Go(func() {
				if _, err := s.call(h, nil); err != nil {
					t.Error(err)
				}
			})
		}
		if n := count(); n != maxRunning {
			t.Errorf("%d handlers run", n)
		}
		end <- struct{}{}
		if n := count(); n != maxRunning+1 {
			t.Errorf("behind the end of one %d have begun", n)
		}
		close(end)
		wg.Wait()
		if n := count(); n != calls {
			t.Errorf("%d have run", n)
		}
	})
}

func TestLimits(t *testing.T) {
	s := startServer(t, ServerOptions{MaxQueues: 2, MaxFunctions: 2})
	ctx := t.Context()
	queue := func(name string, capacity int) error {
		return s.CreateQueue(ctx, engine.QueueSpec{Name: name, Capacity: capacity})
	}
	expectError := func(err error, want string) {
		t.Helper()
		if err == nil && want == "" {
			return
		}
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	expectError(queue("q/1", 1), "")
	expectError(queue("q/1", 5), "")
	if st, _ := s.QueueStatus("q/1"); st.Capacity != 1 {
		t.Errorf("an existing queue changed: %+v", st)
	}
	expectError(queue("q/2", 0), "A queue capacity must not be lower than 1")
	expectError(queue("queue", 1), "The queue name 'queue' is a preserved name!")
	expectError(queue("ipc.qld", 1), "The queue name 'ipc.qld' is a preserved name!")
	expectError(s.CreateQueue(ctx, engine.QueueSpec{Name: "d", Capacity: 1, Durable: true}),
		"Cannot create a durable queue, if write-ahead-log is not activated on the server!")
	expectError(s.CreateQueue(ctx, engine.QueueSpec{Name: "d", Capacity: 1, Durable: true, Kind: engine.Circular}),
		"Circular queues can not be made durable.")
	expectError(queue("q/2", 1), "")
	expectError(queue("q/1", 1), "Cannot create queue! Reached the limit of 2 queues.")
	expectError(queue("q/3", 1), "Cannot create queue! Reached the limit of 2 queues.")
	expectError(s.RemoveQueue(ctx, "q/1"), "")
	expectError(s.RemoveQueue(ctx, "q/1"), "")
	expectError(s.RemoveQueue(ctx, "ipc.dlq"), "Cannot remove the dead letter queue!")
	expectError(queue("q/3", 1), "")
	if s.HasQueue("q/1") || !s.HasQueue("q/3") || !s.HasQueue("ipc.dlq") || !s.HasQueue("ipc.qld") {
		t.Error("HasQueue")
	}
	if st, exists := s.QueueStatus("ipc.dlq"); !exists || st.Name != "ipc.dlq" || st.Kind != engine.Circular || st.Capacity != 100 {
		t.Errorf("dead letters %+v", st)
	}

	one := func(context.Context, *wire.Message) (*wire.Message, error) { return textMessage("", "", "one"), nil }
	expectError(s.CreateFunction("", one), "A function name must not be empty or blank!")
	expectError(s.CreateFunction("f", one), "")
	expectError(s.CreateFunction("f", echo), "")
	expectError(s.CreateFunction("g", echo), "")
	expectError(s.CreateFunction("f", echo), "Cannot create function! Reached the limit of 2 functions.")
	c := dial(t, s, ClientOptions{})
	expect(t, must[*wire.Message](t)(c.Send(ctx, "f", textMessage("", "", "x"))), wire.OK, "one") // the first handler stays
	s.RemoveFunction("f")
	s.RemoveFunction("f")
	if s.HasFunction("f") || !s.HasFunction("g") {
		t.Error("HasFunction")
	}
}

// One connection more than allowed is closed without a byte, and a slot is free as soon as its client has gone (O8).
func TestMaxConnections(t *testing.T) {
	s := startServer(t, ServerOptions{MaxConnections: 1})
	one := dial(t, s, ClientOptions{})
	_, err := Dial(t.Context(), s.Address(), ClientOptions{})
	var open *OpenError
	if !errors.As(err, &open) || open.Cause.Error() != "Failed to get client config from server!" {
		t.Fatalf("second connection: %v", err)
	}
	if err.Error() != "Failed to open client for server "+s.Address().String()+"!" {
		t.Errorf("text %q", err)
	}
	one.Close()
	eventually(t, "the slot is free", func() bool {
		c, err := Dial(t.Context(), s.Address(), ClientOptions{})
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

func TestServerOptions(t *testing.T) {
	for _, c := range []struct {
		opts     ServerOptions
		text     string
		argument bool
	}{
		{ServerOptions{MaxMessageSize: 2047}, "The maximum message size is limited to 2048 .. 262144000 bytes!", true},
		{ServerOptions{MaxMessageSize: 262144001}, "The maximum message size is limited to 2048 .. 262144000 bytes!", true},
		{ServerOptions{MaxQueues: 51}, "The max number of queues is limited to 1 .. 50!", true},
		{ServerOptions{MaxTopics: 51}, "The max number of topics is limited to 1 .. 50!", true},
		{ServerOptions{MaxFunctions: 51}, "The max number of functions is limited to 0 .. 50!", true},
		{ServerOptions{Authenticator: nobody{}}, "Please enable encryption with an active authenticator to securely transfer the credentials freom a client to the server!", false},
	} {
		_, err := NewServer(Port(0), c.opts)
		var argument *ArgumentError
		if err == nil || err.Error() != c.text || errors.As(err, &argument) != c.argument {
			t.Errorf("%+v: %v", c.opts, err)
		}
	}
	for size, want := range map[int]int{-1: 100, 0: 100, 2: 10, 25: 25, 50000: 10000} {
		s := startServer(t, ServerOptions{DeadLetterQueue: size})
		if st, _ := s.QueueStatus(DeadLetters); st.Capacity != want {
			t.Errorf("dead letters of %d: %d", size, st.Capacity)
		}
	}
}

type nobody struct{}

func (nobody) Verify(context.Context, string, string, string) (security.Principal, bool) {
	return security.Principal{}, false
}
func (nobody) Allowed(security.Principal, security.Action, security.Kind, string) bool {
	return false
}

func TestStart(t *testing.T) {
	s := startServer(t, ServerOptions{})
	if err := s.Start(); !errors.Is(err, ErrServerClosed) {
		t.Errorf("second start: %v", err)
	}
	for _, c := range []struct {
		addr        Address
		text, cause string
	}{
		{s.Address(), "Already running! Failed to start server on " + s.Address().String() + "!", "Address already in use"},
		{Port(70000), "Failed to start server on af-inet://127.0.0.1:70000!", "port out of range:70000"},
		{must[Address](t)(ParseAddress("42090")), "Failed to start server on 42090!", "Invalid connection URI scheme ''.\n Use: \"af-inet://localhost:3333\" or \"af-unix:///path/to/your/socket.sock\""},
	} {
		other, err := NewServer(c.addr, ServerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		err = other.Start()
		var start *StartError
		if !errors.As(err, &start) || err.Error() != c.text || start.Cause.Error() != c.cause {
			t.Errorf("%s: %v, %v", c.addr, err, errors.Unwrap(err))
		}
		if other.Running() {
			t.Error("a server that did not start runs")
		}
	}
	// Both loopback addresses are served (B5), where the machine has both.
	for _, host := range []string{"127.0.0.1", "::1"} {
		nc, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(s.Address().port)))
		if err == nil {
			nc.Close()
		} else if host == "127.0.0.1" {
			t.Error(err)
		}
	}
	port := s.Address()
	s.Close()
	startServerAt(t, port, ServerOptions{}) // the port is free at once
}

// A socket file of a server that is gone is replaced, a live one's is not (B15); it goes with its server.
func TestUnixSocketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	addr := must[Address](t)(ParseAddress("af-unix://" + path))
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	s := startServerAt(t, addr, ServerOptions{})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket file: %v, %v", info, err)
	}
	second, err := NewServer(addr, ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err == nil || err.Error() != "Already running! Failed to start server on "+addr.String()+"!" {
		t.Errorf("second server: %v", err)
	}
	c := dial(t, s, ClientOptions{})
	expect(t, must[*wire.Message](t)(c.Test(t.Context(), nil)), wire.OK, "")
	s.Close()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket file is left: %v", err)
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	third, err := NewServer(addr, ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := third.Start(); err == nil {
		t.Error("a file was replaced")
		third.Close()
	}
}
