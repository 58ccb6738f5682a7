// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package broker

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net"
	"slices"
	"testing"
	"time"

	"gondola/broker/wire"
	"gondola/security"
)

// The attack table (T40) without pinned keys and TLS, which are not built: against a relay between two honest peers the
// plain key agreement does not help (reliability.md 8.1).

// sealedPeer has agreed on a key, with counter nonces (S5) or random ones (S4).
func sealedPeer(t testing.TB, s *Server, counters bool) *stockClient {
	t.Helper()
	p := &stockClient{raw: dialRaw(t, s)}
	if counters {
		ask := newRequest(wire.ClientConfig, "")
		ask.Mimetype, ask.Payload = mimeJSON, []byte(`{"ackMode":"NO_ACKNOWLEDGE","features":["nonce"],"nonce":"counter"}`)
		p.write(ask)
		if m := p.read(); m.Status != wire.OK {
			t.Fatalf("%s %s", m.Status, m.Payload)
		}
	}
	exchange := newRequest(wire.KeyExchange, "")
	exchange.Mimetype, exchange.Charset = mimeText, utf8Name
	p.exchange(exchange)
	if counters {
		p.sealer.CountNonces(true)
	}
	return p
}

func (p *stockClient) writeBytes(b []byte) {
	p.t.Helper()
	if _, err := p.nc.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// segments are where the two segments of a frame are.
func segments(b []byte) (meta, data []byte) {
	n := int(b[8])<<24 | int(b[9])<<16 | int(b[10])<<8 | int(b[11])
	return b[wire.HeaderLen : wire.HeaderLen+n], b[wire.HeaderLen+n:]
}

// spliced is the header and meta of one frame with the data of another of the same size.
func spliced(a, b []byte) []byte {
	_, data := segments(b)
	meta, _ := segments(a)
	return slices.Concat(a[:wire.HeaderLen], meta, data)
}

// What an attacker on the path, or a peer, does to a server that encrypts. Each attack ends its connection without an
// answer to it, the queue has what was offered honestly and nothing else, and another client notices nothing. With random
// nonces an attacker can hold frames back, change their order or put fresh halves of two together: the wire has nothing
// against it (W5), so those rows are for counters only.
func TestAttacksOnServer(t *testing.T) {
	s := startServer(t, ServerOptions{Encrypt: true, MaxMessageSize: 4096})
	createQueue(t, s, "q", 100)
	createFunction(t, s, "echo", echo)
	good := dial(t, s, ClientOptions{})
	accepted := func(p *stockClient, b []byte) {
		p.t.Helper()
		p.writeBytes(b)
		expect(p.t, p.read(), wire.OK, "Offered the message to the queue q")
	}
	for _, c := range []struct {
		name         string
		countersOnly bool
		offered      int // honestly
		attack       func(p *stockClient)
	}{
		{"replay", false, 1, func(p *stockClient) {
			b := p.frameOf(rawOffer("q", "one"), false)
			accepted(p, b)
			p.writeBytes(b)
		}},
		{"replay behind others", false, 3, func(p *stockClient) {
			b := p.frameOf(rawOffer("q", "one"), false)
			accepted(p, b)
			accepted(p, p.frameOf(rawOffer("q", "two"), false))
			accepted(p, p.frameOf(rawOffer("q", "two"), false))
			p.writeBytes(b)
		}},
		{"splice of frames that have been sent", false, 2, func(p *stockClient) {
			a, b := p.frameOf(rawOffer("q", "one"), false), p.frameOf(rawOffer("q", "two"), false)
			accepted(p, a)
			accepted(p, b)
			p.writeBytes(spliced(a, b))
		}},
		{"splice of a fresh meta with data that has been sent", false, 1, func(p *stockClient) {
			a := p.frameOf(rawOffer("q", "one"), false)
			accepted(p, a)
			p.writeBytes(spliced(p.frameOf(rawOffer("q", "two"), false), a))
		}},
		{"splice of two fresh frames", true, 0, func(p *stockClient) {
			p.writeBytes(spliced(p.frameOf(rawOffer("q", "one"), false), p.frameOf(rawOffer("q", "two"), false)))
		}},
		{"reorder", true, 0, func(p *stockClient) {
			a, b := p.frameOf(rawOffer("q", "one"), false), p.frameOf(rawOffer("q", "two"), false)
			p.writeBytes(slices.Concat(b, a))
		}},
		{"drop", true, 0, func(p *stockClient) {
			p.frameOf(rawOffer("q", "one"), false)
			p.writeBytes(p.frameOf(rawOffer("q", "two"), false))
		}},
		{"reflect", false, 1, func(p *stockClient) { // the answer of the server goes back to it
			p.writeBytes(p.frameOf(rawOffer("q", "one"), false))
			var b bytes.Buffer
			p.r = wire.NewReader(io.TeeReader(p.nc, &b), wire.DefaultLimits(4096))
			p.r.SetSealer(p.sealer)
			expect(p.t, p.read(), wire.OK, "Offered the message to the queue q")
			p.writeBytes(b.Bytes())
		}},
		{"a frame of another connection", false, 1, func(p *stockClient) {
			other := sealedPeer(p.t, s, false)
			b := other.frameOf(rawOffer("q", "one"), false)
			accepted(other, b)
			p.writeBytes(b)
		}},
		{"a plain frame behind the key exchange", false, 0, func(p *stockClient) { p.write(rawOffer("q", "one")) }},
		{"a sealed frame before it", false, 0, func(p *stockClient) {
			sealed := p.frameOf(rawOffer("q", "one"), false)
			p.raw = dialRaw(p.t, s)
			p.writeBytes(sealed)
		}},
		{"an empty sealed data segment", false, 0, func(p *stockClient) {
			b := p.frameOf(rawOffer("q", ""), false)
			copy(b[12:], []byte{0, 0, 0, 0})
			p.writeBytes(b[:len(b)-wire.SealOverhead])
		}},
		{"a type that only a server sends", false, 0, nil},
	} {
		for _, counters := range []bool{false, true} {
			if c.countersOnly && !counters {
				continue
			}
			name := c.name + map[bool]string{false: ", random nonces", true: ", counters"}[counters]
			t.Run(name, func(t *testing.T) {
				p := sealedPeer(t, s, counters)
				if c.attack == nil { // S4: refused, and the connection goes on
					p.writeBytes(p.frameOf(newRequest(wire.Response, ""), false))
					expect(t, p.read(), wire.BadRequest, "Invalid request type: RESPONSE")
				} else {
					c.attack(p)
					p.closed()
				}
				for range c.offered {
					if m := must[*wire.Message](t)(good.Poll(t.Context(), "q", 0)); m.Status != wire.OK {
						t.Errorf("an honest offer is not there: %s", m.Status)
					}
				}
				expect(t, must[*wire.Message](t)(good.Poll(t.Context(), "q", 0)), wire.QueueEmpty, "Poll from queue q rejected! The queue is empty.")
				expect(t, must[*wire.Message](t)(good.Send(t.Context(), "echo", textMessage("", "s", "still here"))), wire.OK, "still here")
			})
		}
	}
}

// Every bit of a sealed frame, turned: no frame opens, whatever its nonces are.
func TestEveryTamperedBit(t *testing.T) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	for _, counters := range []bool{false, true} {
		for _, compress := range []bool{false, true} {
			sealer := func(client bool) *security.Sealer {
				s := must[*security.Sealer](t)(security.NewSealer(key))
				if counters {
					s.CountNonces(client)
				}
				return s
			}
			m := rawOffer("q", "cargo")
			b := must[[]byte](t)(wire.AppendFrame(nil, m, compress, sealer(true)))
			if got, _, err := wire.ParseFrame(b, wire.DefaultLimits(4096), sealer(false)); err != nil || string(got.Payload) != "cargo" {
				t.Fatal("untouched: ", err)
			}
			for bit := range 8 * len(b) {
				b[bit/8] ^= 1 << (bit % 8)
				_, _, err := wire.ParseFrame(b, wire.DefaultLimits(4096), sealer(false))
				longer := bit/8 >= 8 && bit/8 < wire.HeaderLen && errors.Is(err, io.ErrUnexpectedEOF) // of a length: more is awaited
				if !errors.Is(err, wire.ErrMalformed) && !longer {
					t.Errorf("counters %v, compressed %v: bit %d of byte %d: %v", counters, compress, bit%8, bit/8, err)
				}
				b[bit/8] ^= 1 << (bit % 8)
			}
		}
	}
}

// Bits of each field of a frame turned on the way to a server, which closes that connection and no other.
func TestTamperedOnTheWay(t *testing.T) {
	s := startServer(t, ServerOptions{Encrypt: true, MaxMessageSize: 4096})
	createQueue(t, s, "q", 10)
	createFunction(t, s, "echo", echo)
	good := dial(t, s, ClientOptions{})
	for _, counters := range []bool{false, true} {
		for _, at := range []int{0, 1, 2, 5, 6, 7, 8, 12, 16, 27, 28, 60, -1, -16, -17, -29, -30} {
			p := sealedPeer(t, s, counters)
			b := p.frameOf(rawOffer("q", "cargo"), false)
			b[(at+len(b))%len(b)] ^= 0x80
			p.writeBytes(b)
			p.closed()
			expect(t, must[*wire.Message](t)(good.Send(t.Context(), "echo", textMessage("", "s", "still here"))), wire.OK, "still here")
		}
	}
	if st, _ := s.QueueStatus("q"); st.Size != 0 {
		t.Errorf("%d messages were taken", st.Size)
	}
	eventually(t, "only the good connection is left", func() bool { return s.Stats().Connections == 1 })
}

// publicKey is a key text with a public value of choice, made out of a real one.
func publicKey(t *testing.T, y func(p *big.Int) *big.Int) string {
	t.Helper()
	var k struct {
		Algorithm struct {
			OID    asn1.ObjectIdentifier
			Params struct {
				P, G *big.Int
				L    int `asn1:"optional"`
			}
		}
		Y asn1.BitString
	}
	der := must[[]byte](t)(base64.StdEncoding.DecodeString(must[*security.KeyPair](t)(security.NewKeyPair()).Public()))
	if _, err := asn1.Unmarshal(der, &k); err != nil {
		t.Fatal(err)
	}
	value := must[[]byte](t)(asn1.Marshal(y(k.Algorithm.Params.P)))
	k.Y = asn1.BitString{Bytes: value, BitLength: 8 * len(value)}
	return base64.StdEncoding.EncodeToString(must[[]byte](t)(asn1.Marshal(k)))
}

// Public values that make a shared secret known, and second exchanges, are refused with the text of wire-protocol.md 6.4; the
// connection goes on as it was.
func TestAttacksOnKeyExchange(t *testing.T) {
	s := startServer(t, ServerOptions{})
	const noSecret = "Failed to exchange Diffie-Hellman key! Reason: Failed to create Diffie-Hellman shared secret"
	const twice = "Error: Diffie-Hellman key already exchanged!"
	add := func(n int64) func(p *big.Int) *big.Int {
		return func(p *big.Int) *big.Int { return new(big.Int).Add(p, big.NewInt(n)) }
	}
	number := func(n int64) func(p *big.Int) *big.Int { return func(*big.Int) *big.Int { return big.NewInt(n) } }
	exchange := func(key string) *wire.Message {
		m := newRequest(wire.KeyExchange, "")
		m.Mimetype, m.Charset, m.Payload = mimeText, utf8Name, []byte(key)
		return m
	}
	for name, key := range map[string]string{
		"y = 0": publicKey(t, number(0)), "y = 1": publicKey(t, number(1)), "y = p-1": publicKey(t, add(-1)), "y = p": publicKey(t, add(0)),
		"no key": "AAAA", "nothing": "",
	} {
		t.Run(name, func(t *testing.T) {
			p := dialRaw(t, s)
			p.write(exchange(key), exchange(publicKey(t, number(4))))
			expect(t, p.read(), wire.KeyExchangeNAK, noSecret)
			expect(t, p.read(), wire.KeyExchangeNAK, twice) // also after a failed one
			p.quiet()                                       // in the clear
		})
	}
	t.Run("a second exchange", func(t *testing.T) {
		p := sealedPeer(t, s, false)
		m := exchange(publicKey(t, number(4)))
		p.request(m, false)
		p.r.SetSealer(nil)
		expect(t, p.read(), wire.KeyExchangeNAK, twice)
		p.r.SetSealer(p.sealer)
		p.request(newRequest(wire.Heartbeat, ""), false) // the first key goes on
		expect(t, p.read(), wire.OK, "")
	})
	t.Run("a second exchange in the clear", func(t *testing.T) {
		p := sealedPeer(t, s, false)
		p.write(exchange(publicKey(t, number(4))))
		p.closed()
	})
}

// hostileServer plays a server on one connection: it answers the configuration request, agrees on a key, and leaves the rest
// to the test. got is all that the client has sent.
type hostileServer struct {
	t      *testing.T
	nc     net.Conn
	r      *wire.Reader
	sealer *security.Sealer
	got    bytes.Buffer
}

// read returns the next request.
func (h *hostileServer) read() *wire.Message {
	m, err := h.r.Read()
	if err != nil {
		return nil
	}
	return m
}

func (h *hostileServer) write(m *wire.Message, sealer wire.Sealer) []byte {
	b, err := wire.AppendFrame(nil, m, false, sealer)
	if err != nil {
		h.t.Error(err)
	}
	h.nc.Write(b) // the client may have gone
	return b
}

// open leads the handshake up to the key.
func (h *hostileServer) open(config string) bool {
	for {
		m := h.read()
		switch {
		case m == nil:
			return false
		case m.Type == wire.ClientConfig:
			a := answerTo(m, wire.OK)
			a.Mimetype, a.Charset, a.Payload = mimeJSON, utf8Name, []byte(config)
			h.write(a, nil)
		case m.Type == wire.KeyExchange:
			public, sealer, err := agree(string(m.Payload))
			if err != nil {
				h.t.Error(err)
				return false
			}
			a := answerTo(m, wire.KeyExchangeACK)
			a.Mimetype, a.Charset, a.Payload = mimeText, utf8Name, []byte(public)
			h.write(a, nil)
			if bytes.Contains([]byte(config), []byte(`"nonce"`)) {
				sealer.CountNonces(false)
			}
			h.sealer = sealer
			h.r.SetSealer(sealer)
			return true
		default:
			h.t.Errorf("%s before the key exchange", m.Type)
			return false
		}
	}
}

// hostile starts one; play runs when a client has connected.
func hostile(t *testing.T, play func(h *hostileServer)) Address {
	t.Helper()
	l := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(testPatience))
		h := &hostileServer{t: t, nc: nc}
		h.r = wire.NewReader(io.TeeReader(nc, &h.got), wire.DefaultLimits(wire.DefaultMaxMessage))
		play(h)
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return Port(int64(l.Addr().(*net.TCPAddr).Port))
}

// What a server or somebody on the path does to our client: it never takes what is not the answer to its own open request,
// once, and ends the connection where the frame itself is wrong.
func TestAttacksOnClient(t *testing.T) {
	answer := func(m *wire.Message, text string) *wire.Message {
		a := answerTo(m, wire.OK)
		a.Mimetype, a.Charset, a.Payload = mimeText, utf8Name, []byte(text)
		return a
	}
	for _, c := range []struct {
		name string
		play func(h *hostileServer) // behind the handshake
		ok   []bool                 // whether each of the calls gets its answer
	}{
		{"reflect", func(h *hostileServer) {
			before := h.got.Len()
			h.read()
			h.nc.Write(h.got.Bytes()[before:])
			io.Copy(io.Discard, h.nc)
		}, []bool{false, false}},
		{"replay", func(h *hostileServer) {
			b := h.write(answer(h.read(), "1"), h.sealer)
			h.read()
			h.nc.Write(b)
			io.Copy(io.Discard, h.nc)
		}, []bool{true, false}},
		{"a plain answer", func(h *hostileServer) {
			h.write(answer(h.read(), "1"), nil)
			io.Copy(io.Discard, h.nc)
		}, []bool{false, false}},
		{"an answer of another key", func(h *hostileServer) {
			other, err := security.NewSealer(make([]byte, 32))
			if err != nil {
				h.t.Error(err)
			}
			h.write(answer(h.read(), "1"), other)
			io.Copy(io.Discard, h.nc)
		}, []bool{false, false}},
		{"answers to nobody's and to answered requests", func(h *hostileServer) {
			one := h.read()
			h.write(answer(newRequest(wire.Request, "f"), "forged"), h.sealer)
			h.write(answer(one, "1"), h.sealer)
			h.write(answer(one, "late"), h.sealer)
			h.write(answer(h.read(), "2"), h.sealer)
			io.Copy(io.Discard, h.nc)
		}, []bool{true, true}},
		{"a request instead of an answer", func(h *hostileServer) {
			one := h.read()
			forged := answer(one, "forged")
			forged.Type = wire.Request
			h.write(forged, h.sealer)
			h.write(answer(one, "1"), h.sealer)
			h.write(answer(h.read(), "2"), h.sealer)
			io.Copy(io.Discard, h.nc)
		}, []bool{true, true}},
	} {
		for _, nonce := range []string{"", `,"nonce":"counter","features":["nonce"]`} {
			t.Run(c.name+nonce, func(t *testing.T) {
				to := hostile(t, func(h *hostileServer) {
					if h.open(`{"max-msg-size":4096,"encrypt":true` + nonce + `}`) {
						c.play(h)
					}
				})
				client := must[*Client](t)(Dial(t.Context(), to, ClientOptions{}))
				defer client.Close()
				for i, ok := range c.ok {
					m, err := client.Send(t.Context(), "f", textMessage("", "s", "x"))
					switch {
					case ok && err != nil:
						t.Errorf("call %d: %v", i+1, err)
					case ok && string(m.Payload) != string(rune('1'+i)):
						t.Errorf("call %d: the answer %q", i+1, m.Payload)
					case !ok && err == nil:
						t.Errorf("call %d is answered: %q", i+1, m.Payload)
					}
				}
			})
		}
	}
}

// Downgrade (S2): whatever a forged configuration says, credentials never leave in the clear.
func TestDowngrade(t *testing.T) {
	for name, config := range map[string]string{
		"encryption is said to be off": `{"max-msg-size":4096,"encrypt":false,"authentication":true}`,
		"nothing is said":              `{"authentication":true}`,
		"no login":                     `{"encrypt":false,"authentication":false}`,
	} {
		for _, refuses := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				sent := make(chan []byte, 1)
				to := hostile(t, func(h *hostileServer) {
					defer func() { sent <- bytes.Clone(h.got.Bytes()) }()
					if !refuses {
						if h.open(config) {
							h.read()
						}
						return
					}
					for m := h.read(); m != nil; m = h.read() {
						a := answerTo(m, wire.OK)
						a.Mimetype, a.Charset, a.Payload = mimeJSON, utf8Name, []byte(config)
						if m.Type == wire.KeyExchange {
							a.Status, a.Mimetype, a.Payload = wire.KeyExchangeNAK, mimeText, []byte("no keys here")
						}
						h.write(a, nil)
					}
				})
				c, err := Dial(t.Context(), to, ClientOptions{User: "tom", Password: "open sesame"})
				if err == nil {
					c.Close()
				}
				if err == nil && refuses {
					t.Error("the client is open without a key")
				}
				if b := await(t, sent); bytes.Contains(b, []byte("open sesame")) || bytes.Contains(b, []byte("tom")) {
					t.Errorf("credentials in the clear: %q", b)
				}
			})
		}
	}
}

// T39: the answers to failed logins are the same, byte for byte, whoever does not log in; security.TestEnumeration counts what
// they cost.
func TestEnumerationByAnswers(t *testing.T) {
	s, _ := encrypted(t, ServerOptions{})
	var want []byte
	for i, credentials := range []string{"tom\nguess", "eve\nguess", "boss\npw-tom", "\nguess", "tom", "tom\nguess\nmore", "tom\n" + string(bytesOf('x', 51))} {
		p := sealedPeer(t, s, false)
		m := newRequest(wire.Authentication, "")
		m.Payload = []byte(credentials)
		p.request(m, false)
		got := *p.read()
		got.ID, got.Timestamp = [16]byte{}, 1
		b := must[[]byte](t)(wire.AppendFrame(nil, &got, false, nil))
		if i == 0 {
			want = b
			expect(t, &got, wire.NoPermission, "")
		}
		if !bytes.Equal(b, want) {
			t.Errorf("%q: %q, want %q", credentials, b, want)
		}
	}
}
