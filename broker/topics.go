// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"context"
	"errors"

	"gondola/broker/engine"
	"gondola/broker/wire"
	"gondola/security"
)

// CreateTopic makes a topic; an existing one stays. *ArgumentError for the name, *Error at the limit, which counts also when
// the topic exists (ipc-api.md 11).
func (s *Server) CreateTopic(ctx context.Context, name string) error {
	if err := ValidateName(TopicName, name); err != nil {
		return err
	}
	done, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if len(s.destinations().Topics()) >= s.opts.MaxTopics {
		return failure("Cannot create topic! Reached the limit of %d topics.", s.opts.MaxTopics)
	}
	created, err := s.destinations().CreateTopic(ctx, name)
	if err != nil {
		return &Error{Text: err.Error(), Cause: err}
	}
	if created {
		s.log.Info("Created topic", "topic", name)
	}
	return nil
}

// RemoveTopic forgets a topic; unknown names are fine. Subscriptions come back with a topic of the same name.
func (s *Server) RemoveTopic(ctx context.Context, name string) error {
	done, err := s.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := s.destinations().RemoveTopic(ctx, name); err != nil && !errors.Is(err, engine.ErrTopicNotFound) {
		return &Error{Text: err.Error(), Cause: err}
	}
	return nil
}

// HasTopic reports whether a topic exists.
func (s *Server) HasTopic(name string) bool {
	_, err := s.destinations().Topic(name)
	return err == nil
}

// topic finds the topic of a request, or refuses it.
func (c *conn) topic(m *wire.Message) (engine.Topic, bool) {
	if m.Destination == "" {
		c.incident(m, errNoDestination)
		return nil, false
	}
	t, err := c.s.engine.Topic(m.Destination)
	switch {
	case err == nil:
		return t, true
	case errors.Is(err, engine.ErrTopicNotFound):
		c.refuse(m, wire.TopicNotFound, "The topic %s does not exist!", m.Destination)
	default:
		c.incident(m, err)
	}
	return nil, false
}

// subscribe makes the connection a subscriber (wire-protocol.md 10.5). Subscribing again changes nothing.
func (c *conn) subscribe(m *wire.Message) {
	t, ok := c.topic(m)
	if !ok {
		return
	}
	name := m.Destination
	if !c.may(security.Read, security.Topic, name) {
		c.refuse(m, wire.NoPermission, "Not authenticated for topic subscription!")
		return
	}
	if c.topics[name] == nil {
		if c.topics == nil {
			c.topics = map[string]engine.Topic{}
			c.pushes = newPusher(c)
			c.out.progressed = c.pushes.bytesLeft
		}
		c.topics[name] = t
		c.countSubscription(1)
		t.Subscribe(c.id, func(ctx context.Context, m *wire.Message) { c.deliverPush(ctx, name, m) })
	}
	c.ok(m, "Subscribed to the topic.")
}

// countSubscription keeps the figures of the status: by is 1 after a new one, -1 before one goes.
func (c *conn) countSubscription(by int64) {
	c.s.stats.subscriptions.Add(by)
	if len(c.topics) == 1 {
		c.s.stats.subscribers.Add(by)
	}
}

// forgetTopic ends a subscription; without one it does nothing.
func (c *conn) forgetTopic(name string, t engine.Topic) {
	t.Unsubscribe(c.id)
	if c.topics[name] != nil {
		c.countSubscription(-1)
		delete(c.topics, name)
	}
}

// deliverPush runs on the publisher's goroutine. A principal that may not read any more is no subscriber any more (S11).
func (c *conn) deliverPush(ctx context.Context, topic string, m *wire.Message) {
	if !c.may(security.Read, security.Topic, topic) {
		if t, err := c.s.engine.Topic(topic); err == nil {
			t.Unsubscribe(c.id)
		}
		return
	}
	c.pushes.push(ctx, m)
}

func (c *conn) unsubscribe(m *wire.Message) {
	t, ok := c.topic(m)
	if !ok {
		return
	}
	c.forgetTopic(m.Destination, t)
	c.ok(m, "Unsubscribed from the topic.")
}

// publish hands the message to every subscriber's connection; from then on it is theirs.
func (c *conn) publish(m *wire.Message) {
	t, ok := c.topic(m)
	if !ok {
		return
	}
	if !c.may(security.Write, security.Topic, m.Destination) {
		c.refuse(m, wire.NoPermission, "Not authenticated for topic publication!")
		return
	}
	asked := *m
	m.Type, m.Status, m.Oneway, m.SubscriptionReply = wire.Request, wire.NullStatus, true, true
	c.s.stats.published.Add(1)
	var err error
	c.during(func() { _, err = t.Publish(c.s.base, m) })
	switch {
	case err == nil:
		c.ok(&asked, "Message has been enqued to publish.")
	case errors.Is(err, engine.ErrTopicNotFound):
		c.refuse(&asked, wire.TopicNotFound, "The topic %s does not exist!", m.Destination)
	default:
		c.incident(&asked, err)
	}
}
