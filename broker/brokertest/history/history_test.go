// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package history

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Each promise is found broken where it is, and only there.
func TestCheck(t *testing.T) {
	answered := func(h *History, message string) { h.Offer("p", message).End(OK) }
	acked := func(h *History, message string, known bool) {
		p := h.Poll()
		p.Got(message)
		p.Acking()
		p.Acked(known)
	}
	for _, c := range []struct {
		name  string
		do    func(h *History)
		left  string
		rules Rules
		want  string // part of the one line; empty: nothing is broken
	}{
		{"delivered", func(h *History) { answered(h, "a"); h.Poll().Got("a") }, "", Rules{}, ""},
		{"left", func(h *History) { answered(h, "a") }, "a", Rules{}, ""},
		{"dead letter", func(h *History) { answered(h, "a"); h.DeadLettered("a") }, "", Rules{}, ""},
		{"lost", func(h *History) { answered(h, "a") }, "", Rules{}, "a was answered OK at"},
		{"twice", func(h *History) { answered(h, "a"); h.Poll().Got("a"); h.Poll().Got("a") }, "", Rules{}, "a was delivered 2 times and is 0"},
		{"back again", func(h *History) { answered(h, "a"); h.Poll().Got("a") }, "a", Rules{}, "a was delivered 1 times and is 1"},
		{"left twice", func(h *History) { answered(h, "a") }, "a a", Rules{}, "is 2 times in the queue"},
		{"refused", func(h *History) { h.Offer("p", "a").End(Refused) }, "", Rules{}, ""},
		{"refused and left", func(h *History) { h.Offer("p", "a").End(Refused) }, "a", Rules{}, "a was refused"},
		{"refused and delivered", func(h *History) { h.Offer("p", "a").End(Refused); h.Poll().Got("a") }, "", Rules{}, "a was refused"},
		{"unknown and there", func(h *History) { h.Offer("p", "a") }, "a", Rules{}, ""},
		{"unknown and gone", func(h *History) { h.Offer("p", "a") }, "", Rules{}, ""},
		{"never offered", func(h *History) { h.Poll().Got("x") }, "", Rules{}, "x was delivered and never offered"},
		{"left and never offered", func(h *History) {}, "x", Rules{}, "x is in the queue and was never offered"},
		{"explained", func(h *History) { answered(h, "a"); h.Poll().Unanswered(); h.Acknowledged("a") }, "", Rules{}, ""},
		{"a poll that never ended explains", func(h *History) { answered(h, "a"); h.Poll(); h.Acknowledged("a") }, "", Rules{}, ""},
		{"no record", func(h *History) { answered(h, "a"); h.Poll().Unanswered() }, "", Rules{}, "a was answered OK at"},
		{"no poll", func(h *History) { answered(h, "a"); h.Acknowledged("a"); h.Poll().Nothing() }, "", Rules{}, "a is gone with an ACK record"},
		{"one poll for two", func(h *History) {
			answered(h, "a")
			answered(h, "b")
			h.Poll().Unanswered()
			h.Acknowledged("a")
			h.Acknowledged("b")
		}, "", Rules{}, "2 are gone, 1 polls had no answer"},
		{"the poll was before", func(h *History) {
			h.Poll().Unanswered()
			time.Sleep(time.Nanosecond)
			answered(h, "a")
			h.Acknowledged("a")
		}, "", Rules{}, "a is gone with an ACK record"},
		{"in order", func(h *History) {
			answered(h, "a")
			answered(h, "b")
			for _, m := range []string{"a", "b"} {
				time.Sleep(time.Nanosecond)
				h.Poll().Got(m)
			}
		}, "", Rules{Order: true}, ""},
		{"not in order", func(h *History) {
			answered(h, "a")
			answered(h, "b")
			for _, m := range []string{"b", "a"} {
				time.Sleep(time.Nanosecond)
				h.Poll().Got(m)
			}
		}, "", Rules{Order: true}, "b was delivered before a"},
		{"polls that overlap", func(h *History) {
			answered(h, "a")
			answered(h, "b")
			one := h.Poll()
			time.Sleep(time.Nanosecond)
			h.Poll().Got("b")
			time.Sleep(time.Nanosecond)
			one.Got("a")
		}, "", Rules{Order: true}, ""},
		{"lost with the power", func(h *History) { answered(h, "a"); h.Lost(time.Now()) }, "", Rules{Window: time.Second}, ""},
		{"lost with no such power", func(h *History) { answered(h, "a"); h.Lost(time.Now()) }, "", Rules{}, "a was answered OK at"},
		{"lost long before", func(h *History) {
			answered(h, "a")
			time.Sleep(2 * time.Second)
			h.Lost(time.Now())
		}, "", Rules{Window: time.Second}, "a was answered OK at"},
		{"acknowledged", func(h *History) { answered(h, "a"); acked(h, "a", true) }, "", Rules{AtLeastOnce: true}, ""},
		{"delivered again and acknowledged", func(h *History) {
			answered(h, "a")
			h.Poll().Got("a")
			acked(h, "a", true)
		}, "", Rules{AtLeastOnce: true}, ""},
		{"perhaps acknowledged", func(h *History) {
			answered(h, "a")
			p := h.Poll()
			p.Got("a")
			p.Acking()
		}, "", Rules{AtLeastOnce: true}, ""},
		{"delivered and dead", func(h *History) { answered(h, "a"); h.Poll().Got("a"); h.DeadLettered("a") }, "", Rules{AtLeastOnce: true}, ""},
		{"delivered and left", func(h *History) { answered(h, "a"); h.Poll().Got("a") }, "a", Rules{AtLeastOnce: true}, ""},
		{"delivered and gone", func(h *History) {
			answered(h, "a")
			h.Poll().Got("a")
			h.Poll().Unanswered()
			h.Acknowledged("a")
		}, "", Rules{AtLeastOnce: true}, "a was answered OK at 2000-01-01 00:00:00 +0000 UTC and is gone; nobody has acknowledged it"},
		{"acknowledged too late and gone", func(h *History) { answered(h, "a"); acked(h, "a", false) }, "", Rules{AtLeastOnce: true}, "nobody has acknowledged it"},
		{"acknowledged and delivered", func(h *History) {
			answered(h, "a")
			acked(h, "a", true)
			time.Sleep(time.Nanosecond)
			h.Poll().Got("a")
		}, "", Rules{AtLeastOnce: true}, "a was acknowledged at 2000-01-01 00:00:00 +0000 UTC and delivered by a poll"},
		{"a poll that overlaps the acknowledgement", func(h *History) {
			answered(h, "a")
			one := h.Poll()
			time.Sleep(time.Nanosecond)
			acked(h, "a", true)
			one.Got("a")
		}, "", Rules{AtLeastOnce: true}, ""},
		{"acknowledged and left", func(h *History) { answered(h, "a"); acked(h, "a", true) }, "a", Rules{AtLeastOnce: true}, "and is in the queue"},
		{"left twice behind deliveries", func(h *History) { answered(h, "a"); h.Poll().Got("a") }, "a a", Rules{AtLeastOnce: true}, "a is 2 times in the queue"},
		{"refused and acknowledged", func(h *History) { h.Offer("p", "a").End(Refused); acked(h, "a", true) }, "", Rules{AtLeastOnce: true}, "a was refused"},
		{"a delivery comes again after a loss", func(h *History) { answered(h, "a"); h.Poll().Got("a"); h.Lost(time.Now()) }, "a", Rules{Window: -1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := New()
				c.do(h)
				_, broken := h.Check(strings.Fields(c.left), c.rules)
				switch got := strings.Join(broken, "\n"); {
				case c.want == "" && got != "":
					t.Errorf("%q", got)
				case !strings.Contains(got, c.want), c.want != "" && len(broken) != 1:
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		})
	}
}

// The summary counts each thing once.
func TestSummary(t *testing.T) {
	h := New()
	for _, m := range []string{"a", "b", "c", "d"} {
		h.Offer("p", m).End(OK)
	}
	h.Offer("p", "e").End(Refused)
	h.Offer("p", "f")
	if n := h.Waiting(); n != 4 {
		t.Errorf("%d wait", n)
	}
	h.Poll().Got("a")
	h.Poll().Unanswered()
	h.Acknowledged("b")
	h.DeadLettered("c")
	got, broken := h.Check([]string{"d", "f"}, Rules{})
	want := Summary{Offered: 6, OK: 4, Refused: 1, Unknown: 1, Delivered: 1, Left: 2, Dead: 1, Explained: 1, Unanswered: 1}
	if got != want || len(broken) > 0 {
		t.Errorf("%+v, %q", got, broken)
	}
	if text := got.String(); !strings.Contains(text, "4 answered OK") || !strings.Contains(text, "1 explained removals") || strings.Contains(text, "acknowledged") {
		t.Error(text)
	}

	h = New()
	for _, m := range []string{"a", "b"} {
		h.Offer("p", m).End(OK)
		for range 2 {
			p := h.Poll()
			p.Got(m)
			p.Acking()
			if m == "b" {
				p.Acked(true)
			}
		}
	}
	got, _ = h.Check(nil, Rules{AtLeastOnce: true})
	if text := got.String(); !strings.HasSuffix(text, "; 1 acknowledged, 1 perhaps, 2 delivered again") {
		t.Error(text)
	}
}
