// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package ipcmod

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"

	"gondola/broker"
	"gondola/broker/wire"
	"gondola/lisp/eval"
	"gondola/lisp/value"
)

const messageClass = "com.github.jlangch.venice.util.ipc.IMessage"

var messageType = &value.Type{Name: "com.github.jlangch.venice.util.ipc.impl.Message"}

// message is a message as scripts hold it. It is fixed once made.
type message struct {
	*wire.Message
	blankID bool // the request id is "" rather than nil: only until the message travels (ipc-api.md 3.1)
}

func wrap(m *wire.Message) value.Value { return value.NewHost(messageType, &message{Message: m}).Val() }

// messageTable: ipc-api.md 2.3. None of these blocks or needs a connection.
var messageTable = eval.Table{
	{Name: "ipc/plain-text-message", Min: 3, Max: 6, Fn: plainTextMessage,
		Forms: "(ipc/plain-text-message request-id topic text)\n(ipc/plain-text-message request-id topic text durable)\n(ipc/plain-text-message request-id topic text durable expires-at)\n(ipc/plain-text-message request-id topic text durable expires-val expires-unit)",
		Doc:   "Makes a text message of mimetype text/plain in UTF-8. request-id may be nil; text that is no string is printed readably; expires-at is in ms since the epoch, or a number of :seconds, :minutes …"},
	{Name: "ipc/text-message", Min: 5, Max: 8, Fn: textMessage,
		Forms: "(ipc/text-message request-id topic mimetype charset text)\n(ipc/text-message request-id topic mimetype charset text durable)\n(ipc/text-message request-id topic mimetype charset text durable expires-at)\n(ipc/text-message request-id topic mimetype charset text durable expires-val expires-unit)",
		Doc:   "Makes a text message. charset is a keyword: :UTF-8, :UTF-16, :UTF-16BE, :UTF-16LE, :ISO-8859-1 or :US-ASCII."},
	{Name: "ipc/binary-message", Min: 4, Max: 7, Fn: binaryMessage,
		Forms: "(ipc/binary-message request-id topic mimetype data)\n(ipc/binary-message request-id topic mimetype data durable)\n(ipc/binary-message request-id topic mimetype data durable expires-at)\n(ipc/binary-message request-id topic mimetype data durable expires-val expires-unit)",
		Doc:   "Makes a binary message of a bytebuf, which is copied."},
	{Name: "ipc/venice-message", Min: 3, Max: 6, Fn: veniceMessage,
		Forms: "(ipc/venice-message request-id topic data)\n(ipc/venice-message request-id topic data durable)\n(ipc/venice-message request-id topic data durable expires-at)\n(ipc/venice-message request-id topic data durable expires-val expires-unit)",
		Doc:   "Makes a message of any data, written as JSON. The topic keeps to the rules of destination names."},
	{Name: "ipc/message-field", Min: 2, Max: 2, Fn: messageField, Forms: "(ipc/message-field message field)",
		Doc: "A field of a message: :id :type :oneway? :durable? :response-status :timestamp :expires-at :request-id :subject :topic :destination-name :reply-to-queue-name :payload-mimetype :payload-charset :payload-text :payload-binary :payload-venice."},
	{Name: "ipc/message-expired?", Min: 1, Max: 1, Fn: test(func(m *message) bool { return m.Expired(time.Now().UnixMilli()) }), Forms: "(ipc/message-expired? message)", Doc: "Whether the message has an expiry time that has passed."},
	{Name: "ipc/oneway?", Min: 1, Max: 1, Fn: test(func(m *message) bool { return m.Oneway }), Forms: "(ipc/oneway? message)", Doc: "Whether the message wants no answer; true for every response."},
	{Name: "ipc/response-ok?", Min: 1, Max: 1, Fn: test(func(m *message) bool { return m.Status == wire.OK }), Forms: "(ipc/response-ok? message)", Doc: "Whether the response status is :OK."},
	{Name: "ipc/response-err?", Min: 1, Max: 1, Fn: test(func(m *message) bool { return m.Status != wire.OK && m.Status != wire.NullStatus }), Forms: "(ipc/response-err? message)", Doc: "Whether the response status is an error."},
	{Name: "ipc/message-size", Min: 1, Max: 1, Fn: messageSize, Forms: "(ipc/message-size message)", Doc: "The bytes of header, meta data and payload on the wire, and their sum."},
	{Name: "ipc/message->map", Min: 1, Max: 1, Fn: messageMap, Forms: "(ipc/message->map message)", Doc: "The message as an ordered map."},
	{Name: "ipc/message->json", Min: 1, Max: 2, Fn: messageJSON, Forms: "(ipc/message->json message)\n(ipc/message->json pretty message)", Doc: "The message as JSON, on one line or pretty."},
}

func takeMessage(in *eval.Args) *message { return eval.Host[*message](in, messageClass) }

func test(f func(*message) bool) func(*eval.Thread, *eval.Args) (value.Value, error) {
	return func(_ *eval.Thread, in *eval.Args) (value.Value, error) {
		m := takeMessage(in)
		if err := in.Done(); err != nil {
			return value.Nil, err
		}
		return value.Bool(f(m)), nil
	}
}

// head takes request id and subject, which all constructors begin with.
func head(in *eval.Args) (*message, string) {
	id, _ := in.StrOrNil()
	m := &message{Message: &wire.Message{
		ID: uuid.New(), Type: wire.NullType, Status: wire.NullStatus, Timestamp: time.Now().UnixMilli(),
		ExpiresAt: wire.Never, Timeout: 300, RequestID: id,
	}}
	subject := in.Str()
	m.Subject = subject
	return m, subject
}

// finish takes what all constructors end with: durable and expiry. It checks lengths and wraps the message.
func finish(in *eval.Args, m *message, hasID bool) (value.Value, error) {
	if in.Left() > 0 {
		if in.Peek().IsNil() {
			in.Value()
		} else {
			m.Durable = in.Bool()
		}
	}
	if in.Left() > 0 {
		m.ExpiresAt = expiry(in)
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if tooLong(m.Subject, 100) {
		return value.Nil, value.Throwf(value.IllegalArgument, "A subject is limited to 100characters!")
	}
	if tooLong(m.Mimetype, 100) {
		return value.Nil, value.Throwf(value.IllegalArgument, "A mimetype is limited to 100characters!")
	}
	m.blankID = hasID && m.RequestID == ""
	return value.NewHost(messageType, m).Val(), nil
}

func tooLong(s string, most int) bool {
	return len(s) > most && len(utf16.Encode([]rune(s))) > most
}

// expiry takes expires-at, or a number and a unit.
func expiry(in *eval.Args) int64 {
	if in.Left() == 1 {
		v := in.Peek()
		if v.IsNil() {
			in.Value()
			return wire.Never
		}
		return max(in.Long(), wire.Never)
	}
	none := in.Peek().IsNil()
	n := int64(0)
	if none {
		in.Value()
	} else {
		n = in.Long()
	}
	unit := in.Keyword()
	at, ok := plus(time.Now(), n, unit)
	if !ok {
		in.Fail(value.Errorf("Function 'time/plus' invalid time unit %s", unit))
	}
	if none {
		return wire.Never
	}
	return at.UnixMilli()
}

func hasRequestID(in *eval.Args) bool { return !in.Peek().IsNil() }

// textOf is the text of a payload: strings and keywords as they are, anything else printed readably.
func textOf(th *eval.Thread, v value.Value) (string, error) {
	if s, ok := value.StringOrKeyword(v); ok {
		return s, nil
	}
	p := value.Printer{Readable: true, Caller: th}
	p.Print(v)
	return p.Text()
}

func plainTextMessage(th *eval.Thread, in *eval.Args) (value.Value, error) {
	hasID := hasRequestID(in)
	m, _ := head(in)
	text, err := textOf(th, in.Value())
	if err != nil {
		return value.Nil, err
	}
	m.Mimetype, m.Charset, m.Payload = "text/plain", "UTF-8", []byte(value.ToUTF8(text))
	return finish(in, m, hasID)
}

func textMessage(th *eval.Thread, in *eval.Args) (value.Value, error) {
	hasID := hasRequestID(in)
	m, _ := head(in)
	m.Mimetype, m.Charset = in.Str(), in.Keyword()
	text, err := textOf(th, in.Value())
	if err != nil {
		return value.Nil, err
	}
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	data, ok := encode(m.Charset, text)
	if !ok {
		return value.Nil, value.NewException(value.UnsupportedCharset, m.Charset)
	}
	m.Payload = data
	return finish(in, m, hasID)
}

func binaryMessage(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	hasID := hasRequestID(in)
	m, _ := head(in)
	m.Mimetype = in.Str()
	if b := in.ByteBuf(); b != nil {
		m.Payload = append([]byte{}, b.B[:b.Lim]...) // bytebufs are mutable, payloads are not (B13)
	}
	return finish(in, m, hasID)
}

func veniceMessage(th *eval.Thread, in *eval.Args) (value.Value, error) {
	hasID := hasRequestID(in)
	m, subject := head(in)
	data := in.Value()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	if err := broker.ValidateName(broker.TopicName, subject); err != nil {
		return value.Nil, exception(err)
	}
	text, err := writeJSON(th, data, false)
	if err != nil {
		return value.Nil, err
	}
	m.Mimetype, m.Charset, m.Payload = mimeJSON, "UTF-8", []byte(text)
	return finish(in, m, hasID)
}

func optional(s string) value.Value {
	if s == "" {
		return value.Nil
	}
	return value.String(s)
}

func (m *message) requestID() value.Value {
	if m.blankID {
		return value.String("")
	}
	return optional(m.RequestID)
}

func (m *message) expiresAt() value.Value {
	if m.ExpiresAt < 0 {
		return value.Nil
	}
	return value.Long(m.ExpiresAt)
}

func (m *message) bytes() value.Value {
	return value.NewByteBuf(append([]byte{}, m.Payload...)).Val()
}

// fields are the accessors of ipc-api.md 3.10; :topic is the subject as a keyword (19.2, P1).
var fields = map[string]func(m *message) (value.Value, error){
	"id":                  func(m *message) (value.Value, error) { return value.String(m.ID.String()), nil },
	"type":                func(m *message) (value.Value, error) { return value.Kw(m.Type.String()), nil },
	"response-status":     func(m *message) (value.Value, error) { return value.Kw(m.Status.String()), nil },
	"oneway?":             func(m *message) (value.Value, error) { return value.Bool(m.Oneway), nil },
	"durable?":            func(m *message) (value.Value, error) { return value.Bool(m.Durable), nil },
	"timestamp":           func(m *message) (value.Value, error) { return value.Long(m.Timestamp), nil },
	"expires-at":          func(m *message) (value.Value, error) { return m.expiresAt(), nil },
	"request-id":          func(m *message) (value.Value, error) { return m.requestID(), nil },
	"subject":             func(m *message) (value.Value, error) { return value.String(m.Subject), nil },
	"topic":               func(m *message) (value.Value, error) { return value.Kw(m.Subject), nil },
	"destination-name":    func(m *message) (value.Value, error) { return optional(m.Destination), nil },
	"reply-to-queue-name": func(m *message) (value.Value, error) { return optional(m.ReplyTo), nil },
	"payload-mimetype":    func(m *message) (value.Value, error) { return value.String(m.Mimetype), nil },
	"payload-charset": func(m *message) (value.Value, error) {
		if m.Charset == "" {
			return value.Nil, nil
		}
		return value.Kw(m.Charset), nil
	},
	"payload-text": func(m *message) (value.Value, error) {
		if m.Charset == "" {
			return value.Nil, nil
		}
		text, err := m.text()
		return value.String(text), err
	},
	"payload-binary": func(m *message) (value.Value, error) { return m.bytes(), nil },
	"payload-venice": func(m *message) (value.Value, error) { return m.venice() },
}

func messageField(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	m, name := takeMessage(in), in.Keyword()
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	f := fields[name]
	if f == nil {
		return value.Nil, value.Errorf("Invalid message field name :%s", name)
	}
	return f(m)
}

// BeanProperty gives scripts (:subject m) and its like.
func (m *message) BeanProperty(name string) (value.Value, bool) {
	alias := map[string]string{"requestId": "request-id", "responseStatus": "response-status", "expiresAt": "expires-at",
		"mimetype": "payload-mimetype", "charset": "payload-charset", "text": "payload-text", "oneway": "oneway?", "durable": "durable?",
		"destinationName": "destination-name", "replyToQueueName": "reply-to-queue-name"}
	if full, ok := alias[name]; ok {
		name = full
	}
	f := fields[name]
	if f == nil {
		return value.Nil, false
	}
	v, err := f(m)
	return v, err == nil
}

func messageSize(_ *eval.Thread, in *eval.Args) (value.Value, error) {
	m := takeMessage(in)
	if err := in.Done(); err != nil {
		return value.Nil, err
	}
	long := func(n int) value.Value { return value.Long(int64(n)) }
	return value.NewOrderedMap(
		value.Kw("header"), long(wire.HeaderLen), value.Kw("payload-meta"), long(m.MetaLen()),
		value.Kw("payload-data"), long(len(m.Payload)), value.Kw("total"), long(m.Size())).Val(), nil
}

// String is the printed form, 15 lines (ipc-api.md 3.9).
func (m *message) String() string {
	dash := func(s string) string {
		if s == "" {
			return "-"
		}
		return s
	}
	expires := "never"
	if m.ExpiresAt >= 0 {
		expires = isoTime(m.ExpiresAt)
	}
	timeout := "-"
	if m.Timeout >= 0 {
		timeout = fmt.Sprintf("%dms", m.Timeout)
	}
	id := dash(m.RequestID)
	if m.blankID {
		id = ""
	}
	var b strings.Builder
	for i, l := range [][2]string{
		{"Id", m.ID.String()}, {"Request Id", id}, {"Type", m.Type.String()}, {"Durable", fmt.Sprint(m.Durable)},
		{"Response", m.Status.String()}, {"Oneway", fmt.Sprint(m.Oneway)}, {"Destination", dash(m.Destination)},
		{"Reply Queue", dash(m.ReplyTo)}, {"Timestamp", isoTime(m.Timestamp)}, {"ExpiresAt", expires}, {"Timeout", timeout},
		{"Subject", m.Subject}, {"Mimetype", m.Mimetype}, {"Charset", dash(m.Charset)}, {"Data", m.shortData()},
	} {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%-12s %s", l[0]+":", l[1])
	}
	return b.String()
}

// isoTime leaves out seconds and fraction when they are zero.
func isoTime(ms int64) string {
	t := time.UnixMilli(ms)
	switch {
	case t.Nanosecond() != 0:
		return t.Format("2006-01-02T15:04:05.000")
	case t.Second() != 0:
		return t.Format("2006-01-02T15:04:05")
	}
	return t.Format("2006-01-02T15:04")
}

func (m *message) shortData() string {
	if m.Charset == "" {
		switch n := len(m.Payload); {
		case n < 10240:
			return fmt.Sprintf("%dB", n)
		case n < 10<<20:
			return fmt.Sprintf("%dKB", n/1024)
		default:
			return fmt.Sprintf("%dMB", n>>20)
		}
	}
	text, err := m.text()
	if err != nil {
		return fmt.Sprintf("%dB", len(m.Payload))
	}
	if units := value.ToUnits(text); len(units) > 80 {
		marker := fmt.Sprintf("... (%d)", len(units))
		return value.FromUnits(units[:80-len(marker)]) + marker
	}
	return text
}
