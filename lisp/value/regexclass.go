// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package value

import "strings"

// union is a part of a class between two &&: characters that the engine's class syntax can hold, and alternatives that
// it cannot.
type union struct {
	flat string
	alts []string
}

// pattern matches one character of the union.
func (u *union) pattern() string {
	alts := u.alts
	if u.flat != "" {
		alts = append([]string{"[" + u.flat + "]"}, alts...)
	}
	if len(alts) == 1 {
		return alts[0]
	}
	return "(?:" + strings.Join(alts, "|") + ")"
}

// class reads behind an opening bracket and returns a pattern for one character. Unions become alternatives and intersections
// lookaheads, where the engine's own classes do not do.
func (t *regexTranslator) class() string {
	if t.classes++; t.classes > maxRegexNesting {
		t.bad = true
		return ""
	}
	defer func() { t.classes-- }()
	negated := t.take("^")
	parts := []*union{{}}
	for first := true; ; first = false {
		part := parts[len(parts)-1]
		if !t.more() {
			t.bad = true
			return ""
		}
		switch {
		case !first && t.take("]"):
			return classPattern(parts, negated)
		case t.take("&&"):
			if t.pos < len(t.src) && t.src[t.pos] == ']' {
				continue
			}
			parts = append(parts, &union{})
		case t.take("["):
			part.alts = append(part.alts, t.class())
		default:
			t.classItem(part)
		}
		if t.bad {
			return ""
		}
	}
}

func classPattern(parts []*union, negated bool) string {
	if len(parts) == 1 && len(parts[0].alts) == 0 {
		if negated {
			return "[^" + parts[0].flat + "]"
		}
		return "[" + parts[0].flat + "]"
	}
	var b strings.Builder
	last := len(parts) - 1
	for _, p := range parts[:last] {
		b.WriteString("(?=" + p.pattern() + ")")
	}
	b.WriteString(parts[last].pattern())
	if negated {
		return "(?:(?!" + b.String() + `)[\s\S])`
	}
	return "(?:" + b.String() + ")"
}

// classItem reads a character, a range or a named class.
func (t *regexTranslator) classItem(u *union) {
	if t.flags.comments && strings.IndexByte(" \t\n\r\f\v", t.src[t.pos]) >= 0 {
		t.pos++
		return
	}
	lo, ok := t.classRune(u)
	if !ok {
		return
	}
	u.flat += quoteRune(lo, "")
	rest := t.src[t.pos:]
	if len(rest) < 2 || rest[0] != '-' || rest[1] == ']' || rest[1] == '[' {
		return
	}
	t.pos++
	if hi, ok := t.classRune(u); ok {
		t.bad = t.bad || hi < lo
		u.flat += "-" + quoteRune(hi, "")
	} else {
		u.flat += `\-`
	}
}

// classRune reads one character; ok is false if it was a named class, which is in u then.
func (t *regexTranslator) classRune(u *union) (r rune, ok bool) {
	if !t.take(`\`) {
		return t.next(), true
	}
	if t.take("Q") {
		u.flat += t.quoted()
		return 0, false
	}
	if t.more() && strings.IndexByte("dwshvDWSHVpP", t.src[t.pos]) >= 0 {
		content, negated := t.named()
		if negated {
			u.alts = append(u.alts, "[^"+content+"]")
		} else {
			u.flat += content
		}
		return 0, false
	}
	return t.escapedRune(), true
}

// named reads the name of a predefined class, without backslash, and returns what stands between brackets for it.
func (t *regexTranslator) named() (content string, negated bool) {
	c := t.next()
	switch c {
	case 'd', 'D':
		return "0-9", c == 'D'
	case 'w', 'W':
		return "a-zA-Z_0-9", c == 'W'
	case 's', 'S':
		return ` \t\n\u000B\f\r`, c == 'S'
	case 'h', 'H':
		return ` \t\u00A0\u1680\u180E\u2000-\u200A\u202F\u205F\u3000`, c == 'H'
	case 'v', 'V':
		return `\n\u000B\f\r\u0085\u2028\u2029`, c == 'V'
	}
	name := ""
	if t.take("{") {
		var found bool
		name, _, found = strings.Cut(t.src[t.pos:], "}")
		t.pos = min(len(t.src), t.pos+len(name)+1)
		t.bad = t.bad || !found
	} else {
		name = string(t.next())
	}
	content = propertyClass(name)
	return content, c == 'P'
}

// propertyClass is the class of \p{name}; POSIX classes are ASCII.
func propertyClass(name string) string {
	switch name {
	case "Lower":
		return "a-z"
	case "Upper":
		return "A-Z"
	case "ASCII":
		return `\u0000-\u007F`
	case "Alpha":
		return "a-zA-Z"
	case "Digit":
		return "0-9"
	case "Alnum":
		return "a-zA-Z0-9"
	case "Punct":
		return `!-/:-@\[-\u0060{-~`
	case "Graph":
		return "!-~"
	case "Print":
		return " -~"
	case "Blank":
		return ` \t`
	case "Cntrl":
		return `\u0000-\u001F\u007F`
	case "XDigit":
		return "0-9a-fA-F"
	case "Space":
		return ` \t\n\u000B\f\r`
	case "javaLowerCase", "IsLowercase":
		return `\p{Ll}`
	case "javaUpperCase", "IsUppercase":
		return `\p{Lu}`
	case "javaWhitespace":
		return `\u0009-\u000D\u001C-\u001F \u1680\u2000-\u2006\u2008-\u200A\u2028\u2029\u205F\u3000`
	case "javaLetter", "IsLetter", "IsAlphabetic", "javaAlphabetic":
		return `\p{L}`
	case "javaDigit", "IsDigit":
		return `\p{Nd}`
	case "javaLetterOrDigit":
		return `\p{L}\p{Nd}`
	case "IsPunctuation":
		return `\p{P}`
	case "IsWhite_Space":
		return `\s`
	}
	for _, prefix := range []string{"Is", "script=", "sc=", "general_category=", "gc="} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return `\p{` + rest + "}"
		}
	}
	return `\p{` + name + "}"
}
