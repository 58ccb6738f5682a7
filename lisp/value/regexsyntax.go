// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// translateRegex turns a regular expression of Java syntax into the syntax of the engine. What both read alike is copied;
// translated are the predefined classes (ASCII in Java), the dot, POSIX and java classes, unions and intersections of classes,
// the flags d, u, U and x, and code points by number. ok is false for text that Java rejects and the engine would read.
func translateRegex(source string) (pattern string, ok bool) {
	t := regexTranslator{src: source}
	t.sequence()
	return t.out.String(), !t.bad && len(t.stack) == 0
}

// maxRegexNesting bounds open groups and classes: the translator and the engine recurse (evaluator.md E2).
const maxRegexNesting = 500

type regexTranslator struct {
	src     string
	pos     int
	out     strings.Builder
	flags   regexFlags
	stack   []regexFlags // of the open groups
	classes int          // open classes
	bad     bool
}

type regexFlags struct{ dotAll, comments, unixLines bool }

const lineEnds = `\n\r\u0085\u2028\u2029`

func (t *regexTranslator) more() bool { return t.pos < len(t.src) }

// next takes one character.
func (t *regexTranslator) next() rune {
	if !t.more() {
		t.bad = true
		return 0
	}
	r, n := decode(t.src[t.pos:])
	t.pos += n
	return r
}

func (t *regexTranslator) take(prefix string) bool {
	if strings.HasPrefix(t.src[t.pos:], prefix) {
		t.pos += len(prefix)
		return true
	}
	return false
}

func (t *regexTranslator) sequence() {
	for t.more() && !t.bad {
		switch r := t.next(); r {
		case '\\':
			t.escape()
		case '[':
			t.out.WriteString(t.class())
		case '(':
			t.group()
		case ')':
			if len(t.stack) == 0 {
				t.bad = true
				return
			}
			t.flags = t.stack[len(t.stack)-1]
			t.stack = t.stack[:len(t.stack)-1]
			t.out.WriteByte(')')
		case '.':
			t.out.WriteString(t.dot())
		case '#', ' ', '\t', '\n', '\r', '\f', '\v':
			t.blank(r)
		default:
			t.out.WriteString(quoteRune(r, `*+?{}|^$`))
		}
	}
}

func (t *regexTranslator) dot() string {
	switch {
	case t.flags.dotAll:
		return `[\s\S]`
	case t.flags.unixLines:
		return `[^\n]`
	}
	return `[^` + lineEnds + `]`
}

// blank drops blanks and comments under the flag x.
func (t *regexTranslator) blank(r rune) {
	if !t.flags.comments {
		t.out.WriteString(quoteRune(r, ""))
		return
	}
	if r == '#' {
		if i := strings.IndexByte(t.src[t.pos:], '\n'); i >= 0 {
			t.pos += i + 1
		} else {
			t.pos = len(t.src)
		}
	}
}

// group reads behind an opening parenthesis.
func (t *regexTranslator) group() {
	if len(t.stack) >= maxRegexNesting {
		t.bad = true
		return
	}
	if !t.take("?") {
		t.stack = append(t.stack, t.flags)
		t.out.WriteByte('(')
		return
	}
	for _, kind := range []string{":", "=", "!", ">", "<=", "<!", "<"} {
		if t.take(kind) {
			t.stack = append(t.stack, t.flags)
			t.out.WriteString("(?" + kind)
			return
		}
	}
	t.flagGroup()
}

// flagGroup reads (?im-sx) and (?im-sx:
func (t *regexTranslator) flagGroup() {
	outer := t.flags
	var kept [2]string // set, cleared
	off := 0
	for {
		switch r := t.next(); r {
		case '-':
			off++
			if off > 1 {
				t.bad = true
				return
			}
		case 'i', 'm':
			kept[off] += string(r)
		case 's':
			t.flags.dotAll = off == 0
		case 'x':
			t.flags.comments = off == 0
		case 'd':
			t.flags.unixLines = off == 0
		case 'u', 'U': // the engine folds by Unicode anyway
		case ')', ':':
			flags := kept[0]
			if kept[1] != "" {
				flags += "-" + kept[1]
			}
			if r == ':' {
				t.stack = append(t.stack, outer)
				t.out.WriteString("(?" + flags + ":")
			} else if flags != "" {
				t.out.WriteString("(?" + flags + ")")
			}
			return
		default:
			t.bad = true
			return
		}
	}
}

// escape reads behind a backslash outside of classes.
func (t *regexTranslator) escape() {
	if t.take("Q") {
		t.out.WriteString(t.quoted())
		return
	}
	at := t.pos
	switch r := t.next(); r {
	case 'd', 'w', 's', 'h', 'v', 'D', 'W', 'S', 'H', 'V', 'p', 'P':
		t.pos = at
		content, negated := t.named()
		if negated {
			t.out.WriteString("[^" + content + "]")
		} else {
			t.out.WriteString("[" + content + "]")
		}
	case 'b', 'B', 'A', 'Z', 'z', 'G', 'R', 'X', 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		t.out.WriteString(`\` + string(r))
	default:
		t.pos = at
		t.out.WriteString(quoteRune(t.escapedRune(), ""))
	}
}

// quoted reads behind \Q up to \E or the end.
func (t *regexTranslator) quoted() string {
	text := t.src[t.pos:]
	if i := strings.Index(text, `\E`); i >= 0 {
		t.pos += i + 2
		text = text[:i]
	} else {
		t.pos = len(t.src)
	}
	var b strings.Builder
	for text != "" {
		r, n := decode(text)
		b.WriteString(quoteRune(r, ""))
		text = text[n:]
	}
	return b.String()
}

// escapedRune reads an escape that stands for one character.
func (t *regexTranslator) escapedRune() rune {
	switch r := t.next(); r {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'a':
		return '\a'
	case 'e':
		return 0x1B
	case 'c':
		return t.next() ^ 64
	case '0':
		return t.octal()
	case 'x':
		if t.take("{") {
			digits, _, found := strings.Cut(t.src[t.pos:], "}")
			t.pos = min(len(t.src), t.pos+len(digits)+1)
			t.bad = t.bad || !found
			return t.hex(digits)
		}
		return t.hexDigits(2)
	case 'u':
		hi := t.hexDigits(4)
		if at := t.pos; utf16.IsSurrogate(hi) && t.take(`\u`) {
			if r := utf16.DecodeRune(hi, t.hexDigits(4)); r != 0xFFFD {
				return r
			}
			t.pos = at
		}
		return hi
	default:
		if r < 0x80 && isLetter(byte(r)) {
			t.bad = true
		}
		return r
	}
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (t *regexTranslator) hexDigits(n int) rune {
	end := min(len(t.src), t.pos+n)
	digits := t.src[t.pos:end]
	t.pos = end
	t.bad = t.bad || len(digits) < n
	return t.hex(digits)
}

func (t *regexTranslator) hex(digits string) rune {
	n, err := strconv.ParseUint(digits, 16, 21)
	t.bad = t.bad || err != nil || n > 0x10FFFF
	return rune(n)
}

// octal reads one to three digits, up to \0377.
func (t *regexTranslator) octal() rune {
	n, digits := rune(0), 0
	for ; digits < 3 && t.more(); digits++ {
		d := rune(t.src[t.pos]) - '0'
		if d < 0 || d > 7 || n*8+d > 255 {
			break
		}
		n = n*8 + d
		t.pos++
	}
	t.bad = t.bad || digits == 0
	return n
}

// quoteRune is a character as a literal, in and out of classes; those of special keep their meaning.
func quoteRune(r rune, special string) string {
	switch {
	case r < 0x80 && strings.IndexByte(special, byte(r)) >= 0:
		return string(r)
	case r < ' ' || utf16.IsSurrogate(r) || r == 0x7F:
		return fmt.Sprintf(`\u%04X`, r)
	case r < 0x80 && strings.IndexByte(`\.+*?()|[]{}^$-# &`, byte(r)) >= 0:
		return `\` + string(r)
	}
	return string(r)
}
