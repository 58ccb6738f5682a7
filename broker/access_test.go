// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// collector keeps what a subscription gets.
type collector struct {
	mu  sync.Mutex
	got []string
}

func (c *collector) handle(m *wire.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, string(m.Payload))
}

func (c *collector) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.got...)
}

func subscribe(t testing.TB, c *Client, topic string, handle MessageHandler) {
	t.Helper()
	answer, err := c.Subscribe(t.Context(), topic, handle)
	if err != nil || answer.Status != wire.OK {
		t.Fatal(answer, err)
	}
}

func createTopic(t testing.TB, s *Server, name string) {
	t.Helper()
	if err := s.CreateTopic(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// Every subscriber, the publisher included, gets every message once and in order, with 1 and with many subscribers.
func TestPublish(t *testing.T) {
	for _, n := range []int{1, 15} {
		s := startServer(t, ServerOptions{})
		createTopic(t, s, "news")
		clients := make([]*Client, n)
		boxes := make([]*collector, n)
		for i := range clients {
			clients[i], boxes[i] = dial(t, s, ClientOptions{}), &collector{}
			subscribe(t, clients[i], "news", boxes[i].handle)
		}
		const messages = 100
		var want []string
		for i := range messages {
			text := fmt.Sprint(i)
			want = append(want, text)
			answer, err := clients[0].Publish(t.Context(), "news", textMessage("", "s", text))
			if err != nil {
				t.Fatal(err)
			}
			expect(t, answer, wire.OK, "Message has been enqued to publish.")
			if i%40 == 39 { // 50 wait for a subscriber at most; a starved one would lose the others (B9, O9)
				eventually(t, "all have caught up", func() bool {
					return !slices.ContainsFunc(boxes, func(b *collector) bool { return len(b.all()) <= i })
				})
			}
		}
		for i, b := range boxes {
			eventually(t, fmt.Sprintf("subscriber %d of %d has all", i, n), func() bool { return len(b.all()) == messages })
			if got := b.all(); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("subscriber %d: %v", i, got)
			}
		}
		if st := s.Stats(); st.Published != messages || st.PublishDiscarded != 0 || st.Subscribers != n || st.SubscribedTopics != n {
			t.Errorf("status %+v", st)
		}
	}
}

// B10: a handler may use its own client.
func TestHandlerUsesItsClient(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createTopic(t, s, "orders")
	createQueue(t, s, "done", 100)
	c := dial(t, s, ClientOptions{})
	subscribe(t, c, "orders", func(m *wire.Message) {
		if _, err := c.Offer(context.Background(), "done", "", 0, textMessage("", "s", string(m.Payload))); err != nil && c.Running() {
			t.Error(err)
		}
	})
	for i := range 40 {
		if _, err := c.Publish(t.Context(), "orders", textMessage("", "s", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	poller := dial(t, s, ClientOptions{}) // a parked poll would hold up the handler's offers on one connection (B11)
	for i := range 40 {
		m, err := poller.Poll(t.Context(), "done", 9*time.Second)
		if err != nil || string(m.Payload) != fmt.Sprint(i) {
			t.Fatal(m, err)
		}
	}
}

// A subscription ends with unsubscribe, survives the topic's removal, and a second one replaces the handler.
func TestSubscriptionLife(t *testing.T) {
	s := startServer(t, ServerOptions{})
	createTopic(t, s, "t")
	c := dial(t, s, ClientOptions{})
	var first, second collector
	subscribe(t, c, "t", first.handle)
	subscribe(t, c, "t", second.handle)
	publish := func(text string) wire.Status {
		t.Helper()
		return must[*wire.Message](t)(c.Publish(t.Context(), "t", textMessage("", "s", text))).Status
	}
	publish("1")
	eventually(t, "the second handler has it", func() bool { return len(second.all()) == 1 })
	if err := s.RemoveTopic(t.Context(), "t"); err != nil {
		t.Fatal(err)
	}
	if st := publish("lost"); st != wire.TopicNotFound {
		t.Errorf("publish to a removed topic: %s", st)
	}
	createTopic(t, s, "t")
	publish("2")
	eventually(t, "the subscription is back", func() bool { return len(second.all()) == 2 })
	expect(t, must[*wire.Message](t)(c.Unsubscribe(t.Context(), "t")), wire.OK, "Unsubscribed from the topic.")
	publish("3")
	publish("4")
	if got := second.all(); strings.Join(got, " ") != "1 2" || len(first.all()) != 0 {
		t.Errorf("first %v, second %v", first.all(), got)
	}
	if st := must[*wire.Message](t)(c.Subscribe(t.Context(), "unknown", first.handle)); st.Status != wire.TopicNotFound {
		t.Errorf("subscribe to an unknown topic: %v", st)
	}
}

// O9, B9: a subscriber that reads nothing loses pushes, to the dead letters and counted, and holds nobody up for good.
func TestStuckSubscriber(t *testing.T) {
	s := startServer(t, ServerOptions{DeadLetterQueue: 10000})
	createTopic(t, s, "t")
	stuck := dialRaw(t, s)
	stuck.write(newRequest(wire.Subscribe, "t"))
	stuck.read()
	good := dial(t, s, ClientOptions{})
	var box collector
	subscribe(t, good, "t", box.handle)
	m := textMessage("", "s", "")
	m.Payload = make([]byte, 1<<20)
	const messages = 40
	for range messages {
		expect(t, must[*wire.Message](t)(good.Publish(t.Context(), "t", m)), wire.OK, "Message has been enqued to publish.")
	}
	eventually(t, "the good subscriber has all", func() bool { return len(box.all()) == messages })
	if st := s.Stats(); st.PublishDiscarded == 0 || st.DeadLetters != st.PublishDiscarded {
		t.Errorf("status %+v", st)
	}
}

// encrypted is a server with users: boss is an administrator, tom a user, and ann one who may do nothing.
func encrypted(t testing.TB, opts ServerOptions) (*Server, *security.Users) {
	t.Helper()
	u := security.NewUsers(security.StockForm)
	for name, admin := range map[string]bool{"boss": true, "tom": false, "ann": false} {
		if err := u.AddUser(name, "pw-"+name, admin); err != nil {
			t.Fatal(err)
		}
	}
	opts.Encrypt, opts.Authenticator = true, u
	return startServer(t, opts), u
}

func login(name string) ClientOptions { return ClientOptions{User: name, Password: "pw-" + name} }

// Encryption by the server's or by the client's wish, with and without compression, and both key forms: requests of all
// sizes go through.
func TestEncryption(t *testing.T) {
	for _, c := range []struct {
		name   string
		server ServerOptions
		client ClientOptions
		sealed bool
	}{
		{"plain", ServerOptions{}, ClientOptions{}, false},
		{"the server wants it", ServerOptions{Encrypt: true}, ClientOptions{}, true},
		{"the client wants it", ServerOptions{}, ClientOptions{Encrypt: true}, true},
		{"compressed too", ServerOptions{Encrypt: true, Compress: true}, ClientOptions{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startServer(t, c.server)
			createFunction(t, s, "echo", echo)
			client := dial(t, s, c.client)
			if client.sealed != c.sealed {
				t.Errorf("sealed: %v", client.sealed)
			}
			for _, size := range []int{0, 1, 5 << 10, 1 << 20} {
				text := strings.Repeat("x", size)
				answer := must[*wire.Message](t)(client.Send(t.Context(), "echo", textMessage("", "s", text)))
				if answer.Status != wire.OK || string(answer.Payload) != text {
					t.Errorf("%d bytes: %s, %d bytes", size, answer.Status, len(answer.Payload))
				}
			}
		})
	}
}

// S1: a server that demands encryption serves nothing in the clear, and ends the connection.
func TestEncryptionIsDemanded(t *testing.T) {
	s, _ := encrypted(t, ServerOptions{})
	for _, kind := range []wire.Type{wire.Request, wire.Offer, wire.Authentication, wire.Heartbeat, wire.ServerStatus} {
		raw := dialRaw(t, s)
		raw.write(newRequest(kind, "x"))
		expect(t, raw.read(), wire.NoPermission, "Encryption is required!")
		raw.closed()
	}
}

func TestLogin(t *testing.T) {
	s, users := encrypted(t, ServerOptions{})
	for _, c := range []struct {
		name  string
		opts  ClientOptions
		cause string
	}{
		{"a wrong password", ClientOptions{User: "tom", Password: "x"}, "Authentication failure! Bad user credentials!"},
		{"an unknown user", ClientOptions{User: "eve", Password: "x"}, "Authentication failure! Bad user credentials!"},
		{"no credentials", ClientOptions{}, "The IPC server requires authentication! Please pass a user name and a password for opening an IPC client!"},
	} {
		_, err := Dial(t.Context(), s.Address(), c.opts)
		if failed, ok := err.(*OpenError); !ok || failed.Cause.Error() != c.cause {
			t.Errorf("%s: %v, %v", c.name, err, failed)
		}
	}
	dial(t, s, login("tom"))
	users.RemoveUser("tom")
	if _, err := Dial(t.Context(), s.Address(), login("tom")); err == nil {
		t.Error("a removed user logs in")
	}
	if n := s.Stats().FailedLogins; n != 3 {
		t.Errorf("%d failed logins are counted", n)
	}
}

// T41: who may do what, over TCP and a Unix socket, by the access lists of the moment (S11).
func TestAccess(t *testing.T) {
	for _, transport := range []string{"tcp", "unix"} {
		t.Run(transport, func(t *testing.T) {
			u := security.NewUsers(security.StockForm)
			for name, admin := range map[string]bool{"boss": true, "tom": false, "ann": false} {
				if err := u.AddUser(name, "pw-"+name, admin); err != nil {
					t.Fatal(err)
				}
			}
			addr := Port(0)
			if transport == "unix" {
				addr = must[Address](t)(ParseAddress("af-unix://" + t.TempDir() + "/s"))
			}
			s := startServerAt(t, addr, ServerOptions{Encrypt: true, Authenticator: u})
			createQueue(t, s, "q", 10)
			createTopic(t, s, "t")
			createFunction(t, s, "f", echo)
			for kind, name := range map[security.Kind]string{security.Queue: "q", security.Topic: "t", security.Function: "f"} {
				if err := u.SetAccess(kind, name, "ann", security.AccessDeny); err != nil {
					t.Fatal(err)
				}
			}
			requests := []struct {
				name, denied string
				call         func(c *Client) (*wire.Message, error)
			}{
				{"send", "Not authenticated for function calling!", func(c *Client) (*wire.Message, error) { return c.Send(t.Context(), "f", textMessage("", "", "x")) }},
				{"offer", "Not authenticated for queue offer!", func(c *Client) (*wire.Message, error) {
					return c.Offer(t.Context(), "q", "", 0, textMessage("", "", "x"))
				}},
				{"poll", "Not authenticated for queue poll!", func(c *Client) (*wire.Message, error) { return c.Poll(t.Context(), "q", 0) }},
				{"subscribe", "Not authenticated for topic subscription!", func(c *Client) (*wire.Message, error) {
					return c.Subscribe(t.Context(), "t", func(*wire.Message) {})
				}},
				{"publish", "Not authenticated for topic publication!", func(c *Client) (*wire.Message, error) { return c.Publish(t.Context(), "t", textMessage("", "", "x")) }},
			}
			for name, permitted := range map[string]bool{"boss": true, "tom": true, "ann": false} {
				c := dial(t, s, login(name))
				for _, r := range requests {
					answer := must[*wire.Message](t)(r.call(c))
					switch {
					case permitted && answer.Status != wire.OK:
						t.Errorf("%s %s: %s %s", name, r.name, answer.Status, answer.Payload)
					case !permitted:
						expect(t, answer, wire.NoPermission, r.denied)
					}
				}
				_, err := c.ServerStatus(t.Context())
				if (err == nil) != (name == "boss") {
					t.Errorf("%s: server status: %v", name, err)
				}
			}
		})
	}
}

// S13, reliability.md 6: a temporary queue is polled by the principal that has made it, the dead letters by administrators.
func TestAccessToSpecialQueues(t *testing.T) {
	s, _ := encrypted(t, ServerOptions{})
	tom, tomToo, ann, boss := dial(t, s, login("tom")), dial(t, s, login("tom")), dial(t, s, login("ann")), dial(t, s, login("boss"))
	name := must[string](t)(tom.CreateTemporaryQueue(t.Context(), 5))
	expect(t, must[*wire.Message](t)(ann.Offer(t.Context(), name, "", 0, textMessage("", "", "1"))), wire.OK, "Offered the message to the queue "+name)
	expect(t, must[*wire.Message](t)(ann.Poll(t.Context(), name, 0)), wire.NoPermission, "Not authenticated for queue poll!")
	if m := must[*wire.Message](t)(tomToo.Poll(t.Context(), name, 0)); m.Status != wire.OK {
		t.Errorf("the same principal: %s", m.Status)
	}
	expect(t, must[*wire.Message](t)(tom.Poll(t.Context(), DeadLetters, 0)), wire.NoPermission, "Not authenticated for queue poll!")
	if m := must[*wire.Message](t)(boss.Poll(t.Context(), DeadLetters, 0)); m.Status != wire.QueueEmpty {
		t.Errorf("an administrator: %s", m.Status)
	}
}

// An administrator's client manages queues and topics; what the server refuses comes back with the reason.
func TestAdministration(t *testing.T) {
	s, _ := encrypted(t, ServerOptions{MaxTopics: 1})
	c, ctx := dial(t, s, login("boss")), t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	refused := func(err error, text string) {
		t.Helper()
		if err == nil || err.Error() != text {
			t.Errorf("got %v, want %s", err, text)
		}
	}
	ok(c.CreateQueue(ctx, engine.QueueSpec{Name: "q", Capacity: 3, Kind: engine.Circular}))
	status, exists, err := c.QueueStatus(ctx, "q")
	if err != nil || !exists || status.Capacity != 3 || status.Kind != engine.Circular || status.Size != 0 {
		t.Errorf("%+v, %v, %v", status, exists, err)
	}
	ok(c.RemoveQueue(ctx, "q"))
	if _, exists, err := c.QueueStatus(ctx, "q"); exists || err != nil {
		t.Error(exists, err)
	}
	ok(c.CreateTopic(ctx, "t"))
	if has := must[bool](t)(c.HasTopic(ctx, "t")); !has || !s.HasTopic("t") {
		t.Error("the topic is not there")
	}
	refused(c.CreateTopic(ctx, "u"), "Failed to create topic 'u'! Reason: Failed to handle 'CREATE_TOPIC' request!\nCannot create topic! Reached the limit of 1 topics.")
	ok(c.RemoveTopic(ctx, "t"))
	refused(c.CreateQueue(ctx, engine.QueueSpec{Name: "x y", Capacity: 3}),
		"Failed to create queue 'x y'! Reason: Failed to handle 'CREATE_QUEUE' request!\n"+ValidateName(QueueName, "x y").Error())
	_, _, err = c.QueueStatus(ctx, "x y")
	refused(err, "Failed to check if queue x y exists! Reason: Request STATUS_QUEUE: Invalid queue name: "+ValidateName(QueueName, "x y").Error())
	_, err = c.HasTopic(ctx, "x y")
	refused(err, "Failed to check if topic x y exists! Reason: Request STATUS_TOPIC: Invalid topic name: "+ValidateName(TopicName, "x y").Error())
	for _, keys := range []struct {
		ask  func(context.Context) ([]byte, error)
		want []string
	}{
		{c.ServerStatus, []string{"running", "encryption", "admin", "max-queues", "connection_count", "hearbeat-interval-seconds", "x-dead-letters"}},
		{c.ThreadPoolStatistics, []string{"core-pool-size", "maximum-pool-size", "completed-task-count"}},
	} {
		text := string(must[[]byte](t)(keys.ask(ctx)))
		for _, k := range keys.want {
			if !strings.Contains(text, `"`+k+`":`) {
				t.Errorf("no %s in %s", k, text)
			}
		}
	}
}
