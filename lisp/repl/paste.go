// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package repl

import (
	"bytes"
	"io"
	"strings"
)

// A terminal in bracketed paste mode puts these around what is pasted.
const (
	pasteOn    = "\x1b[?2004h"
	pasteOff   = "\x1b[?2004l"
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// The line editor edits one line of printable characters: a pasted tab, which would complete, and the line ends of a
// recalled entry stand in it as these signs. pastedEnter, which has no width, marks a line that a paste ended.
const (
	shownTab     = "␉"
	shownNewline = "␤"
	pastedEnter  = "\u2063"
)

var (
	toLine   = strings.NewReplacer("\t", shownTab, "\n", shownNewline)
	fromLine = strings.NewReplacer(shownTab, "\t", shownNewline, "\n")
)

// pasteReader passes on what is typed, and what is pasted in a form that the line editor takes as typed lines. A paste is
// read to its end first; its last line is not entered: that is left to the user. It is used by one goroutine.
type pasteReader struct {
	io.ReadCloser
	in    []byte // read and not yet looked at
	ready []byte // to be handed out
	err   error
}

// Read reads at least one byte of input.
func (p *pasteReader) Read(b []byte) (int, error) {
	for len(p.ready) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		buf := make([]byte, 4096)
		var n int
		n, p.err = p.ReadCloser.Read(buf)
		p.in = append(p.in, buf[:n]...)
		p.split()
	}
	n := copy(b, p.ready)
	p.ready = p.ready[n:]
	return n, nil
}

// split moves what is complete from in to ready.
func (p *pasteReader) split() {
	for {
		begin := bytes.Index(p.in, []byte(pasteBegin))
		if begin < 0 {
			keep := 0
			if p.err == nil {
				keep = begun(p.in)
			}
			typed := len(p.in) - keep
			p.ready, p.in = append(p.ready, p.in[:typed]...), p.in[typed:]
			return
		}
		p.ready = append(p.ready, p.in[:begin]...)
		p.in = p.in[begin:]
		end := bytes.Index(p.in, []byte(pasteEnd))
		if end < 0 {
			if p.err != nil {
				p.in = nil // the terminal has gone in the middle of a paste
			}
			return
		}
		p.ready = append(p.ready, asTyped(string(p.in[len(pasteBegin):end]))...)
		p.in = p.in[end+len(pasteEnd):]
	}
}

// begun is how many bytes at the end may be the beginning of pasteBegin.
func begun(in []byte) int {
	for n := min(len(in), len(pasteBegin)-1); n > 0; n-- {
		if bytes.HasSuffix(in, []byte(pasteBegin[:n])) {
			return n
		}
	}
	return 0
}

// asTyped is a pasted text in the form of lines that are typed: without control characters.
func asTyped(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	text = strings.TrimRight(text, "\n")
	var b strings.Builder
	for _, c := range text {
		switch {
		case c == '\n':
			b.WriteString(pastedEnter + "\r")
		case c == '\t':
			b.WriteString(shownTab)
		case c >= ' ' && c != 0x7F:
			b.WriteRune(c)
		}
	}
	return b.String()
}
