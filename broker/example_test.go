// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"gondola/broker"
	"gondola/broker/engine"
	"gondola/broker/wire"
)

// text makes a text message, as a script does with ipc/plain-text-message.
func text(subject, payload string) *wire.Message {
	return &wire.Message{
		Type: wire.NullType, Status: wire.NullStatus, ExpiresAt: wire.Never, Timeout: wire.NoTimeout,
		Subject: subject, Mimetype: "text/plain", Charset: "UTF-8", Payload: []byte(payload),
	}
}

// A server with a function and a queue, and a client that uses both.
func Example() {
	ctx := context.Background()
	server, err := broker.NewServer(broker.Port(0), broker.ServerOptions{}) // 0: any free port
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	if err := server.CreateFunction("shout", func(_ context.Context, m *wire.Message) (*wire.Message, error) {
		return text("answer", string(bytes.ToUpper(m.Payload))), nil
	}); err != nil {
		log.Fatal(err)
	}
	if err := server.CreateQueue(ctx, engine.QueueSpec{Name: "orders", Capacity: 100}); err != nil {
		log.Fatal(err)
	}

	client, err := broker.Dial(ctx, server.Address(), broker.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	answer, err := client.Send(ctx, "shout", text("word", "ahoy"))
	fmt.Printf("%s %v\n", answer.Payload, err)
	answer, err = client.Offer(ctx, "orders", "", time.Second, text("order", "one tea"))
	fmt.Println(answer.Status, err)
	answer, err = client.Poll(ctx, "orders", time.Second)
	fmt.Printf("%s %v\n", answer.Payload, err)
	// Output:
	// AHOY <nil>
	// OK <nil>
	// one tea <nil>
}

// A durable queue: what was answered OK is there after a restart.
func ExampleServer_CreateQueue() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "log")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, work := range []func(*broker.Client) (*wire.Message, error){
		func(c *broker.Client) (*wire.Message, error) {
			m := text("order", "one tea")
			m.Durable = true
			return c.Offer(ctx, "orders", "", time.Second, m)
		},
		func(c *broker.Client) (*wire.Message, error) { return c.Poll(ctx, "orders", time.Second) },
	} {
		server, err := broker.NewServer(broker.Port(0), broker.ServerOptions{Log: &broker.LogOptions{Dir: dir}})
		if err == nil {
			err = server.Start()
		}
		if err != nil {
			log.Fatal(err)
		}
		if err := server.CreateQueue(ctx, engine.QueueSpec{Name: "orders", Capacity: 100, Durable: true}); err != nil {
			log.Fatal(err)
		}
		client, err := broker.Dial(ctx, server.Address(), broker.ClientOptions{})
		if err != nil {
			log.Fatal(err)
		}
		answer, err := work(client)
		fmt.Println(answer.Status, answer.Subject, err)
		if err := client.Close(); err != nil {
			log.Fatal(err)
		}
		if err := server.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// OK order <nil>
	// OK order <nil>
}

// A subscription: handlers get what is published after it, in order.
func ExampleClient_Subscribe() {
	ctx := context.Background()
	server, err := broker.NewServer(broker.Port(0), broker.ServerOptions{})
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	if err := server.CreateTopic(ctx, "news"); err != nil {
		log.Fatal(err)
	}
	client, err := broker.Dial(ctx, server.Address(), broker.ClientOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	heard := make(chan string)
	if _, err := client.Subscribe(ctx, "news", func(m *wire.Message) { heard <- string(m.Payload) }); err != nil {
		log.Fatal(err)
	}
	for _, item := range []string{"rain", "sun"} {
		if _, err := client.Publish(ctx, "news", text("weather", item)); err != nil {
			log.Fatal(err)
		}
		fmt.Println(<-heard)
	}
	// Output:
	// rain
	// sun
}

// A consumer that acknowledges: what it gives back comes again, what it acknowledges does not.
func ExampleClient_Ack() {
	ctx := context.Background()
	server, err := broker.NewServer(broker.Port(0), broker.ServerOptions{AckDeadline: time.Minute, MaxDeliveries: 5})
	if err == nil {
		err = server.Start()
	}
	if err == nil {
		err = server.CreateQueue(ctx, engine.QueueSpec{Name: "orders", Capacity: 100})
	}
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := broker.Dial(ctx, server.Address(), broker.ClientOptions{Ack: broker.ClientAck})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Offer(ctx, "orders", "", 0, text("order", "one tea")); err != nil {
		log.Fatal(err)
	}
	for _, settle := range []func(context.Context, ...*wire.Message) ([]string, error){client.Nack, client.Ack} {
		order, err := client.Poll(ctx, "orders", time.Second)
		if err != nil {
			log.Fatal(err)
		}
		unknown, err := settle(ctx, order)
		fmt.Printf("%s %v %v\n", order.Payload, unknown, err)
	}
	order, err := client.Poll(ctx, "orders", 0)
	fmt.Println(order.Status, err)
	// Output:
	// one tea [] <nil>
	// one tea [] <nil>
	// QUEUE_EMPTY <nil>
}
