// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package paint

import "testing"

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"", map[string]string{"TERM": "xterm"}, "dark"},
		{"", map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, "none"},
		{"light", map[string]string{"TERM": "xterm", "NO_COLOR": "1"}, "light"}, // asked for by hand
		{"", map[string]string{"TERM": "dumb"}, "none"},
		{"", nil, "none"},
		{"", map[string]string{"TERM": "xterm", "COLORFGBG": "0;15"}, "light"},
		{"", map[string]string{"TERM": "xterm", "COLORFGBG": "15;default;0"}, "dark"},
		{"none", map[string]string{"TERM": "xterm"}, "none"},
	} {
		if got := Select(c.name, func(k string) string { return c.env[k] }); got != themes[c.want] {
			t.Errorf("%q, %v: not %s", c.name, c.env, c.want)
		}
	}
	if got := Select("none", nil).Paint(Keyword, ":a"); got != ":a" {
		t.Errorf("without colours: %q", got)
	}
	if got := themes["dark"].Paint(Keyword, ":a"); got != "\x1b[38;5;81m:a\x1b[0m" {
		t.Errorf("dark: %q", got)
	}
}
