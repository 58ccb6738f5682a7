// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

// Package paint colours what is written to a terminal.
package paint

import (
	"strconv"
	"strings"
)

// Kind is what a piece of text is.
type Kind int

// The kinds of text.
const (
	Keyword Kind = iota
	String
	Number
	Constant // nil, true, false
	Symbol
	Error // the class of an exception, a caret
	Dim   // what matters less: frames, line numbers
	Hint
	Prompt
	kinds
)

// Theme is a set of colours; nil paints nothing. Safe for concurrent use.
type Theme struct {
	codes [kinds]string // the parameters of the escape sequence
}

// themes by name; the numbers are of the 256 colours, bright ones on a dark background.
var themes = map[string]*Theme{
	"dark":  {[kinds]string{"38;5;81", "38;5;114", "38;5;215", "38;5;176", "38;5;252", "1;38;5;203", "38;5;245", "38;5;222", "38;5;110"}},
	"light": {[kinds]string{"38;5;25", "38;5;28", "38;5;130", "38;5;90", "38;5;236", "1;38;5;160", "38;5;243", "38;5;94", "38;5;24"}},
}

// Select chooses a theme: the one of a name, "dark", "light" or "none", else what the environment says: NO_COLOR and
// TERM=dumb are none, COLORFGBG tells the background, and without it that is dark.
func Select(name string, env func(string) string) *Theme {
	if name == "" {
		name = fromEnvironment(env)
	}
	return themes[name]
}

func fromEnvironment(env func(string) string) string {
	if env("NO_COLOR") != "" || env("TERM") == "dumb" || env("TERM") == "" {
		return "none"
	}
	colors := env("COLORFGBG") // "15;0", "0;default;15": the last one is the background
	background, err := strconv.Atoi(colors[strings.LastIndexByte(colors, ';')+1:])
	if err == nil && (background == 7 || background > 8) {
		return "light"
	}
	return "dark"
}

// Paint wraps a text in the colour of its kind.
func (t *Theme) Paint(k Kind, text string) string {
	if t == nil || text == "" {
		return text
	}
	return "\x1b[" + t.codes[k] + "m" + text + "\x1b[0m"
}
