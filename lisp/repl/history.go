// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"fmt"
	"strings"
)

// remember keeps an entry whole, as one line of the history. Of one with :password only the number is kept.
func (s *Session) remember(text string) {
	_ = s.line.SaveHistory("") // back to the end: where a search or an arrow key has left it, it would keep something else
	if strings.Contains(text, ":password") {
		s.entries = append(s.entries, "")
		return
	}
	s.entries = append(s.entries, text)
	_ = s.line.SaveHistory(toLine.Replace(text)) // a history that cannot be written costs nothing but the history
}

// name is the name of the last entry in positions, with its number in !hist.
func (s *Session) name() string { return fmt.Sprintf("repl-%d", len(s.entries)) }
