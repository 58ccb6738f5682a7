// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"fmt"
	"testing"

	"gondola/broker/brokertest"
	"gondola/broker/wire"
)

// T50 for calls: the way is cut after any number of bytes, in either direction, in the handshake or in a frame. The caller
// gets an error or its own answer, never another one's.
func TestCutAnywhere(t *testing.T) {
	s := startServer(t, ServerOptions{MaxConnections: 1000})
	createFunction(t, s, "echo", echo)
	to := s.Address().dial()
	for _, ending := range []brokertest.Ending{brokertest.Cut, brokertest.Reset} {
		answered, failed := 0, 0
		for after := int64(0); after < 600; after += 3 {
			for _, back := range []bool{false, true} {
				var there, here brokertest.Path
				if back {
					here = brokertest.Path{End: ending, After: after}
				} else {
					there = brokertest.Path{End: ending, After: after}
				}
				p := brokertest.Start(t, to.network, to.address, there, here)
				c, err := Dial(t.Context(), Port(int64(p.Port())), ClientOptions{})
				if err != nil {
					failed++
					p.Close()
					continue
				}
				for i := range 4 {
					text := fmt.Sprint("request ", i)
					answer, err := c.Send(t.Context(), "echo", textMessage("", "s", text))
					if err != nil {
						failed++
						break
					}
					answered++
					if answer.Status != wire.OK || string(answer.Payload) != text {
						t.Errorf("cut after %d bytes: %s %q for %q", after, answer.Status, answer.Payload, text)
					}
				}
				c.Close()
				p.Close()
			}
		}
		if answered == 0 || failed == 0 {
			t.Errorf("%d calls were answered, %d failed: the cuts prove nothing", answered, failed)
		}
	}
	eventually(t, "the server has no connection left", func() bool { return s.Stats().Connections == 0 })
}
