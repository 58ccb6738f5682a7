// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import "strings"

// remember keeps an entry whole, as one line of the history. One with :password is kept nowhere.
func (s *Session) remember(text string) {
	if strings.Contains(text, ":password") {
		return
	}
	s.entries = append(s.entries, text)
	_ = s.line.SaveHistory(toLine.Replace(text)) // a history that cannot be written costs nothing but the history
}
