// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"time"

	"gondola/broker/engine"
	"gondola/broker/wire"
)

type Client struct{}
type Call struct{}

func (c *Call) Done() <-chan struct{}          { panic("not built yet") }
func (c *Call) Result() (*wire.Message, error) { panic("not built yet") }

func Dial(ctx context.Context, addr Address, opts ClientOptions) (*Client, error) {
	panic("not built yet")
}
func (c *Client) Clone(ctx context.Context) (*Client, error) { panic("not built yet") }
func (c *Client) Close() error                               { panic("not built yet") }
func (c *Client) Running() bool                              { panic("not built yet") }
func (c *Client) Address() Address                           { panic("not built yet") }
func (c *Client) MaxMessageSize() int                        { panic("not built yet") }
func (c *Client) Send(ctx context.Context, function string, m *wire.Message) (*wire.Message, error) {
	panic("not built yet")
}
func (c *Client) SendAsync(ctx context.Context, function string, m *wire.Message) (*Call, error) {
	panic("not built yet")
}
func (c *Client) SendOneway(ctx context.Context, function string, m *wire.Message) error {
	panic("not built yet")
}
func (c *Client) Offer(ctx context.Context, queue, replyTo string, wait time.Duration, m *wire.Message) (*wire.Message, error) {
	panic("not built yet")
}
func (c *Client) OfferAsync(ctx context.Context, queue, replyTo string, wait time.Duration, m *wire.Message) (*Call, error) {
	panic("not built yet")
}
func (c *Client) Poll(ctx context.Context, queue string, wait time.Duration) (*wire.Message, error) {
	panic("not built yet")
}
func (c *Client) PollAsync(ctx context.Context, queue string, wait time.Duration) (*Call, error) {
	panic("not built yet")
}
func (c *Client) Publish(ctx context.Context, topic string, m *wire.Message) (*wire.Message, error) {
	panic("not built yet")
}
func (c *Client) PublishAsync(ctx context.Context, topic string, m *wire.Message) (*Call, error) {
	panic("not built yet")
}
func (c *Client) CreateTemporaryQueue(ctx context.Context, capacity int) (string, error) {
	panic("not built yet")
}
func (c *Client) Test(ctx context.Context, payload []byte) (*wire.Message, error) {
	panic("not built yet")
}
func (c *Client) CreateQueue(ctx context.Context, spec engine.QueueSpec) error {
	panic("not built yet")
}
func (c *Client) RemoveQueue(ctx context.Context, name string) error { panic("not built yet") }
func (c *Client) QueueStatus(ctx context.Context, name string) (st engine.QueueStatus, exists bool, err error) {
	panic("not built yet")
}
func (c *Client) CreateTopic(ctx context.Context, name string) error        { panic("not built yet") }
func (c *Client) RemoveTopic(ctx context.Context, name string) error        { panic("not built yet") }
func (c *Client) HasTopic(ctx context.Context, name string) (bool, error)   { panic("not built yet") }
func (c *Client) ServerStatus(ctx context.Context) (json []byte, err error) { panic("not built yet") }
func (c *Client) ThreadPoolStatistics(ctx context.Context) (json []byte, err error) {
	panic("not built yet")
}
