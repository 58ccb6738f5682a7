// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"encoding/binary"
	"fmt"
	"net"
	"testing"

	"gondola/broker/wire"
	"gondola/security"
)

// The first row of TestErrorCatalogue in full: every strict prefix of a frame, and every flag and length out of range,
// plain and sealed, before and behind a login. The connection is closed without an answer and others notice nothing.
// wire.TestClaimsTakeNoMemory watches what a claim allocates.
func TestBrokenFrames(t *testing.T) {
	open := startServer(t, ServerOptions{MaxMessageSize: 4096})
	users := security.NewUsers(security.StockForm)
	if err := users.AddUser("tom", "pw-tom", false); err != nil {
		t.Fatal(err)
	}
	users.SetDefaultAccess(security.Queue, security.AccessReadWrite)
	guarded := startServer(t, ServerOptions{MaxMessageSize: 4096, Encrypt: true, Authenticator: users})
	for _, c := range []struct {
		name    string
		s       *Server
		connect func(t *testing.T) *stockClient
		limits  wire.Limits
		login   ClientOptions
	}{
		{"plain", open, func(t *testing.T) *stockClient { return &stockClient{raw: dialRaw(t, open)} }, wire.DefaultLimits(4096), ClientOptions{}},
		{"before the login", guarded, func(t *testing.T) *stockClient { return &stockClient{raw: dialRaw(t, guarded)} }, anonymousLimits, login("tom")},
		{"sealed", guarded, func(t *testing.T) *stockClient { return loggedIn(t, guarded, role{name: "tom"}) }, wire.DefaultLimits(4096), login("tom")},
	} {
		t.Run(c.name, func(t *testing.T) {
			createQueue(t, c.s, "frames", 10)
			good := dial(t, c.s, c.login)
			frame := func(p *stockClient) []byte { return p.frameOf(rawOffer("frames", "cargo"), false) }
			refused := func(what string, change func(b []byte) []byte, ends bool) {
				t.Helper()
				p := c.connect(t)
				p.writeBytes(change(frame(p)))
				if ends {
					if err := p.nc.(*net.TCPConn).CloseWrite(); err != nil {
						t.Fatal(what, err)
					}
				}
				p.closed()
				p.nc.Close()
			}
			n := len(frame(c.connect(t)))
			step := 1
			if c.limits.MaxMeta == wire.MaxMetaLen && c.s == guarded {
				step = 7 // each has a key exchange and a login
			}
			for i := 1; i < n; i += step {
				refused(fmt.Sprint("prefix of ", i), func(b []byte) []byte { return b[:min(i, len(b)-1)] }, true)
			}
			for _, at := range []int{6, 7} {
				for _, flag := range []byte{2, 3, 0x7F, 0x80, 0xFF} {
					refused(fmt.Sprint("flag ", at, flag), func(b []byte) []byte { b[at] = flag; return b }, false)
				}
			}
			for _, l := range []struct {
				at     int
				length int64
			}{
				{8, -1}, {8, -1 << 31}, {8, int64(c.limits.MaxMeta) + 1}, {8, 1<<31 - 1}, {8, 0},
				{12, -1}, {12, -1 << 31}, {12, int64(c.limits.MaxData+c.limits.Drain) + 1}, {12, 1<<31 - 1},
			} {
				refused(fmt.Sprint("length ", l.at, l.length), func(b []byte) []byte {
					binary.BigEndian.PutUint32(b[l.at:], uint32(l.length))
					return b
				}, false)
			}
			if m := must[*wire.Message](t)(good.Poll(t.Context(), "frames", 0)); m.Status != wire.QueueEmpty {
				t.Errorf("a broken frame was served: %s", m.Status)
			}
			eventually(t, "only the good connection is left", func() bool { return c.s.Stats().Connections <= 2 })
		})
	}
}
